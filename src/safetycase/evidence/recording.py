"""What becomes of an attempt in the record: its start, and exactly one end, whatever happens.

A result is data from elsewhere. What cannot be kept, does not belong to the attempt, or was made
with other weights than registered ends the attempt as failed or lost, never as completed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from safetycase.evidence.digests import Digester
from safetycase.evidence.models import ModelMissing, weights_of
from safetycase.evidence.registering import replicate_seed
from safetycase.evidence.setting import Job, Setting
from safetycase.ledger import (
    AttemptRecord,
    CanonicalError,
    History,
    LedgerError,
    RecordRefused,
    Store,
    Writer,
    open_store,
)
from safetycase.ledger.record import stamp
from safetycase.ledger.stores import ArtefactNotShared
from safetycase.plugin.executors import Executor, Finished

__all__ = ["Ended", "Recorder", "Started", "sweep"]

REASON = 2000
INTERRUPTED = "interrupted by the operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """An attempt that stands in the record as started."""

    job: Job
    id: str
    token: str
    seed: int
    folder: Path
    started: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How an attempt ended, as it now stands in the record."""

    outcome: str
    reason: str
    seconds: float


class Recorder:
    """Appends what happens to the attempts of one run; decides what an end is worth."""

    def __init__(self, setting: Setting, writer: Writer, executor: Executor) -> None:
        self.setting = setting
        self.writer = writer
        self.executor = executor.name
        self.margin = setting.margin
        self._store: Store | None = None
        self._unshared = ""

    def start(
        self,
        job: Job,
        attempt: str,
        *,
        registration: int,
        seed: int,
        replicate: int,
        retry_of: str | None,
        folder: Path,
    ) -> Started:
        """Append the start of an attempt, before anything of it is dispatched."""
        now = self.setting.now()
        started = Started(
            job=job,
            id=attempt,
            token=self.setting.token(),
            seed=replicate_seed(seed, replicate),
            folder=folder,
            started=now,
            until=self.lease(now),
        )
        body: dict[str, Any] = {
            "attempt": attempt,
            "registration": registration,
            "executor": self.executor,
            "lease_until": stamp(started.until),
            "token": started.token,
            "replicate": replicate,
            "seed": started.seed,
        }
        if retry_of is not None:
            body["retry_of"] = retry_of
        self.writer.append("attempt-start", body, at=stamp(now))
        return started

    def lease(self, now: datetime | None = None) -> datetime:
        """When something that starts now counts as lost."""
        lease = timedelta(seconds=self.setting.limits.seconds + self.margin)
        return (now or self.setting.now()) + lease

    def finish(self, attempt: Started, told: Finished) -> Ended:
        """Keep what a finished attempt left and append its end."""
        self._unshared = ""
        body = self._end_body(attempt, told)
        try:
            self._append(body)
        except (CanonicalError, RecordRefused) as error:
            reason = f"its result cannot be recorded: {error}"
            body |= {"outcome": "failed", "reason": _text(reason), "measurement": None}
            body.pop("observed", None)
            self._append(body)
        reason = "; ".join(filter(None, (str(body["reason"]), self._unshared)))
        return Ended(outcome=str(body["outcome"]), reason=reason, seconds=told.seconds)

    def give_up(self, attempt: Started, outcome: str, reason: str) -> Ended:
        """Append the end of an attempt from which nothing has come, and nothing will count."""
        seconds = max(0.0, (self.setting.now() - attempt.started).total_seconds())
        self._append(_body(attempt.id, attempt.token, outcome, reason, seconds))
        return Ended(outcome=outcome, reason=reason, seconds=seconds)

    def late(self, told: Finished) -> None:
        """Note a result that comes for an attempt that has ended or was never this run's."""
        self.writer.append(
            "note",
            {
                "note": "late-result",
                "attempt": _text(told.id),
                "token": _text(told.token),
                "how": told.how,
                "reason": _text(told.reason),
                "executor": self.executor,
            },
            at=stamp(self.setting.now()),
        )

    def controls(self, job: Job, code: str, told: Finished) -> str:
        """Append the planted controls of a method; returns why there are none, if so."""
        found = told.result.get("controls") if told.result else None
        planted = found.get("planted") if isinstance(found, Mapping) else None
        body = {
            "method": job.method.name,
            "version": job.method.version,
            "code_digest": code,
            "criterion": "not run",
            "planted": [],
            "error": _text(told.reason),
        }
        at = stamp(self.setting.now())
        if isinstance(found, Mapping) and isinstance(planted, list):
            full = body | {"criterion": found.get("criterion") or "not run", "planted": planted}
            try:
                self.writer.append("controls", full, at=at)
                return told.reason
            except (CanonicalError, RecordRefused) as error:
                body["error"] = _text(f"its controls cannot be recorded: {error}")
        self.writer.append("controls", body, at=at)
        return str(body["error"])

    def _append(self, body: Mapping[str, Any]) -> None:
        subjects = tuple(sorted(body["artefacts"].items()))
        self.writer.append("attempt-end", body, at=stamp(self.setting.now()), subjects=subjects)

    def _end_body(self, attempt: Started, told: Finished) -> dict[str, Any]:
        artefacts: dict[str, str] = {}
        outcome, reason, measurement = str(told.how), told.reason, None
        if outcome == "aborted":
            reason = INTERRUPTED
        try:
            if told.log.is_file():
                artefacts["log of the worker"] = self._put(told.log)
            if outcome == "completed":
                measurement, kept = self._result(attempt, told)
                artefacts |= kept
        except _Unfit as error:
            outcome, reason = "failed", str(error)
        except (LedgerError, OSError) as error:
            outcome, reason = "lost", f"what it left could not be kept: {error}"
        body = _body(attempt.id, attempt.token, outcome, reason, told.seconds)
        body |= {
            "measurement": measurement if outcome == "completed" else None,
            "artefacts": artefacts,
            "changed_during_run": _changed(self.setting, attempt.job),
        }
        if told.cpu_seconds is not None:
            body["cpu_seconds"] = f"{told.cpu_seconds:.3f}"
        if told.where:
            body["where"] = _text(told.where)
        observed = told.result.get("observed") if told.result else None
        if isinstance(observed, Mapping):
            body["observed"] = dict(observed)
        return body

    def _result(self, attempt: Started, told: Finished) -> tuple[Any, dict[str, str]]:
        """The measurement and the artefacts of a completed attempt; `_Unfit` if they are not."""
        result = told.result or {}
        measurement, named = result.get("measurement"), result.get("artefacts", {})
        if not isinstance(measurement, Mapping) or not isinstance(named, Mapping):
            raise _Unfit("its worker returned something that is no result")
        _same_weights(self.setting, attempt.job, result)
        kept = {}
        for role, name in named.items():
            path = told.scratch / str(name)
            if not path.resolve().is_relative_to(told.scratch.resolve()):
                raise _Unfit(f"the artefact `{name}` lies outside the scratch folder")
            if not path.is_file():
                raise _Unfit(f"the method named an artefact that is not there: {name}")
            kept[str(role)] = self._put(path)
        return dict(measurement), kept

    def _put(self, path: Path) -> str:
        """Keep a file. That it could not be shared costs no finished attempt: it is only said."""
        if self._store is None:
            self._store = open_store(self.setting.folder / "ledger")
        try:
            return self._store.put(path)
        except ArtefactNotShared as kept:
            self._unshared = str(kept)
            return kept.digest


class _Unfit(Exception):
    """A result that does not count; the message is the reason in the record."""


def _body(
    attempt: str, token: str | None, outcome: str, reason: str, seconds: float
) -> dict[str, Any]:
    body: dict[str, Any] = {
        "attempt": attempt,
        "outcome": outcome,
        "reason": _text(reason),
        "seconds": f"{seconds:.3f}",
        "measurement": None,
        "artefacts": {},
    }
    if token:
        body["token"] = token
    return body


def _text(said: str) -> str:
    """What somebody said, as a record can hold it: bounded, and free of halves of characters."""
    return said[:REASON].encode("utf-8", "replace").decode("utf-8")


def _same_weights(setting: Setting, job: Job, result: Mapping[str, Any]) -> None:
    """Refuse a result whose worker loaded other weights than the registered ones."""
    recipe, loaded = job.recipe.recipe, result.get("weights_sha256")
    wanted = recipe.groups["subject"].get("weights_sha256") if recipe else ""
    if not wanted or not isinstance(loaded, Mapping):
        return
    found = loaded.get(job.evidence.model or setting.case.header.system.model, wanted)
    if found != wanted:
        raise _Unfit(
            f"its worker loaded other weights ({str(found)[:16]}…) than were registered "
            f"({str(wanted)[:16]}…)"
        )


def _changed(setting: Setting, job: Job) -> Sequence[str]:
    """Files of the recipe whose content is no longer what was registered."""
    digester, changed = Digester(trust_cache=False), []
    for name, digest in job.recipe.files.items():
        try:
            now = digester.file(setting.folder / name)
        except OSError:
            now = ""
        if now != digest:
            changed.append(name)
    return [*changed, *_changed_weights(setting, job)]


def _changed_weights(setting: Setting, job: Job) -> Sequence[str]:
    """The model of a job, if its weights are no longer the registered ones.

    They are read again only if size, time or place of their file changed since they were hashed.
    """
    recipe, name = job.recipe.recipe, job.evidence.model or setting.case.header.system.model
    wanted = recipe.groups["subject"].get("weights_sha256") if recipe else ""
    if not wanted or not job.method.needs_model:
        return ()
    try:
        found = weights_of(
            setting.case.header.models[name], setting.folder, Digester(trust_cache=True)
        )
    except (OSError, ModelMissing):
        found = None
    same = found is not None and found.sha256 == wanted
    return () if same else (f"the weights of `{name}`",)


def sweep(setting: Setting, writer: Writer) -> tuple[History, int]:
    """End as `lost` every attempt that nobody can still be running; the history after it.

    With the folder's lock held no other scheduler is alive, so that is every attempt without an
    end. A home that several may write to (`writer.shared`) tells nothing of the others: there an
    attempt is lost once its lease has expired.
    """
    shared = writer.shared
    now = stamp(setting.now())
    attempts: list[AttemptRecord] = []
    lost = 0
    for attempt in setting.history.attempts:
        if attempt.outcome is None and _over(attempt, now, shared=shared):
            reason = "its scheduler ended without a word"
            body = _body(attempt.id, attempt.token, "lost", reason, 0.0)
            writer.append("attempt-end", body, at=now)
            attempts.append(replace(attempt, outcome="lost", reason=reason))
            lost += 1
        else:
            attempts.append(attempt)
    return replace(setting.history, attempts=tuple(attempts)), lost


def _over(attempt: AttemptRecord, now: str, *, shared: bool) -> bool:
    if not shared:
        return True
    # UTC instants of one spelling: their order is that of their texts.
    return attempt.lease_until is not None and attempt.lease_until < now
