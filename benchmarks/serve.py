"""Measure how long readers of a served case wait; writes `serve.md`.

    python benchmarks/serve.py [CLAIMS] [READERS]

Server and readers are processes of their own, as fast as answers come: each reader asks for the
next page when it has the last one whole, so that a page is waited for as long as those of all
readers take to make. Waiting is by the wall clock and depends on what else the machine does; the
CPU time of the server does not.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
CLIENT = [sys.executable, str(HERE / "serve_client.py")]
WANTED = "p99 ≤ 50 ms"


@contextlib.contextmanager
def server(*words: str) -> Iterator[tuple[int, int]]:
    """The port and the process of a server."""
    with subprocess.Popen([*CLIENT, *words], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline()), process.pid
        finally:
            process.terminate()


def read(at: tuple[int, int], seconds: float, readers: int, paths: list[str]) -> dict[str, Any]:
    """What the readers found, and the CPU milliseconds of the server for each page."""
    port, pid = at
    before = cpu(pid)
    done = subprocess.run(
        [*CLIENT, "read", str(port), str(seconds), str(readers), "-"],
        input="\n".join(paths), capture_output=True, text=True, check=True,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout)
    found["cpu_ms"] = (cpu(pid) - before) * 1000 / found["pages"]
    assert not found["other"], found["other"]
    return found


def cpu(pid: int) -> float:
    """CPU seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid: int) -> float:
    """Megabytes that a process holds in memory."""
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def row(what: str, found: dict[str, Any], wanted: str = WANTED) -> str:
    waits = f"{found['p50_ms']:.1f} | {found['p99_ms']:.1f} | {found['max_ms']:.0f}"
    return (
        f"| {what} | {found['pages'] / found['seconds']:,.0f} | {waits} | "
        f"{found['cpu_ms']:.2f} | {wanted} |"
    )


def main() -> int:
    """Measure and write the table."""
    claims = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    readers = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    with tempfile.TemporaryDirectory() as name:
        done = subprocess.run(
            [*CLIENT, "make", name, str(claims)], capture_output=True, text=True, check=True
        )
        paths, file = done.stdout.split(), Path(name) / "case.yaml"
        start = time.perf_counter()
        with server("serve", name) as at:
            started = time.perf_counter() - start
            cold = read(at, 2, readers, paths)
            read(at, 8, readers, paths)  # by now each page was asked for
            kept = read(at, 4, readers, paths)
            one = read(at, 2, 1, paths)
            with changing(file):
                changed = read(at, 8, readers, paths)
            held = memory(at[1])
        with server("bare", str(kept["bytes"] // kept["pages"])) as at:
            bare = read(at, 4, readers, ["/claim/C1"])
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    lines = [
        f"A case with {claims:,} claims, {readers} readers who each ask for the next page of a "
        f"claim when they have the last one; Python {platform.python_version()}, "
        f"{os.cpu_count()} cores, load average {load} while it ran.",
        "",
        "| pages of claims | pages a second | p50, ms | p99, ms | longest, ms | "
        "server, CPU ms a page | wanted, or a peer |",
        "|---|---|---|---|---|---|---|",
        row("asked for the first time since a change", cold),
        row("asked for again", kept),
        row("asked for again, by one reader", one),
        row("while the case is changed and read anew every 2 s", changed, ""),
        row("a page of as many bytes that is always the same", bare, "Starlette and uvicorn alone"),
        "",
        f"Ready to be read {started:.1f} s after its start; {held:.0f} MB of memory at the end.",
        "",
    ]
    text = "\n".join(lines)
    (HERE / "serve.md").write_text("# Readers of a served case\n\n" + text, "utf-8")
    print(text)
    return 0


@contextlib.contextmanager
def changing(file: Path) -> Iterator[None]:
    """Write a file anew every two seconds, another sentence in it each time."""
    ended, text = threading.Event(), file.read_text("utf-8")

    def change() -> None:
        number = 0
        while not ended.wait(2):
            number += 1
            file.write_text(text.replace("Part 7 of", f"Part 7, version {number}, of"), "utf-8")

    thread = threading.Thread(target=change)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


if __name__ == "__main__":
    sys.exit(main())
