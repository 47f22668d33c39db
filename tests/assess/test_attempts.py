"""How often a leaf was tried, counted from its record."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from safetycase.assess.attempts import graded, tally_of
from safetycase.assess.leaves import statistics_of
from safetycase.assess.records import LeafResult
from safetycase.ledger import AttemptRecord, Registration
from safetycase.ledger.attempts import terms
from safetycase.stats import Proportion


def registration(seq: int, **more: Any) -> Registration:
    values: dict[str, Any] = {
        "exploratory": False,
        "plan": {"attempts": 2, "budget": 3},
        "body": {},
    } | more
    return Registration(
        seq=seq,
        at="",
        evidence="E",
        claim="C",
        criterion="rate <= 1",
        level="0.95",
        recipe={},
        recipe_digest="",
        seed=1,
        **values,
    )


def attempt(at: int, outcome: str | None) -> AttemptRecord:
    return AttemptRecord(
        id="x",
        registration=at,
        start_seq=1,
        started_at="",
        body={},
        start_body={},
        outcome=outcome,  # type: ignore[arg-type]
    )


def test_attempts_stand_where_they_were_made() -> None:
    tally = tally_of(
        [registration(2), registration(5, exploratory=True), registration(9)],
        [attempt(2, "completed"), attempt(2, "lost"), attempt(5, "completed"),
         attempt(9, "failed"), attempt(9, "failed"), attempt(9, None)],
        terms(None),
    )  # fmt: skip
    assert tally.registration == 9
    assert tally.outcomes == {"failed": 2, "running": 1}
    assert tally.earlier == {"completed": 1, "lost": 1}
    assert (tally.earlier_registrations, tally.exploratory) == (1, {"completed": 1})
    assert (tally.planned, tally.budget, tally.left, tally.used_up) == (2, 3, 0, True)
    assert tally.ordering == "self"


def test_a_leaf_without_a_registration_shows_what_is_planned() -> None:
    tally = tally_of([], [], terms(None))
    assert (tally.registration, tally.planned, tally.budget, tally.left) == (None, 1, 3, 3)
    assert (tally.used_up, tally.ordering) == (False, "none")


def test_the_grade_that_others_gave_wins_over_the_order_of_the_record() -> None:
    imported = registration(4, body={"imported": True})
    result = LeafResult(
        evidence="E",
        claim="C",
        method="m",
        criterion="",
        level=0.95,
        outcome=None,
        quantities=(),
        attempts=(),
        registrations=1,
        registered_at=None,
        ran_at=None,
        seed=None,
        tally=tally_of([imported], [], terms(None)),
    )
    assert result.tally is not None
    assert result.tally.ordering == "none"
    found = graded(
        replace(result, tally=tally_of([registration(4)], [], terms(None))), {4: "public"}
    )
    assert found.tally is not None
    assert found.tally.ordering == "public"
    assert graded(result, {7: "public"}) is result


def test_what_was_made_elsewhere_counts_once_however_often_it_was_read() -> None:
    seen = {"type": "proportion", "successes": 1, "trials": 50, "missing": 0}
    measurement = {"quantities": {"pass_rate": seen}}
    tried = [replace(attempt(2, "completed"), measurement=measurement)] * 2
    for imported, trials in ((True, 50), (False, 100)):
        (found,) = statistics_of({"rate": "pass_rate"}, tried, imported=imported).values()
        assert found == Proportion(successes=trials // 50, trials=trials)
