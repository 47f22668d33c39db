"""A world in which everything around the scheduler goes wrong on purpose, replayed from a seed.

The clock, the randomness, the executor and the place where lines are kept are all made here, so
that one seed is one schedule. The scheduler, the writer, the signatures and the rules are real.
"""

from __future__ import annotations

import base64
import contextlib
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from safetycase.ledger import LedgerWriteError
from safetycase.plugin.contract import Measurement
from safetycase.plugin.executors import ExecutorFailed, Finished, Task, Ticked
from safetycase.plugin.wire import measurement_json
from safetycase.stats import Proportion

START = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
ITEMS = 40

Fault = Literal["crash before", "crash after", "crash torn", "interrupt", "disk", "full"]
FAULTS: Sequence[Fault] = ("crash before", "crash after", "crash torn", "interrupt", "disk", "full")


class Crash(BaseException):
    """The process of the scheduler is gone: nothing it does afterwards reaches the record."""


class Clock:
    """A clock that goes on when it is told to, and now and then jumps."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.at = START

    def __call__(self) -> datetime:
        return self.at

    def go(self, seconds: float) -> None:
        self.at += timedelta(seconds=int(seconds))


@dataclass(slots=True)
class Kept:
    """The bytes of a record, which outlive every scheduler."""

    data: bytes = b""
    adds: int = 0


class MemoryHome:
    """A home of lines in memory that fails at the line it is told to."""

    name = "memory"
    shared = False

    def __init__(self, kept: Kept, fault: tuple[int, Fault] | None = None) -> None:
        self.kept = kept
        self.fault = fault
        self.dead = False
        self.full = False
        self.struck = False

    def open(self) -> bytes:
        return self.kept.data

    @property
    def acknowledged(self) -> None:
        """Nobody noted how much of it was acknowledged."""

    def set_aside(self, size: int, tail: bytes) -> Path | None:
        assert self.kept.data[size:] == tail
        self.kept.data = self.kept.data[:size]
        return None

    @contextlib.contextmanager
    def turn(self) -> Iterator[bytes]:
        # A line that is kept although its turn failed is kept by a crash alone, and then nobody
        # of this life asks again.
        yield b""

    def add(self, line: bytes) -> None:
        self.kept.adds += 1
        if self.dead:
            raise Crash
        if self.full:
            raise LedgerWriteError(Path("log"), OSError(28, "No space left on device"))
        if self.fault and self.fault[0] == self.kept.adds:
            self._fail(self.fault[1], line)
        self.kept.data += line

    def close(self) -> None:
        pass

    def _fail(self, fault: Fault, line: bytes) -> None:
        self.struck = True
        if fault == "interrupt":
            raise KeyboardInterrupt
        if fault in ("disk", "full"):
            self.full = fault == "full"
            raise LedgerWriteError(Path("log"), OSError(28, "No space left on device"))
        self.dead = True
        if fault == "crash after":
            self.kept.data += line
        elif fault == "crash torn":
            self.kept.data += line[: len(line) // 2]
        raise Crash


def measured(seed: int) -> dict[str, Any]:
    """The result of a run with `seed`: the same wherever and whenever it is run."""
    hits = random.Random(seed).randrange(4)
    return measurement_json(
        Measurement(quantities={"rate": Proportion(successes=hits, trials=ITEMS)})
    )


@dataclass(slots=True, kw_only=True)
class Nature:
    """How likely each way of going wrong is, per task; what is left completes.

    `paces` are the seconds that one wait may take by the clock.
    """

    fails: float = 0.0
    lost: float = 0.0
    silent: float = 0.0
    garbage: float = 0.0
    refuses: float = 0.0
    twice: float = 0.0
    forged: float = 0.0
    slowest: int = 1
    paces: tuple[int, ...] = (0, 1)


@dataclass(slots=True)
class Air:
    """Results on their way; what a crashed scheduler leaves there reaches the next one."""

    due: list[tuple[int, Finished]] = field(default_factory=list)
    tick: int = 0


class FaultyExecutor:
    """Finishes, fails, loses, duplicates, delays, reorders and forges, as its nature and seed say.

    It checks for itself that whatever it is given stands in the record as started.
    """

    name = "faulty"
    local = True
    margin = 60.0

    def __init__(
        self, *, rng: random.Random, clock: Clock, nature: Nature, slots: int, air: Air,
        kept: Kept, log: Path,
    ) -> None:  # fmt: skip
        self.rng, self.clock, self.nature, self.slots = rng, clock, nature, slots
        self.air, self.kept, self.log = air, kept, log
        self.given: list[str] = []
        self.most = 0
        self.running: dict[str, Task] = {}
        self.closed = False

    def start(self, task: Task) -> None:
        if task.job["kind"] == "run":
            self._stands_in_the_record(task)
        assert task.folder.is_dir()
        assert not any(task.folder.iterdir())
        assert task.id not in self.running
        self.given.append(task.id)
        if self.rng.random() < self.nature.refuses:
            raise ExecutorFailed("no room on the cluster")
        self.running[task.id] = task
        self.most = max(self.most, len(self.running))
        for told in self._fate(task):
            at = self.air.tick + 1 + self.rng.randrange(self.nature.slowest)
            self.air.due.append((at, told))

    def wait(self, seconds: float) -> Sequence[Ticked | Finished]:
        self.air.tick += 1
        self.clock.go(self.rng.choice(self.nature.paces) if self.running else 0)
        due = [told for at, told in self.air.due if at <= self.air.tick]
        self.air.due = [(at, told) for at, told in self.air.due if at > self.air.tick]
        self.rng.shuffle(due)
        for told in due:
            task = self.running.get(told.id)
            if task is not None and task.token == told.token:
                del self.running[told.id]
        ticks = [Ticked(id=name, done=1, total=2, note="half") for name in self.running]
        return [*ticks, *due]

    def stop(self, task: str) -> None:
        found = self.running.pop(task, None)
        if found is None:
            return
        self.air.due = [(at, t) for at, t in self.air.due if t.token != found.token]
        if self.rng.random() < 0.8:
            self.air.due.append((self.air.tick + 1, self._told(found, "aborted")))

    def close(self) -> None:
        self.closed = True

    def _fate(self, task: Task) -> Iterator[Finished]:
        nature, drawn = self.nature, self.rng.random()
        if self.rng.random() < nature.forged:
            yield self._told(task, "completed", token="0" * 32)
        how = self._drawn(drawn)
        if how is None:
            return
        yield self._told(task, how)
        if self.rng.random() < nature.twice:
            yield self._told(task, how)

    def _drawn(self, drawn: float) -> str | None:
        nature = self.nature
        for share, how in (
            (nature.silent, None),
            (nature.fails, "failed"),
            (nature.lost, "lost"),
            (nature.garbage, "garbage"),
        ):
            if drawn < share:
                return how
            drawn -= share
        return "completed"

    def _told(self, task: Task, how: str, token: str | None = None) -> Finished:
        result: dict[str, Any] | None = None
        if how == "completed":
            result = {"controls": {"criterion": "rate <= 0.2", "planted": []}}
            if task.job["kind"] == "run":
                result = {"measurement": measured(task.job["seed"]), "artefacts": {}}
        elif how == "garbage":
            how, result = "completed", {"measurement": {"rate": 0.5}, "artefacts": {}}
        return Finished(
            id=task.id,
            token=token or task.token,
            how=how,  # type: ignore[arg-type]
            result=result,
            reason="" if how == "completed" else how,
            seconds=1.0,
            log=self.log,
            scratch=task.folder,
        )

    def _stands_in_the_record(self, task: Task) -> None:
        assert self.kept.data.endswith(b"\n"), "dispatched before its start was kept"
        last = self.kept.data[:-1].rpartition(b"\n")[2]
        body = json.loads(base64.b64decode(json.loads(last)["payload"]))["predicate"]["body"]
        assert body["attempt"] == task.id
        assert body["token"] == task.token
