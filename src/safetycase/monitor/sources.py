"""What each source sent by its own count, and what of it never came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Mark", "Source"]

_RANGES = 64  # gaps that may still be filled; what is older stays lost


@dataclass(slots=True)
class Mark:
    """A place in what a source sent: `lost` before it, up to the number `high`."""

    lost: int
    high: int
    restarts: int

    def filled(self, source: Source, number: int) -> None:
        """A number came that was missing; if it was before this place, less is lost before it."""
        if source.restarts == self.restarts and number <= self.high:
            self.lost -= 1


class Source:
    """The numbers of one source: 1, 2, 3, … without gaps, as it counts what it sends.

    A number that is passed over is lost until it comes. The first number that is seen starts the
    count: what was sent before this source was watched is nobody's loss. Numbers that go back
    to the beginning are a source that counts anew (it was restarted, and what was missing stays
    lost); one that repeats is counted and changes nothing.
    """

    __slots__ = ("_back", "gaps", "high", "lost", "repeated", "restarts")

    def __init__(self) -> None:
        self.high: int | None = None
        self.lost = 0
        self.gaps: list[tuple[int, int]] = []
        self.restarts = 0
        self.repeated = 0
        self._back: int | None = None  # the last number that went back

    def take(self, number: int) -> bool:
        """One more number of this source; whether it had been missing."""
        high = self.high
        if high is None or number == high + 1:
            self.high = number
        elif number > high:
            self._miss(high + 1, number - 1)
            self.high = number
        elif self._fill(number):
            return True
        else:
            self._again(number, high)
        return False

    def mark(self, number: int | None = None) -> Mark:
        """Where it is now, or where it was before the gap that `number`, just taken, showed."""
        if number is None or not self.gaps or self.gaps[-1][1] != number - 1:
            return Mark(lost=self.lost, high=self.high or 0, restarts=self.restarts)
        low, high = self.gaps[-1]
        return Mark(lost=self.lost - (high - low + 1), high=low - 1, restarts=self.restarts)

    def since(self, mark: Mark) -> int:
        """How many were lost after `mark` and have not come."""
        return max(0, self.lost - mark.lost)

    def state(self) -> dict[str, Any]:
        """What `of` needs, as JSON has it."""
        return {
            "high": self.high,
            "lost": self.lost,
            "gaps": [list(gap) for gap in self.gaps],
            "restarts": self.restarts,
            "repeated": self.repeated,
            "back": self._back,
        }

    @classmethod
    def of(cls, state: Mapping[str, Any]) -> Source:
        """The source as it was when `state` was taken."""
        made = cls()
        made.high, made.lost = state["high"], int(state["lost"])
        made.gaps = [(int(low), int(high)) for low, high in state["gaps"]]
        made.restarts, made.repeated = int(state["restarts"]), int(state["repeated"])
        made._back = state["back"]
        return made

    def _miss(self, low: int, high: int) -> None:
        self.lost += high - low + 1
        self.gaps.append((low, high))
        del self.gaps[:-_RANGES]

    def _fill(self, number: int) -> bool:
        for at, (low, high) in enumerate(self.gaps):
            if low <= number <= high:
                parts = [(low, number - 1), (number + 1, high)]
                self.gaps[at : at + 1] = [part for part in parts if part[0] <= part[1]]
                del self.gaps[:-_RANGES]
                self.lost -= 1
                return True
        return False

    def _again(self, number: int, high: int) -> None:
        """A number that was there before: the count began anew, or the source repeats itself.

        Anew if it is 1, or follows another such number and is nearer to 1 than to the highest.
        """
        before, self._back = self._back, number
        if number > 1 and (before != number - 1 or number - 1 > high - number):
            self.repeated += 1
            return
        self.restarts += 1
        self.gaps, self._back = [], None
        self.high = number
        if number > 2:  # the one before it came
            self._miss(1, number - 2)
