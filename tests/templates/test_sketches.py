"""The sketches of two reports as instances: open, and different only where they should be."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.conftest import Ran
from tests.templates.test_templates import OF_KC2

from safetycase.argument.model import Argument, Claim, Evidence
from safetycase.workspace.folder import Workspace, open_case

CASES = Path(__file__).resolve().parent.parent.parent / "cases"
NOW = datetime(2026, 12, 1, tzinfo=UTC)
SKETCHES = ("scheming-sketch", "debate-sketch", "debate-sketch-prover-estimator")


def opened(name: str) -> Workspace:
    return open_case(CASES / name, NOW)


@pytest.mark.slow
@pytest.mark.parametrize("name", SKETCHES)
def test_a_sketch_is_well_posed_and_supports_nothing(name: str) -> None:
    workspace = opened(name)
    assert workspace.errors == ()
    case = workspace.case
    assert case is not None
    assert case.header.case == name
    assert case.header.maturity == "sketch"
    assert not [e for e in case.elements.values() if isinstance(e, Evidence) and e.method]
    assessment = workspace.assess()
    assert assessment.verdict == "unknown"
    claims = {k for k, e in case.elements.items() if isinstance(e, Claim)}
    assert {k for k in claims if assessment.states[k].truth != "unknown"} == set()


def test_the_two_debate_sketches_differ_only_below_the_method() -> None:
    left, right = (opened(name).case for name in SKETCHES[1:])
    assert left is not None
    assert right is not None
    changed = {
        key.removeprefix("OVERSIGHT/")
        for key in {*left.elements, *right.elements}
        if left.elements.get(key) != right.elements.get(key)
    }
    assert "KC2-1-THEORY-DEBATE" in changed
    assert "KC2-1-THEORY-PROVER-ESTIMATOR" in changed
    assert [key for key in sorted(changed) if not OF_KC2.match(key)] == []
    assert {k for k in left.elements if "/OP" in k} == {k for k in right.elements if "/OP" in k}


def test_the_stages_of_the_third_round_compose_to_three_quarters_of_a_per_cent() -> None:
    case = opened("scheming-sketch").case
    assert case is not None
    claim, step = (case.elements[f"SCHEMING/{n}-POISONING"] for n in ("STAGES-FAIL", "STAGES"))
    assert isinstance(claim, Claim)
    assert isinstance(step, Argument)
    assert claim.by == step.id
    assert claim.holds_when is not None
    formula = step.computes["event"]
    rates = {"success": 0.5, "missed_by_monitor": 0.01, "missed_by_review": 0.005}
    exact = {name: (rate, rate) for name, rate in rates.items()}
    low, high = formula.on(exact)
    assert (low, high) == pytest.approx((0.007475, 0.007475))
    assert claim.holds_when.decide({"event": (low, high)}) is True
    for name, higher in (("success", 0.7), ("missed_by_monitor", 0.02), ("missed_by_review", 0.02)):
        worse = formula.on({**exact, name: (higher, higher)})
        assert claim.holds_when.decide({"event": worse}) is False
    # The success rate is the one of harm inability, whose own bound the sketch does not meet.
    assert step.premises[0] == "SCHEMING/HARM-RARE-POISONING"
    assert claim.holds_when.decide({"event": formula.on({**exact, "success": (0.4, 0.9)})}) is None


def test_a_reader_can_check_a_sketch(sc: Callable[..., Ran], tmp_path: Path) -> None:
    folder = tmp_path / "sketch"
    shutil.copytree(CASES / "scheming-sketch", folder, ignore=shutil.ignore_patterns("ledger"))
    checked = sc("check", folder)
    assert checked.code == 0, checked.out + checked.err
    assert "0 errors" in checked.out
    status = sc("status", folder)
    assert status.code == 4
    assert "UNKNOWN" in status.out
