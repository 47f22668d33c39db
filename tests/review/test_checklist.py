"""The checklist asks of every element, in reading order, what the case and the rules give."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.assess.reviewed_cases import DEFENDED, challenge, plain, reviewed
from tests.assess.watched_cases import NOW
from tests.conftest import COIN, write_case

from safetycase.argument.load import load
from safetycase.assess.assessment import Input, assess
from safetycase.checks.review import REVIEW_RULES
from safetycase.cli.main import cli
from safetycase.ledger.fold import History
from safetycase.review.checklist import checklist, reading_order
from safetycase.review.entries import ReviewRefused
from safetycase.review.questions import ALWAYS, ASKS

CASE = plain(DEFENDED)


def test_every_review_rule_has_its_question() -> None:
    assert set(ASKS) == set(REVIEW_RULES)
    assert set(ASKS) >= ALWAYS
    assert all(text.endswith("?") for text in ASKS.values())


def test_the_case_comes_first_then_the_root_and_doubts_before_support() -> None:
    order = reading_order(CASE)
    assert order[0] == "SAFE"
    assert set(order) == set(CASE.elements)
    assert order.index("D") < order.index("LOOKS") < order.index("FAIR")
    asked = checklist(reviewed(CASE), History(), folder="my case")
    named = list(dict.fromkeys(q.element for q in asked))
    assert named[0] == ""
    assert named[1:] == [name for name in order if name in named]
    assert {q.element for q in asked} >= set(CASE.elements)


def test_every_question_says_why_what_is_known_and_what_shows_more() -> None:
    asked = checklist(reviewed(CASE), History(), folder="my case")
    for q in asked:
        assert q.asks.endswith("?"), q
        assert q.why, q
        assert q.facts, q
        assert q.command.startswith("safetycase "), q
        assert "{" not in q.command
        assert "'my case'" in q.command or q.command.startswith("safetycase explain L"), q


def test_what_is_known_is_of_this_case() -> None:
    asked = checklist(reviewed(CASE, challenge(CASE, "RARE")), History())
    by_element = {(q.element, q.asks): q for q in asked}
    decided = by_element["", "Do you know what is decided, by whom, and until when?"]
    assert "throwing the coin; board decides, until 2099-06-01" in decided.facts
    counter = next(q for q in asked if q.asks.startswith("What is the strongest argument"))
    assert "Challenges in review: 1, of which 1 stand. Dissents: 0." in counter.facts
    assert by_element["RARE", "Is challenge C1 right?"].found
    doubt = by_element["D", "Does the answer meet the doubt?"]
    assert "Answered by SPARE (supported)." in doubt.facts
    assumed = by_element[
        "FAIR", "Would you take this without evidence, from this owner, until that day?"
    ]
    assert "mint answers for it, until 2099-03-01" in assumed.facts
    missing = next(q for q in asked if q.element == "ROUTES" and q.asks.startswith("Which part"))
    assert "taken without support: REGISTRY-COMPLETE" in missing.facts


def test_alternatives_are_asked_about_a_common_cause() -> None:
    text = COIN.replace("kind: decomposition", "kind: alternatives")
    loaded = load(text, "case.yaml")
    assert loaded.case is not None
    found = assess(Input(case=loaded.case, history=History(), leaves={}, findings=(), now=NOW))
    asked = {q.asks: q for q in checklist(found, History()) if q.element == "ROUTES"}
    assert (
        "any one of its 2 premises"
        in asked["If all of this were so, could the conclusion still be false?"].facts
    )
    assert (
        "nothing, and the number takes the worst"
        in asked["Could one cause make several of the legs fail?"].facts
    )
    assert not any(asks.startswith("Which part is missing") for asks in asked)


def test_of_one_element_it_asks_what_that_rests_on() -> None:
    asked = checklist(reviewed(CASE), History(), element="RARE")
    assert {q.element for q in asked} == {"RARE", "LOOKS", "FAIR", "D", "SPARE", "SPARE-STEP",
                                          "LIGHT"}  # fmt: skip
    with pytest.raises(ReviewRefused, match="no element `GONE`"):
        checklist(reviewed(CASE), History(), element="GONE")


def test_evidence_is_asked_about_tries_sources_and_what_would_have_failed() -> None:
    loaded = load(COIN, "case.yaml")
    assert loaded.case is not None
    found = assess(Input(case=loaded.case, history=History(), leaves={}, findings=(), now=NOW))
    asked = [q for q in checklist(found, History()) if q.element == "E-COIN"]
    words = " ".join(q.asks for q in asked)
    assert "Is it about the system as it is now?" in words
    assert "What if this one source is wrong?" in words
    assert {"L03"} <= {q.rule for q in asked}
    assert all(q.found for q in asked if q.rule == "L03")


def test_it_is_printed_as_markdown_and_as_data(tmp_path: Path) -> None:
    text = COIN.replace("Heads are rare.", '"<b>Heads</b> are *rare* [x](javascript:alert(1))"')
    folder = write_case(tmp_path / "coin", text, {"items.txt": "head\n"})
    run = CliRunner()
    words = ["review", "checklist", str(folder)]
    shown = run.invoke(cli, words, standalone_mode=False)
    assert shown.return_value == 0, shown.exception
    assert "# Review of A coin" in shown.stdout
    assert "## The case" in shown.stdout
    assert "- [ ] " in shown.stdout
    assert "<b>" not in shown.stdout.replace("\\<b\\>", "")
    assert "\\](javascript" not in shown.stdout
    assert "\\]\\(javascript" in shown.stdout
    data = run.invoke(cli, [*words, "--json", "--for", "RARE"], standalone_mode=False)
    told = json.loads(data.stdout)
    assert told["for"] == "RARE"
    assert {q["element"] for q in told["questions"]} == {"RARE", "E-COIN"}
    out = tmp_path / "asked.md"
    saved = run.invoke(cli, [*words, "--out", str(out)], standalone_mode=False)
    assert out.read_text("utf-8") == shown.stdout
    assert "questions in" in saved.stdout
    gone = run.invoke(cli, [*words, "--for", "GONE"], standalone_mode=False)
    assert "no element `GONE`" in gone.exception.format_message()  # type: ignore[union-attr]
