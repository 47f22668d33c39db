"""The tables: made by steps, the same as described; an index that can be thrown away."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.ledger.team.conftest import Server

from safetycase.ledger import LedgerDamaged, LedgerError, Record, SigningKey, open_writer, read
from safetycase.ledger.database.address import parse_address
from safetycase.ledger.database.migrate import migrate, newest
from safetycase.ledger.database.session import Session
from safetycase.ledger.database.tables import SCHEMA, index_tables, line_tables
from safetycase.ledger.keys import from_seed
from safetycase.ledger.settings import read_settings
from safetycase.ledger.sync import push, rebuild, shared_index
from safetycase.ledger.tables import TABLES
from safetycase.ledger.trust import origin_of

AT = "2026-11-23T09:30:00Z"
Build = Callable[[Path], list[Record]]
EVENT = {"event": "milestone-reached", "says": "so", "about": {"evidence": ["E-1", "E-2"]}}
WAIVER = {
    "evidence": "E-1", "old_recipe": "a" * 64, "new_recipe": "b" * 64, "fields": ["sampling.n"],
    "reason": "r", "author": "the first signer", "reviewer": "the second signer",
    "expires": "2027-01-01T00:00:00Z",
}  # fmt: skip

REVIEWER = from_seed(bytes(range(1, 33)), "the second signer")


@pytest.fixture
def mine(address: str, build: Build, tmp_path: Path) -> Path:
    folder = tmp_path / "mine"
    build(folder)
    push(folder, address, name="toy")
    return folder


def event_and_waiver(folder: Path, key: SigningKey) -> None:
    with open_writer(folder, key) as writer:
        writer.append("event", EVENT, at=AT)
        body = REVIEWER.introduction(roles=["reviewer"], origin=origin_of(writer.log.records[0]))
        writer.append("key", body, at=AT)
    with open_writer(folder, REVIEWER) as writer:
        writer.append("waiver", WAIVER, at=AT)


def where(folder: Path) -> str:
    found = read_settings(folder).record
    assert found is not None
    return found


def step(server: Server, address: str) -> str:
    return str(server.sql(address, "SELECT version_num FROM safetycase.alembic_version")[0][0])


@pytest.mark.slow
def test_the_steps_lead_from_nothing_to_the_tables_described(server: Server) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import MetaData

    address = server.database()
    session = Session(parse_address(address))
    for to in ("0001", "head", "head"):
        migrate(session, to)
    assert step(server, address) == newest() == "0004"
    described = MetaData()
    line_tables(described)
    index_tables(described, many=True)

    def ours(name: str | None, kind: str, parents: Any) -> bool:
        return name == SCHEMA if kind == "schema" else name != "alembic_version"

    with session.transaction() as connection:
        options = {"include_schemas": True, "include_name": ours, "compare_type": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, described) == []
    session.close()


@pytest.mark.slow
def test_a_database_of_an_older_step_keeps_its_lines(
    server: Server, build: Build, tmp_path: Path
) -> None:
    address = server.database()
    session = Session(parse_address(address))
    migrate(session, "0001")
    folder = tmp_path / "ledger"
    build(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("safetycase.ledger.database.migrate.migrate", lambda _session: None)
        push(folder, address, name="toy")
    before = server.sql(address, "SELECT * FROM safetycase.line")
    assert len(before) == 6
    assert push(folder, address, name="toy").records == 6
    session.close()
    assert step(server, address) == "0004"
    assert server.sql(address, "SELECT * FROM safetycase.line") == before
    assert shared_index(folder, where(folder)).records == 0
    assert rebuild(folder, where(folder)).records == 6


@pytest.mark.slow
def test_tables_of_a_newer_program_are_left_alone(mine: Path, server: Server) -> None:
    address = server.database()
    migrate(Session(parse_address(address)))
    server.sql(address, "UPDATE safetycase.alembic_version SET version_num = '9999'")
    with pytest.raises(LedgerError, match=r"newer version .*update safetycase"):
        push(mine, address, name="toy")
    assert step(server, address) == "9999"


@pytest.mark.slow
def test_two_who_start_at_once_make_the_tables_once(server: Server) -> None:
    address = server.database()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: migrate(Session(parse_address(address))), range(4)))
    assert step(server, address) == "0004"


@pytest.mark.slow
def test_the_index_says_what_the_record_says(mine: Path, key: SigningKey, server: Server) -> None:
    event_and_waiver(mine, key)
    log = read(mine)
    found = shared_index(mine, where(mine))
    assert (found.records, found.head, found.lines) == (9, log.head, 9)
    number = server.sql(
        where(mine), f"SELECT log FROM safetycase.log WHERE origin = '{where(mine)[-32:]}'"
    )[0][0]

    def rows(name: str) -> list[Any]:
        listed = ", ".join(column.name for column in TABLES[name].columns)
        query = f"SELECT {listed} FROM safetycase.{name} WHERE log = {number} ORDER BY seq"
        return [tuple(row) for row in server.sql(where(mine), query)]

    assert [row[:5] for row in rows("record")] == [
        (r.seq, r.kind, r.at, r.keyid, r.digest) for r in log.records
    ]
    data = (mine / "log.jsonl").read_bytes()
    assert [data[start : start + size] for *_, start, size in rows("record")] == (
        data.splitlines(keepends=True)
    )
    assert rows("signer")[0][1] == key.keyid
    assert rows("registration") == [
        (2, "E-1", "C-1", "rate <= 0.2", "0.95", "a" * 64, 0)
    ]  # fmt: skip
    assert rows("attempt") == [(3, "a1", 2, None, None, None), (5, "a2", 2, None, None, None)]
    assert rows("attempt_end") == [(4, "a1", "completed", "1.5"), (6, "a2", "failed", "0.1")]
    assert [row[:2] for row in rows("artefact")] == [(4, "log")]
    assert rows("event_about") == [(7, "evidence", "E-1"), (7, "evidence", "E-2")]
    assert rows("waiver")[0][:2] == (9, "E-1")


@pytest.mark.slow
def test_the_index_is_made_again_row_for_row(mine: Path, key: SigningKey, server: Server) -> None:
    event_and_waiver(mine, key)
    before = shared_index(mine, where(mine))
    server.sql(where(mine), "DELETE FROM safetycase.record WHERE seq = 3")
    server.sql(where(mine), "UPDATE safetycase.attempt SET attempt = 'another'")
    assert shared_index(mine, where(mine)).digest != before.digest
    assert rebuild(mine, where(mine)) == before
    assert rebuild(mine, where(mine)) == before


@pytest.mark.slow
def test_a_record_goes_on_without_its_index(
    server: Server, build: Build, key: SigningKey, tmp_path: Path
) -> None:
    folder, address = tmp_path / "ledger", server.database()
    build(folder)
    push(folder, address, name="toy")
    with open_writer(folder, key) as writer:
        server.sql(address, "DROP TABLE safetycase.event")
        assert writer.append("event", EVENT, at=AT).seq == 7
        assert writer.append("event", EVENT, at=AT).seq == 8
    with open_writer(folder, key) as writer:
        assert writer.append("event", EVENT, at=AT).seq == 9
    assert read(folder).problems == ()


def test_an_index_is_not_made_of_lines_that_do_not_verify(mine: Path, server: Server) -> None:
    number = server.sql(
        where(mine), f"SELECT log FROM safetycase.log WHERE origin = '{where(mine)[-32:]}'"
    )[0][0]
    server.sql(where(mine), "ALTER TABLE safetycase.line DISABLE TRIGGER never")
    try:
        server.sql(
            where(mine),
            f"DELETE FROM safetycase.line WHERE log = {number} AND seq = 3",
        )
    finally:
        server.sql(where(mine), "ALTER TABLE safetycase.line ENABLE ALWAYS TRIGGER never")
    with pytest.raises(LedgerDamaged, match=r"holds 5 lines, and the last is number 6: lines were"):
        rebuild(mine, where(mine))
