"""The lock of a ledger folder: one writer at a time, named by its process id.

An advisory `flock` on `.lock`: the system releases it when the process ends, however it ends.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from safetycase.ledger.errors import LedgerBusy

__all__ = ["LOCK_NAME", "hold", "is_held"]

LOCK_NAME = ".lock"

_TRIES, _PAUSE_SECONDS = 5, 0.02


def hold(folder: Path, pause: Callable[[float], None] = time.sleep) -> int:
    """Take the lock and return its file descriptor; closing that releases it.

    Raises `LedgerBusy` naming the process that holds it, `OSError` if the folder cannot be
    written. A reader may hold the lock for an instant (`is_held`), hence the few tries,
    with a `pause` of seconds between them.
    """
    import fcntl

    descriptor = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        for left in reversed(range(_TRIES)):
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not left:
                    raise LedgerBusy(folder, _holder(descriptor)) from None
                pause(_PAUSE_SECONDS)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def is_held(folder: Path) -> bool:
    """Whether a writer holds the lock now."""
    import fcntl

    try:
        descriptor = os.open(folder / LOCK_NAME, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return False


def _holder(descriptor: int) -> int | None:
    try:
        return int(os.pread(descriptor, 32, 0))
    except ValueError:
        return None
