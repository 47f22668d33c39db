"""`scheming/risk`: P(can) · P(will | can) · P(harm | will), as far as it may be multiplied."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from safetycase.methods.scheming.risk import planted
from safetycase.methods.scheming.risk.analysis import (
    MEASURES,
    CommonCause,
    Factor,
    Stage,
    analyse,
    check_parts,
    parts_of,
    tree_of,
)
from safetycase.plugin.contract import Context, Measurement, Method
from safetycase.stats import Statistic

__all__ = ["METHOD", "Parameters"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """The factors of the risk in their order, each with its interval and its source.

    A factor is multiplied with those that it is `given`; factors that were estimated apart are
    not. `stages` are checks that must all stop the harm; `stages_given` names the factors that
    their miss rates are conditional on. `common_cause` shows what a cause that several arguments
    share leaves of them.
    """

    factors: tuple[Factor, ...]
    stages: tuple[Stage, ...] = ()
    stages_given: tuple[str, ...] = ()
    common_cause: CommonCause | None = None

    def __post_init__(self) -> None:
        check_parts(self.factors, self.stages, self.stages_given)
        tree_of(self.factors, self.stages, self.stages_given)
        doubt = math.fsum(1 - part.level for part in parts_of(self.factors, self.stages))
        if doubt >= 1:
            raise ValueError(
                f"the levels of the intervals leave a doubt of {doubt:.3g} that one of them is "
                "wrong; take intervals at a higher level"
            )


def run(inputs: tuple[str, ...], parameters: Parameters, context: Context) -> Measurement:
    """Combine the factors; nothing is read and nothing is run."""
    del inputs, context
    return analyse(
        parameters.factors, parameters.stages, parameters.stages_given, parameters.common_cause
    )


def best_case(
    parameters: Parameters, folder: Path, inputs: Sequence[str]
) -> Mapping[str, Statistic]:
    """What the run returns: its numbers are parameters."""
    del folder, inputs
    found = analyse(
        parameters.factors, parameters.stages, parameters.stages_given, parameters.common_cause
    )
    return found.quantities


METHOD = Method(
    name="scheming/risk",
    version="1.0.0",
    says="Combines factors of a risk: products where they are conditional, bounds elsewhere.",
    parameters=Parameters,
    measures=MEASURES,
    limits=(
        "It adds nothing to its factors: each is as good as its source, and a judged one is a "
        "judgement.",
        "That a factor is conditional on those it is given is a declaration; a rate that was "
        "measured in another population is none.",
        "`all_arguments_fail` takes the arguments as independent but for the shared cause, and "
        "both of its probabilities as declared.",
        "Paths to the harm that the factors do not describe are not in it.",
        "The authors of the decomposition warn that its numbers will be badly calibrated.",
    ),
    source="Balesni et al. 2024, arXiv:2411.03336, sections 3 and 8; Fréchet 1935",
    run=run,
    self_check=planted.self_check,
    controls=planted.controls,
    best_case=best_case,
    needs_model=False,
)
