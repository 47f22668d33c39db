"""What the solver must say of networks whose truth is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from safetycase.plugin.contract import Controls, OracleResult, Planted
from safetycase.stats import bounds

if TYPE_CHECKING:
    from safetycase.methods.verification.specification import Problem

__all__ = ["ALPHA", "controls", "quantised", "self_check"]

ALPHA = 0.05
SEEDS = 4
WORK = 20_000_000
KINDS = ("clean", "planted", "broken")


def self_check() -> Sequence[OracleResult]:
    """Margins in closed form, enumerated networks, and a quantised one."""
    from safetycase.methods.verification.planted import absolute, around_xor, known

    asked = [
        ("XOR within 1/8 of its corners, margin above 0.249", around_xor(0.125), 0.249, True),
        ("XOR within 1/8 of its corners, margin above 1/4", around_xor(0.125), 0.25, False),
        ("|x| + |y| + 1/64 over [−1, 1]²", absolute(1 / 64), 0.0, True),
        ("|x| + |y| − 1/64 over [−1, 1]²", absolute(-1 / 64), 0.0, False),
    ]
    asked += [
        (f"a {kind} network of 3 whole-numbered inputs", subject.problem, 0.0, subject.kept)
        for kind in KINDS
        for subject in (known(0, kind=kind),)
    ]
    asked += [
        ("a quantised network at its least margin", quantised(0), 0.0, True),
        ("a quantised network one below it", quantised(1), 0.0, False),
    ]
    return [
        OracleResult(
            name=f"{name} is proved",
            expected=float(holds),
            got=float(_proved(problem, tolerance)),
            tolerance=0.0,
            source="closed form, or all inputs in whole numbers",
        )
        for name, problem, tolerance, holds in asked
    ]


def quantised(below: int) -> Problem:
    """relu((5x − 3y + 4) >> 2) + relu((3y − 2x) >> 1), over [0, 7]², is at least its least value.

    With `below` it is claimed to be so much more.
    """
    from safetycase.methods.verification.network import Layer, Network
    from safetycase.methods.verification.specification import Linear, Problem, Property

    values = [
        max((5 * x - 3 * y + 4) >> 2, 0) + max((6 * y - 4 * x) >> 2, 0)
        for x in range(8)
        for y in range(8)
    ]
    network = Network(
        layers=(
            Layer(weights=((5, -3), (-4, 6)), bias=(4, 0), shift=2),
            Layer(weights=((1, 1),), bias=(0,)),
        )
    )
    spec = Property(
        name="quantised",
        low=(0, 0),
        high=(7, 7),
        holds=(Linear(coefficients=(1.0,), offset=0.5 - min(values) - below),),
        whole=True,
    )
    return Problem(network=network, properties=(spec,))


def _proved(problem: Problem, tolerance: float) -> bool:
    from safetycase.methods.verification.smt.method import answers_of

    return all(one.verdict == "proved" for one in answers_of(problem, tolerance, WORK))


def controls() -> Controls:
    """Clean networks, the same with a trigger grafted on, and networks broken without one."""
    from safetycase.methods.verification.planted import known
    from safetycase.methods.verification.smt.method import answers_of, quantities

    planted = []
    for kind in KINDS:
        passes = 0
        for seed in range(100, 100 + SEEDS):
            problem = known(seed, kind=kind).problem
            found = quantities(problem, answers_of(problem, 0.0, WORK), 0.0)
            high = bounds(found["counterexamples"], alpha_low=ALPHA, alpha_high=ALPHA).high
            passes += high <= 0
        planted.append(
            Planted(
                name=f"{kind} networks of 3 whole-numbered inputs",
                claim_is_true=kind == "clean",
                passes=passes,
                runs=SEEDS,
                says="64 inputs, all enumerated",
            )
        )
    return Controls(criterion="counterexamples <= 0", planted=tuple(planted))
