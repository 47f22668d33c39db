"""The page on control protocols: its Python runs, and it names what there is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from safetycase.methods.control.protocol_parameters import MEASURES
from safetycase.methods.control.protocol_records import Kind
from safetycase.methods.control.protocol_rows import POLICIES, SCORES
from safetycase.methods.control.protocol_safety import DefinitionName

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "control-protocols.md"


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


def test_every_policy_score_protocol_definition_and_measure_is_on_the_page() -> None:
    text = PAGE.read_text("utf-8")
    names = [*POLICIES, *SCORES, *get_args(Kind), *get_args(DefinitionName)]
    for name in [*names, *(measure.name for measure in MEASURES)]:
        assert f"`{name}`" in text, name
