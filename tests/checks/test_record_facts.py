"""The facts of a record, from real runs of a toy method."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.conftest import COIN, Ran, write_case

from safetycase.argument.findings import Finding
from safetycase.checks.record_facts import RecordFacts, facts_of
from safetycase.checks.review import review
from safetycase.checks.subject import Subject
from safetycase.ledger.fold import History
from safetycase.workspace.folder import open_case

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def look(folder: Path) -> tuple[RecordFacts, tuple[Finding, ...]]:
    space = open_case(folder, NOW)
    assert space.case is not None
    facts = facts_of(
        space.history,
        as_of=NOW.date(),
        recipes={name: current.recipe for name, current in space.recipes.items()},
        outcomes={name: leaf.outcome for name, leaf in space.assess().leaves.items()},
        invalidated={},
    )
    return facts, review(Subject(case=space.case, leaves={}), facts)


def test_an_empty_record_says_nothing() -> None:
    facts = facts_of(History(), as_of=NOW.date())
    assert facts == RecordFacts(as_of="2026-11-25")


@pytest.mark.slow
def test_a_threshold_changed_after_a_run_is_seen_and_fresh_items_start_anew(
    tmp_path: Path, sc: Callable[..., Ran]
) -> None:
    folder = write_case(tmp_path / "coin", COIN, {"items.txt": "head or tail\n"})
    assert sc("run", folder).code == 0
    facts, found = look(folder)
    coin = facts.evidence["E-COIN"]
    assert (coin.n, coin.method_version, coin.outcome) == (400, "1.0.0", "supports")
    assert coin.attempts == {"completed": 1}
    assert coin.registered[0].basis == coin.basis_now
    assert coin.registered[0].criterion == "rate <= 0.20"
    assert coin.registered_at is not None
    assert coin.first_result_at is not None
    assert coin.registered_at <= coin.first_result_at
    assert coin.controls is not None
    assert (coin.controls.false_passes, coin.controls.false_runs) == (0, 20)
    assert (coin.controls.true_passes, coin.controls.true_runs) == (19, 20)
    assert not {"L13", "L25"} & {f.code for f in found}

    path = folder / "case.yaml"
    path.write_text(COIN.replace("rate <= 0.20", "rate <= 0.30"), "utf-8")
    assert "is not the one" in next(f.message for f in look(folder)[1] if f.code == "L13")
    assert sc("run", folder).code == 0
    facts, found = look(folder)
    assert "was changed after" in next(f.message for f in found if f.code == "L13")
    assert "cites 1 of 2" in next(f.message for f in found if f.code == "L22")

    (folder / "items.txt").write_text("other coins\n", "utf-8")
    path.write_text(COIN.replace("rate <= 0.20", "rate <= 0.25"), "utf-8")
    before = facts.evidence["E-COIN"].basis_now
    facts, _ = look(folder)
    assert facts.evidence["E-COIN"].basis_now != before
