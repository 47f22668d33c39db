"""What each gsn2x rule finds: one function, one code, judged on one element or on the whole.

An element rule takes the index and an id; a module rule the index and a module name; a rule of
the whole the index alone. The order in which gsn2x asks them, and where it stops, is in `gsn2x`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

from safetycase.argument.findings import Finding, Severity, Span
from safetycase.checks.gsn2x_index import (
    RELATIONS_DEFEATED,
    Index,
    extensions,
    kind_of_id,
)

__all__ = [
    "challenge",
    "challenge_by_another",
    "contradicting_id",
    "cycle",
    "defeated_relation",
    "defeated_unchallenged",
    "dialectic",
    "extending",
    "foreign_claim_point",
    "references",
    "root_is_no_goal",
    "several_roots",
    "undeveloped",
    "undeveloped_yet_supported",
    "unknown_type",
    "unreachable",
    "unresolved",
    "wrong_extension",
]

_DEVELOPS = frozenset({"Strategy", "Goal"})
_SUPPORTS: Mapping[str, frozenset[str]] = {
    "Goal": frozenset({"Goal", "CounterGoal", "Solution", "CounterSolution", "Strategy"}),
    "Strategy": frozenset({"Goal", "CounterGoal", "Solution", "CounterSolution", "Strategy"}),
    "CounterGoal": frozenset({"CounterGoal", "CounterSolution"}),
}
_SCOPES: Mapping[str, frozenset[str]] = {
    "Goal": frozenset({"Context", "Assumption", "Justification"}),
    "Strategy": frozenset({"Context", "Assumption", "Justification"}),
}
_COUNTER = frozenset({"CounterGoal", "CounterSolution"})
_NONE: frozenset[str] = frozenset()
_EMPTY: Sequence[str] = ()
_SUPPORT, _CONTEXT = "supported by element", "context"


def _found(
    code: str, span: Span, message: str, subject: str | None, severity: Severity = "error"
) -> Finding:
    return Finding(code=code, span=span, message=message, subject=subject, severity=severity)


def unknown_type(index: Index, names: Iterable[str]) -> Iterator[Finding]:
    """V01."""
    kinds = index.kinds
    for name in names:
        if not kinds[name]:
            message = (
                f"Element {name} is of unknown type. Please see documentation for supported types"
            )
            yield _found("V01", index.span(name), message, name)


def undeveloped(index: Index, names: Iterable[str]) -> Iterator[Finding]:
    """V02."""
    supported, kinds, parts = index.supported, index.kinds, index.structure.parts
    for name in names:
        if name not in supported and kinds[name] in _DEVELOPS and not parts[name].undeveloped:
            message = f"Element {name} is undeveloped."
            yield _found("V02", index.span(name), message, name, "warning")


def undeveloped_yet_supported(index: Index, names: Iterable[str]) -> Iterator[Finding]:
    """V03."""
    supported, parts = index.supported, index.structure.parts
    for name in names:
        if name in supported and parts[name].undeveloped:
            message = f"Undeveloped element {name} has supporting arguments."
            yield _found("V03", index.span(name), message, name)


def _lists(index: Index, name: str) -> Iterator[tuple[str, Sequence[str], frozenset[str]]]:
    kind = index.kinds[name]
    if name in index.context:
        yield _CONTEXT, index.context[name], _SCOPES.get(kind, _NONE)
    if name in index.supported:
        yield _SUPPORT, index.supported[name], _SUPPORTS.get(kind, _NONE)


def references(index: Index, names: Iterable[str]) -> Iterator[Finding]:
    """V04, V05 and V06, reference by reference as gsn2x lists them."""
    kinds, supported, context = index.kinds, index.supported, index.context
    for name in names:
        if name not in supported and name not in context:
            continue
        for where, others, allowed in _lists(index, name):
            before = None
            for other in others:
                # What is not there (C03) has no type to be wrong, unless nothing may stand here.
                wrong = kinds.get(other) not in allowed and (other in kinds or not allowed)
                if wrong or other in (before, name):
                    again = other == before
                    yield from _wrong_reference(index, name, other, where, again, wrong)
                before = other


def _wrong_reference(
    index: Index, name: str, other: str, where: str, again: bool, wrong: bool
) -> Iterator[Finding]:
    span = index.reference_span(name, other)
    if other == name:
        yield _found("V06", span, f"Element {name} references itself in {where}.", name)
    if again:
        message = f"Element {name} has duplicate entry {other} in {where}."
        yield _found("V05", span, message, name, "warning")
    if wrong:
        message = f"Element {name} has invalid type of reference {other} in {where}."
        yield _found("V04", span, message, name)


def contradicting_id(index: Index, names: Iterable[str]) -> Iterator[Finding]:
    """V08."""
    for name in names:
        by_id, kind = kind_of_id(name), index.kinds[name]
        if by_id and kind and by_id != kind:
            message = f"Element {name} has type {kind}, but ID indicates type {by_id}"
            yield _found("V08", index.span(name), message, name, "warning")


def foreign_claim_point(index: Index, names: Iterable[str]) -> Iterator[Finding]:
    """V09."""
    known, points = index.kinds, index.points
    for name in names if points else ():
        near = {name, *index.supported.get(name, _EMPTY), *index.context.get(name, _EMPTY)}
        for point, named in points.get(name, ()):
            for other in named:
                if other in near and other in known:
                    continue
                message = (
                    f"Element {name} has an assurance claim point {point.id} that references "
                    f"{other}, but this is neither its own ID nor any of the connected elements."
                )
                yield _found("V09", point.span or index.span(name), message, name)


def defeated_unchallenged(index: Index, names: Iterable[str]) -> Iterator[Finding]:
    """V10."""
    parts, challenged = index.structure.parts, index.challenged
    for name in names:
        if parts[name].defeated and name not in challenged:
            message = f"Element {name} is marked as defeated, but no other element challenges it."
            yield _found("V10", index.span(name), message, name)


def challenge_by_another(index: Index, names: Iterable[str]) -> Iterator[Finding]:
    """V12."""
    for name in names if index.challenges else ():
        if name in index.challenges and index.kinds[name] not in _COUNTER:
            message = (
                f"{name} is not a CounterGoal nor CounterSolution but challenges another element "
                "or relation."
            )
            yield _found("V12", index.span(name), message, name)


def defeated_relation(index: Index, names: Iterable[str]) -> Iterator[Finding]:
    """V13."""
    parts = index.structure.parts
    for name in names:
        tags = parts[name].tags
        if not tags or RELATIONS_DEFEATED not in tags:
            continue
        for other in _listed(tags[RELATIONS_DEFEATED]):
            message = (
                f"Relation from {name} to {other} is marked as defeated, but {name} has no "
                f"relation to {other}."
            )
            yield _found("V13", index.span(name), message, name)


def _listed(kept: str) -> list[str]:
    try:
        return [str(other) for other in json.loads(kept)]
    except (ValueError, TypeError):
        return [kept]


def wrong_extension(index: Index, module: str) -> Iterator[Finding]:
    """V07."""
    for ext, target, local in _developing(index, module):
        for name in local:
            part = index.structure.parts.get(name)
            if not name.startswith(("S", "G")):
                message = (
                    f"Element {name} is of wrong type. Only Strategies, Goals and Solutions "
                    "can develop other Goals and Strategies."
                )
            elif part is None or part.module != module:
                message = (
                    f"Element {name} in module {module} supposed to develop {target} "
                    f"in module {ext} does not exist."
                )
            else:
                continue
            yield _found("V07", index.module_span(module), message, name)


def _developing(index: Index, module: str) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    info = index.structure.modules.get(module)
    for ext in extensions(index.structure, info) if info else ():
        for target, local in ext.develops:
            yield ext.module, target, local


def dialectic(index: Index, module: str) -> Iterator[Finding]:
    """V11. gsn2x lists the counter elements of every module at each of them."""
    counter = [name for name in index.ids if index.kinds[name] in _COUNTER]
    if counter:
        message = f"Dialectic extension is used. See elements: {', '.join(counter)}"
        yield _found("V11", index.module_span(module), message, None, "warning")


def extending(index: Index, module: str) -> Iterator[Finding]:
    """C09 and C10, entry by entry as gsn2x lists them."""
    info = index.structure.modules.get(module)
    span, developers = index.module_span(module), index.developers()
    for ext in extensions(index.structure, info) if info else ():
        if ext.module and ext.module not in index.modules:
            message = (
                f"Module {ext.module} is not found, but is supposed to be extended by "
                f"module {module}."
            )
            yield _found("C09", span, message, None)
        for target, local in ext.develops:
            if developers.get(target) != (module, local):
                problem = _unextendable(index, ext.module, target)
                message = (
                    f"Element {target} {problem}, but is supposed to be extended by "
                    f"{','.join(local)}."
                )
                yield _found("C10", span, message, target)


def _unextendable(index: Index, module: str, target: str) -> str:
    part = index.structure.parts.get(target)
    if part is None:
        return "does not exist"
    if part.module != module:
        return f"does not exist in module {module}"
    return "is not undeveloped"


def several_roots(index: Index) -> Iterator[Finding]:
    """C01."""
    roots = index.roots()
    if len(roots) > 1:
        message = f"There is more than one unreferenced element: {', '.join(roots)}."
        yield _found("C01", index.span(roots[0]), message, None, "warning")
    elif not roots and index.ids:
        yield _found("C01", index.start(), "There are no unreferenced elements found.", None)


def root_is_no_goal(index: Index) -> Iterator[Finding]:
    """C02."""
    roots = index.roots()
    if len(roots) == 1 and index.kinds[roots[0]] != "Goal":
        message = f"The root element should be a goal, but {roots[0]} was found."
        yield _found("C02", index.span(roots[0]), message, roots[0])


def unresolved(index: Index, names: Iterable[str]) -> Iterator[Finding]:
    """C03 and C11."""
    known = index.kinds.keys()
    for name in names:
        for where, lists in (("in context of", index.context), ("supported by", index.supported)):
            if name not in lists or known >= set(lists[name]):
                continue
            for other in lists[name]:
                if other not in known:
                    yield from _unresolved(index, name, other, where)


def _unresolved(index: Index, name: str, other: str, where: str) -> Iterator[Finding]:
    span = index.reference_span(name, other)
    message = f'Element {name} has unresolved "{where}" element: {other}'
    yield _found("C03", span, message, name)
    if "," in other:
        message = (
            f'Unresolved "{where}" element of {name} may be actually a list: {other}. '
            f"Try writing [{other}] instead."
        )
        yield _found("C11", span, message, name, "warning")


def cycle(index: Index) -> Iterator[Finding]:
    """C04."""
    supported = index.developed()
    done: set[str] = set()
    roots = index.roots()
    for root in [*reversed(roots), *sorted(index.challenges, reverse=True)]:
        ring = _cycle_from(root, supported, done)
        if ring:
            message = f"Cycle detected at element {ring[-2]}. Cycle is {' -> '.join(ring)}."
            yield _found("C04", index.span(ring[-2]), message, ring[-2])
            return


def _cycle_from(root: str, supported: Mapping[str, Sequence[str]], done: set[str]) -> list[str]:
    """The first cycle met from `root`, closed; gsn2x looks at the last reference first."""
    path: dict[str, None] = {}
    stack: list[tuple[str, bool]] = [(root, False)]
    while stack:
        name, leaving = stack.pop()
        if leaving:
            del path[name]
            done.add(name)
            continue
        if name in done or name in path:
            continue
        path[name] = None
        stack.append((name, True))
        for child in supported.get(name, _EMPTY):
            if child in path:
                names = list(path)
                return [*names[names.index(child) :], child]
            if child in supported and child not in done:
                stack.append((child, False))
    return []


def unreachable(index: Index) -> Iterator[Finding]:
    """C08."""
    supported = index.developed()
    roots = index.roots()
    challengers = index.challengers_of()
    seen = set(roots)
    rank: Sequence[str] = roots
    while rank:
        below: set[str] = set()
        for lists in (supported, index.context, challengers):
            for name in rank if lists else ():
                if name in lists:
                    below.update(lists[name])
        below -= seen
        seen |= below
        rank = tuple(below)
    missed = [] if seen >= index.kinds.keys() else [n for n in index.ids if n not in seen]
    if missed:
        message = (
            "The following element(s) are not reachable from the root element(s) "
            f"({', '.join(roots)}): {', '.join(missed)}"
        )
        yield _found("C08", index.span(missed[0]), message, missed[0])


def challenge(index: Index, names: Iterable[str]) -> Iterator[Finding]:
    """C12 to C16: the first thing that is wrong with each challenge that an element makes."""
    for name in names if index.challenges else ():
        for code, message in _wrong_challenges(index, name):
            yield _found(code, index.span(name), message, name)


def _wrong_challenges(index: Index, name: str) -> Iterator[tuple[str, str]]:
    for left, right in index.challenges.get(name, ()):
        if not right:
            if left == name:
                yield "C13", f"Element {name} challenges itself."
            elif left not in index.kinds:
                message = f"Element {name} challenges element {left}, but it does not exist."
                yield "C14", message
        elif left == right:
            message = f"Element {name} challenges a relation with both ends pointing to {left}."
            yield "C15", message
        elif left not in index.kinds or right not in index.kinds:
            missing = right if left in index.kinds else left
            yield (
                "C12",
                f"Element {name} challenges a relation, but element {missing} of the "
                "relation does not exist.",
            )
        elif not (_related(index, left, right) or _related(index, right, left)):
            yield (
                "C16",
                f"Element {name} challenges a relation, but the referenced elements {right} "
                f"and {left} do not have a relation.",
            )


def _related(index: Index, source: str, target: str) -> bool:
    return (
        target in index.supported.get(source, _EMPTY)
        or target in index.context.get(source, _EMPTY)
        or any(target in aim for aim in index.challenges.get(source, ()))
    )
