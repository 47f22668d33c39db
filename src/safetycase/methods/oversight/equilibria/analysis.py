"""From instances of a protocol, as games, to the largest error over their equilibria."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from safetycase.methods.games.extensive.errors import GameError
from safetycase.methods.oversight.equilibria.concepts import Order
from safetycase.methods.oversight.equilibria.leader import Tie
from safetycase.plugin.contract import MethodError
from safetycase.plugin.protocols import Rules
from safetycase.stats import SURE, Certified

if TYPE_CHECKING:
    from safetycase.methods.oversight.equilibria.concepts import Opening
    from safetycase.methods.oversight.equilibria.curve import Point
    from safetycase.methods.oversight.equilibria.game import Game

__all__ = ["Asked", "Instance", "analyse", "mean", "worst_error"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The gap asked for, further gaps for the curve, who commits, and how hard to try."""

    gap: float
    gaps: tuple[float, ...]
    order: Order
    tie: Tie = "strong"
    tolerance: float = 1e-3
    nodes: int = 200


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Instance:
    """One instance: its game, what the solver found, and a point for every gap in rising order.

    `solver_error` and `nash_conv` are those of the solver's equilibrium, None where it has none;
    `nash_conv` is None after a commitment, too, where it means nothing.
    """

    name: str
    game: Game
    opening: Opening
    solver_error: float | None
    nash_conv: float | None
    points: tuple[Point, ...]

    def at(self, gap: float) -> Point:
        """The point of that gap."""
        return next(point for point in self.points if point.gap == gap)


def analyse(
    instances: Mapping[str, Rules],
    asked: Asked,
    progress: Callable[[int, int, str], None] = lambda *_: None,
) -> tuple[Instance, ...]:
    """Solve every instance, and search all of its approximate equilibria at every gap.

    `MethodError` for an instance that is no game with perfect recall, or is too large.
    """
    found = []
    for number, (name, rules) in enumerate(instances.items()):

        def told(done: int, gaps: int, number: int = number, name: str = name) -> None:
            progress(number * gaps + done, len(instances) * gaps, name)

        try:
            found.append(_instance(name, rules, asked, told))
        except GameError as error:
            raise MethodError(f"{name}: {error}") from error
    return tuple(found)


def _instance(
    name: str, rules: Rules, asked: Asked, progress: Callable[[int, int], None]
) -> Instance:
    from safetycase.methods.oversight.equilibria.concepts import opening
    from safetycase.methods.oversight.equilibria.curve import worst_errors
    from safetycase.methods.oversight.equilibria.game import Game
    from safetycase.methods.oversight.equilibria.profile import expected, gains
    from safetycase.methods.oversight.equilibria.search import Budget

    game = Game.of_rules(rules)
    start = opening(game, asked.order, asked.tie)
    points = worst_errors(
        game,
        (asked.gap, *asked.gaps),
        order=asked.order,
        tie=asked.tie,
        budget=Budget(tolerance=asked.tolerance, nodes=asked.nodes),
        found=start,
        progress=progress,
    )
    error = nash_conv = None
    if start is not None:
        turned = asked.order == "second leads" and not game.zero_sum
        profile = start.profile.turned if turned else start.profile
        error = float(expected(game.wrong, profile))
        if asked.order == "simultaneous":
            nash_conv = float(sum(gains(game, profile)))
    return Instance(
        name=name,
        game=game,
        opening=start,
        solver_error=error,
        nash_conv=nash_conv,
        points=tuple(points),
    )


def mean(values: list[float]) -> float:
    """The mean of at least one value."""
    return sum(values) / len(values)


def worst_error(instances: tuple[Instance, ...], gap: float | None = None) -> Certified:
    """The mean over the instances of the largest error, between mean witness and mean bound."""
    points = [each.points[-1] if gap is None else each.at(gap) for each in instances]
    return Certified(
        low=mean([point.found.low for point in points]),
        high=mean([point.found.high for point in points]),
        level=SURE,
        says=f"the mean over {len(points)} stated instances of the largest error within the gap of "
        "equilibrium: at least that of checked profiles, at most what the multipliers prove",
    )
