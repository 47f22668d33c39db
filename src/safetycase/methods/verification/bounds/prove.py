"""From a problem to a certificate that was checked, and what is measured of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from safetycase.methods.verification.bounds.programme import speaks
from safetycase.methods.verification.bounds.search import Effort, Tree, search
from safetycase.methods.verification.certificate import Broken, Found, certificate_of, check
from safetycase.methods.verification.outcome import (
    COUNTEREXAMPLES,
    MARGIN,
    broken,
    count,
    outward,
    said,
    says_nothing,
)
from safetycase.methods.verification.specification import Linear, Problem, Property
from safetycase.plugin.contract import (
    InstrumentCheck,
    Measure,
    Measurement,
    MethodError,
    Progress,
)
from safetycase.stats import SURE, Certified, Statistic

__all__ = ["MEASURES", "Proof", "measured", "prove", "quantities"]

MEASURES = (
    COUNTEREXAMPLES,
    Measure(
        name="verified_share",
        unit="share of the box",
        safer="higher",
        says="inputs that keep the obligation that is proved for the fewest; at least the share "
        "that is proved",
    ),
    Measure(
        name="unproved_share",
        unit="share of the box",
        safer="lower",
        says="inputs that may break the obligation that is proved for the fewest",
    ),
    MARGIN,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A certificate, what its checker says of it, and what the search visited."""

    text: str
    found: tuple[Found, ...]
    visited: tuple[int, ...]
    nearest: tuple[tuple[Fraction, ...] | None, ...]


def prove(problem: Problem, effort: Effort, say: Progress) -> Proof:
    """Search for a proof or a counterexample of each obligation, and check what was found.

    `MethodError` for a property that speaks of no input.
    """
    for spec in problem.properties:
        if not speaks(spec):
            raise MethodError(says_nothing(spec.name))
    trees: list[Tree] = [search(problem, one, effort, say) for one in problem.obligations]
    text = certificate_of(problem, effort.tolerance, [tree.nodes for tree in trees])
    return Proof(
        text=text,
        found=check(problem, text)[1],
        visited=tuple(tree.visited for tree in trees),
        nearest=tuple(tree.nearest for tree in trees),
    )


def quantities(problem: Problem, proof: Proof) -> Mapping[str, Statistic]:
    """The statistics of a proof; each holds for sure, whatever was left open."""
    refuted = sum(bool(one.counterexamples) for one in proof.found)
    open_ = sum(not one.holds and not one.counterexamples for one in proof.found)
    least = min(one.proved for one in proof.found)
    what = f"{len(proof.found)} obligations"
    return {
        "counterexamples": count(refuted, open_, what),
        "verified_share": Certified(
            low=outward(least, up=False), high=1.0, level=SURE, says="proved by linear bounds"
        ),
        "unproved_share": Certified(
            low=0.0, high=outward(1 - least, up=True), level=SURE, says="proved by linear bounds"
        ),
        "robust_margin": _margin(problem, proof),
    }


def _margin(problem: Problem, proof: Proof) -> Certified:
    """Between the least bound of any leaf and the least margin of any input that was seen."""
    whole = all(one.holds for one in proof.found)
    bounds = [one.lower for one in proof.found if one.lower is not None]
    seen = []
    for (place, row), x in zip(problem.obligations, proof.nearest, strict=True):
        if x is not None and problem.network.activation == "relu":
            seen.append(problem.properties[place].holds[row].at(problem.network.value(x)))
    high = outward(min(seen), up=True) if seen else float("inf")
    low = outward(min(bounds), up=False) if whole and bounds else float("-inf")
    return Certified(low=low, high=high, level=SURE, says="leaves of the proof, inputs seen")


def measured(problem: Problem, proof: Proof, effort: Effort) -> Measurement:
    """The measurement of a proof, its certificate aside."""
    refuted = [(f.name, f.row, x) for f in proof.found for x in f.counterexamples]
    decided = sum(f.holds or bool(f.counterexamples) for f in proof.found)
    total = len(proof.found)
    return Measurement(
        quantities=quantities(problem, proof),
        counts={"planned": total, "scored": decided, "unscored": total - decided},
        effort={
            "pieces": f"{sum(proof.visited)} visited, at most {effort.nodes} for an obligation",
            "leaves": f"{sum(f.proofs for f in proof.found)} proved, "
            f"{sum(f.open for f in proof.found)} open",
        },
        instrument=(_refuses(problem, proof),),
        transcripts=broken(problem, refuted),
        diagnostics=said(problem, effort.tolerance),
    )


def _refuses(problem: Problem, proof: Proof) -> InstrumentCheck:
    """The proof is tried on claims known to be false: the checker must not take it for one."""
    name = "the checker refuses the same proof of a false claim"
    tried = [
        (place, row, x)
        for (place, row), x, one in zip(
            problem.obligations, proof.nearest, proof.found, strict=True
        )
        if x is not None and one.holds
    ]
    if not tried:
        return InstrumentCheck(name=name, passed=True, detail="nothing was proved")
    for place, row, x in tried:
        false = _false(problem, place, row, x)
        text = proof.text.replace(problem.digest, false.digest)
        try:
            check(false, text)
        except Broken:
            continue
        return InstrumentCheck(
            name=name, passed=False, detail=f"row {row + 1} of `{problem.properties[place].name}`"
        )
    return InstrumentCheck(name=name, passed=True, detail=f"{len(tried)} false claims refused")


def _false(problem: Problem, place: int, row: int, x: Sequence[Fraction]) -> Problem:
    """The problem with one offset so much lower that the input x breaks it."""
    spec = problem.properties[place]
    old = spec.holds[row]
    if problem.network.activation == "relu":
        fall = float(old.at(problem.network.value(x))) + 1e-6
    else:
        fall = sum(abs(c) for c in old.coefficients) * 1e6
    rows = list(spec.holds)
    rows[row] = Linear(coefficients=old.coefficients, offset=old.offset - abs(fall) * 1.001)
    changed = Property(
        name=spec.name,
        low=spec.low,
        high=spec.high,
        holds=tuple(rows),
        given=spec.given,
        whole=spec.whole,
    )
    properties = list(problem.properties)
    properties[place] = changed
    return Problem(network=problem.network, properties=tuple(properties))
