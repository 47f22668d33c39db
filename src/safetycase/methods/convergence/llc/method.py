"""`convergence/llc`: whether w* is a minimum, and how much room there is around it.

Chains sample the neighbourhood of the trained weights. What they find is an estimate of the local
learning coefficient with its checks, or a lower loss nearby: training had not converged.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from safetycase.methods.case_code import file_of
from safetycase.methods.convergence.llc.calibration import calibrated
from safetycase.methods.convergence.llc.estimating import estimate
from safetycase.methods.convergence.llc.evidence import MEASURES, Studied, measured
from safetycase.methods.convergence.llc.oracles import self_check
from safetycase.methods.convergence.llc.planted import controls
from safetycase.methods.convergence.llc.records import Sampling
from safetycase.methods.convergence.llc.subjects import of_case, of_organism
from safetycase.methods.convergence.llc.surface import need_torch
from safetycase.methods.convergence.problem import Problem
from safetycase.plugin.contract import Context, Measurement, Method
from safetycase.plugin.organisms import GROUP

__all__ = ["METHOD", "Parameters"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """What is looked at, and how its neighbourhood is sampled.

    One of: `problem`, as `file.py@name` in the case folder, a `Problem` (a torch module at w* and
    its loss), a list of them, or a function that returns one of both; `organism`, a policy or token
    classifier as `FAMILY/MEMBER`. `sampling` says how; for an organism that is a policy it must
    give `nbeta`. `calibrate` repeats the sampling on a network with a known answer.
    """

    problem: str = ""
    organism: str = ""
    sampling: Sampling = field(default_factory=Sampling)
    calibrate: bool = True

    def __post_init__(self) -> None:
        if bool(self.problem) == bool(self.organism):
            raise ValueError("give one of `problem` and `organism`")
        if self.problem:
            file_of(self.problem)
        elif "/" not in self.organism:
            raise ValueError("`organism` is written FAMILY/MEMBER")


def run(inputs: tuple[str, ...], parameters: Parameters, context: Context) -> Measurement:
    """Sample around w* of each problem, calibrate, and say what came of it."""
    del inputs
    need_torch()
    named = _problems(parameters, context)
    parts = 2 if parameters.calibrate else 1
    studied = []
    for number, (name, problem) in enumerate(named):

        def told(done: int, total: int, note: str, number: int = number) -> None:
            context.progress(number * parts * total + done, len(named) * parts * total, note)

        found = estimate(problem, parameters.sampling, seed=context.seed + number, progress=told)
        wanted = parameters.calibrate and found.ok
        known = calibrated(found, seed=context.seed + number) if wanted else None
        studied.append(Studied(name=name, found=found, calibration=known))
    return measured(studied)


def _problems(parameters: Parameters, context: Context) -> list[tuple[str, Problem]]:
    if parameters.organism:
        problem = of_organism(parameters.organism, context.seed, context.progress)
        return [(parameters.organism, problem)]
    problems = of_case(context.case_folder, parameters.problem)
    name = parameters.problem.partition("@")[2]
    if len(problems) == 1:
        return [(name, problems[0])]
    return [(f"{name} {number}", one) for number, one in enumerate(problems, 1)]


def files(parameters: Parameters) -> tuple[str, ...]:
    """The file of the user's own problem."""
    return (file_of(parameters.problem),) if parameters.problem else ()


def plugins(parameters: Parameters) -> tuple[str, ...]:
    """The family of the organism."""
    return (f"{GROUP}:{parameters.organism.partition('/')[0]}",) if parameters.organism else ()


METHOD = Method(
    name="convergence/llc",
    version="1.0.0",
    says="Samples the neighbourhood of trained weights: the local learning coefficient with an "
    "interval, or the finding that the weights are no minimum.",
    parameters=Parameters,
    measures=MEASURES,
    limits=(
        "The chains see what lies within the radius that γ leaves them, at a contrast that nβ "
        "gives. A lower loss farther away, or behind a wall of more than a few nats, is not seen: "
        "a policy that withholds an action of probability ε in its logits needs a radius of about "
        "log(1/ε).",
        "The value is that at the given nβ and γ. It tends to the learning coefficient only as nβ "
        "grows and γ·|w|² stays small, and values at other nβ, γ or n are not comparable.",
        "A coefficient says how degenerate a minimum is, not what the model does. Low or high is "
        "neither safe nor unsafe by itself.",
        "The loss is the one given. What a model hides outside its data is not in it.",
        "The self-calibration shows that the sampler works on a diagonal deep linear network of "
        "this size, curvature and noise. That the problem is as easy to sample is not shown; the "
        "checks of its own chains are what speaks for it.",
    ),
    source="Lau et al. 2025, arXiv:2308.12108; Wang et al. 2024, arXiv:2410.02984",
    run=run,
    self_check=self_check,
    controls=controls,
    files=files,
    needs_model=False,
    plugins=plugins,
)
