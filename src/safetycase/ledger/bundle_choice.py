"""Which records a bundle of chosen ones holds: those asked for, and what they need."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from safetycase.ledger.artefacts import redacts
from safetycase.ledger.bundle_zip import BundleRefused
from safetycase.ledger.record import Record
from safetycase.ledger.rules import misfits, noted

__all__ = ["choose"]


def choose(
    records: Sequence[Record], wanted: Iterable[str], sizes: Iterable[int]
) -> tuple[int, ...]:
    """The numbers of the records that a bundle of `wanted` holds, ascending.

    A name in `wanted` is that of evidence, of a claim, of a live monitor, or the number of a
    record. With a registration come all of its attempts, their ends, the controls of its method
    and the waivers of its evidence; with every choice all keys, events, redactions, alarms with
    their resolutions and the whole review come, since they bear on what the rest is worth, and
    the last record of each
    of `sizes`, the checkpoints that go with them. Raises `BundleRefused` for a name that names
    nothing.
    """
    sound = [record for record in records if not misfits(record.kind, record.body)]
    chosen = {r.seq for r in sound if r.kind in _ALWAYS or redacts(r) or _alarm(r)}
    for name in wanted:
        found = {record.seq for record in sound if _named(record, name)}
        if not found:
            raise BundleRefused(
                f"`{name}` is no evidence or claim with a registration, no monitor with a signal, "
                "and no number of a record"
            )
        chosen |= found
    chosen |= _beneath(sound, chosen)
    return tuple(sorted({1, *chosen, *sizes}))


def _named(record: Record, name: str) -> bool:
    if name.isascii() and name.isdecimal():
        return record.seq == int(name)
    body = record.body
    if record.kind == "signal":
        return bool(body["monitor"] == name)
    return record.kind == "registration" and name in (body["evidence"], body["claim"])


def _beneath(records: Sequence[Record], chosen: set[int]) -> set[int]:
    """What the chosen records need: registrations upwards, then everything that hangs on them."""
    attempts = {r.body["attempt"]: r.body["registration"] for r in records if _starts(r)}
    shots = {r.body["shot"] for r in records if r.seq in chosen and _of_shot(r)}
    registrations = set()
    for record in records:
        if record.seq not in chosen:
            continue
        if record.kind == "registration":
            registrations.add(record.seq)
        elif record.kind in ("attempt-start", "attempt-end"):
            registrations.add(attempts.get(record.body["attempt"], 0))
    registered = [r.body for r in records if r.seq in registrations and r.kind == "registration"]
    evidence = {body["evidence"] for body in registered}
    methods = {str(_method(body["recipe"])) for body in registered}
    found = set()
    for record in records:
        body, kind = record.body, record.kind
        hangs = (
            record.seq in registrations
            or (kind == "attempt-start" and body["registration"] in registrations)
            or (kind == "attempt-end" and attempts.get(body["attempt"]) in registrations)
            or (kind == "waiver" and body["evidence"] in evidence)
            or (kind == "controls" and body["method"] in methods)
            or (_of_shot(record) and body["shot"] in shots)
        )
        if hangs:
            found.add(record.seq)
    return found


_REVIEW = ("challenge", "response", "ruling", "sign-off", "dissent", "override")
_ALWAYS = ("key", "event", "resolution", *_REVIEW)


def _alarm(record: Record) -> bool:
    return record.kind == "signal" and record.body["state"] == "alarm"


def _starts(record: Record) -> bool:
    return record.kind == "attempt-start"


def _of_shot(record: Record) -> bool:
    return noted(record.kind, record.body) in ("shot", "shot-result")


def _method(recipe: object) -> object:
    """The name of the method in a recipe, wherever this release or an older one put it."""
    instrument = recipe.get("instrument", {}) if isinstance(recipe, dict) else {}
    return instrument.get("method", "") if isinstance(instrument, dict) else ""
