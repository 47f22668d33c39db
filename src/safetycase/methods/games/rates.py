"""What one task of an audit game does, read off the monitor's curve."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

from safetycase.plugin.attackers import AuditGame, Number
from safetycase.stats import incomplete_beta, incomplete_beta_inverse

__all__ = ["Rates", "beta_roc", "game_of", "is_exact", "rates_of", "true_positive_rate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Probabilities of one task.

    `audit` is that of an honest output to be audited while audits are left; `caught`, `deferred`
    and `passes` are those of an attack then, and `passes_spent` that of an attack to pass once
    the audits are spent.
    """

    audit: Any
    caught: Any
    deferred: Any
    passes: Any
    passes_spent: Any


def true_positive_rate(roc: Sequence[tuple[Number, Number]], rate: Number) -> Any:
    """The height of the curve at a false-positive rate; the upper end where it is upright."""
    last = max(i for i, corner in enumerate(roc) if corner[0] <= rate)
    x, y = roc[last]
    if x == rate:
        return y
    right, top = roc[last + 1]
    return y + (top - y) * (rate - x) / (right - x)


def rates_of(game: AuditGame) -> Rates:
    """The probabilities of one task; `ValueError` for a game that cannot be."""
    _checked(game)
    caught = true_positive_rate(game.roc, game.audit_rate)
    stopped = true_positive_rate(game.roc, game.defer_rate)
    return Rates(
        audit=game.audit_rate,
        caught=caught,
        deferred=stopped - caught,
        passes=1 - stopped,
        passes_spent=1 - true_positive_rate(game.roc, game.defer_rate_spent),
    )


def game_of(
    *, tasks: int, audits: int, audit: float, caught: float, stopped: float, stopped_spent: float
) -> AuditGame:
    """The game whose attacks are caught, stopped, and stopped without audits, so often.

    `audit` is the share of honest outputs that use up an audit; `stopped` counts what is caught
    too. Only that share is one of honest outputs: the two defer rates say where on the curve the
    heights stand. A share within 1e-12 of one counts as that much less unless every attack is
    caught. Where no honest output uses up an audit one of the two states is never reached, and its
    heights are moved to where a curve can have them.
    """
    stopped = max(stopped, caught)
    if caught < 1:
        audit = min(audit, 1 - 1e-12)
    if audit == 0 and audits == 0:
        caught = stopped = stopped_spent
    elif audit == 0:
        stopped_spent = max(stopped_spent, caught)
    room = 1 - audit
    defer = audit + room / 2
    if stopped_spent < caught:
        spent = audit / 2
    else:
        spent = audit + room * (0.75 if stopped_spent >= stopped else 0.25)
    corners = sorted({spent: stopped_spent, audit: caught, defer: stopped}.items())
    return AuditGame(
        tasks=tasks,
        audits=audits,
        roc=((0.0, 0.0), *corners, (1.0, 1.0)),
        audit_rate=audit,
        defer_rate=defer,
        defer_rate_spent=spent,
    )


def is_exact(game: AuditGame) -> bool:
    """Whether every number of the game is a fraction or a whole number."""
    numbers = [game.audit_rate, game.defer_rate, game.defer_rate_spent]
    numbers += [value for corner in game.roc for value in corner]
    return all(isinstance(value, int | Fraction) for value in numbers)


def beta_roc(
    honest: tuple[float, float],
    attack: tuple[float, float],
    rates: Sequence[float],
    points: int = 200,
) -> tuple[tuple[float, float], ...]:
    """Corners of the curve of two Beta laws of the score, (a, b) each; higher is more suspicious.

    The corners lie at `points` even steps and at `rates`, where the curve is then as exact as the
    incomplete beta function. Between corners of a concave curve the straight line lies below it,
    which is worse for the monitor.
    """
    wanted = sorted({i / points for i in range(points + 1)} | set(rates))
    corners = []
    for rate in wanted:
        score = incomplete_beta_inverse(1 - rate, *honest)
        corners.append((rate, 1 - incomplete_beta(score, *attack)))
    return ((0.0, 0.0), *corners[1:-1], (1.0, 1.0))


def _checked(game: AuditGame) -> None:
    if game.tasks < 1 or game.audits < 0:
        raise ValueError(f"{game.tasks} tasks and {game.audits} audits: at least 1, and at least 0")
    shares = (game.audit_rate, game.defer_rate, game.defer_rate_spent)
    if not all(0 <= share <= 1 for share in shares):
        raise ValueError("audit and defer rates lie between 0 and 1")
    if game.audit_rate > game.defer_rate:
        raise ValueError(
            f"the defer rate {float(game.defer_rate):g} is below the audit rate "
            f"{float(game.audit_rate):g}; it counts the audited outputs too"
        )
    corners = [value for corner in game.roc for value in corner]
    if len(game.roc) < 2 or not all(math.isfinite(value) for value in corners):
        raise ValueError("the monitor's curve has at least two corners, of finite numbers")
    if tuple(game.roc[0]) != (0, 0) or tuple(game.roc[-1]) != (1, 1):
        raise ValueError("the monitor's curve runs from (0, 0) to (1, 1)")
    for (x, y), (right, top) in pairwise(game.roc):
        if right < x or top < y:
            raise ValueError(f"the monitor's curve falls after ({float(x):g}, {float(y):g})")
