"""Sum-check: a prover shows what a low-degree oracle adds up to over {0, 1}ⁿ, for one query.

Lund, Fortnow, Karloff & Nisan (1992), J. ACM 39:859.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from safetycase.methods.oversight.domains.polynomials import (
    Polynomial,
    interpolated,
    random_polynomial,
)
from safetycase.methods.oversight.protocols.single_prover.constants import Constants
from safetycase.plugin.protocols import Played

__all__ = ["Prover", "Transcript", "best_liar", "honest", "player", "survives", "verify"]

Prover = Callable[[Sequence[int], int], Sequence[int]]


@dataclass(frozen=True, slots=True)
class Transcript:
    """Whether the proof was accepted, the polynomials sent, and the queries to the oracle."""

    accepted: bool
    sent: tuple[tuple[int, ...], ...]
    queries: int


def verify(
    oracle: Callable[[Sequence[int]], int],
    shape: Polynomial,
    claim: int,
    prover: Prover,
    challenges: Sequence[int],
    *,
    last_query: bool = True,
) -> Transcript:
    """Check a proof that the oracle adds up to `claim`; only the shape of `shape` is used.

    In each round the prover sends a polynomial of the degree in one variable by its values at
    0, …, d. Its values at 0 and 1 must add up to the claim; its value at the challenge is the next
    claim. The last claim is compared with the oracle at the point of all challenges.
    """
    sent: list[tuple[int, ...]] = []
    for place, challenge in enumerate(challenges):
        values = tuple(prover(challenges[:place], claim))
        sent.append(values)
        if len(values) != shape.degree + 1 or (values[0] + values[1] - claim) % shape.field:
            return Transcript(accepted=False, sent=tuple(sent), queries=0)
        claim = interpolated(shape.field, values, challenge)
    if not last_query:
        return Transcript(accepted=True, sent=tuple(sent), queries=0)
    return Transcript(accepted=oracle(challenges) == claim, sent=tuple(sent), queries=1)


def honest(polynomial: Polynomial) -> Prover:
    """The prover that sends the true partial sums."""

    def send(challenges: Sequence[int], claim: int) -> Sequence[int]:
        del claim
        return _left(polynomial, challenges).first_sums()

    return send


def best_liar(polynomial: Polynomial) -> Prover:
    """The prover that keeps a false claim alive with the largest probability there is.

    What it sends differs from the true partial sums by λ·X(X−2)…(X−d): d places where the two
    agree, the most that a polynomial of that degree can have, and as its values at 0 and 1 do not
    add up to 0, λ can be chosen to match any claim. Once the claim is true it is honest.
    """
    field, degree = polynomial.field, polynomial.degree
    roots = (0, *range(2, degree + 1))

    def send(challenges: Sequence[int], claim: int) -> Sequence[int]:
        sums = _left(polynomial, challenges).first_sums()
        off = (claim - sums[0] - sums[1]) % field
        if not off:
            return sums
        shape = [_product(field, (x - root for root in roots)) for x in range(degree + 1)]
        scale = off * pow(shape[0] + shape[1], -1, field) % field
        return [(s + scale * x) % field for s, x in zip(sums, shape, strict=True)]

    return send


def survives(
    polynomial: Polynomial, claim: int, prover: Prover, seed: int, *, last_query: bool = True
) -> Fraction:
    """P(the liar's false claim is accepted), by counting in each round where it gets away.

    At each round every challenge is tried: those where the polynomial sent agrees with the true one
    make the claim true, after which the proof is accepted. Exact for a prover whose number of
    such places does not depend on the challenges before, which are drawn. Without the last query
    nothing depends on them but what the prover sends, and one proof shows whether it passes.
    """
    draw = random.Random(seed)  # noqa: S311
    if not last_query:
        drawn = [draw.randrange(polynomial.field) for _ in range(polynomial.variables)]
        shown = verify(polynomial.at, polynomial, claim, prover, drawn, last_query=False)
        return Fraction(int(shown.accepted))
    field, alive, before = polynomial.field, Fraction(1), list[int]()
    for _ in range(polynomial.variables):
        true, values = _left(polynomial, before).first_sums(), prover(tuple(before), claim)
        agree = [
            interpolated(field, true, x) == interpolated(field, values, x) for x in range(field)
        ]
        alive *= 1 - Fraction(sum(agree), field)
        challenge = draw.choice([x for x in range(field) if not agree[x]])
        claim = interpolated(field, values, challenge)
        before.append(challenge)
    return 1 - alive


def player(*, last_query: bool) -> Callable[[int, int], Played]:
    """`play` of the domain: an honest proof of a true claim, the best lie for a false one."""

    def play(size: int, seed: int) -> Played:
        constants = Constants()
        field = constants.field
        polynomial = random_polynomial(field, constants.degree, size, seed)
        truth = (size + seed) % 2 == 0
        total = polynomial.cube_sum()
        if truth:
            draw = random.Random(seed)  # noqa: S311
            challenges = [draw.randrange(field) for _ in range(size)]
            shown = verify(
                polynomial.at,
                polynomial,
                total,
                honest(polynomial),
                challenges,
                last_query=last_query,
            )
            error, why = Fraction(int(not shown.accepted)), "the honest proof passes every check"
        else:
            lie = (total + 1) % field
            error = survives(polynomial, lie, best_liar(polynomial), seed, last_query=last_query)
            why = "no proof of a false claim does better: it agrees in d places in every round"
        return Played(
            truth=truth,
            error_low=float(error),
            error_high=float(error),
            gap=0.0,
            certificate=why,
            honest_cost=float((constants.degree + 1) * (2**size - 1)),
            opponent_cost=float((constants.degree + 1) * (2**size - 1)),
            judge_cost=float(last_query),
        )

    return play


def _left(polynomial: Polynomial, challenges: Sequence[int]) -> Polynomial:
    for challenge in challenges:
        polynomial = polynomial.fixed(challenge)
    return polynomial


def _product(field: int, factors: object) -> int:
    result = 1
    for factor in factors:  # type: ignore[attr-defined]
        result = result * factor % field
    return result
