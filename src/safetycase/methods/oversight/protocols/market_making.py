"""`market-making`: a market predicts where arguments will lead a judge, a trader moves it.

What follows at equilibrium, and the proof. Of n arguments, each worth at most s in log odds, all
but u are heard; on reflection the log odds are at least m from 0. Leaving out u arguments changes
log odds by at most u·s, so that every belief that can be reached is on the side of reflection if
m > u·s, and at least σ(m − u·s). By `beliefs.solve` the trader makes v + |p − p*| if the first
price is p, where v is its value and p* the middle of what can be reached, so that p* ≥ σ(m − u·s)
as well. Let neither side gain more than ε. The market could have had v, so it pays at most v + ε;
the trader could have had v + E|p − p*|, as it sees the price; hence E|p − p*| ≤ 2ε. Movements add
up to at most the number of rounds, so that ε is at most the gap times that. By Markov's inequality
the price is on the other side of 1/2 with probability at most 2ε / (σ(m − u·s) − 1/2). Where it is
not, the verdict is that of reflection, which is wrong at the rate δ: the bound is the sum.
"""

from __future__ import annotations

import dataclasses
import math
import random
from collections.abc import Callable
from dataclasses import dataclass

from safetycase.methods.oversight.domains.beliefs import (
    MARGIN,
    STRENGTH,
    Beliefs,
    Market,
    drawn,
    probability,
    solve,
    wrong,
)
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

__all__ = ["FADES", "PROTOCOL", "Constants", "closed_early", "last_word", "play", "theory"]

FADES = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Constants:
    """What bounds the arguments: their number, how many stay unheard, strength and margin.

    `strength` is the largest change of log odds by one argument; `margin` the least distance of
    the log odds from 0 once all arguments are heard.
    """

    arguments: int = 8
    unheard: int = 1
    strength: float = STRENGTH
    margin: float = MARGIN

    def __post_init__(self) -> None:
        if not 0 <= self.unheard < self.arguments <= 500:
            raise ValueError("0 ≤ `unheard` < `arguments` ≤ 500: at least one is heard")
        if not (math.isfinite(self.strength) and self.strength >= 0):
            raise ValueError("`strength` is a finite number of at least 0")
        if not (math.isfinite(self.margin) and self.margin >= 0):
            raise ValueError("`margin` is a finite number of at least 0")


def theory(constants: Constants, judge_error: float, equilibrium_gap: float) -> Bound:
    """Judge error + 2 gap · rounds / (σ(margin − unheard · strength) − 1/2); the proof is above."""
    slack = constants.margin - constants.unheard * constants.strength
    rounds = constants.arguments - constants.unheard
    condition = Condition(
        name="what is unheard cannot turn the belief",
        holds=slack > 0,
        says=f"{constants.unheard} unheard arguments change log odds by at most "
        f"{constants.unheard * constants.strength:g}; reflection is at least {constants.margin:g} "
        "from even odds.",
    )
    known = 1.0
    if slack > 0:
        strayed = 2 * equilibrium_gap * rounds / (probability(slack) - 0.5)
        known = min(1.0, judge_error + strayed)
    return Bound(
        disagreement=known,
        honest_cost=2.0**constants.arguments,
        opponent_cost=2.0**constants.arguments,
        judge_cost=float(rounds),
        conditions=(condition,),
    )


def play(size: int, seed: int) -> Played:
    """The first price at equilibrium, when one argument stays unheard."""
    return _played(drawn(size, seed, size - 1))


def _played(game: Beliefs) -> Played:
    solved = solve(game)
    error = wrong(solved.price, game)
    return Played(
        truth=game.reflective > 0,
        error_low=error,
        error_high=error,
        gap=0.0,
        certificate="backward induction over all sets of arguments; every other first price "
        "loses by its distance from this one",
        honest_cost=float(len(solved.prices)),
        opponent_cost=float(len(solved.prices)),
        judge_cost=float(game.rounds),
    )


def closed_early(game: Beliefs, order: tuple[int, ...]) -> float:
    """The judge's log odds once half of the arguments are heard, in that order."""
    return math.fsum((game.prior, *(game.adds[i] for i in order[: len(order) // 2])))


def last_word(game: Beliefs, order: tuple[int, ...]) -> float:
    """The log odds of a judge on whom an argument fades to 0.6 of itself with each new one."""
    faded = (game.adds[i] * FADES**age for age, i in enumerate(reversed(order)))
    return math.fsum((game.prior, *faded))


def _attack(
    final: Callable[[Beliefs, tuple[int, ...]], float],
) -> Callable[[int, float, int, int], Attacked]:
    """Instances on which one of ⌊budget · size⌋ random orders turns what `final` gives."""

    def run(size: int, budget: float, trials: int, seed: int) -> Attacked:
        examined = math.floor(budget * size)
        hits = 0
        for trial in range(trials):
            game = drawn(size, seed * 1_000_003 + trial, size)
            rng = random.Random(f"orders {size} {seed} {trial}")  # noqa: S311
            orders = (tuple(rng.sample(range(size), size)) for _ in range(examined))
            hits += any(final(game, order) * game.reflective <= 0 for order in orders)
        return Attacked(
            successes=hits,
            trials=trials,
            attacker_compute=float(examined),
            defender_compute=float(size),
        )

    return run


def _flawed(size: int, seed: int) -> Played:
    """A market before a judge that forgets all but the last argument, of which it makes much."""
    game = drawn(size, seed, size)
    beliefs = [probability(game.prior + size * add) for add in game.adds]
    error = wrong((min(beliefs) + max(beliefs)) / 2, game)
    return dataclasses.replace(_played(game), error_low=error, error_high=error)


BELIEFS = Domain(
    name="belief-game",
    says="Arguments with known likelihood ratios are heard one by one, all but one of them; each "
    "is preceded by a price.",
    unit="arguments heard, or sets of arguments weighed",
    sizes=(3, 5, 8),
    play=play,
    small=(2, 3),
    rules=lambda size, seed: Market.of(drawn(size, seed, size - 1)),
)


def _corrupted() -> OversightProtocol:
    domain = dataclasses.replace(BELIEFS, play=_flawed, rules=None, small=())
    return dataclasses.replace(PROTOCOL, domains=(domain,))


PROTOCOL = OversightProtocol(
    name="market-making",
    version="1.0.0",
    says="A market predicts what a judge will believe after more arguments; a trader is paid for "
    "moving the prediction. The first price is the answer.",
    source="Hubinger 2020, AI safety via market making (Alignment Forum)",
    statement="If what stays unheard cannot turn the judge's belief, the first price of every "
    "approximate equilibrium is on the side of what the judge would believe on reflection.",
    human_input="A belief after every argument that is heard.",
    order="first leads",
    assumes=(
        Assumed(
            name="order-does-not-matter",
            says="The judge's belief depends on which arguments it heard, not on their order.",
        ),
        Assumed(
            name="little-unheard",
            says="What stays unheard when the market closes cannot turn the belief.",
        ),
        Assumed(
            name="no-outside-stake",
            says="The trader wants movement of the price and nothing else.",
        ),
        Assumed(name="reflection-is-right", says="What the judge believes on reflection is true."),
    ),
    constants=Constants,
    theory=theory,
    domains=(BELIEFS,),
    attacks=(
        Attack(
            name="non-myopic-trader",
            says="The market closes when half of the arguments are heard, and a trader that wants "
            "the verdict, not movement, picks which half.",
            domain="belief-game",
            sizes=(4, 6, 8),
            run=_attack(closed_early),
        ),
        Attack(
            name="last-word",
            says="All arguments are heard, but each fades as the next one comes; a trader that "
            "wants the verdict picks their order.",
            domain="belief-game",
            sizes=(6, 8, 10),
            run=_attack(last_word),
        ),
    ),
    corrupted=_corrupted,
    limits=(
        "The price predicts what the judge would believe, which is only as true as the judge.",
        "The statement is about a judge that adds up evidence; people are moved by the order too.",
        "Finding the price takes all sets of arguments: the bound on cost grows as 2ⁿ.",
    ),
    reconstruction="The proposal has no formal game. Finitely many arguments that add up, a trader "
    "paid for all movement in turn, and the bound are ours.",
)
