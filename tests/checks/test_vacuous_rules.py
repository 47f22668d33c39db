"""A criterion that no result could fail is an error, whatever was measured."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import COIN, Ran, write_case

Sc = Callable[..., Ran]


def case(folder: Path, criterion: str) -> Path:
    text = COIN.replace("rate <= 0.20", criterion).replace("rate: 5}", "rate: 100}")
    return write_case(folder, text, {"items.txt": "head or tail\n"})


@pytest.mark.parametrize("criterion", ["rate <= 1", "rate >= 0", "rate < 1.5", "1 - rate >= 0"])
def test_a_criterion_that_no_share_could_fail_is_an_error(
    sc: Sc, tmp_path: Path, criterion: str
) -> None:
    folder = case(tmp_path / "c", criterion)
    done = sc("check", folder)
    assert done.code == 2
    says = f"error C128 no result of `E-COIN` could fail `{criterion}`: rate from 0 to 1"
    assert says in done.out
    assert f"case.yaml:{COIN[: COIN.index('holds_when')].count(chr(10)) + 1}:" in done.out
    ran = sc("run", folder)
    assert (ran.code, "nothing was run" in ran.err) == (2, True)


@pytest.mark.parametrize("criterion", ["rate <= 0.99", "rate >= 0.01", "rate < 1", "rate > 0"])
def test_one_that_some_share_would_fail_is_none(sc: Sc, tmp_path: Path, criterion: str) -> None:
    assert "C128" not in sc("check", case(tmp_path / "c", criterion)).out


@pytest.mark.parametrize(
    ("criterion", "vacuous"),
    [("failing >= 0", True), ("failing <= 0", False), ("failing >= -1 and failing >= 0", True)],
)
def test_a_count_is_never_below_nothing(
    sc: Sc, tmp_path: Path, criterion: str, vacuous: bool
) -> None:
    text = (
        COIN.replace("rate <= 0.20", criterion)
        .replace("toy/coin", "tool/tests")
        .replace("{n: 400, rate: 5}", "{tests: [t.py]}")
        .replace("[items.txt]", "[t.py]")
        .replace("{rate: rate}", "{failing: not_passed}")
    )
    folder = write_case(tmp_path / "c", text, {"t.py": "def test_x(): pass\n"})
    assert ("C128" in sc("check", folder).out) is vacuous


@pytest.mark.parametrize(
    ("criterion", "found"),
    [
        ("rate <= 100 %", True),
        ("rate <= 0.2 or rate >= 0.1", False),  # not decided on the whole range at once
        ("rate <= 0.2 or rate <= 1", True),
    ],
)
def test_parts_of_a_criterion_are_judged_each_on_the_whole_range(
    sc: Sc, tmp_path: Path, criterion: str, found: bool
) -> None:
    assert ("C128" in sc("check", case(tmp_path / "c", criterion)).out) is found
