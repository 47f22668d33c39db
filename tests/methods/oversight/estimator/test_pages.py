"""The snippets of the pages run, and give the numbers beside them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from safetycase.methods.oversight.obfuscation.primes import Primes, play_primes
from safetycase.methods.oversight.obfuscation.rates import (
    Setting,
    dishonest_obfuscated,
    honest_brittle,
    judge_cost,
)
from safetycase.methods.oversight.protocols.prover_estimator.one_round import all_true, solve

DOCS = Path(__file__).parents[4] / "docs"
PAGES = {"reference/stability.md": 0, "reference/protocols-estimator.md": 6}


def text(page: str) -> str:
    return (DOCS / page).read_text("utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_the_snippets_of_a_page_run(page: str) -> None:
    blocks = re.findall(r"```python\n(.*?)```", text(page), re.DOTALL)
    assert blocks
    seen = 0
    for block in blocks:
        names: dict[str, Any] = {}
        exec(compile(block, page, "exec"), names)
        for expression, number in re.findall(r"^(\S.*?)  # ([\d.]+)$", block, re.MULTILINE):
            assert float(eval(expression, names)) == pytest.approx(float(number), abs=6e-4)
            seen += 1
    assert seen == PAGES[page]


def row(page: str, label: str) -> list[str]:
    (line,) = (one for one in text(page).splitlines() if one.startswith(f"| {label} |"))
    return [cell.strip() for cell in line.strip("|").split("|")[1:]]


def test_the_table_of_depths_is_what_is_computed() -> None:
    page = "reference/protocols-estimator.md"
    shared = Setting(
        width=4, stable_width=5, looks=4, attacker=1.0, private=False, growth=2.5, judge_error=0.0
    )
    private = Setting(
        width=4, stable_width=5, looks=4, attacker=1.0, private=True, growth=2.5, judge_error=0.0
    )
    lines = {
        "debate": lambda d: dishonest_obfuscated("debate", d, shared),
        "doubly-efficient (at most)": lambda d: dishonest_obfuscated("doubly-efficient", d, shared),
        "prover–estimator, shared looks": lambda d: dishonest_obfuscated(
            "prover-estimator", d, shared
        ),
        "prover–estimator, private looks": lambda d: dishonest_obfuscated(
            "prover-estimator", d, private
        ),
        "true conjunctions that prover–estimator accepts": lambda d: honest_brittle(
            "prover-estimator", d, shared
        ),
    }
    for label, rate in lines.items():
        shown = [float(cell) for cell in row(page, label)]
        assert [rate(d) for d in range(1, 6)] == pytest.approx(shown, abs=6e-3), label
    asked = [float(cell) for cell in row(page, "answers the doubly-efficient verifier may ask for")]
    costs = [judge_cost("doubly-efficient", d, shared, stable=False) for d in range(1, 6)]
    assert costs == pytest.approx(asked, rel=0.03)


@pytest.mark.slow
@pytest.mark.parametrize("bits", [20, 40])
def test_the_table_of_primes_is_what_is_counted(bits: int) -> None:
    shown, *wins = row("why/our-prover-estimator.md", str(bits))
    for effort, cell in zip((1, 10, 100), wins, strict=False):
        found = play_primes(
            bits,
            Primes(
                trials=200,
                effort=float(effort),
                attacker=1.0,
                trial_division=False,
                growth=2.5,
                seed=0,
            ),
        )
        assert found.wins["debate"] == int(cell.split()[0])
        assert found.wins["prover-estimator"] == 0
        assert found.shown == pytest.approx(float(shown), abs=0.6)


def test_the_estimator_rejects_true_primes_argued_by_intervals() -> None:
    found = solve(all_true(64, 64), stake=6.25, first=2.5)
    assert found.root_low == pytest.approx(0.09, abs=5e-3)
