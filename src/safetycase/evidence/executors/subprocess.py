"""A process of its own for every attempt: limits are enforced, and it is ended as a whole.

One loop watches all of them. A worker that is killed, floods its output, hangs, or starts
processes that leave its session takes nothing else with it.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from safetycase.evidence.executors import processes, results
from safetycase.plugin.executors import (
    MARGIN,
    ExecutorFailed,
    ExecutorOptions,
    Finished,
    Task,
    Ticked,
)

__all__ = ["SubprocessExecutor", "make"]

LOOK_SECONDS = 0.25
"""How often memory and output of running tasks are looked at, at most."""

SHARE = 50
"""Looking may take this part of the time at most: 1/50."""


def make(options: ExecutorOptions) -> SubprocessExecutor:
    """The executor `subprocess`; `workers` is how many attempts run at a time."""
    if options.address:
        raise ExecutorFailed("the executor `subprocess` runs on this machine; it has no address")
    if options.options:
        raise ExecutorFailed(
            "the executor `subprocess` has no options; it was given "
            + ", ".join(f"`{name}`" for name in options.options)
        )
    return SubprocessExecutor(workers=options.workers)


@dataclass(slots=True, kw_only=True)
class _Running:
    task: Task
    process: subprocess.Popen[bytes]
    started: float
    exits: int | None
    buffer: bytes = b""
    known: processes.Known = frozenset()
    ended: tuple[Literal["failed", "aborted"], str] | None = None
    ticks: list[Ticked] = field(default_factory=list)


class SubprocessExecutor:
    """Runs each task as `python -m safetycase.evidence.worker` in a session of its own."""

    name = "subprocess"
    local = True
    margin = MARGIN

    def __init__(self, *, workers: int | None = None, env: Mapping[str, str] | None = None) -> None:
        self.slots = workers or max(1, (os.cpu_count() or 1) // 2)
        self._env = {**os.environ, **(env or {})}
        self._env.pop("SAFETYCASE_KEY", None)  # a method has no business with who signs
        self._running: dict[str, _Running] = {}
        self._ready: list[Ticked | Finished] = []
        self._selector = selectors.DefaultSelector()
        self._next_look = 0.0
        self._closed = False

    def start(self, task: Task) -> None:
        """Start a worker for the task."""
        if self._closed:
            raise ExecutorFailed("the executor is closed")
        if task.id in self._running:
            raise ExecutorFailed(f"`{task.id}` is running already")
        # A scheduler that is killed removes nothing: its worker then does.
        alone = {"remove_when_alone": str(task.folder.resolve())}
        path = results.lay_out(task.folder, {**alone, **task.job, "limits": _limits(task)})
        started = time.monotonic()
        try:
            with (task.folder / results.LOG).open("wb") as log:
                process = subprocess.Popen(
                    [sys.executable, "-m", "safetycase.evidence.worker", str(path)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    cwd=task.folder,
                    start_new_session=True,
                    env={**self._env, processes.TOKEN: task.token},
                )
        except OSError as error:
            results.cut(task.folder / results.LOG)
            self._ready.append(_finished(task, "lost", f"no worker could be started: {error}"))
            return
        running = _Running(task=task, process=process, started=started, exits=_exit_of(process.pid))
        self._running[task.id] = running
        assert process.stdout is not None
        os.set_blocking(process.stdout.fileno(), False)
        self._selector.register(process.stdout, selectors.EVENT_READ, (running, "ticks"))
        if running.exits is not None:
            self._selector.register(running.exits, selectors.EVENT_READ, (running, "exit"))
        self._next_look = min(self._next_look, started + LOOK_SECONDS)

    def wait(self, seconds: float) -> Sequence[Ticked | Finished]:
        """Ticks and ends since the last call; returns at once if nothing runs."""
        until = time.monotonic() + seconds
        while True:
            now = time.monotonic()
            self._turn(0.0 if self._ready else max(0.0, until - now))
            found, self._ready = self._ready, []
            if found or not self._running or time.monotonic() >= until:
                return found

    def stop(self, task: str) -> None:
        """Kill the task's processes; it is reported `aborted`. Nothing if it does not run."""
        running = self._running.get(task)
        if running is not None:
            self._kill(running, "aborted", "stopped by the scheduler")

    def close(self) -> None:
        """Kill every task that runs, and what it started."""
        self._closed = True
        for running in list(self._running.values()):
            self._kill(running, "aborted", "the executor was closed")
        for running in list(self._running.values()):
            self._reap(running)
        self._ready.clear()
        self._selector.close()

    def _turn(self, seconds: float) -> None:
        """One round of the loop: what the workers say, who ended, who is over a limit."""
        now = time.monotonic()
        due = [self._next_look, *(r.started + r.task.limits.seconds for r in self._live())]
        patience = max(0.0, min(seconds, *(at - now for at in due))) if self._running else 0.0
        if any(running.exits is None for running in self._running.values()):
            patience = min(patience, 0.05)
        ended = []
        for key, _ in self._selector.select(patience):
            running, what = key.data
            if what == "exit":
                ended.append(running)
            else:
                self._hear(running)
        ended += [r for r in self._running.values() if r.exits is None and _is_over(r.process.pid)]
        for running in ended:
            self._reap(running)
        self._look()

    def _live(self) -> list[_Running]:
        return [running for running in self._running.values() if running.ended is None]

    def _hear(self, running: _Running) -> None:
        """Take what stands in the channel; a method may close it, which ends nothing."""
        channel = running.process.stdout
        assert channel is not None
        try:
            chunk = os.read(channel.fileno(), 65536)
        except BlockingIOError:
            return
        except OSError:
            chunk = b""
        if not chunk:
            with contextlib.suppress(KeyError, ValueError):
                self._selector.unregister(channel)
            return
        *lines, rest = (running.buffer + chunk).split(b"\n")
        running.buffer = rest[-4096:]
        ticks = [tick for line in lines if (tick := results.tick_of(running.task.id, line))]
        self._ready += ticks[-1:]  # only the last of a burst says anything

    def _look(self) -> None:
        """End the tasks that are over a limit."""
        begun = time.monotonic()
        for running in self._live():
            limit = running.task.limits.seconds
            if begun - running.started >= limit:
                self._kill(running, "failed", f"stopped after the time limit of {limit:g} s")
        if begun < self._next_look:
            return
        for running in self._live():
            reason = _over(running)
            if reason:
                self._kill(running, "failed", reason)
        now = time.monotonic()
        self._next_look = now + max(LOOK_SECONDS, SHARE * (now - begun))

    def _kill(self, running: _Running, how: Literal["failed", "aborted"], reason: str) -> None:
        running.ended = running.ended or (how, reason)
        processes.end_all(running.process.pid, running.task.token, running.known)

    def _reap(self, running: _Running) -> None:
        """Collect a worker that ended: what it started is ended, then its result is read."""
        task, process = running.task, running.process
        self._hear(running)
        processes.end_all(process.pid, task.token, running.known)
        try:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            cpu: float | None = usage.ru_utime + usage.ru_stime
        except ChildProcessError:  # somebody else reaped it
            cpu = None
        seconds = time.monotonic() - running.started
        self._forget(running)
        over = running.ended or _too_much(task)
        found = results.ended(task.folder, process.returncode)
        results.cut(task.folder / results.LOG)
        self._ready.append(
            Finished(
                id=task.id,
                token=task.token,
                how=over[0] if over else found.how,
                result=None if over else found.result,
                reason=over[1] if over else found.reason,
                seconds=seconds,
                log=task.folder / results.LOG,
                scratch=task.folder / results.SCRATCH,
                cpu_seconds=cpu,
                where=os.uname().nodename,
            )
        )

    def _forget(self, running: _Running) -> None:
        del self._running[running.task.id]
        for file in (running.process.stdout, running.process.stdin):
            with contextlib.suppress(KeyError, ValueError):
                self._selector.unregister(file)  # type: ignore[arg-type]
            with contextlib.suppress(OSError):
                file.close()  # type: ignore[union-attr]
        if running.exits is not None:
            self._selector.unregister(running.exits)
            os.close(running.exits)


def _limits(task: Task) -> Mapping[str, int | None]:
    """The limits a worker sets for itself; the others are watched from here."""
    return {"memory_bytes": task.limits.memory_bytes, "output_bytes": task.limits.output_bytes}


def _over(running: _Running) -> str:
    """Which limit of memory or output a running task is over, in words; empty for none."""
    limits = running.task.limits
    found = processes.members(running.process.pid, running.task.token, running.known)
    running.known = frozenset((pid, found[pid].started) for pid in found)
    if limits.memory_bytes is not None:
        used = processes.resident_bytes(found, limits.memory_bytes)
        if used > limits.memory_bytes:
            return f"stopped over the memory limit of {limits.memory_bytes} bytes"
    over = _too_much(running.task)
    return over[1] if over else ""


def _too_much(task: Task) -> tuple[Literal["failed"], str] | None:
    most = task.limits.output_bytes
    if most is None or results.output_bytes(task.folder, most) <= most:
        return None
    return "failed", f"stopped over the output limit of {most} bytes"


def _finished(task: Task, how: Literal["failed", "lost"], reason: str) -> Finished:
    return Finished(
        id=task.id,
        token=task.token,
        how=how,
        result=None,
        reason=reason,
        seconds=0.0,
        log=task.folder / results.LOG,
        scratch=task.folder / results.SCRATCH,
    )


def _exit_of(pid: int) -> int | None:
    """A descriptor that becomes readable when the process ends; None where there is none."""
    if not hasattr(os, "pidfd_open"):
        return None
    try:
        return os.pidfd_open(pid)
    except OSError:
        return None


def _is_over(pid: int) -> bool:
    try:
        found = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return True
    return found is not None
