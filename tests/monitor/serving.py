"""A server on a port of its own, in a thread, spoken to as a stranger would."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from safetycase.monitor.bodies import Limits
from safetycase.monitor.events import Reading
from safetycase.monitor.store import Store

NOW = 1_796_000_000.0
JSON = {"content-type": "application/json"}
LIMITS, READING = Limits(), Reading()

Answer = tuple[int, Any, Mapping[str, str]]


class Running:
    """A running server and its store."""

    def __init__(
        self, store: Store, port: int, told: threading.Event, connections: Collection[Any] = ()
    ) -> None:
        self.store, self.port, self.told = store, port, told
        self.connections = connections

    def ask(
        self,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        method: str | None = None,
    ) -> Answer:
        """One request on a connection of its own; a body that is no bytes is sent as JSON."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            verb = method or ("GET" if data is None else "POST")
            connection.request(
                verb,
                path,
                data,
                dict(JSON | (headers or {})) if data is not None else dict(headers or {}),
            )
            response = connection.getresponse()
            text = response.read()
            kind = response.headers.get("content-type", "")
            told = json.loads(text) if kind == "application/json" and text else text.decode()
            return response.status, told, response.headers
        finally:
            connection.close()

    def refused(self) -> Mapping[str, int]:
        """Refusals by reason, once those that are written within a second are there."""
        return self.store.counts().refused

    def until(self, true: Callable[[], bool]) -> None:
        """Wait for what another thread does."""
        end = time.monotonic() + 20
        while not true():
            assert time.monotonic() < end, "it did not happen"
            time.sleep(0.01)


@contextlib.contextmanager
def serving(
    path: Path,
    *,
    store: Store | None = None,
    limits: Limits = LIMITS,
    reading: Reading = READING,
    token: str | None = None,
    status: Callable[[], Mapping[str, Any]] = dict,
) -> Iterator[Running]:
    """A server over the store at `path`; the clock stands still at `NOW`."""
    pytest.importorskip("starlette")
    pytest.importorskip("uvicorn")
    from safetycase.monitor.server import application, server_of

    with store or Store(path, durable="process") as open_store:
        told = threading.Event()
        app = application(
            open_store,
            notify=lambda: told.set(),
            status=status,
            limits=limits,
            reading=reading,
            token=token,
            clock=lambda: NOW,
        )
        server = server_of(app, limits=limits, token=token)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
            thread.start()
            try:
                while not server.started:
                    assert thread.is_alive()
                    time.sleep(0.005)
                port, open_now = listener.getsockname()[1], server.server_state.connections
                yield Running(open_store, port, told, open_now)
            finally:
                server.should_exit = True
                thread.join()
