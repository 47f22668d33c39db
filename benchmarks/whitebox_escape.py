"""Measure how soon each way of training finds behaviour of a planted probability.

    python benchmarks/whitebox_escape.py            the tables
    python benchmarks/whitebox_escape.py --tune     the settings, chosen again on one design

`rows()` gives the rows to a larger table. Times are CPU seconds of one thread. Steps are medians
over policies of all scored designs; none of these was used to choose settings.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "src"))

from safetycase.methods.convergence.closed_forms import groups_before_signal  # noqa: E402
from safetycase.methods.convergence.escape import study  # noqa: E402
from safetycase.methods.convergence.escape.laws import bandit_steps, escape_constant  # noqa: E402
from safetycase.methods.convergence.escape.trainers import TRAINERS, Name  # noqa: E402
from safetycase.methods.convergence.escape.training import Course, Recipe  # noqa: E402
from safetycase.methods.convergence.escape.tuned import TUNED, tune  # noqa: E402

STEPS, BATCH, GROUP, POLICIES, SEED = 200, 64, 8, 12, 1
Row = dict[str, Any]


def rows(policies: int = POLICIES) -> list[Row]:
    """One row for each trainer: by ε (escaped, of, median steps, episodes), loss, CPU seconds."""
    import torch

    torch.set_num_threads(1)
    return [_row(name, policies) for name in TRAINERS]


def _row(name: Name, policies: int) -> Row:
    settings = TUNED[name]
    setting = study.Setting(
        recipe=Recipe(
            trainer=name,
            steps=STEPS,
            batch=BATCH,
            group=GROUP,
            rate=settings.rate,
            strength=settings.strength,
        ),
        epsilon=study.EPSILONS[0],
        epsilons=study.EPSILONS,
        organisms=policies,
        others=0,
        unlocked=1,
        seed=SEED,
    )
    began = time.process_time()
    found = study.study(study.makers(), setting, lambda *_: None)
    seconds = time.process_time() - began
    return {
        "trainer": name,
        "by": {
            epsilon: _cell(name, [courses[epsilon] for courses in found.courses.values()])
            for epsilon in study.EPSILONS
        },
        "loss": max(one.start - one.end for twins in found.twins.values() for one in twins),
        "seconds": seconds,
    }


def _cell(name: Name, designs: list[tuple[Course, ...]]) -> Row:
    every = [one.escaped for courses in designs for one in courses]
    steps = statistics.median_high(STEPS + 1 if one is None else one for one in every)
    worst = min(sum(one.escaped is not None for one in courses) for courses in designs)
    return {
        "escaped": sum(one is not None for one in every),
        "of": len(every),
        "worst": worst,
        "each": len(designs[0]),
        "steps": None if steps > STEPS else steps,
        "episodes": None if steps > STEPS else TRAINERS[name].episodes(steps, BATCH),
    }


def table(found: list[Row]) -> list[str]:
    """The rows as Markdown: median steps, who escaped, and in the worst design."""
    heads = [f"ε = {epsilon:g}" for epsilon in study.EPSILONS]
    lines = [
        "| trainer | " + " | ".join(heads) + " | twin loses | CPU s |",
        "|---" * (len(heads) + 3) + "|",
    ]
    for row in found:
        cells = [_words(row["by"][epsilon]) for epsilon in study.EPSILONS]
        lines.append(
            f"| {row['trainer']} | {' | '.join(cells)} | {row['loss']:.3f} | {row['seconds']:.1f} |"
        )
    return lines


def _words(cell: Row) -> str:
    steps = f"> {STEPS}" if cell["steps"] is None else f"{cell['steps']} steps"
    if cell["episodes"]:
        steps += f", {cell['episodes']:,} episodes"
    return f"{steps} ({cell['escaped']}/{cell['of']}, worst {cell['worst']}/{cell['each']})"


def laws() -> list[str]:
    """Ten arms, exact gradient at rate 1: steps, steps × ε, and groups before a signal."""
    lines = ["| ε | steps | steps × ε | groups of 8 before a signal |", "|---|---|---|---|"]
    for epsilon in study.EPSILONS:
        steps = bandit_steps(epsilon, 8, 1 / 9, 0.5, 1_000_000)
        assert steps is not None
        groups = groups_before_signal(epsilon, GROUP)
        lines.append(f"| {epsilon:g} | {steps:,} | {steps * epsilon:.4f} | {groups:,.1f} |")
    lines.append(f"| → 0 | | {escape_constant(8, 1 / 9, 0.5):.4f} (closed form) | |")
    return lines


def main() -> None:
    """Print the tables, or the settings that tuning chooses."""
    if "--tune" in sys.argv[1:]:
        for name in TRAINERS:
            chosen = tune(name)
            print(name, chosen, "as kept" if chosen == TUNED[name] else "NOT as kept", flush=True)
        return
    print(f"{POLICIES} policies of each of {', '.join(study.DESIGNS)}; {STEPS} steps; seed {SEED}.")
    print("Median steps to escape (escaped of all, and in the design where fewest do).\n")
    print("\n".join(table(rows())))
    print()
    print("\n".join(laws()))


if __name__ == "__main__":
    main()
