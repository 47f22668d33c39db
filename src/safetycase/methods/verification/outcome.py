"""What a proof gives a claim: obligations kept, broken and open, and what is sure of each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction

from safetycase.methods.verification.specification import Problem
from safetycase.plugin.contract import Measure, Transcript
from safetycase.stats import SURE, Certified, Exact, Statistic

__all__ = [
    "COUNTEREXAMPLES",
    "MARGIN",
    "broken",
    "count",
    "outward",
    "said",
    "says_nothing",
]

COUNTEREXAMPLES = Measure(
    name="counterexamples",
    unit="obligations",
    safer="lower",
    says="obligations (a property and one row of what it holds) that some input breaks; as many "
    "more as are open may be broken",
)
MARGIN = Measure(
    name="robust_margin",
    unit="output",
    safer="higher",
    says="the least margin of any obligation over all its inputs, which is above the tolerance "
    "where all is proved",
)


def count(refuted: int, open_: int, what: str) -> Statistic:
    """How many are broken, for sure: those found, and at most all that are open."""
    if not open_:
        return Exact(value=float(refuted), says=f"of {what}, all decided")
    return Certified(
        low=float(refuted),
        high=float(refuted + open_),
        level=SURE,
        says=f"{refuted} broken and {open_} open of {what}",
    )


def outward(value: Fraction, *, up: bool) -> float:
    """The nearest float that is not below (or above) the value."""
    found = float(value)
    if up and Fraction(found) < value:
        return math.nextafter(found, math.inf)
    if not up and Fraction(found) > value:
        return math.nextafter(found, -math.inf)
    return found


def broken(
    problem: Problem, found: Sequence[tuple[str, int, Sequence[Fraction]]]
) -> tuple[Transcript, ...]:
    """Counterexamples as transcripts: the input, and the output in exact arithmetic."""
    return tuple(
        Transcript(
            id=f"{name}, row {row + 1}",
            prompt=", ".join(str(value) for value in x),
            output=_output(problem, x),
            note="breaks the property; checked in exact arithmetic",
        )
        for name, row, x in found
    )


def _output(problem: Problem, x: Sequence[Fraction]) -> str:
    if problem.network.activation != "relu":
        return "not rational; its margin is at most the tolerance"
    return ", ".join(f"{float(value):.9g}" for value in problem.network.value(x))


def said(problem: Problem, tolerance: float) -> Mapping[str, str]:
    """What was proved, for the diagnostics."""
    network = problem.network
    return {
        "network": f"{network.inputs} inputs, {network.units} hidden units, {network.activation}; "
        f"SHA-256 {network.digest}",
        "specification": f"{len(problem.properties)} properties, {len(problem.obligations)} "
        f"obligations, margins above {tolerance:g}; SHA-256 with the network {problem.digest}",
    }


def says_nothing(name: str) -> str:
    """What is wrong with a property that no input of its box falls under."""
    return (
        f"the property `{name}` speaks of no input: nowhere in its box are all rows of `given` at "
        "least zero, so that any claim would hold; correct `given` or the box"
    )
