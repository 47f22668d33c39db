"""What can go wrong with a database, in sentences: never a password, never a statement."""

from __future__ import annotations

from typing import Any

from safetycase.ledger.errors import LedgerError

__all__ = ["ConnectionLost", "DatabaseFailed", "DatabaseRefused", "translated"]

_GONE = ("57P01", "57P02", "57P03")  # the server shuts down, crashed, or starts up
_WAYS_OUT = {
    "28P01": "give the password by PGPASSWORD or ~/.pgpass",
    "28000": "ask whoever runs the database to let this user in",
    "3D000": "make the database first (`createdb`), or correct its name",
    "42501": "ask the owner of the schema for rights: `safetycase record home init --grant USER`",
    "53100": "the disk of the database is full: free some space there",
    "55P03": "somebody holds the record for long: see pg_stat_activity on the server, then repeat",
    "3F000": "`safetycase record home init ADDRESS` makes the tables",
    "42P01": "`safetycase record home init ADDRESS` makes the tables",
}


class DatabaseFailed(LedgerError):
    """The database could not do what was asked; nothing was changed."""


class ConnectionLost(DatabaseFailed):
    """No answer came: the server is away, or the way to it."""


class DatabaseRefused(DatabaseFailed):
    """The database answered no; `code` is its SQLSTATE (PostgreSQL manual, appendix A)."""

    def __init__(self, message: str, code: str) -> None:
        self.code = code
        super().__init__(message)


def translated(error: BaseException, name: str) -> DatabaseFailed:
    """What a driver raised while it talked to the database called `name`."""
    cause: Any = getattr(error, "orig", None) or error
    fields = cause.args[0] if cause.args and isinstance(cause.args[0], dict) else {}
    code, said = str(fields.get("C", "")), str(fields.get("M", ""))
    if not code or code in _GONE or code.startswith("08"):
        why = said or str(cause).partition("\n")[0]
        return ConnectionLost(
            f"no connection to {name}: {why}; see that the server runs and that this machine "
            "reaches it, then repeat"
        )
    way_out = _WAYS_OUT.get(code)
    return DatabaseRefused(f"{name} refuses: {said}" + (f"; {way_out}" if way_out else ""), code)
