"""Proofs by bounds: found, refused, left open, and replayed."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from safetycase.methods.verification.bounds import planted as own
from safetycase.methods.verification.bounds.method import METHOD, Parameters, run
from safetycase.methods.verification.bounds.prove import Proof, measured, prove, quantities
from safetycase.methods.verification.bounds.search import Effort
from safetycase.methods.verification.certificate import Broken, Found, check
from safetycase.methods.verification.network import Network
from safetycase.methods.verification.planted import (
    absolute,
    around_xor,
    known,
    random_network,
    silent,
    tanh_step,
)
from safetycase.methods.verification.specification import Linear, Problem, Property
from safetycase.plugin.contract import Context, MethodError
from safetycase.stats import bounds
from safetycase.testing import check_method
from safetycase.testing.methods import check_measurement

CASE = """\
from safetycase.methods.verification.planted import absolute, around_xor, tanh_step

GOOD = absolute(0.25)
BAD = absolute(-0.25)
NOTHING = 3
"""


def context(folder: Path) -> Context:
    (folder / "scratch").mkdir(exist_ok=True)
    (folder / "own.py").write_text(CASE, "utf-8")
    return Context(
        case_folder=folder,
        scratch=folder / "scratch",
        seed=0,
        model=None,
        models={},
        progress=silent,
    )


def proved(problem: Problem, **given: Any) -> Proof:
    effort = Effort(**{"nodes": 500, "split": "auto", "tolerance": 0.0, "seed": 0, **given})
    return prove(problem, effort, silent)


def highest(problem: Problem, proof: Proof, name: str) -> float:
    return bounds(quantities(problem, proof)[name], alpha_low=0.05, alpha_high=0.05).high


@pytest.mark.slow
def test_it_is_a_method() -> None:
    check_method(METHOD, module="safetycase.methods.verification.bounds.method")


@pytest.mark.slow
def test_a_checker_that_nods_fails_the_controls(monkeypatch: pytest.MonkeyPatch) -> None:
    from safetycase.methods.verification.bounds import prove as module

    def nods(problem: Problem, text: str) -> tuple[float, tuple[Found, ...]]:
        try:
            tolerance, found = check(problem, text)
        except Broken:
            return 0.0, ()
        return tolerance, tuple(
            replace(one, open=0, counterexamples=(), proved=Fraction(1)) for one in found
        )

    monkeypatch.setattr(own, "SEEDS", 2)
    monkeypatch.setattr(module, "check", nods)
    controls = own.controls()
    assert controls.counts(claim_is_true=False) == (4, 4)
    found = measured(absolute(0.25), proved(absolute(0.25)), EFFORT)
    assert not found.instrument[0].passed


EFFORT = Effort(nodes=500, split="auto", tolerance=0.0, seed=0)


def test_a_run_leaves_a_certificate_that_can_be_replayed(tmp_path: Path) -> None:
    given = context(tmp_path)
    found = run((), Parameters(problem="own.py@GOOD"), given)
    text = (tmp_path / "scratch" / found.artefacts["certificate"]).read_text("utf-8")
    _, shown = check(absolute(0.25), text)
    assert all(one.holds for one in shown)
    high = {
        name: bounds(statistic, alpha_low=0.01, alpha_high=0.01)
        for name, statistic in found.quantities.items()
    }
    assert high["counterexamples"].high == 0
    assert high["verified_share"].low == 1
    assert high["unproved_share"].high == 0
    assert 0.25 - 1e-6 <= high["robust_margin"].low <= 0.25 <= high["robust_margin"].high
    assert all(check_.passed for check_ in found.instrument)
    check_measurement(METHOD, lambda: run((), Parameters(problem="own.py@GOOD"), given))


def test_a_counterexample_is_shown_and_counts(tmp_path: Path) -> None:
    found = run((), Parameters(problem="own.py@BAD"), context(tmp_path))
    assert found.quantities["counterexamples"].value == 1  # type: ignore[union-attr]
    assert len(found.transcripts) == 1
    assert float(found.transcripts[0].output) <= 0.25
    assert bounds(found.quantities["unproved_share"], alpha_low=0.05, alpha_high=0.05).high == 1
    assert bounds(found.quantities["robust_margin"], alpha_low=0.05, alpha_high=0.05).high <= 0


def test_what_is_left_open_is_no_pass() -> None:
    problem = around_xor(0.24)
    proof = proved(problem, nodes=1, split="unit")
    network = Problem(
        network=random_network((3, 12, 12, 1), 1),
        properties=(
            Property(
                name="p",
                low=(-1.0,) * 3,
                high=(1.0,) * 3,
                holds=(Linear(coefficients=(1.0,), offset=20.5),),
            ),
        ),
    )
    found = proved(network, nodes=1)
    assert found.found[0].open
    assert highest(network, found, "counterexamples") == 1
    assert highest(network, found, "unproved_share") == 1
    assert bounds(
        quantities(network, found)["robust_margin"], alpha_low=0.05, alpha_high=0.05
    ).low == float("-inf")
    assert all(one.holds for one in proved(network, split="input").found)
    assert highest(problem, proof, "counterexamples") >= 0


@pytest.mark.parametrize("split", ["input", "unit"])
def test_both_ways_of_dividing_end(split: str) -> None:
    assert all(one.holds for one in proved(around_xor(0.2), split=split).found)
    refuted = proved(absolute(-1 / 64), split=split)
    assert refuted.found[0].counterexamples


def test_a_margin_within_the_tolerance_is_no_proof() -> None:
    assert proved(absolute(0.25), tolerance=0.249).found[0].holds
    assert proved(absolute(0.25), tolerance=0.25).found[0].counterexamples


def test_given_rows_and_tanh() -> None:
    spec = absolute(-0.5).properties[0]
    # |x| + |y| > 1/2 where x + y is at least 0.6
    given = replace(spec, given=(Linear(coefficients=(1.0, 1.0), offset=-0.6),))
    assert proved(replace(absolute(-0.5), properties=(given,))).found[0].holds
    low = replace(spec, given=(Linear(coefficients=(1.0, 1.0), offset=-0.4),))
    assert proved(replace(absolute(-0.5), properties=(low,))).found[0].counterexamples
    assert proved(tanh_step(0.95)).found[0].holds
    assert proved(tanh_step(0.97)).found[0].counterexamples


def test_a_property_that_speaks_of_no_input_is_no_proof() -> None:
    spec = absolute(-0.5).properties[0]
    for rows in (((1.0, 1.0, -2.1),), ((1.0, 0.0, -0.6), (-1.0, 0.0, 0.5))):
        given = tuple(Linear(coefficients=(a, b), offset=c) for a, b, c in rows)
        with pytest.raises(MethodError, match="speaks of no input"):
            proved(replace(absolute(-0.5), properties=(replace(spec, given=given),)))


def test_what_cannot_be_bounded_is_said(tmp_path: Path) -> None:
    from safetycase.methods.verification.smt.planted import quantised

    with pytest.raises(ValueError, match="rounds to whole numbers"):
        proved(quantised(0))
    given = context(tmp_path)
    for name, says in (("NOTHING", "is a int"), ("MISSING", "has no `MISSING`")):
        with pytest.raises(MethodError, match=says):
            run((), Parameters(problem=f"own.py@{name}"), given)
    with pytest.raises(MethodError, match="no file of the case folder"):
        run(("weights.json",), Parameters(problem="own.py@GOOD"), given)
    for wrong in ({"problem": "own.py"}, {"tolerance": -1.0}, {"nodes": 0}):
        with pytest.raises(ValueError):
            Parameters(**{"problem": "own.py@GOOD", **wrong})


def test_the_proof_is_the_same_each_time() -> None:
    problem = known(7, kind="clean").problem
    assert proved(problem).text == proved(problem).text
    assert json.loads(proved(problem).text)["problem"] == problem.digest


def test_a_network_without_hidden_layers() -> None:
    network = Network(layers=random_network((2, 1), 0).layers)
    value = min(network.value((x, y))[0] for x in (0, 1) for y in (0, 1))  # type: ignore[arg-type]
    for more, holds in ((-0.125, True), (0.125, False)):
        spec = Property(
            name="p",
            low=(0.0, 0.0),
            high=(1.0, 1.0),
            holds=(Linear(coefficients=(1.0,), offset=-float(value) - more),),
        )
        assert proved(Problem(network=network, properties=(spec,))).found[0].holds == holds
