"""The tables of a team's database, for SQLAlchemy Core: the lines, and the index of them.

The index has the tables of `ledger.tables`, on PostgreSQL with the number of the log in front; on
SQLite they are those that `ledger.index` makes without SQLAlchemy.
"""

from __future__ import annotations

from typing import Any

from safetycase.ledger.tables import TABLES, Table

__all__ = ["SCHEMA", "index_tables", "line_tables"]

SCHEMA = "safetycase"


def line_tables(metadata: Any) -> tuple[Any, Any]:
    """The tables `log` and `line`: what a record is."""
    import sqlalchemy as sa

    log = sa.Table(
        "log",
        metadata,
        sa.Column("log", sa.Integer, sa.Identity(always=True), primary_key=True),
        sa.Column("origin", sa.Text, nullable=False, unique=True),
        sa.Column("name", sa.Text, nullable=False),
        schema=SCHEMA,
    )
    line = sa.Table(
        "line",
        metadata,
        sa.Column("log", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("bytes", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("log", "digest"),
        schema=SCHEMA,
    )
    return log, line


def index_tables(metadata: Any, *, many: bool) -> dict[str, Any]:
    """The tables of an index by name; `many` logs share them, or there is one."""
    return {name: _core(metadata, table, many) for name, table in TABLES.items()}


def _core(metadata: Any, table: Table, many: bool) -> Any:
    import sqlalchemy as sa

    types: dict[str, Any] = {"bigint": sa.BigInteger, "text": sa.Text}
    first = [sa.Column("log", sa.Integer, nullable=False)] if many else []
    columns = [
        sa.Column(each.name, types[each.is_a](), nullable=each.optional) for each in table.columns
    ]
    log = ("log",) if many else ()
    return sa.Table(
        table.name,
        metadata,
        *first,
        *columns,
        sa.PrimaryKeyConstraint(*log, *table.key),
        *(sa.Index(f"{table.name}_{each}", *log, each) for each in table.lookups),
        schema=SCHEMA if many else None,
    )
