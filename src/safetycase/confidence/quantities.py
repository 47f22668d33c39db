"""Quantities that are not truths: θ ≤ bound, except with probability `doubt`.

Pure functions on numbers. Doubts add (Boole), under every dependence; a source that several
quantities rest on is charged once. A quantity with its doubt becomes an expected risk by Bishop,
Bloomfield, Littlewood, Povyakalo & Wright (2011), IEEE Trans. Softw. Eng. 37:708; risks add over
the paths to a hazard (union bound).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

__all__ = [
    "Bounded",
    "affine",
    "compose",
    "expected_risk",
    "largest",
    "product",
    "risk_over_paths",
    "smallest",
    "total",
]

Range = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounded:
    """low ≤ θ ≤ high, unless one of the `sources` is wrong; each is with at most its doubt.

    A source is named so that it is charged once however often it is used. With `low = −inf` it
    is the one-sided statement θ ≤ high.
    """

    high: float
    low: float = -math.inf
    sources: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            raise ValueError(f"[{self.low!r}, {self.high!r}] is no interval")
        for name, doubt in self.sources.items():
            if not 0 <= doubt <= 1:
                raise ValueError(f"the doubt {doubt!r} of `{name}` is outside 0 to 1")

    @property
    def doubt(self) -> float:
        """The greatest probability that θ lies outside [low, high]."""
        return min(1.0, math.fsum(self.sources.values()))


def total(parts: Iterable[Bounded]) -> Bounded:
    """The sum; 0 without parts."""
    parts = list(parts)
    return Bounded(
        low=math.fsum(p.low for p in parts),
        high=math.fsum(p.high for p in parts),
        sources=_sources(parts),
    )


def product(parts: Iterable[Bounded]) -> Bounded:
    """The product of quantities that are never negative; 1 without parts.

    That they are not is for the caller to know: a lower end below 0 is read as 0, and a negative
    upper end is a `ValueError`.
    """
    parts = list(parts)
    if any(p.high < 0 for p in parts):
        raise ValueError("a quantity that is never negative has a negative upper end")
    # 0 times infinity: the bound 0 holds whatever the other quantity is.
    high = 0.0 if any(p.high == 0 for p in parts) else math.prod(p.high for p in parts)
    return Bounded(
        low=math.prod(max(0.0, p.low) for p in parts) if math.isfinite(high) else 0.0,
        high=high,
        sources=_sources(parts),
    )


def affine(part: Bounded, *, scale: float = 1.0, offset: float = 0.0) -> Bounded:
    """Scale · θ + offset; a negative scale exchanges the ends."""
    if not (math.isfinite(scale) and math.isfinite(offset)):
        raise ValueError(f"{scale!r} · θ + {offset!r} is no number")
    if scale == 0:
        return Bounded(low=offset, high=offset)
    ends = sorted((scale * part.low + offset, scale * part.high + offset))
    return Bounded(low=ends[0], high=ends[1], sources=part.sources)


def largest(parts: Sequence[Bounded]) -> Bounded:
    """The largest of the quantities; at least one."""
    return Bounded(
        low=max(p.low for p in parts), high=max(p.high for p in parts), sources=_sources(parts)
    )


def smallest(parts: Sequence[Bounded]) -> Bounded:
    """The smallest of the quantities; at least one.

    Where only the upper end is bounded, one quantity bounds the smallest: the one with the least
    upper end, and of equal ones that with the least doubt; the others are not charged.
    """
    if min(p.low for p in parts) == -math.inf:
        best = min(parts, key=lambda p: (p.high, p.doubt))
        return Bounded(high=best.high, sources=best.sources)
    return Bounded(
        low=min(p.low for p in parts), high=min(p.high for p in parts), sources=_sources(parts)
    )


def compose(
    formula: Callable[[Mapping[str, Range]], Range], quantities: Mapping[str, Bounded]
) -> Bounded:
    """A formula on intervals, such as `Formula.on`, applied to quantities with doubts.

    `formula` must return an interval that contains its value whenever its arguments lie in
    theirs; a nan end becomes infinite. All quantities are charged.
    """
    low, high = formula({name: (q.low, q.high) for name, q in quantities.items()})
    return Bounded(
        low=-math.inf if math.isnan(low) else low,
        high=math.inf if math.isnan(high) else high,
        sources=_sources(quantities.values()),
    )


def expected_risk(rate: float, doubt: float) -> float:
    """The most that the expectation of a rate can be: rate ≤ `rate` but with probability `doubt`.

    x + y − x·y with y the bound and x the doubt: beyond the bound the rate may be 1.
    """
    if not (0 <= rate <= 1 and 0 <= doubt <= 1):
        raise ValueError(f"rate {rate!r} and doubt {doubt!r} must lie between 0 and 1")
    return min(1.0, rate + doubt - rate * doubt)


def risk_over_paths(paths: Iterable[Bounded]) -> float:
    """The most that P(some path leads to the hazard) can be, whatever their dependence.

    Each path is a bound on its rate. The rates add; either each path pays for its own doubt, or
    all doubts are pooled and a shared source is charged once: the smaller of the two, at most 1.
    """
    paths = list(paths)
    for path in paths:
        if not path.high >= 0:
            raise ValueError("a rate has a negative upper end")
    apart = math.fsum(expected_risk(min(1.0, p.high), p.doubt) for p in paths)
    pooled = total(paths)
    together = expected_risk(min(1.0, pooled.high), pooled.doubt) if paths else 0.0
    return min(1.0, apart, together)


def _sources(parts: Iterable[Bounded]) -> dict[str, float]:
    """All sources; one that is named twice counts with its greater doubt."""
    found: dict[str, float] = {}
    for part in parts:
        for name, doubt in part.sources.items():
            found[name] = max(doubt, found.get(name, 0.0))
    return found
