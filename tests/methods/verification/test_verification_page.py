"""The page on proofs: its Python gives what it says, and what it names is there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from safetycase.methods.verification.bounds.method import METHOD as BOUNDS
from safetycase.methods.verification.exhaustive.method import METHOD as EXHAUSTIVE
from safetycase.methods.verification.smt.method import METHOD as SMT

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "verification.md").read_text("utf-8")


def test_the_python_of_the_page_gives_what_it_says() -> None:
    import torch

    names: dict[str, Any] = {}
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    with torch.random.fork_rng():
        for block in blocks:
            exec(block, names)
    assert len(names["PROBLEM"].obligations) == 3
    seen = re.findall(r"^(\S.*?)  # (True|[\d.]+)$", "\n".join(blocks), re.M)
    assert len(seen) == 2
    for expression, value in seen:
        assert float(eval(expression, names)) == pytest.approx(float(eval(value)), abs=1e-6)


@pytest.mark.parametrize("method", [BOUNDS, EXHAUSTIVE, SMT])
def test_every_measure_and_parameter_of_the_examples_is_there(method: Any) -> None:
    for measure in method.measures:
        assert f"`{measure.name}`" in PAGE
    assert f"`{method.name}`" in PAGE
    used = re.findall(rf"method: {method.name}\nwith: {{(.*?)}}", PAGE)
    names = {key for line in used for key in re.findall(r"(\w+):", line)}
    assert names <= set(method.parameters.__dataclass_fields__)
