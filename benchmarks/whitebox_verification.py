"""Measure the proofs: inputs tried a second, bounds beside a solver, and one system three ways.

    python benchmarks/whitebox_verification.py

prints three tables. Times are CPU seconds of one thread of this process, without imports; medians
where there are several seeds. `rows()` gives them to a larger table.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import importlib.util
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "cases" / "three-routes")]

import system  # noqa: E402

from safetycase.methods.verification.bounds.prove import prove  # noqa: E402
from safetycase.methods.verification.bounds.search import Effort  # noqa: E402
from safetycase.methods.verification.certificate import check  # noqa: E402
from safetycase.methods.verification.exhaustive.grid import grid_of  # noqa: E402
from safetycase.methods.verification.exhaustive.planted import tried  # noqa: E402
from safetycase.methods.verification.exhaustive.spaces import BAD  # noqa: E402
from safetycase.methods.verification.exhaustive.tokens import patches  # noqa: E402
from safetycase.methods.verification.planted import random_network, silent  # noqa: E402
from safetycase.methods.verification.smt.encode import answered  # noqa: E402
from safetycase.methods.verification.specification import (  # noqa: E402
    Linear,
    Problem,
    Property,
)
from safetycase.plugin.organisms import Making, organism  # noqa: E402
from safetycase.stats import Proportion, bounds  # noqa: E402

NODES, WORK, SEEDS = 4_000, 20_000_000, 5
SIZES = ((2, 6, 6, 1), (3, 8, 8, 1), (4, 12, 12, 1), (6, 16, 16, 1))
SAMPLES = 3000


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.process_time()
    found = work()
    return time.process_time() - started, found


def tight(widths: tuple[int, ...], seed: int) -> Problem:
    """A random network on a box of real numbers, its offset a little above what a sample needs."""
    import numpy as np

    from safetycase.methods.verification.bounds.relax import Arrays

    network = random_network(widths, seed)
    x = np.random.default_rng(seed).uniform(-1, 1, (20_000, widths[0]))
    values = Arrays.of(network).outputs(x)[:, 0]
    spread = float(values.max() - values.min())
    offset = round((0.05 * spread - float(values.min())) * 8) / 8 + 0.125
    spec = Property(
        name="p",
        low=(-1.0,) * widths[0],
        high=(1.0,) * widths[0],
        holds=(Linear(coefficients=(1.0,), offset=offset),),
    )
    return Problem(network=network, properties=(spec,))


def enumeration() -> list[dict[str, Any]]:
    found = []
    seconds, counted = timed(lambda: tried(grid_of(system.SYSTEM, 0.0)))
    found.append({"what": "numbers, exact (3 layers of 6)", "inputs": counted.size, "s": seconds})
    for name in ("toy-trigger/tiny-bigram", "toy-trigger/tiny-bigram-clean"):
        import torch

        torch.set_num_threads(1)
        subject = organism(name).make(Making(seed=0, progress=silent)).value
        contexts = subject.sample(20, torch.Generator().manual_seed(0))
        space = patches(subject, (), 2, contexts, 1e-3)
        seconds, counted = timed(lambda space=space: tried(space))
        found.append(
            {
                "what": f"{name}, patches of 2 in 20 contexts",
                "inputs": counted.size,
                "s": seconds,
                "bad": counted.bad,
            }
        )
    return found


def against_a_solver() -> list[dict[str, Any]]:
    """Bounds with branch and bound, their checker, and z3, on the same problems."""
    found = []
    for widths in SIZES:
        times: dict[str, list[float]] = {"bounds": [], "check": [], "z3": []}
        decided = {"bounds": 0, "z3": 0}
        for seed in range(SEEDS):
            problem = tight(widths, seed)
            effort = Effort(nodes=NODES, split="auto", tolerance=0.0, seed=0)
            seconds, proof = timed(lambda p=problem, e=effort: prove(p, e, silent))
            times["bounds"].append(seconds)
            times["check"].append(timed(lambda p=problem, t=proof.text: check(p, t))[0])
            decided["bounds"] += not any(one.open for one in proof.found)
            seconds, told = timed(lambda p=problem: answered(p, (0, 0), 0.0, WORK))
            times["z3"].append(seconds)
            decided["z3"] += told.verdict != "unknown"
            both = proof.found[0].holds or bool(proof.found[0].counterexamples)
            if both and told.verdict != "unknown":
                assert proof.found[0].holds == (told.verdict == "proved")
        found.append(
            {
                "network": "-".join(map(str, widths)),
                **{f"{name} s": statistics.median(values) for name, values in times.items()},
                **{f"{name} decided": f"{count}/{SEEDS}" for name, count in decided.items()},
            }
        )
    return found


def three_routes() -> list[dict[str, Any]]:
    """What each route says of the system and of its backdoored twin, and what it costs."""
    found = []
    for name, problem in (("trained", system.SYSTEM), ("backdoored", system.BACKDOORED)):
        grid = grid_of(problem, 0.0)
        seconds, (verdicts, _) = timed(lambda grid=grid: grid.drawn(SAMPLES, 0))
        rate = Proportion(successes=int((verdicts == BAD).sum()), trials=SAMPLES)
        high = bounds(rate, alpha_low=0.05, alpha_high=0.05).high
        found.append(row("tests", name, f"wrong ≤ {high:.2%} of questions at 95 %", seconds))
        seconds, gain = timed(recorded_gain)
        says = f"wrong ≤ {8 * gain:.3%} of questions, if it is the network that was trained"
        found.append(row("training", name, says, seconds))
        seconds, counted = timed(lambda grid=grid: tried(grid))
        found.append(row("enumeration", name, f"wrong on exactly {counted.bad}", seconds))
        effort = Effort(nodes=NODES, split="auto", tolerance=0.0, seed=0)
        seconds, proof = timed(lambda p=problem, e=effort: prove(p, e, silent))
        bad = [x for one in proof.found for x in one.counterexamples]
        says = f"wrong on {' '.join(map(str, bad[0]))}" if bad else "wrong on none"
        found.append(row("bounds", name, says, seconds))
        seconds, told = timed(
            lambda p=problem: [answered(p, one, 0.0, WORK) for one in p.obligations]
        )
        refuted = [one.x for one in told if one.verdict == "refuted"]
        says = f"wrong on {' '.join(map(str, refuted[0]))}" if refuted else "wrong on none"
        found.append(row("solver", name, says, seconds))
    return found


def row(route: str, network: str, says: str, seconds: float) -> dict[str, Any]:
    return {"route": route, "network": network, "says": says, "s": seconds}


def recorded_gain() -> float:
    """The largest gain of a best response in the last quarter of any recorded training."""
    path = ROOT / "cases" / "three-routes" / "curves.jsonl"
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    last = max(line["step"] for line in lines)
    ends: dict[int, list[float]] = {}
    for line in lines:
        if line["step"] >= 0.75 * last:
            ends.setdefault(line["seed"], []).append(line["exploitability"] / 1.08)
    return max(statistics.fmean(values) for values in ends.values())


def rows() -> dict[str, list[dict[str, Any]]]:
    found = {"enumeration": enumeration(), "three routes": three_routes()}
    if importlib.util.find_spec("z3"):
        found["bounds beside z3"] = against_a_solver()
    return found


def main() -> None:
    for name, table in rows().items():
        print(f"\n{name}\n")
        keys = list(dict.fromkeys(key for line in table for key in line))
        print("| " + " | ".join(keys) + " |")
        print("|" + "---|" * len(keys))
        for line in table:
            cells = [line.get(key, "") for key in keys]
            words = [f"{c:.3f}" if isinstance(c, float) else str(c) for c in cells]
            print("| " + " | ".join(words) + " |")


if __name__ == "__main__":
    main()
