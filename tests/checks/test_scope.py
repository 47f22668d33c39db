"""The digest of a part of the argument: every change of what it says changes it, nothing else."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import HEADER

from safetycase.argument.library import Library
from safetycase.argument.load import load
from safetycase.argument.model import Argument, Case, Evidence
from safetycase.checks.scope import Scopes, scope_digest, target_of
from safetycase.plugin.library import templates

CASE = (
    HEADER
    + """\
root:
  claim: SAFE
  says: The coin is safe.
  context:
    - {context: COINS, says: A coin is a disc of metal.}
  by:
    argument: ROUTES
    kind: decomposition
    because: Heads are the only route.
    credence: {at_least: 0.9, owner: lead, because: counted}
    premises:
      - assumption: REGISTRY-COMPLETE
        says: Every run is in the record.
        owner: lead
        expires: 2099-03-01
      - claim: RARE
        says: Heads are rare.
        holds_when: rate <= 0.20
        by:
          argument: LOOKS
          kind: alternatives
          because: Either tells.
          premises: [COUNTED, WEIGHED]
      - claim: HELD
        says: The coin is held.
        by:
          evidence: E-HELD
          method: toy/coin
          with: {n: 400, rate: 5, words: [a, b]}
          inputs: [held.txt]
          reads: {rate: rate}
          because: It was held.
claims:
  - claim: COUNTED
    says: Heads were counted.
    holds_when: rate <= 0.20
    by:
      evidence: E-COIN
      method: toy/coin
      with: {n: 400, rate: 5}
      inputs: [items.txt]
      reads: {rate: rate}
      valid_for: 90 days
      because: It is the coin.
  - claim: WEIGHED
    says: The coin was weighed.
    by: {evidence: E-SCALE, because: A scale tells., artefact: scale.pdf}
  - {claim: SPARE, says: It was only the light.}
  - {claim: ELSEWHERE, says: Another coin is safe.}
defeaters:
  - {defeater: D-LIGHT, against: E-COIN, says: The light was bad., answered_by: [SPARE]}
problems:
  - {problem: P-SCALE, says: Scales drift., blocks: [WEIGHED], closed_when: it is gauged}
monitors:
  - {monitor: M, says: Heads seen live., owner: ops, conditions: [RARE], alarm_when: rate > 0.2,
     window: 1 day, silent_after: 3 days}
"""
)


def read(text: str, more: Mapping[str, str] | None = None, entry: str = "case.yaml") -> Case:
    files = dict(more or {})
    library = templates(None)
    found = load(text, entry, more=files.get, library=library)
    assert found.case is not None, found.findings
    assert not [f for f in found.findings if f.severity == "error"], found.findings
    return found.case


def changed(old: str, new: str) -> Case:
    assert old in CASE, old
    return read(CASE.replace(old, new))


BASE = read(CASE)
SEMANTIC = {
    "threshold": ("holds_when: rate <= 0.20\n    by:", "holds_when: rate <= 0.25\n    by:"),
    "comparison": ("holds_when: rate <= 0.20\n    by:", "holds_when: rate < 0.20\n    by:"),
    "parameter": ("with: {n: 400, rate: 5}", "with: {n: 401, rate: 5}"),
    "type of a parameter": ("with: {n: 400, rate: 5}", "with: {n: 400, rate: 5.0}"),
    "warrant": ("because: Heads are the only route.", "because: Heads are one route."),
    "warrant of evidence": ("because: It is the coin.", "because: It is a coin."),
    "credence": ("at_least: 0.9,", "at_least: 0.95,"),
    "premise dropped": ("premises: [COUNTED, WEIGHED]", "premises: [COUNTED]"),
    "rule": ("kind: alternatives", "kind: incorporation"),
    "expiry of an assumption": ("expires: 2099-03-01", "expires: 2099-03-02"),
    "owner of an assumption": ("owner: lead\n        expires", "owner: lad\n        expires"),
    "input": ("inputs: [items.txt]", "inputs: [others.txt]"),
    "method": ("method: toy/coin\n      with", "method: toy/dice\n      with"),
    "validity": ("valid_for: 90 days", "valid_for: 91 days"),
    "words of a claim": ("says: Heads are rare.", "says: Heads are seldom."),
    "words of a context": ("A coin is a disc of metal.", "A coin is a disc."),
    "defeater gone": (
        "  - {defeater: D-LIGHT, against: E-COIN, says: The light was bad., answered_by: [SPARE]}",
        "  - {defeater: D-LIGHT, against: ELSEWHERE, says: The light was bad.}",
    ),
    "answer gone": (", answered_by: [SPARE]", ""),
    "answer in other words": ("It was only the light.", "It was the light."),
    "defeater added": (
        "defeaters:\n",
        "defeaters:\n  - {defeater: D-NEW, against: LOOKS, says: No.}\n",
    ),
    "defeater of a step by its place": (
        "defeaters:\n",
        "defeaters:\n  - {defeater: D-NEW, against: RARE.by, says: No.}\n",
    ),
    "doubt of a measurement": (
        "defeaters:\n",
        "defeaters:\n  - {defeater: E-COIN.sandbagging, against: E-COIN, says: It may hide.}\n",
    ),
    "problem": ("closed_when: it is gauged", "closed_when: it is repaired"),
    "monitor": ("alarm_when: rate > 0.2,", "alarm_when: rate > 0.3,"),
    "monitor silent later": ("silent_after: 3 days", "silent_after: 4 days"),
    "target": ("target: 0.90", "target: 0.80"),
    "harm": ("what: too many heads", "what: many heads"),
    "deployment": ("volume: 10000 throws per month", "volume: 20000 throws per month"),
    "weights": ("weights: smollm2-135m-instruct", "weights: smollm2-360m-instruct"),
    "scaffold": ("scaffold: none", "scaffold: hand"),
    "decision": ("supports: throwing the coin", "supports: throwing coins"),
    "maturity": ("maturity: sketch", "maturity: full"),
}
WRITING = {
    "comment": ("root:\n", "# what it is about\nroot:\n"),
    "blank lines": ("root:\n", "\n\nroot:\n"),
    "order of keys": (
        "says: Heads are rare.\n        holds_when: rate <= 0.20",
        "holds_when: rate <= 0.20\n        says: Heads are rare.",
    ),
    "order of premises": ("premises: [COUNTED, WEIGHED]", "premises: [WEIGHED, COUNTED]"),
    "folded text": (
        "because: Heads are the only route.",
        "because: >-\n      Heads are\n      the only route.",
    ),
    "quotes": ("says: Heads are rare.", 'says: "Heads are rare."'),
    "spelling of a criterion": (
        "holds_when: rate <= 0.20\n    by:",
        "holds_when: rate   <= 0.2\n    by:",
    ),
    "spelling of a duration": ("silent_after: 3 days", "silent_after: 72 hours"),
    "spelling of a number": ("target: 0.90", "target: 0.9"),
    "a default that is stated": ("kind: alternatives", "kind: alternatives\n          rule: any"),
    "order of elements": (
        "  - {claim: SPARE, says: It was only the light.}\n"
        "  - {claim: ELSEWHERE, says: Another coin is safe.}\n",
        "  - {claim: ELSEWHERE, says: Another coin is safe.}\n"
        "  - {claim: SPARE, says: It was only the light.}\n",
    ),
    "unrelated words": ("Another coin is safe.", "Another coin is fine."),
    "unrelated element": (
        "  - {claim: ELSEWHERE,",
        "  - {claim: FURTHER, says: A third coin is safe.}\n  - {claim: ELSEWHERE,",
    ),
    "title": ("title: A coin", "title: The coin"),
}


@pytest.mark.parametrize("what", SEMANTIC)
def test_what_it_says_changes_the_digest(what: str) -> None:
    assert scope_digest(changed(*SEMANTIC[what]), "SAFE") != scope_digest(BASE, "SAFE")


@pytest.mark.parametrize("what", WRITING)
def test_how_it_is_written_does_not(what: str) -> None:
    assert scope_digest(changed(*WRITING[what]), "SAFE") == scope_digest(BASE, "SAFE")


def test_the_digest_of_a_part_is_that_of_the_part_alone() -> None:
    """A change of one leaf is seen from there up, and nowhere beside it."""
    after = changed("with: {n: 400, rate: 5}", "with: {n: 401, rate: 5}")
    seen = {n for n in BASE.elements if scope_digest(after, n) != scope_digest(BASE, n)}
    assert seen == {"SAFE", "ROUTES", "RARE", "LOOKS", "COUNTED", "E-COIN"}


def test_every_digest_of_the_case_differs() -> None:
    scopes = Scopes(BASE)
    digests = [scopes.digest(name) for name in BASE.elements]
    assert len(set(digests)) == len(digests)
    assert all(re.fullmatch("[0-9a-f]{64}", each) for each in digests)


def test_evidence_is_signed_with_the_criterion_it_is_read_by() -> None:
    after = changed("holds_when: rate <= 0.20\n    by:", "holds_when: rate <= 0.25\n    by:")
    assert scope_digest(after, "E-COIN") != scope_digest(BASE, "E-COIN")
    assert scope_digest(after, "E-HELD") == scope_digest(BASE, "E-HELD")


def test_names_of_steps_and_of_doubts_of_measurements_are_found() -> None:
    assert target_of(BASE, "RARE.by") == "LOOKS"
    assert target_of(BASE, "E-COIN.sandbagging") == "E-COIN"
    assert target_of(BASE, "SAFE.sandbagging") is None
    assert target_of(BASE, "GONE") is target_of(BASE, "GONE.by") is None
    assert scope_digest(BASE, "RARE.by") == scope_digest(BASE, "LOOKS")
    with pytest.raises(KeyError):
        scope_digest(BASE, "GONE")


def test_a_circle_of_support_ends() -> None:
    elements = dict(BASE.elements)
    looks = elements["LOOKS"]
    assert isinstance(looks, Argument)
    elements["LOOKS"] = dataclasses.replace(looks, premises=("COUNTED", "SAFE"))
    case = dataclasses.replace(BASE, elements=elements)
    assert scope_digest(case, "RARE") != scope_digest(BASE, "RARE")


def test_whatever_a_parameter_holds_has_a_digest() -> None:
    deep: object = "\ud800"
    for _ in range(150):
        deep = [deep]
    elements = dict(BASE.elements)
    leaf = elements["E-COIN"]
    assert isinstance(leaf, Evidence)
    elements["E-COIN"] = dataclasses.replace(leaf, with_={"deep": deep})
    case = dataclasses.replace(BASE, elements=elements)
    assert scope_digest(case, "SAFE") != scope_digest(BASE, "SAFE")


MODULE = """\
module: lab
title: What the lab saw
public: [SEEN]
root:
  claim: SEEN
  says: The lab saw few heads.
  by: {evidence: E-LAB, because: They looked., artefact: lab.pdf}
"""


def with_module(file: str, text: str) -> Case:
    entry = CASE.replace("harm: {", f"modules: {{lab: {file}}}\nharm: {{").replace(
        "premises: [COUNTED, WEIGHED]", "premises: [COUNTED, lab/SEEN]"
    )
    return read(entry, {file: text})


def test_modules_are_part_of_it_and_their_files_are_not() -> None:
    first = with_module("lab.yaml", MODULE)
    assert scope_digest(first, "SAFE") == scope_digest(with_module("room.yaml", MODULE), "SAFE")
    other = with_module("lab.yaml", MODULE.replace("They looked.", "They glanced."))
    assert scope_digest(first, "SAFE") != scope_digest(other, "SAFE")
    assert scope_digest(first, "HELD") == scope_digest(other, "HELD")


TEMPLATE = """\
template: look
version: 1
source: none
title: Looking
says: A look at a coin.
parameters:
  times: {type: integer, says: How often.}
root:
  claim: SEEN
  says: Looking shows few heads.
  by: {evidence: E-LOOK, because: It was looked at., artefact: look.pdf}
"""


def with_template(text: str, times: int = 3) -> Case:
    entry = CASE.replace(
        "premises: [COUNTED, WEIGHED]",
        f"premises: [COUNTED, {{use: look@1, as: LOOKED, with: {{times: {times}}}}}]",
    )
    library = Library(names=lambda: ("look@1",), text=lambda _: ("templates/look@1.yaml", text))
    found = load(entry, "case.yaml", more=lambda _: None, library=library)
    assert found.case is not None, found.findings
    return found.case


def test_an_instance_is_pinned_by_the_text_of_its_template_and_its_parameters() -> None:
    first = with_template(TEMPLATE)
    assert "LOOKED" in first.uses, first.findings
    for other in (
        with_template(TEMPLATE, times=4),
        with_template(TEMPLATE.replace("It was looked at.", "It was seen.")),
        with_template(TEMPLATE + "# a remark\n"),
    ):
        assert scope_digest(first, "SAFE") != scope_digest(other, "SAFE")
        assert scope_digest(first, "HELD") == scope_digest(other, "HELD")


@pytest.mark.slow
@given(st.lists(st.sampled_from(sorted(WRITING)), unique=True), st.sampled_from(sorted(SEMANTIC)))
def test_no_way_of_writing_hides_a_change(ways: list[str], what: str) -> None:
    text = CASE
    for way in ways:
        text = text.replace(*WRITING[way])
    assert scope_digest(read(text), "SAFE") == scope_digest(BASE, "SAFE")
    old, new = SEMANTIC[what]
    if old in text:
        assert scope_digest(read(text.replace(old, new)), "SAFE") != scope_digest(BASE, "SAFE")
