"""Coefficients of losses whose posterior is known, and chains that must be refused."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import pytest
import torch

from safetycase.methods.convergence.llc import Estimate, Refused, Sampling, estimate
from safetycase.methods.convergence.llc.judging import Seen, judged
from safetycase.methods.convergence.llc.networks import deep_linear_net
from safetycase.methods.convergence.llc.records import Start
from safetycase.methods.convergence.llc.surface import Formula, OfModule
from safetycase.methods.convergence.problem import Problem
from safetycase.plugin.contract import MethodError

CURVATURES = torch.logspace(-2, 0.5, 20, dtype=torch.float64)


def quadratic(lowest: float = 0.0) -> Formula:
    start = torch.zeros(20, dtype=torch.float64)
    return Formula(lambda w: (w * w * CURVATURES).sum(1) / 2 + lowest, start)


def regular(nbeta: float, gamma: float) -> float:
    """½ Σ nβh/(nβh + γ): the Gaussian integral."""
    stiff = nbeta * CURVATURES
    return float((stiff / (stiff + gamma)).sum() / 2)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sampler", "draws"), [("underdamped", 300), ("hmc", 200), ("mala", 1000), ("rmsprop", 1500)]
)
def test_a_quadratic_has_the_gaussian_value(sampler: Any, draws: int) -> None:
    settings = Sampling(
        sampler=sampler,
        nbeta=100,
        draws=draws,
        burn_in=draws // 3,
        leaps=5,
        gamma=3,
        tolerance=0.2,
        check="curvature" if sampler == "rmsprop" else "halving",
    )
    found = estimate(quadratic(lowest=2.0), settings, seed=1)
    assert found.ok, found.reason
    assert found.low <= regular(100, 3) <= found.high
    assert abs(found.value / regular(100, 3) - 1) < 0.1
    assert found.start.loss == pytest.approx(2.0)
    assert abs(found.virial - 1) < 0.15


@pytest.mark.slow
def test_the_same_seed_gives_the_same_and_the_global_generator_is_left_alone() -> None:
    settings = Sampling(nbeta=100, draws=30, burn_in=10, chains=2)
    state = torch.get_rng_state()
    first, second = (estimate(quadratic(), settings, seed=3) for _ in range(2))
    assert first == second
    assert torch.equal(state, torch.get_rng_state())
    assert estimate(quadratic(), settings, seed=4).traces != first.traces


def refused(found: Estimate, verdict: str) -> None:
    assert found.verdict == verdict
    for name in ("value", "low", "high"):
        with pytest.raises(Refused, match=verdict):
            getattr(found, name)


@pytest.mark.slow
def test_a_saddle_is_negative_and_no_number() -> None:
    signs = torch.ones(20, dtype=torch.float64)
    signs[3] = -1
    saddle = Formula(
        lambda w: (w * w * signs).sum(1) / 2 + (w**4).sum(1), torch.zeros(20, dtype=torch.float64)
    )
    lower = Formula(lambda w: 1 - torch.exp(-((w - 3) ** 2).sum(1)), torch.zeros(1).double())
    settings = Sampling(nbeta=200, draws=60, burn_in=40, leaps=5, gamma=0.05)
    assert not estimate(saddle, settings).ok
    found = estimate(lower, settings)
    refused(found, "negative")
    assert found.lowest < -100


def test_a_step_that_blows_up_is_refused() -> None:
    refused(estimate(quadratic(), Sampling(sampler="sgld", step=10, nbeta=100)), "diverged")
    mild = Sampling(sampler="sgld", step=0.011, nbeta=100, draws=100, burn_in=50)
    assert not estimate(quadratic(), mild).ok


@pytest.mark.parametrize("sampler", ["underdamped", "sgld", "hmc"])
def test_a_loss_that_turns_nan_in_a_chain_is_refused(sampler: Any) -> None:
    calls = 0

    def loss(w: Any) -> Any:
        nonlocal calls
        calls += 1
        bad = torch.where(torch.arange(len(w)) == 1, math.nan if calls > 100 else 0.0, 0.0)
        return (w * w).sum(1) / 2 + bad

    surface = Formula(loss, torch.zeros(4, dtype=torch.float64))
    settings = Sampling(
        sampler=sampler, nbeta=100, draws=200, burn_in=20, step=0.005, leaps=2, chains=4
    )
    found = estimate(surface, settings)
    refused(found, "diverged")
    assert sampler == "hmc" or "chain 2" in found.reason


class Line(torch.nn.Module):
    def __init__(self, at: float) -> None:
        super().__init__()
        self.slope = torch.nn.Parameter(torch.tensor([at, 0.5]))
        self.base = torch.nn.Parameter(torch.tensor(0.25))

    def forward(self, x: Any) -> Any:
        return x @ self.slope + self.base


def line(at: float = 1.0) -> Problem:
    """Regression with unit noise: the Hessian is the identity."""

    def batch(generator: Any) -> tuple[Any, Any]:
        x = torch.randn(32, 2, generator=generator)
        truth = x @ torch.tensor([1.0, 0.5]) + 0.25
        return x, truth + torch.randn(32, generator=generator)

    def loss(module: Any, data: Any) -> Any:
        return ((module(data[0]) - data[1]) ** 2).mean() / 2

    return Problem(module=Line(at), loss=loss, batch=batch, count=1000)


@pytest.mark.slow
def test_a_module_that_sees_batches() -> None:
    settings = Sampling(nbeta=50, draws=300, burn_in=50, chains=4, tolerance=0.25)
    problem = line()
    found = estimate(problem, settings, seed=2)
    assert found.ok, found.reason
    assert found.low <= 1.5 * 50 / 51 <= found.high
    assert found.dimension == 3
    assert problem.module.slope.tolist() == [1.0, 0.5]
    assert problem.module.slope.grad is None


def test_parts_move_alone() -> None:
    settings = Sampling(nbeta=50, draws=40, burn_in=20, chains=2, parts="base")
    found = estimate(line(), settings, seed=2)
    assert found.dimension == 1
    with pytest.raises(MethodError, match="no parameter matches `bas` in full"):
        estimate(line(), Sampling(parts="bas"))


def test_an_untrained_module_is_no_minimum() -> None:
    found = estimate(line(at=0.0), Sampling(nbeta=50, draws=40, burn_in=20, chains=3))
    assert found.verdict in ("not a minimum", "negative")
    assert found.start.drop > 0.3


def test_what_cannot_be_tried_at_all() -> None:
    with pytest.raises(MethodError, match="exact loss"):
        estimate(line(), Sampling(sampler="mala"))
    with pytest.raises(MethodError, match="give `nbeta`"):
        estimate(quadratic(), Sampling())
    with pytest.raises(MethodError, match="not finite"):
        estimate(quadratic(lowest=math.nan), Sampling(nbeta=10))
    with pytest.raises(MethodError, match="burn_in"):
        estimate(line(), Sampling(sampler="rmsprop", burn_in=0))
    torn = Problem(module=torch.nn.Linear(2, 1), loss=lambda m, b: m(torch.ones(3)), count=9)
    with pytest.raises(MethodError, match="`loss` failed: RuntimeError"):
        estimate(torn, Sampling())
    away = Problem(module=torch.nn.Linear(1, 1, device="meta"), loss=lambda m, b: m, count=9)
    with pytest.raises(MethodError, match=r"is on `meta`; .* `module\.cpu\(\)`"):
        estimate(away, Sampling())
    for wrong in ({"gamma": 0.0}, {"chains": 1}, {"parts": "("}, {"nbeta": math.inf}):
        with pytest.raises(ValueError, match="`"):
            Sampling(**wrong)  # type: ignore[arg-type]


@pytest.mark.slow
def test_many_points_at_once_are_as_good_as_one_after_another() -> None:
    problem = line()
    assert problem.batch is not None
    everything = problem.batch(torch.Generator().manual_seed(1))
    whole = Problem(module=problem.module, loss=problem.loss, count=32, full=lambda: everything)

    def stubborn(module: Any, data: Any) -> Any:
        loss = problem.loss(module, data)
        return loss + 0.0 * loss.item()

    slow = Problem(module=problem.module, loss=stubborn, count=32, full=lambda: everything)
    quick, other = OfModule(whole, often=True), OfModule(slow, often=True)
    assert quick._together is not None
    assert other._together is None
    points = quick.start + torch.arange(4)[:, None] / 3
    (losses, slopes), (same, alike) = (
        surface.slopes(points, surface.draw([None] * 4)) for surface in (quick, other)
    )
    assert torch.allclose(losses, same)
    assert torch.allclose(slopes, alike, atol=1e-6)


@pytest.mark.slow
def test_a_step_that_was_chosen_too_large_is_chosen_again() -> None:
    """At 0 the Hessian of a product of two layers vanishes; farther away it does not."""
    net = deep_linear_net((5, 5, 5), 0)
    settings = Sampling(
        sampler="underdamped", nbeta=1e4, draws=60, burn_in=60, chains=4, check="curvature"
    )
    found = estimate(net, settings, seed=1)
    assert found.evaluations > 1.2 * 4 * 120
    assert found.verdict != "diverged"
    given = estimate(net, dataclasses.replace(settings, step=4 * found.step), seed=1)
    assert given.verdict in ("diverged", "step too large")


def test_a_loss_that_draws_something_itself_is_refused() -> None:
    module = torch.nn.Linear(4, 1)
    x = torch.randn(64, 4, generator=torch.Generator().manual_seed(0))

    def drawn(module: Any, batch: Any) -> Any:
        del batch
        rows = torch.randint(len(x), (8,))
        return module(x[rows]).square().mean()

    with pytest.raises(MethodError, match="draws something itself"):
        estimate(Problem(module=module, loss=drawn, count=64), Sampling(nbeta=10))
    constant = Problem(module=module, loss=lambda module, batch: torch.tensor(1.0), count=64)
    with pytest.raises(MethodError, match="does not depend on the parameters"):
        estimate(constant, Sampling(nbeta=10))


def test_a_mean_below_zero_is_no_coefficient_even_within_its_noise() -> None:
    trace = tuple(0.5 * (-1) ** k for k in range(50))
    start = Start(
        loss=1.0,
        loss_error=0.0,
        gradient_norm=0.0,
        h_max=1.0,
        drop=0.0,
        drop_error=0.0,
        noise=0.0,
        steep_noise=0.0,
    )

    def verdict(mean: float) -> str:
        seen = Seen(
            settings=Sampling(sampler="hmc"),
            nbeta=10.0,
            start=start,
            offset_error=0.1,
            mean=mean,
            error=0.01,
            half_width=0.05,
            traces=(trace, trace),
            chain_means=(mean, mean),
            rhat=1.0,
            effective=100.0,
            geweke=0.0,
            change=0.0,
            far=1.0,
            virial=1.0,
            virials=(trace, trace),
            acceptance=0.9,
            acceptances=(0.9, 0.9),
        )
        return judged(seen)[0]

    assert verdict(0.05) == "estimate"
    assert verdict(-0.05) == "too imprecise"
    assert verdict(-0.6) == "negative"
