"""Integrity attestations: in-toto statements that say that something was as it should be, and when.

A statement is in a DSSE envelope, one file each. Two predicates are read.

`urn:safetycase:integrity:v1` has exactly these keys:

    property   text: what is attested, e.g. "weights-unchanged" or "log-outside-agent"
    holds      true or false: what was found
    issuedAt   when it was checked, e.g. "2026-11-01T00:00:00Z"
    expiresAt  from when on it no longer counts

`https://in-toto.io/attestation/svr/v0.1` attests each of its `properties` from `timeCreated` on;
it has no end of its own. What else is in it is not looked at.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetycase.methods.control.auditors.rows import keyed, named, truth
from safetycase.methods.imported.statement import SVR, Statement, open_statement
from safetycase.methods.imported.strict import listed, read, text
from safetycase.plugin.contract import MethodError

__all__ = ["INTEGRITY", "Attestation", "instant", "read_attestations"]

INTEGRITY = "urn:safetycase:integrity:v1"
_KEYS = ("property", "holds", "issuedAt", "expiresAt")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attestation:
    """What one statement says about one property; `expires` is None where it names no end."""

    statement: Statement
    property: str
    holds: bool
    issued: datetime.datetime
    expires: datetime.datetime | None


def instant(word: str) -> datetime.datetime:
    """A point in time from text with its zone, or a day (its start in UTC); `ValueError`."""
    try:
        found = datetime.datetime.fromisoformat(word)
    except ValueError:
        found = None
    if found is not None and found.tzinfo is None and len(word) == len("2026-11-01"):
        found = found.replace(tzinfo=datetime.UTC)
    if found is None or found.tzinfo is None:
        raise ValueError(f"{word[:40]!r} is no time; write 2026-11-01T00:00:00Z or 2026-11-01")
    return found.astimezone(datetime.UTC)


def read_attestations(path: Path) -> list[Attestation]:
    """What the statement at `path` attests; `MethodError` names the file for anything else."""
    place = f"`{path.name}`"
    statement = open_statement(read(path), place, (INTEGRITY, SVR))
    body = statement.predicate
    if statement.kind == SVR:
        properties = listed(body.get("properties"), place, "`properties`")
        return [
            Attestation(
                statement=statement,
                property=text(name, place, "a property"),
                holds=True,
                issued=_instant(body, "timeCreated", place),
                expires=None,
            )
            for name in properties
        ]
    row = keyed(body, place, _KEYS)
    issued, expires = _instant(row, "issuedAt", place), _instant(row, "expiresAt", place)
    if expires <= issued:
        raise MethodError(f"{place}: it expires at {expires}, not after it was issued, {issued}")
    return [
        Attestation(
            statement=statement,
            property=named(row, "property", place),
            holds=truth(row, "holds", place),
            issued=issued,
            expires=expires,
        )
    ]


def _instant(row: Mapping[str, Any], key: str, place: str) -> datetime.datetime:
    try:
        return instant(text(row.get(key), place, f"`{key}`"))
    except (ValueError, OverflowError) as error:
        raise MethodError(f"{place}: `{key}`: {error}") from None
