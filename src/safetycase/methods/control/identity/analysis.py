"""From two manifests to the fields that differ, each with both values."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetycase.methods.control.identity.manifest import Field, Manifest, unknown
from safetycase.methods.imported.strict import read
from safetycase.plugin.contract import Bar, InstrumentCheck, Intervals, Measurement
from safetycase.stats import Exact

__all__ = ["analyse"]

MOST = 2**30  # the largest file that is digested


def analyse(
    evaluated: Manifest,
    deployed: Manifest,
    parameters: Any,
    files: Mapping[str, Path],
    artefacts: Mapping[str, str],
) -> Measurement:
    """Compare every field that either manifest has, is required, or has a file."""
    names = sorted({*evaluated.fields, *deployed.fields, *parameters.required, *files})
    found = {name: _differs(name, evaluated, deployed, files.get(name)) for name in names}
    wrong = {name: why for name, why in found.items() if why}
    unclear = [name for name in wrong if _unclear(name, evaluated) or _unclear(name, deployed)]
    same = len(names) - len(wrong)
    return Measurement(
        quantities={
            "differences": Exact(value=float(len(wrong)), says=f"of {len(names)} fields"),
            "unknown_fields": Exact(value=float(len(unclear)), says=f"of {len(names)} fields"),
            "fields": Exact(value=float(len(names)), says="fields of either manifest"),
        },
        counts={
            "fields": len(names),
            "the same": same,
            "differ": len(wrong),
            "not known or not there": len(unclear),
            "checked against a file": len(files),
        },
        instrument=_instrument(evaluated, deployed, parameters),
        plots=(_picture(same, len(wrong) - len(unclear), len(unclear)),),
        diagnostics={f"differs: {name}": why for name, why in wrong.items()}
        | {"collected": f"{evaluated.collected} as evaluated, {deployed.collected} as deployed"}
        | {"sources": f"{evaluated.source}; {deployed.source}"},
        artefacts=dict(artefacts),
    )


def _unclear(name: str, manifest: Manifest) -> bool:
    return name not in manifest.fields or unknown(manifest.fields[name])


def _differs(name: str, evaluated: Manifest, deployed: Manifest, file: Path | None) -> str:
    """Why the field differs; empty if it is the same and known."""
    for word, manifest in (("evaluated", evaluated), ("deployed", deployed)):
        if name not in manifest.fields:
            return f"the {word} manifest does not have it"
        if unknown(manifest.fields[name]):
            return f"the {word} manifest does not know it ({manifest.fields[name]!r:.40})"
    one, other = evaluated.fields[name], deployed.fields[name]
    if not _equal(one, other):
        return f"evaluated: {_shown(one, other)}; deployed: {_shown(other, one)}"
    if file is not None:
        digest = hashlib.sha256(read(file, MOST)).hexdigest()
        if digest != one:
            return f"both say {_shown(one, '')}; the file `{file.name}` has {digest}"
    return ""


def _equal(one: Field, other: Field) -> bool:
    """True is not 1, and a list in another order is another list."""
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def _shown(value: Field, other: Field) -> str:
    """A value; of a list, what the other one lacks."""
    if isinstance(value, tuple) and isinstance(other, tuple):
        own = [each for each in value if each not in other]
        return f"{len(value)} entries, of these alone {own!r:.300}"
    return f"{value!r:.200}"


def _instrument(
    evaluated: Manifest, deployed: Manifest, parameters: Any
) -> tuple[InstrumentCheck, ...]:
    as_of = datetime.date.fromisoformat(parameters.as_of)
    age = (as_of - deployed.collected).days
    copied = deployed.data == evaluated.data or (
        (deployed.collected, deployed.source) == (evaluated.collected, evaluated.source)
    )
    return (
        InstrumentCheck(
            name="the deployed manifest was collected by itself",
            passed=not copied and deployed.collected >= evaluated.collected,
            detail="it is a copy of the evaluated one, with the same source and day"
            if copied
            else f"evaluated {evaluated.collected}, deployed {deployed.collected}; it is not older",
        ),
        InstrumentCheck(
            name="the deployed manifest is recent",
            passed=0 <= age <= parameters.max_age_days,
            detail=f"collected {age} days before {as_of}; from 0 to {parameters.max_age_days} are "
            "allowed",
        ),
    )


def _picture(same: int, differ: int, unclear: int) -> Intervals:
    counts = {"the same": same, "differ": differ, "not known or not there": unclear}
    return Intervals(
        title="Fields of the controls, as evaluated and deployed",
        unit="fields",
        bars=tuple(
            Bar(label=name, low=float(n), point=float(n), high=float(n))
            for name, n in counts.items()
        ),
    )
