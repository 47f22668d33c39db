"""The record folded into memory: registrations, attempts, controls and shots, as typed rows.

A pure function of the verified records. What breaks a rule of the format is left out and named
in `problems`: it can neither help nor crash whoever reads the history.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal

from safetycase.ledger.discount import discount
from safetycase.ledger.duties import StepRecord, step_of
from safetycase.ledger.record import Log, Problem, Record
from safetycase.ledger.rules import noted
from safetycase.ledger.trust import Admission, Key

__all__ = [
    "AttemptRecord",
    "ChallengeRecord",
    "ControlsEntry",
    "DissentRecord",
    "EventRecord",
    "History",
    "OverrideRecord",
    "Registration",
    "ResolutionRecord",
    "ResponseRecord",
    "RulingRecord",
    "ShotRecord",
    "SignOffRecord",
    "SignalRecord",
    "WaiverRecord",
    "fold",
]

Outcome = Literal["completed", "failed", "aborted", "lost"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """A criterion, fixed before the first run. `level` is a decimal as text."""

    seq: int
    at: str
    evidence: str
    claim: str
    criterion: str
    level: str
    plan: Mapping[str, Any]
    recipe: Mapping[str, Any]
    recipe_digest: str
    exploratory: bool
    seed: int
    body: Mapping[str, Any]
    keyid: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRecord:
    """One try at a registration (its sequence number); `outcome` is None until it ends.

    `measurement` is the result itself; a result kept as an artefact has its SHA-256 in
    `measurement_digest` instead. `seconds` is a decimal as text. `body` is that of the end
    record, or of the start record while there is no end; `keyid` signed the start.
    """

    id: str
    registration: int
    start_seq: int
    started_at: str
    body: Mapping[str, Any]
    start_body: Mapping[str, Any]
    end_seq: int | None = None
    ended_at: str | None = None
    outcome: Outcome | None = None
    reason: str = ""
    seconds: str | None = None
    measurement: Mapping[str, Any] | None = None
    measurement_digest: str | None = None
    artefacts: Mapping[str, str] = field(default_factory=dict)
    observed: Mapping[str, Any] = field(default_factory=dict)
    keyid: str = ""

    @property
    def token(self) -> str | None:
        """The fencing token of the start: whoever ends the attempt has to show it."""
        return self.start_body.get("token")

    @property
    def executor(self) -> str:
        """The name of the executor it was given to."""
        return str(self.start_body.get("executor", ""))

    @property
    def lease_until(self) -> str | None:
        """The UTC time after which an attempt without an end counts as lost."""
        return self.start_body.get("lease_until")

    @property
    def retry_of(self) -> str | None:
        """The id of the attempt that this one repeats."""
        return self.start_body.get("retry_of")

    @property
    def state(self) -> Literal["completed", "failed", "aborted", "lost", "running"]:
        """The outcome, or `running` while there is none."""
        return self.outcome or "running"


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlsEntry:
    """Planted subjects run through a method, as the method reported them."""

    seq: int
    at: str
    method: str
    version: str
    criterion: str
    planted: Sequence[Any]
    code_digest: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShotRecord:
    """One try of somebody's at an open problem or leaf; `outcome` is None while it is running.

    `item` is the id of what it is a shot at, `family` names shots that succeed or fail for a
    common reason, `cost` is a decimal as text in the unit of the budget. `says` is what came out.
    """

    id: str
    seq: int
    at: str
    item: str
    by: str
    approach: str
    family: str | None = None
    cost: str | None = None
    result_seq: int | None = None
    result_at: str | None = None
    outcome: Literal["solved", "failed", "partial"] | None = None
    says: str = ""
    artefacts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRecord:
    """Something that happened after evidence was recorded; `about` are its selectors.

    `event` is a word of `vocabulary.EVENTS`. `since` is the first record that a revoked key no
    longer counts for, None for all of them. `body` has what else was recorded of it.
    """

    seq: int
    at: str
    event: str
    says: str
    about: Mapping[str, Any]
    since: int | None
    keyid: str
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverRecord:
    """Somebody other than the author says that two recipes are the same in what matters.

    `fields` are the dotted names of the recipe's fields that may differ, `expires` a UTC time.
    """

    seq: int
    at: str
    evidence: str
    old_recipe: str
    new_recipe: str
    fields: tuple[str, ...]
    reason: str
    author: str
    reviewer: str
    expires: str
    keyid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalRecord:
    """What a live monitor reported of one window; `state` is a word of `vocabulary.SIGNALS`.

    `indicator` is the digest of the monitor's definition that was watched by; a signal of another
    one counts for nothing. `since` and `until` are UTC times of the window, `events` the number
    counted and `lost` that of events known to be missing. `value` is the measured quantity and
    `e_value` the evidence against the null hypothesis since the detector's last restart, which
    `segment` counts; it alarms at `alarm_at`. These three are decimals as text. `root` is a digest
    of the events.
    """

    seq: int
    at: str
    monitor: str
    indicator: str
    state: str
    since: str
    until: str
    events: int
    lost: int
    segment: int
    value: str | None
    e_value: str | None
    alarm_at: str | None
    root: str | None
    says: str
    details: Mapping[str, Any]
    keyid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolutionRecord:
    """What a reviewer says of an alarm, record `signal`; a word of `vocabulary.RESOLUTIONS`."""

    seq: int
    at: str
    signal: int
    outcome: str
    by: str
    reason: str
    keyid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChallengeRecord:
    """A doubt that somebody raised in review against an element or step of the case.

    `id` names it for ever. `digest` is that of the part of the argument it is about, as it stood;
    `severity` a word of `vocabulary.SEVERITIES`.
    """

    id: str
    seq: int
    at: str
    against: str
    digest: str
    severity: str
    says: str
    by: str
    keyid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseRecord:
    """What somebody said to a challenge; it ends nothing."""

    seq: int
    at: str
    challenge: str
    says: str
    by: str
    keyid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RulingRecord:
    """What became of a challenge; `outcome` is a word of `vocabulary.RULINGS`, the last decides."""

    seq: int
    at: str
    challenge: str
    outcome: str
    reason: str
    by: str
    keyid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOffRecord:
    """What a reviewer signed of `element` and all it rests on, as it was with `digest`.

    `verdict` is a word of `vocabulary.VERDICTS`; `hours` a decimal as text, None if not said.
    """

    seq: int
    at: str
    element: str
    digest: str
    verdict: str
    conditions: tuple[str, ...]
    says: str
    competence: str
    independence: str
    hours: str | None
    by: str
    keyid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DissentRecord:
    """A disagreement with a conclusion; nothing ends it, and it is shown beside the conclusion."""

    seq: int
    at: str
    element: str
    digest: str
    says: str
    by: str
    keyid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideRecord:
    """Somebody with authority decided against clauses of a release policy, until `expires`.

    `policy` is the SHA-256 of the policy that stood beside the case then, empty if it is not said.
    """

    seq: int
    at: str
    element: str
    digest: str
    clauses: tuple[str, ...]
    authority: str
    reason: str
    by: str
    expires: str
    keyid: str
    policy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Everything the record tells, in the order of the record.

    `problems` are the records left out because they break a rule, `notes` say which count for
    nothing since a key was revoked. `keys` are those that the record introduced, as they stand
    at its end. `steps` are what was done about duties to report.
    """

    registrations: tuple[Registration, ...] = ()
    attempts: tuple[AttemptRecord, ...] = ()
    controls: tuple[ControlsEntry, ...] = ()
    problems: tuple[Problem, ...] = ()
    shots: tuple[ShotRecord, ...] = ()
    events: tuple[EventRecord, ...] = ()
    waivers: tuple[WaiverRecord, ...] = ()
    signals: tuple[SignalRecord, ...] = ()
    resolutions: tuple[ResolutionRecord, ...] = ()
    challenges: tuple[ChallengeRecord, ...] = ()
    responses: tuple[ResponseRecord, ...] = ()
    rulings: tuple[RulingRecord, ...] = ()
    sign_offs: tuple[SignOffRecord, ...] = ()
    dissents: tuple[DissentRecord, ...] = ()
    overrides: tuple[OverrideRecord, ...] = ()
    steps: tuple[StepRecord, ...] = ()
    keys: tuple[Key, ...] = ()
    notes: tuple[Problem, ...] = ()


def fold(log: Log) -> History:
    """The history in the verified records of `log`; its own problems stay in `log.problems`."""
    admission = Admission()
    accepted: list[Record] = []
    problems: list[Problem] = []
    for record in log.records:
        refusals = admission.refusals(record.kind, record.body, record.seq, record.at, record.keyid)
        if refusals:
            problems += [_left_out(record, refusal) for refusal in refusals]
        else:
            admission.take(record)
            accepted.append(record)
    out, notes = (
        discount(accepted, admission.trust) if admission.trust.revocations else (frozenset(), [])
    )
    return replace(
        _history(accepted, out),
        problems=tuple(problems),
        notes=tuple(notes),
        keys=tuple(admission.trust.keys.values()),
    )


def _history(accepted: Sequence[Record], out: frozenset[int]) -> History:
    """The rows in records that break no rule, without those whose numbers are in `out`."""
    rows: dict[str, list[Any]] = {kind: [] for kind in _ROWS}
    starts: dict[str, Record] = {}
    ends: dict[str, Record] = {}
    shots: dict[str, ShotRecord] = {}
    steps: list[StepRecord] = []
    for record in accepted:
        kind = noted(record.kind, record.body)
        name: str = record.body.get("attempt") or record.body.get("shot") or ""
        if kind == "attempt-end":
            ends[name] = record
        elif record.seq in out:
            continue
        elif kind in _ROWS:
            rows[kind].append(_ROWS[kind](record))
        elif kind == "attempt-start":
            starts[name] = record
        elif kind == "shot":
            shots[name] = _shot(record)
        elif kind == "shot-result" and name in shots:
            shots[name] = _result(shots[name], record)
        elif (step := step_of(record)) is not None:
            steps.append(step)
    return History(
        registrations=tuple(rows["registration"]),
        attempts=tuple(_attempt(start, ends.get(name), out) for name, start in starts.items()),
        controls=tuple(rows["controls"]),
        shots=tuple(shots.values()),
        events=tuple(rows["event"]),
        waivers=tuple(rows["waiver"]),
        signals=tuple(rows["signal"]),
        resolutions=tuple(rows["resolution"]),
        challenges=tuple(rows["challenge"]),
        responses=tuple(rows["response"]),
        rulings=tuple(rows["ruling"]),
        sign_offs=tuple(rows["sign-off"]),
        dissents=tuple(rows["dissent"]),
        overrides=tuple(rows["override"]),
        steps=tuple(steps),
    )


def _left_out(record: Record, refusal: str) -> Problem:
    return Problem(
        line=record.seq,
        seq=record.seq,
        says=f"{record.name} {refusal}",
        hint="it is signed and stays in the record, but counts for nothing",
    )


def _registration(record: Record) -> Registration:
    body = record.body
    return Registration(
        seq=record.seq,
        at=record.at,
        evidence=body["evidence"],
        claim=body["claim"],
        criterion=body["criterion"],
        level=body["level"],
        plan=body["plan"],
        recipe=body["recipe"],
        recipe_digest=body["recipe_digest"],
        exploratory=body["exploratory"],
        seed=body["seed"],
        body=body,
        keyid=record.keyid,
    )


def _attempt(start: Record, end: Record | None, out: frozenset[int]) -> AttemptRecord:
    """An attempt; one whose end is in `out` stays in sight, without a result."""
    body = {} if end is None else end.body
    if end is not None and end.seq in out:
        reason = "the key that signed its end was revoked"
        body = {"attempt": body["attempt"], "outcome": "lost", "reason": reason}
    measurement = body.get("measurement")
    return AttemptRecord(
        id=start.body["attempt"],
        registration=start.body["registration"],
        start_seq=start.seq,
        started_at=start.at,
        start_body=start.body,
        keyid=start.keyid,
        end_seq=None if end is None else end.seq,
        ended_at=None if end is None else end.at,
        outcome=body.get("outcome"),
        reason=body.get("reason", ""),
        seconds=body.get("seconds"),
        measurement=measurement if isinstance(measurement, dict) else None,
        measurement_digest=measurement if isinstance(measurement, str) else None,
        artefacts=body.get("artefacts", {}),
        observed=body.get("observed", {}),
        body=body or start.body,
    )


def _controls(record: Record) -> ControlsEntry:
    body = record.body
    return ControlsEntry(
        seq=record.seq,
        at=record.at,
        method=body["method"],
        version=body["version"],
        criterion=body["criterion"],
        planted=tuple(body["planted"]),
        code_digest=body["code_digest"],
        body=body,
    )


def _event(record: Record) -> EventRecord:
    return EventRecord(**{"since": None} | _named(EventRecord, record) | {"body": record.body})


def _signal(record: Record) -> SignalRecord:
    return SignalRecord(**{"details": {}} | _named(SignalRecord, record))


def _challenge(record: Record) -> ChallengeRecord:
    return ChallengeRecord(**_named(ChallengeRecord, record) | {"id": record.body["challenge"]})


def _plain(row: type[Any]) -> Callable[[Record], Any]:
    """A row whose fields are those of the body; lists become tuples."""

    def made(record: Record) -> Any:
        given = _named(row, record)
        return row(**{k: tuple(v) if isinstance(v, list) else v for k, v in given.items()})

    return made


def _named(row: type[Any], record: Record) -> dict[str, Any]:
    """The fields of `row` that the record or its body has by the same name; the record's win."""
    own = {"seq": record.seq, "at": record.at, "keyid": record.keyid}
    return {f.name: record.body[f.name] for f in fields(row) if f.name in record.body} | own


def _shot(record: Record) -> ShotRecord:
    body = record.body
    return ShotRecord(
        id=body["shot"],
        seq=record.seq,
        at=record.at,
        item=body["item"],
        by=body["by"],
        approach=body["approach"],
        family=body["family"],
        cost=body["cost"],
    )


def _result(shot: ShotRecord, record: Record) -> ShotRecord:
    body = record.body
    return replace(
        shot,
        result_seq=record.seq,
        result_at=record.at,
        outcome=body["outcome"],
        says=body["says"],
        artefacts=body.get("artefacts", {}),
    )


_ROWS: Mapping[str, Callable[[Record], Any]] = {
    "registration": _registration,
    "controls": _controls,
    "event": _event,
    "waiver": _plain(WaiverRecord),
    "signal": _signal,
    "resolution": _plain(ResolutionRecord),
    "challenge": _challenge,
    "response": _plain(ResponseRecord),
    "ruling": _plain(RulingRecord),
    "sign-off": _plain(SignOffRecord),
    "dissent": _plain(DissentRecord),
    "override": _plain(OverrideRecord),
}
