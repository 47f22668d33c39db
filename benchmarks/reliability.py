"""Measure what crashes cost a record; writes `reliability.md`.

    python benchmarks/reliability.py [--quick] [--folder FOLDER]

Three measurements: crashes of a simulated disk (at least 50,000, deterministic by seed), rounds of
`kill -9` of a real process on a real disk (1,000), and the time of one acknowledged append. FOLDER
is where the real records go (default: beside this file), so that it can be on the disk in question;
it should not be held in memory. `--quick` does a fiftieth of it and prints without writing.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from tests.ledger.rounds import Kills, kill_rounds  # noqa: E402
from tests.ledger.simulation.life import Violation, cheap_signatures, live  # noqa: E402

from safetycase.ledger import Writer  # noqa: E402
from safetycase.ledger.disk import OsDisk  # noqa: E402
from safetycase.ledger.keys import from_seed  # noqa: E402
from safetycase.ledger.mark import Mark, Marker  # noqa: E402

AT = "2026-11-23T09:30:00Z"
Row = tuple[str, float, float]


@dataclass(kw_only=True)
class Simulated:
    """What the lives came to; `failed` are the seeds with what broke."""

    lives: int = 0
    crashes: int = 0
    appends: int = 0
    artefacts: int = 0
    aside: int = 0
    operations: int = 0
    seconds: float = 0.0
    failed: list[str] = field(default_factory=list)


def simulate(crashes: int) -> Simulated:
    """Run lives from seed 0 on until there were so many crashes."""
    found, start = Simulated(), time.process_time()
    with cheap_signatures():
        while found.crashes < crashes:
            try:
                life = live(found.lives)
            except Violation as broken:
                found.failed.append(str(broken))
            else:
                found.crashes += life.crashes
                found.appends += life.appends
                found.artefacts += len(life.artefacts)
                found.aside += len(life.aside)
                found.operations += life.disk.operations
            found.lives += 1
            if found.lives % 500 == 0:
                print(f"{found.crashes} of {crashes} crashes", file=sys.stderr, flush=True)
    found.seconds = time.process_time() - start
    return found


def times(call: Callable[[], object], number: int) -> tuple[float, float]:
    """The median and the 99th percentile of the wall time of a call, in milliseconds."""
    found = []
    for _ in range(number):
        start = time.perf_counter()
        call()
        found.append((time.perf_counter() - start) * 1e3)
    found.sort()
    return found[len(found) // 2], found[int(len(found) * 0.99)]


def appends(folder: Path, number: int) -> list[Row]:
    """An acknowledged append of a note of 500 bytes, and the two flushes that it is made of."""
    rows = []
    with Writer(folder / "times" / "ledger", from_seed(bytes(32), "timed")) as writer:
        body = {"text": "x" * 500}
        writer.append("note", body, at=AT)
        rows.append(
            ("append, acknowledged", *times(lambda: writer.append("note", body, at=AT), number))
        )
    disk = OsDisk()
    handle = disk.open(folder / "times" / "log")

    def line() -> None:
        handle.append(b"x" * 1000)
        handle.sync()

    rows.append(("of it, the line: write and flush", *times(line, number)))
    handle.close()
    marker = Marker(disk, folder / "times")
    rows.append(("of it, the mark: write and flush", *times(lambda: marker.write(Mark()), number)))
    marker.close()
    return rows


def file_system(folder: Path) -> str:
    """The type of the file system, as `df` names it."""
    done = subprocess.run(["df", "-T", str(folder)], capture_output=True, text=True, check=False)
    words = done.stdout.splitlines()[-1].split() if done.stdout else []
    return words[1] if len(words) > 1 else "unknown"


def page(
    simulated: Simulated,
    kills: Kills,
    kill_seed: int,
    rows: list[tuple[str, float, float]],
    fs: str,
) -> str:
    """The table of everything."""
    load = os.getloadavg()[0]
    text = [
        "# What crashes cost a record\n\n"
        "Written by `benchmarks/reliability.py`. "
        f"Python {platform.python_version()}, {os.cpu_count()} cores, {fs}, load average "
        f"{load:.1f} at the end.\n\n"
        "| | bar | found | met |\n|---|---|---|---|\n"
    ]
    lost = len(simulated.failed)
    text.append(
        f"| lives in which a simulated crash broke a promise, of {simulated.crashes:,} crashes | "
        f"0 of 50,000 | {lost} | {_met(lost == 0 and simulated.crashes >= 50_000)} |\n"
        f"| promises broken over {kills.rounds:,} rounds of `kill -9` | 0 of 1,000 | "
        f"{len(kills.lost)} | {_met(not kills.lost and kills.rounds >= 1_000)} |\n"
        f"| append with flush, median | 20 ms | {rows[0][1]:.2f} ms | {_met(rows[0][1] <= 20)} |\n"
    )
    text.append(
        "\n## The simulated disk\n\n"
        f"Seeds 0 to {simulated.lives - 1}: {simulated.lives:,} lives of a record, "
        f"{simulated.crashes:,} crashes, {simulated.operations:,} operations of the disk, "
        f"{simulated.appends:,} acknowledged appends, {simulated.artefacts:,} artefacts, "
        f"{simulated.aside:,} tails set aside and kept; {simulated.seconds:.0f} CPU s, "
        f"{simulated.crashes / simulated.seconds:,.0f} crashes per CPU s. The model is described "
        "in `tests/ledger/simulation/disk.py`; seeds that failed while this was built are a test "
        "(`tests/ledger/simulation/test_simulation.py`), as are planted faults that it has to "
        "find.\n"
    )
    text += [f"\n- {each}" for each in simulated.failed]
    text.append(
        "\n## `kill -9`\n\n"
        f"Seed {kill_seed}: {kills.rounds:,} rounds, {kills.acknowledged:,} acknowledged appends, "
        f"{kills.unfinished} unfinished lines set aside. It shows what the process may cost, not "
        "what a power cut may: the system keeps what was written.\n"
    )
    text += [f"\n- {each}" for each in kills.lost]
    text.append("\n## Time of an append\n\n| | median, ms | 99th percentile, ms |\n|---|---|---|\n")
    text += [f"| {name} | {middle:.2f} | {high:.2f} |\n" for name, middle, high in rows]
    return "".join(text)


def _met(met: bool) -> str:
    return "yes" if met else "no"


def main() -> int:
    """Measure; the exit code is 1 if a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--folder", type=Path, default=Path(__file__).parent)
    chosen = parser.parse_args()
    part, seed = (50 if chosen.quick else 1), 20261126
    folder = Path(tempfile.mkdtemp(dir=chosen.folder, prefix=".reliability-"))
    try:
        rows = appends(folder, 1_000 // part)
        kills = kill_rounds(folder, rounds=1_000 // part, seed=seed)
        fs = file_system(folder)
    finally:
        shutil.rmtree(folder)
    simulated = simulate(50_000 // part)
    text = page(simulated, kills, seed, rows, fs)
    print(text)
    if not chosen.quick:
        (Path(__file__).parent / "reliability.md").write_text(text, "utf-8")
    return 1 if simulated.failed or kills.lost else 0


if __name__ == "__main__":
    sys.exit(main())
