"""The method: its contract, what it measures, and what a broken one would let through."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch

from safetycase.methods.convergence.llc import (
    estimate,
    evidence,
    judging,
    planted,
    records,
    walking,
)
from safetycase.methods.convergence.llc.calibration import calibrated
from safetycase.methods.convergence.llc.evidence import Studied, measured
from safetycase.methods.convergence.llc.method import METHOD, Parameters, run
from safetycase.methods.convergence.llc.networks import deep_linear_net
from safetycase.methods.convergence.problem import Problem
from safetycase.plugin.contract import Context, MethodError
from safetycase.plugin.parameters import bind
from safetycase.stats import Certified, bounds
from safetycase.testing.methods import check_measurement, check_method

CASE = """
import torch
from safetycase.methods.convergence.problem import Problem

class Product(torch.nn.Module):
    def __init__(self, at):
        super().__init__()
        self.a = torch.nn.Parameter(torch.full((3,), at, dtype=torch.float64))
        self.b = torch.nn.Parameter(torch.ones(3, dtype=torch.float64))

def loss(module, batch):
    return (module.a * module.b - 1).square().sum() / 2

def trained():
    return Problem(module=Product(1.0), loss=loss, count=1000)

def both():
    return [trained(), Problem(module=Product(0.3), loss=loss, count=1000)]

def fails():
    return 1 / 0

nothing = 3
"""
SMALL = {"nbeta": 100.0, "gamma": 1.0, "draws": 120, "burn_in": 60, "leaps": 4, "tolerance": 0.2}


def context(folder: Path, seed: int = 0) -> Context:
    (folder / "mine.py").write_text(CASE, "utf-8")
    return Context(
        case_folder=folder,
        scratch=folder,
        seed=seed,
        model=None,
        models={},
        progress=lambda done, total, note="": None,
    )


def parameters(name: str, **sampling: Any) -> Parameters:
    bound = bind(Parameters, {"problem": f"mine.py@{name}", "sampling": SMALL | sampling})
    assert not bound.mismatches
    found: Parameters = bound.value
    return found


@pytest.mark.slow
def test_the_contract() -> None:
    controls = check_method(METHOD, module="safetycase.methods.convergence.llc.method")
    assert controls.counts(claim_is_true=True)[0] >= 5
    assert controls.counts(claim_is_true=False) == (0, 4)


@pytest.mark.slow
def test_a_problem_of_the_case(tmp_path: Path) -> None:
    from safetycase.methods.convergence.llc import finite

    asked = parameters("trained")
    assert METHOD.files(asked) == ("mine.py",)
    results = []

    def once() -> object:
        results.append(run((), asked, context(tmp_path)))
        return results[-1]

    check_measurement(METHOD, once)
    found = results[0]
    llc = found.quantities["llc"]
    assert isinstance(llc, Certified)
    assert llc.low <= 3 * finite.product(1.0, 1.0, 100.0, 1.0) <= llc.high
    assert all(check.passed for check in found.instrument)
    assert bounds(found.quantities["llc_drop"], alpha_low=0.05, alpha_high=0.05).high < 0
    assert "radius reached" in found.diagnostics["trained: density"]


@pytest.mark.slow
def test_one_of_several_that_is_not_trained_out(tmp_path: Path) -> None:
    found = run((), parameters("both", draws=40, burn_in=30), context(tmp_path))
    assert "llc" not in found.quantities
    assert found.diagnostics["without llc"].startswith("both ")
    assert bounds(found.quantities["llc_drop"], alpha_low=0.05, alpha_high=0.05).low > 0.5
    assert [raised.name for raised in found.raises] == ["lower-loss-near"]


def test_what_is_asked_for_must_be_there(tmp_path: Path) -> None:
    for values in ({}, {"problem": "mine.py@a", "organism": "a/b"}, {"problem": "mine.txt"}):
        with pytest.raises(ValueError, match="`"):
            Parameters(**values)
    with pytest.raises(MethodError, match="has no `missing`"):
        run((), parameters("missing"), context(tmp_path))
    with pytest.raises(MethodError, match="is to be a `Problem`"):
        run((), parameters("nothing"), context(tmp_path))
    with pytest.raises(MethodError, match="nowhere"):
        run((), Parameters(organism="nowhere/one"), context(tmp_path))


def test_without_torch_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MethodError, match=r"safetycase\[whitebox\]"):
        run((), parameters("trained"), context(tmp_path))


QUICK = records.Sampling(sampler="hmc", nbeta=100, draws=150, burn_in=80, leaps=4, tolerance=0.3)


@pytest.mark.slow
def test_a_sampler_that_is_wrong_fails_its_calibration(monkeypatch: pytest.MonkeyPatch) -> None:
    found = estimate(deep_linear_net((3, 2, 3), 1), QUICK, seed=1)
    good = calibrated(found, seed=1)
    assert good.passed, good.found.reason
    energy = walking.Walk._energy

    def cold(self: Any, points: Any, losses: Any, speed: Any) -> Any:
        return energy(self, points, 3 * losses, speed)

    monkeypatch.setattr(walking.Walk, "_energy", cold)
    bad = calibrated(dataclasses.replace(found, settings=QUICK), seed=1)
    assert not bad.passed
    result = measured([Studied(name="mine", found=found, calibration=bad)])
    assert [check.passed for check in result.instrument] == [True, False]


@pytest.mark.slow
def test_a_judge_that_trusts_every_chain_lets_planted_ones_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    surface = planted._bandit(0.01)
    blind = dataclasses.replace(planted.SETTINGS, nbeta=50.0, gamma=100.0, draws=60, burn_in=40)
    assert planted.passes(planted._quadratic(at=0.5), 0, blind) is False
    monkeypatch.setattr(judging, "_minimum", lambda seen: iter(()))
    monkeypatch.setattr(judging, "_rest", lambda seen: iter(()))
    assert estimate(planted._quadratic(at=0.5), blind).ok
    assert estimate(surface, blind).ok


@pytest.mark.slow
def test_the_interval_of_a_short_chain_misses_as_seldom_as_it_says() -> None:
    import random

    settings = records.Sampling(sampler="mala", nbeta=10, draws=8, burn_in=2, chains=2)
    found = estimate(deep_linear_net((2, 1, 2), 1), settings)
    drawn, chains = random.Random(0), 2000
    traces = tuple(tuple(drawn.gauss(0, 1) for _ in range(8)) for _ in range(chains))
    means = tuple(sum(trace) / 8 for trace in traces)
    found = dataclasses.replace(found, traces=traces, chain_means=means, offset_error=0.0)
    missed = sum(not one.low <= 0 <= one.high for one in evidence._drops(found, 1))
    assert missed / chains < 0.075  # of 0.05, with what the autocorrelations add


def test_problems_that_are_none_are_refused_where_they_are_made(tmp_path: Path) -> None:
    module, loss = torch.nn.Linear(1, 1), len
    for wrong, says in (
        ({"module": None}, "no `torch.nn.Module`"),
        ({"loss": 3}, "`loss` is a function"),
        ({"batch": 3}, "`batch` is a function"),
        ({"count": 1.5}, "number of data points"),
        ({"count": -1}, "number of data points"),
    ):
        with pytest.raises(ValueError, match=says):
            Problem(**({"module": module, "loss": loss, "count": 3} | wrong))
    with pytest.raises(MethodError, match=r"`mine.py@fails` failed: ZeroDivisionError"):
        run((), parameters("fails"), context(tmp_path))
