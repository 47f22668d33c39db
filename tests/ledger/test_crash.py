"""Real ends of real processes: killed in the middle, out of disk, over the file size limit."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from safetycase.ledger import LedgerWriteError, ObjectStore, SigningKey, Writer, read, verify

AT = "2026-11-23T09:30:00Z"

APPEND_FOREVER = """
import sys
from pathlib import Path
from safetycase.ledger import Writer
from safetycase.ledger.keys import from_seed
with Writer(Path(sys.argv[1]), from_seed(bytes(32), "child")) as writer:
    while True:
        record = writer.append("note", {"text": "x" * 5000}, at="2026-11-23T09:30:00Z")
        print(record.seq, record.digest, flush=True)
"""

APPEND_UP_TO_A_LIMIT = """
import resource, sys
from pathlib import Path
from safetycase.ledger import LedgerWriteError, Writer
from safetycase.ledger.keys import from_seed
resource.setrlimit(resource.RLIMIT_FSIZE, (24_000, resource.RLIM_INFINITY))
with Writer(Path(sys.argv[1]), from_seed(bytes(32), "child")) as writer:
    try:
        while True:
            record = writer.append("note", {"text": "x" * 3000}, at="2026-11-23T09:30:00Z")
            print(record.seq, record.digest, flush=True)
    except LedgerWriteError as error:
        print("refused:", error, flush=True)
    print(writer.append("note", {}, at="2026-11-23T09:30:00Z").seq)
"""


@pytest.mark.slow
def test_what_was_acknowledged_survives_kill_9(ledger: Path) -> None:
    acknowledged: dict[int, str] = {}
    for turn in range(6):
        child = subprocess.Popen(
            [sys.executable, "-c", APPEND_FOREVER, str(ledger)], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        for _ in range(3 + 5 * turn):
            seq, digest = child.stdout.readline().split()
            acknowledged[int(seq)] = digest
        child.send_signal(signal.SIGKILL)
        for line in child.stdout:  # what it still managed to say
            if line.endswith("\n"):
                seq, digest = line.split()
                acknowledged[int(seq)] = digest
        child.stdout.close()
        assert child.wait(30) == -signal.SIGKILL
        log = read(ledger)
        kept = {record.seq: record.digest for record in log.records}
        assert acknowledged.items() <= kept.items()
        assert all("is unfinished" in problem.says for problem in log.problems)
    assert len(acknowledged) >= 60


def test_the_file_size_limit_is_a_clear_error_and_the_record_is_intact(ledger: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", APPEND_UP_TO_A_LIMIT, str(ledger)],
        capture_output=True,
        text=True,
        check=True,
    )
    *acknowledged, refused, last = done.stdout.splitlines()
    assert "File too large; the record stands as it was. raise the file size limit" in refused
    log = read(ledger)
    assert log.problems == ()
    digests = {f"{record.seq} {record.digest}" for record in log.records}
    assert set(acknowledged) < digests
    assert len(log.records) == int(last)  # a smaller record still fitted


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 KiB, where this user may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = shutil.which("mount")
    if os.geteuid() != 0 or mount is None:
        pytest.skip("only root can mount a small disk")
    made = subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)], capture_output=True
    )
    if made.returncode != 0:
        pytest.skip("this system lets nobody mount a small disk")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_is_a_clear_error_and_the_record_is_intact(
    small_disk: Path, key: SigningKey
) -> None:
    ledger = small_disk / "ledger"
    seqs: list[int] = []

    def fill(writer: Writer) -> None:
        while True:
            seqs.append(writer.append("note", {"text": "x" * 3000}, at=AT).seq)

    with Writer(ledger, key) as writer:
        with pytest.raises(LedgerWriteError, match=r"No space left on device.*free some space"):
            fill(writer)
        assert len(read(ledger).records) == seqs[-1] > 5
        with pytest.raises(LedgerWriteError, match="No space left on device"):
            ObjectStore(ledger).put(bytes(60_000))
    found = verify(ledger)
    assert found.ok
    assert found.records == seqs[-1]


def test_a_read_only_disk_is_a_clear_error(small_disk: Path, key: SigningKey) -> None:
    ledger = small_disk / "ledger"
    with Writer(ledger, key) as writer:
        writer.append("note", {}, at=AT)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(LedgerWriteError, match="mounted read-only"):
        Writer(ledger, key).__enter__()
    assert len(read(ledger).records) == 2
    assert verify(ledger).ok
