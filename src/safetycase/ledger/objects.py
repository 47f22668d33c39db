"""Artefacts by content: a file is kept under the SHA-256 of its bytes, and re-hashed when read.

Objects live in `objects/ab/<sha256>` below the ledger folder and are never changed.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from safetycase.ledger import canonical
from safetycase.ledger.disk import Disk, Handle, OsDisk, ensure_folder
from safetycase.ledger.errors import (
    LedgerWriteError,
    ObjectDamaged,
    ObjectMissing,
    ObjectRedacted,
)
from safetycase.ledger.record import is_digest

__all__ = ["CHUNK", "ObjectStore", "pieces", "redacted", "same_bytes", "tombstone"]

CHUNK = 1 << 20
"""Bytes that are read at a time."""

_RESTORE = "restore it from a copy of the record, or run the evidence again"


class ObjectStore:
    """The artefacts of the record in `folder` (`<case>/ledger`)."""

    def __init__(self, folder: Path, disk: Disk | None = None) -> None:
        self.folder = folder / "objects"
        self._disk = disk or OsDisk()

    def path(self, digest: str) -> Path:
        """Where the object `digest` lives or would live. ValueError if it is no SHA-256."""
        if not is_digest(digest):
            raise ValueError(f"{digest!r} is not a SHA-256 in lower-case hex")
        return self.folder / digest[:2] / digest

    def has(self, digest: str) -> bool:
        """Whether there is an object under this digest; its bytes are not checked."""
        return self._disk.exists(self.path(digest))

    def put(self, source: Path | bytes) -> str:
        """Keep the bytes, or the bytes of the file, and return their SHA-256 in hex.

        On return they survive a power cut. What is already there and intact is left alone; a
        damaged copy is replaced; what was redacted stays so. Raises `LedgerWriteError` if the
        disk refuses, OSError if the source file cannot be read.
        """
        with pieces(source) as chunks:
            digest = self._keep(chunks)
        with contextlib.suppress(ObjectRedacted):
            self.check(digest)
        return digest

    def take(self, digest: str, chunks: Iterator[bytes]) -> Path:
        """Keep bytes that came from elsewhere as the object `digest`, and return its file.

        Raises `ObjectDamaged` if they are not its bytes; then nothing was kept.
        """
        self._keep(same_bytes(digest, chunks))
        return self.fetch(digest)

    def get(self, digest: str) -> bytes:
        """The bytes of an object. Raises `ObjectMissing`, or `ObjectDamaged` if they changed."""
        data = b"".join(self.stream(digest))
        if hashlib.sha256(data).hexdigest() != digest:
            raise _damaged(digest, data)
        return data

    def check(self, digest: str) -> None:
        """Like `get`, for objects of any size: re-hash and return nothing."""
        for _ in same_bytes(digest, self.stream(digest)):
            pass

    def fetch(self, digest: str) -> Path:
        """The file of an object, re-hashed. Raises what `check` raises."""
        self.check(digest)
        return self.path(digest)

    def digests(self) -> frozenset[str]:
        """Everything that is kept, by name; the bytes are not checked.

        Raises OSError for a folder that cannot be read: what lies in it is not missing.
        """
        if not self.folder.is_dir():
            return frozenset()
        parts = [part for part in self.folder.iterdir() if len(part.name) == 2 and part.is_dir()]
        names = (path.name for part in parts for path in part.iterdir())
        return frozenset(name for name in names if is_digest(name))

    def redact(self, digest: str, reason: str) -> None:
        """Put a tombstone in the place of the bytes, on the disk for good. Nothing if not here.

        Raises `LedgerWriteError` if the disk refuses.
        """
        if not self.has(digest):
            return
        self._keep(iter((tombstone(digest, reason),)), digest)

    def _keep(self, chunks: Iterator[bytes], name: str | None = None) -> str:
        try:
            return self._write(chunks, name)
        except OSError as error:
            raise LedgerWriteError(Path(error.filename or self.folder), error) from error

    def _write(self, chunks: Iterator[bytes], name: str | None) -> str:
        """Write a new file and give it its place: that of its bytes, or whatever `name` has."""
        disk = self._disk
        ensure_folder(disk, self.folder)
        handle, fresh = self._new_file()
        try:
            total = hashlib.sha256()
            try:
                for chunk in chunks:
                    total.update(chunk)
                    handle.append(chunk)
                handle.protect()
                handle.sync()
            finally:
                handle.close()
            digest = name or total.hexdigest()
            place = self.path(digest)
            ensure_folder(disk, place.parent)
            if name is not None or not self._settled(digest):
                disk.rename(fresh, place)
            self._flush(place)
        finally:
            disk.remove(fresh)
        return digest

    def _flush(self, place: Path) -> None:
        """Flush an object and all names that lead to it.

        Also of one that was there before: whoever put it may have been killed before this.
        """
        handle = self._disk.open_old(place)
        try:
            handle.sync()
        finally:
            handle.close()
        ledger = self.folder.parent
        for folder in (place.parent, self.folder, ledger, ledger.parent):
            self._disk.sync_folder(folder)

    def _new_file(self) -> tuple[Handle, Path]:
        """Make an empty file under a name that nobody uses."""
        number = 0
        while True:
            path = self.folder / f".new-{os.getpid()}-{number}"
            try:
                return self._disk.open_new(path), path
            except FileExistsError:  # another thread's, or left by a process that was killed
                number += 1

    def _settled(self, digest: str) -> bool:
        """Whether what is in the place of the object may stay there."""
        try:
            self.check(digest)
        except ObjectRedacted:
            return True
        except (ObjectMissing, ObjectDamaged):
            return False
        return True

    def stream(self, digest: str) -> Iterator[bytes]:
        """The bytes of an object as they are found, in pieces; not checked."""
        try:
            yield from self._disk.chunks(self.path(digest), CHUNK)
        except FileNotFoundError:
            raise ObjectMissing(f"the artefact {digest} is missing: {_RESTORE}") from None
        except OSError as error:
            raise ObjectDamaged(
                f"the artefact {digest} cannot be read ({error.strerror}): {_RESTORE}"
            ) from error


def same_bytes(digest: str, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The same pieces; raises `ObjectDamaged` at their end if they are not those of `digest`."""
    total, first = hashlib.sha256(), b""
    for chunk in chunks:
        first = first or chunk
        total.update(chunk)
        yield chunk
    if total.hexdigest() != digest:
        raise _damaged(digest, first)


def tombstone(digest: str, reason: str) -> bytes:
    """What lies in the place of an artefact that was redacted."""
    return canonical.dumps({"reason": reason, "redacted": digest}) + b"\n"


def redacted(digest: str, data: bytes) -> str | None:
    """The reason if `data` is a tombstone of this very artefact, else None."""
    if not data.startswith(b'{"reason":') or digest.encode() not in data:
        return None
    try:
        reason = canonical.loads(data)["reason"]
    except (canonical.CanonicalError, KeyError, TypeError):
        return None
    return reason if isinstance(reason, str) and tombstone(digest, reason) == data else None


def _damaged(digest: str, first: bytes) -> ObjectDamaged:
    """The error for bytes that begin with `first` and are not those of the digest."""
    if reason := redacted(digest, first):
        return ObjectRedacted(digest, reason)
    return ObjectDamaged(f"the artefact {digest} has other bytes than it had: {_RESTORE}")


@contextlib.contextmanager
def pieces(source: Path | bytes) -> Iterator[Iterator[bytes]]:
    """The source in pieces; a source that cannot be opened is the caller's error, not ours."""
    if isinstance(source, bytes):
        yield iter((source,))
        return
    with source.open("rb") as file:
        yield iter(lambda: file.read(CHUNK), b"")
