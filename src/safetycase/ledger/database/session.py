"""One connection to a database of a team: opened when it is needed, opened again when it broke."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from typing import Any

from safetycase.ledger.database.address import Address, password_for
from safetycase.ledger.database.errors import ConnectionLost, translated
from safetycase.ledger.errors import LedgerError

__all__ = ["CLASS", "Session"]

CLASS = 372716
"""First half of the advisory lock of a record, also in the steps of `migrations`; the second half
is its number in the database."""

_CONNECT_SECONDS = 10
_ANSWER_SECONDS = 120
_LOCK_SECONDS = 60
_PAUSES_SECONDS = (0.1, 0.2, 0.5, 1, 2, 4, 8)
"""Between tries to connect again: long enough for a server that is being restarted."""

_SETTINGS = (
    f"SET lock_timeout = '{_LOCK_SECONDS}s'",
    # A member whose machine went away in the middle must not keep the others waiting for ever.
    f"SET idle_in_transaction_session_timeout = '{_LOCK_SECONDS}s'",
    "SET tcp_keepalives_idle = 30",
    "SET tcp_keepalives_interval = 10",
    "SET tcp_keepalives_count = 3",
    "SET search_path = safetycase",
)


class Session:
    """A connection to the database at `address`, made on first use.

    Everything it raises is a `DatabaseFailed` that names the database and no password.
    """

    def __init__(self, address: Address, env: Mapping[str, str] | None = None) -> None:
        self.address = address
        self.name = str(address)
        self._env = os.environ if env is None else env
        self._engine: Any = None
        self._connection: Any = None
        self._driver: Any = None

    @contextlib.contextmanager
    def transaction(self, *, patient: bool = False, first: Any = None) -> Iterator[Any]:
        """One transaction: committed at the end, rolled back on any exception.

        The value is a SQLAlchemy connection. `patient` waits for a server that is being
        restarted; `first` is a statement that it begins with, harmless to repeat. If the
        connection breaks, `ConnectionLost` is raised and the next transaction opens a new one; a
        transaction that broke while it was committed may have been kept.
        """
        connection, begun = self._begun(first, patient=patient)
        with self._named():
            try:
                with begun:
                    yield connection
            except BaseException:
                # Whatever state the connection is in, nobody has to guess it again.
                self.close()
                raise

    def close(self) -> None:
        """Give the connection back; a later transaction opens another."""
        connection, self._connection = self._connection, None
        # A broken driver leaves bytes in a buffer, which complains when it is collected.
        left = [getattr(self._driver, name, None) for name in ("_sock", "_usock")]
        self._driver = None
        for each in (connection, *left):
            if each is not None:
                with contextlib.suppress(Exception):
                    each.close()

    def _begun(self, first: Any, *, patient: bool) -> tuple[Any, Any]:
        """A connection and its transaction; one that was cut while nobody used it is replaced."""
        from sqlalchemy import text

        pauses = iter(_PAUSES_SECONDS if patient else ())
        while True:
            fresh = self._connection is None
            try:
                with self._named():
                    if self._connection is None:
                        self._connection = self._open()
                    begun = self._connection.begin()
                    if first is not None or (patient and not fresh):
                        self._connection.execute(text("SELECT 1") if first is None else first)
                    return self._connection, begun
            except ConnectionLost:
                self.close()
                pause = next(pauses, None) if fresh else 0
                if pause is None:
                    raise
                time.sleep(pause)

    def _open(self) -> Any:
        engine = self._engine or self._made()
        connection = engine.connect()
        try:
            from sqlalchemy import text

            for setting in _SETTINGS:
                connection.execute(text(setting))
            connection.commit()
        except BaseException:
            with contextlib.suppress(Exception):
                connection.close()
            self.close()
            raise
        return connection

    def _made(self) -> Any:
        try:
            import pg8000.dbapi
            import sqlalchemy
        except ImportError as error:
            raise LedgerError(
                f"a record in PostgreSQL needs the extra `team` ({error.name} is missing): "
                "pip install 'safetycase[team]'"
            ) from None
        at = self.address
        password = password_for(at, self._env)

        def connect() -> Any:
            try:
                with contextlib.ExitStack() as stack:
                    reached = stack.enter_context(_reach(at))
                    connection = pg8000.dbapi.connect(
                        user=at.user,
                        password=password,
                        database=at.database,
                        host=at.host,
                        sock=reached,
                        ssl_context=self._ssl(),
                        application_name="safetycase",
                    )
                    stack.pop_all()
            except OSError as error:
                raise translated(error, self.name) from error
            self._driver = connection
            return connection

        self._engine = sqlalchemy.create_engine(
            "postgresql+pg8000://", creator=connect, poolclass=sqlalchemy.pool.NullPool
        )
        return self._engine

    def _ssl(self) -> Any:
        """What pg8000 takes: False never, None if the server offers it, a context always."""
        if self.address.socket_folder is not None or self.address.ssl_mode == "disable":
            return False
        if self.address.ssl_mode == "prefer":
            return None
        if self.address.ssl_mode == "require":
            return True
        return ssl.create_default_context(cafile=self._env.get("PGSSLROOTCERT"))

    @contextlib.contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            if type(error).__module__.partition(".")[0] not in ("pg8000", "sqlalchemy"):
                raise
            # The chain of a driver's error may hold the statement and its values.
            raise translated(error, self.name) from None


def _reach(at: Address) -> socket.socket:
    if at.socket_folder is None:
        reached = socket.create_connection((at.host, at.port), _CONNECT_SECONDS)
        reached.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    else:
        reached = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            reached.settimeout(_CONNECT_SECONDS)
            reached.connect(f"{at.socket_folder}/.s.PGSQL.{at.port}")
        except BaseException:
            reached.close()
            raise
    reached.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    reached.settimeout(_ANSWER_SECONDS)
    return reached
