"""Proofs by a solver: right on what is known, open where it gives up, replayed where it refutes."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from tests.methods.verification.test_bounds import context

from safetycase.methods.verification.planted import absolute, random_network, tanh_step
from safetycase.methods.verification.smt import encode, method
from safetycase.methods.verification.smt import planted as own
from safetycase.methods.verification.smt.encode import answered
from safetycase.methods.verification.smt.method import METHOD, Parameters, quantities, run
from safetycase.methods.verification.smt.planted import quantised
from safetycase.methods.verification.specification import Linear, Problem, Property
from safetycase.plugin.contract import MethodError
from safetycase.stats import bounds
from safetycase.testing import check_method
from safetycase.testing.methods import check_measurement

WORK = 20_000_000


@pytest.mark.slow
def test_it_is_a_method() -> None:
    check_method(METHOD, module="safetycase.methods.verification.smt.method")


def test_a_solver_that_nods_fails_the_controls(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = encode.answered

    def nods(*given: Any) -> Any:
        return replace(honest(*given), verdict="proved", x=())

    monkeypatch.setattr(method, "answered", nods)
    monkeypatch.setattr(own, "SEEDS", 1)
    assert own.controls().counts(claim_is_true=False) == (2, 2)


def test_a_run_keeps_its_questions(tmp_path: Path) -> None:
    import z3

    given = context(tmp_path)
    found = run((), Parameters(problem="own.py@GOOD"), given)
    assert found.quantities["unproved"].value == 0  # type: ignore[union-attr]
    text = (tmp_path / "scratch" / found.artefacts["question 1 in SMT-LIB"]).read_text("utf-8")
    solver = z3.Solver()
    solver.from_string(text)
    assert solver.check() == z3.unsat
    bad = run((), Parameters(problem="own.py@BAD"), given)
    assert bad.quantities["counterexamples"].value == 1  # type: ignore[union-attr]
    assert bad.instrument[0].detail == "1 replayed in fractions"
    assert bounds(bad.quantities["robust_margin"], alpha_low=0.05, alpha_high=0.05).high <= 0
    check_measurement(METHOD, lambda: run((), Parameters(problem="own.py@BAD"), given))


def test_where_it_gives_up_nothing_is_shown() -> None:
    network = random_network((4, 10, 10, 1), 1)
    spec = Property(
        name="p",
        low=(-1.0,) * 4,
        high=(1.0,) * 4,
        holds=(Linear(coefficients=(1.0,), offset=11.0),),
    )
    problem = Problem(network=network, properties=(spec,))
    found = [answered(problem, (0, 0), 0.0, 200_000)]
    assert found[0].verdict == "unknown"
    assert found[0].reason
    high = bounds(
        quantities(problem, found, 0.0)["counterexamples"], alpha_low=0.05, alpha_high=0.05
    )
    assert (high.low, high.high) == (0, 1)


def test_a_wrong_counterexample_fails_the_instrument() -> None:
    problem = absolute(0.25)
    told = answered(absolute(-0.25), (0, 0), 0.0, WORK)
    assert told.verdict == "refuted"
    assert not method._replayed(problem, [told], 0.0).passed
    assert method._replayed(absolute(-0.25), [told], 0.0).passed


def test_quantised_networks_round_as_they_do() -> None:
    assert answered(quantised(0), (0, 0), 0.0, WORK).verdict == "proved"
    refuted = answered(quantised(1), (0, 0), 0.0, WORK)
    assert refuted.verdict == "refuted"
    spec = quantised(1).properties[0]
    assert spec.holds[0].at(quantised(1).network.value(refuted.x)) <= 0


def test_what_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MethodError, match="for tanh use `verification/bounds`"):
        answered(tanh_step(0.5), (0, 0), 0.0, WORK)
    for wrong in ({"problem": "own"}, {"tolerance": float("inf")}, {"work": 0}):
        with pytest.raises(ValueError):
            Parameters(**{"problem": "own.py@GOOD", **wrong})
    monkeypatch.setattr(encode.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MethodError, match=r"needs z3: pip install 'safetycase\[smt\]'"):
        run((), Parameters(problem="own.py@GOOD"), context(tmp_path))


def test_given_rows_reach_the_solver() -> None:
    spec = absolute(-0.5).properties[0]
    for offset, verdict in ((-0.6, "proved"), (-0.4, "refuted")):
        given = replace(spec, given=(Linear(coefficients=(1.0, 1.0), offset=offset),))
        problem = replace(absolute(-0.5), properties=(given,))
        assert answered(problem, (0, 0), 0.0, WORK).verdict == verdict


def test_a_property_that_speaks_of_no_input_is_no_proof() -> None:
    spec = absolute(-0.5).properties[0]
    empty = (
        Linear(coefficients=(1.0, 0.0), offset=-0.6),
        Linear(coefficients=(-1.0, 0.0), offset=0.5),
    )
    problem = replace(absolute(-0.5), properties=(replace(spec, given=empty),))
    with pytest.raises(MethodError, match="speaks of no input"):
        answered(problem, (0, 0), 0.0, WORK)


def test_the_margin_of_a_counterexample_is_rounded_outward() -> None:
    problem = absolute(-1 / 3)
    told = replace(answered(problem, (0, 0), 0.0, WORK), x=(Fraction(1, 7), Fraction(0)))
    margin = Fraction(1, 7) + Fraction(-1 / 3)
    high = bounds(
        quantities(problem, [told], 0.0)["robust_margin"], alpha_low=0.05, alpha_high=0.05
    )
    assert margin <= Fraction(high.high) < margin + Fraction(1, 10**15)
