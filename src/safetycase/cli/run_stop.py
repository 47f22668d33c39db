"""Ctrl-C and a polite kill: the first asks, the second insists."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType

__all__ = ["Asked", "listening"]


class Asked:
    """Whether the operator asked to stop.

    Until something runs (`gentle`), a signal interrupts at once: there is nothing to end in
    order. From then on the first one only asks, so that no result is lost between two lines.
    """

    def __init__(self) -> None:
        self.gentle = False
        self.stop = False

    def __call__(self) -> bool:
        """Whether to stop now."""
        return self.stop

    def signal(self, _signal: int, _frame: FrameType | None) -> None:
        """Take a signal."""
        insists = self.stop or not self.gentle
        self.stop = True
        if insists:
            raise KeyboardInterrupt


@contextlib.contextmanager
def listening() -> Iterator[Asked]:
    """Take SIGINT and SIGTERM as requests to stop."""
    asked = Asked()
    before = {n: signal.signal(n, asked.signal) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
