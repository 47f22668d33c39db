"""The case as it stands now, read again whenever a file of it changes and as time goes by.

What is shown is always one whole reading. While a file is broken the last reading that was a case
stays, beside what is wrong with the file.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import hashlib
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from safetycase.argument.findings import Finding
from safetycase.assess.records import Assessment
from safetycase.ledger import LedgerError
from safetycase.web.bell import Bell
from safetycase.web.watching import Marks, marks, outside
from safetycase.workspace.folder import Workspace, open_case
from safetycase.workspace.paths import NoCase

__all__ = ["Keeper", "Reading"]

POLL: Final = 0.4
"""Seconds between two looks at the files."""

_SETTLE: Final = 0.12
_SETTLED_BY: Final = 2.0
_ANEW: Final = 30.0
_SHARE: Final = 200.0
"""Of its time, the part that judging anew without a change takes at most: one in so many."""
_IDLE: Final = 2.0
_LITTER: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One whole reading of a case folder.

    `serial` rises with every reading, `number` with those that show something else than the one
    before. `space`, `assessment` and `made`, what `make` gave, are None where the file is no case;
    `findings` are then why, and `problem` says it where no finding does.
    """

    serial: int
    number: int
    at: datetime
    space: Workspace | None
    assessment: Assessment | None
    made: Any = None
    findings: tuple[Finding, ...] = ()
    problem: str = ""
    mark: str = ""


@dataclass(slots=True, kw_only=True)
class Keeper:
    """Keeps `reading`, the newest, and `good`, the newest that was a case.

    `make` gets what the pages need of a case, on another thread, before it is shown. `clock` gives
    the time that the case is judged at.
    """

    folder: Path
    clock: Callable[[], datetime]
    bell: Bell
    make: Callable[[Workspace, Assessment], Any]
    asked: float = 0.0
    """When a page was asked for last, by the monotonic clock."""
    reading: Reading = field(init=False)
    good: Reading | None = field(init=False, default=None)
    lock: threading.Lock = field(init=False, default_factory=threading.Lock)
    """Held while a case is read: Python's parser of Python is not to be used by two threads."""
    _cache: dict[Any, Any] = field(init=False, default_factory=dict)
    _marks: Marks = field(init=False, default=frozenset())
    _litter: int = field(init=False, default=0)
    _seconds: float = field(init=False, default=0.0)
    _one: asyncio.Lock = field(init=False, default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self._take(self._read(None))

    async def keep(self) -> None:
        """Look at the files and the clock until cancelled."""
        again = self._next()
        with _collected_by_hand():
            while True:
                await asyncio.sleep(POLL)
                changed = await asyncio.to_thread(self._settled)
                if changed or time.monotonic() >= again:
                    await self.renew()
                    again = self._next()
                self._tidy()

    async def renew(self) -> None:
        """Read the case anew, on another thread, and ring if it shows something else."""
        async with self._one:
            was = self.reading
            self._take(await asyncio.to_thread(self._read, was))
        if self.reading.number != was.number:
            self.bell.ring()

    def _tidy(self) -> None:
        """Give back what readings that are shown no longer held, when nobody waits for a page.

        With a large case it takes half a second, in which no thread does anything else.
        """
        idle = time.monotonic() - self.asked > _IDLE
        if self._litter and (idle or self._litter >= _LITTER):
            gc.collect()
            self._litter = 0

    def _next(self) -> float:
        """When to read again though no file changed: what is stale or expires comes by itself."""
        return time.monotonic() + max(_ANEW, _SHARE * self._seconds)

    def _take(self, found: Reading) -> None:
        self.reading = found
        self._litter += 1
        if found.assessment is not None:
            self.good = found

    def _settled(self) -> bool:
        """Whether the files are others than those that were read; waits while they still change."""
        now = self._look()
        if now == self._marks:
            return False
        until = time.monotonic() + _SETTLED_BY
        while time.monotonic() < until:
            time.sleep(_SETTLE)
            then = self._look()
            if then == now:
                break
            now = then
        return True

    def _look(self) -> Marks:
        space = self.good.space if self.good else None
        return marks(self.folder, outside(space) if space else ())

    def _read(self, was: Reading | None) -> Reading:
        """Read and judge. Whatever goes wrong is said in its place: the server goes on."""
        began = time.monotonic()
        self._marks = self._look()
        found = self._opened()
        mark = _mark(found)
        serial, number = (was.serial, was.number) if was else (0, 0)
        number += was is None or mark != was.mark
        self._seconds = time.monotonic() - began
        return replace(found, serial=serial + 1, number=number, mark=mark)

    def _opened(self) -> Reading:
        at = self.clock()
        nothing = Reading(serial=0, number=0, at=at, space=None, assessment=None)
        try:
            with self.lock:
                space = open_case(self.folder, at, cache=self._cache)
            if space.case is None:
                return replace(nothing, findings=space.findings)
            assessment = space.assess()
            made = self.make(space, assessment)
            return replace(
                nothing, space=space, assessment=assessment, made=made, findings=space.findings
            )
        except (OSError, NoCase, LedgerError) as error:
            return replace(nothing, problem=str(error))
        except Exception as error:
            traceback.print_exc()
            says = (
                f"{type(error).__name__} while the case was read; the server's terminal says more"
            )
            return replace(nothing, problem=says)


@contextlib.contextmanager
def _collected_by_hand() -> Iterator[None]:
    """Objects that live long are not searched for cycles while pages are being waited for."""
    before = gc.get_threshold()
    gc.set_threshold(before[0], before[1], 1_000_000)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _mark(found: Reading) -> str:
    """A digest of what a reading shows, but for the time."""
    total = hashlib.sha256(repr((found.findings, found.problem)).encode("utf-8", "replace"))
    a, space = found.assessment, found.space
    if a is None or space is None or space.case is None:
        return total.hexdigest()
    for part in (
        a.case.header, a.case.elements, a.states, a.freshness, a.verdict, a.headline, a.due,
        a.record_head, a.monitors, a.challenges, space.log.problems, space.history.problems,
        [str(a.case.span(name)) for name in a.case.elements],
    ):  # fmt: skip
        total.update(repr(part).encode("utf-8", "replace"))
    return total.hexdigest()
