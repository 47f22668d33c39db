"""`deployment/unexploitable-search`: what a second purpose can gain among outputs that are good.

Tasks leave choices free, and a model may use them for a purpose of its own over many queries while
every output looks fine. This asks of a mechanism that is meant to take these choices away (a game
against a class of tests, an entropy bonus, a hash constraint) what it leaves open at an
approximate optimum.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from safetycase.methods.case_code import file_of
from safetycase.methods.deployment.search import planted
from safetycase.methods.deployment.search.analysis import Setting, analyse
from safetycase.methods.deployment.search.game import ROUNDING
from safetycase.methods.deployment.search.measured import measurement
from safetycase.methods.deployment.search.reading import outputs_of
from safetycase.methods.deployment.search.space import CLASSES, space_of
from safetycase.plugin.contract import Context, Measure, Measurement, Method, MethodError
from safetycase.stats import SURE, Certified, Statistic

__all__ = ["METHOD", "Parameters"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """The outputs, the class of tests, and the mechanism.

    Outputs are those of the files under `inputs`, of `solutions` (`file.py@name`), or all ways to
    make `free_choices` choices. `tests` is `bits`, `pairs` (for outputs of 0 and 1),
    `file.py@name`, or empty where the table holds them (of free choices: `bits`); `objectives` is
    `file.py@name` or empty. Outputs within `slack` of the best reward are good enough.
    `mechanism` is what keeps the
    choices free, and `tolerance` how far training stays from its optimum: in both games as a
    probability, for `entropy` as a share of the largest possible entropy, with `entropy_weight`
    in units of the reward per nat. Twins are at most `apart` apart in `distance` (`hamming` or
    `edit`), their rewards within `slack`. `draws` are sampled from the solved policy, and are
    where the solver `no-regret` begins.
    """

    mechanism: Literal["reference-game", "twin-game", "entropy", "hash"] = "reference-game"
    free_choices: int = 0
    solutions: str = ""
    tests: str = ""
    objectives: str = ""
    slack: float = 0.0
    tolerance: float = 0.01
    distance: Literal["hamming", "edit"] = "hamming"
    apart: int = 1
    entropy_weight: float = 1.0
    hash_bits: int = 4
    solver: Literal["exact", "no-regret"] = "exact"
    draws: int = 1000
    level: float = 0.95

    def __post_init__(self) -> None:
        for name in ("slack", "tolerance", "entropy_weight"):
            if not (math.isfinite(getattr(self, name)) and getattr(self, name) >= 0):
                raise ValueError(f"`{name}` is a finite number of at least 0")
        if not 0 < self.tolerance < 1 or self.entropy_weight == 0:
            raise ValueError("`tolerance` is between 0 and 1, and `entropy_weight` above 0")
        if not 0 <= self.hash_bits <= 64:
            raise ValueError("`hash_bits` is from 0 to 64")
        if not 1 <= self.draws <= 1_000_000:
            raise ValueError("`draws` is from 1 to 1,000,000")
        if not 0 < self.level < 1:
            raise ValueError("`level` is a confidence between 0 and 1, such as 0.95")
        if self.free_choices and not 3 <= self.free_choices <= 14:
            raise ValueError("`free_choices` is from 3 to 14")
        if not 0 <= self.apart <= 3:
            raise ValueError("`apart` is from 0 to 3")
        for spec in (self.solutions, self.objectives, self.tests):
            if spec and spec not in CLASSES:
                file_of(spec)

    def setting(self, seed: int) -> Setting:
        """What the analysis is told."""
        return Setting(
            mechanism=self.mechanism,
            tolerance=self.tolerance,
            slack=self.slack,
            distance=self.distance,
            apart=self.apart,
            entropy_weight=self.entropy_weight,
            hash_bits=self.hash_bits,
            solver=self.solver,
            draws=self.draws,
            seed=seed,
        )


def run(inputs: tuple[str, ...], parameters: Parameters, context: Context) -> Measurement:
    """Solve both games on the outputs, and push every purpose as far as each mechanism lets it."""
    given = outputs_of(
        inputs,
        context,
        count=parameters.free_choices,
        solutions=parameters.solutions,
        tests=parameters.tests,
        objectives=parameters.objectives,
    )
    setting = parameters.setting(context.seed)
    try:
        space = space_of(given, slack=parameters.slack)
        found = analyse(space, setting, context.progress)
        return measurement(space, setting, found, level=parameters.level)
    except ValueError as error:
        raise MethodError(str(error)) from error


def best_case(
    parameters: Parameters, folder: Path, inputs: tuple[str, ...]
) -> Mapping[str, Statistic]:
    """A game leaves its tolerance to a test of the class; nothing else is known before the run."""
    del folder, inputs
    least = parameters.tolerance + ROUNDING if parameters.mechanism == "reference-game" else 0.0
    says = "no test of the class gains more than it does at any approximate optimum"
    return {"largest_excess": Certified(low=least, high=least, level=SURE, says=says)}


def _files(parameters: Parameters) -> tuple[str, ...]:
    own = (parameters.solutions, parameters.tests, parameters.objectives)
    return tuple(sorted({file_of(spec) for spec in own if spec and spec not in CLASSES}))


def _share(name: str, says: str, *, safer: Literal["lower", "neither"] = "lower") -> Measure:
    return Measure(name=name, unit="probability", safer=safer, says=says)


METHOD = Method(
    name="deployment/unexploitable-search",
    version="1.0.0",
    says="Among outputs that are all good enough, how far a hidden purpose can be served at an "
    "approximate optimum of a game against a class of tests, of an entropy bonus, or of a hash "
    "constraint; with the optimal policies of the games and their certificates.",
    parameters=Parameters,
    measures=(
        _share(
            "largest_excess",
            "the most by which the mean of any test of the class, or of its complement, rises "
            "above that of the reference at an approximate optimum of `mechanism`",
        ),
        _share(
            "objective_excess",
            "the same for the objectives that the case names, or that are planted: they need not "
            "be of the class",
        ),
        _share(
            "largest_advantage",
            "V of the solved policy of the reference game: the largest gap between the means of a "
            "test under it and under the reference",
        ),
        _share(
            "sampled_advantage",
            "the same of `draws` outputs that are drawn from that policy, each counted alike",
        ),
        _share("twin_value", "the value of the twin game: Bob's chance to win at best play"),
        _share(
            "untwinned",
            "the largest share of the reference that has a trait of the class and no twin "
            "without it, so that the twin game does not see it",
        ),
        Measure(
            name="support",
            unit="outputs",
            safer="neither",
            says="outputs that the exact policy of the reference game is on; no more than the "
            "tests and one",
        ),
        Measure(
            name="queries_to_see",
            unit="queries",
            safer="lower",
            says="independent queries after which the best test sees an advantage of "
            "`tolerance` per query with a false alarm of at most 1 − `level`",
        ),
    ),
    limits=(
        "It is about optima of a mechanism. That training reaches one, to the tolerance, is "
        "another claim.",
        "It bounds the purposes of the class. A purpose outside it may gain everything: "
        "`objective_excess` shows it for those that are named.",
        "The outputs that are good enough are listed. Where they cannot be, the result is about a "
        "model of them.",
        "The twin game needs, near every output with a trait, a good one without it. `untwinned` "
        "says how often that fails here; in larger spaces it is an assumption.",
        "The reference is taken as free of the purpose. What it carries, the reference game keeps.",
        "A policy on few outputs is told from the reference by a test of those outputs, which is "
        "not of the class.",
        "The games are our formalisation of a published idea, and not its authors'.",
    ),
    source="Our formalisation of Pfau, Hilton & Irving 2025, Unexploitable search: blocking "
    "malicious use of free parameters (Alignment Forum); optimistic multiplicative weights: "
    "Rakhlin & Sridharan 2013, arXiv:1311.1869; Pinsker's and Hoeffding's inequalities",
    run=run,
    self_check=planted.self_check,
    controls=planted.controls,
    files=_files,
    best_case=best_case,
    needs_model=False,
)
