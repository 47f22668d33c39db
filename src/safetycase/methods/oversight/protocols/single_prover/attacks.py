"""Computations outside the statements: one answer decides, or the oracle is no polynomial."""

from __future__ import annotations

from safetycase.methods.oversight.domains.polynomials import random_polynomial
from safetycase.methods.oversight.domains.robust import conjunction
from safetycase.methods.oversight.protocols.single_prover.constants import Constants
from safetycase.methods.oversight.protocols.single_prover.sampling import missed
from safetycase.methods.oversight.protocols.single_prover.sum_check import honest, verify
from safetycase.plugin.protocols import Attack, Attacked

__all__ = ["ATTACKS", "one_answer", "one_point"]


def one_answer(size: int, budget: float, trials: int, seed: int) -> Attacked:
    """M is the conjunction of `size` answers, one of which is 0. The liar changes that one.

    Exact: it is missed with probability 1 − m/T. A change costs the liar one answer, a proof costs
    an honest prover `size`.
    """
    del trials
    computation = conjunction(size)
    answers = [True] * size
    answers[seed % size] = False
    needed = len(computation.flip(answers))
    affords = max(0.0, budget) * size >= needed
    chance = missed(size, needed, Constants().sampled, "random places") if affords else 0
    return Attacked(
        exact=float(chance),
        attacker_compute=max(0.0, budget) * size,
        defender_compute=float(size),
    )


def one_point(size: int, budget: float, trials: int, seed: int) -> Attacked:
    """The oracle is a polynomial except at one point of {0, 1}ⁿ; the liar proves its sum.

    The proof is the honest one for the polynomial, and false of the oracle. It is accepted unless
    the last query is at that point: 1 − |F|⁻ⁿ. The code plays one such proof, and wins or not.
    """
    del trials
    constants = Constants()
    polynomial = random_polynomial(constants.field, constants.degree, size, seed)
    defender = float((constants.degree + 1) * (2**size - 1))
    point = (1,) * size
    challenges = tuple((7 * i + seed + 2) % constants.field for i in range(size))

    def oracle(asked: object) -> int:
        value = polynomial.at(asked)  # type: ignore[arg-type]
        return (value + 1) % constants.field if tuple(asked) == point else value  # type: ignore[arg-type]

    shown = verify(oracle, polynomial, polynomial.cube_sum(), honest(polynomial), challenges)
    wins = shown.accepted and budget >= 1
    return Attacked(
        exact=1 - float(constants.field) ** -size if wins else 0.0,
        attacker_compute=max(0.0, budget) * defender,
        defender_compute=defender,
    )


ATTACKS = (
    Attack(
        name="one answer decides",
        says="M is a conjunction: one changed answer flips it, and few samples rarely hit it",
        domain="robust computations",
        sizes=(100, 400, 1600),
        run=one_answer,
    ),
    Attack(
        name="an oracle that is no polynomial",
        says="the oracle differs from a polynomial at one point of the sum; the proof is about the "
        "polynomial, and the one query does not see the difference",
        domain="polynomials",
        sizes=(2, 3, 4),
        run=one_point,
    ),
)
