"""Binding a parameter otherwise is one edit in the case file, or a refusal that says why."""

from __future__ import annotations

import re

import pytest
from tests.conftest import HEADER

from safetycase.argument.library import Library
from safetycase.argument.load import load_files
from safetycase.argument.rebind import binding_of, rebind
from safetycase.argument.source import Refused, read_source

TEMPLATE = """\
template: oversee
version: 1
title: Oversight
source: ours
says: Argues by a method.
parameters:
  how: {type: choice, choices: [debate, advice, "no"], default: debate, says: The method.}
  rounds: {type: integer, default: 3, says: How many rounds.}
  names: {type: list, says: Who., optional: true}
root:
  claim: SEEN
  says: It is overseen by {how}.
claims:
  - {claim: BY-DEBATE, when: how is debate, says: Debate works.}
  - {claim: BY-ADVICE, when: how is advice, says: Advice works.}
  - claim: ROUNDS
    says: Rounds suffice.
    holds_when: most <= 5
    by: {evidence: E-ROUNDS, because: They are counted., reads: {most: most}}
problems:
  - {problem: HOW-MANY, says: Find out how many., closed_when: It is known., blocks: [E-ROUNDS]}
"""
LIBRARY = Library(
    names=lambda: ("oversee",),
    text=lambda name: ("oversee.yaml", TEMPLATE) if name.startswith("oversee") else None,
)
ROOT = HEADER + "root:\n  claim: SAFE\n  says: Safe.\n  by:\n    argument: A\n"
ROOT += "    kind: decomposition\n    because: It is.\n    premises:\n"
BLOCK = (
    ROOT + "      - use: oversee@1\n        as: ONE\n        with:\n          rounds: 4  # few\n"
)
FLOW = ROOT + "      - use: oversee@1\n        as: ONE\n        with: {how: 'debate', rounds: 4}\n"
BARE = ROOT + "      - {use: oversee@1, as: ONE}\n"
TWO = FLOW + "      - use: oversee@1\n        as: TWO\n        with: {how: debate}\n"


def bound(text: str, word: str, value: str) -> str:
    source = read_source({"case.yaml": text}, "case.yaml", LIBRARY)
    change = rebind(source, binding_of(source, word, value), value)
    return change.after({"case.yaml": text})["case.yaml"]


@pytest.mark.parametrize("word", ["how", "method", "ONE.how"])
@pytest.mark.parametrize("text", [BLOCK, FLOW])
def test_one_edit_and_the_other_elements(text: str, word: str) -> None:
    after = bound(text, word, "advice")
    case = load_files({"case.yaml": after}, library=LIBRARY).case
    assert case is not None
    assert "ONE/BY-ADVICE" in case.elements
    assert "ONE/BY-DEBATE" not in case.elements
    assert case.uses["ONE"].with_ == {"how": "advice", "rounds": 4}
    kept = [line for line in text.splitlines() if "how" not in line]
    assert [line for line in after.splitlines() if "how" not in line] == kept


def test_a_word_that_yaml_would_read_otherwise_is_quoted() -> None:
    after = bound(FLOW, "method", "no")
    case = load_files({"case.yaml": after}, library=LIBRARY).case
    assert case is not None
    assert case.uses["ONE"].with_["how"] == "no"


@pytest.mark.parametrize(
    ("text", "word", "value", "why", "hint"),
    [
        (FLOW, "method", "debat", "cannot be `debat`", "`debate`"),
        (FLOW, "hw", "debate", "has a parameter `hw`", "`how`"),
        (FLOW, "names", "you", "is a list", "edit the case file"),
        (BARE, "method", "advice", "is not bound", "with"),
        (TWO, "how", "advice", "several templates", "`ONE.how`, `TWO.how`"),
        (FLOW, "OTHER.how", "advice", "has a parameter `OTHER.how`", None),
        (HEADER + "root: {claim: SAFE, says: Safe.}\n", "method", "x", "no template", None),
    ],
)
def test_what_cannot_be_bound_is_refused(
    text: str, word: str, value: str, why: str, hint: str | None
) -> None:
    with pytest.raises(Refused, match=re.escape(why)) as refused:
        bound(text, word, value)
    if hint is not None:
        assert hint in (refused.value.findings[0].hint or "")


def test_one_of_several_instances_is_bound_by_its_name() -> None:
    after = bound(TWO, "TWO.how", "advice")
    case = load_files({"case.yaml": after}, library=LIBRARY).case
    assert case is not None
    assert {"ONE/BY-DEBATE", "TWO/BY-ADVICE"} <= set(case.elements)


def test_what_develops_a_part_that_is_left_out_waits_for_it() -> None:
    text = FLOW + "        develops: {BY-ADVICE: PROOF, BY-DEBATE: PROOF}\n"
    text += "claims:\n  - {claim: PROOF, says: It is proved.}\n"
    for value, name in (("debate", "ONE/BY-DEBATE"), ("advice", "ONE/BY-ADVICE")):
        found = load_files({"case.yaml": bound(text, "how", value)}, library=LIBRARY)
        assert found.case is not None
        assert [f.code for f in found.findings if f.code == "F048"] == []
        assert found.case.elements[name].by is not None  # type: ignore[union-attr]
    wrong = load_files({"case.yaml": text.replace("BY-ADVICE", "BY-ADVISE")}, library=LIBRARY)
    assert "F048" in [f.code for f in wrong.findings]


def test_what_develops_a_part_may_name_the_parameters_of_the_template() -> None:
    text = (
        FLOW
        + "        develops:\n"
        + "          E-ROUNDS: {method: toy/coin, with: {n: =rounds, of: =how}}\n"
    )
    for how in ("debate", "advice"):
        case = load_files({"case.yaml": bound(text, "how", how)}, library=LIBRARY).case
        assert case is not None
        assert case.elements["ONE/E-ROUNDS"].with_ == {"n": 4, "of": how}  # type: ignore[union-attr]
    quoted = text.replace("=how", "'=how'")
    case = load_files({"case.yaml": quoted}, library=LIBRARY).case
    assert case is not None
    assert case.elements["ONE/E-ROUNDS"].with_["of"] == "=how"  # type: ignore[union-attr]


@pytest.mark.parametrize(("said", "blocks"), [("", []), (", leaves_open: true", ["ONE/E-ROUNDS"])])
def test_a_toy_measurement_may_leave_the_open_problem_open(said: str, blocks: list[str]) -> None:
    text = FLOW + "        develops:\n          E-ROUNDS: {method: toy/coin" + said + "}\n"
    found = load_files({"case.yaml": text}, library=LIBRARY)
    assert found.case is not None
    problem = found.case.elements.get("ONE/HOW-MANY")
    assert list(getattr(problem, "blocks", ())) == blocks
    wrong = load_files({"case.yaml": text.replace("true", "yes please")}, library=LIBRARY)
    assert ("F048" in [f.code for f in wrong.findings]) == bool(said)
