"""What crosses the process boundary: measurements and controls as canonical JSON.

Numbers with a fraction travel as decimal strings, so that what is signed is what was measured.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

from safetycase.plugin.contract import (
    Controls,
    Measurement,
    MethodError,
    Planted,
)
from safetycase.stats import Statistic, from_json, to_json

__all__ = [
    "controls_json",
    "controls_of",
    "measurement_json",
    "plots_json",
    "quantities_of",
    "restored_plots",
]

MAX_TEXT = 20_000
_NUMBERS = frozenset(
    {"low", "point", "high", "threshold", "edges", "x", "y", "points"}
    | {"lines", "marks", "series", "worst"}
)


def measurement_json(found: Measurement) -> dict[str, Any]:
    """A measurement as canonical data; raises `MethodError` naming what does not fit."""
    if not isinstance(found, Measurement):
        raise MethodError(f"the method returned {type(found).__name__}, not a Measurement")
    if not found.quantities:
        raise MethodError("the method returned no quantity")
    return {
        "quantities": {str(name): to_json(value) for name, value in found.quantities.items()},
        "counts": {str(k): int(v) for k, v in found.counts.items()},
        "effort": _texts(found.effort),
        "instrument": [
            {"name": c.name, "passed": bool(c.passed), "detail": _text(c.detail)}
            for c in found.instrument
        ],
        "raises": [{"name": r.name, "says": _text(r.says)} for r in found.raises],
        "plots": plots_json(found.plots),
        "transcripts": [_texts(dataclasses.asdict(t)) for t in found.transcripts],
        "diagnostics": _texts(found.diagnostics),
    }


def controls_json(found: Controls) -> dict[str, Any]:
    """Planted controls as canonical data."""
    if not isinstance(found, Controls):
        raise MethodError(f"controls() returned {type(found).__name__}, not Controls")
    return {
        "criterion": found.criterion,
        "planted": [
            {
                "name": p.name,
                "claim_is_true": p.claim_is_true,
                "passes": p.passes,
                "runs": p.runs,
                "says": _text(p.says),
            }
            for p in found.planted
        ],
    }


def controls_of(body: Mapping[str, Any]) -> Controls:
    """The controls a record holds."""
    return Controls(
        criterion=str(body["criterion"]),
        planted=tuple(
            Planted(
                name=p["name"],
                claim_is_true=p["claim_is_true"],
                passes=p["passes"],
                runs=p["runs"],
                says=p.get("says", ""),
            )
            for p in body["planted"]
        ),
    )


def quantities_of(measurement: Mapping[str, Any]) -> dict[str, Statistic]:
    """The sufficient statistics of a recorded measurement; `ValueError` if unreadable."""
    return {name: from_json(value) for name, value in measurement["quantities"].items()}


def plots_json(plots: tuple[Any, ...]) -> list[dict[str, Any]]:
    """Plots as canonical data, numbers as decimal strings."""
    return [_canonical(dataclasses.asdict(plot)) for plot in plots]


def restored_plots(plots: list[Mapping[str, Any]]) -> tuple[Mapping[str, Any], ...]:
    """Recorded plots with their numbers back as floats; counts and labels as they are."""
    return tuple(_restore(plot, numeric=False) for plot in plots)


def _restore(value: Any, *, numeric: bool) -> Any:
    if isinstance(value, Mapping):
        return {k: _restore(v, numeric=numeric or k in _NUMBERS) for k, v in value.items()}
    if isinstance(value, list):
        return [_restore(v, numeric=numeric) for v in value]
    if numeric and isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    return value


def _canonical(value: Any) -> Any:
    if isinstance(value, bool) or value is None or isinstance(value, int):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise MethodError(f"a plot holds {value}")
        return repr(value)
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        return {str(k): _canonical(v) for k, v in value.items()}
    return [_canonical(v) for v in value]


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    return {str(k): _text(str(v)) for k, v in values.items()}


def _text(text: str) -> str:
    """Cut to a stated length; lone surrogates, which JSON cannot carry, are made visible."""
    clean = text.encode("utf-8", "backslashreplace").decode("utf-8")
    if len(clean) <= MAX_TEXT:
        return clean
    return clean[:MAX_TEXT] + f" … [cut: {len(clean) - MAX_TEXT} more characters]"
