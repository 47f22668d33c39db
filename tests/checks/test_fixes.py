"""Fixes: what a slip can only have meant is put right, and nothing else is touched."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.checks.cases import BASE, swap
from tests.conftest import COIN, write_case

from safetycase.argument.load import load_files
from safetycase.argument.model import Evidence
from safetycase.checks.fixes import FIXABLE, Checked, fix_all, made, offered
from safetycase.checks.near import distance, near
from safetycase.checks.rules import check
from safetycase.checks.subject import LeafFacts, Subject
from safetycase.plugin.catalogue import installed
from safetycase.plugin.contract import Method
from safetycase.plugin.parameters import bind
from safetycase.workspace.checking import check_folder

MODEST = settings(max_examples=50, deadline=None)
NAME = "case.yaml"


def reread(texts: Mapping[str, str]) -> Checked:
    """Reading and the rules of the argument, for cases whose leaves have no method."""
    loaded = load_files(texts, NAME)
    if loaded.case is None:
        return Checked(findings=loaded.findings)
    subject = Subject(case=loaded.case, leaves={})
    return Checked(findings=(*loaded.findings, *check(subject)), subject=subject)


def with_methods(texts: Mapping[str, str]) -> Checked:
    """The same with the toy methods, as `check` of a folder does it."""
    loaded, catalogue = load_files(texts, NAME), installed()
    if loaded.case is None:
        return Checked(findings=loaded.findings)
    leaves = {}
    for name, element in loaded.case.elements.items():
        if not isinstance(element, Evidence) or not element.method:
            continue
        if element.method in catalogue.methods:
            method = catalogue.methods[element.method].load()
            bound = bind(method.parameters, dict(element.with_))
            leaves[name] = LeafFacts(method=method, mismatches=bound.mismatches)
        else:
            leaves[name] = LeafFacts(method=("C120", f"no package offers `{element.method}`"))
    subject = Subject(case=loaded.case, leaves=leaves, method_names=tuple(catalogue.methods))
    return Checked(findings=(*loaded.findings, *check(subject)), subject=subject)


def repaired(broken: str) -> str:
    """What fixing everything makes of the text; the findings fixed are gone, and none is new."""
    before = with_methods({NAME: broken})
    texts, done = fix_all({NAME: broken}, with_methods)
    after = with_methods(texts)
    fixed = {(f.finding.code, f.finding.message) for f in done}
    assert not fixed & {(f.code, f.message) for f in after.findings}
    assert len(after.findings) <= len(before.findings) or before.subject is None
    return texts[NAME]


RULE = """\
          argument: LEGS
          kind: decomposition
          because: Two of the three suffice.
          k: 2
          premises: [ONE, TWO, THREE]
"""
VOTE = swap(
    BASE,
    ("        holds_when: miss_rate <= 0.10\n", ""),
    (BASE[BASE.index("          evidence: E-MISSED") : BASE.index("\ndefeaters:")], RULE),
    (
        "claims:\n",
        "claims:\n  - {claim: ONE, says: a}\n  - {claim: TWO, says: b}\n"
        "  - {claim: THREE, says: c}\n",
    ),
)


@pytest.mark.parametrize(
    ("code", "valid", "right", "wrong"),
    [
        ("F020", COIN, "holds_when: rate", "holds_wen: rate"),
        ("F020", COIN, "harm: {what:", "harm: {waht:"),
        ("F020", COIN, "maturity: sketch", "matuirty: sketch"),
        ("F020", BASE, "attempts_to_refute:", "attemps_to_refute:"),
        ("F010", BASE, "- claim: MISSED", "- clain: MISSED"),
        ("F022", BASE, "kind: decomposition", "kind: decompositon"),
        ("F022", BASE, "type: simulation", "type: simulaton"),
        ("F007", COIN, 'title: "012"', "title: 012"),
        ("F007", COIN, 'weights: "1_000"', "weights: 1_000"),
        ("F030", BASE, "against: MISSED", "against: MISED"),
        ("F030", BASE, "answered_by: [SPREAD]", "answered_by: [SPRAED]"),
        ("C103", VOTE, "rule: k of n\n          k: 2", "k: 2"),
        ("C110", COIN, "reads: {rate: rate}", "reads: {rat: rate}"),
        ("C120", COIN, "method: toy/coin", "method: toy/conin"),
        ("C122", COIN, "rate: 5}", "rte: 5}"),
        ("C123", COIN, "reads: {rate: rate}", "reads: {rate: rte}"),
        ("C125", BASE, "system: {model: assistant", "system: {model: asistant"),
    ],
)
def test_a_slip_is_put_right(code: str, valid: str, right: str, wrong: str) -> None:
    if right not in valid:
        left = {"F007": r"title: .*|weights: [\w-]+", "C103": r"k: 2"}[code]
        key = right.split(":")[0] if code == "F007" else "k"
        valid = next(
            valid.replace(m[0], right, 1) for m in re.finditer(left, valid) if m[0].startswith(key)
        )
    broken = swap(valid, (right, wrong))
    assert code in {f.code for f in with_methods({NAME: broken}).findings}
    assert repaired(broken) == valid


def test_every_fixable_code_is_shown_here() -> None:
    marks = test_a_slip_is_put_right.pytestmark  # type: ignore[attr-defined]
    assert {row[0] for mark in marks for row in mark.args[1]} == set(FIXABLE)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (swap(COIN, ("owner: lead", "owner: no")), "a bare `no` says that there is none"),
        (swap(COIN, ("title: A coin", "title: null")), "null is no text"),
        (swap(COIN, ("method: toy/coin", "method: inspect/nothing")), "nothing is near"),
        (swap(BASE, ("against: MISSED", "against: UNMISSED")), "another first letter"),
        (swap(COIN, ("rate: 5}", "rate: five}")), "a value has no fix"),
        (swap(VOTE, ("k: 2", "k: 7")), "no such number of premises"),
        (swap(VOTE, ("k: 2", "rule: all\n          k: 2")), "a stated rule is not changed"),
        (re.sub(r"  .*REGISTRY-COMPLETE.*\n", "", BASE), "an assumption needs an owner"),
        (swap(BASE, ("owner: lead, ", "")), "an owner is not made up"),
        (swap(BASE, ("type: simulation", "type: probing")), "not near enough"),
    ],
)
def test_what_needs_a_decision_is_not_fixed(text: str, why: str) -> None:
    assert with_methods({NAME: text}).findings, why
    assert repaired(text) == text, why


def test_two_that_may_be_meant_are_none() -> None:
    two = swap(BASE, ("claims:\n", "claims:\n  - {claim: SPREAM, says: Another.}\n"))
    broken = swap(two, ("answered_by: [SPREAD]", "answered_by: [SPREAX]"))
    assert offered(reread({NAME: broken}), {NAME: broken}, reread) == ()
    # ... unless only one of them may stand there.
    one = swap(
        BASE,
        (
            "claims:\n",
            "problems:\n  - {problem: SPREAM, says: x, blocks: [SAFE], closed_when: y}\nclaims:\n",
        ),
    )
    broken = swap(one, ("answered_by: [SPREAD]", "answered_by: [SPREAX]"))
    (fix,) = offered(reread({NAME: broken}), {NAME: broken}, reread)
    assert fix.says == "write `SPREAD` for `SPREAX`"
    assert made({NAME: broken}, [fix])[0] == {NAME: one}


def test_numbers_in_ids_are_no_slips() -> None:
    numbered = BASE.replace("SPREAD", "SPREAD-1")
    broken = swap(numbered, ("answered_by: [SPREAD-1]", "answered_by: [SPREAD-12]"))
    assert offered(reread({NAME: broken}), {NAME: broken}, reread) == ()


def test_comments_line_ends_and_quotes_stay() -> None:
    broken = swap(
        BASE,
        ("maturity: full", "matuirty:   full   # as agreed"),
        ("kind: decomposition", "kind: 'decompositon' # all"),
    ).replace("\n", "\r\n")
    texts, done = fix_all({NAME: broken}, reread)
    assert len(done) == 2
    expected = broken.replace("matuirty", "maturity").replace("'decompositon'", "decomposition")
    assert texts == {NAME: expected}


def test_a_key_whose_value_has_faults_of_its_own_is_left_alone() -> None:
    inner = swap(BASE, ("    argument: ROUTES", "    step: ROUTES"))
    outer = swap(inner, ("  by:\n    step", "  bby:\n    step"))
    assert fix_all({NAME: outer}, reread) == ({NAME: outer}, ())


def test_a_method_that_is_not_there_hides_a_slip_in_its_parameters() -> None:
    broken = swap(COIN, ("toy/coin", "toy/conin"), ("rate: 5}", "rte: 5}"))
    assert repaired(broken) == COIN


def test_an_id_that_a_slip_hides_is_not_taken_for_another() -> None:
    other = swap(BASE, ("claims:\n", "claims:\n  - {claim: MISSES, says: Another.}\n"))
    broken = swap(other, ("  by:\n    argument: ROUTES", "  bby:\n    argument: ROUTES"))
    assert "F030" in {f.code for f in reread({NAME: broken}).findings}
    texts, done = fix_all({NAME: broken}, reread)
    assert texts == {NAME: other}
    assert [f.code for f in done] == ["F020"]


def test_many_slips_are_put_right_in_a_few_readings() -> None:
    claims = "".join(f"  - {{claim: C{i}, syas: c}}\n" for i in range(300))
    broken = swap(BASE, ("claims:\n", "claims:\n" + claims))
    readings = 0

    def counting(texts: Mapping[str, str]) -> Checked:
        nonlocal readings
        readings += 1
        return reread(texts)

    texts, done = fix_all({NAME: broken}, counting)
    assert len(done) == 300
    assert texts == {NAME: broken.replace("syas", "says")}
    assert readings <= 5


def test_modules_are_fixed_in_their_file_and_unknown_files_are_left_alone() -> None:
    entry = swap(BASE, ("root:\n", "modules: {m: m.yaml}\n\nroot:\n")) + (
        "arguments:\n  - {argument: JOIN, concludes: SPREAD, kind: substitution, "
        "because: The same., premises: [m/TOP]}\n"
    )
    module = (
        "module: m\ntitle: A part\npublic: [TOP]\nroot:\n  claim: TOP\n  says: The same.\n  by:\n"
        "    argument: STEP\n    kind: decomposition\n    because: It is the part.\n"
        "    premises: [PART]\nclaims:\n  - {claim: PART, says: A part of it.}\n"
    )
    assert "F030" not in {f.code for f in reread({NAME: entry, "m.yaml": module}).findings}
    broken = swap(module, ("premises: [PART]", "premises: [PATR]"))
    texts, (fix,) = fix_all({NAME: entry, "m.yaml": broken}, reread)
    assert texts == {NAME: entry, "m.yaml": module}
    assert fix.file == "m.yaml"
    both = {NAME: entry, "m.yaml": broken}
    assert offered(reread(both), {NAME: entry}, lambda _: reread(both)) == ()


def test_a_fix_of_a_folder_checks_clean(tmp_path: Path) -> None:
    broken = swap(COIN, ("reads: {rate: rate}", "reads: {rat: rate}"), ("n: 400", "nn: 400"))
    write_case(tmp_path, repaired(broken), {"items.txt": "head\n"})
    space = check_folder(tmp_path)
    # `nn` is too short a word to be a slip of anything.
    assert {f.code for f in space.findings} == {"C122"}


def keys_and_ids(text: str) -> list[tuple[int, int]]:
    """Where the keys, ids and references of at least four letters stand."""
    words = re.finditer(r"(?m)(?<![\w-])([a-z_]{4,}(?=:)|[A-Z][A-Z-]{3,}(?=[\],}\n]))", text)
    return [m.span() for m in words]


def slip(word: str, kind: str, at: int, letter: str) -> str:
    at = 1 + at % (len(word) - 1)
    if kind == "drop":
        return word[:at] + word[at + 1 :]
    if kind == "double":
        return word[:at] + word[at - 1] + word[at:]
    if kind == "swap" and at + 1 < len(word):
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return word[:at] + letter + word[at + 1 :]


@pytest.mark.slow
@MODEST
@given(
    st.sampled_from(keys_and_ids(BASE)),
    st.sampled_from(["drop", "double", "swap", "change"]),
    st.integers(0, 20),
    st.sampled_from(string.ascii_lowercase),
)
def test_a_valid_case_broken_by_one_slip_is_restored_or_left_alone(
    place: tuple[int, int], kind: str, at: int, letter: str
) -> None:
    word = BASE[slice(*place)]
    wrong = slip(word, kind, at, letter.upper() if word.isupper() else letter)
    broken = BASE[: place[0]] + wrong + BASE[place[1] :]
    assume(wrong != word)
    before, clean = reread({NAME: broken}), reread({NAME: BASE})
    assume({f.code for f in before.findings} - {f.code for f in clean.findings})
    texts, done = fix_all({NAME: broken}, reread)
    if done:
        restored = texts[NAME]
        # A slip in the name of an element is put right in what refers to it.
        assert BASE in (restored, re.sub(rf"(?<![\w-]){wrong}(?![\w-])", word, restored))
    elif word.islower():
        assert word in ("says", "name", "root"), f"{wrong} was not put right to {word}"


@MODEST
@given(st.text("abc-1", max_size=7), st.text("abc-1", max_size=7), st.integers(1, 3))
def test_distance_is_symmetric_and_bounded(one: str, other: str, most: int) -> None:
    apart = distance(one, other, most)
    assert apart == distance(other, one, most)
    assert (apart == 0) == (one == other)
    assert apart <= most + 1
    assert apart > most or apart >= abs(len(one) - len(other))


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ("claim", "clami", 1),
        ("kitten", "sitting", 3),
        ("", "ab", 2),
        ("ca", "abc", 3),
        ("a", "a", 0),
    ],
)
def test_distance_known_answers(one: str, other: str, apart: int) -> None:
    assert distance(one, other, 5) == apart


def test_near_keeps_opposites_apart() -> None:
    assert near("ABILITY", ["INABILITY", "ABILITIES"]) == ()
    assert near("E-12", ["E-1", "E-2", "E-21"]) == ()
    assert near("by", ["my"]) == ()
    assert near("premisses", ["premises", "promises"]) == ("premises", "promises")
    assert isinstance(installed().methods["toy/coin"].load(), Method)
