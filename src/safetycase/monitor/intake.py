"""Group commit: what many senders hand in at once is one transaction, and each waits for it.

A thread of its own writes, so that the loop that talks to the senders never waits for a disk. Who
hands in more than the queue holds is told so at once, and what was turned away is counted.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from safetycase.monitor.records import Event
from safetycase.monitor.store import Added, Store

__all__ = ["Intake", "NotStored", "Overload"]

_log: Final = logging.getLogger(__name__)

_GROUP_EVENTS: Final = 10_000
"""Events of one transaction, about; more would make the first of them wait for the last."""

_FLUSH_SECONDS: Final = 1.0

Refused = Mapping[tuple[str, str], int]


class Overload(Exception):
    """The queue is full."""


class NotStored(Exception):
    """The disk would not take it."""


@dataclass(frozen=True, slots=True)
class _Given:
    events: Sequence[Event]
    refused: Refused
    future: asyncio.Future[Added]


class Intake:
    """The queue before a store. `put` belongs to one event loop, the writing to a thread.

    `notify` is called on that thread after each group that brought something new. At most `queue`
    events wait.
    """

    def __init__(self, store: Store, notify: Callable[[], None], *, queue: int) -> None:
        self._store = store
        self._notify = notify
        self._most = queue
        self._ready = threading.Condition()
        self._waiting: list[_Given] = []
        self._events = 0
        self._counted: Counter[tuple[str, str]] = Counter()
        self._stopping = False
        self._thread: threading.Thread | None = None

    @property
    def waiting(self) -> int:
        """Events that wait to be written."""
        return self._events

    def start(self) -> None:
        """Start the thread that writes."""
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="intake", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Write what waits and end."""
        with self._ready:
            self._stopping = True
            self._ready.notify()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    async def put(self, events: Sequence[Event], refused: Refused) -> Added:
        """Hand in events and counts of refusals; returns when they are on disk.

        Raises `Overload` if the queue is full (the caller counts what it turns away, by `count`),
        `NotStored` if the disk fails.
        """
        future: asyncio.Future[Added] = asyncio.get_running_loop().create_future()
        with self._ready:
            if self._stopping or self._thread is None:
                raise NotStored
            if events and self._events and self._events + len(events) > self._most:
                raise Overload
            self._waiting.append(_Given(events, refused, future))
            self._events += len(events)
            self._ready.notify()
        return await future

    def count(self, source: str, reason: str, count: int = 1) -> None:
        """Count what was turned away; written with the next group, within a second."""
        with self._ready:
            if not self._counted:  # waking it each time would put the second off for ever
                self._ready.notify()
            self._counted[source, reason] += count

    def _run(self) -> None:
        while True:
            with self._ready:
                while not self._waiting and not self._stopping:
                    # Refusals alone can wait: under overload each would cost a transaction.
                    if not self._ready.wait(_FLUSH_SECONDS if self._counted else None):
                        break
                if self._stopping and not self._waiting and not self._counted:
                    return
                group, counted = self._take()
            self._write(group, counted)

    def _take(self) -> tuple[list[_Given], Counter[tuple[str, str]]]:
        events = end = 0
        while end < len(self._waiting) and events < _GROUP_EVENTS:
            events += len(self._waiting[end].events)
            end += 1
        group, self._waiting = self._waiting[:end], self._waiting[end:]
        self._events -= events
        counted, self._counted = self._counted, Counter()
        return group, counted

    def _write(self, group: list[_Given], counted: Counter[tuple[str, str]]) -> None:
        refused = Counter(counted)
        for given in group:
            refused.update(given.refused)
        try:
            added = self._store.add_groups([given.events for given in group], refused=refused)
        except (sqlite3.Error, OSError) as error:
            _log.error("events were not stored: %s", error)
            self._fail(group, counted)
        except Exception:
            _log.exception("events were not stored")
            if len(group) > 1:  # what breaks one sender's events is not to break another's
                for given in group:
                    self._write([given], Counter())
                with self._ready:
                    self._counted.update(counted)
            else:
                self._fail(group, counted)
        else:
            _settle(group, added)
            if any(each.accepted for each in added):
                self._tell()

    def _tell(self) -> None:
        try:
            self._notify()
        except Exception:  # the events are safe; this thread has to go on for those to come
            _log.exception("who is told of new events failed")

    def _fail(self, group: list[_Given], counted: Counter[tuple[str, str]]) -> None:
        with self._ready:
            if not self._stopping:
                self._counted.update(counted)
        _settle(group, None)


def _settle(group: list[_Given], added: list[Added] | None) -> None:
    """Tell each sender, in one call to its loop."""
    if not group:
        return

    def tell() -> None:
        for at, given in enumerate(group):
            if given.future.done():  # its sender went away
                continue
            if added is None:
                given.future.set_exception(NotStored())
            else:
                given.future.set_result(added[at])

    try:
        group[0].future.get_loop().call_soon_threadsafe(tell)
    except RuntimeError:
        _log.info("events were stored after the server had closed")
