"""No-regret learning: Hedge, regret matching and fictitious play on matrices."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from safetycase.methods.games.extensive.errors import GameError

if TYPE_CHECKING:
    from safetycase.methods.games.extensive.sparse import Floats

__all__ = ["Learned", "Rule", "learn", "marks", "regret_bound"]

Rule = Literal["hedge", "regret matching", "regret matching+", "fictitious play"]
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Learned:
    """Average play of two learners after `steps` rounds.

    `x` and `y` are the averages (linear in the round for the rules with a plus), `last_x` and
    `last_y` the last round's. `curve` holds rounds and the NashConv of the averages there, the
    last one at `steps`; `bound` is what the theory allows at `steps`, infinite where it says
    nothing.
    """

    x: Floats
    y: Floats
    last_x: Floats
    last_y: Floats
    steps: int
    curve: tuple[tuple[int, float], ...]
    bound: float

    @property
    def nash_conv(self) -> float:
        """What both players could gain against the averages, added up."""
        return self.curve[-1][1]


def regret_bound(spread: float, moves: int, steps: int) -> float:
    """What Hedge's average regret never exceeds: spread · √(ln n / (2T)).

    With step √(8 ln n / T) on payoffs in an interval of that width (Cesa-Bianchi, Lugosi 2006,
    Theorem 2.2). The NashConv of two such learners' averages in a zero-sum game is at most the
    sum of both average regrets, as the payoffs they really got cancel.
    """
    return spread * math.sqrt(math.log(moves) / (2 * steps))


def learn(
    first: Floats,
    second: Floats,
    *,
    rule: Rule,
    steps: int,
    progress: Progress | None = None,
) -> Learned:
    """Two learners of one rule on a matrix game: payoffs `first` and `second`, both m × n.

    `hedge` is multiplicative weights with the fixed step √(8 ln n / T) / spread; `regret
    matching` plays in proportion to positive regret (Hart, Mas-Colell 2000); with a plus, regrets
    are kept at or above 0, players move in turn and averages are linear (Tammelin 2014);
    `fictitious play` answers the other's average, both at once, the first best move on ties
    (Brown 1951). In a general-sum game NashConv is reported and no bound holds.
    """
    import numpy as np

    if first.shape != second.shape or first.ndim != 2 or not first.size:
        raise GameError(f"payoffs of shapes {first.shape} and {second.shape}: both m × n")
    if not np.isfinite(first).all() or not np.isfinite(second).all():
        raise GameError("a payoff is not finite")
    if steps < 1:
        raise GameError(f"{steps} rounds: at least 1")
    rivals = second.T.copy()
    sides = (_Side(rule, first, steps), _Side(rule, rivals, steps))
    curve, wanted = [], set(marks(steps))
    for step in range(1, steps + 1):
        weight = float(step) if rule.endswith("+") else 1.0
        x, y = sides[0].play(), sides[1].play()
        sides[0].learn(first @ y)
        if rule.endswith("+"):
            x = sides[0].play()
        sides[1].learn(rivals @ x)
        sides[0].count(x, weight)
        sides[1].count(y, weight)
        if step in wanted:
            curve.append((step, _nash_conv(first, second, sides[0].average, sides[1].average)))
            if progress is not None:
                progress(step, steps, f"NashConv {curve[-1][1]:.3g}")
    return Learned(
        x=sides[0].average,
        y=sides[1].average,
        last_x=x,
        last_y=y,
        steps=steps,
        curve=tuple(curve),
        bound=_bound(first, second, rule, steps),
    )


def marks(steps: int) -> Iterator[int]:
    """Rounds to look at: about ten for every factor of ten, and the last."""
    at = 1
    while at < steps:
        yield at
        at = max(at + 1, round(at * 1.26))
    yield steps


class _Side:
    """One learner: its regrets or totals, its average, and how it plays."""

    def __init__(self, rule: Rule, payoff: Floats, steps: int) -> None:
        import numpy as np

        moves = len(payoff)
        self.rule, self.total, self.sum, self.weight = rule, np.zeros(moves), np.zeros(moves), 0.0
        spread = max(float(payoff.max() - payoff.min()), 1e-300)
        self.step = math.sqrt(8 * math.log(max(moves, 2)) / steps) / spread
        self.last = np.full(moves, 1 / moves)

    @property
    def average(self) -> Floats:
        return self.sum / self.weight

    def play(self) -> Floats:
        import numpy as np

        if self.rule == "fictitious play":
            self.last = np.zeros(len(self.total))
            self.last[int(self.total.argmax())] = 1.0
        elif self.rule == "hedge":
            power = np.exp(self.step * (self.total - self.total.max()))
            self.last = power / power.sum()
        else:
            positive = np.maximum(self.total, 0.0)
            mass = positive.sum()
            even = np.full(len(positive), 1 / len(positive))
            self.last = positive / mass if mass > 0 else even
        return self.last

    def learn(self, worth: Floats) -> None:
        import numpy as np

        if self.rule.startswith("regret"):
            worth = worth - float(worth @ self.last)
        self.total = self.total + worth
        if self.rule.endswith("+"):
            self.total = np.maximum(self.total, 0.0)

    def count(self, played: Floats, weight: float) -> None:
        self.sum = self.sum + weight * played
        self.weight += weight


def _nash_conv(first: Floats, second: Floats, x: Floats, y: Floats) -> float:
    own, other = first @ y, x @ second
    gain = float(own.max() - x @ own) + float(other.max() - other @ y)
    return max(0.0, gain)


def _bound(first: Floats, second: Floats, rule: Rule, steps: int) -> float:
    import numpy as np

    sums = first + second
    if float(np.ptp(sums)) > 1e-9 * max(1.0, float(np.abs(first).max())):
        return math.inf
    m, n = first.shape
    spread = float(np.ptp(first))
    if rule == "hedge":
        return regret_bound(spread, m, steps) + regret_bound(spread, n, steps)
    if rule == "regret matching":
        return spread * (math.sqrt(m / steps) + math.sqrt(n / steps))
    return math.inf
