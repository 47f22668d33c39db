"""The verdict tree for the terminal: plain lines that fit the width, colour only if asked.

Every status is a word and a shape; text from a case is shown with control characters visible.
"""

from __future__ import annotations

from collections.abc import Iterator

from safetycase.argument.model import Argument, Assumption
from safetycase.assess.records import Assessment, LeafResult
from safetycase.report.clean import columns, one_line, shorten, wrap
from safetycase.report.freshness_text import freshness_notes
from safetycase.report.marks import (
    FRESHNESS,
    Mark,
    Tone,
    freshness_mark,
    status_mark,
    verdict_mark,
)
from safetycase.report.monitor_text import monitor_lines
from safetycase.report.numbers import bound_text, confidence_text, n_text, sides_of, threshold_of
from safetycase.report.outline import ROLE_WORDS, Row, outline, step_words
from safetycase.report.review_text import beside_the_verdict, review_told
from safetycase.report.summary import changes, in_record

__all__ = ["verdict_lines"]

_ANSI: dict[Tone, str] = {
    "good": "32",
    "bad": "31",
    "doubt": "35",
    "taken": "36",
    "open": "33",
    "quiet": "2",
}
NARROW = 72
STATUS = 26


def verdict_lines(assessment: Assessment, *, width: int = 100, colour: bool = False) -> list[str]:
    """The verdict and the whole outline, one line per row; no line is wider than `width`."""
    width = max(width, 24)
    paint = _Paint(colour)
    lines = [*_head(assessment, width, paint), ""]
    rows = outline(assessment)
    trunks: dict[int, str] = {-1: ""}
    for index, row in enumerate(rows):
        if row.role == "loose" and not any(r.role == "loose" for r in rows[:index]):
            lines += ["", *wrap("Not used by the root claim:", width)]
        lines += _row(assessment, index, row, trunks, width, paint)
    return [*lines, "", *_foot(assessment, rows, width, paint)]


class _Paint:
    """Adds colour, or does not."""

    def __init__(self, colour: bool) -> None:
        self.colour = colour

    def __call__(self, text: str, tone: Tone, *, bold: bool = False) -> str:
        if not self.colour or not text:
            return text
        return f"\x1b[{'1;' if bold else ''}{_ANSI[tone]}m{text}\x1b[0m"

    def dim(self, text: str) -> str:
        return f"\x1b[2m{text}\x1b[0m" if self.colour and text else text


def _head(assessment: Assessment, width: int, paint: _Paint) -> Iterator[str]:
    header = assessment.case.header
    decision = header.decision
    yield from wrap(one_line(f"{header.case} · {header.title}"), width)
    over = ", over" if decision.expires < assessment.at.date() else ""
    yield from wrap(
        one_line(
            f"Decides: {decision.supports} · by {decision.owner} · "
            f"until {decision.expires.isoformat()}{over} · {header.maturity}"
        ),
        width,
    )
    if assessment.rebound:
        words = ", ".join(assessment.rebound)
        yield from wrap(one_line(f"Taken with {words}; the case file says otherwise."), width)
    yield ""
    mark = verdict_mark(assessment)
    lead = f"{mark.glyph} {mark.word.upper()}"
    first, *rest = wrap(f"{lead} — {one_line(assessment.headline)}", width, rest="  ")
    yield paint(first[: len(lead)], mark.tone, bold=True) + first[len(lead) :]
    yield from rest
    confidence = assessment.root.confidence
    if confidence:
        yield from wrap(
            f"Confidence that the argument goes through: {confidence_text(confidence)} "
            f"(the decision asks for {header.target:g}).",
            width,
            rest="  ",
        )
    else:
        why = "; ".join(one_line(reason) for reason in assessment.no_number_because)
        yield from wrap(f"No confidence number{': ' + why if why else '.'}", width, rest="  ")
    yield from beside_the_verdict(assessment, width)


def _row(
    assessment: Assessment, index: int, row: Row, trunks: dict[int, str], width: int, paint: _Paint
) -> Iterator[str]:
    """One row, and under a leaf its number; remembers the trunk its children hang on."""
    trunk = trunks[row.parent] if row.parent is not None else ""
    branch = "" if row.depth == 0 else ("└─ " if row.last else "├─ ")
    trunks[index] = trunk if row.depth == 0 else trunk + ("   " if row.last else "│  ")
    stem = _fit_stem(trunk + branch, row.depth, width)
    mark = _mark(assessment, row)
    words = _words(assessment, row, mark)
    role = _role(assessment, row)
    name = one_line(row.id, limit=120)
    lead = shorten(f"{mark.glyph} {role}{name}", max(width - columns(stem), 4))
    says = one_line(row.says, limit=400)
    if row.reference:
        says = "(shown above)"
    room = width - columns(stem) - columns(lead)
    shape, after = lead[: len(mark.glyph)], lead[len(mark.glyph) :]
    start = paint.dim(stem) + paint(shape, mark.tone) + after
    if width < NARROW:
        tail = shorten(f"  {words}" + (f" — {says}" if says else ""), room)
        yield start + tail
    else:
        middle = shorten(f"  {says}", max(room - STATUS - 2, 0)) if room > STATUS + 8 else ""
        gap = " " * max(width - STATUS - columns(stem) - columns(lead) - columns(middle), 2)
        left = max(width - columns(stem) - columns(lead) - columns(middle) - len(gap), 0)
        end = paint(shorten(words, left), mark.tone)
        yield start + paint.dim(middle) + (gap + end if end else "")
    leaf = assessment.leaves.get(row.id)
    if leaf and leaf.quantities and not row.reference:
        under = _fit_stem(trunks[index] + ("│  " if not row.leaf else "   "), row.depth, width)
        yield paint.dim(under) + shorten(_number(assessment, leaf), max(width - columns(under), 4))


def _number(assessment: Assessment, leaf: LeafResult) -> str:
    """The line under a leaf: its bound, what was asked, how much was measured."""
    claim = assessment.case.elements.get(leaf.claim)
    parts = []
    for q in leaf.quantities:
        bound = bound_text(
            q, sides_of(claim, q, leaf.outcome), threshold=threshold_of(claim, q.name)
        )
        name = "" if len(leaf.quantities) == 1 else f"{one_line(q.name)} "
        parts.append(f"{name}{bound} · {n_text(q)}")
    return f"{'; '.join(parts)} · asked: {one_line(leaf.criterion)}"


def _fit_stem(stem: str, depth: int, width: int) -> str:
    """Very deep rows give their depth as a number instead of drawing every trunk."""
    return stem if columns(stem) <= width // 3 else f"⋯{depth} "


def _mark(assessment: Assessment, row: Row) -> Mark:
    if row.kind in ("context", "missing"):
        return Mark(word="", glyph="·", draw="", tone="quiet", phrase="")
    return status_mark(assessment, row.id)


def _role(assessment: Assessment, row: Row) -> str:
    element = assessment.case.elements.get(row.id)
    if isinstance(element, Argument):
        return f"{step_words(element)} "
    return f"{ROLE_WORDS[row.role]} " if row.role in ROLE_WORDS else ""


def _words(assessment: Assessment, row: Row, mark: Mark) -> str:
    """The status words of a row: support, freshness where it is not fresh, what is not ready."""
    if row.kind == "missing":
        return "missing"
    words = [mark.word] if mark.word else []
    state = row.state
    if state and state.posed == "not ready":
        words.append("not ready")
    if state and (row.kind == "evidence" or state.freshness.word not in ("fresh", "never run")):
        fresh = freshness_mark(state)
        words.append(f"{fresh.glyph} {fresh.word}")
        if state.freshness.waived and fresh.word == "fresh":
            words.append("by waiver")
    element = assessment.case.elements.get(row.id)
    if isinstance(element, Assumption) and element.expires and mark.word == "assumed":
        words.append(f"to {element.expires.isoformat()}")
    return " · ".join(words)


def _foot(
    assessment: Assessment, rows: tuple[Row, ...], width: int, paint: _Paint
) -> Iterator[str]:
    yield from wrap(in_record(assessment), width)
    yield from wrap(review_told(assessment.review), width)
    if assessment.due:
        names = ", ".join(one_line(name, limit=80) for name in sorted(assessment.due))
        yield from wrap(f"Due to run: {names}", width, rest="  ")
    for name, note in freshness_notes(assessment):
        yield from wrap(f"{one_line(name, limit=80)}: {one_line(note)}", width, rest="  ")
    yield from monitor_lines(assessment, width)
    ways = changes(assessment)
    if ways:
        yield "What would change it:"
        for way in ways[:6]:
            yield from wrap(f"{one_line(way.about)}: {way.says}", width, first="  · ")
        if len(ways) > 6:
            yield shorten(f"  · and {len(ways) - 6} more", width)
    yield ""
    yield from _key(assessment, rows, width, paint)


def _key(assessment: Assessment, rows: tuple[Row, ...], width: int, paint: _Paint) -> Iterator[str]:
    """What the shapes that occur above mean."""
    used: dict[str, Mark] = {}
    for row in rows:
        mark = _mark(assessment, row)
        if mark.word:
            used.setdefault(mark.word, mark)
        if row.state and row.kind == "evidence":
            fresh = FRESHNESS[row.state.freshness.word]
            used.setdefault(fresh.word, fresh)
    for mark in used.values():
        head = f"{mark.glyph} {mark.word}"
        for number, line in enumerate(wrap(f"{head}: {mark.phrase}", width, rest="  ")):
            yield paint(line[:1], mark.tone) + paint.dim(line[1:]) if number == 0 else line
