"""Printing of several runs in one process, each into its own log."""

from __future__ import annotations

import contextlib
import contextvars
import io
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

__all__ = ["Log", "routed"]

_current: contextvars.ContextVar[Log | None] = contextvars.ContextVar("log", default=None)


class Log:
    """The log of one run; it takes nothing more once it is closed, or full."""

    def __init__(self, path: Path, most: int | None) -> None:
        self._file = path.open("w", encoding="utf-8", errors="backslashreplace")
        self._left = most
        self._lock = threading.Lock()

    def here(self) -> None:
        """Take what this context, and the threads it starts with a copy of it, print."""
        _current.set(self)

    def write(self, text: str) -> None:
        """Write a text; `OSError` beyond the limit, nothing at all once closed."""
        with self._lock:
            if self._file.closed:
                return
            if self._left is not None:
                self._left -= len(text)
                if self._left < 0:
                    raise OSError("the log is over the output limit")
            self._file.write(text)

    def note(self, text: str) -> None:
        """Write a few words of ours, also when the log is full; nothing once closed."""
        with self._lock:
            if not self._file.closed:
                self._file.write(text)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._file.close()


class _Routed(io.TextIOBase):
    """Stands for a standard stream; what a run prints goes to its log, the rest goes through."""

    def __init__(self, through: TextIO) -> None:
        self.through = through

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self.through.encoding

    def write(self, text: str) -> int:
        log = _current.get()
        if log is None:
            return self.through.write(text)
        log.write(text)
        return len(text)

    def flush(self) -> None:
        if _current.get() is None:
            self.through.flush()

    def fileno(self) -> int:
        return self.through.fileno()

    def isatty(self) -> bool:
        return _current.get() is None and self.through.isatty()

    def writable(self) -> bool:
        return True


@contextlib.contextmanager
def routed() -> Iterator[None]:
    """Send what runs print to their logs for as long as the block lasts."""
    out, err = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = _Routed(out), _Routed(err)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = out, err
