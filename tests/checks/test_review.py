"""The review rules as a whole: examples, severities, groups, any shape, linear time."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.checks.cases import (
    BASE,
    CODES,
    codes,
    example,
    found,
    recorded,
    subject,
    swap,
)
from tests.timing import cpu_time

from safetycase.argument.findings import Finding
from safetycase.checks.review import REVIEW_RULES, asked_for, judged, review, split
from safetycase.checks.review_reach import alignment_alone, downward
from safetycase.checks.rules import check

ERRORS = {"L05", "L06", "L09", "L13", "L14"}
# A threshold that changed after a result needs two registrations, and one of them is uncited.
COMPANIONS = {"L13": {"L22"}}
SETTINGS = settings(max_examples=40, deadline=None)


@pytest.mark.parametrize("code", CODES)
def test_the_firing_example_fires_this_rule_and_no_other(code: str) -> None:
    text, record = example(code, "fires")
    got = found(text, record)
    assert {f.code for f in got} - COMPANIONS.get(code, set()) == {code}
    assert all(f.span.line > 1 and f.hint for f in got)


@pytest.mark.parametrize("code", CODES)
def test_the_quiet_example_is_judged_and_clean(code: str) -> None:
    text, record = example(code, "quiet")
    assert found(text, record) == []
    assert judged(subject(text), record)[code], "the rule had nothing to judge"


@pytest.mark.parametrize("kind", ["fires", "quiet"])
@pytest.mark.parametrize("code", CODES)
def test_examples_are_well_formed_otherwise(code: str, kind: str) -> None:
    allowed = {"C131"} if (code, kind) == ("L16", "fires") else set()
    errors = {f.code for f in check(subject(example(code, kind)[0])) if f.severity == "error"}
    assert errors == allowed


def test_there_are_25_rules_with_texts_sources_groups_and_the_stated_severities() -> None:
    assert [f"L{n:02}" for n in range(1, 26)] == CODES
    for code, rule in REVIEW_RULES.items():
        assert rule.profile == "review"
        assert rule.code == code
        assert rule.clause
        assert rule.text.endswith(".")
        assert rule.severity == ("error" if code in ERRORS else "warning")
    assert {r.group for r in REVIEW_RULES.values()} == {"structural", "evidence", "human review"}


def test_rules_that_need_the_record_are_silent_without_one() -> None:
    for code in ("L13", "L22", "L25"):
        assert code not in codes(example(code, "fires")[0])


def test_findings_are_split_by_who_settles_them() -> None:
    text, record = example("L13", "fires")
    parts = split(found(text, record))
    assert {f.code for f in parts["evidence"]} == {"L13", "L22"}
    assert parts["structural"] == parts["human review"] == ()
    stranger = Finding(code="C101", span=found(text, record)[0].span, message="x")
    assert split([stranger])["structural"] == (stranger,)


def test_the_profile_runs_only_where_it_is_asked_for() -> None:
    assert not asked_for(subject(BASE).case.header)
    asks = subject(BASE.replace("target: 0.90", "target: 0.90\nprofiles: [review]"))
    assert asked_for(asks.case.header)


def test_the_shipped_case_can_be_reviewed() -> None:
    path = Path(__file__).parents[2] / "cases" / "internal-assistant" / "case.yaml"
    got = review(subject(path.read_text("utf-8")), recorded())
    assert "L20" in {f.code for f in got}
    assert not {f.code for f in got} & (ERRORS - {"L14"}), "nothing is known that would be an error"


KINDS = ["any", "all", "two", "alignment", "open", "leaf"]
SHAPES = st.lists(
    st.tuples(st.sampled_from(KINDS), st.lists(st.integers(0, 7), min_size=1, max_size=3)),
    min_size=1,
    max_size=8,
)
STEPS = {
    "any": "kind: alternatives",
    "all": "kind: decomposition",
    "two": "kind: decomposition, rule: k of n, k: 2",
}


def shaped(shape: list[tuple[str, list[int]]]) -> str:
    """Claims C0, C1, ... each supported as its kind says, by the claims of those numbers."""
    claims, steps, leaves = [], [], []
    for i, (kind, below) in enumerate(shape):
        own = {"alignment": ", argues: alignment", "leaf": f", by: E{i}", "open": ""}
        claims.append(f"  - {{claim: C{i}, says: c{own.get(kind, f', by: S{i}')}}}\n")
        if kind == "leaf":
            leaves.append(f"  - {{evidence: E{i}, because: w, type: capability evaluation}}\n")
        elif kind in STEPS:
            premises = ", ".join(f"C{j}" for j in below)
            step = f"argument: S{i}, {STEPS[kind]}, because: w, premises: [{premises}]"
            steps.append(f"  - {{{step}}}\n")
    parts = {"claims": claims, "arguments": steps, "evidence": leaves}
    lists = "".join(f"{key}:\n{''.join(rows)}" for key, rows in parts.items() if rows)
    return BASE[: BASE.index("root:")] + "root: C0\n" + lists


@SETTINGS
@given(SHAPES)
def test_any_shape_of_support_is_reviewed_loops_included(
    shape: list[tuple[str, list[int]]],
) -> None:
    loops = [(kind, sorted({j % len(shape) for j in below})) for kind, below in shape]
    got = review(subject(shaped(loops)), recorded())
    assert {f.subject for f in got if f.code == "L03"} == {
        f"E{i}" for i, (kind, _) in enumerate(loops) if kind == "leaf"
    }


@SETTINGS
@given(SHAPES)
def test_l05_is_what_alignment_alone_makes_true(shape: list[tuple[str, list[int]]]) -> None:
    """Against the definition: the alignment claims hold, nothing else does; what follows?"""
    n = len(shape)
    acyclic = [
        (kind, sorted({i + 1 + j % (n - i - 1) for j in below}))
        if i < n - 1
        else (kind if kind not in STEPS else "open", [])
        for i, (kind, below) in enumerate(shape)
    ]
    holds: dict[int, bool] = {}
    for i in reversed(range(n)):
        kind, below = acyclic[i]
        true = sum(holds[j] for j in below)
        needed = {"any": 1, "all": len(below), "two": 2}.get(kind, 99)
        holds[i] = kind == "alignment" or true >= needed
    case = subject(shaped(acyclic)).case
    alone = alignment_alone(case, downward(case)[0])
    assert {f"C{i}" for i in range(n) if holds[i]} == {name for name in alone if name[0] == "C"}


@pytest.mark.slow
def test_time_is_linear_in_the_number_of_elements() -> None:
    def seconds(n: int) -> float:
        ids = range(n)
        text = BASE[: BASE.index("root:")] + "root: C\nclaims:\n"
        text += "  - {claim: C, says: top, by: TOP}\n"
        text += "".join(
            f"  - {{claim: C{i}, says: c, argues: harm inability, by: E{i}}}\n" for i in ids
        )
        text += "arguments:\n  - {argument: TOP, kind: decomposition, because: w, premises: ["
        text += ", ".join(f"C{i}" for i in ids) + "]}\nevidence:\n"
        text += "".join(
            f"  - {{evidence: E{i}, because: w, type: capability evaluation}}\n" for i in ids
        )
        case = subject(text)
        with cpu_time() as took:
            assert len(review(case, recorded())) > 2 * n
        return took.seconds

    small, large = min(seconds(800) for _ in range(3)), min(seconds(3200) for _ in range(3))
    assert large < 4 * small * 2.5


def test_hostile_texts_are_searched_in_bounded_time() -> None:
    text = swap(BASE, ("seldom missed.", "seldom " + "weights 0 of " * 40_000))
    start = time.process_time()
    review(subject(text))
    assert time.process_time() - start < 5


def test_the_page_of_the_rules_says_what_the_rules_say() -> None:
    page = Path(__file__).parents[2] / "docs" / "reference" / "review-rules.md"
    text = page.read_text("utf-8")
    sections = dict(re.findall(r"(?ms)^## (L\d\d)\n(.*?)(?=^## |\Z)", text))
    rows = dict(re.findall(r"(?m)^\| \[(L\d\d)\]\(#l\d\d\) \|(.*)$", text))
    assert list(sections) == list(rows) == CODES
    for code, rule in REVIEW_RULES.items():
        for said in (rule.title, rule.text, rule.message):
            assert said in sections[code], f"{code}: {said}"
        for said in (rule.title, rule.group, rule.severity, rule.clause):
            assert said in rows[code], f"{code}: {said}"
