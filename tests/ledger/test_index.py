"""The index: made again byte for byte, used only beside its record, and never missed."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from safetycase.ledger import LedgerBusy, LedgerDamaged, Record, SigningKey, Writer, read
from safetycase.ledger.index import drop, facts, find, rebuild
from safetycase.ledger.keys import from_seed
from safetycase.ledger.lock import hold
from safetycase.ledger.sqlite_file import open_file, schema
from safetycase.ledger.tables import LONGEST, TABLES
from safetycase.ledger.trust import origin_of

AT = "2026-11-23T09:30:00Z"
Build = Callable[[Path], list[Record]]
EVENT = {"event": "milestone-reached", "says": "so", "about": {"evidence": ["E-1", "E-9"]}}
WAIVER = {
    "evidence": "E-1", "old_recipe": "a" * 64, "new_recipe": "b" * 64, "fields": ["sampling.n"],
    "reason": "r", "author": "the first signer", "reviewer": "the second signer",
    "expires": "2027-01-01T00:00:00Z",
}  # fmt: skip
REVIEWER = from_seed(bytes(range(1, 33)), "the second signer")

REBUILD = """
import sys
from pathlib import Path
from safetycase.ledger.index import rebuild
print(rebuild(Path(sys.argv[1])).sha256)
"""
GROW_AND_DIE = """
import os, signal, sqlite3, sys
from pathlib import Path
from safetycase.ledger import sqlite_file
from safetycase.ledger.index import find
facts = sqlite_file.facts_of
def add(connection, rows, facts):
    connection.execute("PRAGMA cache_spill = 1")
    connection.execute("PRAGMA cache_size = 1")
    connection.execute("BEGIN IMMEDIATE")
    for name, values in rows:
        connection.execute(sqlite_file._insert(name), values)
    connection.execute("CREATE TABLE filler AS SELECT * FROM record, signer")
    connection.execute("UPDATE record SET kind = 'spoilt'")
    if connection.execute("PRAGMA database_list").fetchone()[2]:
        os.kill(os.getpid(), signal.SIGKILL)
    connection.execute("COMMIT")
sqlite_file.add = add
find(Path(sys.argv[1]))
"""


def more(folder: Path, key: SigningKey, count: int = 3) -> None:
    with Writer(folder, key) as writer:
        for number in range(count):
            writer.append("note", {"text": f"n{number}"}, at=AT)
        writer.append("event", EVENT, at=AT)
        body = REVIEWER.introduction(roles=["reviewer"], origin=origin_of(writer.log.records[0]))
        writer.append("key", body, at=AT)
    with Writer(folder, REVIEWER) as writer:
        writer.append("waiver", WAIVER, at=AT)


def seqs(folder: Path, **asked: Any) -> list[int]:
    return [record.seq for record in find(folder, **asked).records]


def test_a_small_record_gets_no_index_unless_somebody_asks(build: Build, ledger: Path) -> None:
    build(ledger)
    assert len(find(ledger).records) == 6
    assert facts(ledger).doubt == "there is none"
    assert not (ledger / "index.sqlite").exists()
    made = rebuild(ledger)
    assert (made.records, made.of, made.doubt) == (6, 6, None)
    assert made.head == read(ledger).head
    assert find(ledger).indexed == 6
    assert drop(ledger)
    assert not drop(ledger)


@pytest.mark.slow
def test_the_same_record_gives_the_same_bytes_in_any_process(
    build: Build, ledger: Path, key: SigningKey, tmp_path: Path
) -> None:
    build(ledger)
    rebuild(ledger)
    more(ledger, key)
    assert len(find(ledger, limit=99).records) == 12  # and the index in the file has grown
    assert facts(ledger).records == 12
    grown = rebuild(ledger).sha256
    shutil.copytree(ledger, tmp_path / "elsewhere" / "ledger")
    drop(tmp_path / "elsewhere" / "ledger")
    others = {
        subprocess.run(
            [sys.executable, "-c", REBUILD, str(folder)],
            capture_output=True, text=True, check=True, env=os.environ | {"PYTHONHASHSEED": seed},
        ).stdout.strip()
        for folder in (ledger, tmp_path / "elsewhere" / "ledger")
        for seed in ("1", "2")
    }  # fmt: skip
    assert others == {grown}


def test_what_is_found_is_what_the_record_says(build: Build, ledger: Path, key: SigningKey) -> None:
    build(ledger)
    more(ledger, key)
    log = read(ledger)
    for made in (False, True):
        if made:
            rebuild(ledger)
        assert find(ledger, limit=99).records == log.records
        assert seqs(ledger, evidence="E-1") == [2, 3, 4, 5, 6, 10, 12]
        assert seqs(ledger, evidence="E-9") == [10]
        assert seqs(ledger, evidence="E-2") == []
        assert seqs(ledger, kind="note") == [7, 8, 9]
        assert seqs(ledger, kind="attempt-end", evidence="E-1") == [4, 6]
        newest = find(ledger, kind="note", limit=2)
        assert ([r.seq for r in newest.records], newest.total) == ([8, 9], 3)


def test_new_records_are_verified_before_they_are_found(
    build: Build, ledger: Path, key: SigningKey, other_key: SigningKey
) -> None:
    build(ledger)
    rebuild(ledger)
    with Writer(ledger, other_key) as writer:
        writer.append("note", {"text": "by another key"}, at=AT)
    assert find(ledger).records == read(ledger).records
    lines = (ledger / "log.jsonl").read_bytes().split(b"\n")
    forged = lines[-2].replace(b'"sig":"', b'"sig":"AAAA', 1)
    (ledger / "log.jsonl").write_bytes(b"\n".join([*lines[:-2], forged, b""]))
    found = find(ledger)
    assert [record.seq for record in found.records] == [1, 2, 3, 4, 5, 6, 7]
    assert found.problems == read(ledger).problems != ()


@pytest.mark.parametrize("change", [
    "DELETE FROM meta WHERE name = 'size'",
    "UPDATE meta SET value = 'many' WHERE name = 'records'",
    "UPDATE record SET start = start + 1",
    "UPDATE record SET size = 5 WHERE seq = 6",
    "UPDATE record SET digest = 'x' WHERE seq = 6",
    "PRAGMA user_version = 99",
    "PRAGMA application_id = 99",
    "DROP INDEX record_kind",
    "CREATE TRIGGER t AFTER INSERT ON record BEGIN SELECT 1; END",
    "CREATE VIEW v AS SELECT 1",
])  # fmt: skip
def test_an_index_in_doubt_is_dropped_and_made_again(
    change: str, build: Build, ledger: Path
) -> None:
    build(ledger)
    sound = rebuild(ledger).sha256
    connection = sqlite3.connect(ledger / "index.sqlite", isolation_level=None)
    connection.execute(change)
    connection.close()
    assert find(ledger).records == read(ledger).records
    assert facts(ledger).sha256 == sound


@pytest.mark.parametrize("spoil", ["empty", "text", "cut", "zeros"])
def test_a_spoilt_file_is_made_again(spoil: str, build: Build, ledger: Path) -> None:
    build(ledger)
    sound = rebuild(ledger).sha256
    path = ledger / "index.sqlite"
    data = path.read_bytes()
    path.write_bytes({
        "empty": b"", "text": b"no database" * 900, "cut": data[: len(data) // 2],
        "zeros": data[:4096] + bytes(len(data) - 4096),
    }[spoil])  # fmt: skip
    assert facts(ledger).doubt is not None
    assert find(ledger, evidence="E-1").records == read(ledger).records[1:]
    assert facts(ledger).sha256 == sound


def test_an_index_of_another_record_is_not_used(
    build: Build, ledger: Path, key: SigningKey, tmp_path: Path
) -> None:
    build(ledger)
    more(ledger, key)
    rebuild(ledger)
    build(tmp_path / "other")  # the same first six records: the index is ahead of it
    shutil.copy(ledger / "index.sqlite", tmp_path / "other" / "index.sqlite")
    assert "another record" in str(facts(tmp_path / "other").doubt)
    assert len(find(tmp_path / "other").records) == 6
    assert facts(tmp_path / "other").records == 6


def test_a_record_that_does_not_verify_gets_no_index(build: Build, ledger: Path) -> None:
    build(ledger)
    lines = (ledger / "log.jsonl").read_bytes().split(b"\n")
    (ledger / "log.jsonl").write_bytes(b"\n".join([*lines[:3], *lines[4:]]))
    with pytest.raises(LedgerDamaged, match="record 4"):
        rebuild(ledger)
    found = find(ledger)
    assert [record.seq for record in found.records] == [1, 2, 3]
    assert found.problems == read(ledger).problems
    assert not (ledger / "index.sqlite").exists()


def test_a_writer_at_work_keeps_nobody_from_reading(
    build: Build, ledger: Path, key: SigningKey
) -> None:
    build(ledger)
    before = rebuild(ledger)
    more(ledger, key)
    held = hold(ledger)
    try:
        assert find(ledger, limit=99).records == read(ledger).records
        assert facts(ledger).sha256 == before.sha256
        with pytest.raises(LedgerBusy):
            rebuild(ledger)
    finally:
        os.close(held)
    assert len(find(ledger, limit=99).records) == 12
    assert facts(ledger).records == 12


def test_a_folder_that_cannot_be_written_is_read_all_the_same(
    build: Build, ledger: Path, key: SigningKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path) -> int:
        raise PermissionError(13, "read-only")

    build(ledger)
    rebuild(ledger)
    more(ledger, key)
    monkeypatch.setattr("safetycase.ledger.lock.hold", refuse)
    assert find(ledger, limit=99).records == read(ledger).records
    assert facts(ledger).records == 6
    (ledger / "index.sqlite").write_bytes(b"")
    assert find(ledger, limit=99).records == read(ledger).records


@pytest.mark.slow
def test_a_process_killed_while_the_index_grows_spoils_nothing(
    build: Build, ledger: Path, key: SigningKey
) -> None:
    build(ledger)
    rebuild(ledger)
    more(ledger, key, count=300)
    done = subprocess.run([sys.executable, "-c", GROW_AND_DIE, str(ledger)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert (ledger / "index.sqlite-journal").exists()
    assert find(ledger, limit=999).records == read(ledger).records
    assert seqs(ledger, kind="spoilt") == []
    assert facts(ledger).records == 309
    assert not list(ledger.glob("index.sqlite-*"))


def test_long_texts_are_found_by_their_beginning(ledger: Path, key: SigningKey) -> None:
    name = "E-" + "x" * 3 * LONGEST
    with Writer(ledger, key) as writer:
        writer.append("event", EVENT | {"about": {"evidence": [name]}}, at=AT)
    assert seqs(ledger, evidence=name) == [2]


def test_a_missing_and_an_empty_record_are_empty(ledger: Path) -> None:
    assert find(ledger).records == ()
    ledger.mkdir()
    (ledger / "log.jsonl").touch()
    assert find(ledger).records == ()
    assert rebuild(ledger).records == 0
    assert find(ledger) == find(ledger, kind="note")


def test_the_file_is_opened_for_reading_as_a_suspect(build: Build, ledger: Path) -> None:
    build(ledger)
    rebuild(ledger)
    with open_file(ledger / "index.sqlite") as connection:
        for name, value in {
            "trusted_schema": 0, "cell_size_check": 1, "foreign_keys": 1, "query_only": 1,
            "mmap_size": 0, "page_size": 4096,
        }.items():  # fmt: skip
            assert connection.execute(f"PRAGMA {name}").fetchone() in ((value,), None), name
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            connection.execute("DELETE FROM record")
    with open_file(ledger / "index.sqlite", write=True) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("truncate",)


def test_sqlalchemy_describes_the_tables_that_sqlite_has() -> None:
    sa = pytest.importorskip("sqlalchemy")
    from safetycase.ledger.database.tables import index_tables

    engine = sa.create_engine("sqlite://")
    with engine.begin() as connection:
        for statement in schema():
            connection.exec_driver_sql(statement)
    found = sa.MetaData()
    found.reflect(engine)
    described = index_tables(sa.MetaData(), many=False)
    for name in TABLES:
        ours, theirs = described[name], found.tables[name]
        assert [(c.name, str(c.type), c.nullable) for c in ours.columns] == [
            (c.name, str(c.type), c.nullable) for c in theirs.columns
        ]
        assert [c.name for c in ours.primary_key] == [c.name for c in theirs.primary_key]
        assert {(i.name, tuple(c.name for c in i.columns)) for i in ours.indexes} == {
            (i.name, tuple(c.name for c in i.columns)) for i in theirs.indexes
        }
    engine.dispose()
