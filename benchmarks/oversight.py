"""Measure games beside open-spiel, and tabulate every oversight protocol; writes `oversight.md`.

    python benchmarks/oversight.py [--peer PYTHON]

`--peer` is a Python with open-spiel==2.0.2, cvxpy and ecos (which is GPL and stays out of our
environment). Times are CPU seconds of whole processes on one thread.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "src")]

import oversight_games  # noqa: E402
import oversight_table  # noqa: E402

ORACLES = (
    "oversight/quantified/test_debate_truth.py",
    "oversight/estimator/test_prover_estimator.py",
    "oversight/estimator/test_stability.py",
    "oversight/estimator/test_domains.py",
    "oversight/oracles/test_doubly_efficient.py",
    "games/extensive/test_learners.py",
    "oversight/rivals/test_nested_oversight.py",
    "oversight/rivals/test_consultancy.py",
    "oversight/rivals/test_human_error.py",
    "deployment/test_tails.py",
    "deployment/test_search.py",
)
"""Truth of formulas and paths, obfuscated trees, prover and estimator, oracle trees, learners,
sparse evidence, nested oversight, curves of human error, tails and searches, products of primes."""


def oracles() -> tuple[float, str]:
    """CPU seconds of the tests that hold the oracles, in one process, and what they say."""
    tests = HERE.parent / "tests" / "methods"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:xdist",
            *(str(tests / f) for f in ORACLES),
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=HERE.parent,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, "all pass" if done.returncode == 0 else "some FAIL"


def main() -> None:
    """Measure everything and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer", default=sys.executable)
    peer = parser.parse_args().peer
    cpu, said = oracles()
    page = [
        "# Oversight",
        "",
        f"CPU seconds of processes of their own, one thread; Python {platform.python_version()}. "
        "Made by `oversight.py`.",
        "",
        "## Games with hidden information, beside open-spiel 2.0.2",
        "",
        *oversight_games.games(peer),
        "",
        "## Oracles",
        "",
        f"The tests that reproduce the published and closed-form values: {cpu:.1f} CPU s in one "
        f"process (at most 60 asked), {said}.",
        "",
        "## Every protocol on every domain",
        "",
        *oversight_table.table(),
    ]
    (HERE / "oversight.md").write_text("\n".join(page).rstrip() + "\n", "utf-8")


if __name__ == "__main__":
    main()
