"""The attacker that sees how many audits are left, and no clock: one attack rate for each number.

Once the audits are spent it attacks always: nothing can be lost. With one audit one rate is left,
and its best value is certified; with a few, by branch and bound. With more audits the rates are
searched for; what is found is the risk of a real policy, computed without approximation, and what
bounds the class is the attacker that has a clock as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from safetycase.methods.games.certify import supremum
from safetycase.methods.games.coin_boxes import box_bound
from safetycase.methods.games.constant_rate import ConstantRate
from safetycase.methods.games.full_information import columns, full_information
from safetycase.methods.games.rates import rates_of
from safetycase.plugin.attackers import AuditGame

__all__ = ["CoinAware", "coin_aware", "coin_aware_risks"]

CERTIFIED, CLOSE = 12, 1e-3
COARSE, SWEEPS, WIDE, ENOUGH = 500, 8, 2, 1e-5


@dataclass(frozen=True, slots=True, eq=False)
class CoinAware:
    """`rates[c]` is the attack rate of the best policy found with c audits left.

    Its risk is `low`, and no policy of the class exceeds `high`.
    """

    rates: Any
    low: float
    high: float


def coin_aware(game: AuditGame, *, tolerance: float = 1e-4) -> CoinAware:
    """The best rates found, their risk, and a bound on the class."""
    import numpy as np

    one = ConstantRate.of(game)
    r, audits = one.rates, game.audits
    ceiling = float(full_information(game).values[-1])
    if audits == 0:
        return CoinAware(np.ones(1), one(1.0), max(one(1.0), ceiling))
    flat = supremum(
        lambda rate: one.read(rate, 1.0), game.tasks, float(1 - r.deferred), tolerance=tolerance
    )
    start = np.full(audits + 1, flat.rate)
    start[0] = 1.0
    if audits == 1:
        return CoinAware(start, flat.low, max(flat.low, min(flat.high, ceiling)))
    found = _searched(game, start)
    low = float(coin_aware_risks(game, found[None])[0])
    if low < flat.low:
        found, low = start, flat.low
    if audits > CERTIFIED:
        return CoinAware(found, low, max(low, ceiling))
    boxes = box_bound(game.tasks, columns(r, audits + 1), found, low, CLOSE)
    return CoinAware(boxes.rates, boxes.low, max(boxes.low, min(boxes.high, ceiling)))


def coin_aware_risks(game: AuditGame, rates: Any) -> Any:
    """P(an attack gets through) for each row of attack rates by audits left, shape (k, audits + 1).

    O(tasks · audits · k), in floats.
    """
    return _risks(game.tasks, columns(rates_of(game), game.audits + 1), rates)


def _risks(tasks: int, steps: tuple[Any, Any, Any], rates: Any) -> Any:
    import numpy as np

    audit, deferred, passes = steps
    win, lose = rates * passes, (1 - rates) * audit
    stay = rates * deferred + (1 - rates) * (1 - audit)
    left = np.zeros((len(rates), len(audit) + 1))
    now, fewer = left[:, 1:], left[:, :-1]
    moved = np.empty_like(now)
    for _ in range(tasks):
        np.multiply(fewer, lose, out=moved)
        now *= stay
        now += moved
        now += win
    return now[:, -1].copy()


def _searched(game: AuditGame, start: Any) -> Any:
    """Ascend from `start` block by block in a game of fewer and longer steps.

    `pace` tasks of the game are one step; where both rates are small that changes little, and what
    is found is evaluated in the game itself.
    """
    import numpy as np

    audit, deferred, passes = columns(rates_of(game), game.audits + 1)
    pace = max(1, min(game.tasks // COARSE, int(0.2 / max(float(game.audit_rate), 1e-9))))
    steps = (np.minimum(1.0, audit * pace), deferred, passes)
    tasks, best = game.tasks // pace, np.minimum(1.0, start * pace)
    value = float(_risks(tasks, steps, best[None])[0])
    wide = np.concatenate([[0.0, 1.0], np.geomspace(0.3 / tasks, 0.7, 14)])
    for sweep in range(SWEEPS):
        before = value
        narrow = np.array([2.0, 1.0, -1.0, -2.0]) * 0.6 / 2 ** max(0, sweep - WIDE)
        for block in _blocks(game.audits):
            tried = wide if sweep < WIDE else np.minimum(1.0, best[block.start] * np.exp(narrow))
            rows = np.repeat(best[None], len(tried), axis=0)
            rows[:, block] = tried[:, None]
            found = _risks(tasks, steps, rows)
            if found.max() > value:
                value, best = float(found.max()), rows[int(found.argmax())]
        if sweep >= WIDE and value - before < ENOUGH:
            break
    found = best / pace
    found[0] = 1.0
    return found


def _blocks(audits: int) -> list[slice]:
    """One to four audits left alone, then 5 to 8, 9 to 16 and so on: these share a rate."""
    ends = [1, 2, 3, 4, 5]
    while ends[-1] <= audits:
        ends.append(2 * ends[-1] - 1)
    return [
        slice(first, min(last, audits + 1)) for first, last in pairwise(ends) if first <= audits
    ]
