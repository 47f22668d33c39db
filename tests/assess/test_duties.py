"""Clocks that recorded events start, against dates worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from safetycase.assess.duties import Deadline, business_days, duties, months_after, unheard
from safetycase.ledger.duties import INCIDENTS, NOTE, STEPS, step_of
from safetycase.ledger.fold import EventRecord, History
from safetycase.ledger.record import Record
from safetycase.ledger.trust import Key
from safetycase.ledger.vocabulary import EVENTS

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
KEY = Key(keyid="k", public_key=bytes(32), owner="Ada", roles=("author", "log"), seq=1,
          introduced_by="k", vouched=True)  # fmt: skip
KNOWN = "2026-11-20T09:00:00Z"  # a Friday


def event(seq: int = 3, word: str = "serious-incident", **body: Any) -> EventRecord:
    return EventRecord(
        seq=seq, at="2026-11-21T08:00:00Z", event=word, says="it happened", about={"all": True},
        since=None, keyid="k", body=body,
    )  # fmt: skip


def note(
    seq: int, step: str, on: str, about: int | None = 3, other: dict[str, Any] | None = None
) -> Record:
    body = {"note": NOTE, "step": step, "on": on, "about": about, "says": ""} | (other or {})
    return Record(
        seq=seq, at="2026-11-26T00:00:00Z", kind="note", body=body, keyid="k", digest="0" * 64,
        previous="0" * 64, subjects=(),
    )  # fmt: skip


def clocks(*events: EventRecord, steps: tuple[Record, ...] = ()) -> tuple[Deadline, ...]:
    taken = tuple(step for record in steps if (step := step_of(record)) is not None)
    assert len(taken) == len(steps)
    return duties(History(events=events, steps=taken, keys=(KEY,)), NOW)


def due(found: tuple[Deadline, ...], clause: str, word: str = "") -> Deadline:
    (one,) = [d for d in found if d.clause == clause and word in d.duty]
    return one


@pytest.mark.parametrize(
    ("kind", "day", "state"),
    [
        ("critical-infrastructure", "2026-11-22", "overdue"),
        ("cyber", "2026-11-25", "overdue"),
        ("death", "2026-11-30", "due"),
        ("other", "2026-12-05", "due"),
    ],
)
def test_the_first_report_falls_due_by_the_kind(kind: str, day: str, state: str) -> None:
    found = due(clocks(event(incident=kind, known_at=KNOWN)), "Measure 9.3")
    assert (found.due, found.state) == (datetime.fromisoformat(f"{day}T09:00:00Z"), state)
    assert f"`{kind}`" in found.says


def test_what_is_not_recorded_sets_the_shortest_clock_and_says_so() -> None:
    found = clocks(event())
    first = due(found, "Measure 9.3")
    assert first.due == datetime(2026, 11, 23, 8, tzinfo=UTC)
    assert "the shortest there are" in first.says
    assert "does not say when it was known" in first.says
    imminent = due(found, "§22757.13(c)(2)")
    assert imminent.due == datetime(2026, 11, 22, 8, tzinfo=UTC)
    assert "poses no such risk" in imminent.says


def test_california_has_fifteen_days_and_24_hours_if_life_is_at_risk() -> None:
    found = clocks(event(incident="cyber", known_at=KNOWN, imminent=True))
    assert due(found, "§22757.13(c)(1)").due == datetime(2026, 12, 5, 9, tzinfo=UTC)
    assert due(found, "§22757.13(c)(2)").due == datetime(2026, 11, 21, 9, tzinfo=UTC)
    calm = clocks(event(incident="cyber", known_at=KNOWN, imminent=False))
    assert not [d for d in calm if d.clause == "§22757.13(c)(2)"]


def test_reports_follow_every_four_weeks_until_it_is_resolved() -> None:
    incident = event(incident="cyber", known_at=KNOWN)
    sent = note(5, "initial-report", "2026-11-24T09:00:00Z")
    found = clocks(incident, steps=(sent,))
    assert (due(found, "Measure 9.3", "initial").state, due(found, "Measure 9.3", "initial").done) \
        == ("done", 5)  # fmt: skip
    assert due(found, "Measure 9.3", "intermediate").due == datetime(2026, 12, 22, 9, tzinfo=UTC)
    again = note(6, "intermediate-report", "2026-11-26T10:00:00Z")
    found = clocks(incident, steps=(sent, again))
    assert due(found, "Measure 9.3", "intermediate").due == datetime(2026, 12, 24, 10, tzinfo=UTC)
    over = note(7, "resolved", "2026-11-26T12:00:00Z")
    found = clocks(incident, steps=(sent, again, over))
    assert not [d for d in found if "intermediate" in d.duty]
    last = due(found, "Measure 9.3", "final")
    assert (last.due, last.state) == (datetime(2027, 1, 25, 12, tzinfo=UTC), "due")
    ended = clocks(incident, steps=(sent, over, note(8, "final-report", "2026-11-27T00:00:00Z")))
    assert due(ended, "Measure 9.3", "final").state == "done"


def test_a_report_that_was_late_stays_late() -> None:
    late = note(5, "initial-report", "2026-11-26T09:00:00Z")
    found = clocks(event(incident="cyber", known_at=KNOWN), steps=(late,))
    assert due(found, "Measure 9.3", "initial").state == "done late"


def test_what_is_dated_before_the_incident_was_known_ends_none_of_its_clocks() -> None:
    before = note(5, "initial-report", "2026-11-01T09:00:00Z")
    found = clocks(event(incident="cyber", known_at=KNOWN), steps=(before,))
    assert due(found, "Measure 9.3", "initial").done is None


def test_five_business_days_leave_the_weekend_out() -> None:
    changed = event(word="capabilities-changed", known_at=KNOWN)
    (open_,) = clocks(changed)
    assert (open_.clause, open_.due, open_.state) == ("Measure 7.6", None, "no day stated")
    updated = note(5, "model-report-updated", "2026-11-20T15:00:00Z")
    found = clocks(changed, steps=(updated,))
    access = due(found, "Measure 7.7")
    assert access.due == datetime(2026, 11, 27, 15, tzinfo=UTC)  # Friday to Friday
    assert due(found, "Measure 7.6", "most capable").due == datetime(2027, 5, 20, 15, tzinfo=UTC)
    done = clocks(changed, steps=(updated, note(6, "ai-office-access", "2026-11-25T00:00:00Z")))
    assert due(done, "Measure 7.7").state == "done"


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        ("2026-11-23", 1, "2026-11-24"),  # Monday
        ("2026-11-27", 1, "2026-11-30"),  # Friday
        ("2026-11-28", 1, "2026-11-30"),  # Saturday
        ("2026-11-27", 15, "2026-12-18"),
        ("2026-11-27", 0, "2026-11-27"),
    ],
)
def test_business_days(start: str, days: int, end: str) -> None:
    assert business_days(datetime.fromisoformat(start), days) == datetime.fromisoformat(end)


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ("2026-08-31", 6, "2027-02-28"),
        ("2027-08-31", 6, "2028-02-29"),
        ("2026-12-15", 1, "2027-01-15"),
        ("2026-11-30", 3, "2027-02-28"),
        ("2026-01-31", 12, "2027-01-31"),
    ],
)
def test_months(start: str, months: int, end: str) -> None:
    assert months_after(datetime.fromisoformat(start), months) == datetime.fromisoformat(end)


def test_what_is_overdue_comes_first_and_what_is_done_last() -> None:
    incident = event(incident="other", known_at="2026-11-01T00:00:00Z", imminent=False)
    sent = note(5, "oes-report", "2026-11-02T00:00:00Z")
    words = [d.state for d in clocks(incident, steps=(sent,))]
    assert words == ["overdue", "no day stated", "done"]


@pytest.mark.parametrize(
    "body",
    [
        {"step": "sent"},
        {"step": ["resolved"]},
        {"on": "yesterday"},
        {"on": None},
        {"about": "3"},
        {"about": 9},
        {"about": True},
        {"says": 1},
        {"note": "shot"},
    ],
)
def test_a_note_that_is_not_written_as_it_should_be_ends_nothing(body: dict[str, Any]) -> None:
    assert step_of(note(5, "resolved", KNOWN, other=body)) is None


def test_words_are_those_of_the_record() -> None:
    from safetycase.assess.duties import _INITIAL_DAYS, _PERIODS, GROUNDS

    assert set(GROUNDS) <= set(EVENTS)
    assert set(_INITIAL_DAYS) == set(INCIDENTS)
    assert {word for word, *_ in _PERIODS} <= set(STEPS)


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ((), "the record does not know the key"),
        ((replace(KEY, roles=("runner",)),), "is for runner, and not for author or reviewer"),
        ((replace(KEY, vouched=False),), "nobody vouches for the key"),
    ],
)
def test_not_every_key_may_say_that_a_duty_was_met(keys: tuple[Key, ...], says: str) -> None:
    step = step_of(note(4, "initial-report", "2026-11-21T09:00:00Z"))
    assert step is not None
    history = History(events=(event(known_at=KNOWN),), steps=(step,), keys=keys)
    first = due(duties(history, NOW), "Measure 9.3")
    assert (first.state, first.done) == ("overdue", None)
    (idle,) = unheard(history)
    assert idle.step is step
    assert says in idle.because
    heard = replace(history, keys=(replace(KEY, roles=("reviewer",)),))
    assert unheard(heard) == ()
    ended = due(duties(heard, NOW), "Measure 9.3", "initial")
    assert (ended.state, ended.done, ended.by, ended.on) == ("done", 4, "Ada", step.on)


def test_a_report_from_before_it_was_known_ends_nothing() -> None:
    step = step_of(note(4, "oes-report", "2026-11-20T08:59:59Z"))
    assert step is not None
    history = History(events=(event(known_at=KNOWN),), steps=(step,), keys=(KEY,))
    assert "before what it is about was known" in unheard(history)[0].because
    assert due(duties(history, NOW), "§22757.13(c)(1)").done is None
    unsaid = replace(history, events=(event(),))  # when it was recorded is not when it was known
    assert unheard(unsaid) == ()
