"""The case file: what it may hold, and a finding with a place for everything else."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import COIN, HEADER

from safetycase.argument.graph import cycle, path_to_root, supporting
from safetycase.argument.load import load
from safetycase.argument.model import Assumption, Claim, Defeater, Evidence
from safetycase.argument.schema import case_schema, module_schema

CLAIM = HEADER + "root: {claim: SAFE, says: It is safe.}\n"


def codes(text: str) -> list[tuple[str, int]]:
    return [(f.code, f.span.line) for f in load(text).findings]


def test_a_whole_case_is_read_with_its_places() -> None:
    loaded = load(COIN, "coin/case.yaml")
    assert loaded.findings == ()
    case = loaded.case
    assert case is not None
    assert list(case.elements) == ["SAFE", "ROUTES", "REGISTRY-COMPLETE", "RARE", "E-COIN"]
    rare, evidence = case.elements["RARE"], case.elements["E-COIN"]
    assert isinstance(rare, Claim)
    assert isinstance(evidence, Evidence)
    assert str(rare.holds_when) == "rate <= 0.20"
    assert rare.by == "E-COIN"
    assert evidence.with_ == {"n": 400, "rate": 5}
    assert evidence.valid_for is not None
    assert evidence.valid_for.seconds == 90 * 86400
    assert isinstance(case.elements["REGISTRY-COMPLETE"], Assumption)
    assert case.header.deployment.volume.number == 10000
    assert case.header.deployment.volume.per == "month"
    line = COIN.splitlines().index("        holds_when: rate <= 0.20") + 1
    assert str(case.span("RARE", "holds_when")) == f"coin/case.yaml:{line}:21"
    assert case.span("E-COIN", "with", "n").line == case.span("E-COIN", "with").line
    assert path_to_root(case, "E-COIN") == ("SAFE", "ROUTES", "RARE", "E-COIN")


def test_all_findings_of_a_file_are_listed_at_once() -> None:
    text = (
        CLAIM.replace("It is safe.", "012")
        + """\
claims:
  - {claim: A, says: x, hodls_when: 3}
  - {claim: A, says: y, by: NOWHERE}
  - {claim: B, says: z, holds_when: rate <==3}
  - {says: first key, claim: C}
  - {claim: 9lives, says: x}
defeaters:
  - {defeater: D, against: B, says: doubt, answered_by: [P]}
problems:
  - {problem: P, says: open, blocks: [B], closed_when: done}
colour: green
"""
    )
    found = codes(text)
    assert {code for code, _ in found} == {
        "F007",
        "F020",
        "F013",
        "F030",
        "F024",
        "F010",
        "F011",
        "F031",
    }
    assert [line for _, line in found] == sorted(line for _, line in found)
    hints = {f.message: f.hint for f in load(text).findings}
    assert hints["claim A has no key `hodls_when`"] == "did you mean `holds_when`?"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (("target: 0.90", "target: high"), "F023"),
        (("maturity: sketch", "maturity: done"), "F022"),
        (("expires: 2099-06-01", "expires: tomorrow"), "F023"),
        (("title: A coin\n", ""), "F021"),
        (("title: A coin", "title: no"), "F007"),
        (("title: A coin", "title: A coin\ntitle: Two"), "F006"),
        (("title: A coin", "title: &x A coin"), None),
        (("title: A coin", "title: !!python/object:os.system x"), "F004"),
        (("title: A coin", "titel: A coin"), "F020"),
        (("title: A coin", "title: [a, b]"), "F005"),
        (("  says: It is safe.\n", "  says: &a It.\nclaims: [{claim: X, says: *a}]\n"), "F003"),
        (("root:", "toor:"), "F020"),
        (("case: toy", "case: toy\n\tx: y"), "F002"),
        (("case: toy", "case: toy: y"), "F002"),
        (("{claim: SAFE, says: It is safe.}", "{use: control@1, as: X}"), "F040"),
    ],
)
def test_strictness(change: tuple[str, str], code: str | None) -> None:
    block = "root:\n  claim: SAFE\n  says: It is safe.\n"
    text = CLAIM if change[0] in CLAIM else HEADER + block
    assert change[0] in text
    found = [c for c, _ in codes(text.replace(*change))]
    assert (code in found) if code else found == []


def test_an_alias_bomb_is_a_finding_and_costs_nothing() -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)}, *{chr(97 + i)}]\n" for i in range(24)
    )
    assert load(bomb).case is None


@pytest.mark.parametrize("text", ["", "[", "- a\n- b\n", "x", "{" * 5000, "\x00", "? [a]\n: b\n"])
def test_what_is_no_case_is_a_finding(text: str) -> None:
    loaded = load(text)
    assert loaded.case is None
    assert loaded.findings


@given(st.text(max_size=300))
def test_any_text_loads_to_findings_and_never_fails(text: str) -> None:
    assert load(text).findings


def test_defeaters_take_their_place_in_the_graph() -> None:
    loaded = load(
        COIN
        + """\
defeaters:
  - {defeater: D, against: E-COIN, says: bent, answered_by: [STRAIGHT]}
  - {defeater: E-COIN.BELOW-CHANCE, against: E-COIN, says: taken over}
claims:
  - {claim: STRAIGHT, says: It is straight.}
"""
    )
    assert loaded.findings == ()
    assert loaded.case is not None
    assert isinstance(loaded.case.elements["E-COIN.BELOW-CHANCE"], Defeater)
    assert "STRAIGHT" in supporting(loaded.case, ["SAFE"])


def test_a_circle_is_found() -> None:
    loaded = load(
        HEADER
        + """\
root:
  claim: A
  says: a
  by: {argument: S, kind: decomposition, because: b, premises: [B]}
claims:
  - {claim: B, says: b, by: {argument: T, kind: decomposition, because: b, premises: [A]}}
"""
    )
    assert loaded.case is not None
    assert cycle(loaded.case) == ("A", "S", "B", "T", "A")


def test_the_schema_accepts_what_loads_and_refuses_what_does_not() -> None:
    schema = case_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)

    def read(text: str) -> object:
        return yaml.load(text, Loader=yaml.BaseLoader)  # every scalar as text, as in the file

    good = read(COIN)
    relaxed = [
        e
        for e in validator.iter_errors(good)
        if not ("is not of type" in e.message and "number" in e.message)
    ]
    # BaseLoader leaves numbers as text; nothing else may be refused.
    assert [e.message for e in relaxed if "integer" not in e.message] == []
    bad = read(COIN.replace("holds_when", "hodls_when"))
    assert any("hodls_when" in str(e.context or e.message) for e in validator.iter_errors(bad))


def test_many_dangling_references_are_listed_fast_and_the_first_have_hints() -> None:
    names = ", ".join(f"MISSING-{i}" for i in range(3000))
    known = "".join(f"  - {{claim: KNOWN-{i}, says: k}}\n" for i in range(3000))
    text = HEADER + (
        "root:\n  claim: SAFE\n  says: s\n  by: {argument: A, kind: decomposition, because: b, "
        f"premises: [{names}]}}\nclaims:\n{known}"
    )
    found = [f for f in load(text).findings if f.code == "F030"]
    assert len(found) == 3000


def test_a_criterion_that_nobody_can_read_is_a_finding() -> None:
    long = " and ".join(["rate <= 0.2"] * 500)
    assert ("F024", 14) in codes(HEADER + f"root: {{claim: S, says: s, holds_when: {long}}}\n")


@pytest.mark.parametrize("path", sorted(Path("cases").glob("*/case.yaml")), ids=str)
def test_a_stock_editor_accepts_the_shipped_cases(path: Path) -> None:
    validator = jsonschema.Draft202012Validator(case_schema())
    assert [e.message for e in validator.iter_errors(as_json(path.read_text("utf-8")))] == []


def test_a_stock_editor_reads_modules_and_uses() -> None:
    from tests.argument.test_modules import CASE, GAME
    from tests.argument.test_templates import USE

    cases = jsonschema.Draft202012Validator(case_schema())
    modules = jsonschema.Draft202012Validator(module_schema())
    assert list(cases.iter_errors(as_json(CASE))) == []
    assert list(cases.iter_errors(as_json(HEADER + USE))) == []
    assert list(modules.iter_errors(as_json(GAME))) == []
    assert list(modules.iter_errors(as_json(GAME.replace("public", "pubic"))))
    assert list(cases.iter_errors(as_json(HEADER + USE.replace("as:", "ass:"))))


def as_json(text: str) -> object:
    """What an editor's YAML plug-in sees: dates stay text."""

    def plain(value: object) -> object:
        if isinstance(value, dict):
            return {key: plain(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [plain(inner) for inner in value]
        return value.isoformat() if isinstance(value, date) else value

    return plain(yaml.safe_load(text))
