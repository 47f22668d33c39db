"""The number in plain lines: never alone, adding up, safe to look at."""

from __future__ import annotations

import re
import unicodedata

import pytest
from tests.report.breakdowns import ATTACK, LEDGER, hostile_breakdown, make_breakdown

from safetycase.assess.breakdown import Flip, Line, Link, Part, Scenario, Way
from safetycase.report import breakdown_lines
from safetycase.report.clean import columns
from safetycase.report.confidence_text import WORDS, gap_rows, headline, link_words, story_words

FAR = 200


def told(b, width: int = 10_000) -> str:
    return "\n".join(breakdown_lines(b, width))


@pytest.mark.parametrize("width", [46, 100])
def test_golden(golden, width):
    golden(f"confidence-{width}.txt", "\n".join(breakdown_lines(make_breakdown(), width)))


@pytest.mark.parametrize("width", [1, 32, 46, 71, 100, 200])
def test_no_line_is_wider_than_asked(width):
    wide = hostile_breakdown("漢字かな交じり文" * 30)
    for b in (make_breakdown(), hostile_breakdown(), hostile_breakdown("A" * 10_000), wide):
        for line in breakdown_lines(b, width):
            assert columns(line) <= max(width, 32), line


def test_hostile_text_is_visible_and_bounded():
    for by in (ATTACK, "A" * 10_000, "שלום\u202e\u2066" * 500):
        lines = breakdown_lines(hostile_breakdown(by), 100)
        text = "\n".join(lines)
        bad = {c for c in text if c != "\n" and unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl"}}
        assert bad == set()
        assert len(text) < 60_000
    assert "[U+202E]" in told(hostile_breakdown())


def test_the_verdict_line():
    assert headline(make_breakdown()) == (
        "Bel 0.84 – Pl 0.97; reference model 0.88; conflict 0; conditional on 6 assumptions; "
        "2 open doubts."
    )
    one = make_breakdown(
        assumptions=1, open_defeaters=1, conflict_low=0.0109, conflict_high=0.0301, reference=None
    )
    assert headline(one) == (
        "Bel 0.84 – Pl 0.97; conflict 0.010 to 0.031; conditional on 1 assumption; 1 open doubt."
    )


def test_the_edges():
    nothing = make_breakdown(bel=0.0, pl=1.0, reference=None, ledger=(), gap=1.0)
    assert headline(nothing).startswith("Bel 0 – Pl 1;")
    assert "belongs to no single line" in told(nothing)
    sure = make_breakdown(bel=1.0, pl=1.0, reference=None, ledger=(), gap=0.0, gap_split=())
    assert headline(sure).startswith("Bel 1 – Pl 1;")
    assert "Nothing is doubted" in told(sure)
    assert "Bel reaches it" in told(sure)


def test_the_target_just_missed_is_not_rounded_away():
    text = told(make_breakdown(bel=0.8999999, ledger=(), reference=None))
    assert "Bel 0.89 –" in text
    assert "falls short of it by 0.000001." in text
    assert "asks for" not in told(make_breakdown(target=None))


def test_each_word_is_explained_once_and_only_if_used():
    text = told(make_breakdown())
    for word, meaning in WORDS.items():
        assert text.count(f"{word}: {meaning}") == 1
    plain = told(make_breakdown(reference=None, assumptions=0, open_defeaters=0))
    assert "open doubt:" not in plain
    assert "reference model:" not in plain
    assert "assumption:" not in plain
    assert "None of them is the probability that the system is safe." in plain


def test_a_reference_outside_the_interval_is_not_shown():
    text = told(make_breakdown(reference=0.99))
    assert "0.99" not in text
    assert "it is not shown" in text
    simulated = make_breakdown(reference=0.972, reference_low=0.968, reference_high=0.976)
    assert "reference model 0.97 (simulated: 0.96 to 0.98)" in headline(simulated)


def test_the_ledger_adds_up_in_the_text():
    lines = breakdown_lines(make_breakdown(), 100)
    start = next(i for i, line in enumerate(lines) if line.startswith("What is doubted"))
    end = next(i for i in range(start, len(lines)) if "──" in lines[i])
    amounts = [re.match(r" +(0\.\d+)  ", line) for line in lines[start + 1 : end]]
    total = sum(int(m[1].replace(".", "")) for m in amounts if m)
    assert f"0.{total}  in all, so Bel is 1 − 0.157 = 0.843" in lines[end + 1]


def test_a_line_tells_its_kind_run_and_place():
    text = told(make_breakdown())
    assert (
        "0.041  evidence E-SELF-REASONING: The model cannot do the reasoning that scheming needs. "
        "(run E-SELF-REASONING#5, case.yaml:40) · 12 of 600, threshold 20 %"
    ) in text
    assert "0.020  step PATHS:" in text
    assert "0.005  declared dependence AUDIT-APART:" in text


def test_the_gap_says_what_to_do_largest_first():
    rows = gap_rows(make_breakdown())
    assert [amount for _part, amount, _advice in rows] == ["0.070", "0.038", "0.019"]
    assert [advice.partition(":")[0] for _part, _amount, advice in rows] == [
        *("test more", "argue diversity"),
        "resolve doubts",
    ]
    left = gap_rows(make_breakdown(gap_split=(Part(name="evidence imprecision", amount=0.1),)))
    assert [(part.name, amount) for part, amount, _ in left] == [
        ("evidence imprecision", "0.100"),
        ("several of these at once", "0.027"),
    ]
    assert gap_rows(make_breakdown(gap_split=())) == []


def test_links_without_a_price_are_left_out_and_gains_are_told():
    text = told(make_breakdown())
    assert "RECALL" not in text.partition("Weakest links")[2].partition("\n\n")[0]
    link = Link(id="A", price=0.5, price_low=0.25, price_high=1.0, doubt=0.2)
    assert link_words(link) == (
        "price 0.50 (0.25 to 1), doubt 0.20; were it gone, Bel would rise by at least 0.10"
    )
    tiny = Link(id="A", price=1e-9, price_low=0, price_high=1e-9, doubt=0.2)
    assert "Bel would rise" not in link_words(tiny)


def test_stories_read_as_sentences():
    assert story_words(Scenario(mass=0.1, fails=("A",))) == "A fails"
    both = Scenario(mass=0.1, fails=("A", "B"), holds=("C",))
    assert story_words(both) == "A, B fail together, while C holds"
    many = Scenario(mass=0.1, fails=tuple(f"E-{i}" for i in range(11)), holds=("C", "D"))
    assert story_words(many).endswith("E-7 and 3 more fail together, while C, D hold")


def test_readings_stand_side_by_side_and_open_ends_are_shown():
    b = make_breakdown(
        ways=(
            Way(name="unknown dependence", low=0.0, high=1.0),
            Way(name="declared", low=0.5, uses=("D-1",)),
        )
    )
    lines = breakdown_lines(b, 100)
    assert "  unknown dependence         0        1          –" in lines
    assert "  declared                0.50        –          –" in lines
    assert "    leans on D-1" in lines


def test_a_claim_without_a_number_gets_reasons_and_no_number():
    b = make_breakdown(no_number_because=("POISONING is contested", "WEIGHTS is stale"))
    lines = breakdown_lines(b, 100)
    assert lines == [
        "SAFE has no confidence number, because:",
        "  · POISONING is contested",
        "  · WEIGHTS is stale",
    ]
    many = make_breakdown(no_number_because=tuple(f"r{i}" for i in range(5_000)))
    assert breakdown_lines(many, 100)[-1] == "  · and 4,992 more"


@pytest.mark.slow
def test_endless_lists_are_counted():
    b = make_breakdown(
        flips=tuple(Flip(ids=(f"F-{i}",)) for i in range(3_000)),
        story=tuple(Scenario(mass=1e-4, fails=(f"S-{i}",)) for i in range(3_000)),
        notes=tuple(f"n{i}" for i in range(3_000)),
        ledger=tuple(Line(id=f"E-{i}", says="", what="leaf", doubt=5e-5) for i in range(3_000)),
    )
    lines = breakdown_lines(b, 100)
    assert len(lines) < FAR
    assert lines.count("  · and 2,992 more") == 3


def test_same_words_for_the_same_record():
    again = make_breakdown(ledger=tuple(reversed(LEDGER)))
    assert told(again) == told(make_breakdown())
