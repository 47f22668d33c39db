"""Many attempts at a time in this very process, for evaluations that wait for an API.

A coroutine runs on one event loop; any other method has a thread. A thread cannot be killed: one
that is over its time is reported and abandoned. It ends when it next reports progress; what it
prints or returns until then goes nowhere. There is no
limit on memory, and a method that kills its process kills the scheduler. Nothing here is for code
that computes, or that is not trusted to behave.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import inspect
import queue
import socket
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from safetycase.evidence.executors import results
from safetycase.evidence.executors.printing import Log, routed
from safetycase.evidence.observe import unwatched
from safetycase.evidence.perform import failure, method_of, perform, prepared, result_of, watched
from safetycase.evidence.worker import TICK_SECONDS, as_text
from safetycase.plugin.contract import MethodError
from safetycase.plugin.executors import (
    MARGIN,
    ExecutorFailed,
    ExecutorOptions,
    Finished,
    Task,
    Ticked,
)

__all__ = ["AsyncioExecutor", "make"]

SLOTS = 32


def make(options: ExecutorOptions) -> AsyncioExecutor:
    """The executor `asyncio`; `workers` is how many attempts run at a time (32)."""
    if options.address or options.options:
        raise ExecutorFailed(
            "the executor `asyncio` runs in this process; it has no address and no options"
        )
    return AsyncioExecutor(workers=options.workers)


@dataclass(slots=True, kw_only=True, eq=False)
class _Live:
    task: Task
    started: float
    log: Log
    future: Any = None
    timer: Any = None
    ticked: float = 0.0


class _Over(BaseException):
    """Ends a run that was reported to be over; no method is to take it for a failure of its own."""


class AsyncioExecutor:
    """Runs tasks on one event loop in a thread of its own, and in further threads."""

    name = "asyncio"
    local = True
    margin = MARGIN

    def __init__(self, *, workers: int | None = None) -> None:
        self.slots = workers or SLOTS
        self._live: dict[str, _Live] = {}
        self._lock = threading.Lock()
        self._events: queue.SimpleQueue[Ticked | Finished] = queue.SimpleQueue()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._threads: set[threading.Thread] = set()
        self._routes, self._watch = contextlib.ExitStack(), contextlib.ExitStack()
        self._routes.enter_context(routed())
        # This thread keeps the record; no attempt runs in it, so none is charged with that.
        self._watch.enter_context(unwatched())
        self._closed = False

    def start(self, task: Task) -> None:
        """Start a task on the loop."""
        if self._closed:
            raise ExecutorFailed("the executor is closed")
        with self._lock:
            if task.id in self._live:
                raise ExecutorFailed(f"`{task.id}` is running already")
            results.lay_out(task.folder, task.job)
            log = Log(task.folder / results.LOG, task.limits.output_bytes)
            live = _Live(task=task, started=time.monotonic(), log=log)
            self._live[task.id] = live
        self._loop.call_soon_threadsafe(self._begin, live)

    def wait(self, seconds: float) -> Sequence[Ticked | Finished]:
        """Ticks and ends since the last call; returns at once if nothing runs."""
        found: list[Ticked | Finished] = []
        with contextlib.suppress(queue.Empty):
            if self._live:
                found.append(self._events.get(timeout=max(seconds, 0.0)))
            while True:
                found.append(self._events.get_nowait())
        return found

    def stop(self, task: str) -> None:
        """Report a task `aborted`; a coroutine is cancelled, a thread is abandoned."""
        live = self._live.get(task)
        if live is not None:
            self._over(live, "aborted", "stopped by the scheduler")

    def close(self) -> None:
        """End what runs, and the loop. Threads that do not return are left to end with us."""
        if self._closed:
            return
        self._closed = True
        for live in list(self._live.values()):
            self._over(live, "aborted", "the executor was closed")
        asyncio.run_coroutine_threadsafe(_cancelled(), self._loop).result(timeout=10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        if not self._thread.is_alive():
            self._loop.close()
        self._watch.close()
        if not self._threads:
            self._routes.close()  # else what they still print would come out in our name

    def _begin(self, live: _Live) -> None:
        """On the loop: the task, and the timer that ends it."""
        limit = live.task.limits.seconds
        reason = f"stopped after the time limit of {limit:g} s"
        live.timer = self._loop.call_later(limit, self._over, live, "failed", reason)
        context = contextvars.copy_context()
        live.future = self._loop.create_task(self._carry_out(live), context=context)

    async def _carry_out(self, live: _Live) -> None:
        live.log.here()
        try:
            found = await self._perform(live)
        except asyncio.CancelledError:
            if live.task.id in self._live:  # the method cancelled itself
                self._end(live, {"error": "CancelledError: the method cancelled itself"})
            return
        except MethodError as error:
            live.log.note(f"{error}\n")
            found = failure(error)
        except BaseException as error:
            live.log.note(traceback.format_exc())
            found = failure(error)
        self._end(live, found)

    async def _perform(self, live: _Live) -> dict[str, Any]:
        job = {**live.task.job, "scratch": str(live.task.folder / results.SCRATCH)}
        method = method_of(job)
        if job["kind"] != "run" or not inspect.iscoroutinefunction(method.run):
            return await self._in_thread(live, job)
        with prepared(job, method, self._ticker(live)) as (inputs, parameters, context, extra):
            with watched(job) as seen:
                measured = await method.run(inputs, parameters, context)
            return result_of(job, context, measured) | {"observed": seen.json()} | extra

    def _in_thread(self, live: _Live, job: Mapping[str, Any]) -> asyncio.Future[dict[str, Any]]:
        """The future of a job that runs in a daemon thread; nobody waits for it at exit."""
        future: asyncio.Future[dict[str, Any]] = self._loop.create_future()
        context = contextvars.copy_context()

        def run() -> None:
            try:
                found = context.run(perform, job, self._ticker(live))
            except MethodError as error:
                found = failure(error)
                live.log.note(f"{error}\n")
            except BaseException as error:
                live.log.note(traceback.format_exc())
                found = failure(error)
            self._threads.discard(threading.current_thread())
            with contextlib.suppress(RuntimeError):  # the loop has been closed meanwhile
                self._loop.call_soon_threadsafe(_settle, future, found)

        thread = threading.Thread(target=run, daemon=True, name=live.task.id)
        self._threads.add(thread)
        thread.start()
        return future

    def _ticker(self, live: _Live) -> Any:
        def progress(done: int, total: int, note: str = "") -> None:
            now = time.monotonic()
            if self._live.get(live.task.id) is not live:
                raise _Over
            if now - live.ticked >= TICK_SECONDS:
                live.ticked = now
                tick = results.tick(live.task.id, done, total, note)
                if tick is not None:
                    self._events.put(tick)

        return progress

    def _over(self, live: _Live, how: Literal["failed", "aborted"], reason: str) -> None:
        """End a task from outside: it is reported now, whatever it still does."""
        if self._report(live, how, None, reason) and live.future is not None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(live.future.cancel)

    def _end(self, live: _Live, found: dict[str, Any]) -> None:
        """End a task by what it returned."""
        if live.task.id not in self._live:
            return
        folder = live.task.folder
        text = as_text(found)
        (folder / results.RESULT).write_text(text, "utf-8")
        ended = results.parsed(text.encode())
        most = live.task.limits.output_bytes
        if most is not None and results.output_bytes(folder, most) > most:
            self._report(live, "failed", None, f"stopped over the output limit of {most} bytes")
            return
        self._report(live, ended.how, ended.result, ended.reason)

    def _report(self, live: _Live, how: Any, result: Mapping[str, Any] | None, reason: str) -> bool:
        """Report an end, once; whether this was it."""
        with self._lock:
            if self._live.pop(live.task.id, None) is not live:
                return False
            live.log.close()
        if live.timer is not None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(live.timer.cancel)
        folder = live.task.folder
        results.cut(folder / results.LOG)
        self._events.put(
            Finished(
                id=live.task.id,
                token=live.task.token,
                how=how,
                result=result,
                reason=reason,
                seconds=time.monotonic() - live.started,
                log=folder / results.LOG,
                scratch=folder / results.SCRATCH,
                where=f"{socket.gethostname()} (in the scheduler's process)",
            )
        )
        return True


def _settle(future: asyncio.Future[dict[str, Any]], found: dict[str, Any]) -> None:
    if not future.done():
        future.set_result(found)


async def _cancelled() -> None:
    """Cancel every task of the running loop but this one, and wait until they have ended."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for other in others:
        other.cancel()
    await asyncio.wait_for(asyncio.gather(*others, return_exceptions=True), 5)
