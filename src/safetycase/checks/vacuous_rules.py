"""A criterion has to be able to fail: one that every possible result meets shows nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from math import inf

from safetycase.argument.findings import Finding
from safetycase.argument.graph import claim_of
from safetycase.argument.model import Evidence
from safetycase.checks.subject import Subject, finding
from safetycase.plugin.contract import Method

__all__ = ["cannot_fail"]

_SHARES = ("proportion", "probability", "recall", "success rate", "p-value", "1 or 0")
_GAPS = ("probability gap", "recall gap")
_COUNTS = (
    "actions", "answers", "attestations", "challenges", "days", "defeaters", "environments",
    "faults", "fields", "inputs", "obligations", "outputs", "queries", "steps", "tests",
)  # fmt: skip


def cannot_fail(subject: Subject) -> Iterator[Finding]:
    """C128: the criterion of a leaf that is met by whatever its method may measure."""
    conclusions = subject.conclusions
    for name, facts in subject.leaves.items():
        element = subject.case.elements[name]
        claim = claim_of(subject.case, name, conclusions)
        if claim is None or claim.holds_when is None or not isinstance(element, Evidence):
            continue
        if not isinstance(facts.method, Method):
            continue
        ranges = _ranges(facts.method, element.reads)
        names = claim.holds_when.names
        if names and all(n in ranges for n in names) and claim.holds_when.decide(ranges) is True:
            what = ", ".join(f"{n} from {_said(*ranges[n])}" for n in names)
            yield finding(
                subject,
                "C128",
                (claim.id, "holds_when"),
                f"no result of `{name}` could fail `{claim.holds_when}`: {what}",
                "write the bound that a result has to meet, and that a bad one misses",
            )


def _ranges(method: Method, reads: Mapping[str, str]) -> Mapping[str, tuple[float, float]]:
    """Quantity -> what the measure that is read for it can be at all, by its unit."""
    return {
        quantity: _range(measure.unit)
        for quantity, read in reads.items()
        for measure in method.measures
        if fnmatchcase(read, measure.name)
    }


def _range(unit: str) -> tuple[float, float]:
    if unit in _SHARES or unit == "share" or unit.startswith("share of "):
        return (0.0, 1.0)
    if unit in _GAPS:
        return (-1.0, 1.0)
    return (0.0, inf) if unit in _COUNTS else (-inf, inf)


def _said(low: float, high: float) -> str:
    return f"{low:g} up" if high == inf else f"{low:g} to {high:g}"
