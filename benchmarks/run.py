"""Measure the program against named peers, side by side, as CPU time; writes `last.md`.

    python benchmarks/run.py

Each row is the median of several runs of whole processes on the same machine; the ratio is the
peer's CPU time over ours, so more than 1 means that we need less.
"""

from __future__ import annotations

import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).parent
RUNS = 7
HEADER = """\
case: big
title: A generated case
maturity: sketch
target: 0.90
decision: {supports: nothing, owner: nobody, expires: 2099-01-01}
models: {m: {weights: smollm2-135m-instruct}}
system: {model: m, scaffold: none}
deployment: {users: 1 person, volume: 1 query per day, horizon: 1 month, distribution: none}
harm: {what: none, mistake: none}
"""


def big_case(claims: int) -> str:
    """A case of `claims` claims: every claim has four sub-claims until the number is reached."""
    lines = [HEADER + "root: {claim: C-0, says: The root., by: A-0}\nclaims:"]
    steps = ["arguments:"]
    for n in range(claims):
        parts = [f"C-{k}" for k in range(4 * n + 1, 4 * n + 5) if k < claims]
        by = f", by: A-{n}" if parts else ""
        if n:
            lines.append(f"  - {{claim: C-{n}, says: Claim number {n} holds in this case.{by}}}")
        if parts:
            steps.append(
                f"  - {{argument: A-{n}, kind: decomposition, because: They cover it., "
                f"premises: [{', '.join(parts)}]}}"
            )
    leaves = [n for n in range(claims) if 4 * n + 1 >= claims]
    problems = [
        "problems:",
        "  - {problem: P-ALL, says: Close the leaves., closed_when: they are "
        f"closed, blocks: [{', '.join(f'C-{n}' for n in leaves)}]}}",
    ]
    return "\n".join([*lines, *steps, *problems]) + "\n"


def cpu_seconds(command: Sequence[str], cwd: Path) -> float:
    """The CPU time of one process and its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=cwd, capture_output=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def pair(ours: Sequence[str], peer: Sequence[str], cwd: Path) -> tuple[float, float]:
    """Medians of both, run in turn so that a change of the machine's speed meets both."""
    mine, other = [], []
    for _ in range(RUNS):
        mine.append(cpu_seconds(ours, cwd))
        other.append(cpu_seconds(peer, cwd))
    return statistics.median(mine), statistics.median(other)


def main() -> int:
    """Run every pair and write the table."""
    tool = [sys.executable, "-m", "safetycase.cli"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
        (folder / "case.yaml").write_text(big_case(1000), "utf-8")
        schema = folder / "schema.json"
        schema.write_bytes(
            subprocess.run([*tool, "check", "--schema"], capture_output=True, check=True).stdout
        )
        peer_check = (
            "import json, yaml, jsonschema; "
            "case = yaml.load(open('case.yaml'), Loader=yaml.CSafeLoader); "
            "case['decision']['expires'] = str(case['decision']['expires']); "
            "v = jsonschema.Draft202012Validator(json.load(open('schema.json'))); "
            "print(len(list(v.iter_errors(case))))"
        )
        bound = (
            "for k in range(200): bounds(Proportion(successes=k, trials=1000), "
            "alpha_low=.01, alpha_high=.01)"
        )
        ours_bound = f"from safetycase.stats import Proportion, bounds\n{bound}"
        peer_bound = (
            "from scipy.stats import binomtest\nfor k in range(200): "
            "binomtest(k, 1000).proportion_ci(0.98, 'exact')"
        )
        rows = [
            (
                "`check` of a case with 1,000 claims",
                [*tool, "check"],
                "PyYAML (C) + jsonschema on the same file",
                [sys.executable, "-c", peer_check],
            ),
            (
                "`status` of that case, cold start",
                [*tool, "status"],
                "`inspect list tasks`, cold start",
                [sys.executable, "-m", "inspect_ai", "list", "tasks", "nowhere"],
            ),
            (
                "200 exact intervals, n = 1,000, with start-up",
                [sys.executable, "-c", ours_bound],
                "scipy `binomtest(...).proportion_ci`",
                [sys.executable, "-c", peer_bound],
            ),
        ]
        table = ["| what | CPU s | peer | CPU s | ratio |", "|---|---|---|---|---|"]
        for what, ours, whom, peer in rows:
            a, b = pair(ours, peer, folder)
            table.append(f"| {what} | {a:.2f} | {whom} | {b:.2f} | {b / a:.1f} |")
    text = (
        f"Median of {RUNS} runs of whole processes, CPU time, Python "
        f"{platform.python_version()}, {os.cpu_count()} cores.\n\n" + "\n".join(table) + "\n"
    )
    (HERE / "last.md").write_text("# Last benchmark\n\n" + text, "utf-8")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
