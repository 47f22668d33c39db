"""Where artefacts are kept: the folder of the case, a shared folder, or S3-compatible storage.

Every store names an artefact by the SHA-256 of its bytes and re-hashes what it reads, so a store
need not be trusted: it can lose an artefact, but not change one unseen. `CachedStore` keeps a
local copy of everything in front of a shared store.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from safetycase.ledger.errors import (
    LedgerError,
    ObjectDamaged,
    ObjectMissing,
    ObjectRedacted,
)
from safetycase.ledger.objects import ObjectStore, same_bytes

__all__ = [
    "ArtefactNotShared",
    "CachedStore",
    "Store",
    "StoreDown",
    "StoreError",
    "plain_address",
    "shared_store",
]


_SECRETS = frozenset(("key", "secret", "token", "password"))
"""What an address may not name."""


class Store(Protocol):
    """Artefacts by SHA-256 (hex). Reading raises `ObjectMissing` or `ObjectDamaged`.

    Whatever the outside world refuses is a `LedgerError` that names the way out.
    """

    def has(self, digest: str) -> bool:
        """Whether there is an artefact under this digest; its bytes are not checked."""

    def put(self, source: Path | bytes) -> str:
        """Keep the bytes, or the bytes of the file, and return their SHA-256."""

    def get(self, digest: str) -> bytes:
        """The bytes, re-hashed."""

    def check(self, digest: str) -> None:
        """Re-hash the bytes, however many, and return nothing."""

    def fetch(self, digest: str) -> Path:
        """A local file with the bytes, re-hashed. It must not be changed."""

    def stream(self, digest: str) -> Iterator[bytes]:
        """The bytes as they are found, in pieces; not checked."""

    def digests(self) -> frozenset[str]:
        """Everything that is kept."""

    def redact(self, digest: str, reason: str) -> None:
        """Replace the bytes for good by a tombstone that gives the reason."""


class StoreError(LedgerError):
    """A shared store cannot be used; the message says which and what to do."""


class StoreDown(StoreError):
    """The store as a whole cannot be used now: no network, no key, no such bucket."""


class ArtefactNotShared(StoreError):
    """The artefact `digest` is kept in the folder of the case, but not in the shared store."""

    def __init__(self, digest: str, error: LedgerError) -> None:
        self.digest = digest
        super().__init__(
            f"the artefact {digest[:16]}… is kept in the folder of the case, but not shared: "
            f"{error}. Then go on with `safetycase record artefacts push`"
        )


class CachedStore:
    """A local store in front of a shared one: what is put goes to both, local first."""

    def __init__(self, local: ObjectStore, shared: Store) -> None:
        self.local = local
        self.shared = shared
        self._down: StoreDown | None = None

    def has(self, digest: str) -> bool:
        """See `Store`."""
        return self.local.has(digest) or self.shared.has(digest)

    def put(self, source: Path | bytes) -> str:
        """See `Store`. Raises `ArtefactNotShared` if only the local copy could be made.

        A shared store that is down is not asked again for each further artefact.
        """
        digest = self.local.put(source)
        if self._down is not None:
            raise ArtefactNotShared(digest, self._down)
        try:
            self.share(digest)
        except StoreDown as error:
            self._down = error
            raise ArtefactNotShared(digest, error) from error
        except LedgerError as error:
            raise ArtefactNotShared(digest, error) from error
        return digest

    def share(self, digest: str) -> None:
        """Put the local copy into the shared store, too; what was redacted here is so there."""
        try:
            path = self.local.fetch(digest)
        except ObjectRedacted as gone:
            self.shared.redact(digest, gone.reason)
        else:
            self.shared.put(path)

    def get(self, digest: str) -> bytes:
        """See `Store`. What is missing or damaged here is fetched from the shared store."""
        return self.fetch(digest).read_bytes()

    def check(self, digest: str) -> None:
        """See `Store`. A damaged local copy is an error, whatever the shared store has."""
        (self.local if self.local.has(digest) else self.shared).check(digest)

    def fetch(self, digest: str) -> Path:
        """See `Store`. What is missing or damaged here is fetched from the shared store."""
        try:
            return self.local.fetch(digest)
        except ObjectRedacted:
            raise
        except (ObjectMissing, ObjectDamaged):
            return self.local.take(digest, self._sound(digest))

    def _sound(self, digest: str) -> Iterator[bytes]:
        """The bytes of the shared store; if they are not sound, its own error says why."""
        try:
            yield from same_bytes(digest, self.shared.stream(digest))
        except ObjectDamaged:
            self.shared.check(digest)
            raise

    def stream(self, digest: str) -> Iterator[bytes]:
        """See `Store`."""
        return (self.local if self.local.has(digest) else self.shared).stream(digest)

    def digests(self) -> frozenset[str]:
        """See `Store`."""
        return self.local.digests() | self.shared.digests()

    def redact(self, digest: str, reason: str) -> None:
        """See `Store`; in the shared store first, so that it cannot come back from there."""
        self.shared.redact(digest, reason)
        self.local.redact(digest, reason)


def shared_store(address: str) -> Store:
    """The store at `s3://BUCKET/PREFIX` or `file:///FOLDER`. Connects when it is first used.

    An S3-compatible server elsewhere than at AWS is named by `?endpoint=https://HOST`, or by
    $AWS_ENDPOINT_URL. Raises `StoreError` if it is no such address, or holds a password.
    """
    from urllib.parse import parse_qs, unquote, urlsplit

    parts = urlsplit(plain_address(address))
    if parts.scheme == "file":
        return ObjectStore(Path(unquote(parts.path)))
    from safetycase.ledger.bucket import BucketStore

    endpoint = parse_qs(parts.query).get("endpoint", [None])[0]
    return BucketStore(f"{parts.netloc}{parts.path}".rstrip("/"), endpoint=endpoint)


def plain_address(address: str) -> str:
    """The address itself. Raises `StoreError` if it is not one that may be written down."""
    from urllib.parse import parse_qs, urlsplit

    with contextlib.suppress(ValueError):
        parts = urlsplit(address)
        if "@" in parts.netloc + parts.query or _SECRETS & parse_qs(parts.query).keys():
            raise StoreError(
                "an address of artefacts holds no key or password: leave it out and set "
                "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
            )
        known = not (parse_qs(parts.query).keys() - {"endpoint"}) and not parts.fragment
        if parts.scheme == "s3" and parts.netloc and known:
            return address
        if parts.scheme == "file" and not parts.netloc and parts.path.startswith("/"):
            return address
    raise StoreError(
        f"artefacts live at s3://BUCKET/PREFIX, s3://BUCKET/PREFIX?endpoint=https://HOST or "
        f"file:///FOLDER, not at {address!r}"
    )
