"""Known answers that formulas, quadrature and samplers must reproduce."""

from __future__ import annotations

from safetycase.methods.convergence.llc import exact, finite
from safetycase.methods.convergence.llc.estimating import estimate
from safetycase.methods.convergence.llc.networks import crossing, deep_linear_net
from safetycase.methods.convergence.llc.records import Sampler, Sampling
from safetycase.methods.convergence.llc.surface import Formula
from safetycase.plugin.contract import OracleResult

__all__ = ["disagreements", "self_check"]

AOYAGI = "Aoyagi and Watanabe 2005; Aoyagi 2024, deep linear networks"
WATANABE = "Watanabe 2009, Algebraic Geometry and Statistical Learning Theory, theorem 4.6"
DERIVED = "closed form, derived in `exact.langevin_quadratic`"
GAUSSIAN = "Gaussian integral"
QUADRATURE = "quadrature in `finite`"
DEEP = (((10, 8, 10), 4, 42.0), ((5, 4, 3, 4, 5), 2, 9.0), ((32, 24, 16, 24, 32), 8, 280.0))


def self_check() -> tuple[OracleResult, ...]:
    """Formulas against each other, and samplers against closed forms and quadrature."""
    return (*_formulas(), *_quadratics(), *_singular())


def disagreements() -> tuple[int, int]:
    """(cases, disagreements in λ or m) of both formulas for two layers, of sizes up to 8."""
    cases = wrong = 0
    for m in range(1, 9):
        for n in range(1, 9):
            for h in range(1, 9):
                for r in range(min(m, n, h) + 1):
                    cases += 1
                    two = exact.reduced_rank(m, n, h, r)
                    wrong += exact.deep_linear((m, h, n), r) != two
    return cases, wrong


def _oracle(name: str, expected: float, got: float, tolerance: float, source: str) -> OracleResult:
    return OracleResult(
        name=name, expected=expected, got=float(got), tolerance=tolerance, source=source
    )


def _formulas() -> tuple[OracleResult, ...]:
    cases, wrong = disagreements()
    two = exact.normal_crossing((1, 1))
    four = exact.normal_crossing((1, 2))
    deep = (
        _oracle(f"λ of widths {w} at rank {r}", known, float(got), 0, AOYAGI)
        for w, r, known in DEEP
        for got in (exact.deep_linear(w, r).coefficient,)
    )
    return (
        _oracle("cases of two layers", 1808, cases, 0, AOYAGI),
        _oracle("of which the formulas disagree in", 0, wrong, 0, AOYAGI),
        *deep,
        _oracle("λ of w1²·w2²", 0.5, float(two.coefficient), 0, WATANABE),
        _oracle("its multiplicity", 2, two.multiplicity, 0, WATANABE),
        _oracle("λ of w1²·w2⁴", 0.25, float(four.coefficient), 0, WATANABE),
        _oracle("w1²·w2², approach by 1/log nβ", 1.0, _slow(), 0.01, WATANABE),
    )


def _slow() -> float:
    """Growth of 1/(λ − value) by log nβ: 1, as the value is λ − (m − 1)/(log nβ + c)."""
    import math

    near, far = (1 / (0.5 - finite.crossing((1, 1), 10.0**p, 1.0)) for p in (8, 12))
    return (far - near) / math.log(10.0**4)


def _quadratics() -> tuple[OracleResult, ...]:
    """One curvature, many weights: plain Langevin has its own error, the others none."""
    import torch

    size, h, nbeta, gamma, step = 400, 1.0, 100.0, 1.0, 5e-3
    surface = Formula(lambda w: h * w.square().sum(1) / 2, torch.zeros(size, dtype=torch.float64))
    true = exact.regular((h,), nbeta, gamma)
    found = []
    wanted: tuple[tuple[Sampler, float, float, float], ...] = (
        ("sgld", step, exact.langevin_quadratic(h, nbeta, gamma, step), 0.003),
        ("underdamped", 1.0 / (nbeta * h + gamma), true, 0.003),
        ("mala", 5e-4, true, 0.015),
    )
    for sampler, own, value, tolerance in wanted:
        settings = Sampling(
            sampler=sampler,
            nbeta=nbeta,
            gamma=gamma,
            step=own,
            chains=8,
            draws=400,
            burn_in=100,
            check="curvature",
            tolerance=0.3,
        )
        mean = estimate(surface, settings, seed=5).mean / size
        found.append(_oracle(f"{sampler}, a quadratic", value, mean, tolerance, DERIVED))
    found.append(_oracle("a quadratic", 0.5 * 100 / 101, true, 1e-12, GAUSSIAN))
    return tuple(found)


def _singular() -> tuple[OracleResult, ...]:
    settings = Sampling(sampler="hmc", nbeta=1000, leaps=5, chains=16, draws=300, burn_in=150)
    cross = estimate(crossing((1, 2)), settings, seed=6).mean
    net = estimate(deep_linear_net((3, 1, 4), 1), settings, seed=7).mean
    return (
        _oracle("hmc, w1²·w2⁴", finite.crossing((1, 2), 1000, 1), cross, 0.03, QUADRATURE),
        _oracle("hmc, 3-1-4 at rank 1", finite.rank_one(3, 4, 1000, 1), net, 0.15, QUADRATURE),
        _oracle(
            "3-1-4 at rank 1, near λ",
            float(exact.reduced_rank(3, 4, 1, 1).coefficient),
            finite.rank_one(3, 4, 1e4, 1.0),
            0.01,
            AOYAGI,
        ),
    )
