"""Two people, eight processes, one record: nothing is lost, doubled or out of order."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.ledger.team.conftest import Server

from safetycase.ledger import Record, read, verify
from safetycase.ledger.settings import read_settings
from safetycase.ledger.sync import join, pull, push, shared_index

WRITERS, RECORDS = 8, 50

APPEND = """
import sys
from pathlib import Path
from safetycase.ledger import open_writer
from safetycase.ledger.keys import from_seed
folder, owner, writer, records = Path(sys.argv[1]), *sys.argv[2:4], int(sys.argv[4])
seed = owner.encode().ljust(32, b"-")
with open_writer(folder, from_seed(seed, owner)) as home:
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(records):
        body = {"writer": writer, "number": number}
        record = home.append("note", body, at="2026-11-23T09:30:00Z")
        print(record.seq, record.digest, flush=True)
"""


@pytest.mark.slow
def test_eight_writers_of_two_people_add_to_one_record(
    address: str, build: Callable[[Path], list[Record]], tmp_path: Path, server: Server
) -> None:
    folders = {"ann": tmp_path / "ann", "bob": tmp_path / "bob"}
    build(folders["ann"])
    push(folders["ann"], address, name="toy")
    shared = read_settings(folders["ann"]).record
    assert shared is not None
    join(folders["bob"], shared)
    children = [
        subprocess.Popen(
            [sys.executable, "-c", APPEND, str(folders[owner]), owner, str(number), str(RECORDS)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for number in range(WRITERS)
        for owner in [("ann", "bob")[number % 2]]
    ]  # fmt: skip
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    acknowledged: dict[int, str] = {}
    for child in children:  # all of them start at once
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    for child in children:
        out, _ = child.communicate(timeout=240)
        assert child.returncode == 0
        said = [line.split() for line in out.splitlines()]
        assert len(said) == RECORDS
        for seq, digest in said:
            assert int(seq) not in acknowledged
            acknowledged[int(seq)] = digest

    for folder in folders.values():
        pull(folder)
        log = read(folder)
        assert log.problems == ()
        assert [r.seq for r in log.records] == list(range(1, 6 + 2 + WRITERS * RECORDS + 1))
        assert acknowledged.items() <= {r.seq: r.digest for r in log.records}.items()
        for number in range(WRITERS):  # each writer's own order is the order of the record
            own = [r.body["number"] for r in log.records if r.body.get("writer") == str(number)]
            assert own == list(range(RECORDS))
        assert verify(folder).ok or folder == folders["bob"]  # who has no artefacts
    assert folders["ann"].joinpath("log.jsonl").read_bytes() == (
        folders["bob"].joinpath("log.jsonl").read_bytes()
    )
    found = shared_index(folders["ann"], shared)
    assert (found.records, found.head) == (found.lines, read(folders["bob"]).head)
