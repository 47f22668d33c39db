"""Games for these tests, and their outcomes counted one by one, without a recursion on states."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from fractions import Fraction

from safetycase.methods.games.rates import beta_roc, rates_of
from safetycase.plugin.attackers import AuditGame

F = Fraction
Policy = Callable[[int, int], Fraction | int]


def line(slope: Fraction | int) -> tuple[tuple[Fraction, Fraction], ...]:
    """The curve f(q) = min(1, slope · q)."""
    return ((F(0), F(0)), (1 / F(slope), F(1)), (F(1), F(1)))


# Griffin et al. 2024, arXiv:2409.07985: the two small examples and the instance of two Beta laws.
FIRST = AuditGame(
    tasks=2,
    audits=1,
    roc=line(3),
    audit_rate=F(1, 4),
    defer_rate=F(1, 2),
    defer_rate_spent=F(1, 4),
)
SECOND = AuditGame(
    tasks=3,
    audits=1,
    roc=line(F(3, 2)),
    audit_rate=F(1, 2),
    defer_rate=F(1, 2),
    defer_rate_spent=F(1, 2),
)
BETA = AuditGame(
    tasks=100,
    audits=2,
    roc=beta_roc((7.39, 6.86), (8.91, 2.82), (0.02, 0.1)),
    audit_rate=0.02,
    defer_rate=0.1,
    defer_rate_spent=0.1,
)


def eighths(tasks: int, audits: int, caught: int, stopped: int, spent: int) -> AuditGame:
    """A game whose curve goes through (1/4, caught/8) and (1/2, stopped/8)."""
    corners = ((F(0), F(0)), (F(1, 8), F(spent, 8)), (F(1, 4), F(caught, 8)))
    return AuditGame(
        tasks=tasks,
        audits=audits,
        roc=(*corners, (F(1, 2), F(stopped, 8)), (F(1), F(1))),
        audit_rate=F(1, 4),
        defer_rate=F(1, 2),
        defer_rate_spent=F(1, 8),
    )


SMALL = (
    eighths(3, 1, 4, 6, 2),
    eighths(4, 1, 3, 6, 3),
    eighths(3, 2, 5, 5, 1),
    eighths(4, 2, 4, 7, 4),
    eighths(2, 2, 6, 8, 0),
    eighths(4, 0, 4, 6, 3),
)


def outcomes(game: AuditGame, policy: Policy) -> Fraction:
    """P(an attack gets through): the sum over every story of the deployment, told forwards."""
    rates, total = rates_of(game), F(0)
    stories = [(F(1), game.audits)]
    for left in range(game.tasks, 0, -1):
        after = []
        for weight, c in stories:
            share = F(policy(left, c))
            through = rates.passes if c else rates.passes_spent
            stopped = rates.deferred if c else 1 - rates.passes_spent
            total += weight * share * through
            after.append((weight * share * stopped, c))
            audited = rates.audit if c else F(0)
            after.append((weight * (1 - share) * audited, c - 1))
            after.append((weight * (1 - share) * (1 - audited), c))
        stories = [(weight, c) for weight, c in after if weight]
    return total


def every_timing(game: AuditGame) -> Iterator[Policy]:
    """All policies of 0s and 1s on (tasks left, audits left)."""
    states = [(m, c) for m in range(1, game.tasks + 1) for c in range(1, game.audits + 1)]
    for bits in itertools.product((0, 1), repeat=len(states)):
        chosen = dict(zip(states, bits, strict=True))
        yield lambda m, c, chosen=chosen: chosen[m, c] if c else 1
