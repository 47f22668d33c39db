"""Measure how fast events are taken, and that none that was acknowledged is ever lost.

    python benchmarks/monitor_ingest.py [--seconds 600] [--kills 100] [--stored 10000000]
                                        [--durable power] [--only PART ...]

Prints one table. `--seconds` is how long each load lasts: 600 for the figures that are demanded,
and little else may then run on the machine. Server and clients are processes of their own
(`ingest_client.py`), connected by the loopback interface; times are the clients', CPU and memory
those of the server process with all its threads, of which one reads every event back as the service
does. Parts: `single`, `batch`, `kill`, `stored`, `sync`.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import platform
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent / "src"), str(HERE)]

from safetycase.monitor.records import Event  # noqa: E402
from safetycase.monitor.store import Store  # noqa: E402

CLIENT = str(HERE / "ingest_client.py")
TICKS = os.sysconf("SC_CLK_TCK")
PARTS = ("single", "batch", "kill", "stored", "sync")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table."""

    what: str
    measured: str
    demanded: str = ""
    met: bool | None = None
    note: str = ""

    def __str__(self) -> str:
        met = "" if self.met is None else "yes" if self.met else "no"
        return f"| {self.what} | {self.measured} | {self.demanded} | {met} | {self.note} |"


class Server:
    """A server process on a database."""

    def __init__(self, database: Path, durable: str) -> None:
        command = [sys.executable, CLIENT, "serve", str(database), durable]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        said = self.process.stdout.readline()
        if not said:
            raise RuntimeError("the server did not start")
        self.port = int(said)

    def cpu(self) -> float:
        """Seconds of all threads so far, in user and kernel mode."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def peak(self) -> float:
        """The largest resident memory so far, MB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) / 1024

    def get(self, path: str) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET", path)
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        self.process.send_signal(how)
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


@contextlib.contextmanager
def serving(database: Path, durable: str) -> Iterator[Server]:
    server = Server(database, durable)
    try:
        yield server
    finally:
        server.end()


def loaded(server: Server, seconds: float, connections: int, size: int) -> dict[str, Any]:
    """What the clients measured, with the server's CPU seconds meanwhile."""
    before = server.cpu()
    command = [sys.executable, CLIENT, "load"]
    words = [server.port, seconds, connections, size, f"c{time.time_ns()}"]
    done = subprocess.run([*command, *map(str, words)], capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    found["cpu"] = server.cpu() - before
    return found


def load_rows(folder: Path, given: argparse.Namespace, size: int) -> list[Row]:
    """The rows of one load: rate, delay, cost, memory, and that all is there."""
    connections, rate, name = (
        (64, 1500, "single events") if size == 1 else (16, 20_000, "batch 100")
    )
    database = folder / f"load-{size}.sqlite"
    with serving(database, given.durable) as server:
        found = loaded(server, given.seconds, connections, size)
        peak = server.peak()
        counts = server.get("/status")["ingest"]
    per = found["events"] / found["seconds"]
    there = counts["events"] >= found["events"] and counts["lost"] == 0
    other = f"other answers: {found['other']}" if found["other"] else "every answer 200"
    note = f"{connections} connections, {found['seconds']:.0f} s; {other}"
    cost = found["cpu"] / found["events"] * 1e6
    return [
        Row(what=f"{name}: events per second", measured=f"{per:,.0f}", demanded=f"≥ {rate:,}",
            met=per >= rate, note=note),
        Row(what=f"{name}: p99 of a request", measured=f"{found['p99_ms']:.0f} ms",
            demanded="< 250 ms", met=found["p99_ms"] < 250,
            note=f"p50 {found['p50_ms']:.0f} ms, largest {found['max_ms']:.0f} ms"),
        Row(what=f"{name}: server CPU per event", measured=f"{cost:.0f} µs",
            note=f"client {found['client_cpu'] / found['events'] * 1e6:.0f} µs"),
        Row(what=f"{name}: server memory, peak", measured=f"{peak:.0f} MB", demanded="≤ 250 MB",
            met=peak <= 250),
        Row(what=f"{name}: acknowledged events that are not stored",
            measured="0" if there else "some", demanded="0", met=there),
    ]  # fmt: skip


def killed(folder: Path, kills: int, durable: str, seed: int = 9) -> tuple[int, int, int]:
    """(acknowledged, missing, stored) over `kills` times `kill -9` under load.

    Each kill comes after another number of acknowledged events, drawn at random. At the end every
    acknowledged id is looked for, and the chain of digests is read again from the first event.
    """
    database, rng = folder / "killed.sqlite", random.Random(seed)
    acknowledged: set[str] = set()
    for n in range(kills):
        server = Server(database, durable)
        words = [sys.executable, CLIENT, "until-killed", str(server.port), "8", f"k{n}"]
        client = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        assert client.stdout is not None
        for _ in range(rng.randint(1, 300)):
            acknowledged.add(client.stdout.readline().strip())
        server.end(signal.SIGKILL)
        acknowledged |= set(client.communicate(timeout=60)[0].split())
    stored: set[str] = set()
    with Store(database) as store:
        store.check()
        row = 0
        while part := store.after(row, 10_000):
            row = part[-1][0]
            stored |= {event.id for _, event in part}
    return len(acknowledged), len(acknowledged - stored), len(stored)


def kill_rows(folder: Path, given: argparse.Namespace) -> list[Row]:
    acknowledged, missing, stored = killed(folder, given.kills, given.durable)
    note = f"{acknowledged:,} acknowledged, {stored:,} stored; chain of digests whole"
    return [
        Row(what=f"acknowledged events lost over {given.kills} `kill -9`", measured=str(missing),
            demanded="0", met=missing == 0 and acknowledged > 0, note=note)
    ]  # fmt: skip


def filled(database: Path, count: int, ids: str) -> float:
    """Store events in groups of 2,000; the seconds it took."""
    rng, began = random.Random(3), time.perf_counter()
    with Store(database, durable="process") as store:
        for start in range(0, count, 2000):
            store.add(
                [
                    Event(
                        source=f"gateway-{n % 8}",
                        id=f"{rng.getrandbits(128):032x}" if ids == "random" else f"e-{n:012d}",
                        metric="recall",
                        at=1.79e9 + n / 100,
                        value=float(n % 50 > 0),
                        number=n // 8 + 1,
                        details={"label": "caught"},
                    )
                    for n in range(start, min(start + 2000, count))
                ]
            )
    return time.perf_counter() - began


def stored_rows(folder: Path, given: argparse.Namespace) -> list[Row]:
    rows = []
    for ids in ("consecutive", "random"):
        database = folder / f"stored-{ids}.sqlite"
        took = filled(database, given.stored, ids)
        size = database.stat().st_size / 2**30
        with serving(database, given.durable) as server:
            times = []
            for _ in range(5):
                start = time.perf_counter()
                assert server.get("/status")["ingest"]["events"] == given.stored
                times.append(time.perf_counter() - start)
            found = loaded(server, min(given.seconds, 30), 16, 100)
            peak = server.peak()
        name = f"{given.stored:,} events stored, {ids} ids"
        rows += [
            Row(what=f"{name}: status", measured=f"{max(times) * 1000:.0f} ms",
                demanded="≤ 1 s", met=max(times) <= 1,
                note=f"slowest of 5; filled in {took:.0f} s, {size:.2f} GiB"),
            Row(what=f"{name}: further events per second, batch 100",
                measured=f"{found['events'] / found['seconds']:,.0f}",
                note=f"p99 {found['p99_ms']:.0f} ms, peak {peak:.0f} MB"),
        ]  # fmt: skip
        database.unlink()
    return rows


def sync_rows(folder: Path, _: argparse.Namespace) -> list[Row]:
    """What a transaction costs, by what it survives."""
    rows = []
    for durable, survives in (("process", "a killed process"), ("power", "a power cut as well")):
        with Store(folder / f"sync-{durable}.sqlite", durable=durable) as store:
            times = []
            for n in range(200):
                event = Event(source="s", id=str(n), metric="m", at=1.79e9)
                start = time.perf_counter()
                store.add([event])
                times.append(time.perf_counter() - start)
        times.sort()
        rows.append(
            Row(what=f'one transaction with `durable="{durable}"`',
                measured=f"p50 {times[100] * 1000:.2f} ms", note=f"p99 {times[198] * 1000:.1f} ms; "
                f"survives {survives}")
        )  # fmt: skip
    return rows


def table(given: argparse.Namespace) -> list[Row]:
    """The rows of all parts that were asked for."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(dir=given.folder) as name:
        folder = Path(name)
        for part in given.only or PARTS:
            print(part, file=sys.stderr, flush=True)
            if part in ("single", "batch"):
                rows += load_rows(folder, given, 1 if part == "single" else 100)
            else:
                rows += {"kill": kill_rows, "stored": stored_rows, "sync": sync_rows}[part](
                    folder, given
                )
    return rows


def options(words: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--stored", type=int, default=10_000_000)
    parser.add_argument("--durable", choices=("power", "process"), default="power")
    parser.add_argument("--only", nargs="+", choices=PARTS)
    parser.add_argument(
        "--folder", help="where the databases are made (default: the temporary one)"
    )
    return parser.parse_args(words)


def main() -> None:
    given = options()
    busy = os.getloadavg()[0]
    rows = table(given)
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {busy:.1f} before.\n")
    print("| what | measured | demanded | met | |\n|---|---|---|---|---|")
    print(*rows, sep="\n")


if __name__ == "__main__":
    main()
