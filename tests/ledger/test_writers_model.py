"""Two writers of one record by turns, held against a dictionary, with crashes in between."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tests.ledger.conftest import REGISTRATION, end_body

from safetycase.ledger import LedgerBusy, Record, RecordRefused, Writer, fold, read, verify
from safetycase.ledger.home import FolderHome
from safetycase.ledger.keys import from_seed

AT = "2026-11-23T09:30:00Z"
KEYS = [from_seed(bytes([n] * 32), f"writer {n}") for n in range(2)]
OUTCOMES = ("completed", "failed", "aborted", "lost")
ATTEMPTS = [f"a{n}" for n in range(4)]


class Writers(RuleBasedStateMachine):
    """What the record should hold is kept in plain dictionaries, without signatures or files."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp())
        self.ledger = self.root / "ledger"
        self.writers: list[Writer | None] = [None, None]
        self.lines: list[tuple[str, dict[str, Any], str]] = []
        self.known: set[str] = set()
        self.registrations: list[int] = []
        self.started: dict[str, tuple[int, str]] = {}
        self.ended: dict[str, str] = {}
        self.torn = 0

    def teardown(self) -> None:
        for number in range(2):
            self._close(number)
        shutil.rmtree(self.root)

    def _close(self, number: int) -> None:
        writer = self.writers[number]
        if writer is not None:
            writer.__exit__(None, None, None)
            self.writers[number] = None

    def _append(self, number: int, kind: str, body: dict[str, Any]) -> Record:
        writer = self.writers[number]
        assert writer is not None
        record = writer.append(kind, body, at=AT)
        key = KEYS[number]
        if key.keyid not in self.known:
            self.known.add(key.keyid)
            self.lines.append(("key", key.introduction(), key.keyid))
        self.lines.append((kind, body, key.keyid))
        assert record.seq == len(self.lines)
        return record

    def _refused(self, number: int, kind: str, body: dict[str, Any]) -> None:
        writer = self.writers[number]
        assert writer is not None
        with pytest.raises(RecordRefused):
            writer.append(kind, body, at=AT)

    @initialize()
    def start(self) -> None:
        self.turn(0)

    @rule(number=st.integers(0, 1))
    def turn(self, number: int) -> None:
        """One of them takes the record; while it has it, the other is told who does."""
        other = 1 - number
        if self.writers[other] is not None:
            with pytest.raises(LedgerBusy):
                Writer(self.ledger, KEYS[number]).__enter__()
            self._close(other)
        if self.writers[number] is None:
            home = FolderHome(self.ledger)
            self.writers[number] = Writer(self.ledger, KEYS[number], home=home).__enter__()

    @property
    def active(self) -> int:
        return 0 if self.writers[0] is not None else 1

    @rule(text=st.text(max_size=5))
    def note(self, text: str) -> None:
        self._append(self.active, "note", {"text": text})

    @rule()
    def register(self) -> None:
        self.registrations.append(self._append(self.active, "registration", REGISTRATION).seq)

    @rule(name=st.sampled_from(ATTEMPTS), which=st.integers(0, 3), token=st.sampled_from("ef"))
    def begin(self, name: str, which: int, token: str) -> None:
        number = self.active
        known = which < len(self.registrations)
        registration = self.registrations[which] if known else 1
        body = {"attempt": name, "registration": registration, "token": token * 32}
        if not known or name in self.started:
            self._refused(number, "attempt-start", body)
        else:
            self._append(number, "attempt-start", body)
            self.started[name] = (registration, token)

    @rule(
        name=st.sampled_from(ATTEMPTS),
        outcome=st.sampled_from(OUTCOMES),
        token=st.sampled_from("ef"),
    )
    def end(self, name: str, outcome: str, token: str) -> None:
        number = self.active
        body = end_body(name, outcome=outcome, token=token * 32)
        fits = name in self.started and name not in self.ended
        if not fits or self.started[name][1] != token:
            self._refused(number, "attempt-end", body)
        else:
            self._append(number, "attempt-end", body)
            self.ended[name] = outcome

    @rule(cut=st.integers(1, 400), number=st.integers(0, 1))
    def crash(self, cut: int, number: int) -> None:
        """The process dies in the middle of a line; somebody goes on."""
        writer = self.writers[self.active]
        assert writer is not None
        writer._home.close()  # as the system does: nothing is concluded, no checkpoint written
        self.writers = [None, None]
        with (self.ledger / "log.jsonl").open("ab") as log:
            log.write((b'{"payload":"' + os.urandom(300).hex().encode())[:cut])
        assert [p.severity for p in read(self.ledger).problems] == ["error"]
        self.torn += 1
        self.turn(number)
        reopened = self.writers[number]
        assert reopened is not None
        assert reopened.set_aside == self.ledger / f"torn-{self.torn}.bin"

    @invariant()
    def the_record_holds_what_was_acknowledged(self) -> None:
        log = read(self.ledger)
        assert log.problems == ()
        assert [(r.kind, r.body, r.keyid) for r in log.records] == self.lines
        history = fold(log)
        assert history.problems == ()
        assert [r.seq for r in history.registrations] == self.registrations
        assert {
            a.id: (a.registration, a.state) for a in history.attempts
        } == {
            name: (registration, self.ended.get(name, "running"))
            for name, (registration, _) in self.started.items()
        }  # fmt: skip

    @rule()
    def check(self) -> None:
        found = verify(self.ledger)
        assert found.ok
        assert found.records == len(self.lines)
        assert all(held.signers for held in found.checkpoints)


TestWriters = Writers.TestCase
TestWriters.settings = settings(max_examples=20, stateful_step_count=25, deadline=None)
