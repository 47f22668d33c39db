"""Where the sources of prover-estimator debate differ or are silent, one switch each."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

__all__ = ["PAPER", "Switches"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Switches:
    """One reading of the protocol.

    `payoff`: a call is paid by the size of the gap it names, or by its sign alone. `index`: the
    call of round t weighs growth^t or growth^(t + 1). `root`: the prover is paid the estimator's
    number for the root, the verdict, nothing, or (planted flaw) loses the number. `growth` is the
    ratio of the weights of two rounds.
    """

    payoff: Literal["linear", "sign"] = "linear"
    index: Literal["t", "t + 1"] = "t + 1"
    root: Literal["number", "verdict", "none", "loses"] = "number"
    growth: float = 2.5

    def __post_init__(self) -> None:
        if not (self.growth > 0 and math.isfinite(self.growth)):
            raise ValueError("`growth` is a number above 0")

    def weight(self, step: int) -> float:
        """What the call of round `step` weighs; round 0 compares the root with its parts."""
        return float(self.growth ** (step if self.index == "t" else step + 1))

    def reward(self, number: float) -> float:
        """What the prover gets for the estimator's number for the root."""
        if self.root == "verdict":
            return float(number >= 0.5)
        return {"number": number, "none": 0.0, "loses": -number}[self.root]

    def call(self, gap: float) -> float:
        """What the better of the two calls, or none, earns on a known gap; before its weight."""
        return abs(gap) if self.payoff == "linear" else float(abs(gap) > 1e-12)


PAPER = Switches()
