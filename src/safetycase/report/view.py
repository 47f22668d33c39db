"""What the templates ask of an assessment, looked up once for all pages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from math import ceil, floor
from typing import TYPE_CHECKING, Any

from safetycase.argument.graph import kind_of
from safetycase.argument.model import Argument, Assumption, Claim, Evidence, Problem
from safetycase.assess.records import Assessment, State
from safetycase.report import svg
from safetycase.report.freshness_text import freshness_lines
from safetycase.report.leaf import LeafView, leaf_view
from safetycase.report.links import Links
from safetycase.report.marks import (
    CHECK,
    FRESHNESS,
    SUPPORT,
    Mark,
    freshness_mark,
    status_mark,
    verdict_mark,
)
from safetycase.report.monitor_marks import MONITOR
from safetycase.report.outline import ROLE_WORDS, Row, outline, raised_target, says_of, step_words
from safetycase.report.summary import (
    changes,
    in_record,
    leaf_number,
    open_doubts,
    place_of,
    run_command,
)
from safetycase.report.why import reasons_of

if TYPE_CHECKING:
    from markupsafe import Markup

__all__ = ["ASIDE", "Page", "View", "markup"]

ASIDE = ("problem", "context", "monitor")
"""What is named in the row that it belongs to, instead of a row of its own, where it was shown."""


def markup(text: str) -> Markup:
    """Markup of ours, in which every text from elsewhere is escaped already."""
    from markupsafe import Markup

    return Markup(text)  # noqa: S704 - only our own stylesheet, script, rows and drawings


class View:
    """An assessment with its outline and what hangs on what; knows no page."""

    def __init__(self, assessment: Assessment) -> None:
        self.a = assessment
        self.rows = outline(assessment)
        self.first: dict[str, int] = {}
        self.children: dict[str, list[tuple[str, str]]] = {}
        for index, row in enumerate(self.rows):
            if not row.reference:
                self.first[row.id] = index
            if row.parent is not None:
                parent = self.rows[row.parent].id
                self.children.setdefault(parent, []).append((row.id, row.role))
        standing = {n for state in assessment.states.values() for n in state.attackers}
        self._standing = frozenset(standing)
        self._marks: dict[str, Mark] = {}
        self.verdict = verdict_mark(assessment)

    @cached_property
    def changes(self) -> Any:
        """What would change the verdict."""
        return changes(self.a)

    @cached_property
    def doubts(self) -> tuple[str, ...]:
        """The doubts that stand."""
        return open_doubts(self.a)

    @cached_property
    def record(self) -> str:
        """How much was tried in all."""
        return in_record(self.a)

    @cached_property
    def assumptions(self) -> list[Assumption]:
        """The assumptions in the order of the file."""
        return [e for e in self.a.case.elements.values() if isinstance(e, Assumption)]

    @cached_property
    def problems(self) -> list[Problem]:
        """The open problems in the order of the file."""
        return [e for e in self.a.case.elements.values() if isinstance(e, Problem)]

    @cached_property
    def has_confidence(self) -> bool:
        """Whether any element has a number."""
        return any(state.confidence for state in self.a.states.values())

    @cached_property
    def first_loose(self) -> int:
        """The first row that the root does not use, or -1."""
        return next((i for i, row in enumerate(self.rows) if row.role == "loose"), -1)

    @cached_property
    def aside(self) -> Mapping[int, list[Row]]:
        """The rows that are named beside the row with this index."""
        found: dict[int, list[Row]] = {}
        for row in self.rows:
            if row.parent is not None and row.reference and row.role in ASIDE:
                found.setdefault(row.parent, []).append(row)
        return found

    @cached_property
    def holds(self) -> frozenset[int]:
        """The indexes of the rows with rows of their own below them."""
        return frozenset(
            row.parent
            for row in self.rows
            if row.parent is not None and not (row.reference and row.role in ASIDE)
        )

    @cached_property
    def ends(self) -> list[int]:
        """For each row the index after the last row beneath it."""
        found = [len(self.rows)] * len(self.rows)
        open_: list[int] = []
        for index, row in enumerate(self.rows):
            while open_ and self.rows[open_[-1]].depth >= row.depth:
                found[open_.pop()] = index
            open_.append(index)
        return found

    def mark(self, name: str) -> Mark:
        """The mark of an element."""
        found = self._marks.get(name)
        if found is None:
            found = self._marks[name] = status_mark(self.a, name, self._standing)
        return found

    def channel(self, mark: Mark) -> str:
        """Which table a mark of an element is from."""
        if MONITOR.get(mark.word) is mark:
            return "monitor"
        return "support" if SUPPORT.get(mark.word) is mark else "doubt"

    def fresh(self, state: State | None) -> Mark:
        """The mark of an element's freshness."""
        return freshness_mark(state)

    def known(self, name: str) -> bool:
        """Whether there is a page of it."""
        return name in self.first

    def kind(self, name: str) -> str:
        """The kind of an element, `missing` where the text only refers to it."""
        if name in self.first:
            return self.rows[self.first[name]].kind
        element = self.a.case.elements.get(name)
        return kind_of(element) if element else "missing"

    def says(self, name: str) -> str:
        """Its sentence."""
        return says_of(self.a, name)

    def place(self, name: str) -> str:
        """`file:line`."""
        return place_of(self.a, name)

    def about(self, name: str) -> str:
        """What a defeater is raised against."""
        element = self.a.case.elements.get(name)
        against = getattr(element, "against", None)
        return str(against) if against else (raised_target(self.a, name) or "")

    def step(self, name: str) -> str:
        """The rule of a step in a few words."""
        return step_words(self.a.case.elements[name])  # type: ignore[arg-type]

    def watchers(self, assumption: Assumption) -> list[str]:
        """The monitors of an assumption, the one that it names among them."""
        named = [assumption.monitor] if assumption.monitor else []
        return list(dict.fromkeys([*named, *self.parts(assumption.id, "monitor")]))

    def raised_by(self, name: str) -> str:
        """The monitor whose alarm raised a defeater, or nothing."""
        challenge = self.a.challenges.get(name)
        return challenge.monitor if challenge else ""

    def path(self, name: str) -> tuple[str, ...]:
        """The ids from the top of its tree down to the element, itself included."""
        ids: list[str] = []
        at: int | None = self.first[name]
        while at is not None:
            ids.append(self.rows[at].id)
            at = self.rows[at].parent
        return tuple(reversed(ids))

    def parts(self, name: str, *roles: str) -> list[str]:
        """What hangs on an element in one of these roles."""
        return [child for child, role in self.children.get(name, ()) if role in roles]

    def beneath(self, name: str) -> list[str]:
        """The premises one step below a claim."""
        return [
            part
            for step in self.parts(name, "step")
            for part in self.parts(step, "premise", "side condition")
        ]

    def sections(self) -> Iterator[str]:
        """Every element once, in reading order."""
        return (row.id for row in self.rows if not row.reference)

    def reasons(self, name: str) -> Any:
        """Why it has its status."""
        state = self.a.states.get(name)
        return reasons_of(state) if state else ()

    def leaf(self, name: str) -> LeafView | None:
        """What the record says about an evidence."""
        leaf = self.a.leaves.get(name)
        return leaf_view(self.a, leaf, key=f"{self.first.get(name, 0)}") if leaf else None

    def number(self, name: str) -> str:
        """The measured numbers of an evidence in one line."""
        leaf = self.a.leaves.get(name)
        return leaf_number(self.a, leaf) if leaf else ""

    def command(self, name: str) -> str:
        """The command that runs an evidence."""
        return run_command(self.a, name)

    def check(self, passed: bool) -> Mark:
        """The mark of an instrument check."""
        return CHECK["passed" if passed else "failed"]

    def is_step(self, name: str) -> bool:
        """Whether it is a step of the argument."""
        return isinstance(self.a.case.elements.get(name), Argument)

    def role_word(self, row: Row) -> str:
        """How a row hangs on the one above it, where that is not plain support."""
        return ROLE_WORDS.get(row.role, "")

    def has_freshness(self, name: str) -> bool:
        """Whether it rests on anything that could be fresh.

        What an alarm or a challenge in review raised does not.
        """
        if self.kind(name) in ("context", "problem", "missing", "monitor"):
            return False
        if name in self.a.case.elements:
            return name not in self.a.challenges
        return name not in self.a.challenges and self.a.review.doubt(name) is None

    def shows_freshness(self, row: Row) -> bool:
        """Everything but evidence is silent about freshness while nothing is wrong with it."""
        if row.state is None or not self.has_freshness(row.id):
            return False
        return row.kind == "evidence" or row.state.freshness.word != "fresh"

    def freshness_notes(self, name: str) -> list[str]:
        """What made the evidence other than fresh, and what lets it pass all the same."""
        found = self.a.freshness.get(name)
        return list(freshness_lines(found)) if found else []

    def range(self, state: State) -> str:
        """The two ends of a confidence, rounded outwards."""
        c = state.confidence
        return f"{floor(c.low * 100) / 100:g}–{ceil(c.high * 100) / 100:g}" if c else ""

    def bar(self, state: State | None, key: object) -> Markup | None:
        """The confidence bar, or None where there is no number."""
        if state is None or state.confidence is None:
            return None
        c = state.confidence
        target = self.a.case.header.target
        return markup(svg.confidence_bar(c.low, c.high, target=target, key=f"bar-{key}"))

    def tally(self) -> list[tuple[str, str, list[tuple[Mark, int]]]]:
        """(title, channel, [(mark, count)]) for claims by support and evidence by freshness."""
        elements = self.a.case.elements
        claims = (self.mark(n) for n, e in elements.items() if isinstance(e, Claim))
        runs = (
            freshness_mark(self.a.states.get(n))
            for n, e in elements.items()
            if isinstance(e, Evidence)
        )
        return [
            ("Claims", "support", _count(claims, SUPPORT)),
            ("Evidence", "freshness", _count(runs, FRESHNESS)),
        ]

    def strangers(self) -> list[Any]:
        """Attempts of evidence that the case no longer has."""
        return [t for t in self.a.attempts if t.evidence not in self.a.leaves]


class Page:
    """A view of the assessment as one page sees it: the same answers, and where links lead."""

    def __init__(self, view: View, links: Links) -> None:
        self._view, self.links = view, links

    def __getattr__(self, name: str) -> Any:
        return getattr(self._view, name)

    def reference(self, name: str) -> Mapping[str, Any]:
        """What a link to an element needs."""
        view = self._view
        if not view.known(name):
            return {"known": False, "mark": None, "channel": "", "href": ""}
        mark = view.mark(name)
        shown = mark if view.kind(name) != "context" else None
        href = self.links.element(name)
        return {"known": True, "mark": shown, "channel": view.channel(mark), "href": href}


def _count(marks: Iterable[Mark], table: Mapping[str, Mark]) -> list[tuple[Mark, int]]:
    counts = Counter(mark.word for mark in marks)
    return [(mark, counts[word]) for word, mark in table.items() if counts[word]]
