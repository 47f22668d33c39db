"""The progress of a run: bars on a terminal, one line per event elsewhere; on standard error."""

from __future__ import annotations

import contextlib
import time
from typing import Any

from safetycase.cli.common import printable
from safetycase.evidence.events import (
    AttemptEnded,
    AttemptStarted,
    ControlsEnded,
    ControlsStarted,
    Event,
    LateResult,
    Progressed,
    ServerStarted,
)

__all__ = ["Shown", "brief"]

EVERY = 5.0
"""Seconds between two lines on the progress of one attempt, where there is no terminal."""
LONGEST = 240
"""Characters of a reason on the screen; the whole of it stands in the record."""


def brief(text: str) -> str:
    """A reason as one printable line of bounded length: what a method raises may be anything."""
    line = printable(" ".join(text.split()))
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


class Shown:
    """One bar for every attempt that runs, and one for the whole; a context manager."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
        )

        class Lasting(Console):
            """Falls silent where rich would end the process."""

            def on_broken_pipe(self) -> None:
                self.quiet = True

        self.console = Lasting(stderr=True, highlight=False, markup=False)
        self.progress: Any = (
            Progress(
                TextColumn("{task.description}", markup=False),
                BarColumn(bar_width=24),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                console=self.console,
                transient=True,
            )
            if self.console.is_terminal
            else None
        )
        self.whole: Any = None
        self.ended = 0
        self.bars: dict[str, Any] = {}
        self.told: dict[str, float] = {}

    def __enter__(self) -> Shown:
        if self.progress:
            self.progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.progress:
            with contextlib.suppress(OSError):
                self.progress.stop()

    def __call__(self, event: Event) -> None:
        """Show one event. That nobody can read it any more ends no run."""
        with contextlib.suppress(OSError):
            self._show(event)

    def _show(self, event: Event) -> None:
        if isinstance(event, AttemptStarted):
            self._started(event)
        elif isinstance(event, Progressed):
            self._progressed(event)
        elif isinstance(event, AttemptEnded):
            self._ended(event)
        else:
            self._said(event)

    def say(self, text: str) -> None:
        """One line above the bars."""
        self.console.print(printable(text), soft_wrap=True)

    def _said(self, event: Event) -> None:
        if isinstance(event, ServerStarted):
            self.say(f"model `{event.model}` answers at {event.url}")
        elif isinstance(event, ControlsStarted):
            self.say(f"planted controls of {event.method} …")
        elif isinstance(event, ControlsEnded) and event.reason:
            self.say(f"planted controls of {event.method} failed: {brief(event.reason)}")
        elif isinstance(event, LateResult):
            self.say(f"a result of {event.attempt} came too late and does not count")

    def _started(self, event: AttemptStarted) -> None:
        again = f" (again, after {event.retry_of})" if event.retry_of else ""
        self.say(f"[{event.position}/{event.of}] {event.evidence}: {brief(event.because)}{again}")
        self.told[event.attempt] = time.monotonic()
        if self.progress:
            if self.whole is None:
                self.whole = self.progress.add_task("all attempts", total=event.of)
            self.progress.update(self.whole, total=event.of, completed=self.ended)
            self.bars[event.attempt] = self.progress.add_task(event.evidence, total=None)

    def _progressed(self, event: Progressed) -> None:
        bar = self.bars.get(event.attempt)
        if bar is not None:
            self.progress.update(
                bar,
                completed=event.done,
                total=event.total or None,
                description=f"{event.evidence} {printable(event.note)}",
            )
        elif not self.progress and time.monotonic() - self.told.get(event.attempt, 0.0) >= EVERY:
            self.told[event.attempt] = time.monotonic()
            of = f" of {event.total}" if event.total else ""
            self.say(f"      {event.evidence}: {event.done}{of} {brief(event.note)}".rstrip())

    def _ended(self, event: AttemptEnded) -> None:
        self.ended += 1
        self.told.pop(event.attempt, None)
        bar = self.bars.pop(event.attempt, None)
        if bar is not None:
            self.progress.remove_task(bar)
            self.progress.update(self.whole, completed=self.ended)
        reason = f" — {brief(event.reason)}" if event.reason else ""
        self.say(f"      {event.evidence}: {event.outcome} in {event.seconds:.1f} s{reason}")
