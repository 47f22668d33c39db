"""What is measured of inputs that were all tried, or of a sample of them."""

from __future__ import annotations

from dataclasses import dataclass

from safetycase.methods.verification.exhaustive.enumerate import Tried
from safetycase.methods.verification.exhaustive.spaces import BAD, UNDECIDED, Space
from safetycase.plugin.contract import (
    InstrumentCheck,
    Measure,
    Measurement,
    MethodError,
    Transcript,
)
from safetycase.stats import SURE, Certified, Exact, Proportion, Statistic

__all__ = ["MEASURES", "Setting", "enumerated", "sampled"]

SHOWN = 20
AGAIN = 256
MEASURES = (
    Measure(
        name="counterexamples",
        unit="inputs",
        safer="lower",
        says="inputs at which the model is bad, of all that there are; as many more as are "
        "undecided may be bad",
    ),
    Measure(
        name="bad_share",
        unit="share of inputs",
        safer="lower",
        says="the same over the inputs that the specification speaks of",
    ),
    Measure(
        name="inputs_checked",
        unit="inputs",
        safer="higher",
        says="inputs that were tried and that the specification speaks of",
    ),
    Measure(
        name="smallest_margin",
        unit="logits",
        safer="higher",
        says="how far the input nearest to bad is from it; below 0 it is bad",
    ),
    Measure(
        name="bad_rate",
        unit="share of inputs in use",
        safer="lower",
        says="the rate of bad behaviour on inputs as they come, from a sample",
    ),
)
COUNTED = ("counterexamples", "bad_share", "inputs_checked", "smallest_margin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """The tolerance of a margin, and how many inputs are tried at a time."""

    tolerance: float
    batch: int


def enumerated(space: Space, tried: Tried, setting: Setting) -> Measurement:
    """Counts over all inputs; they hold for sure, whatever was left undecided."""
    spoken = tried.size - tried.silent
    if spoken <= 0:
        raise MethodError("the specification speaks of none of the inputs that were tried")
    ended = tried.stretches[-1].stop == tried.size
    quantities: dict[str, Statistic] = {
        "counterexamples": _between(tried.bad, tried.undecided, 1, space.says),
        "bad_share": _between(tried.bad, tried.undecided, spoken, space.says),
        "inputs_checked": Exact(
            value=float(tried.stretches[-1].stop - tried.silent), says=space.says
        ),
    }
    without = {}
    if ended:
        quantities["smallest_margin"] = Exact(value=tried.least, says=space.says)
    else:
        without = {"without smallest_margin": "it ended at the first counterexample"}
    decided = tried.fine + tried.bad
    return Measurement(
        quantities=quantities,
        counts={"planned": spoken, "scored": decided, "unscored": spoken - decided},
        effort={"inputs": f"{tried.stretches[-1].stop} of {tried.size} tried: {space.says}"},
        instrument=(_steady(space, tried, setting),),
        transcripts=tuple(
            Transcript(
                id=f"input {place}",
                prompt=space.text(place),
                output="bad",
                note="tried again by its number in the enumeration",
            )
            for place in tried.first[:SHOWN]
        ),
        diagnostics={
            "space": f"{space.says}; SHA-256 {space.digest}",
            "tolerance": f"{setting.tolerance:g}",
            "stretches": f"{len(tried.stretches)}, {tried.earlier} of them from an earlier run "
            "on this machine, one of which was tried again",
            "without bad_rate": "all inputs were tried, none was sampled",
        }
        | without,
        artefacts={"certificate": "certificate.json"},
    )


def _between(bad: int, undecided: int, of: int, says: str) -> Statistic:
    if not undecided:
        return Exact(value=bad / of, says=says)
    return Certified(low=bad / of, high=(bad + undecided) / of, level=SURE, says=says)


def _steady(space: Space, tried: Tried, setting: Setting) -> InstrumentCheck:
    """The inputs nearest to zero, computed once more and more precisely."""
    places = tried.nearest[:AGAIN]
    moved = space.reordered(places)
    return InstrumentCheck(
        name="rounding moves no margin by more than the tolerance",
        passed=moved <= setting.tolerance,
        detail=f"by {moved:.3g} at most, at the {len(places)} inputs nearest to zero",
    )


def sampled(space: Space, count: int, seed: int, setting: Setting) -> Measurement:
    """The rate on a sample; what is undecided has no score, and the bounds count it as either."""
    verdicts, _ = space.drawn(count, seed)
    bad, undecided = int((verdicts == BAD).sum()), int((verdicts == UNDECIDED).sum())
    how = "as they come in use" if space.in_use else "each as likely as any other"
    return Measurement(
        quantities={
            "bad_rate": Proportion(successes=bad, trials=count - undecided, missing=undecided)
        },
        counts={"planned": count, "scored": count - undecided, "unscored": undecided},
        effort={"inputs": f"{count} drawn, {how}"},
        diagnostics={"tolerance": f"{setting.tolerance:g}"}
        | {f"without {name}": "inputs were sampled, not all tried" for name in COUNTED},
    )
