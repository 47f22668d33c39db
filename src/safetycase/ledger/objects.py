"""Artefacts by content: a file is kept under the SHA-256 of its bytes, and re-hashed when read.

Objects live in `objects/ab/<sha256>` below the ledger folder and are never changed.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from safetycase.ledger.errors import LedgerWriteError, ObjectDamaged, ObjectMissing
from safetycase.ledger.files import new_file, sync_folder, write_all
from safetycase.ledger.record import is_digest

__all__ = ["ObjectStore"]

_CHUNK = 1 << 20
_RESTORE = "restore it from a copy of the record, or run the evidence again"


class ObjectStore:
    """The artefacts of the record in `folder` (`<case>/ledger`)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "objects"

    def path(self, digest: str) -> Path:
        """Where the object `digest` lives or would live. ValueError if it is no SHA-256."""
        if not is_digest(digest):
            raise ValueError(f"{digest!r} is not a SHA-256 in lower-case hex")
        return self.folder / digest[:2] / digest

    def has(self, digest: str) -> bool:
        """Whether there is an object under this digest; its bytes are not checked."""
        return self.path(digest).is_file()

    def put(self, source: Path | bytes) -> str:
        """Keep the bytes, or the bytes of the file, and return their SHA-256 in hex.

        What is already there and intact is left alone; a damaged copy is replaced. Raises
        `LedgerWriteError` if the disk refuses, OSError if the source file cannot be read.
        """
        with _chunks(source) as chunks:
            try:
                digest = self._keep(chunks)
            except OSError as error:
                raise LedgerWriteError(Path(error.filename or self.folder), error) from error
        self.check(digest)
        return digest

    def get(self, digest: str) -> bytes:
        """The bytes of an object. Raises `ObjectMissing`, or `ObjectDamaged` if they changed."""
        data = b"".join(self._read(digest))
        if hashlib.sha256(data).hexdigest() != digest:
            raise self._damaged(digest)
        return data

    def check(self, digest: str) -> None:
        """Like `get`, for objects of any size: re-hash and return nothing."""
        total = hashlib.sha256()
        for chunk in self._read(digest):
            total.update(chunk)
        if total.hexdigest() != digest:
            raise self._damaged(digest)

    def _keep(self, chunks: Iterator[bytes]) -> str:
        self.folder.mkdir(parents=True, exist_ok=True)
        descriptor, fresh = new_file(self.folder)
        try:
            total = hashlib.sha256()
            try:
                for chunk in chunks:
                    total.update(chunk)
                    write_all(descriptor, chunk)
                os.fchmod(descriptor, 0o444)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            digest = total.hexdigest()
            if not self._intact(digest):
                place = self.path(digest)
                place.parent.mkdir(exist_ok=True)
                fresh.replace(place)
                sync_folder(place.parent)
                sync_folder(self.folder)
        finally:
            fresh.unlink(missing_ok=True)
        return digest

    def _intact(self, digest: str) -> bool:
        try:
            self.check(digest)
        except (ObjectMissing, ObjectDamaged):
            return False
        return True

    def _read(self, digest: str) -> Iterator[bytes]:
        path = self.path(digest)
        try:
            with path.open("rb") as file:
                while chunk := file.read(_CHUNK):
                    yield chunk
        except FileNotFoundError:
            raise ObjectMissing(f"the artefact {digest} is missing: {_RESTORE}") from None
        except OSError as error:
            raise ObjectDamaged(
                f"the artefact {digest} cannot be read ({error.strerror}): {_RESTORE}"
            ) from error

    def _damaged(self, digest: str) -> ObjectDamaged:
        return ObjectDamaged(f"the artefact {digest} has other bytes than it had: {_RESTORE}")


@contextlib.contextmanager
def _chunks(source: Path | bytes) -> Iterator[Iterator[bytes]]:
    """The source in pieces; a source that cannot be opened is the caller's error, not ours."""
    if isinstance(source, bytes):
        yield iter((source,))
        return
    with source.open("rb") as file:
        yield iter(lambda: file.read(_CHUNK), b"")
