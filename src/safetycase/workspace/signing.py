"""Whether the key of this user may sign a record, before anybody is asked to; and signing it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from safetycase.ledger import Key, KeyFileError, SigningKey, default_key_path, load_or_create
from safetycase.ledger.opening import open_writer
from safetycase.ledger.record import stamp
from safetycase.ledger.trust import Admission
from safetycase.workspace.folder import Workspace

__all__ = ["CannotSign", "Signer", "may_sign", "refusals_of", "sign", "signer_of"]


class CannotSign(Exception):
    """The key of this user may not sign it; the message says why, and the way out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """The key of this user, as the record knows it."""

    key: SigningKey
    known: Key

    @property
    def owner(self) -> str:
        """Who owns the key, by the record."""
        return self.known.owner or self.key.owner


def signer_of(space: Workspace, env: Mapping[str, str] = os.environ) -> Signer:
    """The key that SAFETYCASE_KEY names, or that of this user; none is made here.

    Raises `CannotSign` for a key that is not there, cannot be read, or is a stranger to the record.
    """
    try:
        path = default_key_path(env)
        if not path.exists():
            raise CannotSign(
                f"there is no key {path}: SAFETYCASE_KEY names the file of yours, and "
                "`safetycase record keys init` makes one"
            )
        key = load_or_create(path, "")
    except KeyFileError as error:
        raise CannotSign(str(error)) from None
    known = next((k for k in space.history.keys if k.keyid == key.keyid), None)
    if known is None:
        raise CannotSign(
            f"this record does not know the key {key.keyid[:16]}…: `safetycase record keys init "
            "--role reviewer` makes one for it, and an author lets it in with `record keys add`"
        )
    return Signer(key=key, known=known)


def may_sign(
    space: Workspace, kind: str, body: Mapping[str, Any], signer: Signer, at: datetime
) -> None:
    """Raise `CannotSign` if the rules of the record would refuse it."""
    if refusals := refusals_of(space, kind, body, signer.key.keyid, stamp(at)):
        raise CannotSign(
            f"a {kind} by this key {'; '.join(refusals)}; SAFETYCASE_KEY names the file of another"
        )


def refusals_of(
    space: Workspace, kind: str, body: Mapping[str, Any], keyid: str, at: str
) -> tuple[str, ...]:
    """Why the rules of the record would refuse it as the next one, by this key at this time."""
    admission = Admission()
    for record in space.log.records:
        given = (record.kind, record.body, record.seq, record.at, record.keyid)
        if not admission.refusals(*given):
            admission.take(record)
    return admission.refusals(kind, body, len(space.log.records) + 1, at, keyid)


def sign(
    folder: Path, kind: str, body: Mapping[str, Any], signer: Signer, at: datetime, *, after: str
) -> int:
    """Write a record and return its number.

    `after` is the digest of the last record when it was looked at, empty for none; `CannotSign` if
    the record does not end there any more.
    """
    with open_writer(folder / "ledger", signer.key) as writer:
        records = writer.log.records
        if (records[-1].digest if records else "") != after:
            raise CannotSign("the record has gone on since: look at what it says now")
        return int(writer.append(kind, dict(body), at=stamp(at)).seq)
