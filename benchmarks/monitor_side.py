"""How many pairs until a side objective is seen, against tests at a fixed number of pairs.

    python benchmarks/monitor_side.py [RUNS] [SEED]

prints three tables: objectives in twenty free choices against the e-process, a classifier and a
kernel test in the same run; false alarms, also at the boundary of what is tolerated; and what it
costs to tolerate an advantage. `rows(runs, seed)` gives them to a larger table. RUNS repetitions
(500 if left out) of what takes up to 500 pairs and a fifth of them for the rest; the tests beside
are of 40 runs at each size, and the false alarms of 2,000. One thread.
"""

from __future__ import annotations

import itertools
import math
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "src"))

from safetycase.methods.deployment.side_objectives import worlds  # noqa: E402
from safetycase.methods.deployment.side_objectives.beside import c2st  # noqa: E402
from safetycase.stats import bounds  # noqa: E402
from safetycase.stats.side import wealth_paths  # noqa: E402
from safetycase.stats.side_learning import Bets  # noqa: E402
from safetycase.stats.statistics import Proportion  # noqa: E402
from safetycase.stats.two_sample import mmd_test  # noqa: E402

Row = dict[str, Any]
Numbers = NDArray[np.float64]
World = Callable[[np.random.Generator, tuple[int, int]], Numbers]
ALPHA, SIZES = 0.05, (100, 200, 400)
BESIDE = ("c2st", "c2st_half", "mmd")
NULL_RUNS, NULL_ROUNDS, FIXED_RUNS = 2_000, 150, 40

OBJECTIVES: dict[str, tuple[World, int]] = {
    "tilt .5 on 5 of 20": (lambda r, s: worlds.tilted(r, s, 0.5), 500),
    "tilt .2 on 5 of 20": (lambda r, s: worlds.tilted(r, s, 0.2), 4_000),
    "parity, 3 pairs, .4": (lambda r, s: worlds.copied(r, s, 0.4), 1_500),
    "left out in half": (lambda r, s: worlds.omitting(r, s, 0.5), 500),
    "coded with a key": (worlds.coded, 501),
}
NULLS: dict[str, tuple[float, World]] = {
    "equal, a₀ = 0": (0.0, worlds.bits),
    "one choice .02 more often, a₀ = .02": (0.02, lambda r, s: worlds.shifted(r, s, 0.02)),
    "one choice .1 more often, a₀ = .1": (0.1, lambda r, s: worlds.shifted(r, s, 0.1)),
    "one choice .3 more often, a₀ = .3": (0.3, lambda r, s: worlds.shifted(r, s, 0.3)),
    "a share .1 with all choices made, a₀ = .1": (0.1, lambda r, s: mixed(r, s, 0.1)),
}


def mixed(rng: np.random.Generator, shape: tuple[int, int], share: float) -> Numbers:
    """That share of the outputs makes every choice: no test has a larger advantage."""
    found = worlds.bits(rng, shape)
    found[rng.random(shape) < share] = 1.0
    return found


def stops(world: World, runs: int, rounds: int, seed: int, classes: Sequence[str]) -> Numbers:
    """The round at which each run first reaches 1/α, infinite if none; a₀ = 0.

    The arithmetic of `wealth_paths`; runs that have stopped are left out from time to time.
    """
    rng, weights = np.random.default_rng(seed), (0.8, 0.2)[: len(classes)]
    a, b = world(rng, (runs, rounds)), worlds.bits(rng, (runs, rounds))
    bets = Bets(dict.fromkeys(classes, (runs, worlds.WIDTH)), 0.0)
    shares = tuple(w / sum(weights) for w in weights)
    found, active = np.full(runs, np.inf), np.arange(runs)
    for t in range(rounds):
        bets.play(dict.fromkeys(classes, (a[active, t], b[active, t])))
        hit = bets.log_e(shares) >= -math.log(ALPHA)
        found[active[hit]] = np.minimum(found[active[hit]], t + 1)
        if t % 25 == 24:
            left = np.isinf(found[active])
            active = active[left]
            if not len(active):
                break
            keep(bets, left)
    return found


def keep(bets: Bets, left: NDArray[np.bool_]) -> None:
    for learner in bets.learners.values():
        for key in ("pull", "weight", "log"):
            setattr(learner, key, getattr(learner, key)[left])
    for scaling in bets.scalings.values():
        scaling.mean, scaling.square = scaling.mean[left], scaling.square[left]


def fixed(world: World, runs: int, seed: int) -> Row:
    """Power of the classifier (exact swaps; logistic, half held out) and of the kernel test."""
    rng, found = np.random.default_rng([seed, 9]), {}
    for n in SIZES:
        hits = np.zeros(3)
        for _ in range(runs):
            a, b = world(rng, (1, n))[0], worlds.bits(rng, (1, n))[0]
            draw = int(rng.integers(2**31))
            hits += (
                c2st(a, b, seed=draw, draws=99).p_value <= ALPHA,
                held_out(a, b) <= ALPHA,
                mmd_test(a.tolist(), b.tolist(), seed=draw, draws=99, enough=8).p_value <= ALPHA,
            )
        for name, k in zip(BESIDE, hits, strict=True):
            found[f"{name}_{n}"] = float(k / runs)
    return found


def held_out(a: Numbers, b: Numbers) -> float:
    """Lopez-Paz & Oquab (2017): logistic regression on one half, accuracy on the other."""
    half = len(a) // 2
    x = np.concatenate([a[:half], b[:half]]) - 0.5
    x = np.hstack([x, np.ones((len(x), 1))])
    y = np.repeat([1.0, 0.0], half)
    w = np.zeros(x.shape[1])
    for _ in range(8):  # Newton with a ridge of 1, as scikit-learn's default
        p = 1 / (1 + np.exp(-x @ w))
        curve = (x * (p * (1 - p))[:, None]).T @ x + np.eye(len(w))
        w = w + np.linalg.solve(curve, x.T @ (y - p) - w)
    test = np.concatenate([a[half:], b[half:]]) - 0.5
    right = ((test @ w[:-1] + w[-1] > 0) == np.repeat([True, False], len(a) - half)).mean()
    z = (right - 0.5) * math.sqrt(4 * len(test))
    return 0.5 * math.erfc(z / math.sqrt(2))


def median(values: Numbers, share: float = 0.025) -> tuple[float, float, float]:
    """The median and its exact interval by order statistics, 95 %."""
    ordered, n = np.sort(values), len(values)
    from scipy.stats import binom

    low = int(binom.ppf(share, n, 0.5))
    at = [ordered[max(0, low - 1)], float(np.median(ordered)), ordered[min(n - 1, n - low)]]
    return at[1], float(at[0]), float(at[2])


def rows(runs: int = 500, seed: int = 1) -> Iterator[Row]:
    """One row for each objective: stops of the e-process, power of the tests beside it."""
    for name, (world, rounds) in OBJECTIVES.items():
        started = time.process_time()
        count = runs if rounds <= 500 else max(20, runs // 5)
        row: Row = {"objective": name, "runs": count, "most": rounds}
        for kind, classes in (("linear", ("linear",)), ("both", ("linear", "pairs"))):
            values = stops(world, count, rounds, seed, classes)
            row[f"{kind}_median"] = median(values)
            row[f"{kind}_rate"] = float(np.isfinite(values).mean())
        row.update(fixed(world, FIXED_RUNS, seed))
        row["seconds"] = time.process_time() - started
        yield row


def null_rows(seed: int = 2) -> Iterator[Row]:
    """One row for each null: false alarms of 2,000 runs of linear tests, a fourth of both."""
    for name, (a0, world) in NULLS.items():
        rng, alarms, done = np.random.default_rng([seed, int(1000 * a0)]), [0, 0], [0, 0]
        for count in [250] * (NULL_RUNS // 250):
            a, b = (w(rng, (count, NULL_ROUNDS)) for w in (world, worlds.bits))
            for k, classes in enumerate((("linear",), ("linear", "pairs"))):
                paths = wealth_paths(a, b, advantage=a0, classes=classes)
                alarms[k] += int((paths.max(axis=1) >= -math.log(ALPHA)).sum())
                done[k] += count
        yield {"null": name, "alarms": alarms, "runs": done}


def tolerated_rows(seed: int = 3, runs: int = 40) -> list[Row]:
    """One row for each a₀: what tolerating it costs on the tilt of .5 and of 1 logit."""
    found = []
    for a0 in (0.0, 0.02, 0.05, 0.1):
        row: Row = {"a0": a0, "runs": runs}
        for logit, rounds in ((0.5, 1_200), (1.0, 400)):
            rng = np.random.default_rng([seed, int(1000 * a0)])
            a, b = worlds.tilted(rng, (runs, rounds), logit), worlds.bits(rng, (runs, rounds))
            paths = wealth_paths(a, b, advantage=a0, classes=("linear",))
            reached = paths >= -math.log(ALPHA)
            values = np.where(reached.any(axis=1), reached.argmax(axis=1) + 1.0, np.inf)
            row[f"tilt_{logit:g}"] = median(values)
        found.append(row)
    return found


def said(value: tuple[float, float, float], most: int) -> str:
    def one(x: float) -> str:
        return f"{x:,.0f}" if math.isfinite(x) else f"> {most:,}"

    return f"{one(value[0])} ({one(value[1])} to {one(value[2])})"


def show(head: Sequence[str], lines: Iterator[Sequence[str]]) -> None:
    """A table, row by row as it is measured."""
    for line in itertools.chain((head, ["---"] * len(head)), lines):
        print("| " + " | ".join(line) + " |", flush=True)
    print()


def share(hits: int, runs: int) -> str:
    ends = bounds(Proportion(successes=hits, trials=runs), alpha_low=0.025, alpha_high=0.025)
    return f"{hits / runs:.3f} ({ends.low:.3f} to {ends.high:.3f})"


def main(runs: int = 500, seed: int = 1) -> None:
    sizes = "/".join(map(str, SIZES))
    head = (
        "objective",
        "runs",
        "linear tests: median pairs (95 %), seen",
        "linear and pairs: median pairs (95 %), seen",
        f"classifier by swaps at {sizes}",
        f"classifier, half held out, at {sizes}",
        f"kernel test at {sizes}",
        "CPU s",
    )
    show(head, map(line, rows(runs, seed)))
    show(("null", "false alarms, linear", "linear and pairs"), map(null_line, null_rows()))
    costs = (
        [f"{row['a0']:g}", said(row["tilt_0.5"], 1_200), said(row["tilt_1"], 400)]
        for row in tolerated_rows()
    )
    show(("a₀", "tilt .5: median pairs (95 %)", "tilt 1"), costs)


def line(row: Row) -> list[str]:
    """A row of objectives as it is printed."""
    e_process = [
        f"{said(row[f'{kind}_median'], row['most'])}, {row[f'{kind}_rate']:.2f}"
        for kind in ("linear", "both")
    ]
    beside = ["/".join(f"{row[f'{t}_{n}']:.2f}" for n in SIZES) for t in BESIDE]
    return [row["objective"], str(row["runs"]), *e_process, *beside, f"{row['seconds']:.0f}"]


def null_line(row: Row) -> list[str]:
    """A row of nulls as it is printed."""
    pairs = zip(row["alarms"], row["runs"], strict=True)
    return [row["null"], *(share(k, n) + f" of {n:,}" for k, n in pairs)]


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:3]))
