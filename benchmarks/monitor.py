"""What is measured of the deployment part, in one page: `benchmarks/monitor.md`.

    python benchmarks/monitor.py [--short] [--only PART ...] [--out FILE]

Runs the programs of the parts one after another, each in a process of its own, and puts what they
print under one heading each. `--short` is for trying whether it works: little of each, and the page
says so. The loads of `ingest` ask for a machine that does little else.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).parent
PARTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "watch": ("From an event to the claim", ("--runs", "3")),
    "detectors": ("Detectors", ()),
    "side": ("Tests for a side objective", ()),
    "search": ("Unexploitable search", ()),
    "ingest": ("Events in", ("--seconds", "10", "--kills", "3", "--stored", "200000")),
}
"""What each part is called, and what makes its program short."""


def measured(part: str, *, short: bool) -> str:
    """What the program of a part prints; a failure ends the whole, since half a page misleads."""
    program = HERE / f"monitor_{part}.py"
    words = [sys.executable, str(program), *(PARTS[part][1] if short else ())]
    path = os.pathsep.join((str(HERE.parent / "src"), os.environ.get("PYTHONPATH", "")))
    done = subprocess.run(
        words,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{program.name} ended with {done.returncode}; nothing was written")
    return done.stdout.strip()


def page(parts: list[str], *, short: bool) -> str:
    """The whole page in Markdown."""
    when = datetime.now(UTC)
    lines = [
        "# Deployment, measured",
        "",
        f"Made by `benchmarks/monitor.py`{' --short' if short else ''} on {when:%Y-%m-%d}: "
        f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}.",
    ]
    if short:
        lines += ["", "**Made with `--short`: too little of everything to stand for anything.**"]
    for part in parts:
        start = time.monotonic()
        text = measured(part, short=short)
        took = time.monotonic() - start
        lines += ["", f"## {PARTS[part][0]}", "", text, "", f"`monitor_{part}.py`, {took:.0f} s."]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, and write the page when all of it is there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--only", nargs="+", choices=tuple(PARTS))
    parser.add_argument("--out", type=Path, default=HERE / "monitor.md")
    given = parser.parse_args()
    found = page(list(given.only or PARTS), short=given.short)
    given.out.write_text(found, "utf-8")
    print(found)


if __name__ == "__main__":
    main()
