"""The page on detectors: its example runs, its words are the program's, its numbers are exact."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from safetycase.argument.model import DetectorKind, IndicatorKind
from safetycase.ledger.vocabulary import SIGNALS
from safetycase.monitor.detecting import alarm_at
from safetycase.monitor.tally import Tally
from safetycase.stats.detectors import spent
from safetycase.stats.detectors.run_length import chance_within, lattice_of

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "detectors.md").read_text(
    "utf-8"
)


def test_the_example_runs() -> None:
    (block,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    names: dict[str, object] = {}
    exec(block, names)
    assert round(names["evidence"]) == 47  # type: ignore[call-overload]
    assert names["failures"].observe(1)  # type: ignore[attr-defined]


def test_it_names_every_detector_kind_state_and_count() -> None:
    for name in (*get_args(DetectorKind), *get_args(IndicatorKind), "silent", "blind", "lossy"):
        assert f"`{name}`" in PAGE or f"`kind: {name}`" in PAGE, name
    assert set(SIGNALS) == {"quiet", "warning", "alarm", "silent", "lossy", "blind"}
    for name in ("unlabelled", "invalid", "heavy", "untracked", "late"):
        assert hasattr(Tally(), name)
        assert f"`{name}`" in PAGE


def test_the_spending_is_as_stated() -> None:
    assert "the first segment alarms at evidence 2/`budget`" in PAGE.replace("The", "the")
    assert alarm_at(0.05, 1) == 2 / 0.05
    assert alarm_at(0.05, 3) == 12 / 0.05
    assert spent(1) == 0.5


@pytest.mark.slow
def test_the_false_warnings_of_a_cusum_are_as_stated() -> None:
    lattice = lattice_of(0.01, 0.02)
    assert lattice is not None
    false = chance_within(0.01, lattice, 491, 20_000)[-1]
    whole = re.search(r"\| CUSUM for 2x, h = 5 \| ([0-9.]+)%", PAGE)
    assert whole is not None
    assert f"{false:.2%}" == f"{whole[1]}%"
