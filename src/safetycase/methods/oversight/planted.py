"""A protocol whose error, costs and attacks are known, with a planted flaw of each kind.

The judge asks a noisy oracle for one bit `votes` times and takes the majority; the player only
says where to look. So the error is a binomial tail, and nothing about it is simulated.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from math import comb
from typing import Literal

from safetycase.plugin.protocols import (
    Assumed,
    Attack,
    Attacked,
    Bound,
    Condition,
    Domain,
    OversightProtocol,
    Played,
)

__all__ = ["Flaw", "Votes", "majority_error", "voting"]

Flaw = Literal["", "one vote", "waste", "out of range"]
NOISE = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Votes:
    """The numbers of the statement: how often the judge asks, and how noisy the oracle is."""

    votes: int = 9
    noise: float = NOISE


def majority_error(votes: int, noise: float) -> float:
    """P(more than half of `votes` independent answers are wrong); a tie is wrong."""
    tail = range((votes + 1) // 2, votes + 1)
    return sum(comb(votes, k) * noise**k * (1 - noise) ** (votes - k) for k in tail)


def voting(*, flaw: Flaw = "", attack: float = 0.0) -> OversightProtocol:
    """The protocol; `attack` is the success rate of its one attack at a matched budget."""

    def play(size: int, seed: int) -> Played:
        votes = 1 if flaw == "one vote" else size
        error = majority_error(votes, NOISE)
        return Played(
            truth=bool(random.Random(seed).randrange(2)),  # noqa: S311 - an instance, no secret
            error_low=error,
            error_high=error,
            gap=0.0,
            certificate="a binomial tail",
            honest_cost=4.0 if flaw == "waste" else 1.0,
            opponent_cost=0.0,
            judge_cost=float(votes),
        )

    def attacked(size: int, budget: float, trials: int, seed: int) -> Attacked:
        drawn = random.Random(f"{size} {seed}")  # noqa: S311 - a simulation
        rate = min(1.0, attack * budget)
        return Attacked(
            successes=sum(drawn.random() < rate for _ in range(trials)),
            trials=trials,
            attacker_compute=budget * size,
            defender_compute=float(size),
        )

    made = OversightProtocol(
        name="voting",
        version="1.0.0",
        says="The judge asks a noisy oracle several times.",
        source="binomial tail",
        statement="The verdict is wrong with the probability that most answers are.",
        human_input="the oracle's answers",
        order="simultaneous",
        assumes=(Assumed(name="independence", says="The oracle's answers are independent."),),
        constants=Votes,
        theory=_theory,
        domains=(Domain(name="bits", says="One bit.", unit="queries", sizes=(9,), play=play),),
        attacks=(
            Attack(
                name="bribe", says="Answers are bribed.", domain="bits", sizes=(9,), run=attacked
            ),
        ),
        corrupted=lambda: voting(flaw="one vote"),
        limits=("One bit.",),
    )
    return replace(made, theory=_out_of_range) if flaw == "out of range" else made


def _theory(constants: Votes, judge_error: float, gap: float) -> Bound:
    error = majority_error(constants.votes, min(1.0, constants.noise + judge_error))
    return Bound(
        disagreement=min(1.0, error + gap),
        honest_cost=1.0,
        opponent_cost=0.0,
        judge_cost=float(constants.votes),
        conditions=(
            Condition(
                name="odd",
                holds=constants.votes % 2 == 1,
                says=f"{constants.votes} votes: an odd number leaves no tie",
            ),
        ),
    )


def _out_of_range(constants: Votes, judge_error: float, gap: float) -> Bound:
    return _theory(replace(constants, votes=8), judge_error, gap)
