"""The case as an outline: one row per place, doubts and assumptions above support.

Rows come in reading order with their depth, as a flat tuple, so that a case of any depth can
be printed without recursion. An element is opened at its first place; later places are
references to it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from safetycase.argument.graph import attackers, blockers, kind_of, rule_of
from safetycase.argument.model import (
    Argument,
    Assumption,
    Claim,
    Defeater,
    Dependence,
    Element,
    Evidence,
)
from safetycase.assess.records import WORST_FIRST, Assessment, State

__all__ = ["ROLE_WORDS", "Counts", "Row", "outline", "raised_target", "says_of", "step_words"]

ROLE_WORDS = {
    "in support": "in support",
    "side condition": "needs",
    "answer": "answer",
    "doubt": "doubt",
    "problem": "problem",
    "context": "read in",
    "monitor": "watched by",
}
"""How a row that is not plain support hangs on its parent."""


_NOT_FRESH = tuple(word for word in WORST_FIRST if word != "fresh")
_COUNTED = ("refuted", "contested", "doubts", "open", *_NOT_FRESH, "assumed")


@dataclass(frozen=True, slots=True)
class Counts:
    """How many distinct elements below a row are not as a reader would wish.

    Evidence counts under the word of its freshness, `doubts` are the defeaters that stand.
    """

    by_word: tuple[tuple[str, int], ...] = ()

    def __str__(self) -> str:
        return " · ".join(
            f"{n} {'doubt' if word == 'doubts' and n == 1 else word}" for word, n in self.by_word
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the outline.

    `role` says how it hangs on its parent, `parent` is the index of that row (None at the
    top), `below` counts what its descendants hide when it is folded, `closes` how many levels
    end after it, `last` whether it is the last child.
    """

    id: str
    kind: str
    says: str
    role: str
    depth: int
    parent: int | None
    state: State | None
    reference: bool = False
    leaf: bool = True
    last: bool = True
    closes: int = 0
    below: Counts = Counts()


def outline(assessment: Assessment) -> tuple[Row, ...]:
    """Every element in reading order: from the root down, then whatever it does not reach."""
    rows = list(_rows(assessment))
    _fold(rows, frozenset(n for state in assessment.states.values() for n in state.attackers))
    return tuple(rows)


def says_of(assessment: Assessment, name: str) -> str:
    """The sentence of an element: what it says, or the warrant of a step."""
    element = assessment.case.elements.get(name)
    if isinstance(element, Argument | Evidence):
        return element.because
    if element is not None:
        return element.says
    if name in assessment.challenges:
        return assessment.challenges[name].says
    objection = assessment.review.doubt(name)
    if objection is not None:
        return objection.says
    target = raised_target(assessment, name)
    if target is not None and target in assessment.leaves:
        wanted = name[len(target) + 1 :]
        for raised, says in assessment.leaves[target].raised:
            if raised in (wanted, name):
                return says
    state = assessment.states.get(name)
    return state.reasons[0].says if state and state.reasons else ""


def raised_target(assessment: Assessment, name: str) -> str | None:
    """What a defeater that no file states is against, or None.

    One of the form `EVIDENCE.NAME` is against the evidence that raised it, one of the form
    `MONITOR.NAME` against what the monitor conditions.
    """
    challenge = assessment.challenges.get(name)
    if challenge is not None:
        return challenge.target
    objection = assessment.review.doubt(name)
    if objection is not None:
        return objection.element or objection.targets[0]
    target, dot, _rest = name.partition(".")
    return target if dot and target in assessment.case.elements else None


def step_words(argument: Argument) -> str:
    """The rule of a step in a few words: `all of`, `any of`, `2 of 3`."""
    rule = rule_of(argument)
    return f"{argument.k} of {len(argument.premises)}" if rule == "k of n" else f"{rule} of"


def _rows(assessment: Assessment) -> Iterator[Row]:
    links = _Links(assessment)
    seen: set[str] = set()
    index = 0
    # Loose elements follow the root: claims nobody uses are worth seeing, support before parts.
    tops = [assessment.case.root, *_loose(assessment)]
    for top in tops:
        if top in seen:
            continue
        role = "root" if top == assessment.case.root else "loose"
        stack: list[tuple[str, str, int, int | None]] = [(top, role, 0, None)]
        while stack:
            name, how, depth, parent = stack.pop()
            again = name in seen
            seen.add(name)
            children = () if again else tuple(links.below(name))
            yield Row(
                id=name,
                kind=links.kind(name),
                says=says_of(assessment, name),
                role=how,
                depth=depth,
                parent=parent,
                state=assessment.states.get(name),
                reference=again,
                leaf=not children,
            )
            stack += [(child, word, depth + 1, index) for child, word in reversed(children)]
            index += 1


def _loose(assessment: Assessment) -> Iterator[str]:
    """Ids in an order that meets whole trees before their parts."""
    elements = assessment.case.elements
    used: set[str] = set()
    links = _Links(assessment)
    for name in elements:
        used.update(child for child, _word in links.below(name))
    ids = dict.fromkeys([*elements, *assessment.states])
    yield from (name for name in ids if name not in used)
    yield from (name for name in ids if name in used)


class _Links:
    """What hangs below each element, in the order of reading."""

    def __init__(self, assessment: Assessment) -> None:
        self.elements: Mapping[str, Element] = assessment.case.elements
        self.states = assessment.states
        self.against: dict[str, list[str]] = {
            target: list(names) for target, names in attackers(assessment.case).items()
        }
        for name in assessment.states:
            if name in self.elements:
                continue
            target = raised_target(assessment, name)
            if target is not None:
                self.against.setdefault(target, []).append(name)
        self.blocked_by = blockers(assessment.case)
        self.watched_by: dict[str, list[str]] = {}
        for name, watched in assessment.monitors.items():
            for conditioned in watched.targets if name in self.elements else ():
                self.watched_by.setdefault(conditioned, []).append(name)
        self.root = assessment.case.root
        self.declared = [n for n, e in self.elements.items() if isinstance(e, Dependence)]

    def kind(self, name: str) -> str:
        element = self.elements.get(name)
        if element is not None:
            return kind_of(element)
        return self.states[name].kind if name in self.states else "missing"

    def below(self, name: str) -> Iterator[tuple[str, str]]:
        """(id, role) of each child: doubts, assumptions, support, then the rest."""
        element = self.elements.get(name)
        for defeater in self.against.get(name, ()):
            yield defeater, "doubt"
        if isinstance(element, Argument):
            yield from self._premises(element)
        if isinstance(element, Claim | Defeater) and element.by:
            yield element.by, "step"
        if isinstance(element, Defeater):
            yield from ((answer, "answer") for answer in element.answered_by)
        if isinstance(element, Claim):
            yield from ((claim, "in support") for claim in element.in_support)
        if isinstance(element, Claim | Argument | Evidence):
            yield from ((context, "context") for context in element.context)
        for problem in self.blocked_by.get(name, ()):
            yield problem, "problem"
        for monitor in self.watched_by.get(name, ()):
            yield monitor, "monitor"
        if name == self.root:
            yield from ((dependence, "declared") for dependence in self.declared)

    def _premises(self, argument: Argument) -> Iterator[tuple[str, str]]:
        placed = [(name, "premise") for name in argument.premises]
        placed += [(name, "side condition") for name in argument.side_conditions]
        yield from (p for p in placed if isinstance(self.elements.get(p[0]), Assumption))
        yield from (p for p in placed if not isinstance(self.elements.get(p[0]), Assumption))


def _fold(rows: list[Row], standing: frozenset[str]) -> None:
    """Fill in `below`, `last` and `closes`, from the last row up.

    A row that hides a reference counts what it refers to; no element is counted twice.
    """
    hidden: dict[int, set[tuple[str, str]]] = {}
    has_later: set[int | None] = set()
    for index in range(len(rows) - 1, -1, -1):
        row = rows[index]
        following = rows[index + 1].depth if index + 1 < len(rows) else 0
        inside = hidden.pop(index, set())
        words = Counter(word for _name, word in inside)
        rows[index] = replace(
            row,
            below=Counts(tuple((word, words[word]) for word in _COUNTED if words[word])),
            last=row.parent not in has_later,
            closes=max(row.depth - following, 0),
        )
        has_later.add(row.parent)
        if row.parent is not None:
            inside |= {(row.id, word) for word in _own(row, standing)}
            small, large = sorted((inside, hidden.get(row.parent, set())), key=len)
            large |= small
            hidden[row.parent] = large


def _own(row: Row, standing: frozenset[str]) -> Iterator[str]:
    """The words a row adds to the counts of those above it."""
    state = row.state
    if row.kind == "defeater":
        yield from ("doubts",) if row.id in standing else ()
    elif state is None or row.kind in ("argument", "context", "monitor"):
        return
    elif row.kind == "evidence" and state.freshness.word != "fresh":
        yield state.freshness.word
    elif state.support in _COUNTED:
        yield state.support
