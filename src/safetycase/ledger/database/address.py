"""Addresses of databases: `postgresql://user@host:port/database?log=ORIGIN`, without a password.

The password comes from PGPASSWORD or from the password file of PostgreSQL (`~/.pgpass`, or
PGPASSFILE), so that no file of a case and no message can hold it.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from safetycase.ledger.errors import LedgerError

__all__ = ["Address", "parse_address", "password_for"]

SSL_MODES = ("disable", "prefer", "require", "verify-full")
_SCHEMES = ("postgresql", "postgres")
_ORIGIN = re.compile(r"[0-9a-f]{32}")
_SHAPE = "postgresql://USER@HOST:PORT/DATABASE"
_HERE = ("", "localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a record of a team lives. `log` is its origin, None if it is yet to be found.

    `socket_folder` is the folder of a Unix socket, used instead of `host`. `ssl_mode` is one of
    `SSL_MODES`: `require` encrypts, `verify-full` also checks who answers.
    """

    user: str
    host: str
    port: int
    database: str
    ssl_mode: str
    socket_folder: str | None = None
    log: str | None = None

    def of(self, origin: str) -> Address:
        """The address of the record with this origin in the same database."""
        return replace(self, log=origin)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == 5432 else f":{self.port}"
        asked = {
            "host": self.socket_folder,
            "sslmode": None if self.ssl_mode == _usual(self.host) else self.ssl_mode,
            "log": self.log,
        }
        query = urlencode({key: value for key, value in asked.items() if value}, safe="/")
        place = f"{quote(self.user, safe='')}@{host}{port}/{quote(self.database, safe='')}"
        return f"postgresql://{place}" + (f"?{query}" if query else "")


def parse_address(text: str) -> Address:
    """Read an address. Raises `LedgerError` that never repeats what may be a password."""
    try:
        parts = urlsplit(text)
        port, password = parts.port, parts.password
    except ValueError:
        raise LedgerError(f"this is no address of a database; write {_SHAPE}") from None
    if parts.scheme not in _SCHEMES:
        raise LedgerError(f"an address of a database starts with postgresql://, as in {_SHAPE}")
    query = dict(parse_qsl(parts.query))
    if password is not None or "password" in query:
        raise LedgerError(
            "leave the password out of the address, it would be kept in a file: give it by "
            "PGPASSWORD or in ~/.pgpass"
        )
    database = unquote(parts.path.removeprefix("/"))
    if not parts.username or not database or "/" in database:
        raise LedgerError(f"an address names a user and a database: {_SHAPE}")
    host = parts.hostname or ""
    _known(query, host)
    return Address(
        user=unquote(parts.username),
        host=host or ("" if "host" in query else "localhost"),
        port=port or 5432,
        database=database,
        ssl_mode=query.get("sslmode", _usual(host)),
        socket_folder=query.get("host"),
        log=query.get("log"),
    )


def password_for(address: Address, env: Mapping[str, str]) -> str | None:
    """The password for an address, None if there is none to be found.

    Source: PostgreSQL manual, "The Password File". Raises `LedgerError` if others may read it.
    """
    if "PGPASSWORD" in env:
        return env["PGPASSWORD"]
    named = env.get("PGPASSFILE")
    path = Path(named) if named else Path(env.get("HOME", "/")) / ".pgpass"
    try:
        others = path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
        lines = path.read_text("utf-8").splitlines()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise LedgerError(f"the password file {path} cannot be read: {error}") from error
    if others:
        raise LedgerError(f"others may read the password file {path}: `chmod 600` it first")
    host = "localhost" if address.socket_folder else address.host
    wanted = (host, str(address.port), address.database, address.user)
    for line in lines:
        *fields, password = _fields(line)
        if len(fields) == 4 and all(f in ("*", w) for f, w in zip(fields, wanted, strict=True)):
            return password
    return None


def _fields(line: str) -> list[str]:
    if line.startswith("#"):
        return [""]
    found = re.findall(r"((?:\\.|[^:\\])*)(?::|$)", line)
    fields = [re.sub(r"\\(.)", r"\1", each) for each in found]
    return fields[:5]


def _usual(host: str) -> str:
    """What to ask of the connection if nothing is said: encrypted, unless it stays here."""
    return "prefer" if host in _HERE else "require"


def _known(query: Mapping[str, str], host: str) -> None:
    for key in query:
        if key not in ("host", "sslmode", "log"):
            raise LedgerError(f"an address may ask for host, sslmode and log, not for `{key}`")
    if query.get("sslmode", "prefer") not in SSL_MODES:
        raise LedgerError(f"sslmode is one of {', '.join(SSL_MODES)}")
    if "log" in query and not _ORIGIN.fullmatch(query["log"]):
        raise LedgerError("`log` of an address is the origin of a record: 32 hex digits")
    if "host" in query and (host or not query["host"].startswith("/")):
        raise LedgerError("`?host=` names the folder of a socket and stands in for the host")
