"""The page on control protocols: its Python runs, and it names what there is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from safetycase.methods.control.protocols.checks import raised
from safetycase.methods.control.protocols.collusion import collusion
from safetycase.methods.control.protocols.outcomes import split
from safetycase.methods.control.protocols.parameters import MEASURES
from safetycase.methods.control.protocols.planted import World, drawn_table
from safetycase.methods.control.protocols.records import Kind
from safetycase.methods.control.protocols.rows import POLICIES, SCORES
from safetycase.methods.control.protocols.safety import DefinitionName
from safetycase.stats import clopper_pearson

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "control-protocols.md"


@pytest.mark.slow
def test_the_python_gives_what_is_said() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.S)
    names: dict[str, object] = {}
    checked = 0
    for line in code.splitlines():
        statement, _, says = line.partition("  # ")
        if statement.startswith(("bounds", "found.plots")):
            got = eval(statement, names)
            shown = f"{got:.2f}" if isinstance(got, float) else repr(got)
            assert shown == says
            checked += 1
        else:
            exec(statement, names)
    assert checked == 2


@pytest.mark.slow
def test_the_table_of_planted_colluders_is_what_is_counted() -> None:
    """The column of 160 tasks; the other takes a minute."""
    rows = re.findall(
        r"^\| (\w[^|]*) \| (\d+) of 100 \[(\S+), (\S+)\] \|", PAGE.read_text("utf-8"), re.M
    )
    shares = {"all": 1.0, "half": 0.5, "a quarter": 0.25, "a tenth": 0.1}
    assert len(rows) == 5
    for name, *shown in rows:
        share = shares.get(name, 0.0)
        world = World(tasks=160, strategies=("s",), colluding=share > 0, spared_share=share)
        accused = 0
        for seed in range(100):
            data = split(drawn_table(seed, world), 0.5, seed)
            accused += bool(raised(collusion(data, 0.05, 0.95, seed, 0.01)))
        ends = clopper_pearson(accused, 100, alpha_low=0.05, alpha_high=0.05)
        assert shown == [str(accused), f"{ends.low:.2f}", f"{ends.high:.2f}"], name


def test_every_policy_score_protocol_definition_and_measure_is_on_the_page() -> None:
    text = PAGE.read_text("utf-8")
    names = [*POLICIES, *SCORES, *get_args(Kind), *get_args(DefinitionName)]
    for name in [*names, *(measure.name for measure in MEASURES)]:
        assert f"`{name}`" in text, name
