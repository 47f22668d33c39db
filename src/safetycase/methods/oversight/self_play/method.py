"""`oversight/self-play`: whether training by self-play reached the equilibrium of a solvable game.

Small policies are trained; what further optimisation, retrained best responses, perturbed weights
and elicitation gain is compared with what exact best responses gain, and with planted trainings
that look finished and are not.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from safetycase.methods.games.extensive.tree import flatten
from safetycase.methods.oversight.named import game_of, protocol_of, quick_size, uses, whole_domain
from safetycase.methods.oversight.self_play.analysis import (
    GAINS,
    MEASURES,
    SEARCHED,
    measured,
    unseen,
)
from safetycase.methods.oversight.self_play.arena import Arena
from safetycase.methods.oversight.self_play.evidence import Search
from safetycase.methods.oversight.self_play.games import GAMES
from safetycase.methods.oversight.self_play.learners import Learner, Optimiser
from safetycase.methods.oversight.self_play.oracles import self_check
from safetycase.methods.oversight.self_play.organisms import HACKING, Organism
from safetycase.methods.oversight.self_play.pictures import pictures
from safetycase.methods.oversight.self_play.planted import controls
from safetycase.methods.oversight.self_play.records import Output, Recipe
from safetycase.methods.oversight.self_play.study import Setting, study
from safetycase.plugin.contract import Context, Measurement, Method, MethodError
from safetycase.plugin.protocols import Rules
from safetycase.stats import Exact, Proportion, Smallest, Statistic

__all__ = ["METHOD", "Parameters"]

MOST_NODES = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """The game, the training, how hard is searched, and what is planted.

    The game is one of ours (`game`), or instance `instance` of a protocol: of `domain`, its first
    with whole trees if empty, and of `size`, the largest of at most 600 nodes if left out.
    `policy` is a table, or a network of `hidden` hidden units, which has no optimiser `natural`.
    Training: `learner` for `steps` steps; `optimiser`, `rate` (None: its own) and `entropy` (a
    bonus that falls to 0) are for gradients, `batch` is the episodes per step of `reinforce`;
    `output` is what is deployed, the last policy or the average over training. `seeds` repetitions.
    Search: `further_steps`, more than `steps`, of further optimisation and of retraining, and
    `directions` of perturbation at each of five distances. `gap` is the exploitability, as a share
    of the payoff range, that still counts as equilibrium. `organisms` of each family are trained
    beside it (0: none, and then no gain by a search that only they show to work); one counts if it
    withholds `withheld`, above `gap`; what it hides starts with `probability`. `organism` plants
    one in this very training: its claims must fail.
    """

    game: Literal["conceding-debate", "two-leaf-check", "consultancy"] | None = None
    protocol: str | None = None
    domain: str = ""
    size: int | None = None
    instance: int = 0
    policy: Literal["table", "network"] = "table"
    hidden: int = 16
    learner: Learner = "policy-gradient"
    optimiser: Optimiser = "natural"
    output: Output = "last"
    steps: int = 1000
    rate: float | None = None
    entropy: float = 0.0
    batch: int = 64
    seeds: int = 8
    further_steps: int = 1500
    directions: int = 512
    gap: float = 0.05
    organisms: int = 40
    withheld: float = 0.1
    probability: float = 1e-6
    organism: Organism = "none"

    def __post_init__(self) -> None:
        if (self.game is None) == (self.protocol is None):
            raise ValueError("give one of `game` and `protocol`")
        if self.game is not None and (self.domain or self.size is not None):
            raise ValueError("`domain` and `size` are those of a `protocol`; `game` has none")
        if self.instance < 0:
            raise ValueError("`instance` is a number from 0")
        if not 10 <= self.steps < self.further_steps <= 1_000_000:
            raise ValueError(
                "10 ≤ `steps` < `further_steps` ≤ 1,000,000: a best response is retrained with "
                "more than training spent"
            )
        self._check_policy()
        if self.rate is not None and not 0 < self.rate <= 1000:
            raise ValueError("`rate` is above 0 and at most 1000")
        if not 0 <= self.entropy <= 10:
            raise ValueError("`entropy` lies between 0 and 10")
        if not 2 <= self.batch <= 100_000:
            raise ValueError("`batch` is at least 2 episodes: the baseline is that of the others")
        if not 1 <= self.seeds <= 1000 or not 1 <= self.directions <= 10_000:
            raise ValueError("1 ≤ `seeds` ≤ 1000, and 1 ≤ `directions` ≤ 10,000")
        if not 0 <= self.organisms <= 1000:
            raise ValueError("0 ≤ `organisms` ≤ 1000")
        if not 0 < self.gap < self.withheld <= 1:
            raise ValueError("0 < `gap` < `withheld` ≤ 1: an organism is no equilibrium")
        if not 1e-30 <= self.probability <= 0.01:
            raise ValueError("`probability` of what is hidden lies between 1e-30 and 0.01")

    def _check_policy(self) -> None:
        if not 1 <= self.hidden <= 1024:
            raise ValueError("`hidden` lies between 1 and 1024 units")
        if self.policy == "table":
            return
        gradients = self.learner in ("policy-gradient", "reinforce")
        if not gradients or self.optimiser == "natural" or self.output == "average":
            raise ValueError(
                "a `network` learns by `policy-gradient` or `reinforce` with `sgd` or `adam`, and "
                "its `output` is `last`: the average of two networks is none"
            )


def run(inputs: tuple[str, ...], parameters: Parameters, context: Context) -> Measurement:
    """Train, look, plant, and compare."""
    if inputs:
        raise MethodError(f"`{inputs[0]}`: this method reads no inputs; leave them out")
    rules, named = _rules(parameters)
    setting = _setting(parameters, context.seed)
    done = 0

    def said(note: str) -> None:
        nonlocal done
        done += 1
        context.progress(done, 0, note)

    try:
        arena = Arena.of(flatten(rules, MOST_NODES))
        found = study(arena, setting, said)
    except ValueError as error:
        raise MethodError(f"{named}: {error}") from error
    measurement = measured(found, setting)
    sides = " and ".join(str(side.sequences) for side in arena.sides)
    about = {"game": f"{named}: {len(arena.tree)} nodes, {sides} sequences"}
    return dataclasses.replace(
        measurement,
        plots=pictures(found, setting),
        diagnostics=about | dict(measurement.diagnostics),
    )


def _setting(parameters: Parameters, seed: int) -> Setting:
    return Setting(
        recipe=Recipe(
            learner=parameters.learner,
            optimiser=parameters.optimiser,
            output=parameters.output,
            steps=parameters.steps,
            rate=parameters.rate,
            entropy=parameters.entropy,
            batch=parameters.batch,
        ),
        search=Search(further_steps=parameters.further_steps, directions=parameters.directions),
        hidden=parameters.hidden if parameters.policy == "network" else 0,
        seeds=parameters.seeds,
        organism=parameters.organism,
        organisms=parameters.organisms,
        probability=parameters.probability,
        gap=parameters.gap,
        withheld=parameters.withheld,
        seed=seed,
    )


def _rules(parameters: Parameters) -> tuple[Rules, str]:
    """The game, and what it is called."""
    if parameters.game is not None:
        return GAMES[parameters.game], f"the game `{parameters.game}`"
    assert parameters.protocol is not None
    chosen = protocol_of(parameters.protocol)
    domain = whole_domain(chosen, parameters.domain)
    size = parameters.size or quick_size(chosen, domain, parameters.instance)
    rules = game_of(chosen, domain, size, parameters.instance)
    return rules, f"`{chosen.name}` on `{domain.name}` of size {size}"


def best_case(
    parameters: Parameters, folder: Path, inputs: tuple[str, ...]
) -> Mapping[str, Statistic]:
    """Nothing is gained by anything, and every organism is seen."""
    del folder, inputs
    none = Exact(value=0.0, says="nothing gained")
    planned: dict[str, Statistic] = dict.fromkeys(GAINS, none)
    planned |= {"shortfall": none, "final_error": none}
    if unseen(parameters.organisms, parameters.organism):
        for name in SEARCHED:
            del planned[name]
    planned["unconverged_rate"] = Proportion(successes=0, trials=parameters.seeds)
    count = parameters.organisms
    every = Proportion(successes=count, trials=count)
    planned["organism_recall"] = planned["elicitation_recall"] = Smallest(
        of=(every,) * len(HACKING)
    )
    clean = max(parameters.seeds, count)
    planned["false_alarm_rate"] = Proportion(successes=0, trials=clean)
    return planned


def plugins(parameters: Parameters) -> tuple[str, ...]:
    """The entry point of the protocol, where the game is one of a protocol's."""
    return uses(parameters.protocol) if parameters.protocol else ()


METHOD = Method(
    name="oversight/self-play",
    version="1.0.0",
    says="Trains small policies by self-play in a solvable oversight game, and asks whether "
    "training reached an equilibrium, by every gain that is still to be had and by planted "
    "trainings that hide one.",
    parameters=Parameters,
    measures=MEASURES,
    limits=(
        "Policies are tables over the information sets of a small game, or networks of one hidden "
        "layer. That training converges here says nothing about games that cannot be solved.",
        "Seeds repeat one training; they are no sample of trainings.",
        "An equilibrium need not be a good one: in a game that is not zero-sum several can be "
        "reached, with different error rates and no gain to tell them apart.",
        "Recall holds for the planted families, which are our own tabular shapes of "
        "exploration hacking. In a small game few moves are worth hiding, so that organisms of a "
        "family are much alike: their number says how sure the recall is for what was planted, and "
        "nothing of other ways. An organism that no policy nearby gives away is seen by exact best "
        "responses alone, which larger games do not allow.",
        "Directions of perturbation are random. No basis of weights is known to be canonical.",
        "Perturbation and elicitation move one player at a time. What both could gain together by "
        "leaving an equilibrium is not measured.",
    ),
    source="Buhl et al. 2025, arXiv:2505.03989; Jang et al. 2026, arXiv:2604.28182",
    run=run,
    self_check=self_check,
    controls=controls,
    best_case=best_case,
    needs_model=False,
    plugins=plugins,
)
