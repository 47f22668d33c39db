"""The page on freshness names every state, field, word and rule of the program, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from safetycase.assess.effort import ACCESS
from safetycase.assess.events import CONTENT, LASTING, NEVER_WAIVED
from safetycase.assess.freshness import REPORTED_DAYS
from safetycase.assess.records import WORST_FIRST
from safetycase.evidence.environment import environment
from safetycase.evidence.observe import NAMES
from safetycase.ledger.recipe import FIELDS, IDENTITIES
from safetycase.ledger.vocabulary import EVENTS, SELECTORS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "freshness.md").read_text(
    "utf-8"
)


def rows(mark: str) -> dict[str, str]:
    text = PAGE.partition(f"<!-- {mark} -->\n")[2].partition("\n\n")[0]
    return dict(re.findall(r"^\| `([^`]+)` \| (.+) \|$", text, re.M))


def test_the_words_and_selectors_are_those_of_the_program() -> None:
    assert rows("events") == dict(EVENTS)
    assert rows("selectors") == dict(SELECTORS)


def test_the_states_stand_in_their_order() -> None:
    table = PAGE.partition("## States")[2].partition("## The recipe")[0]
    named = re.findall(r"^\| `([a-z ]+?)(?:\([a-z]+\))?` \|", table, re.M)
    assert tuple(named) == WORST_FIRST


def test_every_field_rule_and_number_is_on_the_page() -> None:
    for group, fields in FIELDS.items():
        for name in fields:
            assert f"`{name}`" in PAGE, (group, name)
    for name in ("python", "processor", "accelerators", *list(environment())[:8]):
        assert f"`{name}`" in PAGE
    assert " < ".join(ACCESS) in " ".join(PAGE.split())
    assert all(f"`{grade}`" in PAGE for grade in IDENTITIES)
    assert f"{REPORTED_DAYS} days" in PAGE
    assert f"({NAMES} of each kind)" in PAGE
    lasting = PAGE.partition("not cleared so:")[2].partition("also reach")[0]
    assert set(re.findall(r"`([^`]+)`", lasting)) == LASTING | set(CONTENT)
    never = PAGE.partition("Never waived:")[2].partition(". Another")[0]
    assert {*re.findall(r"`([^`]+)`", never), "criterion"} == set(NEVER_WAIVED)
