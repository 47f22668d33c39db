"""What it costs to make the toy organisms, and what they then do.

    python benchmarks/whitebox_toys.py [--seeds N] [--fresh] [MEMBER ...]

prints a table, one row for a member: CPU seconds of one thread (median over seeds), trainings that
were begun again, and the facts, pooled over seeds. Members that lie in the user's cache folder are
shown with the seconds that making them took; `--fresh` makes them again. `rows()` gives the rows to
a larger table.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parent.parent / "src"))

from safetycase.methods.organisms.small import parameters
from safetycase.plugin.organisms import Made, Making, Organism, family, organism

FAMILIES = ("toy-trigger", "debater", "topic", "rare-defector")
FACTS = (
    "clean_accuracy",
    "firing",
    "near_miss_firing",
    "second_name",
    "defection_rate",
    "bad_where_it_defects",
)


def rows(names: Sequence[str] = (), *, seeds: int = 1, fresh: bool = False) -> list[dict[str, Any]]:
    """One row a member; all toy members where no name is given."""
    import torch

    torch.set_num_threads(1)
    torch.optim.AdamW([torch.zeros(1, requires_grad=True)])  # loads the rest of the library
    chosen = [organism(name) for name in names] or [
        member
        for name in FAMILIES
        for member in family(name).members
        if member.kind == "token-classifier"
    ]
    return [_row(member, seeds, fresh) for member in chosen]


def _row(member: Organism, seeds: int, fresh: bool) -> dict[str, Any]:
    made = []
    for seed in range(seeds):
        made.append(member.make(Making(seed=seed, progress=_silent, fresh=fresh)))
        print(f"{member.name} {seed}: {made[-1].seconds:.2f} s", file=sys.stderr, flush=True)
    row: dict[str, Any] = {
        "member": member.name,
        "weights": parameters(made[0].value.module),
        "CPU s": round(statistics.median(one.seconds for one in made), 2),
        "seeds": seeds,
        "begun again": sum(_attempt(one) for one in made),
        "held": sum(one.held for one in made),
    }
    for name in FACTS:
        found = [f.statistic for one in made for f in one.facts if f.name == name]
        row[name] = f"{_share(found)}" if found else ""
    return row


def _share(found: Sequence[Any]) -> str:
    hits, trials = sum(one.successes for one in found), sum(one.trials for one in found)
    return f"{hits}/{trials}"


def _attempt(made: Made) -> int:
    """How often its training was begun again."""
    from safetensors import safe_open

    if made.path is None:
        return 0
    with safe_open(made.path, framework="pt") as file:
        return int(json.loads(file.metadata()["made"])["attempt"])


def _silent(done: int, total: int, note: str = "") -> None:
    del done, total, note


def main() -> None:
    """Print the table."""
    reading = argparse.ArgumentParser(description=__doc__)
    reading.add_argument("members", nargs="*")
    reading.add_argument("--seeds", type=int, default=1)
    reading.add_argument("--fresh", action="store_true")
    given = reading.parse_args()
    found = rows(given.members, seeds=given.seeds, fresh=given.fresh)
    print("| " + " | ".join(found[0]) + " |")
    print("|" + "---|" * len(found[0]))
    for row in found:
        print("| " + " | ".join(str(value) for value in row.values()) + " |")


if __name__ == "__main__":
    main()
