"""The only way to add to a record: one writer, one signed line at a time, on the disk for good.

`append` returns only after the line is flushed to the disk. Whatever goes wrong before that
(full disk, Ctrl-C) takes the line back, so that the record holds acknowledged lines and at most
an unfinished one, which the next writer sets aside and keeps.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from safetycase.ledger import canonical, dsse
from safetycase.ledger.errors import LedgerDamaged, RecordRefused
from safetycase.ledger.home import FolderHome, Home
from safetycase.ledger.keys import SigningKey
from safetycase.ledger.log import Chain, LineBroken, parse
from safetycase.ledger.record import (
    KINDS,
    Log,
    Record,
    is_digest,
    is_instant,
    open_statement,
    statement,
)
from safetycase.ledger.rules import Order

__all__ = ["Writer"]


class Writer:
    """Appends to the record in `folder` (`<case>/ledger`), signing with `key`.

    A context manager. Entering makes the folder if needed and takes the lock: `LedgerBusy` if
    another writer has it, `LedgerDamaged` if the record does not verify, `LedgerWriteError` if
    the disk refuses. `log` is the record as it was found, `set_aside` the file that an
    unfinished last line was moved to (None if there was none). `home` says where the lines go if
    not into the folder; a home of many writers hands over what the others added, which is checked
    like everything that is read.
    """

    def __init__(self, folder: Path, key: SigningKey, *, home: Home | None = None) -> None:
        self.folder = folder
        self.key = key
        self.log = Log()
        self.set_aside: Path | None = None
        self._home: Home = home or FolderHome(folder)
        self._chain = Chain()
        self._order = Order()
        self._keys: set[str] = set()

    def __enter__(self) -> Writer:
        try:
            self._open()
        except BaseException:
            self._home.close()
            raise
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._home.close()

    def append(
        self,
        kind: str,
        body: Mapping[str, Any],
        *,
        at: str,
        subjects: tuple[tuple[str, str], ...] = (),
    ) -> Record:
        """Add one record and return it once it is on the disk.

        `at` is the caller's UTC time, `2026-11-23T09:30:00Z`; `subjects` are (name, SHA-256)
        pairs of what the record is about. The first record signed by a key is preceded by a
        `key` record that introduces it. Raises `RecordRefused` if the record breaks a rule,
        `CanonicalError` if its body has no canonical form, `LedgerWriteError` if the disk
        refuses; after each of them the record is as it was.
        """
        added: list[Record] = []
        before = self._chain.seq, self._chain.head
        try:
            with self._home.turn() as news:
                self._catch_up(news)
                before = self._chain.seq, self._chain.head
                self._refuse(kind, body, at, subjects)
                introduces_itself = kind == "key" and body["keyid"] == self.key.keyid
                if self.key.keyid not in self._keys and not introduces_itself:
                    canonical.dumps(dict(body))  # what cannot be written leaves no key behind
                    added.append(self._add("key", self.key.introduction(), at, ()))
                added.append(self._add(kind, body, at, subjects))
        except BaseException:
            # What the home kept nevertheless comes back as news in the next turn.
            self._chain.seq, self._chain.head = before
            raise
        for record in added:
            self._remember(record)
        return added[-1]

    def _open(self) -> None:
        data = self._home.open()
        self.log = parse(data)
        tail = data[self.log.size :]
        if tail and b"\n" not in tail:
            self.set_aside = self._home.set_aside(self.log.size, tail)
            self.log = replace(self.log, problems=())
        elif self.log.errors:
            raise LedgerDamaged(str(self.log.errors[0]))
        self._chain.follow(self.log)
        for record in self.log.records:
            self._remember(record)

    def _catch_up(self, news: bytes) -> None:
        """Check and take in what other writers of the same home added since our last turn."""
        for line in news.split(b"\n")[:-1]:
            try:
                self._remember(self._chain.take(line))
            except LineBroken as broken:
                raise LedgerDamaged(
                    f"record {self._chain.seq + 1} of {self._home.name} {broken.why}: "
                    "another writer added what does not verify"
                ) from broken

    def _remember(self, record: Record) -> None:
        if record.kind == "key":
            self._keys.add(record.body["keyid"])
        if not self._order.refusals(record.kind, record.body):
            self._order.take(record.seq, record.kind, record.body)

    def _refuse(
        self, kind: str, body: Mapping[str, Any], at: str, subjects: tuple[tuple[str, str], ...]
    ) -> None:
        if kind not in KINDS:
            raise RecordRefused(f"no record is of the kind {kind!r}; known: {', '.join(KINDS)}")
        name = f"record {self._chain.seq + 1} ({kind})"
        if not is_instant(at):
            raise RecordRefused(f"{name} needs a UTC time like 2026-11-23T09:30:00Z, not {at!r}")
        for subject, sha in subjects:
            if not isinstance(subject, str) or not is_digest(sha):
                raise RecordRefused(f"{name} needs a SHA-256 for its subject {subject!r}")
        refusals = self._order.refusals(kind, body)
        if refusals:
            raise RecordRefused(f"{name} {'; '.join(refusals)}")

    def _add(
        self, kind: str, body: Mapping[str, Any], at: str, subjects: tuple[tuple[str, str], ...]
    ) -> Record:
        payload = statement(
            seq=self._chain.seq + 1,
            kind=kind,
            at=at,
            previous=self._chain.head,
            body=body,
            subjects=subjects,
        )
        line = dsse.seal(payload, self.key.keyid, self.key.sign)
        record = open_statement(
            payload, digest=hashlib.sha256(line).hexdigest(), keyid=self.key.keyid
        )
        self._home.add(line + b"\n")
        self._chain.follow_one(record)
        return record
