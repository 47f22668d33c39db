"""What a change would do, as text: the number and the truth before and after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from safetycase.assess.records import Assessment, Confidence
from safetycase.assess.what_if import WhatIf
from safetycase.report.clean import one_line, wrap
from safetycase.report.numbers import confidence_text

__all__ = ["what_if_lines"]

_TRUTH = {"true": "supported", "false": "refuted", "unknown": "not shown"}
_MOST = 12


def what_if_lines(
    assessment: Assessment, name: str, found: WhatIf, *, width: int = 100
) -> list[str]:
    """Before and after for `name`, and what else would change."""
    return list(_lines(assessment, name, found, width))


def _lines(assessment: Assessment, name: str, found: WhatIf, width: int) -> Iterator[str]:
    before, after = found.told(name)
    asked = ", ".join(one_line(change) for change in found.changes)
    yield from wrap(f"If {asked}:", width)
    yield f"  {one_line(name)} now:  {_said(before)}"
    yield f"  {one_line(name)} then: {_said(after)}"
    if name == assessment.case.root:
        target = assessment.case.header.target
        low = after["low"] if isinstance(after["low"], float) else 0.0
        reached = after["truth"] == "true" and low >= target
        yield f"  The target {target:g} would {'' if reached else 'not '}be reached."
    moved = [n for n in found.moved() if n != name]
    if moved:
        yield ""
        yield "What else would change:"
        for other in moved[:_MOST]:
            was, then = found.told(other)
            yield f"  {one_line(other)}: {_TRUTH[str(was['truth'])]} → {_TRUTH[str(then['truth'])]}"
        if len(moved) > _MOST:
            yield f"  … and {len(moved) - _MOST} more"


def _said(told: Mapping[str, str | float | None]) -> str:
    words, low, high = _TRUTH[str(told["truth"])], told["low"], told["high"]
    if isinstance(low, float) and isinstance(high, float):
        return f"{words}, confidence {confidence_text(Confidence(low=low, high=high))}"
    return f"{words}, no number"
