"""Measure the confidence engine beside its peers; writes `confidence.md`.

    python benchmarks/confidence.py [--quick]

Every measurement and every peer runs in a process of its own, in turn, on the same generated
arguments (`families.py`); times are CPU seconds of the computation, without start-up. A process
that runs out of time or memory is a row of the table. `--quick` leaves out what takes minutes and
prints without writing.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from families import FAMILIES  # noqa: E402

QUICK = "--quick" in sys.argv
MEMORY = 6 * 2**30
PATIENCE = 20 if QUICK else 40
Found = dict[str, Any]


def limit(seconds: int) -> None:
    """What one process may use."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))


def run(script: str, *arguments: object, patience: int = PATIENCE) -> Found:
    """The JSON of one process, or {"problem": why there is none}."""
    print(script, *arguments, file=sys.stderr, flush=True)
    child = subprocess.Popen(
        [sys.executable, str(HERE / script), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: limit(patience),
    )
    try:
        out, errors = child.communicate(timeout=8 * patience)
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()
        return {"problem": f"> {8 * patience} s by the clock"}
    if child.returncode == -signal.SIGXCPU:
        return {"problem": f"> {patience} CPU s"}
    if child.returncode:
        last = (errors.strip().splitlines() or ["no message"])[-1]
        memory = "bad_alloc" in last or "MemoryError" in last or child.returncode < 0
        return {"problem": "out of memory" if memory else last[:80]}
    found: Found = json.loads(out)
    return {"problem": f"{found['missing']} is not installed"} if "missing" in found else found


def cell(found: Found, key: str = "seconds", digits: int = 3) -> str:
    """One number of a finding, or why it has none."""
    return found["problem"] if "problem" in found else f"{found[key]:.{digits}f}"


def met(found: Found, key: str, most: float) -> str:
    """Whether what was demanded was met."""
    if "problem" in found:
        return "no"
    return "yes" if found[key] <= most else "no"


def layer_rows() -> list[str]:
    """Layer 1 with the greedy proof, and the best proof."""
    rows = [
        "| family, nodes | layer 1 + greedy proof, CPU s | at most | met | layer 1 | greedy | "
        "best proof, CPU s | at most | met | best proof |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    limits = {100: 0.05, 1_000: 0.05, 10_000: 0.05, 100_000: 0.6}
    for nodes in (100, 1_000, 10_000) if QUICK else limits:
        for name in FAMILIES:
            fast = run("measures.py", "layers", name, nodes)
            row = (
                f"| {name}, {nodes:,} | {cell(fast)} | {limits[nodes]} | "
                f"{met(fast, 'seconds', limits[nodes])} | {cell(fast, 'local')} | "
                f"{cell(fast, 'proof')} | "
            )
            if nodes <= 10_000:
                best = run("measures.py", "best_proof", name, nodes)
                row += f"{cell(best)} | 0.8 | {met(best, 'seconds', 0.8)} | {cell(best, 'bound')} |"
            else:
                row += "– | – | – | – |"
            rows.append(row)
    return rows


def packing_rows() -> list[str]:
    """The worst case over all dependence."""
    rows = [
        "| argument | leaves | CPU s (≤ 10) | gap (≤ .02) | met | bound | best proof |",
        "|---|---|---|---|---|---|---|",
    ]

    def row(what: str, leaves: object, found: Found, proof: str) -> str:
        good = met(found, "seconds", 10) == met(found, "gap", 0.02) == "yes"
        gap = found["problem"] if "problem" in found else f"{found['gap']:.1e}"
        return (
            f"| {what} | {leaves} | {cell(found)} | {gap} | {'yes' if good else 'no'} | "
            f"{cell(found, 'bound')} | {proof} |"
        )

    for name in FAMILIES:
        for nodes in (100, 1_000):
            found = run("measures.py", "packing", name, nodes)
            best = run("measures.py", "best_proof", name, nodes)
            rows.append(
                row(f"{name}, {nodes:,}", found.get("leaves", "?"), found, cell(best, "bound"))
            )
    for leaves in (60, 300) if QUICK else (60, 300, 1_000):
        found = run("measures.py", "two_of_three", leaves)
        rows.append(row("2 of 3, shared", leaves, found, cell(found, "proof")))
    return rows


def point_rows() -> list[str]:
    """The exact value and all importances, beside two libraries for Bayesian networks."""
    rows = [
        "| family, nodes | value + all importances, CPU s | at most | met | pyAgrum, value | "
        "pyAgrum, all | pgmpy, value | largest difference |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for nodes, limit in ((1_000, 0.05),) if QUICK else ((100, 0.05), (1_000, 0.05), (10_000, 1.0)):
        for name in FAMILIES:
            ours = run("measures.py", "point", name, nodes)
            peer = run("families.py", name, nodes, "pyagrum")
            everything = (
                peer if "problem" in peer else run("families.py", name, nodes, "pyagrum", "all")
            )
            other = run("families.py", name, nodes, "pgmpy")
            answers = [f["answer"] for f in (ours, peer, everything, other) if "answer" in f]
            apart = f"{max(answers) - min(answers):.0e}" if len(answers) > 1 else "–"
            shown = cell(ours)
            if "problem" in ours:
                drawn = run("measures.py", "sampled", name, nodes)
                if "problem" not in drawn:
                    shown = (
                        f"beyond the diagram after {ours['after']:.1f} s; {drawn['draws']:,} draws "
                        f"{drawn['low']:.3f}–{drawn['high']:.3f} in {drawn['seconds']:.2f}"
                    )
            rows.append(
                f"| {name}, {nodes:,} | {shown} | {limit} | {met(ours, 'seconds', limit)} | "
                f"{cell(peer, digits=2)} | {cell(everything, digits=2)} | "
                f"{cell(other, digits=2)} | {apart} |"
            )
    return rows


def small_rows() -> list[str]:
    """What takes one line each."""
    rows = ["| what | measured | at most | met |", "|---|---|---|---|"]
    for name in FAMILIES:
        found = run("measures.py", "incremental", name, 10_000)
        limit = 0.02
        shown = found.get("problem") or (
            f"{found['seconds'] * 1e3:.2f} ms, longest {found['longest'] * 1e3:.1f} ms"
        )
        rows.append(
            f"| a changed leaf to the bound at the root, {name}, 10,000 nodes | {shown} | 20 ms | "
            f"{met(found, 'longest', limit)} |"
        )
    for problems, budget, limit in ((81, 200, 0.1), (400, 1_000, 5.0)):
        found = run("measures.py", "portfolio", problems, budget)
        rows.append(
            f"| whole frontier, {problems} problems × {budget:,} shots | {cell(found)} CPU s | "
            f"{limit} CPU s | {met(found, 'seconds', limit)} |"
        )
    return rows


def honesty_rows() -> list[str]:
    """Rates of false claims, and what greedy planning loses."""
    rows = ["| what | ours | the usual way |", "|---|---|---|"]
    found = run("measures.py", "peeking", 2_000 if QUICK else 20_000)
    if "problem" in found:
        rows.append(f"| false certificates | {found['problem']} | |")
    else:
        rates = found["rates"]
        rows += [
            f"| false certificates at 5 %, a look after every one of 5,000 trials "
            f"({found['runs']:,} developers at the threshold) | e-process {rates['e-process']:.1%} "
            f"| exact test {rates['always']:.1%}; ten looks {rates['ten looks']:.1%}; one planned "
            f"look {rates['planned']:.1%} |",
            f"| clean trials needed for 1 % at 5 % | {found['clean'][1]} at any look | "
            f"{found['clean'][0]} at one planned look |",
        ]
    found = run("measures.py", "regret", 60)
    if "problem" in found:
        rows.append(f"| random portfolios | {found['problem']} | |")
    else:
        rows.append(
            f"| {found['count']} random AND/OR portfolios, mean share of the best | 100 %, exact "
            f"| one shot at a time {found['greedy']:.0%}, stuck at zero in {found['stuck']}; "
            f"the same for all {found['even']:.0%} |"
        )
    found = run("measures.py", "elicited", "assump", 350)
    rows.append(
        f"| numbers a person states for 350 nodes (assump) | {cell(found, 'ours', 0)} | tables of "
        f"a Bayesian network {cell(found, 'tables', 0)}; masses and weights "
        f"{cell(found, 'masses', 0)} |"
    )
    return rows


def overclaim_rows() -> list[str]:
    """The table of `overclaim.py`."""
    from overclaim import QUICK as FEW
    from overclaim import TRIALS, counted, table

    total = FEW if QUICK else TRIALS
    print("overclaim.py", total, file=sys.stderr, flush=True)
    found, _ = counted(total)
    return [f"{total:,} random arguments in random laws.", "", *table(found)]


def version(package: str) -> str:
    """The version of a peer, or that it is missing."""
    try:
        return f"{package} {importlib.metadata.version(package)}"
    except importlib.metadata.PackageNotFoundError:
        return f"{package} not installed"


SECTIONS: tuple[tuple[str, Callable[[], list[str]]], ...] = (
    ("Bounds in linear time and the best proof", layer_rows),
    ("The worst case over all dependence", packing_rows),
    ("The value under independence and all importances", point_rows),
    ("Changes and portfolios", small_rows),
    ("False certificates, planning, effort", honesty_rows),
    ("Overclaims", overclaim_rows),
)


def main() -> int:
    """Run everything and write the tables."""
    parts = [
        "# Confidence",
        "",
        "CPU seconds of each computation in a process of its own, without start-up and input; "
        f"Python {platform.python_version()}, {os.cpu_count()} cores; {version('pyagrum')}, "
        f"{version('pgmpy')}. A process has {PATIENCE} CPU s and {MEMORY // 2**30} GiB. The "
        "families are those of `families.py`: *tree* shares nothing, *assump* shares eight "
        "assumptions and a tenth of the parts, *local* and *global* a quarter of the parts, nearby "
        "or anywhere.",
    ]
    for title, rows in SECTIONS:
        parts += ["", f"## {title}", "", *rows()]
    text = "\n".join(parts) + "\n"
    if not QUICK:
        (HERE / "confidence.md").write_text(text, "utf-8")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
