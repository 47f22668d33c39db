"""The four attacker classes that come with the package.

Every one knows the protocol, the monitor's curve and all rates; they differ in what they see of
the game. A game in fractions is answered in fractions. Griffin et al. 2024, arXiv:2409.07985.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from safetycase.methods.games.clocked import Clocked, clocked
from safetycase.methods.games.coin_aware import CoinAware, coin_aware
from safetycase.methods.games.constant_rate import constant_rate
from safetycase.methods.games.full_information import full_information
from safetycase.methods.games.polynomial import is_maximum, risk_polynomial
from safetycase.methods.games.rates import is_exact
from safetycase.methods.games.recursion import best_value, risk, schedule_risk
from safetycase.plugin.attackers import Attacker, AttackValue, AuditGame

__all__ = ["CLOCKED", "COIN_AWARE", "CONSTANT_RATE", "FULL_INFORMATION"]

SOURCE = "Griffin et al. 2024, arXiv:2409.07985"
TIMING = (
    "It bounds the choice of when to attack. Each attack is as hard to see as the monitor's curve "
    "says; an attacker that picks or makes better attacks has another curve."
)
ROUNDING = Fraction(1, 10**9)
ENUMERATED, POLYNOMIAL = 8, 24


def _constant_rate(game: AuditGame) -> AttackValue:
    found = constant_rate(game)
    says = f"attack every task with probability {found.rate:.4g}"
    if not is_exact(game):
        return AttackValue(low=found.low, high=found.high, policy=says)
    rate, low = _in_fractions(game, found.rate)
    if game.tasks <= POLYNOMIAL and is_maximum(risk_polynomial(game), rate):
        return AttackValue(low=low, high=low, policy=says)
    high = min(best_value(game), Fraction(found.high) + ROUNDING)
    return AttackValue(low=low, high=max(low, high), policy=says)


def _in_fractions(game: AuditGame, near: float) -> tuple[Fraction, Fraction]:
    """The best of a few simple fractions near a rate, and its risk."""
    tried = {Fraction(near).limit_denominator(most) for most in (1, 10, 100, 10_000)}
    low, rate = max((_constant_risk(game, rate), rate) for rate in tried)
    return rate, low


def _constant_risk(game: AuditGame, rate: Fraction) -> Fraction:
    found: Fraction = risk(game, lambda _m, _c: rate)
    return found


def _coin_aware(game: AuditGame) -> AttackValue:
    found = coin_aware(game)
    says = _by_audits(found)
    if not is_exact(game):
        return AttackValue(low=found.low, high=found.high, policy=says)
    rates = [Fraction(rate).limit_denominator(10_000) for rate in found.rates.tolist()]
    low = risk(game, lambda _m, c: rates[c])
    high = min(best_value(game), Fraction(found.high) + ROUNDING)
    return AttackValue(low=low, high=max(low, high), policy=says)


def _by_audits(found: CoinAware) -> str:
    spans: list[tuple[int, int, float]] = []
    for c, rate in enumerate(found.rates.tolist()[1:], start=1):
        if spans and spans[-1][2] == rate:
            spans[-1] = (spans[-1][0], c, rate)
        else:
            spans.append((c, c, rate))
    words = ["always once the audits are spent"]
    for first, last, rate in spans[:4]:
        some = (
            "1 audit is"
            if last == 1
            else f"{first if first == last else f'{first} to {last}'} audits are"
        )
        words.append(f"with probability {rate:.3g} while {some} left")
    return "attack " + "; ".join(words)


def _clocked(game: AuditGame) -> AttackValue:
    if not is_exact(game):
        found = clocked(game)
        return AttackValue(low=found.low, high=found.high, policy=found.policy())
    if game.tasks > ENUMERATED:
        found = clocked(game)
        schedule = [int(share) for share in found.schedule.tolist()]
        low = schedule_risk(game, schedule)
        return AttackValue(low=low, high=best_value(game), policy=found.policy())
    every = itertools.product((0, 1), repeat=game.tasks)
    value, best = max((schedule_risk(game, schedule), schedule) for schedule in every)
    return AttackValue(low=value, high=value, policy=_words(best))


def _words(schedule: Sequence[int]) -> str:
    import numpy as np

    return Clocked(np.array(schedule), 0.0, 0.0).policy()


def _full_information(game: AuditGame) -> AttackValue:
    found = full_information(game)
    value: Any = best_value(game) if is_exact(game) else float(found.values[-1])
    return AttackValue(low=value, high=value, policy=found.policy(game.tasks))


CONSTANT_RATE = Attacker(
    name="constant-rate",
    version="1.0.0",
    says="Attacks every task with one probability, whatever has happened.",
    knows=("rate",),
    source=SOURCE,
    value=_constant_rate,
    limits=(TIMING, "An attacker with a clock, or that sees the audits go, does better."),
)
COIN_AWARE = Attacker(
    name="coin-aware",
    version="1.0.0",
    says="Sees how many audits are left, and attacks with one probability for each number.",
    knows=("rate", "coins"),
    source=SOURCE,
    value=_coin_aware,
    limits=(TIMING, "Beyond 12 audits its rates are searched for, and bounded from above."),
)
CLOCKED = Attacker(
    name="clocked",
    version="1.0.0",
    says="Sees how many tasks are left, and attacks by a schedule.",
    knows=("rate", "clock"),
    source=SOURCE,
    value=_clocked,
    limits=(TIMING, "Beyond 12 tasks its schedule is searched for, and bounded from above."),
)
FULL_INFORMATION = Attacker(
    name="full-information",
    version="1.0.0",
    says="Sees how many tasks and how many audits are left: no timing does better.",
    knows=("rate", "clock", "coins"),
    source=SOURCE,
    value=_full_information,
    limits=(TIMING,),
)
