"""Measure the local learning coefficient beside devinterp, and against values that are known.

    python benchmarks/whitebox_llc.py [--peer PYTHON] [--only TABLE]

`--peer` is a Python with torch and devinterp==2.0.1. Times are CPU seconds of one thread, without
imports; each has the estimator's own checks in it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "src")]

import torch  # noqa: E402
from llc_reference import reference  # noqa: E402
from llc_transformer import Transformer, data, token_losses, trained  # noqa: E402

from safetycase.methods.convergence.llc import Estimate, Sampling, estimate, finite  # noqa: E402
from safetycase.methods.convergence.llc.calibration import calibrated  # noqa: E402
from safetycase.methods.convergence.llc.diagnostics import effective_draws  # noqa: E402
from safetycase.methods.convergence.llc.networks import (  # noqa: E402
    crossing,
    deep_linear_net,
    separable_net,
)
from safetycase.methods.convergence.problem import Problem  # noqa: E402
from safetycase.stats import Proportion, bounds  # noqa: E402

Row = dict[str, Any]
NBETA, GAMMA, STEP, BATCH, CHAINS = 30.0, 100.0, 1e-4, 32, 4
SEEDS = 3


def problem(module: Transformer, ids: torch.Tensor) -> Problem:
    """The transformer with batches of 32 sequences."""

    def batch(generator: torch.Generator) -> torch.Tensor:
        return ids[torch.randint(len(ids), (BATCH,), generator=generator)]

    def loss(model: Any, some: torch.Tensor) -> torch.Tensor:
        return token_losses(model, some).mean()

    return Problem(module=module, loss=loss, batch=batch, count=len(ids))


def timed(what: Callable[[], Any]) -> tuple[float, Any]:
    """(CPU seconds, result)."""
    began = time.process_time()
    result = what()
    return time.process_time() - began, result


def speed(peer: str | None) -> list[Row]:
    """devinterp and ours, 4 chains of 200 draws; then ours as it would be used."""
    ids = data()
    module = trained(ids)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        if peer:
            rows = _peers(peer, Path(folder), module, ids)
    equal = Sampling(
        sampler="sgld",
        nbeta=NBETA,
        gamma=GAMMA,
        step=STEP,
        chains=CHAINS,
        draws=200,
        burn_in=0,
        paired=False,
        check="curvature",
    )
    ours = Sampling(
        sampler="underdamped",
        nbeta=NBETA,
        gamma=GAMMA,
        chains=CHAINS,
        draws=160,
        burn_in=40,
        paired=False,
        check="curvature",
    )
    half = replace(ours, paired=True, check="halving")
    subject = problem(module, ids)
    rows.append(_own("ours, sgld, the same settings", subject, equal))
    rows.append(_own("ours, underdamped, 40 + 160 draws", subject, ours))
    rows.append(_own("ours, paired, and again with half the step", subject, half, seeds=1))
    return rows


def _own(name: str, subject: Problem, settings: Sampling, seeds: int = SEEDS) -> Row:
    found: list[tuple[float, Estimate]] = [
        timed(lambda seed=seed: estimate(subject, settings, seed=seed)) for seed in range(seeds)
    ]
    last = found[0][1]
    seconds = median(spent for spent, _ in found)
    worth = median(one.effective for _, one in found)
    return {
        "what": name,
        "CPU-s": f"{seconds:.2f}",
        "mean": f"{last.mean:.1f} ± {last.error:.1f}",
        "effective draws": f"{worth:.0f}",
        "CPU-s per effective draw": f"{seconds / worth:.3f}",
        "verdict": last.verdict,
    }


def _peers(peer: str, folder: Path, module: Transformer, ids: torch.Tensor) -> list[Row]:
    from safetensors.torch import save_file

    save_file(module.state_dict(), folder / "weights.safetensors")
    save_file({"ids": ids}, folder / "ids.safetensors")
    rows = []
    for method, draws, dropped in (
        ("sgmcmc_sgld", 200, 0),
        ("rmsprop_sgld", 200, 0),
        ("sgmcmc_sgld", 600, 200),
    ):
        done = subprocess.run(
            [peer, str(HERE / "peer_devinterp.py"), str(folder), str(draws), method],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
        if not lines:
            raise SystemExit(f"devinterp did not run: {done.stderr.strip()[-400:]}")
        found = json.loads(lines[0].removeprefix("RESULT "))
        trace = [one[dropped:] for one in found["trace"]]
        worth = effective_draws(trace)
        mean = NBETA * (sum(map(sum, trace)) / len(trace) / len(trace[0]) - found["start"])
        rows.append(
            {
                "what": f"devinterp {method}, {draws} draws, first {dropped} dropped",
                "CPU-s": f"{found['seconds']:.2f}",
                "mean": f"{mean:.1f}",
                "effective draws": f"{worth:.0f}",
                "CPU-s per effective draw": f"{found['seconds'] / worth:.3f}",
                "verdict": "none is given",
            }
        )
    return rows


def accuracy() -> list[Row]:
    """Relative errors against values at nβ = 1000, γ = 1; 16 chains of 6,000 gradients each."""
    nbeta, gamma = 1000.0, 1.0
    deep = (((4, 3, 5), 2), ((10, 8, 10), 4), ((10, 8, 10), 0), ((6, 6, 6, 6), 3))
    cases: list[tuple[str, Any, float, float]] = [
        ("Σ w^2k, k = 1, 2, 3, 2", separable_net((1, 2, 3, 2)), 0.0, 0.0),
        ("w1²·w2²", crossing((1, 1)), finite.crossing((1, 1), nbeta, gamma), 0.0),
        ("w1²·w2⁴", crossing((1, 2)), finite.crossing((1, 2), nbeta, gamma), 0.0),
        ("3-1-4, rank 1", deep_linear_net((3, 1, 4), 1), finite.rank_one(3, 4, nbeta, gamma), 0.0),
    ]
    cases[0] = (*cases[0][:2], finite.separable((1, 2, 3, 2), nbeta, gamma), 0.0)
    for widths, rank in deep:
        known = reference(widths, rank, nbeta, gamma, chains=16, draws=150)
        name = f"{'-'.join(map(str, widths))}, rank {rank}"
        cases.append((name, deep_linear_net(widths, rank), known.value, known.error))
    rows = []
    for name, surface, value, error in cases:
        row: Row = {"loss": name, "value": f"{value:.4g}" + (f" ± {error:.2g}" if error else "")}
        for label, settings in _budgeted(nbeta, gamma):
            found = estimate(surface, settings, seed=1)
            mark = "" if found.ok else f" ({found.verdict})"
            row[label] = f"{found.mean / value - 1:+.1%}{mark}"
        rows.append(row)
    return rows


def _budgeted(nbeta: float, gamma: float) -> list[tuple[str, Sampling]]:
    same: dict[str, Any] = {"nbeta": nbeta, "gamma": gamma, "chains": 16}
    plain = same | {"draws": 4000, "burn_in": 2000, "check": "curvature"}
    return [
        ("hmc", Sampling(sampler="hmc", leaps=5, draws=800, burn_in=400, **same)),
        ("mala", Sampling(sampler="mala", **plain)),
        ("underdamped", Sampling(sampler="underdamped", draws=2000, burn_in=2000, **same)),
        ("sgld, step 1e-4", Sampling(sampler="sgld", step=1e-4, **plain)),
        ("sgld, step 5e-4", Sampling(sampler="sgld", step=5e-4, **plain)),
    ]


def coverage() -> list[Row]:
    """How often the 95 % interval holds the value of a singular network, over 40 seeds."""
    true = finite.rank_one(3, 4, 1000.0, 1.0)
    settings = Sampling(nbeta=1000.0, leaps=5)
    seeds = 40
    found = [estimate(deep_linear_net((3, 1, 4), 1), settings, seed=seed) for seed in range(seeds)]
    given = [one for one in found if one.ok]
    held = sum(one.low <= true <= one.high for one in given)
    known = [calibrated(one, seed=1).passed for one in given[:10]]
    low = bounds(Proportion(successes=held, trials=len(given)), alpha_low=0.05, alpha_high=0.05).low
    return [
        {
            "estimates given": f"{len(given)}/{seeds}",
            "hold the value": f"{held}/{len(given)}, at least {low:.2f}",
            "calibrations passed": f"{sum(known)}/{len(known)}",
        }
    ]


def refusals() -> list[Row]:
    """The transformer untrained, and with chains that fail in two ways."""
    ids = data()
    module = Transformer()
    usual = Sampling(nbeta=NBETA, gamma=GAMMA, chains=CHAINS, draws=40, burn_in=20)
    calls = 0

    def turns(model: Any, some: torch.Tensor) -> torch.Tensor:
        nonlocal calls
        calls += 1
        loss = token_losses(model, some).mean()
        return loss * float("nan") if calls > 400 else loss

    subject = problem(module, ids)
    huge = replace(usual, sampler="sgld", step=10.0)
    cases = (
        ("untrained weights", subject, usual),
        ("a step of 10", subject, huge),
        ("a loss that turns NaN", replace(subject, loss=turns), replace(usual, step=1e-4)),
    )
    found = [(name, estimate(one, how)) for name, one, how in cases]
    return [{"case": name, "verdict": one.verdict, "reason": one.reason} for name, one in found]


def rows(peer: str | None = None, only: str = "") -> dict[str, list[Row]]:
    """All tables by their titles, or the one whose title has the word `only`."""
    tables: dict[str, Callable[[], list[Row]]] = {
        "Local learning coefficient, speed": lambda: speed(peer),
        "Local learning coefficient, error at an equal budget of gradients": accuracy,
        "Local learning coefficient, intervals": coverage,
        "Local learning coefficient, refusals": refusals,
    }
    return {title: make() for title, make in tables.items() if only in title}


def table(found: list[Row]) -> str:
    """One Markdown table."""
    names = list(found[0])
    lines = [names, ["---"] * len(names), *([str(row[n]) for n in names] for row in found)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer", help="a Python with devinterp==2.0.1")
    parser.add_argument("--only", default="", help="speed, error, intervals or refusals")
    options = parser.parse_args()
    torch.set_num_threads(1)
    for title, found in rows(options.peer, options.only).items():
        print(f"\n## {title}\n\n{table(found)}")
    if not options.peer:
        print("\nWithout --peer nothing is said of devinterp.")


if __name__ == "__main__":
    main()
