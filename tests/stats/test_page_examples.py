"""The examples of docs/reference/statistics.md, from designs on, run and say what they say."""

import ast
import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "statistics.md"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
MODULES = ("designs", "power", "rare", "tails", "two_sample", "prediction_powered", "missing")


def shown(value: object) -> str:
    """Numbers to three digits, the rest as Python prints it."""
    if isinstance(value, float):
        return f"{value:.3g}"
    if isinstance(value, (tuple, list)):
        left, right = "()" if isinstance(value, tuple) else "[]"
        return left + ", ".join(shown(each) for each in value) + right
    return repr(value)


@pytest.mark.parametrize("module", MODULES)
def test_each_file_has_an_example(module: str) -> None:
    assert any(f"safetycase.stats.{module} import" in block for block in BLOCKS)


@pytest.mark.slow
@pytest.mark.parametrize(
    "block", [b for b in BLOCKS if any(f"safetycase.stats.{m} " in b for m in MODULES)]
)
def test_the_examples(block: str) -> None:
    names: dict[str, object] = {}
    lines, said = block.splitlines(), 0
    for node in ast.parse(block).body:
        source = ast.unparse(node)
        if not isinstance(node, ast.Expr):
            exec(source, names)
            continue
        comment = lines[node.end_lineno - 1].split("  # ")[1]
        assert shown(eval(source, names)) == comment
        said += 1
    assert said
