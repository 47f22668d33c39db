"""`nested-oversight`: a chain of overseers, each a little stronger, from a human to the system.

What follows at equilibrium, and the proof. Step i is a zero-sum oversight game, paid 1 to who wins
it, whose value to the guard is p_i; the ratings give it. If neither side gains more than γ by a
best response, the guard wins with probability at least p_i − γ. The first guard stands for the
human and fails besides at the rate δ. The oversight is wrong if any step is lost. If steps are
won independently that has probability 1 − (1 − δ) Π max(0, p_i − γ); in any case at most
δ + Σ (1 − p_i + γ). Where the number of steps is a move of the overseer's too, a best reply wins
all steps with at least Π p_i whatever the system does; so within γ of it the oversight fails with
at most 1 − (1 − δ) Π p_i + γ. The bound is the larger of both.
"""

from __future__ import annotations

import dataclasses
import math
import random
from dataclasses import dataclass

from safetycase.methods.oversight.domains.ratings import (
    BEST_RATED,
    GAMES,
    WORST_RATED,
    Chain,
    Game,
    Line,
    Nested,
    best_steps,
    chain,
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

__all__ = ["PROTOCOL", "Constants", "beyond", "theory"]

DEFAULT, MOST, WEAKER = "backdoor-code", 20, 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Constants:
    """The ratings of one oversight game, and how far the system is above the first overseer.

    `start` is the general rating of the first overseer, `gap` what the system has more.
    `rated_low` and `rated_high` are the ends of the general ratings that the lines were fitted on;
    `independent` says that no step is lost because another one was.
    """

    guard: Line = GAMES[DEFAULT].guard
    system: Line = GAMES[DEFAULT].system
    start: float = WORST_RATED
    gap: float = 200.0
    most_steps: int = MOST
    rated_low: float = WORST_RATED
    rated_high: float = BEST_RATED
    independent: bool = True

    def __post_init__(self) -> None:
        if not (math.isfinite(self.start) and math.isfinite(self.gap) and self.gap >= 0):
            raise ValueError("`start` and `gap` are finite, and `gap` is at least 0")
        if not 1 <= self.most_steps <= 1000:
            raise ValueError("`most_steps` is between 1 and 1000")
        if not self.rated_low <= self.rated_high:
            raise ValueError("`rated_low` is at most `rated_high`")

    @property
    def plan(self) -> Chain:
        """The number of equal steps that wins most often at these ratings."""
        game = Game(guard=self.guard, system=self.system)
        return best_steps(game, self.start, self.gap, self.most_steps)


def theory(constants: Constants, judge_error: float, equilibrium_gap: float) -> Bound:
    """P(some step is lost), with each win, or all of them, less likely by the gap; see above."""
    plan = constants.plan
    rated = constants.rated_low <= constants.start
    rated = rated and constants.start + constants.gap <= constants.rated_high
    wins = [max(0.0, p - equilibrium_gap) for p in plan.wins]
    lost = 1 - (1 - judge_error) * math.prod(wins)
    if not constants.independent:
        lost = judge_error + math.fsum(1 - win for win in wins)
    lost = max(lost, 1 - (1 - judge_error) * plan.success + equilibrium_gap)
    condition = Condition(
        name="the ratings were measured",
        holds=rated,
        says=f"General ratings run from {constants.start:g} to "
        f"{constants.start + constants.gap:g}; the lines were fitted from "
        f"{constants.rated_low:g} to {constants.rated_high:g}.",
    )
    return Bound(
        disagreement=min(1.0, max(0.0, lost)) if rated else 1.0,
        honest_cost=float(constants.most_steps),
        opponent_cost=float(constants.most_steps),
        judge_cost=1.0,
        conditions=(condition,),
    )


def _weaker(seed: int) -> Game:
    """The default game with a system that is weaker by up to 100 points."""
    lost = random.Random(f"ratings {seed}").uniform(0, WEAKER)  # noqa: S311
    game = GAMES[DEFAULT]
    system = dataclasses.replace(game.system, intercept=game.system.intercept - lost)
    return dataclasses.replace(game, system=system)


def play(size: int, seed: int) -> Played:
    """The best number of equal steps against a system `size` points above the first overseer."""
    return _played(best_steps(_weaker(seed), WORST_RATED, size, MOST))


def _played(found: Chain) -> Played:
    error = min(1.0, max(0.0, 1 - found.success))
    return Played(
        truth=True,
        error_low=error,
        error_high=error,
        gap=0.0,
        certificate=f"the product of {len(found.wins)} win probabilities; all numbers of steps to "
        f"{MOST} were tried",
        honest_cost=float(len(found.wins)),
        opponent_cost=float(len(found.wins)),
        judge_cost=1.0,
    )


def beyond(game: Game, start: float, gap: float, factor: float) -> float:
    """P(some step is lost) if the system's slope is `factor` times as steep where none was rated.

    The number of steps is the one that is best if the line goes on as it was fitted.
    """
    planned = best_steps(game, start, gap, MOST)
    won = 1.0
    for win, level in zip(planned.wins, planned.levels[1:], strict=True):
        more = (factor - 1) * game.system.slope * max(0.0, level - BEST_RATED)
        won *= 0.0 if win == 0 else 1 / (1 + (1 / win - 1) * 10 ** (more / 400))
    return min(1.0, max(0.0, 1 - won))


def _extrapolated(size: int, budget: float, _trials: int, seed: int) -> Attacked:
    return Attacked(
        exact=beyond(_weaker(seed), WORST_RATED, size, 1 + budget),
        attacker_compute=float(budget),
        defender_compute=1.0,
    )


RATED = Domain(
    name="rated-games",
    says="A published oversight game, played up a chain of overseers to a system whose general "
    "rating is 50 to 200 points above the first one's.",
    unit="oversight games",
    sizes=(50, 100, 200),
    play=play,
    small=(100, 200),
    rules=lambda size, seed: Nested(lambda n: chain(_weaker(seed), WORST_RATED, size, n), 3),
)


def _corrupted() -> OversightProtocol:
    """It takes the largest number of steps, whatever the ratings are."""
    domain = dataclasses.replace(
        RATED, play=lambda size, seed: _played(chain(_weaker(seed), WORST_RATED, size, MOST))
    )
    return dataclasses.replace(PROTOCOL, domains=(domain,))


PROTOCOL = OversightProtocol(
    name="nested-oversight",
    version="1.0.0",
    says="A human oversees a model, which oversees a stronger one, and so on up to the system.",
    source="Engels et al. 2025, arXiv:2504.18530",
    statement="If each overseer wins its game with the probability that its rating gives, less γ, "
    "the oversight fails with probability at most 1 − (1 − δ) Π (p_i − γ).",
    human_input="One oversight game, against the weakest model of the chain.",
    order="first leads",
    assumes=(
        Assumed(
            name="ratings-hold",
            says="Win probabilities at ratings of the chain are those of Bradley and Terry, with "
            "lines that were fitted on other models.",
        ),
        Assumed(name="steps-independent", says="No step is lost because another one was."),
        Assumed(name="overseers-try", says="An overseer that was overseen does its best."),
    ),
    constants=Constants,
    theory=theory,
    domains=(RATED,),
    attacks=(
        Attack(
            name="steeper-beyond-the-rated",
            says="Above the best rated model the system gets better faster than the fitted line, "
            "by the budget times its slope; the number of steps is planned by the line.",
            domain="rated-games",
            sizes=(300, 400),
            run=_extrapolated,
        ),
    ),
    corrupted=_corrupted,
    limits=(
        "A rating is measured in the games that were played; a system may play others.",
        "The published values are at 400 points above the weakest model rated, which is above the "
        "best one rated (274 points): they rest on the fitted lines going on.",
        "An overseer that colludes with what it oversees loses its step whatever the ratings are.",
    ),
    reconstruction="The loss by an equilibrium gap and by errors of the human, and the bound "
    "without independence, are ours. The domain's games are one of the four published.",
)
