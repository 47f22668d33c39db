"""Which recorded events reach which registration, and what a waiver lets pass.

An event reaches a registration if every selector that it gives matches. What was found wrong with
an instrument or its data stays wrong: such an event reaches later registrations of the same
content too. Any other reaches the runs that started before it, and a new run clears it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from safetycase.ledger.fold import AttemptRecord, EventRecord, Registration, WaiverRecord
from safetycase.ledger.record import stamp

__all__ = ["LASTING", "NEVER_WAIVED", "lasts", "matches", "reaching", "waiver_for"]

LASTING: Final = frozenset(
    {
        "instrument-revoked",
        "evaluation-bug-found",
        "dataset-withdrawn",
        "contamination-found",
        "judge-withdrawn",
    }
)
"""What was found wrong with the content itself: using it again does not cure it."""

CONTENT: Final = ("method", "method_version", "code", "file", "weights", "weights_sha256")
"""The selectors that name a content; a lasting event without one is about runs, not content."""

NEVER_WAIVED: Final = (
    "criterion",
    "distribution",
    "subject.weights",
    "subject.weights_sha256",
    "subject.weights_files",
    "subject.provider",
    "subject.identity",
    "effort",
    "sampling",
)
"""What nobody can call the same: another model, another criterion, another distribution, less
effort, other sampling."""


def lasts(event: EventRecord) -> bool:
    """Whether the event also reaches what is registered after it."""
    return event.event in LASTING and any(key in event.about for key in CONTENT)


def matches(
    event: EventRecord,
    registration: Registration,
    attempts: Iterable[AttemptRecord],
    distribution: str,
) -> bool:
    """Whether every selector of the event names something of the registration or its runs."""
    if event.about == {"all": True}:
        return True
    has: Mapping[str, set[str]] | None = None
    for selector, wanted in event.about.items():
        if has is None:
            has = _content(registration, attempts, distribution)
        if not isinstance(wanted, list) or has.get(selector, set()).isdisjoint(wanted):
            return False
    return True


def reaching(
    events: Iterable[EventRecord],
    registration: Registration,
    attempts: Iterable[AttemptRecord],
    distribution: str,
) -> EventRecord | None:
    """The first event that reaches a result, or None."""
    runs = list(attempts)
    started = min((a.start_seq for a in runs), default=registration.seq)
    for event in events:
        if (event.seq > started or lasts(event)) and matches(
            event, registration, runs, distribution
        ):
            return event
    return None


def waiver_for(
    waivers: Iterable[WaiverRecord],
    registration: Registration,
    recipe_digest: str,
    fields: Iterable[str],
    now: datetime,
) -> WaiverRecord | None:
    """The waiver that lets exactly these changed fields of these two recipes pass, or None.

    It counts if a key other than the registration's signed it, if its reviewer is not its author,
    and until it expires; it never covers what `NEVER_WAIVED` names.
    """
    changed = tuple(fields)
    at = stamp(now)
    for waiver in reversed(tuple(waivers)):
        if (
            waiver.old_recipe == registration.recipe_digest
            and waiver.new_recipe == recipe_digest
            and waiver.seq > registration.seq
            and at <= waiver.expires
            and waiver.keyid != registration.keyid
            and _person(waiver.reviewer) != _person(waiver.author)
            and all(_under(field, waiver.fields) for field in changed)
            and not any(_under(field, NEVER_WAIVED) for field in changed)
        ):
            return waiver
    return None


def _person(name: str) -> str:
    return " ".join(name.split()).casefold()


def _under(field: str, names: Iterable[str]) -> bool:
    return any(field == name or field.startswith(name + ".") for name in names)


def _content(
    registration: Registration, attempts: Iterable[AttemptRecord], distribution: str
) -> Mapping[str, set[str]]:
    """Everything of a registration that a selector can name."""
    subject = _mapping(registration.recipe, "subject")
    instrument = _mapping(registration.recipe, "instrument")
    files = _mapping(instrument, "files")
    judges = [j for j in _mapping(instrument, "judges").values() if isinstance(j, Mapping)]
    read = {
        str(row[1])
        for a in attempts
        for key in ("files", "undeclared")
        for row in a.observed.get(key, ())
        if isinstance(row, list) and len(row) == 2
    }
    code = {str(v) for k, v in files.items() if str(k).endswith(".py")}
    return {
        "evidence": {registration.evidence},
        "claim": {registration.claim},
        "method": {str(instrument.get("method", ""))},
        "method_version": {str(instrument.get("method_version", ""))},
        "code": {str(v) for v in _mapping(instrument, "code").values()}
        | code
        | {str(instrument.get("method_code", ""))},
        "file": {str(v) for v in files.values()} | read,
        "weights": {str(each.get("weights", "")) for each in (subject, *judges)},
        "weights_sha256": {str(each.get("weights_sha256", "")) for each in (subject, *judges)}
        | {str(v) for v in _mapping(subject, "weights_files").values()},
        "distribution": {distribution},
        "keyid": {registration.keyid},
    }


def _mapping(within: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """A group or field of a recorded recipe; a record may hold anything there."""
    found = within.get(key)
    return found if isinstance(found, Mapping) else {}
