"""Options of executors, as texts of the command line, read with a bound."""

from __future__ import annotations

from safetycase.plugin.executors import ExecutorFailed

__all__ = ["LONGEST", "queue_seconds"]

LONGEST = 366 * 86400.0
"""Seconds to wait for anything at most: a lease has to end at a date that exists."""


def queue_seconds(text: str) -> float:
    """How long a task may wait in a queue; `ExecutorFailed` if that is no number of seconds."""
    try:
        seconds = float(text)
    except ValueError as error:
        raise ExecutorFailed(f"`queue_seconds` is no number: {error}") from error
    if not 0 < seconds <= LONGEST:  # also refuses what is not a number
        raise ExecutorFailed(
            f"`queue_seconds` is `{text}`; give more than 0 and at most {LONGEST:.0f}, a year"
        )
    return seconds
