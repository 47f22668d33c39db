"""Ways to spoil a record that are as good as those of somebody who knows the format."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from safetycase.ledger import Record, Seen, SigningKey, Writer, canonical, dsse, read
from safetycase.ledger.checkpoints import FOLDER_NAME
from safetycase.ledger.home import LOG_NAME
from safetycase.ledger.mark import MARK_NAME
from safetycase.ledger.record import GENESIS, statement

__all__ = [
    "append",
    "append_past",
    "edit_lines",
    "edit_payload",
    "flip_byte",
    "forget",
    "lines_of",
    "moved",
    "remeasured",
    "renewed",
    "written_anew",
]

Lines = list[bytes]


def lines_of(folder: Path) -> Lines:
    """The lines of the record of a case folder."""
    return (folder / "ledger" / LOG_NAME).read_bytes().splitlines()


def edit_lines(folder: Path, change: Callable[[Lines], Lines]) -> None:
    """Put other lines in the place of those of the record."""
    text = b"".join(line + b"\n" for line in change(lines_of(folder)))
    (folder / "ledger" / LOG_NAME).write_bytes(text)


def edit_payload(line: bytes, change: Callable[[dict[str, Any]], None]) -> bytes:
    """A line with another statement under the old signature."""
    envelope = json.loads(line)
    value = json.loads(base64.b64decode(envelope["payload"]))
    change(value)
    envelope["payload"] = base64.b64encode(canonical.dumps(value)).decode()
    return canonical.dumps(envelope)


def written_anew(folder: Path, records: Iterable[Record], key: SigningKey) -> None:
    """The record with these records instead, all of them signed by `key`, in one whole chain."""
    lines, previous = [], GENESIS
    for seq, record in enumerate(records, 1):
        body = key.introduction() if seq == 1 and record.kind == "key" else record.body
        subjects = record.subjects if record.subjects[0][0] != "body" else ()
        payload = statement(
            seq=seq,
            kind=record.kind,
            at=record.at,
            previous=previous,
            body=body,
            subjects=subjects,
        )
        line = dsse.seal(payload, key.keyid, key.sign)
        previous = hashlib.sha256(line).hexdigest()
        lines.append(line)
    edit_lines(folder, lambda _: lines)


def forget(folder: Path) -> None:
    """Take away what lies beside the record and remembers it: checkpoints, the writer's mark."""
    shutil.rmtree(folder / "ledger" / FOLDER_NAME, ignore_errors=True)
    (folder / "ledger" / MARK_NAME).unlink(missing_ok=True)


def append(
    folder: Path, key: SigningKey, entries: Sequence[tuple[str, dict[str, Any], str]]
) -> None:
    """Add records (kind, body, time) as a run would."""
    with Writer(folder / "ledger", key, seen=Seen(folder=None)) as writer:
        for kind, body, at in entries:
            writer.append(kind, body, at=at)


def append_past(folder: Path, key: SigningKey, kind: str, body: dict[str, Any], at: str) -> None:
    """Add a record that a writer would refuse to the end of the chain, signed like any other."""
    last = read(folder / "ledger").records[-1]
    payload = statement(seq=last.seq + 1, kind=kind, at=at, previous=last.digest, body=body)
    line = dsse.seal(payload, key.keyid, key.sign)
    edit_lines(folder, lambda lines: [*lines, line])
    forget(folder)


def renewed(folder: Path, key: SigningKey) -> None:
    """Make checkpoints of the record as it is now in the place of the old ones."""
    forget(folder)
    last = read(folder / "ledger").records[-1]
    append(folder, key, [("note", {"note": "nothing to see here"}, last.at)])


def flip_byte(path: Path) -> None:
    """One bit of a file is another."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.unlink()  # it may be a link to the file of the copy that is judged against
    path.write_bytes(bytes(data))


def moved(records: Sequence[Record], start: int, to: int) -> list[Record]:
    """The records with the one at `start` standing at `to`."""
    found = list(records)
    found.insert(to, found.pop(start))
    return found


def remeasured(record: Record) -> Record:
    """The end of an attempt with another measurement that still reads as one."""
    body = json.loads(json.dumps(dict(record.body)))
    for value in body["measurement"]["quantities"].values():
        if "trials" in value:
            value["trials"] += 1000
        elif "value" in value:
            value["says"] = "as somebody wishes"
    return replace(record, body=body)
