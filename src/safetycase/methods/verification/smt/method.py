"""`verification/smt`: a proof by z3 that no input breaks a specification, or the input that does.

The network, its box and the denied property are one formula of exact numbers. The question is kept
as SMT-LIB, so that another solver can be asked.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from safetycase.methods.case_code import file_of
from safetycase.methods.imported.strict import input_file
from safetycase.methods.verification.outcome import (
    COUNTEREXAMPLES,
    MARGIN,
    broken,
    count,
    outward,
    said,
)
from safetycase.methods.verification.smt.encode import Answer, answered, require_z3
from safetycase.methods.verification.smt.planted import controls, self_check
from safetycase.methods.verification.specification import Problem, problem_of
from safetycase.plugin.contract import (
    Context,
    InstrumentCheck,
    Measure,
    Measurement,
    Method,
)
from safetycase.stats import SURE, Certified, Exact, Statistic

__all__ = ["METHOD", "Parameters", "answers_of", "quantities"]

UNPROVED = Measure(
    name="unproved",
    unit="obligations",
    safer="lower",
    says="obligations that the solver did not prove: an input breaks them, or it gave up",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """The problem, the margin that every input must exceed, and how hard the solver tries.

    `problem` is `file.py@name` of the case folder, a `Problem` with a ReLU network. `work` limits
    each obligation, in z3's own count (`rlimit`): the answer is the same on every machine. An
    obligation at which it gives up is open.
    """

    problem: str
    tolerance: float = 0.0
    work: int = 20_000_000

    def __post_init__(self) -> None:
        file_of(self.problem)
        if not (math.isfinite(self.tolerance) and self.tolerance >= 0):
            raise ValueError("`tolerance` is finite and at least 0")
        if not 1 <= self.work <= 4_000_000_000:
            raise ValueError("1 ≤ `work` ≤ 4,000,000,000")


def run(inputs: tuple[str, ...], parameters: Parameters, context: Context) -> Measurement:
    """Ask of each obligation; `inputs` are files that the case's code reads."""
    require_z3()
    for name in inputs:
        input_file(context, name)
    problem = problem_of(context.case_folder, parameters.problem)
    found = []
    for number, obligation in enumerate(problem.obligations):
        context.progress(number, len(problem.obligations), "asking the solver")
        found.append(answered(problem, obligation, parameters.tolerance, parameters.work))
        name = f"obligation-{number + 1}.smt2"
        (context.scratch / name).write_text(found[-1].text, "utf-8")
    return _measured(problem, found, parameters)


def _measured(problem: Problem, found: list[Answer], parameters: Parameters) -> Measurement:
    named = [
        (problem.properties[place].name, row, one)
        for (place, row), one in zip(problem.obligations, found, strict=True)
    ]
    refuted = [(name, row, one.x) for name, row, one in named if one.verdict == "refuted"]
    unknown = {
        f"unknown: {name}, row {row + 1}": one.reason or "no reason is given"
        for name, row, one in named
        if one.verdict == "unknown"
    }
    total = len(found)
    return Measurement(
        quantities=quantities(problem, found, parameters.tolerance),
        counts={"planned": total, "scored": total - len(unknown), "unscored": len(unknown)},
        effort={
            "work": f"{sum(one.work for one in found)} steps of z3, at most "
            f"{parameters.work} for an obligation"
        },
        instrument=(_replayed(problem, found, parameters.tolerance),),
        transcripts=broken(problem, refuted),
        diagnostics={**said(problem, parameters.tolerance), **unknown},
        artefacts={
            f"question {number + 1} in SMT-LIB": f"obligation-{number + 1}.smt2"
            for number in range(total)
        },
    )


def answers_of(problem: Problem, tolerance: float, work: int) -> list[Answer]:
    """The answer to every obligation."""
    return [answered(problem, one, tolerance, work) for one in problem.obligations]


def quantities(problem: Problem, found: list[Answer], tolerance: float) -> Mapping[str, Statistic]:
    """What the answers show for sure; what the solver gave up at may be broken."""
    what = f"{len(found)} obligations, by z3"
    refuted = sum(one.verdict == "refuted" for one in found)
    unknown = sum(one.verdict == "unknown" for one in found)
    proved = not refuted and not unknown
    seen = [
        problem.properties[place].holds[row].at(problem.network.value(one.x))
        for (place, row), one in zip(problem.obligations, found, strict=True)
        if one.verdict == "refuted"
    ]
    return {
        "counterexamples": count(refuted, unknown, what),
        "unproved": Exact(value=float(refuted + unknown), says=what),
        "robust_margin": Certified(
            low=tolerance if proved else -math.inf,
            high=outward(min(seen), up=True) if seen else math.inf,
            level=SURE,
            says=what,
        ),
    }


def _replayed(problem: Problem, found: list[Answer], tolerance: float) -> InstrumentCheck:
    """Every counterexample of the solver, put through the network in fractions."""
    wrong, count_ = [], 0
    for (place, row), one in zip(problem.obligations, found, strict=True):
        if one.verdict != "refuted":
            continue
        count_ += 1
        spec = problem.properties[place]
        value = spec.holds[row].at(problem.network.value(one.x))
        if not spec.contains(one.x) or value > Fraction(tolerance):
            wrong.append(f"row {row + 1} of `{spec.name}`")
    return InstrumentCheck(
        name="counterexamples of the solver are inputs that break the property",
        passed=not wrong,
        detail=", ".join(wrong) or f"{count_} replayed in fractions",
    )


METHOD = Method(
    name="verification/smt",
    version="1.0.0",
    says="Asks the solver z3 whether any input of a box breaks a linear specification of a tiny "
    "ReLU network or a quantised one, in exact numbers.",
    parameters=Parameters,
    measures=(COUNTEREXAMPLES, UNPROVED, MARGIN),
    limits=(
        "What is proved is the specification, on its boxes.",
        "A proof is the solver's word: z3 is large and is trusted here. The question is kept, and "
        "another solver can be asked; a counterexample is checked without it.",
        "The network is proved in exact arithmetic, or as whole numbers where it is quantised; a "
        "machine that rounds otherwise is not spoken of.",
        "The time grows with the units that can be both on and off, at worst twofold for each: "
        "tens of them, not hundreds. Where z3 gives up nothing is shown.",
    ),
    source="de Moura & Bjørner 2008, doi:10.1007/978-3-540-78800-3_24; Katz et al. 2017, "
    "arXiv:1702.01135",
    run=run,
    self_check=self_check,
    controls=controls,
    files=lambda parameters: (file_of(parameters.problem),),
    needs_model=False,
)
