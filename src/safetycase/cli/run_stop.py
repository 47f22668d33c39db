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
    """Take SIGINT, SIGTERM and SIGHUP as requests to stop."""
    asked = Asked()
    numbers = [signal.SIGINT, signal.SIGTERM]
    # A closed terminal asks too, unless somebody (nohup) said that it should not.
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    before = {n: signal.signal(n, asked.signal) for n in numbers}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
