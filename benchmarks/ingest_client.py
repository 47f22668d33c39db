"""The clients of `monitor_ingest.py`, and the server it measures, each in a process of its own.

    python benchmarks/ingest_client.py serve DATABASE [process|power]
    python benchmarks/ingest_client.py load PORT SECONDS CONNECTIONS BATCH NAME
    python benchmarks/ingest_client.py until-killed PORT CONNECTIONS NAME

`serve` prints its port once it listens. `load` prints one JSON object; `until-killed` prints the id
of each event that was acknowledged, as one number a line and connection, until the server is gone.
Every client waits for the answer to one request before it sends the next on that connection.
"""

from __future__ import annotations

import contextlib
import json
import selectors
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "src"))

Made = Callable[[str, int], bytes]


def serve(database: str, durable: str = "power") -> None:
    """Run the server with a reader that takes every event, as the service does."""
    from safetycase.monitor.server import application, server_of
    from safetycase.monitor.store import Store

    with Store(Path(database), durable="power" if durable == "power" else "process") as store:
        new, done, row = threading.Event(), threading.Event(), store.row

        def consume() -> None:
            nonlocal row
            while not done.is_set():
                new.wait(0.5)
                new.clear()
                while taken := store.after(row, 5000):
                    row = taken[-1][0]

        reader = threading.Thread(target=consume, daemon=True)
        reader.start()
        listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        app = application(store, notify=new.set, status=lambda: {"consumed": row})
        server = server_of(app)
        print(listener.getsockname()[1], flush=True)
        server.run(sockets=[listener])
        done.set()
        reader.join()


def request(path: str, body: bytes) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def event(source: str, number: int) -> dict[str, Any]:
    return {
        "source": source,
        "id": f"{source}-{number:09d}",
        "metric": "recall",
        "at": time.time(),
        "value": 1 if number % 50 else 0,
        "number": number,
        "details": {"label": "caught", "subject": "smollm2-135m-instruct"},
    }


def batch(source: str, first: int, size: int) -> bytes:
    events = [event(source, number) for number in range(first, first + size)]
    return request("/events", json.dumps(events if size > 1 else events[0]).encode())


class Line:
    """One connection: what it sends next, what it waits for."""

    def __init__(self, port: int, source: str, size: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.source, self.size, self.next = source, size, 1
        self.sent = 0.0
        self.got = b""

    def send(self) -> None:
        message = batch(self.source, self.next, self.size)
        self.next += self.size
        self.sent = time.perf_counter()
        self.socket.sendall(message)

    def receive(self) -> bytes | None:
        """The status line of an answer that is whole; None while it is not."""
        part = self.socket.recv(65536)
        if not part:
            raise ConnectionResetError
        self.got += part
        head, mark, body = self.got.partition(b"\r\n\r\n")
        if not mark:
            return None
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        if len(body) < length:
            return None
        self.got = b""
        return head.partition(b"\r\n")[0]


def load(port: int, seconds: float, connections: int, size: int, name: str) -> None:
    """Send as fast as the answers come, and print how it went."""
    lines = [Line(port, f"{name}-{n}", size) for n in range(connections)]
    times: list[float] = []
    other: dict[str, int] = {}
    end = time.perf_counter() + seconds

    def answered(line: Line, status: bytes) -> bool:
        now = time.perf_counter()
        if b" 200 " in status:
            times.append(now - line.sent)
        else:
            other[status.decode()] = other.get(status.decode(), 0) + 1
        return now < end

    spent = time.process_time()
    began = time.perf_counter()
    drive(lines, answered)
    took = time.perf_counter() - began
    times.sort()

    def quantile(share: float) -> float:
        return times[min(len(times) - 1, int(share * len(times)))] * 1000

    found = {
        "requests": len(times),
        "events": len(times) * size,
        "seconds": took,
        "p50_ms": quantile(0.5),
        "p99_ms": quantile(0.99),
        "max_ms": quantile(1.0),
        "client_cpu": time.process_time() - spent,
        "other": other,
    }
    print(json.dumps(found), flush=True)


def drive(lines: list[Line], answered: Callable[[Line, bytes], bool]) -> None:
    """Keep every connection busy until `answered` says that it is enough."""
    with selectors.DefaultSelector() as ready:
        for line in lines:
            ready.register(line.socket, selectors.EVENT_READ, line)
            line.send()
        left = len(lines)
        while left:
            for key, _ in ready.select():
                line: Line = key.data
                status = line.receive()
                if status is None:
                    continue
                if answered(line, status):
                    line.send()
                else:
                    ready.unregister(line.socket)
                    left -= 1


def until_killed(port: int, connections: int, name: str) -> None:
    """Send single events until the server dies; print what was acknowledged."""

    def answered(line: Line, status: bytes) -> bool:
        if b" 200 " in status:
            print(f"{line.source}-{line.next - 1:09d}", flush=True)
        return True

    with contextlib.suppress(ConnectionError):
        drive([Line(port, f"{name}-{n}", 1) for n in range(connections)], answered)


if __name__ == "__main__":
    word, *rest = sys.argv[1:]
    if word == "serve":
        serve(*rest)
    elif word == "load":
        load(int(rest[0]), float(rest[1]), int(rest[2]), int(rest[3]), rest[4])
    else:
        until_killed(int(rest[0]), int(rest[1]), rest[2])
