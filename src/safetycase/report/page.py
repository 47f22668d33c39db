"""The assessment as one static page: self-contained, nothing fetched, readable without scripts.

The one script it may hold checks a bundle of the record that the reader chooses. Its digest is in
the page's policy, so that no other can run, and the policy forbids every connection.

Templates are package data and are escaped throughout; every string shown also passes
`clean.visible`, so that text from a case or a model can neither act nor hide.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from math import ceil, floor
from typing import TYPE_CHECKING, Any

from safetycase.argument.model import Argument, Assumption, Claim, Evidence, Problem
from safetycase.assess.alarms import amount
from safetycase.assess.breakdown import Breakdown
from safetycase.assess.records import Assessment, State
from safetycase.report import svg
from safetycase.report.clean import anchor, moment, one_line, visible
from safetycase.report.confidence_view import confidence_view
from safetycase.report.freshness_text import freshness_lines
from safetycase.report.leaf import LeafView, leaf_view
from safetycase.report.marks import (
    CHANNELS,
    CHECK,
    FRESHNESS,
    OUTCOME,
    POSED,
    SUPPORT,
    Mark,
    freshness_mark,
    status_mark,
    verdict_mark,
)
from safetycase.report.monitor_marks import MONITOR
from safetycase.report.monitor_view import monitors_view
from safetycase.report.numbers import confidence_text, level_text, value_text
from safetycase.report.outline import ROLE_WORDS, Row, outline, raised_target, says_of, step_words
from safetycase.report.seal import Seal, verifier_source
from safetycase.report.summary import (
    attempt_counts,
    changes,
    in_record,
    leaf_number,
    open_doubts,
    place_of,
    run_command,
)
from safetycase.report.why import reasons_of

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

__all__ = ["render_html"]

OPEN_ROWS = 80
"""An outline of up to this many rows starts unfolded; a longer one to this depth."""
OPEN_DEPTH = 4
SHOWN = 4_000


def render_html(
    assessment: Assessment,
    *,
    version: str,
    breakdown: Breakdown | None = None,
    seal: Seal | None = None,
) -> str:
    """The whole report as one HTML document; the same assessment gives the same bytes.

    `breakdown` is that of the root claim's confidence; without it the page has no such section.
    `seal` is the record that it was made from; without it the page has no script.
    """
    environment, style = _environment()
    script = verifier_source() if seal else ""
    allowed = f"script-src 'sha256-{_digest(script)}'; " if seal else ""
    policy = (
        f"default-src 'none'; style-src 'sha256-{_digest(style)}'; {allowed}img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    view = _View(assessment)
    template = environment.get_template("page.html")
    return template.render(
        a=assessment,
        case=assessment.case,
        header=assessment.case.header,
        view=view,
        style=_markup(style),
        seal=seal,
        script=_markup(script),
        policy=policy,
        version=version,
        channels=CHANNELS,
        POSED=POSED,
        OUTCOME=OUTCOME,
        mark_of=view.mark,
        reference=view.reference,
        confidence=confidence_view(breakdown),
        monitors=monitors_view(assessment),
        monitor_marks=MONITOR,
    )


@lru_cache(maxsize=1)
def _environment() -> tuple[Environment, str]:
    """The template environment and the stylesheet; Jinja is imported only here."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("safetycase.report")
    environment = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        amount=amount,
        anchor=anchor,
        line=one_line,
        mark=_mark_svg,
        level=level_text,
        value=value_text,
        attempts=attempt_counts,
        confidence=confidence_text,
        slug=_slug,
        moment=moment,
        prose=_prose,
    )
    return environment, loader.get_source(environment, "style.css")[0]


def _finalize(value: object) -> object:
    """What every `{{ … }}` passes through: strings that are not markup are made visible."""
    if value is None:
        return ""
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return visible(value, limit=SHOWN)
    return value


def _prose(text: str) -> Markup:
    """A sentence with its `quoted` parts as code; everything is escaped first."""
    from markupsafe import escape

    parts = one_line(text).split("`")
    if len(parts) % 2 == 0:
        return escape("`".join(parts))
    pieces = [f"<code>{escape(p)}</code>" if i % 2 else str(escape(p)) for i, p in enumerate(parts)]
    return _markup("".join(pieces))


def _slug(mark: Mark) -> str:
    return mark.key


def _markup(text: str) -> Markup:
    from markupsafe import Markup

    return Markup(text)  # noqa: S704 - only our own stylesheet, script and drawings come here


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _mark_svg(mark: Mark, channel: str) -> Markup:
    """A shape drawn once in the page's head and used by name; the word stands beside it."""
    return _markup(
        f'<svg class="mark tone-{mark.tone}" viewBox="0 0 16 16" aria-hidden="true">'
        f'<use href="#m-{channel}-{mark.key}"/></svg>'
    )


class _View:
    """What the templates ask for, looked up once."""

    def __init__(self, assessment: Assessment) -> None:
        self.a = assessment
        self.rows = outline(assessment)
        self.first: Mapping[str, int] = {
            row.id: index
            for index, row in reversed(list(enumerate(self.rows)))
            if not row.reference
        }
        self.children: dict[str, list[tuple[str, str]]] = {}
        self.used_by: dict[str, list[str]] = {}
        for row in self.rows:
            if row.parent is not None:
                parent = self.rows[row.parent].id
                self.children.setdefault(parent, []).append((row.id, row.role))
                self.used_by.setdefault(row.id, []).append(parent)
        self.marks = {row.id: status_mark(assessment, row.id) for row in self.rows}
        self.verdict = verdict_mark(assessment)
        self.changes = changes(assessment)
        self.doubts = open_doubts(assessment)
        self.record = in_record(assessment)
        self.first_loose = next((i for i, r in enumerate(self.rows) if r.role == "loose"), -1)

    @property
    def all_open(self) -> bool:
        return len(self.rows) <= OPEN_ROWS

    def is_open(self, row: Row) -> bool:
        return self.all_open or row.depth < OPEN_DEPTH

    def mark(self, name: str) -> Mark:
        return self.marks.get(name) or status_mark(self.a, name)

    def channel(self, mark: Mark) -> str:
        if MONITOR.get(mark.word) is mark:
            return "monitor"
        return "support" if SUPPORT.get(mark.word) is mark else "doubt"

    def fresh(self, state: State | None) -> Mark:
        return freshness_mark(state)

    def reference(self, name: str) -> Mapping[str, Any]:
        """What a link to an element needs."""
        mark = self.mark(name)
        known = name in self.first
        shown = known and self.kind(name) != "context"
        return {"known": known, "mark": mark if shown else None, "channel": self.channel(mark)}

    def kind(self, name: str) -> str:
        return self.rows[self.first[name]].kind

    def says(self, name: str) -> str:
        return says_of(self.a, name)

    def place(self, name: str) -> str:
        return place_of(self.a, name)

    def about(self, name: str) -> str:
        """What a defeater is raised against."""
        element = self.a.case.elements.get(name)
        against = getattr(element, "against", None)
        return str(against) if against else (raised_target(self.a, name) or "")

    def step(self, name: str) -> str:
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
        return [child for child, role in self.children.get(name, ()) if role in roles]

    def assumptions(self) -> list[Assumption]:
        return [e for e in self.a.case.elements.values() if isinstance(e, Assumption)]

    def problems(self) -> list[Problem]:
        return [e for e in self.a.case.elements.values() if isinstance(e, Problem)]

    def sections(self) -> Iterator[str]:
        return (row.id for row in self.rows if not row.reference)

    def reasons(self, name: str) -> Any:
        state = self.a.states.get(name)
        return reasons_of(state) if state else ()

    def leaf(self, name: str) -> LeafView | None:
        leaf = self.a.leaves.get(name)
        return leaf_view(self.a, leaf, key=f"{self.first[name]}") if leaf else None

    def number(self, name: str) -> str:
        leaf = self.a.leaves.get(name)
        return leaf_number(self.a, leaf) if leaf else ""

    def command(self, name: str) -> str:
        return run_command(self.a, name)

    def check(self, passed: bool) -> Mark:
        """The mark of an instrument check."""
        return CHECK["passed" if passed else "failed"]

    def drawing(self, mark: Mark) -> Markup:
        return _markup(mark.draw)

    def is_step(self, name: str) -> bool:
        return isinstance(self.a.case.elements.get(name), Argument)

    def role_word(self, row: Row) -> str:
        return ROLE_WORDS.get(row.role, "")

    def range(self, state: State) -> str:
        c = state.confidence
        return f"{floor(c.low * 100) / 100:g}–{ceil(c.high * 100) / 100:g}" if c else ""

    def beneath(self, name: str) -> list[str]:
        """The premises one step below a claim."""
        return [
            part
            for step in self.parts(name, "step")
            for part in self.parts(step, "premise", "side condition")
        ]

    @property
    def has_confidence(self) -> bool:
        return any(state.confidence for state in self.a.states.values())

    def has_freshness(self, name: str) -> bool:
        """Whether it rests on anything that could be fresh; what an alarm raised does not."""
        timeless = self.kind(name) in ("context", "problem", "missing", "monitor")
        return not timeless and name not in self.a.challenges

    def shows_freshness(self, row: Row) -> bool:
        """Everything but evidence is silent about freshness while nothing is wrong with it."""
        if row.state is None or not self.has_freshness(row.id):
            return False
        return row.kind == "evidence" or row.state.freshness.word != "fresh"

    def freshness_notes(self, name: str) -> list[str]:
        """What made the evidence other than fresh, and what lets it pass all the same."""
        found = self.a.freshness.get(name)
        return list(freshness_lines(found)) if found else []

    def bar(self, state: State | None, key: object) -> Markup | None:
        """The confidence bar, or None where there is no number."""
        if state is None or state.confidence is None:
            return None
        c = state.confidence
        return _markup(
            svg.confidence_bar(c.low, c.high, target=self.a.case.header.target, key=f"bar-{key}")
        )

    def tally(self) -> list[tuple[str, str, list[tuple[Mark, int]]]]:
        """(title, channel, [(mark, count)]) for claims by support and evidence by freshness."""
        claims = (self.mark(n) for n, e in self.a.case.elements.items() if isinstance(e, Claim))
        runs = (
            freshness_mark(self.a.states.get(n))
            for n, e in self.a.case.elements.items()
            if isinstance(e, Evidence)
        )
        return [
            ("Claims", "support", _count(claims, SUPPORT)),
            ("Evidence", "freshness", _count(runs, FRESHNESS)),
        ]

    def strangers(self) -> list[Any]:
        """Attempts of evidence that the case no longer has."""
        return [t for t in self.a.attempts if t.evidence not in self.a.leaves]


def _count(marks: Iterable[Mark], table: Mapping[str, Mark]) -> list[tuple[Mark, int]]:
    counts = Counter(mark.word for mark in marks)
    return [(mark, counts[word]) for word, mark in table.items() if counts[word]]
