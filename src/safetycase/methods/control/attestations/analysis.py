"""From opened statements to which required properties are attested, and why the others are not."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from safetycase.methods.control.attestations.rows import Attestation, instant
from safetycase.plugin.contract import (
    Bar,
    InstrumentCheck,
    Intervals,
    Measurement,
    MethodError,
    Raised,
)
from safetycase.stats import Exact

__all__ = ["LOG", "analyse"]

LOG = "log-outside-agent"
"""The property that the log of what the agent did is kept where the agent cannot change it."""

Signed = tuple[Attestation, bool]
"""An attestation, and whether one of the given keys signed it."""


def analyse(
    found: Sequence[Signed], parameters: Any, weights: str, artefacts: Mapping[str, str]
) -> Measurement:
    """The measurement of all attestations of the inputs."""
    now = instant(parameters.as_of)
    wanted = [
        (each, each.sha256 or _weights(weights, each.property)) for each in parameters.required
    ]
    days: dict[str, float] = {}
    reasons: dict[str, str] = {}
    denied: list[str] = []
    for each, digest in wanted:
        name = f"{each.property} of {digest[:12]}"
        left, why, no = _judge(each.property, digest, found, now, parameters.max_age_days)
        denied += [f"{name}: {place}" for place in no]
        if left is None:
            reasons[name] = why
        else:
            days[name] = left
    valid, of = len(days), len(wanted)
    least = min(days.values()) if valid == of else 0.0
    return Measurement(
        quantities={
            "valid": Exact(value=float(valid), says=f"of {of} that are required"),
            "valid_share": Exact(value=valid / of, says=f"{valid} of {of}"),
            "invalid": Exact(value=float(of - valid), says=f"of {of} that are required"),
            "days_left": Exact(
                value=least,
                says="until the first stops counting" if valid == of else "one does not count now",
            ),
        },
        counts={
            "required": of,
            "valid": valid,
            "attested properties read": len(found),
            "signed by a given key": sum(signed for _, signed in found),
        },
        instrument=(_log(wanted, reasons),),
        raises=_denied(denied),
        plots=_picture(days, reasons),
        diagnostics={f"not valid: {name}": why for name, why in reasons.items()}
        | {f"valid: {name}": f"{left:.2f} days left" for name, left in days.items()}
        | {"judged for": now.isoformat()},
        artefacts=dict(artefacts),
    )


def _weights(weights: str, what: str) -> str:
    if not weights:
        raise MethodError(
            f"`{what}` is required of the case's model, and its weights are not on this machine; "
            "declare the model with `provider: local` and its GGUF file, or give `sha256`"
        )
    return weights


def _judge(
    what: str, digest: str, found: Sequence[Signed], now: datetime.datetime, most: int
) -> tuple[float | None, str, list[str]]:
    """(days left or None, why not, places of signed statements that deny it)."""
    about = [each for each in found if each[0].property == what]
    if not about:
        return None, "nothing attests it", []
    days: list[float] = []
    reasons: list[str] = []
    denied: list[str] = []
    for one, signed in about:
        place = one.statement.place
        why = _unfit(one, signed, digest, now)
        end = _end(one, most)
        if not why and not one.holds:
            # A denial counts whatever its age: only a later statement that it holds ends it.
            denied.append(place)
            why = "it says that it does not hold"
        elif not why and end <= now:
            why = f"expired at {end.isoformat()}"
        if why:
            reasons.append(f"{place}: {why}")
        else:
            days.append((end - now) / datetime.timedelta(days=1))
    if denied and not _cleared(about, digest, now, most):
        return None, "; ".join(reasons), denied
    return (max(days), "", []) if days else (None, "; ".join(reasons), [])


def _unfit(one: Attestation, signed: bool, digest: str, now: datetime.datetime) -> str:
    """Why a statement says nothing here, whatever it says; empty if it does."""
    if not one.statement.signed:
        return "it is not signed"
    if not signed:
        return "none of its signatures is of a given key"
    if digest not in one.statement.digests:
        return "it is about another subject"
    if one.issued > now:
        return f"it was issued later, at {one.issued.isoformat()}"
    return ""


def _end(one: Attestation, most: int) -> datetime.datetime:
    """When it stops counting."""
    try:
        oldest = one.issued + datetime.timedelta(days=most)
    except OverflowError:
        oldest = datetime.datetime.max.replace(tzinfo=datetime.UTC)
    return oldest if one.expires is None else min(one.expires, oldest)


def _cleared(about: Sequence[Signed], digest: str, now: datetime.datetime, most: int) -> bool:
    """Whether a statement that it holds was issued after every denial, and is in date."""
    fit = [one for one, signed in about if not _unfit(one, signed, digest, now)]
    last = max(one.issued for one in fit if not one.holds)
    return any(one.holds and one.issued > last and _end(one, most) > now for one in fit)


def _log(wanted: Sequence[tuple[Any, str]], reasons: Mapping[str, str]) -> InstrumentCheck:
    """Traces that the agent can delete attest nothing (an out-of-agent log is needed)."""
    logs = [f"{each.property} of {digest[:12]}" for each, digest in wanted if each.property == LOG]
    missing = [name for name in logs if name in reasons]
    said = "; ".join(f"{name}: {reasons[name]}" for name in missing)
    return InstrumentCheck(
        name="a log is kept outside the agent",
        passed=bool(logs) and not missing,
        detail=said or (f"{len(logs)} attested" if logs else f"`{LOG}` is not in `required`"),
    )


def _denied(places: Sequence[str]) -> tuple[Raised, ...]:
    if not places:
        return ()
    return (
        Raised(
            name="integrity-denied",
            says="A signed statement says that a required property does not hold, and none issued "
            "later says that it does: " + "; ".join(places) + ".",
        ),
    )


def _picture(days: Mapping[str, float], reasons: Mapping[str, str]) -> tuple[Intervals, ...]:
    bars = [Bar(label=name, low=0.0, point=left, high=left) for name, left in days.items()]
    bars += [
        Bar(label=name, low=0.0, point=0.0, high=0.0, note="not valid: " + why[:120])
        for name, why in reasons.items()
    ]
    return (
        Intervals(
            title="Days for which each required attestation still counts",
            unit="days",
            bars=tuple(bars),
        ),
    )
