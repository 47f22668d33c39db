"""Artefacts in S3 or a server that speaks its language, through `s3fs` (`safetycase[s3]`).

An object is written with the condition that there is none of its name yet (`If-None-Match: *`),
so that nobody overwrites an artefact, and read back before it counts. Uploads and downloads are
streams of bounded memory. An upload that is cut off is invisible: objects appear whole, in the
end. Keys come from where every AWS tool takes them, and are neither kept nor printed.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from safetycase.ledger.errors import ObjectDamaged, ObjectMissing, ObjectRedacted
from safetycase.ledger.objects import CHUNK, pieces, redacted, tombstone
from safetycase.ledger.record import is_digest
from safetycase.ledger.stores import StoreDown, StoreError

__all__ = ["BucketStore"]

_PART = 8 << 20
"""Bytes of one part of an upload; two are in memory at a time."""


class BucketStore:
    """The artefacts below `place`, `BUCKET/PREFIX`. Objects are named as in the folder."""

    def __init__(self, place: str, *, endpoint: str | None = None) -> None:
        self.place = place
        self._endpoint = endpoint
        self._opened: Any = None

    @property
    def name(self) -> str:
        """How messages name it."""
        return f"s3://{self.place}" + (f" at {self._endpoint}" if self._endpoint else "")

    def has(self, digest: str) -> bool:
        """See `Store`."""
        key = self._key(digest)
        with self._errors():
            try:
                self._files.info(key)
            except FileNotFoundError as error:
                self._no_bucket(error)
                return False
            return True

    def put(self, source: Path | bytes) -> str:
        """See `Store`. What is there already is compared, never overwritten."""
        total = hashlib.sha256()
        with pieces(source) as chunks:
            for chunk in chunks:
                total.update(chunk)
        digest = total.hexdigest()
        if not self.has(digest):
            with self._errors():
                self._upload(source, self._key(digest))
        try:
            self.check(digest)
        except ObjectRedacted:
            return digest  # what was redacted stays so
        except ObjectDamaged as error:
            raise StoreError(
                f"{self.name} has other bytes under the name of the artefact {digest}: find out "
                f"who wrote them, remove {self._key(digest)} there and put it again"
            ) from error
        return digest

    def get(self, digest: str) -> bytes:
        """See `Store`."""
        data = b"".join(self.stream(digest))
        self._same(digest, hashlib.sha256(data).hexdigest(), data[:CHUNK])
        return data

    def check(self, digest: str) -> None:
        """See `Store`."""
        total, first = hashlib.sha256(), b""
        for chunk in self.stream(digest):
            first = first or chunk
            total.update(chunk)
        self._same(digest, total.hexdigest(), first)

    def fetch(self, digest: str) -> Path:
        """Not here: a bucket has no files. A `CachedStore` in front of it has."""
        raise StoreError(f"{self.name} has no local file of {digest}")

    def stream(self, digest: str) -> Iterator[bytes]:
        """See `Store`."""
        key = self._key(digest)
        with self._errors():
            try:
                with self._files.open(key, "rb", block_size=_PART, cache_type="readahead") as file:
                    while chunk := file.read(CHUNK):
                        yield chunk
            except FileNotFoundError as error:
                self._no_bucket(error)
                raise ObjectMissing(
                    f"the artefact {digest} is missing in {self.name}: push it from a folder that "
                    "has it (`safetycase record artefacts push`)"
                ) from None

    def digests(self) -> frozenset[str]:
        """See `Store`."""
        with self._errors():
            try:
                found = self._files.find(self.place)
            except FileNotFoundError as error:
                self._no_bucket(error)
                return frozenset()
            return frozenset(name for path in found if is_digest(name := path.rpartition("/")[2]))

    def redact(self, digest: str, reason: str) -> None:
        """See `Store`. A bucket that keeps versions keeps the old one: remove it there."""
        if self.has(digest):
            with self._errors():
                self._files.pipe_file(self._key(digest), tombstone(digest, reason))

    def _upload(self, source: Path | bytes, key: str) -> None:
        """Write an object that is not there yet; one that appeared meanwhile is left alone."""
        modes = ("create", "overwrite")
        for mode in modes:
            try:
                if isinstance(source, bytes):
                    self._files.pipe_file(key, source, mode=mode)
                else:
                    self._files.put_file(
                        str(source), key, mode=mode, chunksize=_PART, max_concurrency=2
                    )
            except FileExistsError:
                return
            except Exception as error:
                # A server that does not know the condition says so, and stores nothing.
                if mode == modes[-1] or _code(error) != "NotImplemented":
                    raise
            else:
                return

    def _same(self, digest: str, found: str, first: bytes) -> None:
        if found == digest:
            return
        if reason := redacted(digest, first):
            raise ObjectRedacted(digest, reason)
        raise ObjectDamaged(
            f"the artefact {digest} has other bytes in {self.name} than it had: remove it there "
            "and push it again from a folder that has it"
        )

    def _key(self, digest: str) -> str:
        if not is_digest(digest):
            raise ValueError(f"{digest!r} is not a SHA-256 in lower-case hex")
        return f"{self.place}/objects/{digest[:2]}/{digest}"

    @property
    def _files(self) -> Any:
        """The file system, opened when first needed."""
        if self._opened is None:
            try:
                from s3fs import S3FileSystem
            except ImportError as error:
                raise StoreDown(
                    "artefacts in S3 need an extra: pip install 'safetycase[s3]'"
                ) from error
            self._opened = S3FileSystem(
                endpoint_url=self._endpoint,
                use_listings_cache=False,
                config_kwargs={
                    "retries": {"max_attempts": 1},
                    "connect_timeout": 5,
                    "read_timeout": 60,
                },
            )
        return self._opened

    def _no_bucket(self, error: FileNotFoundError) -> None:
        """Tell a missing bucket from a missing object."""
        if _code(error) == "NoSuchBucket":
            bucket = self.place.partition("/")[0]
            raise StoreDown(
                f"{self.name} cannot be used: there is no bucket {bucket}; make it, or name "
                "another with `safetycase record artefacts set`"
            ) from error

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        """Every refusal of the outside world as one sentence with a way out."""
        try:
            yield
        except FileNotFoundError as error:
            self._no_bucket(error)
            raise StoreDown(f"{self.name} cannot be used: {error}") from error
        except PermissionError as error:
            raise StoreDown(
                f"{self.name} refuses this key: {error}; check AWS_ACCESS_KEY_ID or AWS_PROFILE, "
                "and the rights of that user on the bucket"
            ) from error
        except (StoreError, ObjectMissing, ObjectDamaged):
            raise
        except Exception as error:
            raise self._unusable(error) from error

    def _unusable(self, error: Exception) -> StoreDown:
        kind = type(error).__name__
        if kind in ("NoCredentialsError", "PartialCredentialsError", "ProfileNotFound"):
            return StoreDown(
                f"{self.name} needs a key ({error}): set AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
            )
        if "Connect" in kind or "Timeout" in kind or "HTTPClient" in kind:
            return StoreDown(
                f"{self.name} cannot be reached ({error}): check the network and the endpoint, "
                "then try again"
            )
        return StoreDown(f"{self.name} cannot be used ({kind}: {error}): see the reason")


def _code(error: BaseException) -> str:
    """The error code of the S3 protocol behind an exception; empty if there is none."""
    response = getattr(error.__cause__ or error, "response", None) or {}
    return str(response.get("Error", {}).get("Code", ""))
