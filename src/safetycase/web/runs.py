"""Runs started from a page: the verb `run` in a process of its own, one at a time.

The process belongs to the server and not to the page: it goes on when the page is closed, and what
it finished stands in the record even if the server is stopped.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from safetycase.web.bell import Bell

__all__ = ["Busy", "Run", "Runs"]

_KEPT_LINES: Final = 400
_LINE: Final = 2_000
_ANSWER: Final = 8 * 2**20
_PATIENCE: Final = 20.0


class Busy(Exception):
    """Another run goes on."""


@dataclass(slots=True, kw_only=True)
class Run:
    """One run: what was asked for, what it said so far, and how it ended.

    `evidence` is empty for everything that is due. `result` is what `run --json` prints.
    """

    evidence: str
    started: datetime
    lines: deque[str] = field(default_factory=lambda: deque(maxlen=_KEPT_LINES))
    stopping: int = 0
    ended: datetime | None = None
    code: int | None = None
    result: Mapping[str, Any] = field(default_factory=dict)

    @property
    def goes_on(self) -> bool:
        """Whether its process has not ended."""
        return self.ended is None


class Runs:
    """The runs of one server; `command` starts the verb, `after` is awaited when it has ended.

    Its methods are called on the loop of the server alone.
    """

    def __init__(
        self,
        command: Sequence[str],
        bell: Bell,
        clock: Callable[[], datetime],
        after: Callable[[], Awaitable[None]],
    ) -> None:
        self._command, self._bell, self._clock, self._after = command, bell, clock, after
        self.latest: Run | None = None
        self.number = 0
        self._process: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self, evidence: str) -> Run:
        """Start a run of one evidence, or of all that is due; raises `Busy`, `OSError`."""
        if self.latest is not None and self.latest.goes_on:
            raise Busy
        run = self.latest = Run(evidence=evidence, started=self._clock())
        only = ("--only", evidence) if evidence else ()
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                "--json",
                *only,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,  # Ctrl-C at the server asks the run in order, by `close`
            )
        except OSError:
            run.ended, run.code = self._clock(), 70
            raise
        self._task = asyncio.create_task(self._follow(run, self._process))
        self._news()
        return run

    def cancel(self) -> bool:
        """Ask the run to end; asked again, insist. Whether there was one."""
        run, process = self.latest, self._process
        if run is None or not run.goes_on or process is None:
            return False
        run.stopping += 1
        number = signal.SIGINT if run.stopping < 3 else signal.SIGKILL
        with contextlib.suppress(ProcessLookupError):
            if run.stopping < 3:
                process.send_signal(number)
            else:
                os.killpg(process.pid, number)
        self._news()
        return True

    async def close(self) -> None:
        """End the run that goes on, in order: what it finished is kept."""
        for _ in range(3):
            if not self.cancel() or self._task is None:
                return
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._task), _PATIENCE)

    async def _follow(self, run: Run, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        assert process.stderr is not None
        answer, _ = await asyncio.gather(_all(process.stdout), self._lines(run, process.stderr))
        run.code = await process.wait()
        with contextlib.suppress(ValueError):
            found = json.loads(answer)
            run.result = found if isinstance(found, dict) else {}
        run.ended = self._clock()
        self._news()
        await self._after()

    async def _lines(self, run: Run, stream: asyncio.StreamReader) -> None:
        rest = b""
        while part := await stream.read(1 << 14):
            *whole, rest = (rest + part).split(b"\n")
            run.lines.extend(line[:_LINE].decode("utf-8", "replace").rstrip() for line in whole)
            rest = rest[:_LINE]
            self._news()
        if rest:
            run.lines.append(rest.decode("utf-8", "replace").rstrip())

    def _news(self) -> None:
        self.number += 1
        self._bell.ring()


async def _all(stream: asyncio.StreamReader) -> bytes:
    """What a stream says, as far as it is kept; it is read to its end all the same."""
    found = b""
    while part := await stream.read(1 << 16):
        found = (found + part)[:_ANSWER]
    return found
