"""Signing keys: an Ed25519 key in a PEM file that only its owner can read.

A key says which installation signed, not who a person is. What a key may sign is in `trust`.
"""

from __future__ import annotations

import base64
import contextlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safetycase.ledger.dsse import keyid_of
from safetycase.ledger.errors import KeyFileError
from safetycase.ledger.files import read_file, sync_folder, write_file
from safetycase.ledger.trust import introduction_text

__all__ = ["SigningKey", "default_key_path", "from_seed", "load_or_create"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """A key that can sign. `public_key` is 32 raw bytes, `keyid` their SHA-256 in hex."""

    public_key: bytes
    owner: str
    sign: Callable[[bytes], bytes] = field(repr=False, compare=False)

    @property
    def keyid(self) -> str:
        """The id of this key: SHA-256 (hex) of its raw public bytes."""
        return keyid_of(self.public_key)

    def introduction(
        self,
        *,
        roles: Sequence[str] = (),
        not_before: str | None = None,
        not_after: str | None = None,
        public: bool = False,
        origin: str | None = None,
    ) -> dict[str, Any]:
        """The body of the `key` record that introduces this key to a record.

        Without `roles` the key gets those of `trust.DEFAULT_ROLES`. `origin` names the record
        that an author of it shall introduce the key to, and adds the proof that this needs.
        """
        body: dict[str, Any] = {
            "keyid": self.keyid,
            "public_key": base64.b64encode(self.public_key).decode(),
            "algorithm": "ed25519",
            "owner": self.owner,
        }
        if roles:
            body["roles"] = list(roles)
        if not_before is not None or not_after is not None:
            body |= {"not_before": not_before, "not_after": not_after}
        if public:
            body["public"] = True
        if origin is not None:
            text = introduction_text(origin, body)
            body["proof"] = base64.b64encode(self.sign(text)).decode()
        return body


def default_key_path(env: Mapping[str, str]) -> Path:
    """Where the key of this user lives: $SAFETYCASE_KEY, or below the configuration folder.

    The configuration folder is $XDG_CONFIG_HOME, or `~/.config` with ~ = $HOME.
    """
    if chosen := env.get("SAFETYCASE_KEY"):
        return Path(chosen)
    config = Path(env.get("XDG_CONFIG_HOME") or "")
    if not config.is_absolute():  # the XDG base directory specification: ignore a relative one
        home = env.get("HOME")
        if not home:
            raise KeyFileError("no home folder to keep the signing key in: set SAFETYCASE_KEY")
        config = Path(home) / ".config"
    return config / "safetycase" / "key.pem"


def load_or_create(path: Path, owner: str) -> SigningKey:
    """The key in the PEM file `path`, made there (readable by its owner only) if there is none.

    Raises `KeyFileError` if the file cannot be read or made, or holds something else.
    """
    try:
        try:
            data = read_file(path)
        except FileNotFoundError:
            _create(path)
            data = read_file(path)
    except OSError as error:
        raise KeyFileError(
            f"the signing key {path} cannot be read or made: {error.strerror or error}; "
            "make its folder usable for this user, or set SAFETYCASE_KEY to another file"
        ) from error
    return _load(data, path, owner)


def from_seed(seed: bytes, owner: str) -> SigningKey:
    """The key with this 32-byte secret (RFC 8032, section 5.1.5). For tests and key escrow."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.from_private_bytes(seed)
    return SigningKey(
        public_key=private.public_key().public_bytes_raw(), owner=owner, sign=private.sign
    )


def _create(path: Path) -> None:
    """Make a key beside its place and link it there: nobody ever sees half a key."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    write_file(fresh, pem, mode=0o600)
    try:
        with contextlib.suppress(FileExistsError):  # another process was first: use its key
            os.link(fresh, path)
        sync_folder(path.parent)
    finally:
        fresh.unlink()


def _load(data: bytes, path: Path, owner: str) -> SigningKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    way_out = "restore it from a copy, or move it away to have a new one made"
    try:
        private = load_pem_private_key(data, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyFileError(f"{path} holds no readable signing key ({error}): {way_out}") from error
    if not isinstance(private, Ed25519PrivateKey):
        raise KeyFileError(f"{path} holds a key that is not Ed25519: {way_out}")
    return SigningKey(
        public_key=private.public_key().public_bytes_raw(), owner=owner, sign=private.sign
    )
