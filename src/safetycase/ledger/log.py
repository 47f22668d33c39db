"""Reading the record: every line opened, chained and checked, and nothing behind a break.

`read` never raises for what it finds in the file. It checks, line by line: one canonical
envelope, a known kind, a dense sequence, the digest of the line before, and a signature by a
key that the record introduced no later than this line.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from safetycase.ledger import dsse
from safetycase.ledger.checkpoints import hold, kept_in
from safetycase.ledger.disk import OsDisk
from safetycase.ledger.files import read_file
from safetycase.ledger.home import LOG_NAME
from safetycase.ledger.lock import is_held
from safetycase.ledger.mark import MISSING_HINT, Mark, missing, read_mark, tail_of
from safetycase.ledger.record import (
    GENESIS,
    Log,
    Problem,
    Record,
    StatementError,
    open_statement,
)
from safetycase.ledger.rules import misfits, public_key

__all__ = ["LOG_NAME", "Chain", "LineBroken", "parse", "read"]

_RESTORE = "restore the record from a copy; until then nothing behind this line counts"
_TORN = "a write was cut off before it was acknowledged: the next run sets this line aside"
_TRIES = 3


def read(folder: Path, *, thorough: bool = False) -> Log:
    """The record in the ledger folder `folder` (`<case>/ledger`); a missing one is empty.

    An unfinished last line is an error, unless a writer holds the lock at this moment: then it
    is the record being written, and a note. A checkpoint that the record contradicts is an
    error; `thorough` checks the signatures of all checkpoints (see `checkpoints.hold`) and adds
    what is worth a note.
    """
    kept, unread = kept_in(folder)  # before the record, which may grow while it is read
    log = _read_lines(folder)
    if not (kept or unread):
        return log
    held, found = hold(log, kept, thorough=thorough)
    problems = [each for each in found if thorough or each.severity == "error"]
    return replace(log, checkpoints=held, problems=(*log.problems, *unread, *problems))


def _read_lines(folder: Path) -> Log:
    path = folder / LOG_NAME
    live, disk = False, OsDisk()
    try:
        mark = read_mark(disk, folder)  # before the log, which is never behind it
        data = read_file(path)
        for _ in range(_TRIES):
            if not data or data.endswith(b"\n"):
                break
            live, before = is_held(folder), data
            data = read_file(path)  # a writer may have finished the line since
            if data == before:
                break
    except FileNotFoundError:
        return Log()
    except OSError as error:
        return Log(problems=(_unreadable(path, error),))
    return _judged(parse(data, live=live), data, mark, path)


def _judged(log: Log, data: bytes, mark: Mark | None, path: Path) -> Log:
    """The log with what the mark beside it says of its end."""
    tail = tail_of(log, data, mark)
    if tail == "missing" and mark is not None:
        number = min(len(log.records) + 1, mark.seq)
        says = missing(log, mark, str(path))
        gone = Problem(line=number, seq=number, says=says, hint=MISSING_HINT)
        return replace(log, problems=(gone,))
    if tail == "unfinished" and b"\n" in data[log.size :]:
        number = len(log.records) + 1
        rest = Problem(
            line=number,
            seq=number,
            says=f"behind record {number - 1} lie {len(data) - log.size} bytes that are no record",
            hint=_TORN,
        )
        return replace(log, problems=(rest,))
    return log


def parse(data: bytes, *, live: bool = False) -> Log:
    """The record in `data`, the bytes of a log file. `live`: its last line may be in the making."""
    whole, _, tail = data.rpartition(b"\n")
    lines = whole.split(b"\n") if whole or data.startswith(b"\n") else []
    chain = Chain()
    records: list[Record] = []
    problems: list[Problem] = []
    size = 0
    for number, line in enumerate(lines, start=1):
        try:
            records.append(chain.take(line))
        except LineBroken as broken:
            problems += _break(broken, number, len(lines))
            return Log(records=tuple(records), problems=tuple(problems), size=size)
        size += len(line) + 1
    if tail:
        problems.append(_unfinished(len(lines) + 1, len(tail), live))
    return Log(records=tuple(records), problems=tuple(problems), size=size)


class LineBroken(Exception):
    """The clause that follows the name of a record that does not verify."""

    def __init__(self, why: str, record: Record | None = None) -> None:
        self.why = why
        self.record = record


class Chain:
    """What has to be known of the lines so far to check the next one."""

    def __init__(self) -> None:
        self.seq = 0
        self.head = GENESIS
        self.keys: dict[str, Callable[[bytes, bytes], bool]] = {}

    def take(self, line: bytes) -> Record:
        """The record in the next line. Raises `LineBroken` if it does not follow, or is forged."""
        digest = hashlib.sha256(line).hexdigest()
        try:
            envelope = dsse.open_line(line)
            record = open_statement(envelope.payload, digest=digest, keyid=envelope.keyid)
        except (dsse.EnvelopeError, StatementError) as error:
            raise LineBroken(str(error)) from error
        verifies = self._key(record)
        if not verifies(envelope.signature, dsse.pae(dsse.PAYLOAD_TYPE, envelope.payload)):
            raise LineBroken("has a signature that does not verify", record)
        if record.seq != self.seq + 1:
            raise LineBroken(f"says it is record {record.seq}: one was taken out or put in", record)
        if record.previous != self.head:
            raise LineBroken("does not follow the record before it", record)
        self.seq, self.head = record.seq, digest
        return record

    def follow(self, log: Log) -> None:
        """Go on behind the records of `log`, which were checked."""
        for record in log.records:
            self.follow_one(record)

    def follow_one(self, record: Record) -> None:
        """Go on behind `record`, which was checked or written by the caller."""
        if record.kind == "key":
            self._introduce(record)
        self.seq, self.head = record.seq, record.digest

    def _key(self, record: Record) -> Callable[[bytes, bytes], bool]:
        if record.kind == "key":
            self._introduce(record)
        if record.keyid not in self.keys:
            raise LineBroken(
                f"is signed by the key {record.keyid[:16]}…, not introduced before it", record
            )
        return self.keys[record.keyid]

    def _introduce(self, record: Record) -> None:
        """Learn the key of a `key` record before its signature is checked: it may sign itself."""
        wrong = misfits("key", record.body)
        key = None if wrong else public_key(record.body)
        if key is None:
            raise LineBroken(wrong[0], record)
        self.keys[record.body["keyid"]] = dsse.verifier(key)


def _break(broken: LineBroken, number: int, total: int) -> list[Problem]:
    kind = f"{broken.record.kind}, " if broken.record else ""
    name = f"record {number} ({kind}line {number})"
    problems = [
        Problem(line=number, seq=number, says=f"{name} {broken.why}", hint=_RESTORE),
    ]
    behind = total - number
    if behind:
        says = "1 record behind it is" if behind == 1 else f"{behind} records behind it are"
        problems.append(
            Problem(line=number + 1, seq=number + 1, says=f"{says} not counted", hint=_RESTORE)
        )
    return problems


def _unfinished(number: int, length: int, live: bool) -> Problem:
    name = f"record {number} (line {number})"
    if live:
        return Problem(
            line=number,
            seq=number,
            severity="note",
            says=f"{name} is being written now",
            hint="it is not counted yet",
        )
    return Problem(
        line=number,
        seq=number,
        says=f"{name} is unfinished: {length} bytes without a line end",
        hint=_TORN,
    )


def _unreadable(path: Path, error: OSError) -> Problem:
    return Problem(
        line=0,
        says=f"the record {error.filename or path} cannot be read: {error.strerror or error}",
        hint="make it readable for this user, or restore it from a copy",
    )
