"""The conformance suite refuses what it must refuse."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from toy_methods import COIN, throw

from safetycase.plugin.contract import (
    Bar,
    Context,
    Controls,
    Histogram,
    Intervals,
    OracleResult,
    Planted,
)
from safetycase.testing.methods import check_measurement, check_method


def test_a_good_method_passes() -> None:
    check_method(COIN, module="toy_methods")


def planted(*counts: tuple[bool, int, int]) -> Any:
    return lambda: Controls(
        criterion="x",
        planted=tuple(Planted(name="p", claim_is_true=t, passes=k, runs=n) for t, k, n in counts),
    )


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"name": "coin"}, "no method name"),
        ({"version": "1"}, "semantic version"),
        ({"limits": ()}, "what a pass does not show"),
        ({"measures": ()}, "measures nothing"),
        ({"parameters": dict}, "not a dataclass"),
        ({"self_check": lambda: ()}, "no oracle"),
        (
            {
                "self_check": lambda: (
                    OracleResult(name="o", expected=1.0, got=2.0, tolerance=0.1, source="s"),
                )
            },
            "expects 1.0",
        ),
        ({"controls": planted((True, 5, 5))}, "never seen to fail"),
        ({"controls": planted((False, 0, 5))}, "makes the claim true"),
        ({"controls": planted((False, 5, 5), (True, 5, 5))}, "every planted subject"),
        ({"controls": planted((False, 4, 5), (True, 4, 5))}, "says nothing"),
    ],
)
def test_broken_methods_are_refused(change: dict[str, Any], says: str) -> None:
    with pytest.raises(AssertionError, match=says):
        check_method(dataclasses.replace(COIN, **change))


@pytest.mark.slow
def test_a_heavy_module_is_refused() -> None:
    with pytest.raises(AssertionError, match="heavy libraries"):
        check_method(COIN, module="scipy.stats")


def test_measurements_are_held_to_the_contract(tmp_path: Any) -> None:
    context = Context(
        case_folder=tmp_path,
        scratch=tmp_path,
        seed=1,
        model=None,
        models={},
        progress=lambda *_: None,
    )
    check_measurement(COIN, lambda: throw((), COIN.parameters(), context))
    seeds = iter((1, 2))  # which throw differently
    with pytest.raises(AssertionError, match="another result"):
        check_measurement(
            COIN,
            lambda: throw((), COIN.parameters(), dataclasses.replace(context, seed=next(seeds))),
        )


@pytest.mark.parametrize(
    ("plot", "says"),
    [
        (Histogram(title="t", unit="s", edges=(0.0, 1.0), series={"a": (1, 2)}), "cannot be drawn"),
        (Intervals(title="t", unit="s", bars=()), "cannot be drawn: it has no interval"),
        (Intervals(title=" ", unit="s", bars=(Bar(label="a", low=0, point=1, high=2),)), "title"),
    ],
)
def test_a_plot_that_cannot_be_drawn_is_refused(tmp_path: Any, plot: Any, says: str) -> None:
    context = Context(
        case_folder=tmp_path,
        scratch=tmp_path,
        seed=1,
        model=None,
        models={},
        progress=lambda *_: None,
    )
    found = dataclasses.replace(throw((), COIN.parameters(), context), plots=(plot,))
    with pytest.raises(AssertionError, match=says):
        check_measurement(COIN, lambda: found)
