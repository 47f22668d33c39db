"""The only way to add to a record: one writer, one signed line at a time, on the disk for good.

`append` returns only after the line is flushed to the disk. Whatever goes wrong before that
(full disk, Ctrl-C) takes the line back, so that the record holds acknowledged lines and at most
an unfinished one, which the next writer sets aside and keeps.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from safetycase.ledger import canonical, dsse, lock
from safetycase.ledger.errors import LedgerDamaged, LedgerError, LedgerWriteError, RecordRefused
from safetycase.ledger.files import sync_folder, write_all, write_file
from safetycase.ledger.keys import SigningKey
from safetycase.ledger.log import LOG_NAME, parse
from safetycase.ledger.record import (
    GENESIS,
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
    unfinished last line was moved to (None if there was none).
    """

    def __init__(self, folder: Path, key: SigningKey) -> None:
        self.folder = folder
        self.key = key
        self.log = Log()
        self.set_aside: Path | None = None
        self._path = folder / LOG_NAME
        self._lock = self._file = -1
        self._seq, self._head, self._size = 0, GENESIS, 0
        self._order = Order()
        self._keys: set[str] = set()

    def __enter__(self) -> Writer:
        try:
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
                self._lock = lock.hold(self.folder)
                self._open()
            except OSError as error:
                raise LedgerWriteError(Path(error.filename or self._path), error) from error
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._close()

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
        self._refuse(kind, body, at, subjects)
        introduces_itself = kind == "key" and body["keyid"] == self.key.keyid
        if self.key.keyid not in self._keys and not introduces_itself:
            canonical.dumps(dict(body))  # a body that cannot be written leaves no key line behind
            self._add("key", self.key.introduction(), at, ())
        return self._add(kind, body, at, subjects)

    def _open(self) -> None:
        new = not self._path.exists()
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._file = os.open(self._path, flags, 0o644)
        if new:
            sync_folder(self.folder)
            sync_folder(self.folder.parent)
        data = self._path.read_bytes()
        self.log = parse(data)
        tail = data[self.log.size :]
        if tail and b"\n" not in tail:
            self._set_aside(tail)
            self.log = replace(self.log, problems=())
        elif self.log.errors:
            raise LedgerDamaged(str(self.log.errors[0]))
        self._size = self.log.size
        for record in self.log.records:
            self._remember(record)

    def _set_aside(self, tail: bytes) -> None:
        number = 1
        while (path := self.folder / f"torn-{number}.bin").exists():
            number += 1
        write_file(path, tail)
        sync_folder(self.folder)
        os.ftruncate(self._file, self.log.size)
        os.fsync(self._file)
        self.set_aside = path

    def _remember(self, record: Record) -> None:
        self._seq, self._head = record.seq, record.digest
        if record.kind == "key":
            self._keys.add(record.body["keyid"])
        if not self._order.refusals(record.kind, record.body):
            self._order.take(record.seq, record.kind, record.body)

    def _refuse(
        self, kind: str, body: Mapping[str, Any], at: str, subjects: tuple[tuple[str, str], ...]
    ) -> None:
        if kind not in KINDS:
            raise RecordRefused(f"no record is of the kind {kind!r}; known: {', '.join(KINDS)}")
        name = f"record {self._seq + 1} ({kind})"
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
            seq=self._seq + 1, kind=kind, at=at, previous=self._head, body=body, subjects=subjects
        )
        line = dsse.seal(payload, self.key.keyid, self.key.sign)
        record = open_statement(
            payload, digest=hashlib.sha256(line).hexdigest(), keyid=self.key.keyid
        )
        self._write(line + b"\n")
        self._remember(record)
        return record

    def _write(self, line: bytes) -> None:
        self._still_ours()
        try:
            write_all(self._file, line)
            os.fsync(self._file)
            self._size += len(line)
        except OSError as error:
            raise LedgerWriteError(self._path, error, intact=self._take_back()) from error
        except BaseException:  # Ctrl-C between the write and the flush: not acknowledged
            self._take_back()
            raise

    def _still_ours(self) -> None:
        """Refuse if the file was moved, removed or changed by something without the lock."""
        if self._file < 0:
            raise LedgerError("open the writer with `with` before appending")
        try:
            named = self._path.stat()
        except OSError as error:
            raise LedgerWriteError(self._path, error) from error
        held = os.fstat(self._file)
        if (named.st_dev, named.st_ino) != (held.st_dev, held.st_ino) or held.st_size != self._size:
            raise LedgerDamaged(
                f"{self._path} changed while it was being written, after record {self._seq}: "
                "find out what else writes it, then verify the record"
            )

    def _take_back(self) -> bool:
        try:
            os.ftruncate(self._file, self._size)
            os.fsync(self._file)
        except OSError:
            return False
        return True

    def _close(self) -> None:
        for descriptor in (self._file, self._lock):
            if descriptor >= 0:
                os.close(descriptor)
        self._file = self._lock = -1
