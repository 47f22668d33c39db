"""The parameters of a method, as a person reads them before writing `with`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from tests.commandline import Ran

from safetycase.plugin.described import described, parameter_lines
from safetycase.plugin.parameters import bind


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One item."""

    name: str
    digest: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Which items there are.

    `items` are those
    of the file.
    """

    items: tuple[Item, ...]
    names: Mapping[str, int] = field(default_factory=dict)
    mode: Literal["fast", "sure"] = "sure"
    shares: tuple[float, ...] = (0.5, 1.0)
    none: float | None = None
    flag: bool = False


@dataclass(frozen=True)
class Silent:
    x: int = 3


def test_each_parameter_says_what_is_written_for_it() -> None:
    lines = [(line.key, line.kind, line.need) for line in parameter_lines(Parameters)]
    assert lines == [
        ("items", "list of {name, digest (optional)}", "required"),
        ("names", "mapping to whole number", "optional"),
        ("mode", "`fast` or `sure`", 'default "sure"'),
        ("shares", "list of number", "default [0.5, 1.0]"),
        ("none", "number", "optional"),
        ("flag", "true or false", "default false"),
    ]


def test_its_text_is_told_in_paragraphs_and_none_is_made_up() -> None:
    assert described(Parameters) == "Which items there are.\n\n`items` are those of the file."
    assert described(Silent) == ""


def test_method_show_tells_them(sc: Callable[..., Ran]) -> None:
    shown = sc("method", "show", "control/attestations").out
    assert "required: list of {property, sha256 (optional)} (required)" in shown
    assert "max_age_days: whole number (default 31)" in shown
    assert "What has to be attested, by which keys, and the day for which it is judged." in shown
    assert (
        max(map(len, shown.partition("Parameters:")[2].partition("What a pass")[0].splitlines()))
        < 100
    )


def test_a_wrong_item_of_a_list_is_told_by_its_place() -> None:
    given = {"items": [{"name": "a"}, 3], "shares": [0.5, "x"], "none": "y"}
    found = bind(Parameters, given).mismatches
    assert [one.message for one in found] == [
        "item 2 of `items` is `3`",
        "item 2 of `shares` is `'x'`",
        "`none` is `'y'`",
    ]
