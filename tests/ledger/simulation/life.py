"""The life of a record on a disk that keeps failing: append, crash, start again, and look.

One seed is one life, repeated exactly: some sessions, each ended by a crash at any operation (or
by its own end), each crash followed by a power cut or a mere kill. After every start:

- the record opens, and no acknowledged record is missing, changed or set aside;
- what was never acknowledged is absent, or whole and valid;
- what was set aside is kept;
- every artefact that an acknowledged record names is there and whole;
- no file lies under a digest that is not that of its bytes once it was acknowledged.
"""

from __future__ import annotations

import contextlib
import hashlib
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

from tests.ledger.simulation.disk import Fate, Faults, Off, SimulatedDisk

from safetycase.ledger import LedgerError, ObjectStore, Record, SigningKey, Writer, dsse
from safetycase.ledger.home import FolderHome
from safetycase.ledger.keys import from_seed

__all__ = ["Life", "Violation", "cheap_signatures", "live"]

LEDGER = Path("/case/ledger")
AT = "2026-11-23T09:30:00Z"


class Violation(AssertionError):
    """The record broke a promise; the seed says how to see it again."""


@contextlib.contextmanager
def cheap_signatures() -> Iterator[None]:
    """Check each pair of signature and message once: lives repeat most of their lines."""
    real, known = dsse.verifier, {}

    def verifier(public_key: bytes) -> Callable[[bytes, bytes], bool]:
        verifies = real(public_key)

        def remembered(signature: bytes, message: bytes) -> bool:
            case = (public_key, signature, message)
            if case not in known:
                known[case] = verifies(signature, message)
            return known[case]

        return remembered

    with mock.patch.object(dsse, "verifier", verifier):
        yield


def _key() -> SigningKey:
    key, known = from_seed(bytes(32), "simulated"), {}

    def sign(message: bytes) -> bytes:
        if message not in known:
            known[message] = key.sign(message)
        return known[message]

    return SigningKey(public_key=key.public_key, owner=key.owner, sign=sign)


KEY = _key()


class Life:
    """One life; `live` runs it, `crashes` counts how often it was ended and started again."""

    def __init__(self, seed: int, disk: type[SimulatedDisk], home: type[FolderHome]) -> None:
        self.seed = seed
        self.rng = random.Random(seed)
        self.disk = disk(seed)
        self.home = _watched(home)
        self.crashes = self.appends = 0
        self.kept: dict[int, str] = {}
        self.lines: dict[str, bytes] = {}
        self.artefacts: set[str] = set()
        self.aside: dict[Path, bytes] = {}

    def live(self, sessions: int) -> None:
        """Go through the sessions; raises `Violation`."""
        for _ in range(sessions):
            fate = self._session()
            self.crashes += 1
            self.disk.reboot(fate)
            if self.rng.random() < 0.5:  # it may crash while it recovers, too
                self._crash_while_opening()
                self.crashes += 1
                self.disk.reboot(self.rng.choice(("power", "kill")))
            self._look()

    # --- what happens ---------------------------------------------------------------------------

    def _session(self) -> Fate:
        rng = self.rng
        self.disk.faults = Faults(
            crash_at=rng.randrange(1, 90) if rng.random() < 0.9 else -1,
            error=rng.choice((0.0, 0.0, 0.0, 0.03, 0.2)),
            interrupt=rng.choice((0.0, 0.0, 0.0, 0.03)),
        )
        with contextlib.suppress(Off, LedgerError, KeyboardInterrupt), self._writer() as writer:
            for _ in range(rng.randrange(1, 6)):
                with contextlib.suppress(LedgerError, KeyboardInterrupt):
                    self._append(writer)
        return rng.choice(("power", "power", "kill"))

    def _append(self, writer: Writer) -> None:
        rng = self.rng
        body: dict[str, object] = {"text": "x" * rng.choice((1, 1, 40, 700, 1500))}
        if rng.random() < 0.3:
            data = bytes([rng.randrange(4)]) * rng.choice((0, 3, 600))
            digest = ObjectStore(LEDGER, self.disk).put(data)
            self.artefacts.add(digest)
            body["sha256"] = digest
        self._acknowledged(writer.append("note", body, at=AT))

    def _acknowledged(self, record: Record) -> None:
        self.appends += 1
        self.kept[record.seq] = record.digest
        if record.seq == 2:
            self.kept[1] = record.previous

    def _crash_while_opening(self) -> None:
        self.disk.faults = Faults(
            crash_at=self.rng.randrange(1, 12), error=self.rng.choice((0.0, 0.1))
        )
        with contextlib.suppress(Off, LedgerError), self._writer():
            pass

    def _writer(self) -> Writer:
        return Writer(LEDGER, KEY, home=self.home(self))

    # --- what is looked at ----------------------------------------------------------------------

    def _look(self) -> None:
        try:
            with self._writer() as writer:
                records = writer.log.records
                problems = writer.log.problems
        except LedgerError as error:
            raise Violation(f"seed {self.seed}: the record does not open: {error}") from error
        if problems:
            raise Violation(f"seed {self.seed}: {problems[0].says}")
        digests = {record.seq: record.digest for record in records}
        for seq, digest in self.kept.items():
            if digests.get(seq) != digest:
                raise Violation(f"seed {self.seed}: acknowledged record {seq} is gone")
        unknown = [record for record in records if record.digest not in self.lines]
        if unknown:
            raise Violation(f"seed {self.seed}: {unknown[0].name} was never written")
        self._look_aside()
        self._look_at_artefacts()

    def _look_aside(self) -> None:
        for path, tail in self.aside.items():
            if not self.disk.exists(path) or self.disk.read(path) != tail:
                raise Violation(f"seed {self.seed}: {path.name} was not kept")

    def _look_at_artefacts(self) -> None:
        store = ObjectStore(LEDGER, self.disk)
        for digest in self.artefacts:
            try:
                store.check(digest)
            except LedgerError as error:
                raise Violation(f"seed {self.seed}: {error}") from error


def _watched(home: type[FolderHome]) -> Callable[[Life], FolderHome]:
    """The home, which also tells the life what it was asked to write and to set aside."""

    class Watched(home):  # type: ignore[misc, valid-type]
        def __init__(self, life: Life) -> None:
            super().__init__(LEDGER, life.disk)
            self.life = life

        def add(self, line: bytes) -> None:
            self.life.lines[hashlib.sha256(line[:-1]).hexdigest()] = line[:-1]
            super().add(line)

        def set_aside(self, size: int, tail: bytes) -> Path:
            acknowledged = (self.life.lines[digest] for digest in self.life.kept.values())
            if any(line in tail for line in acknowledged):
                raise Violation(f"seed {self.life.seed}: an acknowledged record is set aside")
            path: Path = super().set_aside(size, tail)
            self.life.aside[path] = tail
            return path

    return Watched


def live(
    seed: int, *, disk: type[SimulatedDisk] = SimulatedDisk, home: type[FolderHome] = FolderHome
) -> Life:
    """Run the life of one seed. Raises `Violation`."""
    life = Life(seed, disk, home)
    life.live(sessions=5)
    return life
