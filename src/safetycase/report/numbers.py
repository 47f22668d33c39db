"""Numbers as people read them: bounds with their level, never a bare zero.

A share of 0 in 50 is shown as "≤ 5.8 % at 95 %". Rounding is to the nearest shown digit, with
more digits where fewer would make a number look equal to the threshold it is held against.
"""

from __future__ import annotations

import math

from safetycase.argument.model import Claim, Element
from safetycase.assess.records import Confidence, Outcome, QuantityResult

__all__ = [
    "bound_text",
    "confidence_text",
    "estimate_text",
    "is_share",
    "level_text",
    "n_text",
    "quantity_text",
    "share",
    "sides_of",
    "threshold_of",
    "value_text",
]

_SHARES = {
    "",
    "1",
    "fraction",
    "probability",
    "proportion",
    "rate",
    "share",
    "chance",
    "probability gap",
    "recall",
}
BOTH = frozenset({"low", "high"})


def is_share(unit: str) -> bool:
    """Whether numbers of this unit are parts of one, to be shown per cent."""
    return unit.strip().lower() in _SHARES


def share(value: float, *, apart_from: float | None = None) -> str:
    """A part of one, per cent, with more figures where it must differ from `apart_from`."""
    if not math.isfinite(value):
        return "?"
    if not math.isfinite(value * 100):
        return f"{value:.3g} × 100 %".replace("-", "−")
    for extra in range(7):
        number = _percent(value, extra)
        if (
            apart_from is None
            or value == apart_from
            or abs(float(number) - apart_from * 100) > 1e-9
        ):
            break
    return f"{number} %".replace("-", "−")


def _percent(value: float, extra: int) -> str:
    percent = value * 100
    if 0 < abs(percent) < 1e-4:
        return f"{percent:.2g}"  # never nothing, however little it is
    if abs(percent - round(percent)) < 1e-9:
        return f"{percent:.0f}"
    # Near nothing it is the distance from 0 that needs the figures, near all the one from 100.
    places = 1 - math.floor(math.log10(abs(percent)) + 1e-9)
    if abs(percent) < 100:
        places = max(places, -math.floor(math.log10(100 - abs(percent)) + 1e-9))
    return f"{percent:.{min(max(places, 1) + extra, 12)}f}"


def value_text(value: float, unit: str, *, apart_from: float | None = None) -> str:
    """A number with its unit; parts of one are shown per cent."""
    if is_share(unit):
        return share(value, apart_from=apart_from)
    if not math.isfinite(value):
        return "?" if math.isnan(value) else ("∞" if value > 0 else "−∞")
    shown = f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"
    if apart_from is not None and value != apart_from and float(f"{value:.3g}") == apart_from:
        shown = f"{value:.6g}"
    return f"{shown} {unit}".strip()


def level_text(level: float) -> str:
    """A confidence level: `95 %`, `99.5 %`."""
    return f"{level * 100:.4g} %"


def bound_text(
    quantity: QuantityResult, sides: frozenset[str], *, threshold: float | None = None
) -> str:
    """The bound that matters, at its level: `≤ 5.8 % at 95 %`; both ends where both matter."""
    unit, interval = quantity.unit, quantity.interval
    low = value_text(interval.low, unit, apart_from=threshold)
    high = value_text(interval.high, unit, apart_from=threshold)
    at = f"at {level_text(quantity.level)}"
    bottom = is_share(unit) and interval.low <= 0
    top = is_share(unit) and interval.high >= 1
    if bottom and top:
        return f"anything from none to all {at}"
    if (sides == {"high"} or bottom) and not (top and sides != {"high"}):
        return f"≤ {high} {at}"
    if sides == {"low"} or top:
        return f"≥ {low} {at}"
    return f"{low} to {high}, each end {at}"


def estimate_text(quantity: QuantityResult) -> str:
    """The point estimate; a share of nothing or everything is told in words."""
    if is_share(quantity.unit):
        if quantity.estimate <= 0:
            return "none seen" if quantity.estimate == 0 else share(quantity.estimate)
        if quantity.estimate == 1:
            return "all seen"
    return value_text(quantity.estimate, quantity.unit)


def sides_of(
    claim: Element | None, quantity: QuantityResult, outcome: Outcome | None
) -> frozenset[str]:
    """Which ends of the interval tell the outcome.

    The end that must be bounded for the criterion to pass, if it passed; the other end, if it
    is refuted; both, if neither is decided.
    """
    named: frozenset[str] = frozenset()
    if isinstance(claim, Claim) and claim.holds_when:
        named = frozenset(claim.holds_when.sides().get(quantity.name, ()))
    if not named:
        named = {"lower": frozenset({"high"}), "higher": frozenset({"low"})}.get(
            quantity.safer, BOTH
        )
    if outcome == "refutes":
        return BOTH - named or BOTH
    return named if outcome == "supports" else BOTH


def threshold_of(claim: Element | None, name: str) -> float | None:
    """The number the claim holds the quantity against, where its criterion is that plain."""
    if isinstance(claim, Claim) and claim.holds_when:
        return claim.holds_when.thresholds().get(name)
    return None


def quantity_text(claim: Element | None, quantity: QuantityResult, outcome: Outcome | None) -> str:
    """`NAME ≤ 5.8 % at 95 % (n 50 in 10 independent units)`."""
    bound = bound_text(
        quantity, sides_of(claim, quantity, outcome), threshold=threshold_of(claim, quantity.name)
    )
    return f"{quantity.name} {bound} ({n_text(quantity)})"


def n_text(quantity: QuantityResult) -> str:
    """`n 50`, or `n 50 in 10 independent units`; `computed` where nothing was counted."""
    if quantity.computed:
        return "computed"
    units = (
        "" if quantity.clusters == quantity.n else f" in {quantity.clusters:,} independent units"
    )
    return f"n {quantity.n:,}{units}"


def confidence_text(confidence: Confidence) -> str:
    """`between 0.62 and 0.91`, the lower end rounded down and the upper end up."""
    low = math.floor(round(confidence.low * 1000, 6)) / 1000
    high = math.ceil(round(confidence.high * 1000, 6)) / 1000
    return f"between {low:.3g} and {high:.3g}"
