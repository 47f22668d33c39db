"""Deadlines as a list to read and as JSON: what is overdue first, and how each was counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from safetycase.assess.duties import Deadline, Unheard
from safetycase.report.clean import one_line, wrap

__all__ = ["CAVEAT", "deadline_json", "duty_lines", "when_text"]

CAVEAT: Final = (
    "Clocks are computed from what was recorded. Whether a duty applies, and what an authority "
    "counts otherwise, is for a lawyer to say; what was done and not recorded counts as owed."
)
_SOURCES: Final = {
    "eu-code": "EU Code of Practice, Safety and Security chapter",
    "sb53": "California SB 53",
}


def duty_lines(
    deadlines: Sequence[Deadline], now: datetime, width: int, unheard: Sequence[Unheard] = ()
) -> Iterator[str]:
    """One paragraph for each deadline, those that are overdue first, then what ends none."""
    if not deadlines:
        yield from wrap("The record starts no clock: no event and no step that one begins with.",
                        width)  # fmt: skip
    for each in deadlines:
        yield from wrap(f"{when_text(each, now)}: {each.duty}", width, rest="    ")
        yield from wrap(
            f"{_SOURCES[each.regime]}, {each.clause}; record {each.about}; {each.says}",
            width,
            first="    ",
        )
    for one in unheard:
        told = f"Ends no clock: {one.step.step} (record {one.step.seq}), since {one.because}."
        yield from wrap(told, width, rest="    ")
    yield ""
    yield from wrap(CAVEAT, width)


def when_text(deadline: Deadline, now: datetime) -> str:
    """`OVERDUE by 3 days, since 2026-11-20 09:00 UTC`, or how else it stands."""
    if deadline.state in ("done", "done late"):
        by = f" by {one_line(deadline.by, limit=120)}" if deadline.by else ""
        return f"{deadline.state} on {deadline.on[:10]}{by} (record {deadline.done})"
    if deadline.due is None:
        return "owed, no day stated"
    at = f"{deadline.due:%Y-%m-%d %H:%M} UTC"
    if deadline.state == "overdue":
        return f"OVERDUE by {_span(now - deadline.due)}, since {at}"
    return f"due in {_span(deadline.due - now)}, by {at}"


def _span(span: timedelta) -> str:
    hours = int(span.total_seconds() // 3600)
    if hours < 1:
        return "less than an hour"
    count, noun = (hours, "hour") if hours < 48 else (hours // 24, "day")
    return f"{count} {noun}" + ("" if count == 1 else "s")


def deadline_json(deadline: Deadline) -> dict[str, object]:
    """A deadline as JSON; times are UTC."""
    due = deadline.due
    return {
        "duty": deadline.duty,
        "regime": deadline.regime,
        "clause": deadline.clause,
        "record": deadline.about,
        "starts": deadline.starts.isoformat(),
        "due": due.isoformat() if due else None,
        "state": deadline.state,
        "says": deadline.says,
        "done": deadline.done,
        "done_on": deadline.on or None,
        "done_by": deadline.by or None,
    }
