"""Counting attempts against what was planned: one count for whoever runs and whoever judges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from safetycase.ledger import AttemptRecord, History, Registration
from safetycase.ledger.attempts import (
    budget_left,
    exploratory_left,
    replicates_left,
    terms,
    terms_of,
    used_up,
)


@dataclass(frozen=True)
class Plan:
    attempts: int = 1
    n: int | None = None
    clusters: int | None = None
    budget: int | None = None
    exploratory: int | None = None


def registered(seq: int = 2, **more: Any) -> Registration:
    plan = more.pop("plan", {"attempts": 3, "n": 40, "budget": 4})
    values: dict[str, Any] = {
        "evidence": "E",
        "recipe_digest": "a" * 64,
        "exploratory": False,
    } | more
    return Registration(
        seq=seq,
        at="",
        claim="C",
        criterion="rate <= 1",
        level="0.95",
        plan=plan,
        recipe={},
        seed=1,
        body={},
        **values,
    )


def attempt(outcome: str | None, replicate: int | None = None, registration: int = 2) -> Any:
    start = {} if replicate is None else {"replicate": replicate}
    return AttemptRecord(
        id="x",
        registration=registration,
        start_seq=3,
        started_at="",
        body={},
        start_body=start,
        outcome=outcome,  # type: ignore[arg-type]
    )


def test_every_ending_spends_the_budget_and_only_completion_fills_the_plan() -> None:
    registration = registered()
    tried = [attempt("failed", 1), attempt("lost", 1), attempt("completed", 2), attempt(None, 1)]
    others = [attempt("completed", 3, registration=9)]
    assert budget_left(registration, [*tried[:3], *others]) == 1
    assert budget_left(registration, [*tried, *others]) == 0
    assert replicates_left(registration, [*tried, *others]) == (1, 3)
    assert used_up(registration, tried)
    assert not used_up(registration, tried[:3])


def test_a_plan_without_a_budget_allows_two_more_attempts_than_it_needs() -> None:
    assert terms(None).body == {
        "attempts": 1, "n": 0, "clusters": 0, "budget": 3, "exploratory": 10,
    }  # fmt: skip
    assert terms(Plan(attempts=4, n=20)).budget == 6
    assert terms(Plan(budget=1, exploratory=0)) == terms_of(
        registered(plan={"attempts": 1, "budget": 1, "exploratory": 0})
    )
    assert terms_of(registered(plan={"attempts": 4, "n": 20})) == terms(Plan(attempts=4, n=20))


def test_attempts_of_an_older_record_fill_the_plan_in_order() -> None:
    assert replicates_left(registered(), [attempt("completed"), attempt("failed")]) == (2, 3)
    done = [attempt("completed")] * 5
    assert replicates_left(registered(), done) == ()
    assert not used_up(registered(), done)


@pytest.mark.parametrize("plan", [{"attempts": "3"}, {"budget": True}, {"budget": -1}, {}])
def test_a_plan_that_nobody_can_read_is_that_of_one_attempt(plan: dict[str, Any]) -> None:
    assert terms_of(registered(plan=plan)) == terms(None)


def test_exploratory_runs_are_counted_per_leaf_and_recipe() -> None:
    history = History(
        registrations=(
            registered(1, exploratory=True),
            registered(2),
            registered(3, exploratory=True),
            registered(4, exploratory=True, recipe_digest="b" * 64),
            registered(5, exploratory=True, evidence="F"),
        ),
        attempts=tuple(attempt("failed", registration=n) for n in (1, 2, 3, 3, 4, 5)),
    )
    assert exploratory_left(history, "E", "a" * 64, 10) == 7
    assert exploratory_left(history, "E", "a" * 64, 3) == 0
    assert exploratory_left(history, "E", "b" * 64, 10) == 9
    assert exploratory_left(history, "E", "c" * 64, 10) == 10
