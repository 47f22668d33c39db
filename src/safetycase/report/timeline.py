"""When what a case rests on begins and ends: the rows of the freshness timeline, as plain records.

Evidence counts from its run until its limit, assumptions and accepted doubts until their date, the
decision until its own. Dates of the case are days: what ends on a day counts through it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal

from safetycase.argument.model import Assumption, Defeater, Dependence, Evidence
from safetycase.assess.records import Assessment, LeafResult
from safetycase.report.leaf_rows import leaf_freshness, moment_of
from safetycase.report.marks import DOUBT, FRESHNESS, MONITOR, Mark, status_mark, verdict_mark

__all__ = ["SECTIONS", "Moment", "Span", "days_text", "next_to_end", "spans"]

Section = Literal["decision", "evidence", "taken", "monitors", "events"]

SECTIONS: Final[dict[Section, str]] = {
    "decision": "Decision",
    "evidence": "Evidence, from its run until it no longer counts",
    "taken": "Taken without evidence, until a date",
    "monitors": "Live monitors, from the first report to the last",
    "events": "What happened, by the record",
}
"""The parts of the timeline from the top, with their titles."""

_LAST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Something at one time on a row: a run, a failed attempt, an alarm, what took it back."""

    at: datetime
    kind: Literal["run", "failed", "alarm", "event"]
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One row: `id` counts from `start` to `end`, each None where it is open.

    `counts` is whether it counts now, `says` its state in words, `mark` its shape. `dated` is
    whether `end` is a limit that somebody set, rather than the last that was heard.
    """

    section: Section
    id: str
    says: str
    mark: Mark
    start: datetime | None
    end: datetime | None
    counts: bool
    dated: bool = True
    moments: tuple[Moment, ...] = ()


def spans(assessment: Assessment) -> tuple[Span, ...]:
    """Every row: the decision, then each part with what ends first on top."""
    found = [
        *_sorted(_evidence(assessment)),
        *_sorted(_taken(assessment)),
        *_monitors(assessment),
        *_events(assessment),
    ]
    return (_decision(assessment), *found)


def next_to_end(rows: Sequence[Span], now: datetime) -> Span | None:
    """What counts now and runs out first."""
    ahead = [r for r in rows if r.dated and r.counts and r.end is not None and r.end > now]
    return min(ahead, key=lambda row: row.end or _LAST, default=None)


def days_text(until: datetime, now: datetime) -> str:
    """`in 8 days`, `today`, `8 days ago`."""
    days = (until.date() - now.date()).days
    if days == 0:
        return "today"
    noun = "day" if abs(days) == 1 else "days"
    return f"in {days:,} {noun}" if days > 0 else f"{-days:,} {noun} ago"


def _sorted(rows: Iterator[Span]) -> list[Span]:
    """What ends first on top, what never ends last, those without a beginning below."""
    return sorted(rows, key=lambda r: (r.end is None and r.start is None, r.end or _LAST))


def _through(day: date) -> datetime:
    """The instant at which a day is over."""
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return start + timedelta(days=1) if day < date.max else _LAST


def _decision(assessment: Assessment) -> Span:
    decision = assessment.case.header.decision
    stands = decision.expires >= assessment.at.date()
    word = "stands until" if stands else "expired on"
    return Span(
        section="decision",
        id=decision.supports,
        says=f"{word} {decision.expires}",
        mark=verdict_mark(assessment),
        start=None,
        end=_through(decision.expires),
        counts=stands,
    )


def _evidence(assessment: Assessment) -> Iterator[Span]:
    happened = {event.seq: event for event in assessment.events}
    for name, element in assessment.case.elements.items():
        leaf = assessment.leaves.get(name)
        if leaf is None:
            if isinstance(element, Evidence):
                says = "nothing executes it" if element.method is None else "no criterion"
                yield _unrun(name, says)
            continue
        freshness = leaf_freshness(assessment, name)
        word = freshness.word if freshness is not None else "unknown"
        took = [
            happened[cause.record]
            for cause in (freshness.causes if freshness is not None else ())
            if cause.record in happened
        ]
        moments = [*_attempts(leaf)]
        for event in took:
            at = moment_of(event.at)
            if at is not None:
                says = f"{event.event}, record {event.seq}: {event.says}"
                moments.append(Moment(at=at, kind="event", says=says))
        yield Span(
            section="evidence",
            id=name,
            says=_until(leaf, word),
            mark=FRESHNESS[word],
            start=moment_of(leaf.ran_at),
            end=leaf.valid_until,
            counts=word == "fresh",
            moments=tuple(moments),
        )


def _unrun(name: str, says: str) -> Span:
    return Span(
        section="evidence",
        id=name,
        says=says,
        mark=FRESHNESS["never run"],
        start=None,
        end=None,
        counts=False,
    )


def _until(leaf: LeafResult, word: str) -> str:
    """How long a result counts, in words that begin with its state."""
    if leaf.ran_at is None:
        return word
    limit = leaf.valid_until
    if word == "expired" and limit is not None:
        return f"expired on {limit:%Y-%m-%d}"
    if word != "fresh":
        return word
    return f"fresh until {limit:%Y-%m-%d}" if limit is not None else "fresh, no limit stated"


def _attempts(leaf: LeafResult) -> Iterator[Moment]:
    for attempt in leaf.attempts:
        at = moment_of(attempt.ended_at or attempt.started_at)
        if at is None:
            continue
        done = attempt.outcome == "completed"
        loose = ", exploratory" if attempt.exploratory else ""
        yield Moment(
            at=at,
            kind="run" if done and not attempt.exploratory else "failed",
            says=f"attempt in record {attempt.seq}: {attempt.outcome}{loose}",
        )


def _taken(assessment: Assessment) -> Iterator[Span]:
    """Assumptions, accepted doubts, declared dependences, waivers and overrides."""
    for name, element in assessment.case.elements.items():
        if isinstance(element, Assumption):
            yield _assumption(assessment, element)
        elif isinstance(element, Defeater) and element.accepted is not None:
            yield _dated(
                name, "accepted by", element.accepted.owner, element.accepted.expires, assessment
            )
        elif isinstance(element, Dependence) and element.expires is not None:
            yield _dated(
                name, "declared by", element.owner or "nobody", element.expires, assessment
            )
    for name, freshness in assessment.freshness.items():
        for waived in freshness.waived:
            until = moment_of(waived.until)
            yield Span(
                section="taken",
                id=f"waiver for {name}",
                says=f"waived by {waived.reviewer} until {waived.until[:10]}",
                mark=DOUBT["accepted"],
                start=None,
                end=until,
                counts=until is None or until >= assessment.at,
            )
    for over in assessment.review.overrides:
        word = "in force" if over.in_force else "no longer in force"
        yield Span(
            section="taken",
            id=f"override of {', '.join(over.clauses)}",
            says=f"{word}, {over.by}, until {over.expires[:10]}",
            mark=DOUBT["accepted" if over.in_force else "answered"],
            start=moment_of(over.at),
            end=moment_of(over.expires),
            counts=over.in_force,
        )


def _assumption(assessment: Assessment, element: Assumption) -> Span:
    mark = status_mark(assessment, element.id)
    if element.expires is not None:
        verb = "until" if element.expires >= assessment.at.date() else "expired on"
        says = f"{mark.word}, {verb} {element.expires}"
    elif element.monitor:
        says = f"{mark.word} while {element.monitor} is quiet"
    else:
        says = f"{mark.word}, no date"
    return Span(
        section="taken",
        id=element.id,
        says=says,
        mark=mark,
        start=None,
        end=_through(element.expires) if element.expires is not None else None,
        counts=mark.word in ("assumed", "supported"),
    )


def _dated(name: str, verb: str, owner: str, until: date, assessment: Assessment) -> Span:
    counts = until >= assessment.at.date()
    ends = "until" if counts else "expired on"
    return Span(
        section="taken",
        id=name,
        says=f"{verb} {owner}, {ends} {until}",
        mark=DOUBT["accepted" if counts else "stands"],
        start=None,
        end=_through(until),
        counts=counts,
    )


def _monitors(assessment: Assessment) -> Iterator[Span]:
    for name, watched in assessment.monitors.items():
        reports = watched.reports
        last = moment_of(reports[-1].until) if reports else None
        says = watched.state + (f", last heard {last:%Y-%m-%d %H:%M}" if last else "")
        alarms = [
            Moment(at=at, kind="alarm", says=f"alarm in record {a.report.record}, {a.standing}")
            for a in watched.alarms
            if (at := moment_of(a.report.until)) is not None
        ]
        yield Span(
            section="monitors",
            id=name,
            says=says,
            mark=MONITOR[watched.state],
            start=moment_of(reports[0].since) if reports else None,
            end=last,
            counts=not watched.blocks and not watched.open,
            dated=False,
            moments=tuple(alarms),
        )


def _events(assessment: Assessment) -> Iterator[Span]:
    """What the record says happened, the latest first."""
    for event in reversed(assessment.events):
        at = moment_of(event.at)
        if at is None:
            continue
        told = f"{event.event}, record {event.seq}: {event.says}"
        yield Span(
            section="events",
            id=event.event,
            says=f"{at:%Y-%m-%d}, record {event.seq}",
            mark=FRESHNESS["invalidated"],
            start=at,
            end=at,
            counts=False,
            dated=False,
            moments=(Moment(at=at, kind="event", says=told),),
        )
