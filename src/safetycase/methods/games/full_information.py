"""The attacker that sees how many tasks and how many audits are left: dynamic programming.

No attacker that is given attacks of the same quality and chooses when to make them does better,
whatever else it sees of the game: the two counts are the state of a Markov decision process.
"""

from __future__ import annotations

import math
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
    left in all; what gains less than 1e-12 counts as waiting.
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
    """Solve the game for every number of audits up to its own, to 1e-12.

    The last tasks are solved by the recursion, vectorised over the audits. Before them nobody with
    audits left attacks, and the value is that of waiting: a convolution with the binomial law of
    the audits used up. With f(spent) <= f(defer) that is so from M tasks left on, where
    deferred^M < 1e-13, up to as much: let κ = passes/(1 − deferred), what attacking always gets in
    the limit, δ = κ deferred^M, and H the value of waiting from V(M) + δ on. V(M) >= κ − δ, so
    H >= κ, and H falls in the audits left, so it rises in the tasks left; hence an attack gives
    passes + deferred H <= H, and no policy gets more than H. Otherwise all tasks are solved by the
    recursion. Memory is O(audits).
    """
    import numpy as np

    rates = rates_of(game)
    steps = columns(rates, game.audits + 1)
    last = _settled(rates, game.tasks)
    found = _recursion(last, steps)
    if last < game.tasks:
        short = found.values[0] - found.values
        used = _binomial(float(rates.audit), game.tasks - last, len(short))
        found.values[:] = found.values[0] - np.convolve(used, short)[: len(short)]
    if steps[2][0] > 0:  # always worth it, also where the value has been rounded to 1
        found.longest[0] = found.attacks[0] = game.tasks
    return found


def _settled(rates: Rates, tasks: int) -> int:
    """From how many tasks left on waiting is best and spent audits are lost, up to 1e-13."""
    slowest = float(max(rates.deferred, 1 - rates.passes_spent))
    if rates.passes_spent < rates.passes or slowest >= 1:
        return tasks
    return 1 if slowest <= 0 else min(tasks, math.ceil(math.log(1e-13) / math.log(slowest)) + 1)


def _recursion(tasks: int, steps: tuple[Any, Any, Any]) -> FullInformation:
    import numpy as np

    audit, deferred, passes = steps
    size = len(audit)
    left = np.zeros(size + 1)  # left[c + 1] is the value with c audits; left[0] is never used up
    now, fewer = left[1:], left[:-1]
    wait, attack = np.empty(size), np.empty(size)
    longest, attacks = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
    better = np.empty(size, dtype=bool)
    for m in range(1, tasks + 1):
        np.subtract(fewer, now, out=wait)
        wait *= audit
        wait += now
        np.multiply(now, deferred, out=attack)
        attack += passes
        np.greater(attack, wait, out=better)
        attacks += better
        longest[better] = m
        np.maximum(attack, wait, out=now)
    return FullInformation(now.copy(), longest, attacks)


def _binomial(share: float, trials: int, size: int) -> Any:
    """P(k of `trials`), k = 0 .. size − 1, by squaring: sums of positive numbers alone."""
    import numpy as np

    found, power = np.ones(1), np.array([1 - share, share])
    while trials:
        if trials & 1:
            found = np.convolve(found, power)[:size]
        power = np.convolve(power, power)[:size]
        trials >>= 1
    return found


def columns(rates: Rates, size: int) -> tuple[Any, Any, Any]:
    """Audit, defer and pass probabilities by audits left, 0 .. size − 1."""
    import numpy as np

    audit = np.full(size, float(rates.audit))
    deferred = np.full(size, float(rates.deferred))
    passes = np.full(size, float(rates.passes))
    audit[0], passes[0] = 0.0, float(rates.passes_spent)
    deferred[0] = 1 - passes[0]
    return audit, deferred, passes
