"""The one writer: registers, starts and ends every attempt, in an order that can be proved.

`run` yields events and prints nothing. A retry is a new attempt; nothing is repeated silently.
Every registration stands in the record before its first attempt starts, and every started
attempt gets exactly one end, also when it is interrupted.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from safetycase.argument.model import Case, Claim, Evidence
from safetycase.checks.criterion import planned_alpha
from safetycase.evidence.digests import Digester
from safetycase.evidence.models import weights_path
from safetycase.evidence.recipes import CurrentRecipe, environment, resolve_facts, seed_of
from safetycase.evidence.serving import serve
from safetycase.evidence.supervise import Finished, Ticked, supervise
from safetycase.ledger import History, Writer, open_store
from safetycase.plugin.catalogue import MethodEntry
from safetycase.plugin.contract import Method

__all__ = [
    "AttemptEnded",
    "AttemptStarted",
    "ControlsEnded",
    "ControlsStarted",
    "Event",
    "Job",
    "Progressed",
    "ServerStarted",
    "Setting",
    "run",
    "stamp",
    "sweep",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One leaf to run, with everything the scheduler needs to know about it."""

    evidence: Evidence
    claim: Claim
    method: Method
    entry: MethodEntry
    recipe: CurrentRecipe
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerStarted:
    """A local inference server answers."""

    model: str
    url: str


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
    """An attempt stands in the record as started."""

    evidence: str
    attempt: str
    because: str
    position: int
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Progressed:
    """An attempt got further."""

    evidence: str
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


Event = ServerStarted | ControlsStarted | ControlsEnded | AttemptStarted | Progressed | AttemptEnded


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a run happens in: the case, its folder, the record, and a clock."""

    case: Case
    folder: Path
    history: History
    now: Callable[[], datetime]
    time_limit: float = 1800.0
    exploratory: bool = False


def stamp(at: datetime) -> str:
    """A time as the record writes it: UTC, whole seconds."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def sweep(setting: Setting, writer: Writer) -> int:
    """End every attempt that was started and never ended as `lost`; returns how many.

    The caller holds the only writer's lock, so no other scheduler can still be running them.
    """
    lost = [a for a in setting.history.attempts if a.outcome is None]
    for attempt in lost:
        _end(setting, writer, attempt.id, "lost", "its scheduler ended without a word", 0.0)
    return len(lost)


def run(setting: Setting, jobs: Sequence[Job], writer: Writer) -> Generator[Event, None, None]:
    """Run the jobs in order, one attempt each (as many as its plan asks for), and record all.

    Raises `ModelMissing` or `ServerFailed` before anything is registered if the local model
    cannot be served; a failing method is an attempt that says so and stops nothing else.
    """
    with contextlib.ExitStack() as stack:
        base = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="safetycase-")))
        access: dict[str, dict[str, str]] = {}
        yield from _serve(setting, jobs, base, stack, access)
        known = {(c.method, c.code_digest) for c in setting.history.controls}
        for position, job in enumerate(jobs, start=1):
            yield from _controls(setting, job, writer, base, known)
            registration, seed = _registration(setting, job, writer)
            tried = sum(a.registration == registration for a in setting.history.attempts)
            for repeat in range(_attempts_left(setting, job, registration)):
                attempt = f"{job.evidence.id}/{registration}.{tried + repeat + 1}"
                yield from _attempt(
                    setting,
                    job,
                    writer,
                    base,
                    access,
                    registration,
                    seed,
                    attempt,
                    (position, len(jobs)),
                )


def _serve(
    setting: Setting,
    jobs: Sequence[Job],
    base: Path,
    stack: contextlib.ExitStack,
    access: dict[str, dict[str, str]],
) -> Iterator[Event]:
    """Start one server per local model that some job needs; all models become reachable."""
    case = setting.case
    needed = dict.fromkeys(
        job.evidence.model or case.header.system.model for job in jobs if job.method.needs_model
    )
    for name in needed:
        spec = case.header.models[name]
        path = weights_path(spec, setting.folder)
        url = ""
        if path is not None:
            url = stack.enter_context(serve(path, base / f"server-{len(access)}.log"))
            yield ServerStarted(model=name, url=url)
        access[name] = {
            "name": name,
            "weights": spec.weights,
            "provider": spec.provider,
            "base_url": url,
        }


def _controls(
    setting: Setting, job: Job, writer: Writer, base: Path, known: set[tuple[str, str]]
) -> Iterator[Event]:
    """Run a method's planted controls once per version of its code."""
    assert job.recipe.recipe is not None
    code = str(job.recipe.recipe.groups["instrument"]["method_code"])
    if (job.method.name, code) in known:
        return
    known.add((job.method.name, code))
    yield ControlsStarted(method=job.method.name)
    folder = base / f"controls-{len(known)}"
    task = {"kind": "controls", "target": job.entry.target}
    last = _last(supervise(task, folder, setting.time_limit))
    found = last.result["controls"] if last.result else {"criterion": "", "planted": []}
    writer.append(
        "controls",
        {
            "method": job.method.name,
            "version": job.method.version,
            "code_digest": code,
            "criterion": found["criterion"] or "not run",
            "planted": found["planted"],
            "error": last.reason,
        },
        at=stamp(setting.now()),
    )
    yield ControlsEnded(method=job.method.name, reason=last.reason)


def _last(events: Iterator[Ticked | Finished]) -> Finished:
    for event in events:
        if isinstance(event, Finished):
            return event
    raise AssertionError("supervise always finishes")


def _registration(setting: Setting, job: Job, writer: Writer) -> tuple[int, int]:
    """The registration an attempt belongs to: the standing one if nothing changed, or a new one."""
    assert job.recipe.recipe is not None
    digest = job.recipe.recipe.digest
    mine = [
        r
        for r in setting.history.registrations
        if r.evidence == job.evidence.id and r.exploratory == setting.exploratory
    ]
    criterion = str(job.claim.holds_when)
    if mine and mine[-1].recipe_digest == digest and mine[-1].criterion == criterion:
        done = [
            a
            for a in setting.history.attempts
            if a.registration == mine[-1].seq and a.outcome == "completed"
        ]
        if len(done) < _planned(job):
            return mine[-1].seq, mine[-1].seed
    seed = seed_of(setting.case.header.case, job.evidence.id, len(mine))
    alpha = planned_alpha(setting.case, job.evidence.id)
    record = writer.append(
        "registration",
        {
            "evidence": job.evidence.id,
            "claim": job.claim.id,
            "criterion": criterion,
            "reads": dict(job.evidence.reads),
            "level": repr(round(1 - alpha, 12)),
            "refutes_when": f"`{criterion}` is false on the whole interval at this level",
            "plan": {
                "attempts": _planned(job),
                "n": job.evidence.plan.n if job.evidence.plan and job.evidence.plan.n else 0,
            },
            "recipe": {k: dict(v) for k, v in job.recipe.recipe.groups.items()},
            "recipe_digest": digest,
            "environment": dict(environment()),
            "exploratory": setting.exploratory,
            "imported": job.method.imports,
            "seed": seed,
            "because": job.because,
            "template": _template(setting.case, job.evidence.id),
        },
        at=stamp(setting.now()),
        subjects=(("recipe", digest),),
    )
    return record.seq, seed


def _template(case: Case, evidence: str) -> dict[str, str]:
    """The pinned template a leaf comes from, by name, version and digest; empty for the case's."""
    for name, use in case.uses.items():
        if evidence.startswith(f"{name}/"):
            return {"name": f"{use.template}@{use.version}", "sha256": use.digest}
    return {}


def _planned(job: Job) -> int:
    return job.evidence.plan.attempts if job.evidence.plan else 1


def _attempts_left(setting: Setting, job: Job, registration: int) -> int:
    done = [
        a
        for a in setting.history.attempts
        if a.registration == registration and a.outcome == "completed"
    ]
    return max(1, _planned(job) - len(done))


def _attempt(
    setting: Setting,
    job: Job,
    writer: Writer,
    base: Path,
    access: Mapping[str, Mapping[str, str]],
    registration: int,
    seed: int,
    attempt: str,
    position: tuple[int, int],
) -> Iterator[Event]:
    started = setting.now()
    writer.append(
        "attempt-start",
        {
            "attempt": attempt,
            "registration": registration,
            "executor": "subprocess",
            "lease_until": stamp(started + timedelta(seconds=setting.time_limit + 60)),
        },
        at=stamp(started),
    )
    yield AttemptStarted(
        evidence=job.evidence.id,
        attempt=attempt,
        because=job.because,
        position=position[0],
        of=position[1],
    )
    folder = base / "attempt"
    last: Finished | None = None
    try:
        for event in supervise(
            _task(setting, job, folder, access, seed), folder, setting.time_limit
        ):
            if isinstance(event, Ticked):
                yield Progressed(
                    evidence=job.evidence.id, done=event.done, total=event.total, note=event.note
                )
            else:
                last = event
    except (KeyboardInterrupt, GeneratorExit):
        _end(
            setting,
            writer,
            attempt,
            "aborted",
            "interrupted by the operator",
            (setting.now() - started).total_seconds(),
        )
        raise
    assert last is not None
    outcome, reason = _record(setting, job, writer, attempt, folder, last)
    shutil.rmtree(folder, ignore_errors=True)
    yield AttemptEnded(
        evidence=job.evidence.id,
        attempt=attempt,
        outcome=outcome,
        reason=reason,
        seconds=last.seconds,
    )


def _task(
    setting: Setting, job: Job, folder: Path, access: Mapping[str, Mapping[str, str]], seed: int
) -> Mapping[str, Any]:
    values, _ = resolve_facts(setting.case, dict(job.evidence.with_))
    scratch = folder / "scratch"
    scratch.mkdir(parents=True, exist_ok=True)
    assert job.recipe.recipe is not None
    return {
        "kind": "run",
        "target": job.entry.target,
        "parameters": values,
        "inputs": list(job.evidence.inputs),
        "case_folder": str(setting.folder.resolve()),
        "scratch": str(scratch),
        "seed": seed,
        "needs": sorted(set(job.evidence.reads.values())),
        "model": job.evidence.model or setting.case.header.system.model,
        "models": {name: dict(values) for name, values in access.items()},
        "subject": dict(job.recipe.recipe.groups["subject"]),
    }


def _record(
    setting: Setting, job: Job, writer: Writer, attempt: str, folder: Path, last: Finished
) -> tuple[str, str]:
    """Store the artefacts and append the end of the attempt."""
    store = open_store(setting.folder / "ledger")
    artefacts = {"log of the worker": store.put(last.log)}
    measurement, reason, outcome = None, last.reason, "failed"
    if last.result:
        try:
            for role, path in last.result["artefacts"].items():
                artefacts[role] = store.put(folder / "scratch" / path)
            measurement, outcome = last.result["measurement"], "completed"
        except FileNotFoundError as error:
            reason = f"the method named an artefact that is not there: {error.filename}"
    _end(
        setting,
        writer,
        attempt,
        outcome,
        reason,
        last.seconds,
        measurement=measurement,
        artefacts=artefacts,
        changed=_changed(setting, job),
    )
    return outcome, reason


def _changed(setting: Setting, job: Job) -> list[str]:
    """Files of the recipe whose content is no longer what was registered."""
    digester, changed = Digester(trust_cache=False), []
    for name, digest in job.recipe.files.items():
        try:
            now = digester.file(setting.folder / name)
        except OSError:
            now = ""
        if now != digest:
            changed.append(name)
    return changed


def _end(
    setting: Setting,
    writer: Writer,
    attempt: str,
    outcome: str,
    reason: str,
    seconds: float,
    *,
    measurement: Mapping[str, Any] | None = None,
    artefacts: Mapping[str, str] | None = None,
    changed: Sequence[str] = (),
) -> None:
    writer.append(
        "attempt-end",
        {
            "attempt": attempt,
            "outcome": outcome,
            "reason": reason[:2000],
            "seconds": f"{seconds:.3f}",
            "measurement": measurement,
            "artefacts": dict(artefacts or {}),
            "changed_during_run": list(changed),
        },
        at=stamp(setting.now()),
        subjects=tuple(sorted((role, digest) for role, digest in (artefacts or {}).items())),
    )
