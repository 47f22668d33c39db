"""Criteria: what parses, what is refused and where, and three-valued truth on intervals."""

from __future__ import annotations

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safetycase.argument.expression import Comparison, ExpressionError, parse


@pytest.mark.parametrize(
    ("text", "ranges", "expected"),
    [
        ("x <= 0.2", {"x": (0.0, 0.2)}, True),
        ("x < 0.2", {"x": (0.0, 0.2)}, None),
        ("x <= 20%", {"x": (0.21, 0.5)}, False),
        ("x <= 0.2", {"x": (0.1, 0.3)}, None),
        ("x >= 0.9 and y <= 0.1", {"x": (0.95, 1.0), "y": (0.0, 0.05)}, True),
        ("x >= 0.9 and y <= 0.1", {"x": (0.95, 1.0), "y": (0.2, 0.5)}, False),
        ("x >= 0.9 or y <= 0.1", {"x": (0.5, 1.0), "y": (0.0, 0.05)}, True),
        ("not x > 1", {"x": (0.0, 1.0)}, True),
        ("2 * x - y <= 1", {"x": (0.0, 0.5), "y": (0.0, 1.0)}, True),
        ("x / y <= 1", {"x": (1.0, 1.0), "y": (-1.0, 1.0)}, None),
        ("-x <= 0", {"x": (0.0, 1.0)}, True),
        ("1e-3 * x <= 1", {"x": (0.0, 1000.0)}, True),
    ],
)
def test_truth(text: str, ranges: dict[str, tuple[float, float]], expected: bool | None) -> None:
    assert parse(text).decide(ranges) is expected


@pytest.mark.parametrize(
    ("text", "column", "says"),
    [
        ("a <", 3, "ends too early"),
        ("a = 3", 2, "cannot be decided"),
        ("a <= 1 b", 7, "unexpected `b`"),
        ("a <= 1 <= 2", 7, "do not chain"),
        ("a", 0, "compares a quantity"),
        ("(a <= 1", 0, "not closed"),
        ("a <= 1 and 3", 7, "joins comparisons"),
        ("__import__('os').system('x') <= 1", 10, "unexpected"),
        ("a; b <= 1", 1, "unexpected character"),
        ("(" * 60 + "a" + ")" * 60 + " <= 1", 41, "nested"),
        ("not " * 60 + "a <= 1", 164, "nested"),
    ],
)
def test_refused(text: str, column: int, says: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert says in str(caught.value)
    assert abs(caught.value.column - column) <= 1


def test_sides_are_the_ends_that_a_pass_needs() -> None:
    assert parse("x <= 0.2").sides() == {"x": {"high"}}
    assert parse("x <= 0.2 and 0.1 <= x").sides() == {"x": {"low", "high"}}
    assert parse("a - b >= 0.1").sides() == {"a": {"low"}, "b": {"high"}}
    assert parse("not (r >= 0.5)").sides() == {"r": {"high"}}
    assert parse("x <= 0.2").thresholds() == {"x": 0.2}


points = st.floats(-10, 10, allow_nan=False)


@given(points, points, points, points, st.sampled_from(["x <= y", "x - 2 * y < 1", "x * y >= 0"]))
def test_a_verdict_on_intervals_holds_at_every_point(
    a: float, b: float, c: float, d: float, text: str
) -> None:
    (a, b), (c, d) = sorted((a, b)), sorted((c, d))
    expression = parse(text)
    verdict = expression.decide({"x": (a, b), "y": (c, d)})
    for x in (a, b, (a + b) / 2):
        for y in (c, d, (c + d) / 2):
            at_point = expression.decide({"x": (x, x), "y": (y, y)})
            assert verdict is None or at_point is verdict


@pytest.mark.parametrize(
    "text",
    ["1 <= 1", "x <= 0.2 or 1 <= 1", "not 2 < 1", "x <= 1e999", "x < 1/0", "x > -1e300 * 1e300"],
)
def test_a_comparison_that_no_result_decides_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError, match=r"no result decides it|no finite number"):
        parse(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("recall < 0.8", ("recall", "<", 0.8)),
        ("0.8 > recall", ("recall", "<", 0.8)),
        ("0.8 <= recall", ("recall", ">=", 0.8)),
        ("80% >= recall", ("recall", "<=", 0.8)),
        ("gap > -0.5", ("gap", ">", -0.5)),
        ("rate > 3/600", ("rate", ">", 0.005)),
    ],
)
def test_one_comparison_of_a_name_with_a_number(
    text: str, expected: tuple[str, Literal["<=", "<", ">=", ">"], float]
) -> None:
    name, op, bound = expected
    assert parse(text).comparison == Comparison(name=name, op=op, bound=bound)


@pytest.mark.parametrize(
    "text",
    ["a < b", "2 * a < 1", "-a < 1", "1 < a + 1", "a < 1 and b < 1", "not a < 1", "a < 1 or a > 2"],
)
def test_what_is_more_than_that_is_none(text: str) -> None:
    assert parse(text).comparison is None


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a <= 0.2", ["a <= 0.2"]),
        ("0.8 > a", ["a < 0.8"]),
        ("a >= 1/4 and a < 50% and b > 2", ["a >= 0.25", "a < 0.5", "b > 2"]),
        ("(a <= 1 and b <= 2) and c <= 3", ["a <= 1", "b <= 2", "c <= 3"]),
        ("a <= 1 or b <= 2", []),
        ("not a <= 1", []),
        ("a <= b", []),
        ("a <= 1 and a + b <= 2", []),
    ],
)
def test_clauses_are_what_has_to_hold_together(text: str, wanted: list[str]) -> None:
    assert [f"{c.name} {c.op} {c.bound:g}" for c in parse(text).clauses()] == wanted
