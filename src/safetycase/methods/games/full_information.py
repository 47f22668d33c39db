"""The attacker that sees how many tasks and how many audits are left: dynamic programming.

No attacker that is given attacks of the same quality and chooses when to make them does better,
whatever else it sees of the game: the two counts are the state of a Markov decision process.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from safetycase.methods.games.rates import Rates, rates_of
from safetycase.plugin.attackers import AuditGame

__all__ = ["FullInformation", "full_information"]


@dataclass(frozen=True, slots=True, eq=False)
class FullInformation:
    """Values and best policy.

    `values[c]` is the risk of the whole game with c audits, c = 0 .. audits. With c audits left an
    attack is best at `longest[c]` tasks left at the earliest, and at `attacks[c]` numbers of tasks
    left in all.
    """

    values: Any
    longest: Any
    attacks: Any

    def policy(self, tasks: int) -> str:
        """What the attacker does while a few audits are left, in words."""
        shown = ["always once the audits are spent"] if self.longest[0] else []
        for c in range(1, min(4, len(self.values))):
            left = "1 audit is left" if c == 1 else f"{c} audits are left"
            if self.longest[c] == 0:
                shown.append(f"never while {left}")
                continue
            pauses = "" if self.longest[c] == self.attacks[c] else ", with pauses,"
            shown.append(f"from task {tasks - int(self.longest[c]) + 1} on{pauses} while {left}")
        if len(self.values) > 4:
            first = tasks - int(self.longest[4:].max()) + 1
            shown.append(f"not before task {first} while more are left")
        return "attack " + "; ".join(shown) if shown else "no attack gets through"


def full_information(game: AuditGame) -> FullInformation:
    """Solve the game for every number of audits up to its own; O(tasks · audits), vectorised.

    Memory is O(audits). Floats: each task adds a rounding error below 1e-15.
    """
    import numpy as np

    size = game.audits + 1
    audit, deferred, passes = columns(rates_of(game), size)
    left = np.zeros(size + 1)  # left[c + 1] is the value with c audits; left[0] is never used up
    now, fewer = left[1:], left[:-1]
    wait, attack = np.empty(size), np.empty(size)
    longest, attacks = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
    better = np.empty(size, dtype=bool)
    for m in range(1, game.tasks + 1):
        np.subtract(fewer, now, out=wait)
        wait *= audit
        wait += now
        np.multiply(now, deferred, out=attack)
        attack += passes
        np.greater(attack, wait, out=better)
        attacks += better
        longest[better] = m
        np.maximum(attack, wait, out=now)
    if passes[0] > 0:  # always worth it, also where the value has been rounded to 1
        longest[0] = attacks[0] = game.tasks
    return FullInformation(now.copy(), longest, attacks)


def columns(rates: Rates, size: int) -> tuple[Any, Any, Any]:
    """Audit, defer and pass probabilities by audits left, 0 .. size − 1."""
    import numpy as np

    audit = np.full(size, float(rates.audit))
    deferred = np.full(size, float(rates.deferred))
    passes = np.full(size, float(rates.passes))
    audit[0], passes[0] = 0.0, float(rates.passes_spent)
    deferred[0] = 1 - passes[0]
    return audit, deferred, passes
