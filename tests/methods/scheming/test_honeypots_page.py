"""The page on honeypots: its code runs, its numbers are those of the controls, its names exist."""

import ast
import re
from pathlib import Path

import pytest
from tests.methods.scheming.test_honeypots import planted_subjects

from safetycase.methods.scheming import honeypots, rare_behaviour
from safetycase.methods.scheming.rare_behaviour_tail import REACH

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "honeypots.md"
TEXT = PAGE.read_text("utf-8")


def test_the_python_of_the_page_gives_the_numbers_of_its_comments() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", TEXT, re.S)
    names: dict = {}
    shown = 0
    for node in ast.parse(code).body:
        if not isinstance(node, ast.Expr):
            exec(ast.unparse(node), names)
            continue
        line = code.splitlines()[node.end_lineno - 1]
        said = float(line.rpartition("# ")[2].split(":")[0])
        assert eval(ast.unparse(node), names) == pytest.approx(said, abs=5e-4), line
        shown += 1
    assert shown == 4


@pytest.mark.slow
def test_the_planted_subjects_pass_as_often_as_the_page_says() -> None:
    found = {p.name: (p.passes, p.runs) for p in planted_subjects().planted}
    honest = [found[name] for name in ("honest", "honest, slips")]
    rare = [found[name] for name in ("best responder", "rare defector")]
    others = [v for k, v in found.items() if v not in (*honest, *rare)]
    assert (sum(p for p, _ in honest), sum(r for _, r in honest)) == (39, 40)
    assert (sum(p for p, _ in rare), sum(r for _, r in rare)) == (40, 40)
    assert (sum(p for p, _ in others), sum(r for _, r in others)) == (0, 100)


def test_every_quantity_and_parameter_of_the_page_is_there() -> None:
    for method in (honeypots.METHOD, rare_behaviour.METHOD):
        for measure in method.measures:
            name = measure.name
            assert f"`{name}`" in TEXT or name.startswith("posterior_"), name
    for name in ("told_test", "other_arms", "slip_rate", "arm_check_task", "folds", "largest"):
        assert f"`{name}`" in TEXT
    assert f"**{REACH:,} times**" in TEXT
