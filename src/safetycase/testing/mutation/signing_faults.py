"""Faults in who signed a record, and in what vouches for its length."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from safetycase.ledger import dsse, read
from safetycase.ledger.record import stamp
from safetycase.testing.mutation.asif import key_of
from safetycase.testing.mutation.ground import Ground
from safetycase.testing.mutation.record_faults import ends_of, lines_changed, named
from safetycase.testing.mutation.records import Mutation, Plant
from safetycase.testing.mutation.tampering import (
    append,
    edit_lines,
    forget,
    remeasured,
    renewed,
    written_anew,
)

__all__ = ["SIGNING"]

Lines = list[bytes]


def _stranger(ground: Ground) -> Iterator[Plant]:
    stranger = key_of("a stranger")
    for index in ends_of(ground)[:1]:

        def change(lines: Lines, index: int = index) -> Lines:
            payload = base64.b64decode(json.loads(lines[index])["payload"])
            lines[index] = dsse.seal(payload, stranger.keyid, stranger.sign)
            return lines

        yield lines_changed(f"{named(ground, index)} is signed by a stranger", change)

    def anew(folder: Path) -> None:
        written_anew(folder, ground.log.records, stranger)

    if ground.log.records:
        yield Plant(about="record", says="a stranger signed the whole record anew", spoil=anew)


def _stranger_renewed(ground: Ground) -> Iterator[Plant]:
    stranger = key_of("a stranger")

    def spoil(folder: Path) -> None:
        written_anew(folder, ground.log.records, stranger)
        renewed(folder, stranger)

    if ground.log.records:
        says = "a stranger signed the whole record anew, and made new checkpoints"
        yield Plant(about="record", says=says, spoil=spoil)


def _stranger_joins(ground: Ground) -> Iterator[Plant]:
    stranger = key_of("a stranger")
    for index in ends_of(ground)[:1]:
        attempt = ground.log.records[index].body["attempt"]
        start = next(
            r for r in ground.log.records
            if r.kind == "attempt-start" and r.body["attempt"] == attempt
        )  # fmt: skip
        registration = ground.log.records[start.body["registration"] - 1]
        number = len(ground.log.records) + 2
        name = f"{registration.body['evidence']}/{number}.1"
        begun = {**start.body, "attempt": name, "registration": number}
        ended = {**ground.log.records[index].body, "attempt": name}
        at = stamp(ground.now)

        entries = [
            ("registration", dict(registration.body), at),
            ("attempt-start", begun, at),
            ("attempt-end", ended, at),
        ]

        def spoil(folder: Path, entries: Any = entries) -> None:
            append(folder, stranger, entries)

        yield Plant(
            about=str(registration.body["evidence"]),
            says=f"a stranger introduces itself and adds a run of {registration.body['evidence']}",
            spoil=spoil,
        )


def _forget(ground: Ground) -> Iterator[Plant]:
    if not ground.log.records:
        return
    yield Plant(about="record", says="the checkpoints beside the record are gone", spoil=forget)

    def cut(folder: Path) -> None:
        edit_lines(folder, lambda lines: lines[:-1])
        forget(folder)

    if len(ground.log.records) > 1:
        says = "the last record is cut off, and the checkpoints are gone"
        yield Plant(about="record", says=says, spoil=cut)


def _no_record(ground: Ground) -> Iterator[Plant]:
    def spoil(folder: Path) -> None:
        edit_lines(folder, lambda _: [])
        forget(folder)

    broken = frozenset(n for n, _ in ground.leaves() if ground.supported(n))
    if broken:
        yield Plant(about="record", says="the record is gone", broken=broken, spoil=spoil)


def _revoke(ground: Ground) -> Iterator[Plant]:
    broken = {n for n, _ in ground.leaves() if ground.supported(n)}
    if not broken or not ground.log.records:
        return

    def spoil(folder: Path) -> None:
        body = {
            "event": "key-revoked",
            "says": "The key was lost.",
            "about": {"keyid": [ground.key.keyid]},
        }
        append(folder, ground.key, [("event", body, stamp(ground.now))])
        assert read(folder / "ledger").records

    yield Plant(
        about="record",
        says="the key that signed everything is revoked",
        broken=frozenset(broken),
        spoil=spoil,
    )


def _renewed(ground: Ground) -> Iterator[Plant]:
    index = ends_of(ground)[0] if ends_of(ground) else -1
    if index < 0:
        return
    records = list(ground.log.records)
    records[index] = remeasured(records[index])

    def spoil(folder: Path) -> None:
        written_anew(folder, records, ground.key)
        renewed(folder, ground.key)

    yield Plant(
        about="record",
        says=f"the holder of the key changed {named(ground, index)}, signed everything behind it "
        "anew, and made new checkpoints",
        spoil=spoil,
    )


def _mutation(name: str, kind: Any, plants: str, must: str, sites: Any) -> Mutation:
    return Mutation(name=name, group="signing", kind=kind, plants=plants, must=must, sites=sites)


_FAILS = "`verify` fails."
_KEPT = "`verify` fails against a checkpoint that was kept elsewhere; nothing else can show it."

SIGNING: tuple[Mutation, ...] = (
    _mutation(
        "rewrite-and-renew",
        "changes",
        "The holder of the key changes a measurement, signs all anew and makes new checkpoints.",
        _KEPT,
        _renewed,
    ),
    _mutation(
        "strangers-key",
        "breaks",
        "A stranger signs a record, or all of them, in the place of the runner.",
        _FAILS,
        _stranger,
    ),
    _mutation(
        "strangers-record",
        "changes",
        "A stranger signs all of the record anew and makes new checkpoints.",
        _KEPT,
        _stranger_renewed,
    ),
    _mutation(
        "stranger-joins",
        "changes",
        "A key that nobody vouches for introduces itself and adds a run.",
        "`verify` notes that a further key is there on its own word.",
        _stranger_joins,
    ),
    _mutation(
        "forget-checkpoints",
        "changes",
        "The checkpoints are taken away, and with them the end of the record.",
        "`verify` notes that a cut would not show, and fails against a checkpoint kept elsewhere.",
        _forget,
    ),
    _mutation("no-record", "breaks", "The record is gone.", "No result counts.", _no_record),
    _mutation(
        "revoke-key",
        "breaks",
        "The key that signed every record is revoked.",
        "No result counts.",
        _revoke,
    ),
)
