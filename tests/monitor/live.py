"""`safetycase watch` in a process of its own, and those who send to it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

PATIENCE = 60.0
"""Seconds after which a test gives up: a guard against a hang, not a bound."""


class Watching:
    """A watcher that runs; what it prints is read on threads, so that it never blocks."""

    def __init__(self, folder: Path, *words: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "safetycase.cli", "watch", str(folder), "--port", "0", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        self.out: list[str] = []
        self.err: list[str] = []
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self._threads = [
            threading.Thread(target=self.out.extend, args=(self.process.stdout,), daemon=True),
            threading.Thread(target=self.err.extend, args=(self.process.stderr,), daemon=True),
        ]
        for thread in self._threads:
            thread.start()
        self.port = 0
        until(lambda: self._port() or self.process.poll() is not None)
        assert self.port, "".join(self.err)

    def _port(self) -> int:
        found = re.search(r"listening at http://127\.0\.0\.1:(\d+)", "".join(self.err))
        self.port = int(found[1]) if found else 0
        return self.port

    def post(
        self, path: str, body: bytes, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, Any]]:
        """Status and answer; the answer is empty if it is not JSON."""
        given = {"content-type": "application/json"} | (headers or {})
        with contextlib.closing(
            http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        ) as connection:
            connection.request("POST", path, body, given)
            response = connection.getresponse()
            text = response.read()
        try:
            return response.status, json.loads(text)
        except ValueError:
            return response.status, {}

    def send(self, rows: list[dict[str, Any]]) -> dict[str, Any]:
        status, answer = self.post("/events", json.dumps(rows).encode())
        assert status == 200, answer
        return answer

    def status(self) -> dict[str, Any]:
        with contextlib.closing(
            http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        ) as connection:
            connection.request("GET", "/status")
            return dict(json.loads(connection.getresponse().read()))

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        return self.close()

    def close(self) -> int:
        """Wait for the end; its exit code."""
        code = self.process.wait(PATIENCE)
        for thread in self._threads:
            thread.join(PATIENCE)
        for pipe in (self.process.stdout, self.process.stderr):
            assert pipe is not None
            pipe.close()
        return code


@contextlib.contextmanager
def watching(folder: Path, *words: str) -> Iterator[Watching]:
    found = Watching(folder, *words)
    try:
        yield found
    finally:
        if found.process.poll() is None:
            found.process.kill()
        found.close()


def until(holds: Callable[[], object]) -> None:
    """Wait until something holds."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.02)
