"""The assessment as plain JSON data: stable names, sorted keys, nothing rounded.

Text is given as it is; whoever shows it escapes it. Numbers that JSON cannot hold become null.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING

from safetycase.argument.expression import Expression
from safetycase.argument.graph import kind_of
from safetycase.argument.model import Element
from safetycase.assess.records import Assessment
from safetycase.report.outline import outline
from safetycase.report.review_json import review_json

if TYPE_CHECKING:
    from safetycase.assess.breakdown import Breakdown

__all__ = ["FORMAT", "element_json", "to_json"]

FORMAT = "safetycase/assessment@1"


def to_json(assessment: Assessment, *, breakdown: Breakdown | None = None) -> dict[str, object]:
    """A JSON-able mapping of the whole assessment; keys are sorted at every level.

    With the `breakdown` of the root claim's confidence there is a key `breakdown`.
    """
    case = assessment.case
    whole: dict[str, object] = {
        "format": FORMAT,
        "at": assessment.at,
        "attempts": assessment.attempts,
        "case": case.header,
        "elements": {
            name: {"element": kind_of(element), "at": str(case.span(name)), **_fields(element)}
            for name, element in case.elements.items()
        },
        "findings": assessment.findings,
        "headline": assessment.headline,
        "leaves": assessment.leaves,
        "monitors": {
            "challenges": assessment.challenges,
            "watched": assessment.monitors,
        },
        "no_number_because": assessment.no_number_because,
        "outline": [
            {"id": row.id, "role": row.role, "depth": row.depth, "reference": row.reference}
            for row in outline(assessment)
        ],
        "review": review_json(assessment.review),
        "record": {"length": assessment.record_length, "head": assessment.record_head},
        "root": case.root,
        "source": case.source,
        "states": assessment.states,
        "verdict": assessment.verdict,
    }
    if breakdown is not None:
        whole["breakdown"] = breakdown
    plain = _plain(whole)
    assert isinstance(plain, dict)
    return plain


def element_json(element: Element) -> object:
    """What an element says as JSON, its kind among it; where it stands is not part of that."""
    return _plain({"element": kind_of(element), **_fields(element)})


def _plain(value: object) -> object:
    """`value` in JSON's own types."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Expression):
        return value.text
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in sorted(value.items(), key=lambda kv: str(kv[0]))}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _plain(_fields(value))
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted(str(item) for item in value)
    return str(value)


def _fields(record: object) -> dict[str, object]:
    """A record's fields by name; a trailing underscore only dodges a Python keyword."""
    if not dataclasses.is_dataclass(record):
        return {}
    return {f.name.rstrip("_"): getattr(record, f.name) for f in dataclasses.fields(record)}
