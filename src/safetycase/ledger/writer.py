"""The only way to add to a record: one writer, one signed line at a time, on the disk for good.

`append` returns only after the line is flushed to the disk. Whatever goes wrong before that
(full disk, Ctrl-C) takes the line back, so that the record holds acknowledged lines and at most
an unfinished one, which the next writer sets aside and keeps.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from safetycase.ledger import canonical, dsse
from safetycase.ledger.checkpoints import checkpoint_path, hold, kept_in, save
from safetycase.ledger.disk import OsDisk
from safetycase.ledger.errors import LedgerDamaged, RecordRefused
from safetycase.ledger.home import FolderHome, Home
from safetycase.ledger.keys import SigningKey
from safetycase.ledger.log import Chain, LineBroken, parse
from safetycase.ledger.mark import MISSING_HINT, missing, tail_of
from safetycase.ledger.merkle import Frontier
from safetycase.ledger.note import Checkpoint
from safetycase.ledger.record import (
    KINDS,
    Log,
    Record,
    is_digest,
    is_instant,
    open_statement,
    statement,
)
from safetycase.ledger.seen import Seen
from safetycase.ledger.trust import Admission

__all__ = ["Writer"]


class Writer:
    """Appends to the record in `folder` (`<case>/ledger`), signing with `key`.

    A context manager. Entering makes the folder if needed and takes the lock: `LedgerBusy` if
    another writer has it, `LedgerDamaged` if the record does not verify, `LedgerWriteError` if
    the disk refuses. `log` is the record as it was found, `set_aside` the file that an
    unfinished last line was moved to (None if there was none). `home` says where the lines go if
    not into the folder; a home of many writers hands over what the others added, which is checked
    like everything that is read. `seen` is what this user remembers of records: one that was put
    back or written anew since is refused with `LedgerDamaged`. `nonce` goes into the first line of
    a record that this writer begins: it names the record, and one key may begin two in a second.

    Leaving it writes a checkpoint, if something was added and the key has the role `log`.
    """

    def __init__(
        self,
        folder: Path,
        key: SigningKey,
        *,
        home: Home | None = None,
        seen: Seen | None = None,
        nonce: str = "",
    ) -> None:
        self.folder = folder
        self.key = key
        self._nonce = nonce
        self._seen = seen or Seen(folder=None)
        self.log = Log()
        self.set_aside: Path | None = None
        self._home: Home = home or FolderHome(folder)
        self._chain = Chain()
        self._admission = Admission()
        self._tree = Frontier()
        self._last_at = ""
        self._appended = False

    @property
    def shared(self) -> bool:
        """Whether others may be adding to the same record now."""
        return self._home.shared

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
        try:
            # The records are there. `verify` notes those behind the last checkpoint, and the next
            # writer makes up for it.
            with contextlib.suppress(OSError):
                self._conclude()
        finally:
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
                if self._introduce_first(kind, body, at, subjects):
                    added.append(self._add("key", self._introduction(), at, ()))
                added.append(self._add(kind, body, at, subjects))
        except BaseException:
            # What the home kept nevertheless comes back as news in the next turn.
            self._chain.seq, self._chain.head = before
            raise
        for record in added:
            self._remember(record)
        self._appended = True
        return added[-1]

    def _open(self) -> None:
        """Read, check and take in what is there.

        Where others add, somebody may have seen more than we were given a moment before: then it
        is read once more, and what still contradicts it does so for good.
        """
        try:
            self._take_over()
        except LedgerDamaged:
            if not self.shared:
                raise
            self._home.close()
            self._take_over()

    def _take_over(self) -> None:
        data = self._home.open()
        self.log = parse(data)
        mark = self._home.acknowledged
        tail = tail_of(self.log, data, mark)
        if tail == "missing" and mark is not None:
            raise LedgerDamaged(f"{missing(self.log, mark, self._home.name)}: {MISSING_HINT}")
        if tail != "unfinished" and self.log.errors:
            raise LedgerDamaged(str(self.log.errors[0]))
        self.log = replace(self.log, problems=())
        self._hold()  # before anything is moved: a checkpoint may know that the tail was whole
        if tail == "unfinished":
            self.set_aside = self._home.set_aside(self.log.size, data[self.log.size :])
        self._chain.follow(self.log)
        for record in self.log.records:
            self._remember(record)

    def _hold(self) -> None:
        """Refuse a record that is not what a checkpoint of it, or this user, has seen of it."""
        kept, unread = kept_in(self.folder)
        held, problems = hold(self.log, kept)
        for problem in (*unread, *problems, *self._seen.problems(self.log)):
            if problem.severity == "error":
                raise LedgerDamaged(str(problem))
        self.log = replace(self.log, checkpoints=held)

    def _conclude(self) -> None:
        """Write the checkpoint of what is there now, and remember it for this user."""
        trust = self._admission.trust
        if not self._appended or trust.origin is None:
            return
        size, root = self._tree.size, self._tree.root()
        self._seen.note(trust.origin, size, root)
        key = trust.keys.get(self.key.keyid)
        ours = key is not None and key.revoked is None and key.valid_at(self._last_at)
        if not ours or key is None or "log" not in key.roles or not _here(self._home):
            return
        note = Checkpoint(origin=trust.origin, size=size, root=root)
        note = note.signed(trust.origin, self.key.public_key, self.key.sign)
        path = checkpoint_path(self.folder, size)
        if not path.exists():
            save(path, note)

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
        if not self._admission.refusals(
            record.kind, record.body, record.seq, record.at, record.keyid
        ):
            self._admission.take(record)
        self._tree.add(bytes.fromhex(record.digest))
        self._last_at = record.at

    def _introduction(self) -> dict[str, Any]:
        """What introduces our key; as the first line it is told apart from every other."""
        first = self._nonce and self._chain.seq == 0
        return self.key.introduction() | ({"nonce": self._nonce} if first else {})

    def _introduce_first(
        self, kind: str, body: Mapping[str, Any], at: str, subjects: tuple[tuple[str, str], ...]
    ) -> bool:
        """Refuse what breaks a rule; whether our key has to be introduced before the record."""
        self._shape(kind, at, subjects)
        admission, seq = self._admission, self._chain.seq + 1
        known = self.key.keyid in admission.trust.keys
        itself = kind == "key" and body.get("keyid") == self.key.keyid
        if not known and not itself:
            introduction = self.key.introduction()
            self._ask(admission, "key", introduction, seq, at)
            admission = replace(admission, trust=admission.trust.copy())
            admission.trust.take("key", introduction, seq, self.key.keyid, None)
        self._ask(admission, kind, body, seq, at)
        canonical.dumps(dict(body))  # what cannot be written leaves no key behind
        return not known and not itself

    def _ask(
        self, admission: Admission, kind: str, body: Mapping[str, Any], seq: int, at: str
    ) -> None:
        refusals = admission.refusals(kind, body, seq, at, self.key.keyid)
        if refusals:
            by_key = not admission.order.refusals(kind, body) and kind != "key"
            way_out = " (sign with another key: SAFETYCASE_KEY names its file)" if by_key else ""
            raise RecordRefused(f"record {seq} ({kind}) {'; '.join(refusals)}{way_out}")

    def _shape(self, kind: str, at: str, subjects: tuple[tuple[str, str], ...]) -> None:
        if kind not in KINDS:
            raise RecordRefused(f"no record is of the kind {kind!r}; known: {', '.join(KINDS)}")
        name = f"record {self._chain.seq + 1} ({kind})"
        if not is_instant(at):
            raise RecordRefused(f"{name} needs a UTC time like 2026-11-23T09:30:00Z, not {at!r}")
        for subject, sha in subjects:
            if not isinstance(subject, str) or not is_digest(sha):
                raise RecordRefused(f"{name} needs a SHA-256 for its subject {subject!r}")

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


def _here(home: Home) -> bool:
    """Whether the files beside the record are on this machine's disk, not on one of a test."""
    return isinstance(getattr(home, "disk", None), OsDisk | None)
