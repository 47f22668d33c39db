"""The page of a doubt that a challenge raised: who said it, and nothing that only a file has."""

from __future__ import annotations

from tests.assess.reviewed_cases import challenge, plain, reviewed, sign_off
from tests.report.test_page import Page

from safetycase.report.site import Source, element_path, paths, render

CASE = plain()
FOUND = reviewed(
    CASE,
    challenge(CASE, "RARE", "critical"),
    challenge(CASE, "GONE", id="C2", seq=11),
    sign_off(CASE),
)
SOURCE = Source(assessment=FOUND, version="1")


def words(name: str) -> str:
    return str(Page(render(SOURCE, element_path(SOURCE, name))).words)


def test_it_is_raised_by_a_person_and_is_neither_fresh_nor_signed() -> None:
    page = words("C1")
    assert "Grace, in review" in page
    assert "safetycase review resolve C1" in page
    assert "never run" not in page
    assert "Part of what was signed" not in page
    assert "Part of what was signed" in words("RARE")


def test_one_against_what_is_gone_hangs_on_the_root() -> None:
    assert "C2" in words("SAFE")
    assert "The case no longer has GONE." in words("C2")
    assert {element_path(SOURCE, name) for name in ("C1", "C2")} <= set(paths(SOURCE))
