"""`oversight/stability`: how far an argument lets small errors in its leaves grow.

Debate by a prover and an estimator is of use for arguments that small errors in the subclaims do
not overturn (arXiv:2506.13609). This computes, for any argument and for a case's own, how much
error can arrive at the top.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from safetycase.methods.imported.strict import input_file
from safetycase.methods.oversight.stability import planted as own_planted
from safetycase.methods.oversight.stability.analysis import Setting, analyse
from safetycase.methods.oversight.stability.arguments import read_arguments
from safetycase.methods.oversight.stability.casefile import node_of, read_case
from safetycase.methods.oversight.stability.combiners import Node
from safetycase.plugin.contract import Context, Measure, Measurement, Method, MethodError
from safetycase.stats import SURE, Certified, Proportion, Statistic

__all__ = ["METHOD", "Parameters"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Which arguments, the error of a leaf that is of interest, and the stake of a leaf.

    The arguments are those of the files under `inputs`, or with `case` the argument below `claim`
    (the root, if empty) of that case file of the case folder, `modules` being the module files
    it is made of. `error` is the error of each leaf at which the modulus is stated. `stake` is
    what a leaf weighs in the debate, in units of the reward for the root: arguments with at most
    this critical ratio are the ones for which truth is the estimator's best answer.
    """

    case: str = ""
    modules: tuple[str, ...] = ()
    claim: str = ""
    error: float = 0.05
    stake: float = 2.0

    def __post_init__(self) -> None:
        if not 0 < self.error <= 1:
            raise ValueError("`error` is above 0 and at most 1, such as 0.05")
        if not (self.stake > 0 and math.isfinite(self.stake)):
            raise ValueError("`stake` is a number above 0, such as 2")
        if (self.claim or self.modules) and not self.case:
            raise ValueError("`claim` and `modules` say something of `case`, which is not given")


def run(inputs: tuple[str, ...], parameters: Parameters, context: Context) -> Measurement:
    """Read the arguments, and find what each lets through."""
    setting = Setting(error=parameters.error, stake=parameters.stake)
    if bool(parameters.case) == bool(inputs):
        raise MethodError(
            "name files of arguments under `inputs`, or a case file as `case`, and not both"
        )
    if parameters.case:
        case = read_case(context, parameters.case, parameters.modules)
        node = node_of(case, parameters.claim)
        return analyse({parameters.claim or case.root: node}, setting, context.progress)
    arguments: dict[str, Node] = {}
    for name in inputs:
        found = read_arguments(input_file(context, name))
        twice = sorted(found.keys() & arguments.keys())
        if twice:
            raise MethodError(f"the argument `{twice[0]}` is in two files; each has its own id")
        arguments |= found
    return analyse(arguments, setting, context.progress)


def best_case(
    _parameters: Parameters, folder: Path, inputs: tuple[str, ...]
) -> Mapping[str, Statistic]:
    """Every argument hands errors on one for one; less is not possible if all can fail."""
    try:
        planned = sum(len(read_arguments(folder / name)) for name in inputs) or 1
    except MethodError:
        return {}
    steady = Certified(low=1.0, high=1.0, level=SURE, says="one for one")
    through = Certified(low=0.0, high=0.0, level=SURE, says="nothing arrives")
    return {
        "critical_ratio": steady,
        "dependent_ratio": steady,
        "modulus": through,
        "accepted_share": Proportion(successes=planned, trials=planned),
    }


def _files(parameters: Parameters) -> tuple[str, ...]:
    return (parameters.case, *parameters.modules) if parameters.case else ()


METHOD = Method(
    name="oversight/stability",
    version="1.0.0",
    says="Finds how far an argument lets small errors of its leaves grow at the top: the critical "
    "ratio and the modulus of any decomposition, the argument of a case included.",
    parameters=Parameters,
    measures=(
        Measure(
            name="critical_ratio",
            unit="ratio",
            safer="lower",
            says="The most error at the top per error of each leaf, over all errors, with the "
            "parts of a step drawn independently: n for `all of n`. The largest of the arguments.",
        ),
        Measure(
            name="dependent_ratio",
            unit="ratio",
            safer="lower",
            says="The same when the errors may depend on each other in any way. The largest of the "
            "arguments.",
        ),
        Measure(
            name="modulus",
            unit="probability",
            safer="lower",
            says="The most error at the top when no leaf is off by more than `error`. The largest "
            "of the arguments.",
        ),
        Measure(
            name="accepted_share",
            unit="share",
            safer="higher",
            says="The share of the arguments whose critical ratio is at most `stake`, so that "
            "truth is the estimator's best answer.",
        ),
    ),
    limits=(
        "It is about the form of an argument. That its leaves are right, that its steps are "
        "sound, or that errors are as small as assumed, is not shown.",
        "The critical ratio takes the parts of a step as independent, each with a number of its "
        "own, as the protocol's check does; `dependent_ratio` does not.",
        "The (ε, ρ)-stability is our reading of the notion in arXiv:2506.13609; the paper's "
        "parameters may differ.",
        "Of a case, defeaters and the doubt about a step itself are no leaves here, and a step "
        "that calculates counts as one that needs all of its premises.",
        "`accepted_share` generalises to other arguments only as far as those of the file are a "
        "random sample of them.",
    ),
    source="Brown-Cohen et al. 2025, arXiv:2506.13609 (stability); the ratio is our construction",
    run=run,
    self_check=own_planted.self_check,
    controls=own_planted.controls,
    best_case=best_case,
    files=_files,
    needs_model=False,
)
