"""The audit game by its recursion, in plain Python: floats, or fractions for exact values.

It is as slow as it is short, and is the oracle of the fast solvers. Griffin et al. 2024,
arXiv:2409.07985. `m` counts the tasks that are left and `c` the audits that are left.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from safetycase.methods.games.rates import Rates, rates_of
from safetycase.plugin.attackers import AuditGame

__all__ = ["attack_value", "best_value", "risk", "schedule_risk", "usefulness", "wait_value"]


def attack_value(rates: Rates, left: Sequence[Any], c: int) -> Any:
    """P(an attack gets through) if this task is attacked; `left[c]` is that of the tasks after."""
    if c == 0:
        return rates.passes_spent + (1 - rates.passes_spent) * left[0]
    return rates.passes + rates.deferred * left[c]


def wait_value(rates: Rates, left: Sequence[Any], c: int) -> Any:
    """The same if this task is done honestly: with `audit` an audit is used up."""
    if c == 0:
        return left[0]
    return rates.audit * left[c - 1] + (1 - rates.audit) * left[c]


def best_value(game: AuditGame) -> Any:
    """P(an attack gets through) against the best attacker that sees m and c."""
    rates = rates_of(game)
    left: list[Any] = [0 * game.audit_rate] * (game.audits + 1)
    for _ in range(game.tasks):
        left = [
            max(attack_value(rates, left, c), wait_value(rates, left, c)) for c in range(len(left))
        ]
    return left[-1]


def risk(game: AuditGame, rate: Callable[[int, int], Any]) -> Any:
    """P(an attack gets through) if a task is attacked with probability `rate(m, c)`."""
    rates = rates_of(game)
    left: list[Any] = [0 * game.audit_rate] * (game.audits + 1)
    for m in range(1, game.tasks + 1):
        left = [
            rate(m, c) * attack_value(rates, left, c)
            + (1 - rate(m, c)) * wait_value(rates, left, c)
            for c in range(len(left))
        ]
    return left[-1]


def schedule_risk(game: AuditGame, schedule: Sequence[Any]) -> Any:
    """P(an attack gets through) if task i is attacked with probability `schedule[i]`."""
    return risk(game, lambda m, _c: schedule[game.tasks - m])


def usefulness(game: AuditGame) -> Any:
    """Expected tasks, of `tasks` honest ones, whose untrusted output is used.

    What is audited is used, what is deferred is not.
    """
    audit, kept = game.audit_rate, 1 - game.defer_rate + game.audit_rate
    left: list[Any] = [0 * audit] * (game.audits + 1)
    for _ in range(game.tasks):
        left = [1 - game.defer_rate_spent + left[0]] + [
            kept + audit * left[c - 1] + (1 - audit) * left[c] for c in range(1, len(left))
        ]
    return left[-1]
