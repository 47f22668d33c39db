"""Measure the record, freshness and executors beside peers; writes `evidence.md`.

    python benchmarks/evidence.py [--quick]

Every measurement is a process of its own (`evidence_measures.py`), in turn. `dvc` and `pytask` are
installed into a temporary environment of their own; they get as many stages as they bring up to
date in about a minute, and their time for more is extrapolated and marked so. A part that this tree
does not have is a row that says so. `--quick` leaves out peers and the largest case, and prints
without writing.
"""

from __future__ import annotations

import functools
import os
import platform
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

Found = dict[str, Any]
QUICK = "--quick" in sys.argv
PEERS = {"dvc": "dvc==3.67.1", "pytask": "pytask==0.6.0"}
LARGE = (500, 20) if QUICK else (5_000, 20)
NOOP = (50, 20) if QUICK else (500, 20)
"""Claims and leaves of each: a whole process on the large case takes minutes, and is linear."""


def measure(name: str, *words: object, patience: int = 900) -> Found:
    """The JSON of one measurement, or {"problem": why there is none}."""
    import json

    print(name, *words, file=sys.stderr, flush=True)
    command = [sys.executable, str(HERE / "evidence_measures.py"), name, *map(str, words)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=patience
        )
    except subprocess.TimeoutExpired:
        return {"problem": f"> {patience} s by the clock"}
    if done.returncode:
        return {"problem": (done.stderr.strip().splitlines() or ["no message"])[-1][:100]}
    found: Found = json.loads(done.stdout.splitlines()[-1])
    if "missing" in found:
        return {"problem": f"not measured: {found['missing']} is not in this tree"}
    return found


def row(what: str, found: Found, key: str, most: float, unit: str = "CPU s", note: str = "") -> str:
    """One line of the table of bars."""
    if "problem" in found:
        return f"| {what} | {found['problem']} | {most:g} {unit} | – | {note} |"
    met = "yes" if found[key] <= most else "no"
    return f"| {what} | {found[key]:.3g} {unit} | {most:g} {unit} | {met} | {note} |"


def bars() -> list[str]:
    """What was demanded, and what was measured."""
    verify, append = measure("verify", 10_000), measure("append", 300)
    fresh, noop = large(), measure("noop", *NOOP)
    status = measure("status", 3 if QUICK else 7)
    leaves, fewer = LARGE[0] * LARGE[1], NOOP[0] * NOOP[1]
    rows = [
        "| what | measured | at most | met | |",
        "|---|---|---|---|---|",
        row("verify 10,000 records offline", verify, "seconds", 1.5,
            note="" if "problem" in verify else f"{verify['bytes'] / 1e6:.1f} MB"),
        row("append one record, flushed, p50", append, "wall_p50_ms", 20, "ms wall",
            "" if "problem" in append else
            f"p99 {append['wall_p99_ms']:.1f} ms wall, {append['cpu_ms']:.2f} ms CPU; "
            f"load of the machine {append['load']:.1f}"),
        row(f"freshness of {leaves:,} leaves", fresh, "seconds", 1.0),
        row(f"`run` on {fewer:,} leaves, none due", noop, "seconds", 1.5,
            note="" if "problem" in noop else
            f"{leaves:,} leaves, extrapolated: {noop['seconds'] * leaves / fewer:.0f} CPU s"),
        row("`status` of the shipped case, cold", status, "seconds", 0.3),
    ]  # fmt: skip
    for name, count, most, what in (
        ("subprocess", 10 if QUICK else 40, 60, "subprocess"),
        ("asyncio", 50 if QUICK else 400, 60, "asyncio"),
        ("ray", 100 if QUICK else 1_000, 2, "Ray, packed"),
    ):
        found = measure("executor", name, count)
        note = "" if "problem" in found else f"{found['wall_ms']:.2f} ms wall; {count} attempts"
        rows.append(row(f"executor, per attempt: {what}", found, "cpu_ms", most, "CPU ms", note))
    return rows


@functools.cache
def large() -> Found:
    """The parts of a no-op run of the large case."""
    return measure("freshness", *LARGE)


def parts() -> list[str]:
    """Where the time of a no-op run goes."""
    found = large()
    if "problem" in found:
        return [f"Not measured: {found['problem']}."]
    rows = ["| part | CPU s |", "|---|---|"]
    skipped = ("leaves", "seconds")
    return rows + [f"| {k} | {v:.3f} |" for k, v in found.items() if k not in skipped]


def peers() -> list[str]:
    """`dvc status` and `pytask` on stages of one file each, all up to date."""
    target = LARGE[0] * LARGE[1]
    rows = [
        "| tool | stages | nothing to do, CPU s | first run, s wall | per further stage | "
        f"{target:,} stages, **extrapolated** |",
        "|---|---|---|---|---|---|",
    ]
    with tempfile.TemporaryDirectory() as place:
        print("installing", *PEERS.values(), file=sys.stderr, flush=True)
        venv.create(place, with_pip=True)
        for name, wanted in PEERS.items():
            done = subprocess.run(
                [f"{place}/bin/python", "-m", "pip", "install", "-q", wanted],
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                rows.append(f"| {wanted} | not installed | | | | |")
                continue
            rows += _peer(name, wanted, f"{place}/bin/{name}", target)
    return rows


def _peer(name: str, wanted: str, binary: str, target: int) -> list[str]:
    """Twice as many stages until a first run takes half a minute; the last two give the slope."""
    count, last, found = 50, None, measure(name, binary, 50)
    while "problem" not in found and found["setup_wall"] < 25 and count < 6400:
        count, last = count * 2, found
        found = measure(name, binary, count)
    if "problem" in found or last is None:
        return [f"| {wanted} | {count} | {found.get('problem', 'too slow')} | | | |"]
    each = (found["seconds"] - last["seconds"]) / (found["stages"] - last["stages"])
    whole = found["seconds"] + each * (target - found["stages"])
    return [
        f"| {wanted} | {found['stages']:,} | {found['seconds']:.2f} | {found['setup_wall']:.0f} | "
        f"{each * 1e3:.2f} ms | {whole:,.0f} CPU s |"
    ]


def main() -> None:
    """Measure everything and write the page."""
    head = (
        "# Evidence\n\nCPU seconds of a process of its own, with those of the processes it waited "
        "for, unless a number says *wall*; "
        f"Python {platform.python_version()}, {os.cpu_count()} cores. Made by `evidence.py`.\n"
    )
    text = [head, "## What was demanded\n", *bars(), "\n## Where the time of a no-op run goes\n"]
    text += parts()
    if not QUICK:
        text += [
            "\n## Peers\n",
            "Stages that copy one file each, all up to date: what `safetycase run` does when "
            "nothing is due. The peers hash their inputs; neither checks a signature.\n",
            *peers(),
        ]
    page = "\n".join(text) + "\n"
    print(page)
    if not QUICK:
        (HERE / "evidence.md").write_text(page, "utf-8")


if __name__ == "__main__":
    main()
