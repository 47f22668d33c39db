"""An SQLite file that holds the tables of an index: made, opened, grown and filled.

SQLite up to 3.51.2 can corrupt a file in WAL mode that two processes checkpoint at once, so the
journal is a plain one, writers hold the lock of the ledger folder, and nothing maps the file into
memory. A file that was written by something else is not opened: its schema has to be ours.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from safetycase.ledger.files import sync_folder
from safetycase.ledger.tables import TABLES, VERSION, Row, Table

__all__ = ["FileDoubtful", "add", "blank", "facts_of", "grow", "open_file", "save", "schema"]

APPLICATION_ID: Final = 0x5AFECA5E
PAGE_BYTES: Final = 4096

_META = "CREATE TABLE meta (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID"


class FileDoubtful(Exception):
    """The file is not an index as this version makes it; the message says why."""


def schema() -> tuple[str, ...]:
    """The statements that make the tables and what they are looked up by."""
    made = [_META]
    for table in TABLES.values():
        made.append(_create(table))
        made += [
            f"CREATE INDEX {table.name}_{each} ON {table.name} ({each})" for each in table.lookups
        ]
    return tuple(made)


def blank() -> sqlite3.Connection:
    """An empty index in memory."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {VERSION}")
    for statement in schema():
        connection.execute(statement)
    return connection


def add(connection: sqlite3.Connection, rows: Iterable[Row], facts: Mapping[str, str]) -> None:
    """Add rows and set the facts of `meta`, in one transaction."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        for name, values in rows:
            connection.execute(_insert(name), values)
        for name, value in sorted(facts.items()):
            connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def facts_of(connection: sqlite3.Connection) -> dict[str, str]:
    """The facts of `meta`."""
    return dict(connection.execute("SELECT name, value FROM meta"))


def save(connection: sqlite3.Connection, path: Path) -> None:
    """Write an index from memory to a file: the same rows always give the same bytes.

    The caller holds the lock of the folder. Raises `OSError` or `sqlite3.Error`.
    """
    fresh = path.with_name(f".{path.name}.new")
    for old in (fresh, *_beside(path)):
        old.unlink(missing_ok=True)
    try:
        connection.execute("VACUUM INTO ?", (str(fresh),))
        descriptor = os.open(fresh, os.O_RDWR | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        fresh.replace(path)
        sync_folder(path.parent)
    finally:
        fresh.unlink(missing_ok=True)


@contextlib.contextmanager
def open_file(path: Path, *, write: bool = False) -> Iterator[sqlite3.Connection]:
    """The index in a file. Raises `FileDoubtful` if it is not one, `FileNotFoundError` if none."""
    if not path.exists():
        raise FileNotFoundError(path)
    mode = "rw" if write else "ro"
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None, timeout=5
    )
    try:
        with _doubted():
            for pragma in ("trusted_schema = OFF", "cell_size_check = ON", "mmap_size = 0"):
                connection.execute(f"PRAGMA {pragma}")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA journal_mode = TRUNCATE" if write else "PRAGMA query_only=1")
            _ours(connection)
        yield connection
    finally:
        connection.close()


def grow(path: Path, rows: Iterable[Row], facts: Mapping[str, str]) -> None:
    """Add to the index in a file; the caller holds the lock of the folder."""
    with open_file(path, write=True) as connection, _doubted():
        add(connection, rows, facts)


def _ours(connection: sqlite3.Connection) -> None:
    def pragma(name: str) -> int:
        return int(connection.execute(f"PRAGMA {name}").fetchone()[0])

    if pragma("application_id") != APPLICATION_ID:
        raise FileDoubtful("it was not made by safetycase")
    if pragma("user_version") != VERSION:
        raise FileDoubtful(f"it is of version {pragma('user_version')}, not {VERSION}")
    found = connection.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL")
    if sorted(sql for (sql,) in found) != sorted(schema()):
        raise FileDoubtful("its tables are not those of an index")


@contextlib.contextmanager
def _doubted() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise FileDoubtful(f"SQLite says: {error}") from error


def _create(table: Table) -> str:
    types = {"bigint": "BIGINT", "text": "TEXT"}
    columns = ", ".join(
        f"{each.name} {types[each.is_a]}" + ("" if each.optional else " NOT NULL")
        for each in table.columns
    )
    return f"CREATE TABLE {table.name} ({columns}, PRIMARY KEY ({', '.join(table.key)}))"


def _insert(name: str) -> str:
    marks = ", ".join("?" for _ in TABLES[name].columns)
    return f"INSERT INTO {name} VALUES ({marks})"  # noqa: S608 - names of our own tables


def _beside(path: Path) -> tuple[Path, ...]:
    return tuple(path.with_name(path.name + end) for end in ("-journal", "-wal", "-shm"))
