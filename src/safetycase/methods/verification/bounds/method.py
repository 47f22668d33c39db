"""`verification/bounds`: a proof that a small network keeps its specification on a whole box.

Linear bounds with branch and bound search for a proof or a counterexample; a checker of its own,
in exact arithmetic, decides whether it is one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from safetycase.methods.case_code import file_of
from safetycase.methods.imported.strict import input_file
from safetycase.methods.verification.bounds.planted import controls, self_check
from safetycase.methods.verification.bounds.prove import MEASURES, measured, prove
from safetycase.methods.verification.bounds.search import Effort
from safetycase.methods.verification.specification import problem_of
from safetycase.plugin.contract import Context, Measurement, Method, MethodError

__all__ = ["METHOD", "Parameters"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """The problem, how far above zero its margins must be, and how long is searched.

    `problem` is `file.py@name` of the case folder, a `Problem`: a network and its properties.
    `tolerance` is the margin that every input must exceed. `nodes` is how many pieces are looked
    at for each obligation. `split` says what is cut first: the range of an `input`, or a `unit`
    into off and on; `auto` cuts inputs where more than forty units are open and there are at most
    ten inputs.
    """

    problem: str
    tolerance: float = 0.0
    nodes: int = 20_000
    split: Literal["auto", "input", "unit"] = "auto"

    def __post_init__(self) -> None:
        file_of(self.problem)
        if not (math.isfinite(self.tolerance) and self.tolerance >= 0):
            raise ValueError("`tolerance` is finite and at least 0")
        if not 1 <= self.nodes <= 1_000_000:
            raise ValueError("1 ≤ `nodes` ≤ 1,000,000")


def run(inputs: tuple[str, ...], parameters: Parameters, context: Context) -> Measurement:
    """Search, check, write the certificate down; `inputs` are files that the case's code reads."""
    for name in inputs:
        input_file(context, name)
    problem = problem_of(context.case_folder, parameters.problem)
    effort = Effort(
        nodes=parameters.nodes,
        split=parameters.split,
        tolerance=parameters.tolerance,
        seed=context.seed,
    )
    try:
        proof = prove(problem, effort, context.progress)
    except ValueError as error:
        raise MethodError(f"`{parameters.problem}`: {error}") from error
    (context.scratch / "certificate.json").write_text(proof.text, "utf-8")
    found = measured(problem, proof, effort)
    return replace(found, artefacts={"certificate": "certificate.json"})


METHOD = Method(
    name="verification/bounds",
    version="1.0.0",
    says="Proves by linear bounds and branch and bound, checked in exact arithmetic, that a small "
    "network keeps a linear specification on every input of a box, or finds an input that breaks "
    "it.",
    parameters=Parameters,
    measures=MEASURES,
    limits=(
        "What is proved is the specification. A harm that it does not name, or inputs outside its "
        "boxes, are not spoken of.",
        "The network is proved in real arithmetic, with its weights as they are stored. A machine "
        "rounds; let `tolerance` be larger than what rounding can move a margin by.",
        "Networks are Linear layers with ReLU or tanh between, of some tens of units. Attention "
        "has no bounds here; enumerate the inputs of a small transformer instead.",
        "An open leaf says that the search ended, not that the network is wrong.",
    ),
    source="Zhang et al. 2018, arXiv:1811.00866; Singh et al. 2019, doi:10.1145/3290354; "
    "Wang et al. 2021, arXiv:2103.06624",
    run=run,
    self_check=self_check,
    controls=controls,
    files=lambda parameters: (file_of(parameters.problem),),
    needs_model=False,
)
