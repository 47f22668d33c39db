"""The largest value of a risk over one attack rate, with a proof that no rate does better."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Reading", "Supremum", "supremum"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The risk at one rate, and a bound `above` on the risk at this and every higher rate."""

    risk: float
    above: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Supremum:
    """The best rate that was found, its risk, and what no rate exceeds."""

    rate: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class _Piece:
    """Rates sin²φ from `left` to `right`, with ψ at both ends and the bound above `left`."""

    left: float
    right: float
    ends: tuple[float, float]
    above: float

    def hope(self, tasks: int, stopping: float) -> float:
        """What no rate of the piece exceeds."""
        ends = math.sin(self.left) ** 2 * stopping
        steepest = math.sqrt(min(tasks, 1 / ends if ends > 0 else math.inf))
        psi = (sum(self.ends) + (self.right - self.left) * steepest) / 2
        return min(self.above, math.sin(min(math.pi / 2, psi)) ** 2)


def supremum(
    read: Callable[[float], Reading],
    tasks: int,
    stopping: float,
    *,
    tolerance: float = 1e-4,
    most: int = 20_000,
) -> Supremum:
    """The largest risk over β in [0, 1], to `tolerance` or after `most` evaluations.

    The risk is the probability of an event of a process in which each of at most `tasks` tasks is
    attacked with probability β, independently, and each attack ends the process with probability
    at least `stopping`. With T the number of tasks that are played, the derivative of the log-
    likelihood is Σ_{i ≤ T} (X_i − β) / (β(1 − β)), of mean 0 and, by Wald's identity, variance
    E T / (β(1 − β)). By Cauchy and Schwarz |risk′| ≤ √(risk(1 − risk) E T / (β(1 − β))). With
    β = sin²φ and risk = sin²ψ this reads |dψ/dφ| ≤ √(E T) ≤ √min(tasks, 1/(β · stopping)), so
    that between two evaluated φ, a apart, ψ is at most (ψ₁ + ψ₂ + a L)/2 (Piyavskii 1972). The
    piece with the highest hope is halved until no hope exceeds the best found by `tolerance`.
    """

    def at(phi: float) -> tuple[float, float, float]:
        found = read(math.sin(phi) ** 2)
        risk = min(1.0, max(0.0, found.risk))
        return math.asin(math.sqrt(risk)), phi, found.above

    first, last = at(0.0), at(math.pi / 2)
    best = max(first, last)
    whole = _Piece(0.0, math.pi / 2, (first[0], last[0]), first[2])
    queue = [(-whole.hope(tasks, stopping), 0, whole)]
    for count in range(2, most, 2):
        if -queue[0][0] - math.sin(best[0]) ** 2 <= tolerance:
            break
        piece = heapq.heappop(queue)[2]
        middle = at((piece.left + piece.right) / 2)
        best = max(best, middle)
        halves = (
            _Piece(piece.left, middle[1], (piece.ends[0], middle[0]), piece.above),
            _Piece(middle[1], piece.right, (middle[0], piece.ends[1]), middle[2]),
        )
        for number, half in enumerate(halves):
            heapq.heappush(queue, (-half.hope(tasks, stopping), count + number, half))
    low = math.sin(best[0]) ** 2
    return Supremum(rate=math.sin(best[1]) ** 2, low=low, high=max(low, -queue[0][0]))
