"""Attempts as jobs of a Slurm queue, through submitit; a folder that the nodes share is needed.

submitit pickles its own call, which holds one string: the path of a folder with JSON and files.
What a job pickles as its result is never read.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import math
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from safetycase.evidence.executors import parcels, results, slurm_task
from safetycase.evidence.executors.options import queue_seconds
from safetycase.evidence.executors.received import Receiver
from safetycase.evidence.perform import JobError
from safetycase.plugin.executors import (
    MARGIN,
    ExecutorFailed,
    ExecutorOptions,
    Finished,
    Task,
    Ticked,
)

__all__ = ["SlurmExecutor", "make"]

POLL_SECONDS = 0.25
GRACE_SECONDS = 15.0
"""How long a job's files may take to appear in a shared folder once the queue says it is over."""

PASSED_ON = ("partition", "account", "qos", "constraint", "comment", "nodelist", "exclude")
OPTIONS = ("cluster", "folder", "queue_seconds", *PASSED_ON)


def make(options: ExecutorOptions) -> SlurmExecutor:
    """The executor `slurm`.

    Options: `folder` (one that the nodes share; needed for `cluster=slurm`), `cluster` (`slurm`, or
    `local` for submitit's own processes on this machine), `queue_seconds` (how long a job may
    wait), and `partition`, `account`, `qos`, `constraint`, `comment`, `nodelist`, `exclude` for
    the queue. `ExecutorFailed` if submitit or the queue is missing.
    """
    if importlib.util.find_spec("submitit") is None:
        raise ExecutorFailed("submitit is not installed; pip install 'safetycase[slurm]'")
    given = dict(options.options)
    unknown = given.keys() - set(OPTIONS)
    if unknown or options.address:
        what = "address" if options.address else f"option {', '.join(sorted(unknown))}"
        raise ExecutorFailed(f"the executor `slurm` has no {what}; it has " + ", ".join(OPTIONS))
    cluster = given.pop("cluster", "slurm")
    if cluster not in ("slurm", "local"):
        raise ExecutorFailed(f"`cluster` is `{cluster}`; write `slurm` or `local`")
    if cluster == "slurm" and shutil.which("sbatch") is None:
        raise ExecutorFailed(
            "there is no `sbatch` on this machine; run it where jobs are submitted"
        )
    if cluster == "slurm" and "folder" not in given:
        raise ExecutorFailed("the executor `slurm` needs `folder`, one that the nodes share")
    queue = queue_seconds(given.pop("queue_seconds", "86400"))
    shared = Path(given.pop("folder", str(options.scratch)))
    return SlurmExecutor(
        cluster=cluster,
        shared=shared,
        workers=options.workers,
        queue_seconds=queue,
        passed_on=given,
    )


@dataclass(slots=True, kw_only=True)
class _Job:
    task: Task
    job: Any
    place: Path
    submitted: float
    read: int = 0
    over: float | None = None
    began: float | None = None


class SlurmExecutor:
    """Submits one job per task and watches the folder it shares with it."""

    name = "slurm"
    local = False

    def __init__(
        self,
        *,
        cluster: str,
        shared: Path,
        workers: int | None = None,
        queue_seconds: float = 86400.0,
        passed_on: Mapping[str, str] | None = None,
    ) -> None:
        import submitit

        try:
            shared.mkdir(parents=True, exist_ok=True)
            self._folder = Path(tempfile.mkdtemp(prefix="safetycase-", dir=shared)).resolve()
        except OSError as error:
            raise ExecutorFailed(f"the folder `{shared}` cannot be used: {error}") from error
        self.slots = workers or (100 if cluster == "slurm" else 2)
        self._cluster = cluster
        self._queue_seconds = queue_seconds
        self.margin = queue_seconds + MARGIN
        self._passed_on = {f"slurm_{k}": v for k, v in (passed_on or {}).items()}
        self._jobs: dict[str, _Job] = {}
        self._leaving: list[Any] = []
        self._ready: list[Ticked | Finished] = []
        self._closed = False
        self._count = 0
        self._submit = submitit.AutoExecutor(folder=self._folder / "submitit", cluster=cluster)

    def start(self, task: Task) -> None:
        """Submit a job for the task."""
        if self._closed:
            raise ExecutorFailed("the executor is closed")
        if task.id in self._jobs:
            raise ExecutorFailed(f"`{task.id}` is running already")
        self._count += 1
        place = self._folder / str(self._count)
        (place / slurm_task.BLOBS).mkdir(parents=True)
        task.folder.mkdir(parents=True, exist_ok=True)
        now = time.monotonic()
        try:
            parcel = parcels.packed(task)
            for digest, path in parcel.files.items():
                shutil.copyfile(path, place / slurm_task.BLOBS / digest)
            (place / slurm_task.HEADER).write_text(json.dumps(parcel.header), "utf-8")
            self._submit.update_parameters(**self._parameters(task))
            job = self._submit.submit(slurm_task.work, str(place))
        except parcels.ParcelFailed as error:
            self._report(task, now, "failed", str(error))
            return
        except Exception as error:  # submitit raises what the queue's commands make it raise
            self._report(task, now, "lost", f"the job could not be submitted: {error}")
            return
        self._jobs[task.id] = _Job(task=task, job=job, place=place, submitted=now)

    def _parameters(self, task: Task) -> dict[str, Any]:
        """What the queue is asked for; the worker holds the attempt to its own, tighter limits."""
        needs, memory = task.resources, task.limits.memory_bytes
        asked: dict[str, Any] = {
            "name": "safetycase",
            "timeout_min": math.ceil(task.limits.seconds / 60) + 2,
            "cpus_per_task": max(1, math.ceil(needs.cpus)),
            "gpus_per_node": math.ceil(needs.gpus),
        }
        if self._cluster == "local":
            return asked
        if memory is not None:
            asked["mem_gb"] = max(1, math.ceil(memory / (1 << 30)) + 1)
        # A queue that starts a job again on another node would repeat an attempt unseen.
        asked["slurm_additional_parameters"] = {"no-requeue": True}
        return asked | self._passed_on

    def wait(self, seconds: float) -> Sequence[Ticked | Finished]:
        """Ticks and ends since the last call; returns at once if nothing runs."""
        until = time.monotonic() + seconds
        while True:
            for job in list(self._jobs.values()):
                self._look(job)
            self._leave()
            found, self._ready = self._ready, []
            left = until - time.monotonic()
            if found or not self._jobs or left <= 0:
                return found
            time.sleep(min(POLL_SECONDS, left))

    def stop(self, task: str) -> None:
        """Cancel a job; it is reported `aborted`. Nothing if it does not run."""
        job = self._jobs.get(task)
        if job is not None:
            self._cancel(job)
            self._finish(job, "aborted", "stopped by the scheduler")

    def close(self) -> None:
        """Cancel what runs, and remove the folder once it is over."""
        if self._closed:
            return
        self._closed = True
        for job in self._jobs.values():
            self._cancel(job)
            self._leaving.append(job.job)
        until = time.monotonic() + GRACE_SECONDS
        while self._leave() and time.monotonic() < until:
            time.sleep(0.05)
        for job in self._leaving:
            _end_here(job)
        self._jobs.clear()
        self._ready.clear()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _leave(self) -> bool:
        """Ask after jobs whose files are there and that have not ended; whether there are any."""
        self._leaving = [job for job in self._leaving if not _is_over(job)]
        return bool(self._leaving)

    def _look(self, job: _Job) -> None:
        """What a job has written since; whether it is over, and whether it is overdue."""
        self._ticks(job)
        now, limit = time.monotonic(), job.task.limits.seconds
        if (job.place / slurm_task.END).exists():
            self._take(job)
            return
        if job.began is None and (job.place / slurm_task.STARTED).exists():
            job.began = now
        if job.over is None and _is_over(job.job):
            job.over = now
        if job.over is not None and now - job.over > self._grace():
            said = results.last_line(Path(job.job.paths.stderr))
            self._finish(job, "lost", f"the job ended ({job.job.state}) without a result: {said}")
        elif job.began is None and now - job.submitted > self._queue_seconds:
            self._cancel(job)
            waited = f"{self._queue_seconds:g} s"
            self._finish(job, "lost", f"the queue did not start the job within {waited}")
        elif job.began is not None and now - job.began > limit + 2 * GRACE_SECONDS:
            self._cancel(job)
            self._finish(job, "lost", "its node was not heard of after the time limit")

    def _grace(self) -> float:
        """A local folder shows what was written at once."""
        return 1.0 if self._cluster == "local" else GRACE_SECONDS

    def _ticks(self, job: _Job) -> None:
        with contextlib.suppress(OSError), (job.place / slurm_task.TICKS).open("rb") as file:
            file.seek(job.read)
            *lines, rest = file.read().split(b"\n")
            job.read = file.tell() - len(rest)
            for line in lines[-1:]:
                tick = results.tick_of(job.task.id, line)
                if tick is not None:
                    self._ready.append(tick)

    def _take(self, job: _Job) -> None:
        """The end of a job, and its files, each checked against its digest."""
        receiver = Receiver(job.task)
        try:
            said = json.loads((job.place / slurm_task.END).read_text("utf-8"))
            for name, digest in said["files"].items():
                data = parcels.inside(job.place / slurm_task.BACK, name).read_bytes()
                receiver.take({"file": name, "sha256": digest}, data)
            ended = receiver.end(said)
        except (OSError, ValueError, KeyError, JobError) as error:
            receiver.abandon()
            self._finish(job, "lost", f"what the job left cannot be read: {error}")
            return
        self._finish(job, ended.pop("how"), ended.pop("reason"), **ended)

    def _cancel(self, job: _Job) -> None:
        with contextlib.suppress(Exception):
            job.job.cancel(check=False)

    def _finish(self, job: _Job, how: Any, reason: str, **more: Any) -> None:
        del self._jobs[job.task.id]
        self._leaving.append(job.job)
        self._report(job.task, job.submitted, how, reason, **more)
        if how != "aborted":
            shutil.rmtree(job.place, ignore_errors=True)

    def _report(
        self,
        task: Task,
        submitted: float,
        how: Literal["completed", "failed", "lost", "aborted"],
        reason: str,
        **more: Any,
    ) -> None:
        seconds = more.get("seconds") or time.monotonic() - submitted
        cpu, where = more.get("cpu_seconds"), more.get("where", "")
        self._ready.append(
            results.told(task, how, reason, seconds=seconds, cpu_seconds=cpu, where=where)
        )


def _end_here(job: Any) -> None:
    """End what did not go when it was asked to, where the job is a process of this machine."""
    process = getattr(job, "_process", None)
    if process is not None:
        process.kill()
        process.wait()


def _is_over(job: Any) -> bool:
    try:
        return bool(job.done())
    except Exception:  # the queue's commands may fail for a moment; the next look asks again
        return False
