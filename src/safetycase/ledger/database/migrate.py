"""Making and bringing up to date the tables of a team's database, with Alembic."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from safetycase.ledger.database.errors import DatabaseFailed
from safetycase.ledger.database.session import CLASS, Session
from safetycase.ledger.database.tables import SCHEMA
from safetycase.ledger.errors import LedgerError
from safetycase.ledger.tables import TABLES

__all__ = ["grant", "migrate", "newest"]

_OLDEST_SERVER = 140000


def migrate(session: Session, to: str = "head") -> None:
    """Bring the tables to step `to`, in one transaction; nothing happens if they are there.

    Raises `LedgerError` if the server is too old or the tables are newer than this program.
    """
    from alembic import command
    from alembic.util import CommandError
    from sqlalchemy import text

    config = _config()
    with session.transaction() as connection:
        version = int(connection.execute(text("SHOW server_version_num")).scalar())
        if version < _OLDEST_SERVER:
            raise LedgerError(f"{session.name} is PostgreSQL {version // 10000}: 14 is the oldest")
        # Two people who start at once take turns.
        connection.execute(text("SELECT pg_advisory_xact_lock(:c, 0)"), {"c": CLASS})
        there = text("SELECT 1 FROM pg_namespace WHERE nspname = :name")
        if connection.execute(there, {"name": SCHEMA}).scalar() is None:
            connection.execute(text(f"CREATE SCHEMA {SCHEMA}"))
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, to)
        except CommandError as error:
            raise DatabaseFailed(
                f"the tables of {session.name} are of a newer version ({error}): update safetycase"
            ) from error


def newest() -> str:
    """The name of the newest step."""
    from alembic.script import ScriptDirectory

    return str(ScriptDirectory.from_config(_config()).get_current_head())


def grant(session: Session, users: Iterable[str]) -> None:
    """Let database users read, and add lines; nothing lets anybody change one."""
    from sqlalchemy import text

    with session.transaction() as connection:
        quote = connection.dialect.identifier_preparer.quote_identifier
        for user in users:
            to = quote(user)
            both = ", ".join(f"{SCHEMA}.{name}" for name in ("log", "line", *TABLES))
            connection.execute(text(f"GRANT USAGE ON SCHEMA {SCHEMA} TO {to}"))
            connection.execute(text(f"GRANT SELECT, INSERT ON {both} TO {to}"))
            connection.execute(text(f"GRANT SELECT ON {SCHEMA}.alembic_version TO {to}"))


def _config() -> Any:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "safetycase:ledger/database/migrations")
    return config
