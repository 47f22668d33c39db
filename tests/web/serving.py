"""A real server of a case on a port of this machine, for a test to ask and to stop."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from safetycase.web.app import Application, Wanted, application
from safetycase.web.server import server_of

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
SECRET = "the secret of the forms"


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    text: str


@dataclass
class Served:
    """A server that listens: `ask` sends exactly what it is told."""

    app: Application
    port: int
    server: Any

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(
        self, path: str, method: str = "GET", body: bytes | None = None, **headers: str
    ) -> Reply:
        wire = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            wire.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            given = {"host": f"127.0.0.1:{self.port}"} | {
                name.replace("_", "-"): value for name, value in headers.items()
            }
            if body is not None:
                given.setdefault("content-length", str(len(body)))
            for name, value in given.items():
                if value:
                    wire.putheader(name, value)
            wire.endheaders(body)
            got = wire.getresponse()
            told = {name.lower(): value for name, value in got.getheaders()}
            return Reply(got.status, told, got.read().decode("utf-8", "replace"))
        finally:
            wire.close()

    def post(self, path: str, fields: Mapping[str, str], **headers: str) -> Reply:
        given = {"content_type": "application/x-www-form-urlencoded"} | headers
        return self.ask(path, "POST", urlencode(fields).encode(), **given)

    def until(self, true: Callable[[], bool], seconds: float = 30) -> None:
        """Wait until something is true."""
        end = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < end, "it did not come to be"
            time.sleep(0.02)


@contextlib.contextmanager
def serving(folder: Path, *, seconds: float = 15.0, **options: Any) -> Iterator[Served]:
    given: dict[str, Any] = {"clock": lambda: NOW, "secret": SECRET, **options}
    app = application(Wanted(folder=folder, **given))
    server = server_of(app, seconds=seconds)
    with socket.create_server(("127.0.0.1", 0)) as place:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [place]}, daemon=True)
        thread.start()
        served = Served(app, place.getsockname()[1], server)
        served.until(lambda: server.started)
        try:
            yield served
        finally:
            server.should_exit = True
            thread.join(30)
            assert not thread.is_alive(), "the server did not end"
