"""How judge error and equilibrium gap become an error of the verdict, with the proofs.

The game. Two debaters, one payoff: 1 to the winner, −1 to the loser, so a range of 2. A verdict
rests on one *fact* that the judge is asked at the end. One debater's side is true; its honest
strategy reaches, whatever the other says, only facts that a judge without error decides for it.
Let g be the largest gain of a best reply of either debater, as a share of the range.

Assigned sides, errors that are fresh. Each time the judge is wrong with probability at most d
whatever was said. The honest strategy earns at least 1 − 2d against anything, so the true side
earns at least 1 − 2d − 2g in the profile that is played. It earns 1 − 2 P(wrong). Hence

    P(wrong) ≤ d + g.

It is attained: let the true side throw the game away with probability g and d = 0.

A debater that chooses its side. It states a side and takes it; the other must oppose it. Let l be
P(it lies), o = P(it wins | it lies) and a = P(it states the truth and loses); d ≤ 1/2. It could
always lie, or always state the truth and play honestly, and so win with probability max(o, 1 − d);
it loses with a + (1 − o) l. The other one could play honestly whenever it hears the lie, and win
there with 1 − d instead of 1 − o. Hence

    a + (1 − o) l ≤ min(d, 1 − o) + g        and        (o − d) l ≤ g.

P(wrong) = a + o l ≤ min(d, 1 − o) + g + (2 o − 1) l. If o ≤ 1/2 that is at most d + g. Else, where
o ≤ 1 − d, so that 2 o − 1 ≤ o − d, the last term is at most (o − d) l ≤ g. Where o > 1 − d, the
claim 1 − o + (2 o − 1) l ≤ d + g is, with x = min(1, g / (o − d)) for l: if x = 1 it says
o ≤ d + g, which holds; else (1 − o − d)(1 − x) ≤ 0, which holds. Hence

    P(wrong) ≤ d + 2g:

a debater may lie as often as the other fails to punish it. It is attained, with the same d at
every end. The two g are the gains of different debaters: where they add up to G, their NashConv,
the bound is d + G.

Errors that debaters know. Each of F facts is misjudged with probability at most d, on its own,
once for all, and both debaters know where. With probability at least (1 − d)^F no fact that the
honest strategy can be led to is misjudged, and then the above holds with d = 0; otherwise nothing
does. Hence P(wrong) ≤ 1 − (1 − d)^F + g, or + 2g if a side is chosen.

Errors that are placed. A share d of the F facts is misjudged, wherever it hurts most. If d F < 1
there is none; otherwise one can be enough, and nothing follows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from safetycase.plugin.protocols import Bound, Condition

__all__ = ["Costs", "Errors", "bound", "check_affordable", "check_errors", "check_share"]

Errors = Literal["fresh", "known", "placed"]


def check_errors(errors: str) -> None:
    """`ValueError` if it is none of the three ways to err."""
    if errors not in ("fresh", "known", "placed"):
        raise ValueError(f"errors is {errors!r}: write fresh, known or placed")


def check_affordable(look_ups: float) -> None:
    """`ValueError` if it is no number from 0."""
    if not look_ups >= 0:
        raise ValueError(f"affordable is {look_ups}: look-ups are counted from 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """The most look-ups that each takes, and what the honest side can afford."""

    honest: float
    opponent: float
    judge: float
    affordable: float


def check_share(name: str, value: float) -> None:
    """`ValueError` if it is no number from 0 to 1."""
    if not 0 <= value <= 1:
        raise ValueError(f"the {name} is {value}: it is a share from 0 to 1")


def bound(
    *,
    errors: Errors,
    facts: int,
    judge_error: float,
    gap: float,
    chosen: bool,
    costs: Costs,
) -> Bound:
    """The statement of a debate about `facts` possible last questions; proofs above."""
    check_share("judge error", judge_error)
    check_share("equilibrium gap", gap)
    conditions = (
        _judge(errors, facts, judge_error),
        Condition(
            name="the honest side can play",
            holds=costs.honest <= costs.affordable,
            says=f"honest play looks up {costs.honest:,.0f} at most, and {costs.affordable:,.0f} "
            "can be afforded",
        ),
    )
    holds = all(condition.holds for condition in conditions)
    return Bound(
        disagreement=_disagreement(errors, facts, judge_error, gap, chosen) if holds else 1.0,
        honest_cost=costs.honest,
        opponent_cost=costs.opponent,
        judge_cost=costs.judge,
        conditions=conditions,
    )


def _disagreement(errors: Errors, facts: int, rate: float, gap: float, chosen: bool) -> float:
    """The three bounds above, where their conditions hold."""
    judged = 0.0
    if errors == "fresh":
        judged = rate
    elif errors == "known":
        judged = -math.expm1(facts * math.log1p(-rate))
    return min(1.0, judged + (2 if chosen else 1) * gap)


def _judge(errors: Errors, facts: int, rate: float) -> Condition:
    if errors == "placed":
        return Condition(
            name="no fact can be misjudged",
            holds=rate * facts < 1,
            says=f"a share {rate:g} of {facts:,} facts is {rate * facts:g} of them, placed where "
            "it hurts; below 1 there is none",
        )
    return Condition(
        name="the judge is right more often than not",
        holds=rate <= 0.5,
        says=f"the judge errs on {rate:g} of the facts; above one half a verdict says the opposite",
    )
