"""The race between the first caught attack and the first one that gets through.

Greenblatt et al. 2023, arXiv:2312.06942 (trusted monitoring, per attempt); the figures of a
deployment follow from the attack rate and its length, without which "safety" has no meaning.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

__all__ = ["Attempt", "deployment_safety", "race_safety"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt: `caught`, `wins`, or neither, with the rest of the probability."""

    caught: float | Fraction
    wins: float | Fraction

    def __post_init__(self) -> None:
        if not (self.caught >= 0 and self.wins >= 0 and self.caught + self.wins <= 1):
            raise ValueError(f"caught {self.caught!r} and wins {self.wins!r} are no probabilities")

    @classmethod
    def counted(cls, *, caught: int, won: int, failed: int) -> Attempt:
        """Shares of attempts, as fractions; `failed` ones were neither caught nor of any use."""
        if min(caught, won, failed) < 0 or caught + won + failed == 0:
            raise ValueError(f"{caught}, {won} and {failed} attempts: none is counted")
        every = caught + won + failed
        return cls(caught=Fraction(caught, every), wins=Fraction(won, every))


def race_safety(attempt: Attempt) -> float | Fraction:
    """P(caught before one gets through) if attempts go on until either: caught/(caught + wins)."""
    if attempt.caught + attempt.wins == 0:
        raise ValueError("no attempt is caught and none wins: the race never ends")
    return attempt.caught / (attempt.caught + attempt.wins)


def deployment_safety(attempt: Attempt, *, attack_rate: float, tasks: int) -> float:
    """P(no attack gets through) in `tasks` tasks, each attacked with `attack_rate`.

    The first caught attack ends the deployment: 1 − w/(w + c) · (1 − (1 − β(w + c))^tasks).
    """
    if not 0 <= attack_rate <= 1 or tasks < 0:
        raise ValueError(f"attack rate {attack_rate!r} over {tasks!r} tasks cannot be")
    ends = float(attempt.caught + attempt.wins)
    if ends == 0:
        return 1.0
    each = attack_rate * ends
    over = float(tasks > 0) if each == 1 else -math.expm1(tasks * math.log1p(-each))
    return 1 - float(attempt.wins) / ends * over
