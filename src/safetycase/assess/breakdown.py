"""What a confidence number is made of: the plain record that every display of it draws from.

`assess` fills it and decides nothing here; `report` shows it. Probabilities and doubts are
parts of one; text is as the case has it, and whoever shows it makes it safe. Numbers that are
none (NaN, a probability of 2, Pl below Bel) are a mistake of the program, not of an author, and
raise `ValueError` when the record is made.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

__all__ = [
    "DEPENDENCE",
    "EVIDENCE",
    "OPEN_DOUBTS",
    "Breakdown",
    "Flip",
    "Line",
    "Link",
    "Part",
    "Scenario",
    "Step",
    "Way",
]

EVIDENCE, DEPENDENCE, OPEN_DOUBTS = "evidence imprecision", "dependence ignorance", "open doubts"
"""The names of the parts of the gap between Bel and Pl that a display can advise on."""

SLACK = 1e-9
"""How far rounding may push a probability out of its range."""

What = Literal["leaf", "assumption", "warrant", "doubt", "declaration"]
WayName = Literal["unknown dependence", "declared", "fully independent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the doubt ledger: `doubt` is what this element takes from certainty.

    `run` is the attempt its number comes from and `place` where it is written, `case.yaml:12`; each
    is empty where there is none.
    """

    id: str
    says: str
    what: What
    doubt: float
    run: str = ""
    place: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        _within(f"the doubt of `{self.id[:80]}`", self.doubt, -1.0, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of Pl − Bel: `EVIDENCE`, `DEPENDENCE`, `OPEN_DOUBTS` or another name, and why."""

    name: str
    amount: float
    says: str = ""

    def __post_init__(self) -> None:
        _within(f"the amount of `{self.name[:80]}`", self.amount, -1.0, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A weak link. `price` is what one unit less of its doubt adds to Bel at least.

    It is the dual price of the reported bound, and `price_low` to `price_high` the range of the
    prices that are equally right; `doubt` is what it has now.
    """

    id: str
    price: float
    price_low: float
    price_high: float
    doubt: float
    says: str = ""

    def __post_init__(self) -> None:
        for price in (self.price, self.price_low, self.price_high):
            _within(f"a price of `{self.id[:80]}`", price, 0.0, math.inf)
        if not self.price_low - SLACK <= self.price <= self.price_high + SLACK:
            raise ValueError(f"the price of `{self.id[:80]}` lies outside its range")
        _within(f"the doubt of `{self.id[:80]}`", self.doubt, 0.0, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A part of the worst joint story: with probability `mass` these fail and those hold."""

    mass: float
    fails: tuple[str, ...]
    holds: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _within("the mass of a scenario", self.mass, 0.0, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """A minimal set of elements that together change the answer, were they otherwise."""

    ids: tuple[str, ...]
    says: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """The number under one reading of how the parts depend on each other.

    `uses` names the declarations it leans on; `high` and `point` are None where there is none.
    """

    name: WayName
    low: float
    high: float | None = None
    point: float | None = None
    says: str = ""
    uses: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for number in (self.low, self.high, self.point):
            if number is not None:
                _within(f"a number of `{self.name}`", number, 0.0, 1.0)
        if self.high is not None and self.high < self.low - SLACK:
            raise ValueError(f"`{self.name}` ends below where it begins")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """How brittle one argument is.

    `lambda_crit` = max over e of (1 − P(conclusion | each premise fails with e, independently))/e:
    how many times an error in every premise counts at the conclusion; n for `all` of n premises.
    `modulus` is the largest change of the conclusion per change of the premises, where known.
    """

    id: str
    premises: int
    lambda_crit: float
    modulus: float | None = None

    def __post_init__(self) -> None:
        _within(f"the lambda_crit of `{self.id[:80]}`", self.lambda_crit, 0.0, math.inf)
        if self.modulus is not None:
            _within(f"the modulus of `{self.id[:80]}`", self.modulus, 0.0, math.inf)


@dataclass(frozen=True, slots=True, kw_only=True)
class Breakdown:
    """The confidence of one claim, taken apart.

    `bel` is the least probability that its argument goes through, `pl` the most that what speaks
    against it leaves, `conflict_low` to `conflict_high` the probability of both. `reference` is
    the value under the declared model, from `reference_low` to `reference_high` where it was
    simulated. `layer` says in words how the bound was found. The doubts of the `ledger` add up to
    1 − `bel`, unless several proofs overlap; the display then adds the difference as a line.
    With `no_number_because` the case gets no number, and the others mean nothing.
    """

    claim: str
    says: str
    bel: float
    pl: float
    conflict_low: float = 0.0
    conflict_high: float = 0.0
    reference: float | None = None
    reference_low: float | None = None
    reference_high: float | None = None
    layer: str = ""
    gap: float = 0.0
    target: float | None = None
    assumptions: int = 0
    open_defeaters: int = 0
    ledger: tuple[Line, ...] = ()
    gap_split: tuple[Part, ...] = ()
    links: tuple[Link, ...] = ()
    story: tuple[Scenario, ...] = ()
    flips: tuple[Flip, ...] = ()
    ways: tuple[Way, ...] = ()
    steps: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()
    certificate: object | None = None
    no_number_because: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("bel", "pl", "conflict_low", "conflict_high", "gap"):
            _within(f"`{name}`", getattr(self, name), 0.0, 1.0)
        for name in ("reference", "reference_low", "reference_high", "target"):
            if (number := getattr(self, name)) is not None:
                _within(f"`{name}`", number, 0.0, 1.0)
        pairs = ((self.bel, self.pl), (self.conflict_low, self.conflict_high))
        if any(low > high + SLACK for low, high in pairs):
            raise ValueError("an interval of the breakdown ends below where it begins")


def _within(what: str, number: float, low: float, high: float) -> None:
    """`ValueError` unless `number` is in [low, high], give or take `SLACK`; false for NaN."""
    if not low - SLACK <= number <= high + SLACK:
        raise ValueError(f"{what} is {number!r}, outside {low:g} to {high:g}")
