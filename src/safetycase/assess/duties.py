"""Whom somebody has to tell of what happened, and until when: clocks started by recorded events.

Read are the EU General-Purpose AI Code of Practice, Safety and Security chapter (10 July 2025),
and California SB 53 (Business and Professions Code sections 22757.12 and 22757.13). A clock says
when a duty falls due if the duty applies; whether it applies nothing here can tell.

Times are counted strictly: a day is 24 hours from the moment that started the clock, so that a
rule that counts whole days, or excludes the first, falls due no earlier. Business days are Monday
to Friday; public holidays are not known here, and would only make a term longer.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from safetycase.ledger.duties import StepRecord
from safetycase.ledger.fold import EventRecord, History
from safetycase.ledger.record import is_instant
from safetycase.ledger.trust import Key
from safetycase.ledger.vocabulary import EVENTS

__all__ = [
    "GROUNDS",
    "Deadline",
    "Regime",
    "Unheard",
    "business_days",
    "duties",
    "may_say_done",
    "months_after",
    "unheard",
]

Regime = Literal["eu-code", "sb53"]
DueWord = Literal["overdue", "due", "no day stated", "done late", "done"]

GROUNDS: Final = (
    "better-elicitation",
    "capabilities-changed",
    "condition-materialised",
    "milestone-reached",
    "mitigation-less-effective",
    "serious-incident",
    "use-changed",
    "validity-undermined",
)
"""Events that may undermine why the risk was found acceptable (Code of Practice, Measure 7.6)."""

_INITIAL_DAYS: Final[Mapping[str, int]] = {
    "critical-infrastructure": 2,
    "cyber": 5,
    "death": 10,
    "other": 15,
}
_ORDER: Final[Mapping[str, int]] = {
    "overdue": 0,
    "due": 1,
    "no day stated": 2,
    "done late": 3,
    "done": 4,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """One duty and its clock; `due` is None where the text states no number of days.

    `about` is the record of the event that started it, or of the step that did; `done` that of
    the step that ended it, `on` its UTC time, and `by` the owner of the key that signed it. `says`
    tells how the time was counted, and what was taken for granted.
    """

    duty: str
    regime: Regime
    clause: str
    about: int
    starts: datetime
    due: datetime | None
    state: DueWord
    says: str
    done: int | None = None
    by: str = ""
    on: str = ""

    @property
    def is_open(self) -> bool:
        """Whether nothing recorded ends it."""
        return self.done is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unheard:
    """A step that ends no clock, and why."""

    step: StepRecord
    because: str


def may_say_done(keys: Iterable[Key], keyid: str) -> str:
    """Why this key may not say that a duty was met; empty if it may.

    Any key may sign a note, so that a machine could end a clock, or a stranger by a key that lets
    itself in: whoever says that an authority was told has to be somebody for whom one can ask.
    """
    key = next((each for each in keys if each.keyid == keyid), None)
    if key is None:
        return "the record does not know the key that signed it"
    if not {"author", "reviewer"} & set(key.roles):
        return (
            f"the key {key.short} that signed it is for {', '.join(key.roles)}, and not for "
            "author or reviewer"
        )
    if not key.vouched:
        return f"nobody vouches for the key {key.short} that signed it"
    return ""


def unheard(history: History) -> tuple[Unheard, ...]:
    """The steps that end no clock: signed by whom it is not to say, or from before the event."""
    found = ((step, _unheard(step, history)) for step in history.steps)
    return tuple(Unheard(step=step, because=because) for step, because in found if because)


def _unheard(step: StepRecord, history: History) -> str:
    event = next((e for e in history.events if e.seq == step.about), None)
    said = event.body.get("known_at") if event else None
    if is_instant(said) and _moment(step.on) < _moment(str(said)):
        return f"it is dated {step.on}, before what it is about was known ({said})"
    return may_say_done(history.keys, step.keyid)


def duties(history: History, now: datetime) -> tuple[Deadline, ...]:
    """Every clock that the record starts, as it stands at `now` (UTC): overdue ones first."""
    found: list[Deadline] = []
    out = {each.step.seq for each in unheard(history)}
    steps = tuple(step for step in history.steps if step.seq not in out)
    for event in history.events:
        mine = [step for step in steps if step.about == event.seq]
        if event.event == "serious-incident":
            found += _incident(event, mine)
        if event.event in GROUNDS:
            found += _update(event, mine)
    found += _periodic(steps)
    placed = (_placed(each, history, now) for each in found)
    return tuple(sorted(placed, key=lambda d: (_ORDER[d.state], d.due or d.starts, d.about)))


def business_days(start: datetime, days: int) -> datetime:
    """The same time of day `days` business days later: Monday to Friday, no holidays known."""
    at = start
    while days > 0:
        at += timedelta(days=1)
        days -= at.weekday() < 5
    return at


def months_after(start: datetime, months: int) -> datetime:
    """The same day `months` later, or the last one of a month that is too short for it."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return start.replace(year=year, month=month + 1, day=min(start.day, last))


def _placed(deadline: Deadline, history: History, now: datetime) -> Deadline:
    """With the word for how it stands now."""
    if deadline.done is not None:
        step = next(s for s in history.steps if s.seq == deadline.done)
        late = deadline.due is not None and _moment(step.on) > deadline.due
        key = next((k for k in history.keys if k.keyid == step.keyid), None)
        by = key.owner if key else ""
        return replace(deadline, state="done late" if late else "done", by=by, on=step.on)
    if deadline.due is None:
        return deadline
    return replace(deadline, state="overdue" if deadline.due < now else "due")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _known(event: EventRecord) -> tuple[datetime, str]:
    """When the incident was known, and in words what that is taken from."""
    said = event.body.get("known_at")
    if is_instant(said):
        return _moment(str(said)), f"from {said}, when it is recorded to have been known"
    return _moment(event.at), (
        f"from {event.at}, when it was recorded, since the record does not say when it was known"
    )


def _first(steps: Iterable[StepRecord], word: str) -> StepRecord | None:
    """The earliest step of that word."""
    return min((s for s in steps if s.step == word), key=lambda s: s.on, default=None)


def _clock(
    duty: str,
    clause: str,
    about: int,
    starts: datetime,
    due: datetime | None,
    says: str,
    *,
    regime: Regime = "eu-code",
    done: StepRecord | None = None,
) -> Deadline:
    return Deadline(
        duty=duty,
        regime=regime,
        clause=clause,
        about=about,
        starts=starts,
        due=due,
        state="no day stated",
        says=says,
        done=done.seq if done else None,
    )


def _incident(event: EventRecord, steps: list[StepRecord]) -> Iterator[Deadline]:
    known, whence = _known(event)
    kind = event.body.get("incident")
    if isinstance(kind, str) and kind in _INITIAL_DAYS:
        days, told = _INITIAL_DAYS[kind], f"{_INITIAL_DAYS[kind]} days for `{kind}`"
    else:
        days = min(_INITIAL_DAYS.values())
        told = f"{days} days, the shortest there are, since its kind is not recorded"
    initial = _first(steps, "initial-report")
    yield _clock(
        "initial report of a serious incident to the AI Office",
        "Measure 9.3",
        event.seq,
        known,
        known + timedelta(days=days),
        f"{told}, {whence}",
        done=initial,
    )
    yield from _until_resolved(event, steps, initial)
    yield _clock(
        "report of a critical safety incident to the Office of Emergency Services",
        "§22757.13(c)(1)",
        event.seq,
        known,
        known + timedelta(days=15),
        f"15 days, {whence}; whether it is a critical safety incident (§22757.11) is not judged",
        regime="sb53",
        done=_first(steps, "oes-report"),
    )
    imminent = event.body.get("imminent")
    if imminent is not False:
        because = "" if imminent is True else "; the record does not say that it poses no such risk"
        yield _clock(
            "disclosure of an imminent risk of death or serious injury to an authority",
            "§22757.13(c)(2)",
            event.seq,
            known,
            known + timedelta(hours=24),
            f"24 hours, {whence}{because}",
            regime="sb53",
            done=_first(steps, "authority-told"),
        )


def _resolved(event: EventRecord, steps: list[StepRecord]) -> datetime | None:
    step, said = _first(steps, "resolved"), event.body.get("resolved")
    if step is not None:
        return _moment(step.on)
    return _moment(str(said)) if is_instant(said) else None


def _until_resolved(
    event: EventRecord, steps: list[StepRecord], initial: StepRecord | None
) -> Iterator[Deadline]:
    """The reports that follow the first: every four weeks, and one after it is resolved."""
    resolved = _resolved(event, steps)
    if resolved is not None:
        yield _clock(
            "final report of a serious incident to the AI Office",
            "Measure 9.3",
            event.seq,
            resolved,
            resolved + timedelta(days=60),
            f"60 days from {resolved:%Y-%m-%d}, when it is recorded to have been resolved",
            done=_first(steps, "final-report"),
        )
        return
    if initial is None:
        return
    sent = [s for s in steps if s.step in ("initial-report", "intermediate-report")]
    last = max(sent, key=lambda s: s.on)
    starts = _moment(last.on)
    yield _clock(
        "intermediate report of a serious incident to the AI Office",
        "Measure 9.3",
        event.seq,
        starts,
        starts + timedelta(weeks=4),
        f"4 weeks from {last.on}, the last report of it (record {last.seq}); it is not resolved",
    )


def _update(event: EventRecord, steps: list[StepRecord]) -> Iterator[Deadline]:
    """The update of a model report that an event may ask for, and the access that follows it."""
    known, whence = _known(event)
    updated, meaning = _first(steps, "model-report-updated"), EVENTS[event.event].rstrip(".")
    yield _clock(
        "update of the model report, if the event undermines why the risk was accepted",
        "Measure 7.6",
        event.seq,
        known,
        None,
        f"within a reasonable time {whence} ({event.event}: {meaning}); a change that is made on "
        "purpose waits for the update",
        done=updated,
    )
    if updated is not None:
        starts = _moment(updated.on)
        yield _clock(
            "access of the AI Office to the updated model report",
            "Measure 7.7",
            event.seq,
            starts,
            business_days(starts, 5),
            f"5 business days from {updated.on} (Monday to Friday; holidays are not known); up to "
            f"{business_days(starts, 15):%Y-%m-%d} (15 business days) with an interim report",
            done=_first(steps, "ai-office-access"),
        )


_PERIODS: Final[tuple[tuple[str, int, str, Regime, str], ...]] = (
    (
        "model-report-updated",
        6,
        "update of the model report of a most capable model",
        "eu-code",
        "Measure 7.6",
    ),
    ("framework-reviewed", 12, "assessment of the framework", "eu-code", "Measure 1.3"),
    ("framework-reviewed", 12, "review of the frontier AI framework", "sb53", "§22757.12(b)(1)"),
    (
        "internal-use-summary",
        3,
        "summary of the risk of internal use to the Office of Emergency Services",
        "sb53",
        "§22757.12(d)",
    ),
)


def _periodic(steps: Iterable[StepRecord]) -> Iterator[Deadline]:
    """What has to be done again some months after it was done last."""
    listed = list(steps)
    for word, months, duty, regime, clause in _PERIODS:
        last = max((s for s in listed if s.step == word), key=lambda s: s.on, default=None)
        if last is not None:
            starts = _moment(last.on)
            yield _clock(
                duty,
                clause,
                last.seq,
                starts,
                months_after(starts, months),
                f"{months} months from {last.on}, when it was last done (record {last.seq})",
                regime=regime,
            )
