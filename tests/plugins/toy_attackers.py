"""Attacker classes of a package that is not ours: one that works, and two that do not."""

from __future__ import annotations

import dataclasses

from safetycase.methods.games.attackers import FULL_INFORMATION
from safetycase.plugin.attackers import Attacker, AttackValue, AuditGame

TRIES = 3


def best_of_tries(game: AuditGame) -> AttackValue:
    """All of `TRIES` attempts must score above a threshold for the least suspicious one to."""
    roc = tuple((x, y**TRIES) for x, y in game.roc)
    found = FULL_INFORMATION.value(dataclasses.replace(game, roc=roc))
    policy = f"submit the least suspicious of {TRIES}; {found.policy}"
    return AttackValue(low=found.low, high=found.high, policy=policy)


def crash(game: AuditGame) -> AttackValue:
    raise RuntimeError(f"no idea about {game.tasks} tasks")


SCORE_AWARE = Attacker(
    name="toy/score-aware",
    version="0.1.0",
    says="Sees the score of each attempt and submits the least suspicious one.",
    knows=("clock", "coins", "score"),
    source="the tests",
    value=best_of_tries,
    bounds="timing and quality",
)
LIAR = dataclasses.replace(
    SCORE_AWARE, name="toy/liar", value=lambda _game: AttackValue(low=0.2, high=float("nan"))
)
CRASHES = dataclasses.replace(SCORE_AWARE, name="toy/crashes", value=crash)
