"""Rounds of `kill -9`: a real process appends to a real record, and is killed at a random moment.

The process is forked, so that a round takes milliseconds; it says what is acknowledged through a
pipe, after `append` has returned. Whatever it managed to say has to be in the record afterwards.
"""

from __future__ import annotations

import os
import random
import signal
import struct
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path

from safetycase.ledger import LedgerError, ObjectStore, Writer, verify
from safetycase.ledger.keys import from_seed

__all__ = ["Kills", "kill_rounds"]

AT = "2026-11-23T09:30:00Z"
KEY = from_seed(bytes(32), "killed")
_ACKNOWLEDGED = struct.Struct("<Q32s32s")


@dataclass(kw_only=True)
class Kills:
    """What the rounds came to; `lost` names every promise that was broken."""

    rounds: int = 0
    acknowledged: int = 0
    unfinished: int = 0
    lost: list[str] = field(default_factory=list)


def kill_rounds(folder: Path, *, rounds: int, seed: int, per_record: int = 20) -> Kills:
    """Kill a writer `rounds` times; a fresh record is begun every `per_record` rounds."""
    rng, found = random.Random(seed), Kills()
    KEY.sign(b"")  # what is imported late is imported before the forks
    kept: dict[int, tuple[bytes, bytes]] = {}
    for number in range(rounds):
        ledger = folder / f"record-{number // per_record}" / "ledger"
        if number % per_record == 0:
            kept = {}
        torn = len(list(ledger.glob("torn-*")))
        said, killed = _round(ledger, rng)
        if not killed:
            found.lost.append(f"seed {seed}, round {number}: the writer ended by itself")
        kept |= {seq: (digest, artefact) for seq, digest, artefact in said}
        found.rounds += 1
        found.acknowledged += len(said)
        found.lost += [f"seed {seed}, round {number}: {what}" for what in _look(ledger, kept)]
        found.unfinished += len(list(ledger.glob("torn-*"))) - torn
    return found


def _round(ledger: Path, rng: random.Random) -> tuple[list[tuple[int, bytes, bytes]], bool]:
    """Start a writer and kill it; what it acknowledged, and whether it lived until then.

    Some are killed while they open the record, most between two acknowledgements.
    """
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        _append_for_ever(ledger, write, rng.randrange(2**32))
    os.close(write)
    with os.fdopen(read, "rb", buffering=0) as pipe:
        data = b""
        if rng.random() < 0.8:
            wanted = rng.randrange(1, 8) * _ACKNOWLEDGED.size
            while len(data) < wanted and (more := pipe.read(_ACKNOWLEDGED.size)):
                data += more
            time.sleep(rng.uniform(0, 0.003))
        else:
            time.sleep(rng.uniform(0, 0.03))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        while more := pipe.read(1 << 16):
            data += more
    whole = len(data) - len(data) % _ACKNOWLEDGED.size
    return list(_ACKNOWLEDGED.iter_unpack(data[:whole])), os.WIFSIGNALED(status)


def _append_for_ever(ledger: Path, write: int, seed: int) -> None:
    """The life of the child; it ends by the kill, or says with its exit code that it could not."""
    try:
        rng, store = random.Random(seed), ObjectStore(ledger)
        with Writer(ledger, KEY) as writer:
            while True:
                body: dict[str, object] = {"text": "x" * rng.choice((1, 50, 5_000, 60_000))}
                artefact = bytes(32)
                if rng.random() < 0.3:
                    digest = store.put(rng.randbytes(rng.choice((0, 100, 100_000))))
                    body["sha256"], artefact = digest, bytes.fromhex(digest)
                record = writer.append("note", body, at=AT)
                os.write(
                    write, _ACKNOWLEDGED.pack(record.seq, bytes.fromhex(record.digest), artefact)
                )
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)


def _look(ledger: Path, kept: dict[int, tuple[bytes, bytes]]) -> list[str]:
    """Open the record as the next run would, and compare it with what was acknowledged."""
    wrong: list[str] = []
    try:
        with Writer(ledger, KEY) as writer:
            records = {record.seq: record.digest for record in writer.log.records}
    except LedgerError as error:
        return [str(error)]
    store = ObjectStore(ledger)
    for seq, (digest, artefact) in kept.items():
        if records.get(seq) != digest.hex():
            wrong.append(f"acknowledged record {seq} is gone")
        if artefact != bytes(32):
            try:
                store.check(artefact.hex())
            except LedgerError as error:
                wrong.append(str(error))
    found = verify(ledger)
    if records and not found.ok:
        wrong += [problem.says for problem in found.problems if problem.severity == "error"]
    return wrong
