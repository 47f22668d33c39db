"""The page on reading the number: its example runs, prints what it shows, and is true."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
PAGE = DOCS / "how-to" / "read-the-number.md"


def block(language: str) -> str:
    found = re.search(rf"```{language}[^\n]*\n(.*?)```", PAGE.read_text("utf-8"), re.S)
    assert found
    return found[1]


def test_the_example_prints_and_draws_what_the_page_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(block("python"), str(PAGE), "exec"), {"__name__": "example"})
    assert capsys.readouterr().out == block("text")
    drawn = (tmp_path / "confidence.svg").read_text("utf-8")
    assert drawn == (DOCS / "images" / "confidence.svg").read_text("utf-8")


def test_the_numbers_of_the_example_are_the_worst_case() -> None:
    # Over all joint laws of three measurements (doubt 0.1 each) and one assumption (0.04), the
    # least probability that two measurements and the assumption hold: a linear program.
    optimize = pytest.importorskip("scipy.optimize")
    worlds = list(itertools.product((0, 1), repeat=4))
    holds = [float(sum(w[:3]) >= 2 and w[3]) for w in worlds]
    marginals = [[float(w[i]) for w in worlds] for i in range(4)]
    found = optimize.linprog(
        holds, A_eq=[*marginals, [1.0] * len(worlds)], b_eq=[0.9, 0.9, 0.9, 0.96, 1.0]
    )
    assert found.fun == pytest.approx(0.81)
    text = block("text")
    assert "Bel 0.81 – Pl 1;" in text
    independent = (0.9**3 + 3 * 0.9**2 * 0.1) * 0.96
    assert f"reference model {independent:.2f}" in text
