"""Puts signals into the record of a case, each exactly once, and reads what came of the alarms.

The record is held open only while something is appended, so that `run` and `watch` can share a
case. Every signal carries a name, `watch`, by which it is known again: what was signed before a
crash is found there afterwards, and is not signed a second time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from safetycase.ledger import (
    LedgerBusy,
    LedgerDamaged,
    LedgerError,
    Log,
    RecordRefused,
    SigningKey,
    fold,
    open_writer,
    read,
)
from safetycase.ledger.record import stamp
from safetycase.ledger.settings import read_settings

__all__ = ["Appended", "Resolved", "Signer", "Waiting"]

NAME: Final = "watch"
"""The key of a signal's body under which its name stands."""

_PULL_SECONDS: Final = 10.0
_LOG: Final = "log.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A signal that is not known to be in the record yet; `name` is its own for ever."""

    name: str
    body: Mapping[str, Any]

    def state(self) -> dict[str, Any]:
        """As JSON."""
        return {"name": self.name, "body": dict(self.body)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Appended:
    """The record number of each signal that is in the record now, by name; and what kept the rest.

    `problem` is a sentence, empty if nothing is left over.
    """

    records: Mapping[str, int]
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """A reviewer's word on an alarm of `monitor` in a `segment`; `signal` is the alarm's name."""

    signal: str
    monitor: str
    segment: int
    outcome: str


class Signer:
    """Signs into the record in `folder` (`<case>/ledger`) with `key`; `clock` gives UTC times."""

    def __init__(self, folder: Path, key: SigningKey, clock: Callable[[], datetime]) -> None:
        self.folder = folder
        self.key = key
        self._clock = clock
        self._seen: tuple[int, int] | None = None
        self._found: tuple[Resolved, ...] | None = None
        self._pulled: datetime | None = None

    def append(self, waiting: Sequence[Waiting]) -> Appended:
        """Append what the record does not hold yet, in order, and say which numbers all have.

        A record that somebody else writes, or a disk that refuses, leaves the rest for the next
        time. Raises `LedgerDamaged` and `RecordRefused`, which waiting does not mend.
        """
        found: dict[str, int] = {}
        if not waiting:
            return Appended(records=found)
        try:
            with open_writer(self.folder, self.key) as writer:
                there = _signed(writer.log, waiting)
                for one in waiting:
                    seq = there.get(one.name)
                    if seq is None:
                        at = stamp(self._clock().astimezone(UTC))
                        seq = writer.append("signal", _body(one), at=at).seq
                    found[one.name] = seq
                if not writer.shared:  # nobody else can have added anything since it was opened
                    self._found = _resolved(writer.log)
                    self._seen = _mark(self.folder / _LOG)
        except (LedgerDamaged, RecordRefused):
            raise
        except LedgerError as error:  # busy, full, or the database of a team is away
            return Appended(records=found, problem=str(error))
        return Appended(records=found)

    def check(self) -> None:
        """Refuse now what would be refused at the first alarm: a damaged record, an unfit key.

        A busy record is no reason to refuse. Raises `LedgerDamaged`, `RecordRefused`.
        """
        log = read(self.folder)
        if log.errors:
            # As a writer finds it: an unfinished last line is set aside there, and is no damage.
            try:
                with open_writer(self.folder, self.key):
                    pass
            except LedgerBusy:
                return
        known = {key.keyid: key for key in fold(log).keys}
        key = known.get(self.key.keyid)
        if key is not None and (key.revoked is not None or "runner" not in key.roles):
            why = "was revoked" if key.revoked is not None else "does not have the role `runner`"
            raise RecordRefused(
                f"the key {key.short} {why}, so it may sign no signal "
                "(sign with another key: SAFETYCASE_KEY names its file)"
            )

    def resolutions(self) -> tuple[Resolved, ...] | None:
        """What the record says of our alarms, in its order; None if it is as it was last read."""
        self._pull()
        mark = _mark(self.folder / _LOG)
        if mark == self._seen:
            found, self._found = self._found, None
            return found
        self._found, self._seen = None, mark
        return _resolved(read(self.folder))

    def _pull(self) -> None:
        """Of a record that a team shares: fetch what others added, now and then."""
        now = self._clock()
        if self._pulled and (now - self._pulled).total_seconds() < _PULL_SECONDS:
            return
        self._pulled = now
        try:
            if read_settings(self.folder).record is None:
                return
            from safetycase.ledger.sync import pull

            pull(self.folder)
        except LedgerError:
            return  # what is here is true as far as it goes; appending says what is wrong


def _body(one: Waiting) -> dict[str, Any]:
    return {**one.body, NAME: one.name}


def _signed(log: Log, waiting: Sequence[Waiting]) -> dict[str, int]:
    """The numbers of those that wait and that the record holds already, by name.

    A name alone shows nothing, since names can be read and guessed: whoever wrote a quiet window
    under the name of the next alarm would silence it. So it is the same signal, word for word, and
    one that counts.
    """
    bodies = {one.name: json.loads(json.dumps(_body(one))) for one in waiting}
    named = [
        record
        for record in log.records
        if record.kind == "signal" and record.body == bodies.get(str(record.body.get(NAME)))
    ]
    counting = {signal.seq for signal in fold(log).signals} if named else set()
    found: dict[str, int] = {}
    for record in named:
        if record.seq in counting:
            found.setdefault(record.body[NAME], record.seq)
    return found


def _resolved(log: Log) -> tuple[Resolved, ...]:
    """What counts of what reviewers said of alarms that have a name."""
    names = {record.seq: record.body.get(NAME) for record in log.records}
    history = fold(log)
    alarms = {signal.seq: signal for signal in history.signals}
    return tuple(
        Resolved(
            signal=str(names[said.signal]),
            monitor=alarms[said.signal].monitor,
            segment=alarms[said.signal].segment,
            outcome=said.outcome,
        )
        for said in history.resolutions
        if said.signal in alarms and names.get(said.signal)
    )


def _mark(path: Path) -> tuple[int, int] | None:
    """What changes when the file does."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns
