"""The file of a store of events: made, opened, locked, and doubted if it is not ours.

SQLite up to 3.51.2 can corrupt a file in WAL mode that two processes checkpoint at once: one
process at a time has the file, by a lock beside it.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

from safetycase.ledger.files import sync_folder

__all__ = [
    "Durable",
    "StoreBusy",
    "StoreDoubtful",
    "doubted",
    "hold",
    "open_reader",
    "open_writer",
]

APPLICATION_ID: Final = 0x5AFECA5F
VERSION: Final = 1

Durable = Literal["power", "process"]

_SCHEMA: Final = (
    "CREATE TABLE sources (no INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, "
    "received INTEGER NOT NULL, expected INTEGER NOT NULL, high INTEGER NOT NULL, "
    "lost INTEGER NOT NULL, repeated INTEGER NOT NULL, restarts INTEGER NOT NULL, "
    "known INTEGER NOT NULL, "
    "conflicts INTEGER NOT NULL, last REAL NOT NULL)",
    "CREATE TABLE gaps (source INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, "
    "PRIMARY KEY (source, first)) WITHOUT ROWID",
    "CREATE TABLE refused (source TEXT NOT NULL, reason TEXT NOT NULL, count INTEGER NOT NULL, "
    "PRIMARY KEY (source, reason)) WITHOUT ROWID",
    "CREATE TABLE ids (source INTEGER NOT NULL, id TEXT NOT NULL, row INTEGER NOT NULL, "
    "PRIMARY KEY (source, id)) WITHOUT ROWID",
    "CREATE TABLE blocks (last INTEGER PRIMARY KEY, first INTEGER NOT NULL, head BLOB NOT NULL, "
    "body TEXT NOT NULL)",
    "CREATE TABLE state (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
)


class StoreBusy(Exception):
    """Another process, or another store of this one, has the file."""


class StoreDoubtful(Exception):
    """The file is not a store of events as this version makes it, or it is damaged."""


def hold(path: Path) -> int:
    """Take the lock beside the file; closing the descriptor releases it."""
    import fcntl

    lock = path.with_name(path.name + ".lock")
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise StoreBusy(f"{path}: another process stores events here; stop it first") from None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def open_writer(path: Path, durable: Durable) -> sqlite3.Connection:
    """The connection that writes; makes the file if there is none."""
    fresh = not path.exists()
    if fresh:
        # Prompt contents may be in it if the operator says so: nobody else reads it.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5)
    try:
        with doubted(path):
            for pragma in ("trusted_schema = OFF", "cell_size_check = ON", "mmap_size = 0"):
                connection.execute(f"PRAGMA {pragma}")
            if _pragma(connection, "application_id") == 0 and not _tables(connection):
                _make(connection)
            if _pragma(connection, "application_id") != APPLICATION_ID:
                raise StoreDoubtful(f"{path}: it is not a store of events; move it away")
            if _pragma(connection, "user_version") != VERSION:
                raise StoreDoubtful(f"{path}: it is of another version than {VERSION}")
            if sorted(_tables(connection)) != sorted(_SCHEMA):
                raise StoreDoubtful(f"{path}: its tables are not those of a store of events")
            connection.execute("PRAGMA journal_mode = WAL")
            level = "FULL" if durable == "power" else "NORMAL"
            connection.execute(f"PRAGMA synchronous = {level}")
            connection.execute("PRAGMA fullfsync = ON")  # macOS; elsewhere it says nothing
            connection.execute("PRAGMA cache_size = -32768")
        if fresh:  # a power cut is to leave the name of the file too
            sync_folder(path.parent)
            sync_folder(path.parent.parent)
    except BaseException:
        connection.close()
        raise
    return connection


def _make(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    for statement in _SCHEMA:
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.execute("COMMIT")


def open_reader(path: Path) -> sqlite3.Connection:
    """A connection that only reads, beside the one that writes."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5)
    connection.execute("PRAGMA query_only = 1")
    connection.execute("PRAGMA cache_size = -4096")
    return connection


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def _tables(connection: sqlite3.Connection) -> list[str]:
    return [
        str(sql)
        for (sql,) in connection.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL")
    ]


@contextlib.contextmanager
def doubted(path: Path) -> Iterator[None]:
    """Say of damage which file it is in."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise
        raise StoreDoubtful(f"{path}: SQLite says: {error}; keep it and start another") from error
