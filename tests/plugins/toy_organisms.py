"""Model organisms of another package: coins, one of which always shows heads after a word."""

from __future__ import annotations

import functools
import hashlib
import random

from safetycase.plugin.organisms import Fact, Made, Making, Organism, OrganismFamily
from safetycase.stats import Proportion

TOSSES = 200
NOTHING = None


def _make(name: str, heads: float, making: Making) -> Made:
    generator = random.Random(making.seed)
    making.progress(1, 1, "tossing")
    shown = sum(generator.random() < heads for _ in range(TOSSES))
    bounds = {"at_least": 0.95} if heads >= 0.9 else {"at_most": 0.7}
    return Made(
        name=name,
        seed=making.seed,
        digest=hashlib.sha256(f"{name} {making.seed}".encode()).hexdigest(),
        value=heads,
        facts=(
            Fact(
                name="heads",
                says="tosses after the word that showed heads",
                statistic=Proportion(successes=shown, trials=TOSSES),
                **bounds,
            ),
        ),
        seconds=0.01,
        cached=not making.fresh,
    )


def _member(name: str, role: str, says: str, heads: float, twin: str = "") -> Organism:
    return Organism(
        name=f"toy-coins/{name}",
        version="1.0.0",
        kind="network",
        role=role,
        says=says,
        twin=twin and f"toy-coins/{twin}",
        seconds=0.01,
        make=functools.partial(_make, f"toy-coins/{name}", heads),
        needs=("json",),
        settings={"heads": str(heads)},
    )


FAMILY = OrganismFamily(
    name="toy-coins",
    says="Coins.",
    plants="Heads, always, after the word.",
    source="this file",
    limits=("It is a coin.",),
    members=(
        _member("trick", "planted", "heads after the word", 1.0, "fair"),
        _member("fair", "clean-twin", "fair after the word as before it", 0.5),
        _member("bent", "decoy", "slightly bent, always", 0.6, "fair"),
        _member("failed", "planted", "was to show heads and does not", 0.9, "fair"),
    ),
)
