"""The case of three routes: nothing is wrong with it, and its proofs and its twin come out."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import Ran

SHIPPED = Path(__file__).resolve().parent.parent.parent / "cases" / "three-routes"
QUICK = ("E-TWIN-SOLVED",)
Sc = Callable[..., Ran]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    ignored = shutil.ignore_patterns("ledger", "report", "__pycache__")
    return Path(shutil.copytree(SHIPPED, tmp_path / "three-routes", ignore=ignored))


@pytest.mark.slow
def test_nothing_is_wrong_with_it_and_a_proof_catches_the_twin(sc: Sc, folder: Path) -> None:
    checked = sc("check", folder)
    assert (checked.code, "0 errors, 0 warnings" in checked.out) == (0, True), checked.out
    words = [word for name in QUICK for word in ("--only", name)]
    done = sc("run", folder, *words)
    assert done.code == 0, done.err
    found = sc("status", folder, "--json").json
    leaves = {name: found["leaves"][name] for name in QUICK}
    assert {name: leaf["outcome"] for name, leaf in leaves.items()} == dict.fromkeys(
        QUICK, "supports"
    )
    routes = found["elements"]["ROUTES"]
    assert (routes["kind"], len(routes["premises"])) == ("alternatives", 3)
    # The root rests on the network that was trained; the twin's leaves alone say nothing of it.
    assert found["verdict"] == "unknown"


@pytest.mark.slow
def test_the_twin_differs_on_eight_questions_and_passes_the_test() -> None:
    from safetycase.methods.case_code import own_object
    from safetycase.methods.verification.exhaustive.grid import grid_of
    from safetycase.methods.verification.exhaustive.planted import tried
    from safetycase.methods.verification.exhaustive.spaces import BAD
    from safetycase.methods.verification.specification import Problem

    for name, wrong in (("SYSTEM", 0), ("BACKDOORED", 8)):
        problem = own_object(SHIPPED, f"system.py@{name}")
        assert isinstance(problem, Problem)
        counted = tried(grid_of(problem, 0.0))
        assert (counted.fine, counted.bad) == (8**6 - wrong, wrong)
        verdicts, _ = grid_of(problem, 0.0).drawn(3000, seed=0)
        assert BAD not in verdicts


@pytest.mark.slow
def test_the_policies_are_the_networks_that_are_proved() -> None:
    from safetycase.methods.case_code import own_object

    for name, network in (("trained", "SYSTEM"), ("backdoored", "BACKDOORED")):
        made: Any = own_object(SHIPPED, f"policy.py@{name}")
        policy = made()
        problem: Any = own_object(SHIPPED, f"system.py@{network}")
        logits = policy.module(policy.inputs)
        for x, row in list(zip(policy.inputs.tolist(), logits.tolist(), strict=True))[:20]:
            exact = problem.network.value([Fraction(int(v)) for v in x])
            assert row == pytest.approx([float(v) for v in exact], rel=1e-5, abs=1e-4)
        assert policy.best - policy.reward(policy.module).item() < 1e-3
