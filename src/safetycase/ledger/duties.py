"""What was done about an event that somebody has to be told of: the words of a `duty` note.

Notes bear on no verdict, so a reader of the record that does not know these passes them over. One
that is not written as below is left out here: what it says was done then still counts as owed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from safetycase.ledger.record import Record, is_instant

__all__ = ["INCIDENTS", "NOTE", "OF_AN_EVENT", "OF_AN_INCIDENT", "STEPS", "StepRecord", "step_of"]

NOTE: Final = "duty"

INCIDENTS: Final[Mapping[str, str]] = {
    "critical-infrastructure": "Critical infrastructure was disrupted, seriously and irreversibly.",
    "cyber": "A serious breach of security, weights that got out among them.",
    "death": "Somebody died.",
    "other": "Serious harm to health, fundamental rights, property or the environment.",
}
"""Kinds of serious incident that have clocks of their own (EU Code of Practice, Measure 9.3)."""

STEPS: Final[Mapping[str, str]] = {
    "initial-report": "The first report of a serious incident went to the AI Office.",
    "intermediate-report": "A further report of a serious incident went to the AI Office.",
    "final-report": "The last report of a serious incident went to the AI Office.",
    "resolved": "The incident is resolved.",
    "oes-report": "The Office of Emergency Services of California was told.",
    "authority-told": "An authority was told of an imminent risk to life.",
    "model-report-updated": "The model report was updated, or made for the first time.",
    "ai-office-access": "The AI Office has access to the report as it stands.",
    "framework-reviewed": "The framework was reviewed, or made for the first time.",
    "internal-use-summary": "A summary of the risk of internal use was sent.",
}
"""What can be done about a duty, and what recording it says."""

OF_AN_INCIDENT: Final = frozenset(
    ("initial-report", "intermediate-report", "final-report", "resolved", "oes-report",
     "authority-told")
)  # fmt: skip
"""Steps that end a clock only if they are about the event of a serious incident."""

OF_AN_EVENT: Final = OF_AN_INCIDENT | {"ai-office-access"}
"""Steps that end a clock only if they are about an event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRecord:
    """A step was taken `on` a day (UTC time), about the event of record `about` if about one."""

    seq: int
    at: str
    step: str
    on: str
    about: int | None
    says: str
    keyid: str


def step_of(record: Record) -> StepRecord | None:
    """The step that a note records; None for every other record and for one that is malformed."""
    body: Mapping[str, Any] = record.body
    if record.kind != "note" or body.get("note") != NOTE:
        return None
    step, on, about, says = (body.get(key) for key in ("step", "on", "about", "says"))
    known = isinstance(step, str) and step in STEPS and isinstance(says, str)
    placed = about is None or (type(about) is int and 0 < about < record.seq)
    if not (known and placed and isinstance(on, str) and is_instant(on)):
        return None
    return StepRecord(
        seq=record.seq,
        at=record.at,
        step=str(step),
        on=on,
        about=about,
        says=str(says),
        keyid=record.keyid,
    )
