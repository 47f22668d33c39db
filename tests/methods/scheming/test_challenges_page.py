"""What the page on inability shows is what the methods take and print."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from safetycase.methods.misuse import uplift
from safetycase.methods.misuse.uplift_model import spread
from safetycase.methods.scheming.capabilities import method as capabilities
from safetycase.methods.scheming.capabilities.graph import bounded, parse_needs
from safetycase.methods.scheming.challenges import method as challenges
from safetycase.methods.scheming.challenges.table import read_table
from safetycase.methods.scheming.harm_inability import method as harm_inability
from safetycase.methods.scheming.risk import method as risk
from safetycase.plugin.contract import Context, Measurement
from safetycase.plugin.parameters import bind

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "reference" / "inability.md").read_text(
    "utf-8"
)
BLOCKS = re.findall(r"```text\n(.*?)```", PAGE, re.S)
METHODS = {
    m.METHOD.name: m.METHOD for m in (challenges, capabilities, harm_inability, risk, uplift)
}


def leaves() -> dict[str, Any]:
    """The `with` of every leaf on the page, by its method."""
    read = [yaml.safe_load(block) for block in BLOCKS if block.startswith("method:")]
    return {leaf["method"]: leaf["with"] for leaf in read}


def test_every_leaf_on_the_page_fits_its_method() -> None:
    for name, values in leaves().items():
        bound = bind(METHODS[name].parameters, values)
        assert not bound.mismatches, (name, bound.mismatches)
    assert set(leaves()) == set(METHODS) - {"scheming/capabilities"}


def test_every_method_has_a_section_with_its_measures() -> None:
    for name, method in METHODS.items():
        section = PAGE.split(f"## `{name}`")[1].split("\n## ")[0]
        for measure in method.measures:
            assert f"`{measure.name}`" in section, measure.name


def test_the_structure_of_the_sketch_is_the_one_that_is_printed() -> None:
    values = bind(risk.METHOD.parameters, leaves()["scheming/risk"]).value
    context = Context(
        case_folder=Path(), scratch=Path(), seed=1, model=None, models={}, progress=lambda *_: None
    )
    found = risk.METHOD.run((), values, context)
    assert isinstance(found, Measurement)
    assert found.diagnostics["structure"] + "\n" in BLOCKS


def test_the_table_and_the_graph_on_the_page_are_read(tmp_path: Path) -> None:
    (table,) = [b for b in BLOCKS if b.startswith('{"challenges"')]
    (graph,) = [b for b in BLOCKS if b.startswith('{"root"')]
    (tmp_path / "table.json").write_text(table)
    (tmp_path / "graph.json").write_text(graph)
    assert len(read_table(tmp_path / "table.json")) == 3
    needs = parse_needs(tmp_path / "graph.json")
    upper = dict.fromkeys(needs.abilities, 1.0) | {"plan": 0.9, "exploit": 0.05, "persuade": 0.1}
    assert bounded(needs, upper).high == pytest.approx(0.15)
    lines = [
        json.loads(line)
        for b in BLOCKS
        if b.startswith(('{"challenge"', '{"arm"'))
        for line in b.splitlines()
    ]
    assert len(lines) == 5


def test_the_widths_on_the_page_are_those_of_the_band() -> None:
    assert spread(200, 0.05) == pytest.approx(0.10, abs=0.005)
    assert spread(1000, 0.05) == pytest.approx(0.043, abs=5e-4)
