"""What a run tells while it goes on; whoever shows it decides how."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "AttemptEnded",
    "AttemptStarted",
    "ControlsEnded",
    "ControlsStarted",
    "Event",
    "LateResult",
    "Progressed",
    "Registered",
    "ServerStarted",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerStarted:
    """A local inference server answers."""

    model: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A criterion stands in the record as record `seq`, before any attempt at it."""

    evidence: str
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlsStarted:
    """The planted positives and negatives of a method are being run."""

    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlsEnded:
    """The controls of a method stand in the record; `reason` if they failed."""

    method: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptStarted:
    """An attempt stands in the record as started; it is number `position` of `of` in this run."""

    evidence: str
    attempt: str
    because: str
    position: int
    of: int
    retry_of: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progressed:
    """An attempt got further."""

    evidence: str
    attempt: str
    done: int
    total: int
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptEnded:
    """An attempt has its end in the record."""

    evidence: str
    attempt: str
    outcome: str
    reason: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LateResult:
    """A result came for an attempt that has ended or is not ours: a note says so, nothing more."""

    attempt: str
    how: str


Event = (
    ServerStarted
    | Registered
    | ControlsStarted
    | ControlsEnded
    | AttemptStarted
    | Progressed
    | AttemptEnded
    | LateResult
)
