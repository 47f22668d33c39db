"""Who supports whom in a case: pure look-ups over its records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from safetycase.argument.model import (
    Argument,
    Case,
    Claim,
    Defeater,
    Element,
    Problem,
    Rule,
)

__all__ = [
    "attackers",
    "blockers",
    "claim_of",
    "conclusion_of",
    "cycle",
    "kind_of",
    "path_in",
    "path_to_root",
    "rule_of",
    "supporting",
    "supports_of",
    "ways_down",
]

_KIND = {
    "Claim": "claim",
    "Argument": "argument",
    "Evidence": "evidence",
    "Assumption": "assumption",
    "Defeater": "defeater",
    "Problem": "problem",
    "Context": "context",
    "Justification": "justification",
    "Monitor": "monitor",
    "Hazard": "hazard",
    "Dependence": "dependence",
}


def kind_of(element: Element) -> str:
    """The word for an element's kind."""
    return _KIND[type(element).__name__]


def rule_of(argument: Argument) -> Rule:
    """The rule of a step: stated, or implied by its kind (`alternatives` is `any`)."""
    if argument.rule:
        return argument.rule
    return "any" if argument.kind == "alternatives" else "all"


def supports_of(element: Element) -> tuple[str, ...]:
    """The ids an element's support rests on directly."""
    # Asked for every element several times over: `type` is an order faster than `isinstance`
    # with a union, and elements are never of a subclass.
    kind = type(element)
    if kind is Argument:
        if element.side_conditions:  # type: ignore[union-attr]
            return (*element.premises, *element.side_conditions)  # type: ignore[union-attr]
        return element.premises  # type: ignore[union-attr]
    if kind is Claim or kind is Defeater:
        return (element.by,) if element.by else ()  # type: ignore[union-attr]
    return ()


def conclusion_of(case: Case) -> Mapping[str, str]:
    """Step or evidence id -> the claim, defeater or argument that rests on it (the first)."""
    found: dict[str, str] = {}
    for name, element in case.elements.items():
        for part in supports_of(element):
            found.setdefault(part, name)
    return found


def attackers(case: Case) -> Mapping[str, tuple[str, ...]]:
    """Element id -> the defeaters raised against it in the file."""
    found: dict[str, list[str]] = {}
    for name, element in case.elements.items():
        if isinstance(element, Defeater):
            found.setdefault(element.against, []).append(name)
    return {target: tuple(names) for target, names in found.items()}


def blockers(case: Case) -> Mapping[str, tuple[str, ...]]:
    """Element id -> the open problems that block it."""
    found: dict[str, list[str]] = {}
    for name, element in case.elements.items():
        if isinstance(element, Problem):
            for target in element.blocks:
                found.setdefault(target, []).append(name)
    return {target: tuple(names) for target, names in found.items()}


def supporting(
    case: Case, roots: Iterable[str], against: Mapping[str, tuple[str, ...]] | None = None
) -> tuple[str, ...]:
    """Every element the support of `roots` rests on, answers to defeaters included.

    `in_support` is shown and carries nothing, so it is not followed. `against` is
    `attackers(case)`, for callers that ask often.
    """
    against = attackers(case) if against is None else against
    order: dict[str, None] = {}
    stack = list(roots)[::-1]
    while stack:
        name = stack.pop()
        if name in order or name not in case.elements:
            continue
        order[name] = None
        element = case.elements[name]
        parts = supports_of(element)
        if name in against:
            parts += against[name]
        if type(element) is Defeater:
            parts += element.answered_by
        if parts:
            stack += parts[::-1]
    return tuple(order)


def path_to_root(case: Case, name: str) -> tuple[str, ...]:
    """The ids from the root down to `name` by the shortest way; `(name,)` if it hangs loose."""
    return path_in(ways_down(case), name)


def ways_down(case: Case) -> Mapping[str, str | None]:
    """Element id -> the element above it on its shortest way from the root (None for the root)."""
    edges: dict[str, list[str]] = {}
    for parent, element in case.elements.items():
        parts = list(supports_of(element))
        if isinstance(element, Claim):
            parts += element.in_support
        if isinstance(element, Defeater):
            edges.setdefault(element.against, []).append(parent)
            parts += element.answered_by
        edges.setdefault(parent, []).extend(parts)
    before: dict[str, str | None] = {case.root: None}
    queue = [case.root]
    for current in queue:
        for part in edges.get(current, ()):
            if part not in before:
                before[part] = current
                queue.append(part)
    return before


def path_in(ways: Mapping[str, str | None], name: str) -> tuple[str, ...]:
    """The ids from the root down to `name` in `ways_down`; `(name,)` if it hangs loose."""
    if name not in ways:
        return (name,)
    path = [name]
    while (step := ways[path[-1]]) is not None:
        path.append(step)
    return tuple(reversed(path))


def cycle(case: Case) -> tuple[str, ...] | None:
    """One loop of support, first id repeated at the end, or None."""
    if _acyclic(case):
        return None
    state: dict[str, int] = {}
    for start in case.elements:
        loop = _search(case, start, state)
        if loop:
            return loop
    return None


def _acyclic(case: Case) -> bool:
    """Whether every element can be put below what rests on it (Kahn 1962, CACM 5:558).

    The common answer, found several times faster than a loop with its path.
    """
    above: dict[str, int] = dict.fromkeys(case.elements, 0)
    below = {name: parts for name, e in case.elements.items() if (parts := supports_of(e))}
    for parts in below.values():
        for part in parts:
            if part in above:
                above[part] += 1
    free = [name for name in below if not above[name]]
    while free:
        for part in below.pop(free.pop()):
            if part in above:
                above[part] -= 1
                if not above[part] and part in below:
                    free.append(part)
    return not below


def _search(case: Case, start: str, state: dict[str, int]) -> tuple[str, ...] | None:
    """Depth-first without recursion: deep cases must not meet the recursion limit."""
    if start in state:
        return None
    if not _parts(case, start):
        state[start] = 2
        return None
    trail: list[str] = []
    stack: list[tuple[str, Iterator[str]]] = [(start, iter(_parts(case, start)))]
    state[start] = 1
    trail.append(start)
    while stack:
        name, parts = stack[-1]
        part = next(parts, None)
        if part is None:
            stack.pop()
            trail.pop()
            state[name] = 2
        elif state.get(part) == 1:
            return (*trail[trail.index(part) :], part)
        elif part not in state and part in case.elements:
            state[part] = 1
            trail.append(part)
            stack.append((part, iter(_parts(case, part))))
    return None


def _parts(case: Case, name: str) -> tuple[str, ...]:
    return supports_of(case.elements[name])


def claim_of(case: Case, evidence: str, conclusions: Mapping[str, str]) -> Claim | None:
    """The claim whose criterion an evidence is read by: its own, or that of its step."""
    name = conclusions.get(evidence)
    while name is not None and not isinstance(case.elements[name], Claim):
        name = conclusions.get(name)
    element = case.elements.get(name) if name else None
    return element if isinstance(element, Claim) else None
