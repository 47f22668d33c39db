"""What the search found, as statistics, a curve and words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from safetycase.methods.oversight.equilibria.analysis import (
    Asked,
    Instance,
    mean,
    worst_error,
)
from safetycase.plugin.contract import Curve, InstrumentCheck, Measure, Measurement
from safetycase.stats import SURE, Certified, Exact, Statistic

if TYPE_CHECKING:
    from safetycase.methods.games.extensive.sequence import Plans
    from safetycase.methods.oversight.equilibria.profile import Plan, Profile

__all__ = ["MEASURES", "measurement"]

SHOWN, SELDOM = 24, 0.0005
MEASURES = (
    Measure(
        name="worst_error",
        unit="probability",
        safer="lower",
        says="the largest P(the verdict is wrong) over every profile within the gap of "
        "equilibrium, averaged over the stated instances: between checked profiles and a proof",
    ),
    Measure(
        name="solver_error",
        unit="probability",
        safer="lower",
        says="P(the verdict is wrong) at the one equilibrium that the solver returned, averaged "
        "over the instances: a lower bound of the largest error, not an estimate of it",
    ),
    Measure(
        name="value",
        unit="payoff",
        safer="neither",
        says="the first player's value of the game in payoff units or, where it is not zero-sum, "
        "what the best commitment guarantees its player, averaged over the instances",
    ),
    Measure(
        name="nash_conv_of_solver",
        unit="share of the payoff range",
        safer="lower",
        says="what both players together could still gain at the solver's equilibrium, the "
        "largest over the instances; not measured after a commitment",
    ),
)


def measurement(found: tuple[Instance, ...], asked: Asked, where: str) -> Measurement:
    """All of it; `where` says which protocol and instances it was."""
    worst = max(found, key=lambda each: (each.at(asked.gap).found.low, -found.index(each)))
    quantities, missing = _quantities(found, asked)
    return Measurement(
        quantities=quantities,
        counts={"planned": len(found), "scored": len(found)},
        effort=_effort(found, asked),
        instrument=(_known_game(), _ordered(found)),
        plots=(_curve(found, asked, where),),
        diagnostics={
            "instances": f"{where}: {', '.join(each.name for each in found)}",
            "worst instance": _told(worst, asked.gap),
            **{f"profile: {key}": text for key, text in _words(worst, asked).items()},
            **missing,
        },
    )


def _quantities(
    found: tuple[Instance, ...], asked: Asked
) -> tuple[dict[str, Statistic], dict[str, str]]:
    """The statistics, and why some are not there."""
    quantities: dict[str, Statistic] = {"worst_error": worst_error(found, asked.gap)}
    missing: dict[str, str] = {}
    errors = [each.solver_error for each in found if each.solver_error is not None]
    if len(errors) == len(found):
        quantities["solver_error"] = Exact(
            value=mean(errors),
            says="a lower bound: the error of the one equilibrium that the solver returned",
        )
        quantities["value"] = _value(found)
    else:
        why = "a game that is not zero-sum, with moves at once, is searched and not solved"
        missing |= {"without solver_error": why, "without value": why}
    gaps = [each.nash_conv for each in found if each.nash_conv is not None]
    if len(gaps) == len(found):
        quantities["nash_conv_of_solver"] = Exact(
            value=max(gaps), says="best replies to the solver's plans, in fractions"
        )
    else:
        missing["without nash_conv_of_solver"] = (
            "it is measured where nobody commits first, at an equilibrium of the solver"
        )
    return quantities, missing


def _value(found: tuple[Instance, ...]) -> Statistic:
    from safetycase.methods.oversight.equilibria.solver import Solved

    ends = []
    for each in found:
        game, opening = each.game, each.opening
        if isinstance(opening, Solved):
            pair, middle = (opening.low, opening.high), game.middles[0]
        else:
            assert opening is not None
            pair, middle = (opening.low, Fraction(opening.high)), opening.game.middles[0]
        ends.append([middle + game.spread * float(end) for end in pair])
    return Certified(
        low=mean([min(pair) for pair in ends]),
        high=mean([max(pair) for pair in ends]),
        level=SURE,
        says="between what each player's plan guarantees it"
        if all(isinstance(each.opening, Solved) for each in found)
        else "between what the best commitment found guarantees and what none exceeds",
    )


def _effort(found: tuple[Instance, ...], asked: Asked) -> Mapping[str, str]:
    points = [point for each in found for point in each.points]
    open_ends = sum(not point.found.closed for point in points)
    sizes = [each.game.shape for each in found]
    return {
        "gap": f"{asked.gap:g} of the payoff range, "
        + (
            "what both players together could gain"
            if asked.order == "simultaneous"
            else "the leader's loss and the follower's"
        ),
        "order": asked.order,
        "instances": str(len(found)),
        "sequences": f"at most {max(m for m, _ in sizes)} × {max(n for _, n in sizes)}",
        "relaxation": ", ".join(sorted({point.found.level for point in points})),
        "boxes": f"at most {max(point.found.nodes for point in points)} of {asked.nodes}",
        "ends": f"all within {asked.tolerance:g}"
        if not open_ends
        else f"further apart than {asked.tolerance:g} at {open_ends} of {len(points)} points",
    }


def _known_game() -> InstrumentCheck:
    """Matching pennies with an error where both show heads: (1 + ε)²/4, here 0.3025 at 0.1."""
    from safetycase.methods.oversight.equilibria.curve import error_curve
    from safetycase.methods.oversight.equilibria.game import Game

    pennies = Game.of_matrices([[1, -1], [-1, 1]], [[1, 0], [0, 0]])
    _, low, high = error_curve(pennies, [0.1])[0]
    return InstrumentCheck(
        name="a game whose largest error is known",
        passed=low <= 0.3025 + 1e-6 and high >= 0.3025 and high - low <= 0.002,
        detail=f"matching pennies at a gap of 0.1: 0.3025; found [{low:.5f}, {high:.5f}]",
    )


def _ordered(found: Sequence[Instance]) -> InstrumentCheck:
    """Every point has a checked witness, and the solver's equilibrium is below every bound."""
    points = [(each, point.found) for each in found for point in each.points]
    lost = sum(one.witness is None for _, one in points)
    above = sum(
        each.solver_error is not None and each.solver_error > one.high for each, one in points
    )
    return InstrumentCheck(
        name="witnesses below the bound",
        passed=not lost and not above,
        detail=f"{len(points)} points: {lost} without a checked profile, {above} with the solver's "
        "equilibrium above the bound",
    )


def _curve(found: tuple[Instance, ...], asked: Asked, where: str) -> Curve:
    gaps = [point.gap for point in found[0].points]
    bands = [worst_error(found, gap) for gap in gaps]
    errors = [each.solver_error for each in found if each.solver_error is not None]
    lines = {}
    if len(errors) == len(found):
        lines["the solver's equilibrium"] = (mean(errors),) * len(gaps)
    return Curve(
        title=f"Largest error over all approximate equilibria: {where}",
        x_label="gap, as a share of the payoff range",
        y_label="P(the verdict is wrong)",
        x=tuple(gaps),
        y=tuple(each.low for each in bands),
        low=tuple(each.low for each in bands),
        high=tuple(each.high for each in bands),
        line="checked profiles",
        band="up to the proven bound",
        lines=lines,
        marks={"gap of the claim": asked.gap},
    )


def _told(instance: Instance, gap: float) -> str:
    one = instance.at(gap).found
    solver = instance.solver_error
    beside = "" if solver is None else f"; the solver's equilibrium errs with {solver:.4g}"
    return (
        f"{instance.name}: between {one.low:.4g} and {one.high:.4g} at a gap of {gap:g}{beside}; "
        f"relaxation by {one.level}, {one.nodes} boxes"
    )


def _words(instance: Instance, asked: Asked) -> dict[str, str]:
    """The witness: what is played at the information sets that its player gets to."""
    witness: Profile | None = instance.at(asked.gap).found.witness
    if witness is None:
        return {}
    game = instance.game
    told = {}
    for name, plans, plan in (
        ("first player", game.first, witness.first),
        ("second player", game.second, witness.second),
    ):
        lines = list(_laws(plans, plan))
        more = f"; and {len(lines) - SHOWN} more" if len(lines) > SHOWN else ""
        told[name] = "; ".join(lines[:SHOWN]) + more or "it has no move"
    return told


def _laws(plans: Plans, plan: Plan) -> Iterator[str]:
    for each in plans.infosets:
        leads = plan[each.parent]
        if leads <= Fraction(SELDOM):
            continue
        law = [plan[each.start + number] / leads for number in range(len(each.moves))]
        played = [
            f"{move} {float(part):.3g}"
            for move, part in zip(each.moves, law, strict=True)
            if part >= SELDOM
        ]
        yield f"at {each.name}: {', '.join(played)}"
