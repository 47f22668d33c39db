"""Which protocols no other one dominates: higher is better on both axes."""

from __future__ import annotations

from collections.abc import Mapping

from safetycase.methods.control.protocols.safety import Incomparable, Safety

__all__ = ["dominates", "frontier", "one_definition"]

Point = tuple[float, float]


def dominates(one: Point, two: Point) -> bool:
    """Whether `one` is at least as good on both axes, and better on one."""
    return one[0] >= two[0] and one[1] >= two[1] and one != two


def frontier(points: Mapping[str, Point]) -> tuple[str, ...]:
    """The names of the points that no other one dominates, in the order of the first axis."""
    best = [
        name
        for name, point in points.items()
        if not any(dominates(other, point) for other in points.values())
    ]
    return tuple(sorted(best, key=lambda name: (points[name], name)))


def one_definition(values: Mapping[str, Safety]) -> None:
    """Refuse values of safety that rest on different definitions (`Incomparable`)."""
    said = {value.definition.says: name for name, value in values.items()}
    if len(said) > 1:
        told = "; ".join(f"{name}: {says}" for says, name in said.items())
        raise Incomparable(
            f"a frontier holds values of one definition of safety, not of {len(said)}: {told}"
        )
