"""`verification/exhaustive`: try every input of a finite space, or a sample of it.

Every sequence of a small token model, every patch in every context, or every whole-numbered input
of a network: what is tried is known, and nothing of it is left out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from safetycase.methods.case_code import file_of
from safetycase.methods.imported.strict import input_file
from safetycase.methods.verification.exhaustive.enumerate import certificate_of, enumerate_all
from safetycase.methods.verification.exhaustive.measures import (
    MEASURES,
    Setting,
    enumerated,
    sampled,
)
from safetycase.methods.verification.exhaustive.planted import controls, self_check
from safetycase.methods.verification.exhaustive.subjects import Asked, space_of
from safetycase.plugin.contract import Context, Measurement, Method, MethodError
from safetycase.stats import Proportion, Statistic

__all__ = ["METHOD", "Parameters"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """The model, the inputs that are tried, and when a margin counts as decided.

    `subject` is `file.py@name` of the case folder (a token model, or a `Problem` of whole-numbered
    inputs) or an organism `family/member`, made with the seed `organism_seed`. `inputs` are `all`;
    `patches` of at most `patch_length` tokens written over `contexts` clean inputs at every place;
    or `samples`, `samples` of them as they come in use. `tokens` are those that inputs and patches
    are made of (all, if empty). A margin of at most `tolerance` is undecided in a token model, so
    that no other order of sums can turn it; in whole numbers it is bad. `limit` is how many inputs
    may be tried. `stop_at_bad` ends after the first batch with a counterexample. `resume` takes up
    what an interrupted run on this machine has tried.
    """

    subject: str
    inputs: Literal["all", "patches", "samples"] = "all"
    organism_seed: int = 0
    patch_length: int = 0
    contexts: int = 0
    tokens: tuple[int, ...] = ()
    samples: int = 0
    tolerance: float = 1e-3
    batch: int = 4096
    limit: int = 10_000_000
    stop_at_bad: bool = False
    resume: bool = True

    def __post_init__(self) -> None:
        if "@" in self.subject:
            file_of(self.subject)
        elif "/" not in self.subject:
            raise ValueError(f"`{self.subject}` is neither `file.py@name` nor `family/member`")
        patched = self.inputs == "patches"
        if patched != (self.patch_length > 0) or patched != (self.contexts > 0):
            raise ValueError("`patches` need `patch_length` and `contexts`, and nothing else does")
        if (self.inputs == "samples") != (self.samples > 0):
            raise ValueError("`samples` need a number of `samples`, and nothing else does")
        if self.tokens and self.inputs == "samples":
            raise ValueError("samples come as in use; `tokens` are for inputs that are enumerated")
        if not (math.isfinite(self.tolerance) and self.tolerance >= 0):
            raise ValueError("`tolerance` is finite and at least 0")
        if not 1 <= self.batch <= 1_000_000 or not 1 <= self.limit <= 10**12:
            raise ValueError("1 ≤ `batch` ≤ 1,000,000, and 1 ≤ `limit` ≤ 10¹²")


def run(inputs: tuple[str, ...], parameters: Parameters, context: Context) -> Measurement:
    """Try the inputs; `inputs` are files that the case's code reads."""
    for name in inputs:
        input_file(context, name)
    asked = Asked(
        subject=parameters.subject,
        organism_seed=parameters.organism_seed,
        patch_length=parameters.patch_length,
        contexts=parameters.contexts,
        tokens=parameters.tokens,
        tolerance=parameters.tolerance,
        seed=context.seed,
    )
    space = space_of(asked, context.case_folder, context.progress)
    setting = Setting(tolerance=parameters.tolerance, batch=parameters.batch)
    if parameters.inputs == "samples":
        return sampled(space, parameters.samples, context.seed, setting)
    if space.size > parameters.limit:
        raise MethodError(
            f"there are {space.size} inputs ({space.says}), more than the `limit` of "
            f"{parameters.limit}; raise it, or ask for fewer `tokens` or shorter patches"
        )
    tried = enumerate_all(
        space,
        batch=parameters.batch,
        stop_at_bad=parameters.stop_at_bad,
        resume=parameters.resume,
        seed=context.seed,
        say=context.progress,
    )
    text = certificate_of(space, tried, parameters.batch)
    (context.scratch / "certificate.json").write_text(text, "utf-8")
    return enumerated(space, tried, setting)


def best_case(
    parameters: Parameters, folder: Path, inputs: tuple[str, ...]
) -> Mapping[str, Statistic]:
    """A sample without a bad input. A count of all inputs has no plan that could be too small."""
    del folder, inputs
    if parameters.inputs != "samples":
        return {}
    return {"bad_rate": Proportion(successes=0, trials=parameters.samples)}


def files(parameters: Parameters) -> tuple[str, ...]:
    """The file of the case that the model comes from, where one does."""
    return (file_of(parameters.subject),) if "@" in parameters.subject else ()


def plugins(parameters: Parameters) -> tuple[str, ...]:
    """The family of the organism, where the model is one."""
    if "@" in parameters.subject:
        return ()
    return (f"safetycase.organisms:{parameters.subject.partition('/')[0]}",)


METHOD = Method(
    name="verification/exhaustive",
    version="1.0.0",
    says="Tries every input of a finite space (all sequences of a small token model, all patches "
    "in given contexts, all whole-numbered inputs of a network), or a sample, and counts those at "
    "which the model is bad.",
    parameters=Parameters,
    measures=MEASURES,
    limits=(
        "What is proved is the specification, on the inputs that were enumerated: longer patches, "
        "other contexts and other tokens are not spoken of.",
        "A token model is proved as its kernel computed on this machine. Inputs within the "
        "tolerance are undecided, so that another order of sums cannot turn a verdict; that the "
        "tolerance is large enough is checked on the inputs nearest to it, not proved.",
        "A sample bounds a rate on inputs as they came. A trigger that is rarer than the bound "
        "passes it.",
    ),
    source="Exhaustive enumeration; for samples Clopper & Pearson 1934, Biometrika 26:404",
    run=run,
    self_check=self_check,
    controls=controls,
    files=files,
    best_case=best_case,
    needs_model=False,
    plugins=plugins,
)
