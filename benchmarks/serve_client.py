"""Readers of a served case, and the server they ask, each in a process of its own.

    python benchmarks/serve_client.py make FOLDER CLAIMS
    python benchmarks/serve_client.py serve CASE
    python benchmarks/serve_client.py bare BYTES
    python benchmarks/serve_client.py read PORT SECONDS READERS PATH...

`make` writes a case of so many claims, ten to a step, the last ones with an evidence each, and
prints the addresses of their pages, one a line. `serve` and `bare`, a page that is always the same,
print their port once they listen. `read` keeps so many readers asking for the paths (`-`: those on
standard input), each on a connection of its own and for the next page when it has the last one
whole, and prints one JSON object: pages, seconds, p50, p99 and longest time in ms, bytes, client
CPU, answers other than 200.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "src"))


HEADER = """\
case: many
title: Many claims
maturity: sketch
target: 0.90
decision: {supports: a measurement of time, owner: board, expires: 2099-06-01}
models: {m: {weights: smollm2-135m-instruct}}
system: {model: m, scaffold: none}
deployment: {users: 40 staff, volume: 10000 throws per month, horizon: 12 months, distribution: all}
harm: {what: too many heads, mistake: a head}
root: C0
"""


def make(folder: str, claims: str) -> None:
    """Write the case and print the addresses of its claims."""
    total, parts, steps, leaves = int(claims), ["claims:"], ["arguments:"], ["evidence:"]
    for n in range(total):
        below = range(10 * n + 1, min(10 * n + 11, total))
        by = f"A{n}" if below else f"E{n}"
        parts.append(f"  - {{claim: C{n}, says: Part {n} of the system does no harm., by: {by}}}")
        if below:
            names = ", ".join(f"C{b}" for b in below)
            steps.append(
                f"  - {{argument: A{n}, kind: decomposition, premises: [{names}], "
                f"because: Part {n} has no other parts than these.}}"
            )
        else:
            leaves.append(f"  - {{evidence: E{n}, because: The test of part {n} looks at it.}}")
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    (place / "case.yaml").write_text("\n".join([HEADER, *parts, *steps, *leaves, ""]), "utf-8")
    print("\n".join(f"/claim/C{n}" for n in range(total)))


def serve(case: str) -> None:
    """Serve a case as `safetycase serve` does, at a port that is free."""
    from safetycase.web.app import Wanted, application
    from safetycase.web.server import server_of

    def clock() -> datetime:
        return datetime.now(UTC).replace(microsecond=0)

    app = application(Wanted(folder=Path(case).resolve(), clock=clock, secret="benchmark"))
    with socket.create_server(("127.0.0.1", 0), backlog=256) as place:
        print(place.getsockname()[1], flush=True)
        server_of(app).run(sockets=[place])


def bare(size: str) -> None:
    """Serve one page of so many bytes by the same libraries and nothing of ours."""
    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    page = b"x" * int(size)

    async def answer(_: Request) -> Response:
        return Response(page, media_type="text/html; charset=utf-8")

    app = Starlette(routes=[Route("/claim/{name}", answer)])
    # It names its protocol, or asyncio lets the body wait until the head is acknowledged.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as place:
        place.bind(("127.0.0.1", 0))
        place.listen(256)
        print(place.getsockname()[1], flush=True)
        config = uvicorn.Config(app, http="h11", log_level="error", access_log=False)
        uvicorn.Server(config).run(sockets=[place])


class Reader:
    """One connection and the pages that it asks for, round and round from a place of its own."""

    def __init__(self, port: int, paths: list[str], first: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.paths, self.next = paths, first
        self.sent, self.wanted = 0.0, -1
        self.got = bytearray()

    def ask(self) -> None:
        path = self.paths[self.next % len(self.paths)]
        self.next += 1
        self.got.clear()
        self.wanted = -1
        self.sent = time.perf_counter()
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n".encode())

    def whole(self) -> bool:
        """Whether the page is here, after what there is to read was read."""
        part = self.socket.recv(1 << 18)
        if not part:
            raise ConnectionResetError
        self.got += part
        if self.wanted < 0 and (end := self.got.find(b"\r\n\r\n")) >= 0:
            head = bytes(self.got[:end]).lower()
            length = head.partition(b"content-length: ")[2].partition(b"\r\n")[0]
            self.wanted = end + 4 + int(length)
        return 0 <= self.wanted <= len(self.got)


def read(port: int, seconds: float, readers: int, paths: list[str]) -> None:
    """Read as fast as pages come, and print how it went."""
    lines = [Reader(port, paths, n * len(paths) // readers) for n in range(readers)]
    times: list[float] = []
    other: dict[str, int] = {}
    size = 0
    spent, began = time.process_time(), time.perf_counter()
    with selectors.DefaultSelector() as ready:
        for line in lines:
            ready.register(line.socket, selectors.EVENT_READ, line)
            line.ask()
        left = len(lines)
        while left:
            for key, _ in ready.select():
                line = key.data
                if not line.whole():
                    continue
                now = time.perf_counter()
                times.append(now - line.sent)
                size += len(line.got)
                status = bytes(line.got[9:12]).decode()
                if status != "200":
                    other[status] = other.get(status, 0) + 1
                if now - began < seconds:
                    line.ask()
                else:
                    ready.unregister(line.socket)
                    left -= 1
    took = time.perf_counter() - began
    times.sort()
    found = {
        "pages": len(times),
        "readers": readers,
        "paths": len(paths),
        "seconds": took,
        "p50_ms": times[len(times) // 2] * 1000,
        "p99_ms": times[min(len(times) - 1, int(0.99 * len(times)))] * 1000,
        "max_ms": times[-1] * 1000,
        "bytes": size,
        "client_cpu": time.process_time() - spent,
        "other": other,
    }
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    word, *rest = sys.argv[1:]
    if word == "make":
        make(*rest)
    elif word == "serve":
        serve(*rest)
    elif word == "bare":
        bare(*rest)
    else:
        given = rest[3:]
        if given == ["-"]:
            given = sys.stdin.read().split()
        read(int(rest[0]), float(rest[1]), int(rest[2]), given)
