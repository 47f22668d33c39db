"""The one writer: registers, starts and ends every attempt, in an order that can be proved.

`run` yields events and prints nothing. Every registration stands in the record before its first
attempt starts, every attempt before it is dispatched, and each gets exactly one end, also when
it is interrupted. An executor only runs what it is given; a retry is a new attempt, decided here.
Seeds and numbers come from the registration, so that a result depends neither on the executor
nor on which attempt is done first.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections import Counter, deque
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from safetycase.evidence.events import (
    AttemptEnded,
    AttemptStarted,
    ControlsEnded,
    ControlsStarted,
    Event,
    LateResult,
    Progressed,
    Registered,
)
from safetycase.evidence.recording import INTERRUPTED, Ended, Recorder, Started, sweep
from safetycase.evidence.registering import Standing, register
from safetycase.evidence.setting import Job, Setting
from safetycase.evidence.tasks import Access, controls_job, models, run_job
from safetycase.ledger import LedgerError, Writer
from safetycase.plugin.executors import Executor, ExecutorFailed, Finished, Task, Ticked

__all__ = ["Job", "Setting", "run", "sweep"]

TICK = 0.25
"""Seconds to wait for news before looking at the clock and the operator again."""

GRACE = 40
"""How many ticks a task that was asked to stop is given to say how it ended."""

STOPPED = "its scheduler stopped before it had ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """One thing still to be started: a planned attempt, or the controls of a method."""

    job: Job
    standing: Standing | None
    replicate: int = 1
    retry_of: str | None = None
    retries: int = 0
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Running:
    work: _Work
    token: str
    folder: Path
    until: datetime
    started: Started | None


def run(
    setting: Setting, jobs: Sequence[Job], writer: Writer, executor: Executor
) -> Generator[Event, None, None]:
    """Run the jobs, as many attempts each as its plan still wants, and record all of it.

    Raises `ModelMissing` or `ServerFailed` before anything is registered if a local model cannot
    be served, `ExecutorFailed` once the executor can take nothing more and what it had is
    recorded. A failing method is an attempt that says so and stops nothing else. The caller
    sweeps before and closes the executor afterwards.
    """
    with contextlib.ExitStack() as stack:
        base = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="safetycase-")))
        access: Access = {}
        yield from models(setting, jobs, executor, base, stack, access)
        work: list[_Work] = []
        # Controls that a limit or an error ended say nothing of the method: they are run again.
        known = {
            (c.method, c.code_digest) for c in setting.history.controls if not c.body.get("error")
        }
        for job in jobs:
            standing, new = register(setting, job, writer)
            if new:
                yield Registered(evidence=job.evidence.id, seq=standing.seq)
            work += _work(setting, job, standing, known)
        yield from _Loop(setting, writer, executor, base, access, work).events()


def _work(
    setting: Setting, job: Job, standing: Standing, known: set[tuple[str, str]]
) -> Iterator[_Work]:
    """The attempts that a registration still wants, behind the controls of its method."""
    wanted = standing.replicates[: standing.left]
    assert job.recipe.recipe is not None
    code = str(job.recipe.recipe.groups["instrument"]["method_code"])
    if wanted and (job.method.name, code) not in known:
        known.add((job.method.name, code))
        yield _Work(job=job, standing=None, code=code)
    for replicate in wanted:
        yield _Work(
            job=job,
            standing=standing,
            replicate=replicate,
            retry_of=standing.last.get(replicate),
            retries=setting.retries,
        )


class _Loop:
    """Keeps the executor's slots filled and takes what it tells; the only place that appends."""

    def __init__(
        self,
        setting: Setting,
        writer: Writer,
        executor: Executor,
        base: Path,
        access: Access,
        work: Sequence[_Work],
    ) -> None:
        self.setting, self.executor = setting, executor
        self.base, self.access = base, access
        self.recorder = Recorder(setting, writer, executor)
        self.pending = deque(work)
        self.running: dict[str, _Running] = {}
        self.spent: Counter[int] = Counter()
        self.total = sum(w.standing is not None for w in work)
        self.position = self.folders = 0
        self.stopping = False
        self.failure: ExecutorFailed | None = None

    def events(self) -> Generator[Event, None, None]:
        """Until nothing is left, or somebody asks to stop."""
        try:
            while self.pending or self.running:
                if self.setting.stop():
                    yield from self._stop()
                    return
                yield from self._fill()
                yield from self._listen()
                yield from self._overdue()
            if self.failure is not None:
                raise self.failure
        finally:
            self._abandon(INTERRUPTED if self.stopping else STOPPED)

    # Starting.

    def _fill(self) -> Iterator[Event]:
        while self.pending and len(self.running) < max(1, self.executor.slots):
            if self.setting.stop():
                return
            work = self.pending.popleft()
            yield from self._start(work) if work.standing else self._start_controls(work)

    def _start(self, work: _Work) -> Iterator[Event]:
        standing = work.standing
        assert standing is not None
        if self.spent[standing.seq] >= standing.left:
            return
        self.spent[standing.seq] += 1
        number = standing.tried + self.spent[standing.seq]
        attempt = f"{work.job.evidence.id}/{standing.seq}.{number}"
        folder = self._folder()
        started = self.recorder.start(
            work.job,
            attempt,
            registration=standing.seq,
            seed=standing.seed,
            replicate=work.replicate,
            retry_of=work.retry_of,
            folder=folder,
        )
        self.running[attempt] = _Running(
            work=work, token=started.token, folder=folder, until=started.until, started=started
        )
        self.position += 1
        yield AttemptStarted(
            evidence=work.job.evidence.id,
            attempt=attempt,
            because=work.job.because,
            position=self.position,
            of=self.total,
            retry_of=work.retry_of,
        )
        job = run_job(self.setting, work.job, self.access, started.seed)
        yield from self._dispatch(
            Task(
                id=attempt,
                token=started.token,
                job=job,
                folder=folder,
                limits=self.setting.limits,
            )
        )

    def _start_controls(self, work: _Work) -> Iterator[Event]:
        name = f"controls of {work.job.method.name}"
        folder, token = self._folder(), self.setting.token()
        self.running[name] = _Running(
            work=work, token=token, folder=folder, until=self.recorder.lease(), started=None
        )
        yield ControlsStarted(method=work.job.method.name)
        job = controls_job(work.job)
        yield from self._dispatch(
            Task(id=name, token=token, job=job, folder=folder, limits=self.setting.limits)
        )

    def _folder(self) -> Path:
        self.folders += 1
        folder = self.base / f"task-{self.folders}"
        folder.mkdir()
        return folder

    def _dispatch(self, task: Task) -> Iterator[Event]:
        try:
            self.executor.start(task)
        except ExecutorFailed as error:
            yield from self._executor_failed(error, [task.id])

    # Listening.

    def _listen(self) -> Iterator[Event]:
        if not self.running:
            return
        try:
            told = self.executor.wait(TICK)
        except ExecutorFailed as error:
            yield from self._executor_failed(error, list(self.running))
            return
        for event in told:
            if isinstance(event, Ticked):
                yield from self._progress(event)
            else:
                yield from self._finished(event)

    def _progress(self, told: Ticked) -> Iterator[Event]:
        running = self.running.get(told.id)
        if running is not None and running.started is not None:
            yield Progressed(
                evidence=running.work.job.evidence.id,
                attempt=told.id,
                done=told.done,
                total=told.total,
                note=told.note,
            )

    def _finished(self, told: Finished) -> Iterator[Event]:
        running = self.running.get(told.id)
        if running is None or running.token != told.token:
            # Somebody else's, or one that has its end already: never a second end.
            self.recorder.late(told)
            yield LateResult(attempt=told.id, how=told.how)
            return
        if running.started is None:
            yield from self._controls_ended(told, running)
            return
        ended = self.recorder.finish(running.started, told)
        yield from self._ended(running.started, running, ended)

    def _controls_ended(self, told: Finished, running: _Running) -> Iterator[Event]:
        reason = told.reason
        # Controls that were lost or stopped are no word on the method, not even that it has none.
        if told.how in ("completed", "failed"):
            reason = self.recorder.controls(running.work.job, running.work.code, told)
        del self.running[told.id]
        shutil.rmtree(running.folder, ignore_errors=True)
        yield ControlsEnded(method=running.work.job.method.name, reason=reason)

    def _ended(self, started: Started, running: _Running, ended: Ended) -> Iterator[Event]:
        del self.running[started.id]
        shutil.rmtree(running.folder, ignore_errors=True)
        yield AttemptEnded(
            evidence=started.job.evidence.id,
            attempt=started.id,
            outcome=ended.outcome,
            reason=ended.reason,
            seconds=ended.seconds,
        )
        if ended.outcome == "lost":
            self._retry(running.work, started.id)

    def _retry(self, work: _Work, attempt: str) -> None:
        """Try a lost attempt again, as an attempt of its own, while the budget lasts."""
        standing = work.standing
        assert standing is not None
        enough = self.spent[standing.seq] < standing.left
        if work.retries < 1 or not enough or self.stopping or self.failure is not None:
            return
        self.total += 1
        self.pending.appendleft(replace(work, retry_of=attempt, retries=work.retries - 1))

    # Ending early.

    def _overdue(self) -> Iterator[Event]:
        """End what has outlived its lease: its executor has lost it, whatever it says later."""
        now = self.setting.now()
        for name, running in list(self.running.items()):
            if running.until < now:
                self._tell_to_stop(name)
                yield from self._lost(name, "no word of its end came before its lease expired")

    def _executor_failed(self, error: ExecutorFailed, names: Sequence[str]) -> Iterator[Event]:
        self.failure = self.failure or error
        self.pending.clear()
        for name in names:
            yield from self._lost(name, str(error))

    def _lost(self, name: str, reason: str) -> Iterator[Event]:
        running = self.running[name]
        if running.started is not None:
            ended = self.recorder.give_up(running.started, "lost", reason)
            yield from self._ended(running.started, running, ended)
            return
        del self.running[name]
        yield ControlsEnded(method=running.work.job.method.name, reason=reason)

    def _stop(self) -> Iterator[Event]:
        """Start nothing more, end what runs, and keep what has finished by now."""
        self.stopping = True
        self.pending.clear()
        for name in list(self.running):
            self._tell_to_stop(name)
        for _ in range(GRACE):
            if not self.running:
                return
            yield from self._listen()
        for running in list(self.running.values()):
            if running.started is not None:
                ended = self.recorder.give_up(running.started, "aborted", INTERRUPTED)
                yield from self._ended(running.started, running, ended)

    def _tell_to_stop(self, name: str) -> None:
        with contextlib.suppress(ExecutorFailed):
            self.executor.stop(name)

    def _abandon(self, reason: str) -> None:
        """Leave no attempt without an end that the record can still take."""
        for name, running in list(self.running.items()):
            self._tell_to_stop(name)
            if running.started is not None:
                # Refused if the interrupt came behind its end; the next run sweeps what is left.
                with contextlib.suppress(LedgerError):
                    self.recorder.give_up(running.started, "aborted", reason)
            del self.running[name]
