"""Rename, move, extract and inline: the meaning stays, and so does every untouched character."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.argument.strategies import cases, module_cases
from tests.argument.test_printer import LIBRARY, USED
from tests.conftest import HEADER

from safetycase.argument.fmt import comments_of
from safetycase.argument.load import load_files
from safetycase.argument.model import Argument, Case
from safetycase.argument.printer import dump_files
from safetycase.argument.refactor import Refactoring, move, rename
from safetycase.argument.references import rename_case
from safetycase.argument.regroup import extract, inline

QUICK = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
SHIPPED = Path(__file__).parents[2] / "cases" / "internal-assistant" / "case.yaml"
TEXT = (
    HEADER
    + """\
# above the root
root:
  claim: SAFE  # the top
  says: Safe.
  by:  # why
    # the step
    argument: ROUTES
    kind: decomposition
    because: "ROUTES is only a word here, and so is RARE."
    despite: {RARE: because}
    premises:
      # about RARE
      - claim: RARE   # rare
        says: >-
          Heads
          are rare.
        holds_when: rate <= 0.20
        by:
          evidence: E-COIN
          method: toy/coin
          because: It is the coin.   # a coin
      - FAIR
      - OTHER

claims:
  - claim: FAIR
    says: It is fair.
    by:
      argument: SIDE
      kind: decomposition
      because: b
      premises: ["HEAVY", 'LIGHT']  # both

  # other things
  - {claim: OTHER, says: Another.}
  - claim: HEAVY
    says: h
  - {claim: LIGHT, says: l}
defeaters:
  # a doubt
  - defeater: E-COIN.BELOW-CHANCE
    against: E-COIN
    says: Hm.
    answered_by: [OTHER]
  - {defeater: D2, against: E-COIN.NO-POWER, says: Power?}
  - {defeater: D3, against: SIDE, says: Side?}
# the end
"""
)


def texts(text: str = TEXT) -> dict[str, str]:
    return {"case.yaml": text}


def case(of: Mapping[str, str], **kwargs: Any) -> Case:
    found = load_files(of, **kwargs)
    assert found.case is not None, found.findings
    return found.case


def after(change: Refactoring, of: Mapping[str, str]) -> dict[str, str]:
    assert change.findings == ()
    return dict(change.after(of))


def changed_lines(old: str, new: str) -> list[str]:
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), n=0, lineterm="")
    return [line for line in lines if line[:1] in "+-" and line[:3] not in ("+++", "---")]


def words(of: Mapping[str, str]) -> list[str]:
    return sorted(w for text in of.values() for _, w in comments_of(text))


def why(change: Refactoring) -> str:
    assert change.findings
    assert not change.edits
    return change.findings[0].message


def test_a_rename_reaches_every_reference_and_no_other_word() -> None:
    new = after(rename(texts(), "RARE", "SELDOM"), texts())["case.yaml"]
    assert changed_lines(TEXT, new) == [
        "-    despite: {RARE: because}",
        "+    despite: {SELDOM: because}",
        "-      - claim: RARE   # rare",
        "+      - claim: SELDOM   # rare",
    ]


def test_what_the_engine_raises_against_an_element_is_renamed_with_it() -> None:
    new = after(rename(texts(), "E-COIN", "E-THROW"), texts())["case.yaml"]
    assert "defeater: E-THROW.BELOW-CHANCE" in new
    assert "against: E-THROW.NO-POWER" in new
    assert "E-COIN" not in new


def test_quotes_around_an_id_stay() -> None:
    new = after(rename(texts(), "HEAVY", "H"), texts())["case.yaml"]
    assert """premises: ["H", 'LIGHT']  # both""" in new


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("NOWHERE", "X", "`NOWHERE` is not in this case"),
        ("RARE", "FAIR", "`FAIR` is already there"),
        ("RARE", "not an id", "`not an id` is not an id"),
        ("RARE", "X: y", "is not an id"),
        ("RARE", "", "is not an id"),
    ],
)
def test_a_rename_that_cannot_be_made_is_refused(old: str, new: str, says: str) -> None:
    assert says in why(rename(texts(), old, new))


def test_a_text_that_cannot_be_read_is_not_touched() -> None:
    assert rename(texts("case: ["), "A", "B").findings[0].code == "F002"
    assert rename(texts(TEXT + "claims: []\n"), "RARE", "B").findings[0].code == "F006"
    assert rename({}, "A", "B").findings[0].code == "F091"


def test_moving_to_the_list_leaves_the_same_case_and_every_comment() -> None:
    new = after(move(texts(), "RARE"), texts())
    assert case(new) == case(texts())
    assert words(new) == words(texts())
    assert "      - RARE\n      - FAIR\n" in new["case.yaml"]
    assert (
        "  - {claim: LIGHT, says: l}\n  # about RARE\n  - claim: RARE   # rare\n    says: >-\n"
        "      Heads\n      are rare.\n    holds_when: rate <= 0.20\n    by:\n"
        "      evidence: E-COIN\n" in new["case.yaml"]
    )


def test_moving_the_step_and_the_root_out_of_line_leaves_the_same_case() -> None:
    for name in ("ROUTES", "SAFE", "SIDE", "E-COIN"):
        new = after(move(texts(), name), texts())
        assert case(new) == case(texts()), name
        assert words(new) == words(texts()), name
    assert "by: ROUTES  # why\n" in after(move(texts(), "ROUTES"), texts())["case.yaml"]


def test_moving_under_a_step_changes_the_two_steps_alone() -> None:
    text = TEXT.replace(
        "[\"HEAVY\", 'LIGHT']  # both", "\n        - HEAVY\n        - LIGHT  # both"
    )
    text = text.replace("    despite: {RARE: because}\n", "")
    new = after(move(texts(text), "RARE", "SIDE"), texts(text))
    was, now = case(texts(text)), case(new)
    assert now.elements["ROUTES"].premises == ("FAIR", "OTHER")  # type: ignore[union-attr]
    assert now.elements["SIDE"].premises == ("HEAVY", "LIGHT", "RARE")  # type: ignore[union-attr]
    rest = {n: e for n, e in now.elements.items() if n not in ("ROUTES", "SIDE")}
    assert rest == {n: was.elements[n] for n in rest}
    assert words(new) == words(texts(text))
    assert (
        "        - LIGHT  # both\n        # about RARE\n        - claim: RARE   # rare\n"
        in (new["case.yaml"])
    )


def test_moving_under_a_step_in_flow_style_puts_the_element_in_the_list() -> None:
    text = TEXT.replace("    despite: {RARE: because}\n", "")
    new = after(move(texts(text), "RARE", "SIDE"), texts(text))
    assert """premises: ["HEAVY", 'LIGHT', RARE]  # both""" in new["case.yaml"]
    assert "  - claim: RARE   # rare\n    says: >-\n" in new["case.yaml"]
    back = after(move(new, "LIGHT", "ROUTES"), new)
    assert """premises: ["HEAVY", RARE]  # both""" in back["case.yaml"]
    assert "      - OTHER\n      - LIGHT\n" in back["case.yaml"]


@pytest.mark.parametrize(
    ("name", "under", "says"),
    [
        ("RARE", "SAFE", "`SAFE` is not an argument"),
        ("RARE", "NOWHERE", "`NOWHERE` is not an argument"),
        ("RARE", "SIDE", "stands despite `RARE`"),
        ("FAIR", "SIDE", "support would run in a loop"),
        ("FAIR", "ROUTES", "already a premise"),
        ("D2", "SIDE", "a defeater cannot be a premise"),
        ("FAIR", None, "already stands in a list"),
    ],
)
def test_a_move_that_cannot_be_made_is_refused(name: str, under: str | None, says: str) -> None:
    assert says in why(move(texts(), name, under))


def test_extract_makes_a_module_with_its_interface_and_inline_takes_it_back() -> None:
    change = extract(texts(), "FAIR", "fairness", "modules/fairness.yaml")
    new = after(change, texts())
    assert new["modules/fairness.yaml"] == (
        "module: fairness\ntitle: It is fair.\npublic: [FAIR]\n\n"
        "root:\n  claim: FAIR\n  says: It is fair.\n  by:\n    argument: SIDE\n"
        "    kind: decomposition\n    because: b\n"
        "    premises: [\"HEAVY\", 'LIGHT']  # both\n\n"
        "claims:\n  - claim: HEAVY\n    says: h\n  - {claim: LIGHT, says: l}\n\n"
        "defeaters:\n  - {defeater: D3, against: SIDE, says: Side?}\n"
    )
    assert "      - fairness/FAIR\n" in new["case.yaml"]
    assert "modules:\n  fairness: modules/fairness.yaml\n" in new["case.yaml"]
    assert words(new) == words(texts())
    names = {n: f"fairness/{n}" for n in ("FAIR", "SIDE", "HEAVY", "LIGHT", "D3")}
    assert case(new).elements == rename_case(case(texts()), names).elements
    back = after(inline(new, "fairness"), new)
    assert set(back) == {"case.yaml"}
    assert case(back) == case(texts())
    assert words(back) == words(texts())


def test_extract_of_an_element_in_place_leaves_its_id_there() -> None:
    new = after(extract(texts(), "RARE", "coin", "coin.yaml"), texts())
    assert "      - coin/RARE\n" in new["case.yaml"]
    assert "    despite: {coin/RARE: because}\n" in new["case.yaml"]
    assert "claim: RARE   # rare" in new["coin.yaml"]
    assert "against: coin/E-COIN.NO-POWER" in new["case.yaml"] or "D2" in new["coin.yaml"]
    assert words(new) == words(texts())
    assert case(after(inline(new, "coin"), new)) == case(texts())


@pytest.mark.parametrize(
    ("name", "module", "file", "says"),
    [
        ("SAFE", "m", "m.yaml", "it is the root claim"),
        ("FAIR", "m", "case.yaml", "there is a file `case.yaml` already"),
        ("FAIR", "m", "../m.yaml", "cannot be the file"),
        ("FAIR", "m", "/m.yaml", "cannot be the file"),
        ("FAIR", "a b", "m.yaml", "cannot be the name"),
        ("FAIR", "RARE", "m.yaml", "cannot be the name"),
        ("NOWHERE", "m", "m.yaml", "is not in this case"),
    ],
)
def test_an_extract_that_cannot_be_made_is_refused(
    name: str, module: str, file: str, says: str
) -> None:
    assert says in why(extract(texts(), name, module, file))


def test_an_instance_becomes_text_of_the_author() -> None:
    of = texts(USED)
    new = after(inline(of, "CONTROL", library=LIBRARY), of)
    assert "- use:" not in new["case.yaml"]
    assert "against: CONTROL-MEASURED" in new["case.yaml"]
    names = {
        n: n.replace("/", "-")
        for n in case(of, library=LIBRARY).elements
        if n.startswith("CONTROL/")
    }
    assert case(new).elements == rename_case(case(of, library=LIBRARY), names).elements
    assert case(new).uses == {}


def test_an_instance_is_renamed_with_its_elements() -> None:
    of = texts(USED)
    new = after(rename(of, "CONTROL", "GUARD", library=LIBRARY), of)
    assert "as: GUARD" in new["case.yaml"]
    assert "against: GUARD/MEASURED" in new["case.yaml"]
    assert "comes from a template" in why(rename(of, "CONTROL/MEASURED", "X", library=LIBRARY))


def test_an_instance_whose_template_is_missing_is_refused_and_the_rest_can_be_changed() -> None:
    of = texts(USED)
    for change in (rename(of, "CONTROL", "X"), move(of, "CONTROL"), inline(of, "CONTROL")):
        assert change.findings[0].code == "F091"
    assert extract(of, "CONTROL", "m", "m.yaml").findings[0].code == "F091"
    assert "claim: TOP" in after(rename(of, "SAFE", "TOP"), of)["case.yaml"]


@given(
    st.integers(0, len(TEXT) - 1), st.sampled_from("ab: -#\n[]{},'\"|>&*!%?~\t\\"), st.booleans()
)
@settings(max_examples=40, deadline=None)
def test_a_broken_text_is_refused_or_changed_but_never_an_accident(
    at: int, char: str, instead: bool
) -> None:
    of = texts(TEXT[:at] + char + TEXT[at + instead :])
    for change in (
        rename(of, "RARE", "NEW"),
        move(of, "RARE"),
        move(of, "LIGHT", "ROUTES"),
        extract(of, "FAIR", "m", "m.yaml"),
    ):
        assert change.findings or load_files(change.after(of)).case is not None


def test_what_cannot_be_put_in_line_is_refused() -> None:
    assert "neither a module nor an instance" in why(inline(texts(), "RARE"))


def test_line_ends_of_another_system_stay() -> None:
    of = texts(TEXT.replace("\n", "\r\n"))
    for change in (move(of, "RARE"), rename(of, "RARE", "X")):
        text = after(change, of)["case.yaml"]
        assert "\n" not in text.replace("\r\n", "")
    new = after(extract(of, "FAIR", "m", "m.yaml"), of)
    assert case(after(inline(new, "m"), new)) == case(of)


@pytest.mark.slow
def test_the_shipped_case_survives_every_change_of_every_element() -> None:
    of = texts(SHIPPED.read_text("utf-8"))
    was = case(of)
    moved = 0
    for name, element in was.elements.items():
        assert case(after(rename(of, name, "A-NEW-ID"), of)) == rename_case(was, {name: "A-NEW-ID"})
        change = move(of, name)
        if not change.findings:
            moved += 1
            assert words(after(change, of)) == words(of)
        change = extract(of, name, "part", "part.yaml")
        if change.findings:
            assert change.findings[0].code == "F091", (name, change.findings)
            continue
        new = after(change, of)
        assert words(new) == words(of)
        assert case(after(inline(new, "part"), new)) == was, name
        assert isinstance(element, Argument) or new["part.yaml"]
    assert moved > 10


@pytest.mark.slow
@QUICK
@given(cases(), st.data())
def test_any_rename_of_any_case_is_exact(one: Case, data: Any) -> None:
    of = dump_files(one)
    name = data.draw(st.sampled_from(sorted(one.elements)))
    assert case(after(rename(of, name, "A-NEW-ID"), of)) == rename_case(one, {name: "A-NEW-ID"})


@pytest.mark.slow
@QUICK
@given(module_cases(), st.data())
def test_renames_reach_across_modules(one: Case, data: Any) -> None:
    of = dump_files(one)
    name = data.draw(st.sampled_from(sorted(one.elements)))
    prefix = name.rpartition("/")[0] + "/" if "/" in name else ""
    new = after(rename(of, name, "A-NEW-ID"), of)
    assert case(new) == rename_case(one, {name: prefix + "A-NEW-ID"})


@pytest.mark.slow
@QUICK
@given(cases(), st.data())
def test_extract_and_inline_undo_each_other(one: Case, data: Any) -> None:
    of = dump_files(one)
    name = data.draw(st.sampled_from(sorted(one.elements)))
    change = extract(of, name, "part", "parts/part.yaml")
    if change.findings:
        assert change.findings[0].code == "F091", change.findings
        assert not change.edits
        assert not change.created
        return
    new = after(change, of)
    assert case(after(inline(new, "part"), new)) == one


@pytest.mark.slow
@QUICK
@given(cases(), st.data())
def test_moving_to_a_list_never_changes_a_case(one: Case, data: Any) -> None:
    of = dump_files(one)
    name = data.draw(st.sampled_from(sorted(one.elements)))
    change = move(of, name)
    if change.findings:
        assert "already stands in a list" in change.findings[0].message
        return
    assert case(after(change, of)) == one


def test_a_leg_that_is_no_premise_does_not_travel() -> None:
    text = HEADER + (
        "root: {claim: S, says: s}\nclaims:\n  - {claim: C, says: s}\n  - {claim: P, says: p}\n"
        "arguments:\n  - {argument: A, kind: alternatives, because: b, premises: [P], "
        "despite: {C: why}}\n"
    )
    found = extract({"case.yaml": text}, "A", "part", "p.yaml").findings
    assert [f.code for f in found] == ["F091"]
    assert "`despite` of `A` names `C`" in found[0].message
