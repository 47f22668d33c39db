"""Measure control evaluations from scores, beside ControlArena; writes `control.md`.

    python benchmarks/control.py [--peer PYTHON] [--quick]

`--peer` is a Python with control-arena==20.1.1 installed (it brings about a gigabyte, so it stays
out of our environment). Every measurement is a process of its own (`control_measures.py`), with one
thread and the same environment for both. `--quick` takes a tenth and prints without writing.
"""

from __future__ import annotations

import importlib
import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
QUICK = "--quick" in sys.argv
COUNT = 100_000 if QUICK else 1_000_000
LINES = 20_000 if QUICK else 200_000
Found = dict[str, Any]
# The models are never called; ControlArena asks for their names when it is imported.
ENVIRONMENT = {
    **os.environ,
    "OMP_NUM_THREADS": "1",
    "PYTHONPATH": str(HERE.parent / "src"),
    "TRUSTED_MODEL": "mockllm/trusted",
    "UNTRUSTED_MODEL": "mockllm/untrusted",
}


def measure(python: str, name: str, count: int) -> Found:
    """The JSON of one measurement, or {"problem": why there is none}."""
    print(name, count, file=sys.stderr, flush=True)
    done = subprocess.run(
        [python, str(HERE / "control_measures.py"), name, str(count)],
        capture_output=True,
        text=True,
        check=False,
        env=ENVIRONMENT,
        timeout=900,
    )
    if done.returncode:
        return {"problem": (done.stderr.strip().splitlines() or ["no message"])[-1][:100]}
    found: Found = json.loads(done.stdout.splitlines()[-1])
    return found


def bars(ours: Found, lines: Found) -> list[str]:
    """What was demanded, and what was measured."""
    met = "yes" if ours["cpu_pictures"] <= 2 else "no"
    return [
        "| what | measured | at most | met |",
        "|---|---|---|---|",
        f"| {COUNT:,} scored trajectories: threshold, all quantities with their exact bounds, and "
        f"the pictures | {ours['cpu_pictures']:.2f} CPU s | 2 CPU s | {met} |",
        f"| of this without the pictures | {ours['cpu']:.2f} CPU s | | |",
        f"| reading {LINES:,} lines of a scores file strictly ({lines['megabytes']:.0f} MB) | "
        f"{lines['cpu']:.2f} CPU s | | |",
    ]


def beside(ours: Found, peer: Found, bootstrap: Found) -> list[str]:
    """Quantities that both define, on the same scores."""
    if "problem" in peer:
        return [f"Not measured: {peer['problem']}."]
    low, high = ours["ends"]
    rows = (
        ("threshold: percentile, linear", "linear", "cpu_same", "cpu_threshold"),
        ("threshold: percentile, next higher", "higher", "cpu_same", "cpu_threshold"),
        ("share of attacks above the latter", "tpr", "cpu_same", "cpu_threshold"),
        ("`compute_safety`", "safety", "cpu_same", "cpu"),
        ("area under the curve", "area", "cpu_area", "cpu_area"),
    )
    found = [
        "| quantity | ours | ControlArena | ours, CPU s | theirs, CPU s |",
        "|---|---|---|---|---|",
    ]
    for what, key, mine, theirs in rows:
        value = f"{ours[key]:.9g}"
        if key == "safety":
            value += f", exact 90 % interval [{low:.5f}, {high:.5f}]"
        found.append(
            f"| {what} | {value} | {peer[key]:.9g} | {ours[mine]:.3f} | {peer[theirs]:.3f} |"
        )
    found += ["", "The first four of ours are one call, and the first three of theirs two."]
    if "problem" in bootstrap:
        return [*found, "", f"The bootstrap was not measured: {bootstrap['problem']}."]
    return [
        *found,
        "",
        f"The library's interval of the true-positive rate is a bootstrap of 100 draws: "
        f"{bootstrap['cpu']:.1f} CPU s. It has none for safety. What it does not define, and is "
        "computed here: the conformal threshold, recall by strategy and against an attacker that "
        "chooses, missing answers as missing, risk over a deployment, and every exact interval.",
    ]


def games() -> list[str]:
    """The section of the game solver, where that benchmark is in this tree."""
    sys.path.insert(0, str(HERE))
    try:
        module = importlib.import_module("control_games")
    except ModuleNotFoundError:
        return ["Not measured: `control_games.py` is not in this tree."]
    rows: list[str] = module.games()
    return rows


def main() -> None:
    """Measure everything and write the page."""
    peer = sys.argv[sys.argv.index("--peer") + 1] if "--peer" in sys.argv else ""
    ours = measure(sys.executable, "ours", COUNT)
    lines = measure(sys.executable, "ours-lines", LINES)
    none: Found = {"problem": "no `--peer` was given"}
    theirs = measure(peer, "arena", COUNT) if peer else none
    bootstrap = measure(peer, "arena-bootstrap", COUNT) if peer else none
    text = [
        "# Control evaluations\n",
        "CPU seconds of a process of its own, one thread; "
        f"Python {platform.python_version()}, {os.cpu_count()} cores. Made by `control.py`.\n",
        "## What was demanded\n",
        *bars(ours, lines),
        "\n## Beside ControlArena 20.1.1\n",
        f"The same {COUNT:,} scores, half honest and half attacks, to four decimals and so with "
        "ties; 1 % of audits. Where both define a quantity they agree to the last digit shown.\n",
        *beside(ours, theirs, bootstrap),
        "\n## Games\n",
        *games(),
    ]
    page = "\n".join(text) + "\n"
    print(page)
    if not QUICK:
        (HERE / "control.md").write_text(page, "utf-8")


if __name__ == "__main__":
    main()
