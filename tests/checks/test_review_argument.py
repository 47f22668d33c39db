"""Review rules on header and argument: L01 to L05, L12, L16, L19 to L21."""

from __future__ import annotations

import re

import pytest
from tests.checks.cases import (
    BASE,
    NEEDLE,
    codes,
    example,
    found,
    leaf,
    only,
    swap,
)

from safetycase.argument.stated import not_stated


@pytest.mark.parametrize(("maturity", "severity"), [("full", "error"), ("sketch", "warning")])
def test_l01_is_an_error_once_the_case_is_complete(maturity: str, severity: str) -> None:
    text = swap(BASE, ("maturity: full", f"maturity: {maturity}"), ("40 staff", "not stated"))
    assert [(f.code, f.severity) for f in found(text)] == [("L01", severity)]


def test_l01_asks_for_the_tools_where_a_system_is_written() -> None:
    assert codes(swap(BASE, (", tools: []", ""))) == {"L01"}


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("not stated", True),
        ("Not stated in the report.", True),
        ("TBD", True),
        ("n/a", True),
        ("???", True),
        ("  ", True),
        ("Unknown attackers steal the weights", False),
        ("not stated by anyone before, this is what the harm is: a poisoned data set", False),
        ("noting nothing", False),
        ("0 samples", False),
    ],
)
def test_what_counts_as_not_stated(text: str, missing: bool) -> None:
    assert not_stated(text) is missing


def test_l02_compares_words_and_not_punctuation() -> None:
    warrant = "because: The tasks are drawn from those of the team."
    assert codes(swap(BASE, (warrant, "because: an attempt, is seldom MISSED"))) == {"L02"}
    assert codes(swap(BASE, (warrant, "because: TBD"))) == {"L02"}
    assert codes(swap(BASE, (warrant, "because: An attempt is seldom missed by chance."))) == set()


def test_l03_tells_unchallenged_from_untested() -> None:
    untested = swap(
        BASE, (NEEDLE, "            evaluated_n: 400\n"), (", answered_by: [SPREAD]", "")
    )
    untested = untested.replace(
        "  - {claim: SPREAD, says: Spread attempts are caught as well.}\n", ""
    )
    untested = untested.replace("claims:\n", "")
    (note,) = found(untested)
    assert (note.code, note.severity) == ("L03", "note")
    assert "not put to a test" in note.message
    against_leaf = swap(BASE, ("against: MISSED", "against: E-MISSED"))
    assert codes(against_leaf) == {"L20"}  # nothing argues that a claim is false any more
    own = swap(
        BASE, ("defeater: D-COUNTER, against: MISSED", "defeater: E-MISSED.SEEN, against: SAFE")
    )
    assert codes(own) == set()


SANDBAG = (
    "  - {defeater: D-HIDING, against: E-MISSED, says: It may sandbag., answered_by: [OPEN]}\n"
)
INABILITY = leaf(
    "capability evaluation",
    text=swap(BASE, ("holds_when", "argues: harm inability\n        holds_when")),
)


def test_l04_accepts_an_answered_doubt_about_sandbagging_and_no_open_one() -> None:
    assert codes(INABILITY) == {"L04"}
    raised = swap(INABILITY, ("defeaters:\n", "defeaters:\n" + SANDBAG))
    answered = (
        raised
        + "assumptions:\n  - {assumption: OPEN, says: The model does not sandbag., owner: lead, "
        "expires: 2027-01-01}\n"
    )
    assert "L04" not in codes(answered)
    unanswered = swap(raised, (", answered_by: [OPEN]", ""))
    assert "L04" in codes(unanswered)


def test_l04_does_not_judge_other_families_types_and_alternatives() -> None:
    assert codes(swap(INABILITY, ("harm inability", "harm control"))) == set()
    assert codes(swap(INABILITY, ("type: capability evaluation", "type: theorem"))) == set()
    beside = "      - {claim: NO-SANDBAGGING, says: It does not sandbag.}\ndefeaters:"
    both = swap(INABILITY, ("\ndefeaters:", beside))
    assert codes(both) == set()
    either = swap(both, ("kind: decomposition", "kind: alternatives"))
    assert codes(either) == {"L04"}


def legs(step: str, *premises: str) -> str:
    head, tail = BASE.split("        holds_when: miss_rate <= 0.10\n")
    tail = tail[tail.index("\ndefeaters:") :]
    lines = [
        f"        by:\n          argument: LEGS\n          because: Enough.\n          {step}\n"
    ]
    lines += ["          premises:\n", *(f"            - {{{p}}}\n" for p in premises)]
    return head + "".join(lines) + tail


WANTS = "claim: ALIGNED, says: It does not want to., argues: alignment"
WANTS_2 = "claim: TRAINED, says: It was trained well., argues: alignment"
STOPS = "claim: STOPPED, says: It does not get through., argues: harm control"
TAKEN = "assumption: TAKEN, says: It is one model., owner: lead, expires: 2027-01-01"
PLAIN = "claim: PLAIN, says: Something else holds."


@pytest.mark.parametrize(
    ("step", "premises", "fires"),
    [
        ("kind: alternatives", (WANTS, STOPS), True),
        ("kind: decomposition", (WANTS, STOPS), False),
        ("kind: decomposition", (WANTS,), True),
        ("kind: decomposition", (WANTS, TAKEN), True),
        ("kind: decomposition", (WANTS, WANTS_2), True),
        ("kind: decomposition", (WANTS, PLAIN), False),
        (
            "kind: decomposition\n          rule: k of n\n          k: 2",
            (WANTS, WANTS_2, STOPS),
            True,
        ),
        (
            "kind: decomposition\n          rule: k of n\n          k: 2",
            (WANTS, PLAIN, STOPS),
            False,
        ),
        ("kind: alternatives", (STOPS, PLAIN), False),
        ("kind: decomposition", (TAKEN,), False),
    ],
)
def test_l05_alignment_may_not_be_enough(step: str, premises: tuple[str, ...], fires: bool) -> None:
    got = only("L05", legs(step, *premises))
    assert bool(got) is fires
    assert all(f.severity == "error" and f.subject == "LEGS" for f in got)


def test_l05_a_case_that_is_an_alignment_argument_as_a_whole() -> None:
    whole = swap(BASE, ("  claim: SAFE\n", "  claim: SAFE\n  argues: alignment\n"))
    (finding,) = only("L05", whole)
    assert finding.subject == "SAFE"


def test_l05_does_not_judge_what_a_control_argument_takes_from_alignment() -> None:
    inside = legs("kind: alternatives", WANTS, PLAIN).replace(
        "says: An attempt is seldom missed.",
        "says: An attempt is seldom missed.\n        argues: harm control",
    )
    assert only("L05", inside) == []


def test_l12_a_product_needs_conditional_factors() -> None:
    text, _ = example("L12", "fires")
    assert min(0.3, 0.2, 0.1) == 0.1  # Fréchet, against a product of 0.006
    assert only("L12", swap(text, ("tried * miss_rate", "tried + miss_rate"))) == []
    assert len(only("L12", swap(text, ("tried * miss_rate", "1000 * (tried * miss_rate)")))) == 1
    apart = text.replace("shared: [prompts of the March set], ", "", 1)
    assert only("L12", apart) == []


def test_l12_takes_a_long_formula() -> None:
    text, _ = example("L12", "fires")
    long = " * ".join(["tried", "miss_rate"] * 90)
    assert len(only("L12", swap(text, ("tried * miss_rate", long)))) == 2  # A*B and B*A


def test_l16_weights_are_attested_and_not_assumed() -> None:
    line = (
        "      - {assumption: KEPT, says: The weights are not stolen., owner: lead, "
        "expires: 2027-03-01}\n      - claim: MISSED"
    )
    text = swap(BASE, ("      - claim: MISSED", line))
    (finding,) = found(text)
    assert finding.code == "L16"
    assert "attests" in finding.message
    assert codes(swap(text, ("type: simulation", "type: attestation"))) == set()
    assert codes(swap(text, ("weights are not stolen", "badges are not stolen"))) == set()


def test_l19_a_credence_on_the_top_step_needs_one_on_every_leaf() -> None:
    text = swap(
        BASE,
        (
            "    kind: decomposition\n",
            "    kind: decomposition\n"
            "    credence: {at_least: 0.95, owner: lead, because: Experience.}\n",
        ),
    )
    (finding,) = found(text)
    assert finding.code == "L19"
    assert "E-MISSED" in finding.message
    executed = swap(text, ("type: simulation", "type: simulation\n          method: toy/coin"))
    assert "E-MISSED" not in only("L19", executed)[0].message


def test_l20_a_reviewer_is_neither_author_nor_of_their_house() -> None:
    own = swap(
        BASE, ("name: R. Reviewer, organisation: Other House", "name: a.  AUTHOR, organisation: X")
    )
    assert "own" in only("L20", own)[0].message
    inside = swap(BASE, ("organisation: Other House", "organisation: maker"))
    assert "external" in only("L20", inside)[0].message
    nobody = re.sub(r"reviewers:.*\n", "", BASE)
    assert "no external reviewer" in only("L20", nobody)[0].message


def test_l21_asks_for_a_log_for_cover_that_carries_and_for_combinations() -> None:
    assert "no hazard log" in only("L21", BASE[: BASE.index("hazards:")])[0].message
    (note,) = only("L21", swap(BASE, (", combines: [misuse, misalignment]", "")))
    assert note.severity == "note"
    loose = swap(BASE, ("covered_by: [MISSED]", "covered_by: [LOOSE]"))
    loose = swap(
        loose, ("claims:\n", "claims:\n  - {claim: LOOSE, says: Nothing rests on this.}\n")
    )
    assert "no claim that the root rests on" in only("L21", loose)[0].message
    excluded = swap(BASE, ("covered_by: [MISSED]", "excluded_because: There is no insider."))
    assert codes(excluded) == set()
