"""What can go wrong around a record: one exception per way out.

A damaged record is data, so `read` and `verify` return problems and raise nothing. The
exceptions here are for those who write, sign or fetch, and each message names the way out.
"""

from __future__ import annotations

import errno
from pathlib import Path

__all__ = [
    "LedgerBusy",
    "LedgerDamaged",
    "LedgerError",
    "LedgerWriteError",
    "KeyFileError",
    "ObjectDamaged",
    "ObjectMissing",
    "ObjectRedacted",
    "RecordRefused",
]

_WAY_OUT = {
    errno.ENOSPC: "free some space on the disk that holds it and run again",
    errno.EDQUOT: "your disk quota is used up: free some space and run again",
    errno.EFBIG: "raise the file size limit of this shell (`ulimit -f`) and run again",
    errno.EROFS: "the disk is mounted read-only: work on a copy of the case on a writable disk",
    errno.EACCES: "make the folder writable for this user, or work on a copy of the case",
    errno.EPERM: "make the folder writable for this user, or work on a copy of the case",
    errno.ENOTDIR: "a file stands where the folder should be: move it away",
    errno.EEXIST: "a file stands where the folder should be: move it away",
    errno.EISDIR: "a folder stands where the file should be: move it away",
    errno.EIO: "the disk reports errors: copy the case to another disk before anything else",
}


class LedgerError(Exception):
    """The parent of everything this room raises."""


class LedgerBusy(LedgerError):
    """Another process writes this record; `pid` is that process, None if it left no name."""

    def __init__(self, folder: Path, pid: int | None) -> None:
        self.pid = pid
        holder = f"process {pid}" if pid is not None else "another process"
        super().__init__(f"{folder} is being written by {holder}: wait until it ends, or stop it")


class LedgerDamaged(LedgerError):
    """The record does not verify, so nothing may be added to it."""


class LedgerWriteError(LedgerError):
    """Nothing was added: the disk refused. What stood in the record before still stands."""

    def __init__(self, path: Path, error: OSError, *, intact: bool = True) -> None:
        self.path = path
        self.reason = error.strerror or str(error)
        self.hint = _WAY_OUT.get(error.errno or 0, "see the reason, then run again")
        kept = (
            "the record stands as it was"
            if intact
            else "its last line may remain: the next run counts it if whole, else sets it aside"
        )
        super().__init__(f"cannot write {path}: {self.reason}; {kept}. {self.hint}")


class RecordRefused(LedgerError, ValueError):
    """The caller's record breaks the rules of the format, so it was not appended."""


class ObjectMissing(LedgerError):
    """An artefact that a record names is not in the store."""


class ObjectDamaged(LedgerError):
    """An artefact's bytes are not the ones its digest names."""


class ObjectRedacted(ObjectDamaged):
    """An artefact's bytes were taken out on purpose; `reason` is what the tombstone says."""

    def __init__(self, digest: str, reason: str) -> None:
        self.digest = digest
        self.reason = reason
        super().__init__(f"the artefact {digest} was redacted: {reason}")


class KeyFileError(LedgerError):
    """The signing key cannot be read or made; the message says which file and what to do."""
