"""The numbers of both statements, and what follows from them."""

from __future__ import annotations

from dataclasses import dataclass

from safetycase.methods.oversight.domains.polynomials import is_prime
from safetycase.plugin.protocols import Bound, Condition

__all__ = ["Constants", "theory"]

LARGEST_FIELD = 2**40


@dataclass(frozen=True, slots=True, kw_only=True)
class Constants:
    """Sampling: T, ρ, m. Sum-check: the field, d, n.

    `answers` (T) oracle answers are read by M, whose output no change of a share `borne` (ρ) of
    them moves; the verifier compares `sampled` (m) of them. `field` is the prime number of
    elements of F, `degree` (d) that of the oracle in each of its `variables` (n).
    """

    answers: int = 400
    borne: float = 0.1
    sampled: int = 40
    field: int = 1_009
    degree: int = 2
    variables: int = 6

    def __post_init__(self) -> None:
        if not 1 <= self.sampled <= self.answers:
            raise ValueError("1 ≤ `sampled` ≤ `answers`")
        if not 0 < self.borne < 1:
            raise ValueError("`borne` is a share above 0 and below 1")
        if not 2 <= self.field <= LARGEST_FIELD:
            raise ValueError("`field` is a number of elements from 2 to 2⁴⁰")
        if self.degree < 1 or not 1 <= self.variables <= 500:
            raise ValueError("`degree` is at least 1 and `variables` between 1 and 500")


def theory(constants: Constants, judge_error: float, equilibrium_gap: float) -> Bound:
    """Bounds for both kinds of proof; the larger error counts. Let δ be the human's error.

    *Sampling.* Let the human's answers o′ differ from the right ones o in a share δ of places,
    wherever that is worst. To flip M the prover must give answers that differ from o in more than
    ρT places, hence from o′ in more than (ρ − δ)T; m places drawn without replacement miss all of
    them with probability at most (1 − (ρ − δ))^m. An honest prover gives o′, is never rejected, and
    M(o′) = M(o) if δ ≤ ρ.

    *Sum-check.* If the claim is false, then in each round either the polynomial sent is not the
    true one, and agrees with it in at most d places of F, or the claim it is checked with is
    true already; so a false claim survives n rounds with probability at most
    1 − (1 − d/|F|)ⁿ ≤ n·d/|F| (Lund, Fortnow, Karloff & Nisan 1992, J. ACM 39:859). The last query
    is at a point that is uniform on Fⁿ whatever the prover does, so that a human wrong in a share δ
    of the points adds at most δ, to either error.

    *Gap.* There is one player. A claim that is false is accepted with at most the above whatever
    it does. One that is true is accepted at least as often as the honest proof is, less ε, where
    the prover could gain at most ε.
    """
    rho, m = constants.borne, constants.sampled
    n, d, field = constants.variables, constants.degree, constants.field
    sampled = (1 - (rho - judge_error)) ** m if judge_error < rho else 1.0
    checked = n * d / field + judge_error
    conditions = (
        _holds("the human errs less than M bears", judge_error < rho, f"{judge_error:g} < {rho:g}"),
        _holds("the field is one", is_prime(field), f"{field} is a prime"),
        _holds("the degree is low", d < field, f"{d} < {field}"),
        _holds(
            "better than a coin",
            max(sampled, checked) < 0.5,
            f"a false claim passes sampling with at most {sampled:.3g}, sum-check with at most "
            f"{checked:.3g}, below 1/2",
        ),
    )
    fails = not all(condition.holds for condition in conditions)
    error = max(sampled, checked, judge_error + equilibrium_gap)
    return Bound(
        disagreement=1.0 if fails else min(1.0, error),
        honest_cost=float(max(constants.answers, (d + 1) * (2**n - 1))),
        opponent_cost=0.0,
        judge_cost=float(m),
        conditions=conditions,
    )


def _holds(name: str, holds: bool, says: str) -> Condition:
    return Condition(name=name, holds=bool(holds), says=says)
