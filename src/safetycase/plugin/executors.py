"""The contract of an executor: where attempts run. It starts, watches, stops, decides nothing.

An executor is made by a factory under the entry-point group `safetycase.executors`. What crosses
to it is a job as JSON, and what comes back is a result as JSON and files; never a pickle. It
never repeats a task: every further try is an attempt of its own, made by the scheduler.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from safetycase.plugin.entries import Entry, declared

__all__ = [
    "EXECUTORS",
    "Executor",
    "ExecutorFailed",
    "ExecutorOptions",
    "Finished",
    "MARGIN",
    "Limits",
    "Resources",
    "Task",
    "Ticked",
    "executors",
]

EXECUTORS = "safetycase.executors"

MARGIN = 60.0
"""Seconds that an executor without a queue is given to tell of an end."""


class ExecutorFailed(Exception):
    """An executor cannot be started or reached; the message says why and the way out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one attempt may use. None means no limit.

    `seconds` of wall time, `memory_bytes` of address space or resident memory as the executor can
    enforce it, `output_bytes` of result, log and artefacts together.
    """

    seconds: float = 1800.0
    memory_bytes: int | None = None
    output_bytes: int | None = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """What one attempt needs to run at all; executors that place tasks honour it."""

    cpus: float = 1.0
    gpus: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One attempt, or one run of planted controls, to be executed once.

    `id` is the attempt's id, `token` its fencing token. `job` is JSON as the worker reads it;
    `folder` is an empty folder of this machine that is the task's own: its log, its result and its
    scratch files lie there when it has finished, wherever it ran.
    """

    id: str
    token: str
    job: Mapping[str, Any]
    folder: Path
    limits: Limits = field(default_factory=Limits)
    resources: Resources = field(default_factory=Resources)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticked:
    """Progress of a running task."""

    id: str
    done: int
    total: int
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """How a task ended: its result, or the reason why there is none.

    `how` is `completed` if there is a result, `failed` if the method or a limit ended it, `lost` if
    whoever ran it went away (killed worker, dead node), `aborted` if it was stopped. `log` and
    `scratch` are below the task's folder; `cpu_seconds` is None where it is not known.
    """

    id: str
    token: str
    how: Literal["completed", "failed", "lost", "aborted"]
    result: Mapping[str, Any] | None
    reason: str
    seconds: float
    log: Path
    scratch: Path
    cpu_seconds: float | None = None
    where: str = ""


class Executor(Protocol):
    """Runs tasks, each at most once. Used from one thread; `close` is always called."""

    name: str
    slots: int
    """How many tasks it is worth giving it at a time."""

    local: bool
    """Whether tasks see this machine's loopback and its files."""

    margin: float
    """Seconds beyond its time limit that a task may go without a word before it counts as lost:
    `MARGIN`, and what it may have to wait in a queue."""

    def start(self, task: Task) -> None:
        """Start a task and return at once. `ExecutorFailed` if it can take none any more."""

    def wait(self, seconds: float) -> Sequence[Ticked | Finished]:
        """What happened since the last call; waits up to `seconds` for something to happen.

        Every task that was started is reported finished exactly once.
        """

    def stop(self, task: str) -> None:
        """End a task by its id, with everything it started; `wait` then reports it `aborted`."""

    def close(self) -> None:
        """End all tasks and whatever the executor itself started; nothing is left running."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutorOptions:
    """What a factory is given: `workers` (None: its own choice), an address, and its own options.

    `scratch` is a folder of this machine for the executor's own files.
    """

    scratch: Path
    workers: int | None = None
    address: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)


def executors() -> Mapping[str, Entry]:
    """The installed executors by name; nothing is imported."""
    return {entry.name: entry for entry in reversed(declared(EXECUTORS))}
