"""The whole report in Markdown: what a reader of the page finds, for a wiki or a pull request.

The same assessment gives the same bytes. Every text of the case passes `markdown_text`, so that
it is shown and does nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from safetycase.argument.model import Assumption, Problem
from safetycase.assess.breakdown import Breakdown
from safetycase.assess.records import Assessment
from safetycase.report.confidence_text import breakdown_lines
from safetycase.report.leaf_rows import LeafRow, leaf_freshness, leaf_rows
from safetycase.report.markdown_text import CELL, block, code, md, table, when
from safetycase.report.marks import freshness_mark, status_mark, verdict_mark
from safetycase.report.numbers import confidence_text, estimate_text
from safetycase.report.outline import ROLE_WORDS, Row, outline, raised_target, says_of
from safetycase.report.summary import changes, in_record, open_doubts, place_of, run_command
from safetycase.report.timeline import spans

__all__ = ["Extra", "render_markdown"]

MOST = 500
"""Rows of one table; those beyond are counted."""
DEEPEST = 12
"""Levels of the outline that are indented; deeper ones say their level."""

TIMELESS = ("context", "problem", "justification", "hazard")
"""Kinds of elements that have no status."""
MEASURED = ("claim", "argument", "evidence")
"""Kinds of elements whose freshness is told in the outline."""

_RUN_HEAD = ("evidence", "method", "seed", "run at", "command")
_ATTEMPT_HEAD = ("record", "evidence", "outcome", "started", "reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class Extra:
    """What a report may hold besides the assessment, already in plain lines.

    `agenda` are the lines of the research agenda, `difference` those of what changed since
    `since`.
    """

    agenda: Sequence[str] = ()
    difference: Sequence[str] = ()
    since: str = ""


def render_markdown(
    assessment: Assessment,
    *,
    version: str,
    breakdown: Breakdown | None = None,
    extra: Extra | None = None,
) -> str:
    """The report as one Markdown text; sections with nothing to say are left out.

    `breakdown` is that of the root claim's confidence.
    """
    more = extra or Extra()
    sections: tuple[Callable[[Assessment], Iterator[str]], ...] = (
        _decision,
        _changes,
        _doubts,
        _assumptions,
        _outline,
        lambda _a: _confidence(breakdown),
        _evidence,
        _runs,
        _attempts,
        _problems,
        _monitors,
        _dates,
        _review,
        lambda _a: _lines("Research agenda", more.agenda),
        lambda _a: _lines(f"Changes since {md(more.since or 'before')}", more.difference),
        _findings,
    )
    lines: list[str] = []
    for section in sections:
        found = list(section(assessment))
        lines += [*found, ""] if found else []
    lines.append(_made(assessment, version))
    return "\n".join(lines) + "\n"


def _decision(a: Assessment) -> Iterator[str]:
    header, mark = a.case.header, verdict_mark(a)
    yield f"# {md(header.title)}"
    yield ""
    yield f"> **{mark.glyph} {mark.word}.** {md(a.headline)}"
    yield ""
    facts = [
        ("Decides", md(header.decision.supports)),
        ("Who decides", md(header.decision.owner)),
        ("Stands until", str(header.decision.expires)),
        ("Confidence asked for", f"{header.target:g}"),
        ("Confidence reached", _reached(a)),
        ("Maturity", header.maturity),
        ("System", md(f"{header.system.model}, {header.system.scaffold}")),
        ("Deployment", md(_deployment(a))),
        ("Harm", md(header.harm.what)),
        ("Judged as of", when(a.at.isoformat())),
        ("Record", _record(a)),
    ]
    yield from table(("", ""), [(name, told) for name, told in facts if told])


def _reached(a: Assessment) -> str:
    if a.root.confidence is not None:
        return confidence_text(a.root.confidence)
    return "no number: " + md("; ".join(a.no_number_because) or "the case is not closed")


def _deployment(a: Assessment) -> str:
    d = a.case.header.deployment
    return f"{d.users.text}; {d.volume.text}; {d.horizon.text}; {d.distribution}"


def _record(a: Assessment) -> str:
    if not a.record_head:
        return "empty"
    return f"{a.record_length:,} records, the last {code(a.record_head)}"


def _changes(a: Assessment) -> Iterator[str]:
    found = changes(a)
    if found:
        yield "## What would change this"
        yield ""
        yield from (f"- {code(c.about)}: {md(c.says)}" for c in found[:MOST])
        yield from _left_out(len(found))


def _doubts(a: Assessment) -> Iterator[str]:
    found = open_doubts(a)
    yield "## Open doubts"
    yield ""
    if not found:
        yield "No doubt stands against any part of it."
        return
    for name in found[:MOST]:
        element = a.case.elements.get(name)
        against = str(getattr(element, "against", "") or raised_target(a, name) or "")
        target = f" against {code(against)}" if against else ""
        yield f"- {code(name)}{target}: {md(says_of(a, name))}{_at(a, name)}"
    yield from _left_out(len(found))


def _assumptions(a: Assessment) -> Iterator[str]:
    found = [e for e in a.case.elements.values() if isinstance(e, Assumption)]
    if not found:
        return
    yield "## Assumptions"
    yield ""
    rows = [
        (
            code(e.id),
            md(e.says, limit=CELL),
            md(e.owner or "nobody"),
            str(e.expires or (f"while {code(e.monitor)} is quiet" if e.monitor else "no date")),
            _marked(a, e.id),
        )
        for e in found[:MOST]
    ]
    yield from table(("assumption", "says", "owner", "until", "state"), rows)
    yield from _left_out(len(found))


def _outline(a: Assessment) -> Iterator[str]:
    yield "## The argument"
    yield ""
    loose = False
    for row in outline(a):
        if row.role == "loose" and not loose:
            loose = True
            yield from ("", "Not used by the root claim:", "")
        yield _outline_row(a, row)


def _outline_row(a: Assessment, row: Row) -> str:
    indent = "  " * min(row.depth, DEEPEST)
    deep = f"(level {row.depth}) " if row.depth > DEEPEST else ""
    role = f"*{ROLE_WORDS[row.role]}* " if row.role in ROLE_WORDS else ""
    if row.reference:
        return f"{indent}- {deep}{role}{code(row.id)} (as above)"
    words = [] if row.kind in TIMELESS else [_marked(a, row.id)]
    state = row.state
    if state is not None and row.kind in MEASURED:
        fresh = freshness_mark(state)
        if row.kind == "evidence" or fresh.word != "fresh":
            words.append(f"{fresh.glyph} {md(str(state.freshness), limit=200)}")
        if row.kind == "claim" and state.confidence is not None:
            words.append(f"confidence {confidence_text(state.confidence)}")
    told = f" \\[{'; '.join(words)}\\]" if words else ""
    return f"{indent}- {deep}{role}{row.kind} {code(row.id)}{told}: {md(row.says)}"


def _confidence(breakdown: Breakdown | None) -> Iterator[str]:
    if breakdown is not None:
        yield "## Confidence"
        yield ""
        yield from block(breakdown_lines(breakdown, 100))


def _evidence(a: Assessment) -> Iterator[str]:
    rows = leaf_rows(a)
    if not rows:
        return
    yield "## Evidence"
    yield ""
    head = ("evidence", "for", "measured", "estimate", "n", "criterion", "says", "counts until")
    yield from table(head, [_evidence_row(row) for row in rows[:MOST]])
    yield from _left_out(len(rows))


def _evidence_row(row: LeafRow) -> tuple[str, ...]:
    q, until = row.quantity, row.leaf.valid_until if row.leaf else None
    return (
        code(row.evidence),
        code(row.claim),
        md(f"{q.name} {row.reading}") if q else "–",
        md(estimate_text(q)) if q else "–",
        row.n or "–",
        code(row.criterion),
        f"{row.mark.glyph} {md(row.says)}",
        f"{until:%Y-%m-%d}" if until else "no limit stated" if q else "–",
    )


def _runs(a: Assessment) -> Iterator[str]:
    leaves = [leaf for leaf in a.leaves.values() if leaf.method]
    if not leaves:
        return
    yield "### How each is run again"
    yield ""
    rows = [
        (
            code(leaf.evidence),
            code(f"{leaf.method} {leaf.method_version}".strip()),
            "–" if leaf.seed is None else str(leaf.seed),
            when(leaf.ran_at) if leaf.ran_at else "never",
            code(run_command(a, leaf.evidence)),
        )
        for leaf in leaves[:MOST]
    ]
    yield from table(_RUN_HEAD, rows)
    yield from _left_out(len(leaves))
    notes = [
        f"- {code(name)} is {md(str(found))}"
        for name in a.leaves
        if (found := leaf_freshness(a, name)) is not None and found.word != "fresh"
    ]
    if notes:
        yield from ("", "Not current:", "", *notes[:MOST])


def _attempts(a: Assessment) -> Iterator[str]:
    yield "## Attempts"
    yield ""
    yield md(in_record(a))
    if not a.attempts:
        return
    yield ""
    rows = [
        (
            str(t.seq),
            code(t.evidence),
            t.outcome + (", exploratory" if t.exploratory else ""),
            when(t.started_at),
            md(t.reason, limit=CELL),
        )
        for t in a.attempts[:MOST]
    ]
    yield from table(_ATTEMPT_HEAD, rows)
    yield from _left_out(len(a.attempts))


def _problems(a: Assessment) -> Iterator[str]:
    found = [e for e in a.case.elements.values() if isinstance(e, Problem)]
    if found:
        yield "## Open problems"
        yield ""
        for e in found[:MOST]:
            blocks = ", ".join(code(b) for b in e.blocks)
            yield f"- {code(e.id)} blocks {blocks}: {md(e.says)} Closed when: {md(e.closed_when)}"
        yield from _left_out(len(found))


def _monitors(a: Assessment) -> Iterator[str]:
    if a.monitors:
        yield "## Live monitors"
        yield ""
        for name, watched in list(a.monitors.items())[:MOST]:
            yield f"- {code(name)} **{watched.state}**: {md(watched.because)}"
            for alarm in watched.open:
                r = alarm.report
                yield f"  - alarm in record {r.record}, {alarm.standing}: {md(r.says)}"
        yield from _left_out(len(a.monitors))


def _dates(a: Assessment) -> Iterator[str]:
    rows = [s for s in spans(a) if s.section in ("decision", "taken") and s.end is not None]
    yield "## Until when"
    yield ""
    yield from (f"- {md(row.id)}: {md(row.says)}" for row in rows[:MOST])
    yield from _left_out(len(rows))


def _review(a: Assessment) -> Iterator[str]:
    from safetycase.report.markdown_review import review_lines

    yield from review_lines(a.review)


def _lines(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield f"## {title}"
        yield ""
        yield from block(lines)


def _findings(a: Assessment) -> Iterator[str]:
    if a.findings:
        yield "## Findings"
        yield ""
        rows = [
            (f.severity, f.code, code(f"{f.span.file}:{f.span.line}"), md(f.message, limit=CELL))
            for f in a.findings[:MOST]
        ]
        yield from table(("", "code", "place", "says"), rows)
        yield from _left_out(len(a.findings))


def _made(a: Assessment, version: str) -> str:
    head = f" from the record that ends in {code(a.record_head)}" if a.record_head else ""
    return f"Made by safetycase {md(version)}{head}. Every status here is computed, none is typed."


def _marked(a: Assessment, name: str) -> str:
    mark = status_mark(a, name)
    return f"{mark.glyph} {mark.word}"


def _at(a: Assessment, name: str) -> str:
    place = place_of(a, name)
    return f" ({code(place)})" if place else ""


def _left_out(count: int) -> Iterator[str]:
    if count > MOST:
        yield ""
        yield f"… and {count - MOST:,} more; `safetycase status --json` lists them all."
