"""Measure the audit game: CPU seconds, the plain recursion beside it, and memory.

    python benchmarks/control_games.py

prints a table. Each number comes from a process of its own (`python benchmarks/control_games.py
NAME [ARGUMENT ...]` prints one as JSON); times are CPU seconds of the computation on one thread,
without start-up. `games()` gives the rows to a larger table.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "src"))

from safetycase.methods.games import attackers  # noqa: E402
from safetycase.methods.games.constant_rate import ConstantRate  # noqa: E402
from safetycase.methods.games.rates import beta_roc  # noqa: E402
from safetycase.methods.games.recursion import best_value, risk  # noqa: E402
from safetycase.plugin.attackers import AuditGame  # noqa: E402

CLASSES = {
    "constant-rate": attackers.CONSTANT_RATE,
    "coin-aware": attackers.COIN_AWARE,
    "full-information": attackers.FULL_INFORMATION,
    "clocked": attackers.CLOCKED,
}
Found = dict[str, Any]


def game(tasks: int, audits: int) -> AuditGame:
    """The instance of two Beta laws of Griffin et al. 2024, of any size."""
    return AuditGame(
        tasks=tasks,
        audits=audits,
        roc=beta_roc((7.39, 6.86), (8.91, 2.82), (0.02, 0.1)),
        audit_rate=0.02,
        defer_rate=0.1,
        defer_rate_spent=0.1,
    )


def timed(call: Callable[[], Any], runs: int) -> tuple[float, Any]:
    """The median CPU seconds of `call`, and its last answer."""
    times = []
    for _ in range(runs):
        start = time.process_time()
        answer = call()
        times.append(time.process_time() - start)
    return statistics.median(times), answer


def solved(tasks: str, audits: str, name: str, runs: str = "3") -> Found:
    """One class on one size."""
    import numpy  # noqa: F401 - loaded before the clock starts

    played = game(int(tasks), int(audits))
    seconds, value = timed(lambda: CLASSES[name].value(played), int(runs))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {
        "seconds": seconds,
        "low": float(value.low),
        "high": float(value.high),
        "peak": peak,
    }


def rate(tasks: str, audits: str) -> Found:
    """The risk of one constant rate, in closed form and by the plain recursion."""
    played = game(int(tasks), int(audits))
    fast = ConstantRate.of(played)
    fast(0.01)
    seconds, value = timed(lambda: fast(0.01), 5)
    plain, other = timed(lambda: risk(played, lambda _m, _c: 0.01), 1)
    return {"seconds": seconds, "low": value, "plain": plain, "high": other}


def recursion(tasks: str, audits: str) -> Found:
    """The plain recursion for the full-information value."""
    played = game(int(tasks), int(audits))
    seconds, value = timed(lambda: best_value(played), 1)
    return {"seconds": seconds, "low": value, "high": value}


def alone(*words: object) -> Found:
    """One measurement in a process of its own, on one thread."""
    done = subprocess.run(
        [sys.executable, __file__, *map(str, words)],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    )
    found: Found = json.loads(done.stdout)
    return found


def games(run: Callable[..., Found] = alone) -> list[str]:
    """The rows of the table, as Markdown, with what was asked and whether it is met."""
    rows = ["| what | measured | asked | met |", "|---|---|---|---|"]

    def row(what: str, measured: str, asked: str, met: bool) -> None:
        rows.append(f"| {what} | {measured} | {asked} | {'yes' if met else 'no'} |")

    found = {name: run("solved", 10_000, 200, name) for name in CLASSES}
    together = [found[name] for name in CLASSES if name != "clocked"]
    total = sum(one["seconds"] for one in together)
    each = ", ".join(f"{name} {found[name]['seconds']:.3f}" for name in CLASSES)
    row("10,000 tasks, 200 audits: three classes", f"{total:.3f} CPU s", "≤ 2 CPU s", total <= 2)
    rows.append(f"| each class | {each} CPU s | | |")
    values = ", ".join(f"{n} [{f['low']:.4f}, {f['high']:.4f}]" for n, f in found.items())
    rows.append(f"| their values | {values} | | |")
    slow = run("recursion", 10_000, 200)
    full = found["full-information"]
    ratio, apart = slow["seconds"] / full["seconds"], abs(slow["low"] - full["low"])
    row(
        "full information, beside its plain recursion",
        f"{full['seconds'] * 1e3:.2f} ms and {slow['seconds']:.2f} s, {ratio:.0f} ×, values "
        f"{apart:.0e} apart",
        "≥ 100 ×, the same value",
        ratio >= 100 and apart < 1e-9,
    )
    one = run("rate", 10_000, 200)
    ratio, apart = one["plain"] / one["seconds"], abs(one["low"] - one["high"])
    row(
        "one constant rate, beside its plain recursion",
        f"{one['seconds'] * 1e3:.2f} ms and {one['plain']:.2f} s, {ratio:.0f} ×, values "
        f"{apart:.0e} apart",
        "≥ 100 ×, the same value",
        ratio >= 100 and apart < 1e-9,
    )
    for name in CLASSES:
        large = run("solved", 100_000, 200, name, 1)
        row(
            f"100,000 tasks, 200 audits: {name}",
            f"{large['seconds']:.2f} CPU s, peak {large['peak'] / 2**20:.0f} MiB",
            "peak ≤ 1 GB",
            large["peak"] <= 10**9,
        )
    return rows


def main() -> int:
    """Print the table, or one measurement."""
    if len(sys.argv) > 1:
        chosen = {"solved": solved, "recursion": recursion, "rate": rate}[sys.argv[1]]
        print(json.dumps(chosen(*sys.argv[2:])))
    else:
        print("\n".join(games()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
