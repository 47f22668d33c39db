"""`--only` takes a leaf or a claim, also as it stands in print, and refuses what is neither."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from safetycase.argument.model import Element
from safetycase.cli.run_only import called, leaves
from safetycase.workspace.folder import open_case
from safetycase.workspace.paths import NoCase

CASE = Path(__file__).parents[2] / "cases" / "debate"
RUN = ("OVERSIGHT/E-KC1-2-PLATEAU", "OVERSIGHT/E-KC1-3-PERTURBATION", "E-PEOPLE")


@pytest.fixture(scope="module")
def elements() -> Mapping[str, Element]:
    case = open_case(CASE, datetime(2026, 11, 23, tzinfo=UTC), trust_cache=True).case
    assert case is not None
    return case.elements


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("E-PEOPLE", ("E-PEOPLE",)),
        ("PEOPLE", ("E-PEOPLE",)),
        ("OVERSIGHT/KC1-3", ("OVERSIGHT/E-KC1-3-PERTURBATION",)),
        ("KC1.3", ("OVERSIGHT/E-KC1-3-PERTURBATION",)),
        ("kc1", ("OVERSIGHT/E-KC1-2-PLATEAU", "OVERSIGHT/E-KC1-3-PERTURBATION")),
        ("SAFE", ("OVERSIGHT/E-KC1-2-PLATEAU", "OVERSIGHT/E-KC1-3-PERTURBATION")),
    ],
)
def test_a_claim_stands_for_the_leaves_below_it(
    elements: Mapping[str, Element], name: str, found: tuple[str, ...]
) -> None:
    assert leaves(elements, RUN, name) == found


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("KC9.9", "`KC9.9` is no evidence of this case, nor a claim"),
        ("E-PEOPEL", "did you mean `E-PEOPLE`"),
        ("KC2.1", "nothing below `OVERSIGHT/KC2-1` can be run"),
    ],
)
def test_what_is_neither_is_refused(elements: Mapping[str, Element], name: str, says: str) -> None:
    with pytest.raises(NoCase, match=says.replace(".", r"\.")):
        leaves(elements, RUN, name)


def test_a_short_name_of_two_elements_names_both(elements: Mapping[str, Element]) -> None:
    both = {"A/X": elements["PEOPLE"], "B/X": elements["PEOPLE"]}
    with pytest.raises(NoCase, match="`X` is not one element: `A/X`, `B/X`"):
        leaves(both, RUN, "X")


def test_a_printed_name_is_found_in_any_module(elements: Mapping[str, Element]) -> None:
    assert called(elements, "kc2.1") == ["OVERSIGHT/KC2-1"]
    assert called(elements, "1-3") == []
