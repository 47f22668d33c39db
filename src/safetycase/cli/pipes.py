"""Output to a reader who may go before all is said, as `head` does."""

from __future__ import annotations

import os
from typing import Any, TextIO, cast

__all__ = ["unbroken"]


def unbroken(stream: TextIO | None) -> TextIO:
    """The stream, from which its reader may go; one that a caller closed leads nowhere.

    The first file that is opened would else take its descriptor.
    """
    found = stream if stream is not None else os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    return cast("TextIO", Unbroken(found))


class Unbroken:
    """A stream that takes what it is given though nobody reads it any more.

    An exit code carries an answer: it must not depend on how much of the text was wanted.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """As the stream does; where its reader went, the text goes nowhere."""
        try:
            return self._stream.write(text)
        except BrokenPipeError:
            self._nowhere()
            return len(text)

    def flush(self) -> None:
        """As the stream does."""
        try:
            self._stream.flush()
        except BrokenPipeError:
            self._nowhere()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _nowhere(self) -> None:
        """Let the descriptor lead nowhere, so that what is buffered does not fail again."""
        nothing = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nothing, self._stream.fileno())
        finally:
            os.close(nothing)
