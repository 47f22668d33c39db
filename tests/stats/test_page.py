"""The numbers of docs/reference/statistics.md are what the functions give."""

import importlib
import math
import re
from pathlib import Path

import pytest

from safetycase import stats
from safetycase.stats import (
    Affine,
    Clustered,
    ClusteredDifference,
    Difference,
    Proportion,
    Statistic,
    bounds,
)

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "statistics.md"
TEXT = PAGE.read_text("utf-8")


def test_the_snippet_runs_and_says_what_it_says() -> None:
    block = re.search(r"```python\n(.*?)```", TEXT, re.DOTALL)
    assert block is not None
    setup, *lines = re.split(r"\n(?=describe|bounds)", block[1].strip())
    names: dict[str, object] = {}
    exec(setup, names)
    words, high = (eval(line.split("#")[0], names) for line in lines)
    assert repr(words) in lines[0]
    assert f"{high:.3g}" in lines[1]


def proportion(successes: int, trials: int, missing: int = 0) -> Proportion:
    return Proportion(successes=successes, trials=trials, missing=missing)


@pytest.mark.parametrize(
    ("statistic", "words"),
    [
        (proportion(3, 48, 2), "3 of 48, 2 missing"),
        (
            Clustered(clusters=((0, 4, 0),) * 30 + ((1, 4, 0),) * 20 + ((2, 4, 0),) * 10),
            "40 of 240 in 60 groups",
        ),
        (Difference(a=proportion(22, 48), b=proportion(5, 50)), "(22 of 48) − (5 of 50)"),
        (ClusteredDifference(clusters=((1, 4, 0, 4), (4, 4, 3, 4)) * 30), "4 of 4 against 3 of 4"),
        (Affine(of=proportion(30, 100), scale=4 / 3, offset=-1 / 3), "30 of 100 with c = ¼"),
    ],
)
def test_the_worked_intervals(statistic: Statistic, words: str) -> None:
    row = next(line for line in TEXT.splitlines() if words in line)
    interval = bounds(statistic, alpha_low=0.05, alpha_high=0.05)
    assert f"[{interval.low:.3f}, {interval.high:.3f}]".replace("-", "−") in row


@pytest.mark.parametrize(
    ("words", "values"),
    [
        ("60 × 0.25", [0.25] * 60),
        ("60 × 0", [0.0] * 60),
        ("24 × 0", [0.0] * 24),
        ("30 × 0, 20 × 0.25, 10 × 0.5", [0.0] * 30 + [0.25] * 20 + [0.5] * 10),
        ("54 × 0, 6 × 1", [0.0] * 54 + [1.0] * 6),
        ("30 × 0, 30 × 1 (its worst case)", [0.0] * 30 + [1.0] * 30),
    ],
)
def test_the_comparison_of_bounds(words: str, values: list[float]) -> None:
    row = next(line for line in TEXT.splitlines() if line.startswith(f"| {words} |"))
    n, alpha, mean = len(values), 0.005, sum(values) / len(values)
    spread = sum((v - mean) ** 2 for v in values) / (n - 1)
    log = math.log(2 / alpha)
    hoeffding = mean + math.sqrt(math.log(1 / alpha) / (2 * n))
    bernstein = mean + math.sqrt(2 * spread * log / n) + 7 * log / (3 * (n - 1))
    expected = (stats.mean_upper(values, alpha), hoeffding, bernstein)
    assert row.endswith("| " + " | ".join(f"{e:.3f}" for e in expected) + " |")


def test_the_plans() -> None:
    assert "1 % at 95 %: 299; 0.1 %: 2,995" in TEXT
    assert stats.smallest_clean_n(0.01, 0.05) == 299
    assert stats.smallest_clean_n(0.001, 0.05) == 2995
    assert f"true 0.1 %: {stats.power_upper(299, 0.01, 0.001, 0.05):.3f}" in TEXT
    n = stats.sample_size_upper(0.01, 0.001, 0.05, 0.8)
    assert f"{n}, where one failure" in TEXT
    assert f"the power is {stats.power_upper(n, 0.01, 0.001, 0.05):.3f}" in TEXT
    low, high = stats.rate_confidence(0, 299, 0.01)
    assert f"({low:.3f}, {high:g})" in TEXT
    assert f"300 and 1,000: {stats.all_clear(300, 1000):.3f}" in TEXT
    exact = stats.clopper_pearson(0, 60, alpha_low=0, alpha_high=0.005).high
    assert f"give {exact:.3f} by Clopper–Pearson" in TEXT


SECTIONS = ["sequential", "multiplicity", "conservative", "instrument", "assay", "hierarchical"]


@pytest.mark.parametrize("module", SECTIONS)
def test_the_example_of_each_module_says_what_it_gives(module: str) -> None:
    section = re.search(rf"^## [^\n]*`{module}`\n(.*?)(?=^## )", TEXT, re.DOTALL | re.MULTILINE)
    assert section is not None
    block = re.search(r"```python\n(.*?)```", section[1], re.DOTALL)
    assert block is not None
    names: dict[str, object] = {}
    checked = 0
    for line in block[1].splitlines():
        code, _, said = line.partition("  # ")
        if not said:
            exec(code, names)
            continue
        value = eval(code, names)
        if isinstance(value, stats.Interval):
            value = [value.low, value.high]
        numbers = re.match(r"[^:]*", said)[0].strip("[] ").split(", ")  # type: ignore[index]
        values = value if isinstance(value, list) else [value]
        assert [
            f"{v:.{len(n.partition('.')[2])}f}" for v, n in zip(values, numbers, strict=True)
        ] == numbers, line
        checked += 1
    assert checked >= 3


def test_every_public_name_of_the_modules_is_on_the_page() -> None:
    for module in SECTIONS:
        public = importlib.import_module(f"safetycase.stats.{module}").__all__
        functions = [n for n in public if n[0].islower() and not n.startswith("log_e")]
        assert [name for name in functions if name not in TEXT] == []
