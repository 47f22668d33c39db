"""The parts of a mutation test: edits of texts, the oracle, results that meet a criterion."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import COIN

from safetycase.argument.expression import parse
from safetycase.argument.load import load
from safetycase.argument.model import Case, Claim
from safetycase.argument.source import read_source
from safetycase.checks.criterion import judge
from safetycase.testing.mutation.asif import copy_case, witness
from safetycase.testing.mutation.closing import closing_of
from safetycase.testing.mutation.draft import Draft
from safetycase.testing.mutation.falling import falling
from safetycase.testing.mutation.leaf_faults import relaxed

TEXT = (
    COIN
    + """\
claims:
  - {claim: FAIR, says: "It is fair, they say.", by: {evidence: E-FAIR, because: It was weighed.}}
  # what nobody looked at
  - claim: KEPT
    says: Nobody swaps it.   # so far
    by:
      argument: LOCKED
      kind: alternatives
      because: Either is enough.
      premises: [FAIR, RARE]
defeaters:
  - {defeater: D-TRICK, against: E-COIN, says: It is a trick., answered_by: [FAIR, KEPT]}
  - defeater: D-STEP
    against: KEPT.by
    says: Neither is.
    answered_by: [FAIR]
"""
)


def draft(text: str = TEXT) -> Draft:
    return Draft(source=read_source({"case.yaml": text}))


def case_of(text: str) -> Case:
    found = load(text).case
    assert found is not None
    return found


def changed(texts: object) -> Case:
    assert isinstance(texts, dict)
    return case_of(texts["case.yaml"])


def line(text: str, start: str) -> str:
    return next(each for each in text.splitlines() if each.strip().startswith(start))


def test_a_value_is_put_and_nothing_else_changes() -> None:
    d = draft()
    site = d.at("RARE", "holds_when")
    assert site is not None
    assert d.put((site, "rate <= 0.3")) == {
        "case.yaml": TEXT.replace("rate <= 0.20", "rate <= 0.3")
    }


@pytest.mark.parametrize(
    ("name", "path", "gone", "left"),
    [
        ("RARE", ("by", "valid_for"), "          valid_for: 90 days\n", ""),
        ("RARE", ("by", "with", "rate"), ", rate: 5", ""),
        ("RARE", ("by", "with", "n"), "n: 400, ", ""),
        ("FAIR", ("says",), ', says: "It is fair, they say."', ""),
        ("KEPT", ("says",), "    says: Nobody swaps it.   # so far\n", ""),
        ("D-TRICK", ("answered_by", "0"), "[FAIR, KEPT]", "[KEPT]"),
        ("D-TRICK", ("answered_by", "1"), "[FAIR, KEPT]", "[FAIR]"),
        ("", ("decision", "owner"), ", owner: board", ""),
    ],
)
def test_a_key_or_an_entry_is_taken_out(
    name: str, path: tuple[str, ...], gone: str, left: str
) -> None:
    d = draft()
    site = d.at(name, *path)
    assert site is not None
    assert TEXT.count(gone) == 1
    assert d.drop(site) == {"case.yaml": TEXT.replace(gone, left)}


def test_an_element_is_taken_out_and_another_put_into_a_list() -> None:
    d = draft()
    assert "D-TRICK" not in changed(d.without("D-TRICK")).elements
    assert "KEPT" not in changed(d.without("KEPT")).elements
    assert "REGISTRY-COMPLETE" not in changed(d.without("REGISTRY-COMPLETE")).elements
    more = changed(d.append("defeaters", "{defeater: D-MORE, against: RARE, says: No.}"))
    assert "D-MORE" in more.elements
    made = changed(d.append("problems", "{problem: P, says: x, blocks: [RARE], closed_when: y}"))
    assert "P" in made.elements
    moved = changed(d.moved("KEPT", "assumptions", "{assumption: KEPT, says: So it is.}"))
    assert type(moved.elements["KEPT"]).__name__ == "Assumption"
    assert len(moved.elements) == len(case_of(TEXT).elements) - 1  # without the step


def test_keys_are_added_in_the_style_of_the_element() -> None:
    d = draft()
    assert line(str(d.change("KEPT", add={"because": "x"})), "").count("because: x") == 1
    flow = changed(d.change("FAIR", add={"holds_when": "weight <= 1"}))
    claim = flow.elements["FAIR"]
    assert isinstance(claim, Claim)
    assert str(claim.holds_when) == "weight <= 1"


def test_what_falls_is_what_cannot_do_without() -> None:
    case = case_of(TEXT)
    everything = {n for n, e in case.elements.items() if type(e).__name__ != "Defeater"}
    assert falling(case, everything, ["E-COIN"]) == {"E-COIN", "RARE", "ROUTES", "SAFE"}
    # One of two alternatives is left, and each doubt still has an answer.
    assert falling(case, everything, ["REGISTRY-COMPLETE"]) == {
        "REGISTRY-COMPLETE",
        "ROUTES",
        "SAFE",
    }
    # FAIR answers D-STEP alone: without it the step falls, with it KEPT, and so D-TRICK stands.
    assert falling(case, everything, ["E-FAIR"]) == everything - {"REGISTRY-COMPLETE"}
    assert falling(case, everything - {"RARE"}, ["ROUTES"]) == {"ROUTES", "SAFE"}
    assert falling(case, everything, ["D-TRICK"]) == frozenset()


@pytest.mark.parametrize(
    "text",
    [
        "rate <= 0.20",
        "event <= 0.50 and false_positive_rate <= 0.25",
        "constant >= 0.355 and constant <= 0.359 and full >= 0.707 and full <= 0.711",
        "counterexamples <= 0 and inputs_checked >= 262144",
        "gain - loss < -3",
        "not (rate > 0.1) or margin > 12",
        "2 * rate + 1 <= 1.5",
    ],
)
def test_a_result_is_found_that_meets_the_criterion_at_any_level(text: str) -> None:
    found = witness(parse(text))
    assert found is not None
    assert judge(parse(text), found, 1e-6).outcome == "supports"
    against = witness(parse(f"not ({text})"))
    assert against is not None
    assert judge(parse(text), against, 1e-6).outcome == "refutes"


def test_a_criterion_that_nothing_meets_has_no_result() -> None:
    assert witness(parse("rate <= 0.1 and rate >= 0.2")) is None


@given(st.floats(-100, 100).map(lambda x: round(x, 3)), st.sampled_from(["<=", "<", ">=", ">"]))
def test_a_relaxed_bound_is_met_by_whatever_met_it(bound: float, op: str) -> None:
    old = parse(f"rate {op} {bound:.6g}")
    for text, _ in relaxed(old.text, 2.0):
        new = parse(text)
        assert new.text != old.text
        for value in (bound - 1e-3, bound, bound + 1e-3):
            point = {"rate": (value, value)}
            assert not (old.decide(point) and not new.decide(point))


def test_what_is_open_is_taken_as_given_and_what_opens_later_is_not() -> None:
    more = "problems:\n  - {problem: P, says: x, blocks: [OPEN], closed_when: y}\n"
    text = TEXT.replace("claims:\n", "claims:\n  - {claim: OPEN, says: Nobody knows.}\n") + more
    closing = closing_of(case_of(text))
    closed = closing.closed(case_of(text))
    assert "P" not in closed.elements
    assert closed.elements["OPEN"].by == "OPEN:given"  # type: ignore[union-attr]
    assert closed.elements["E-FAIR"].owner == "taken as given"  # type: ignore[union-attr]
    fair = ", by: {evidence: E-FAIR, because: It was weighed.}}"
    opened = closing.closed(case_of(text.replace(fair, "}")))
    assert opened.elements["FAIR"].by is None  # type: ignore[union-attr]


def test_the_copy_of_a_read_only_case_can_be_spoiled(coin: Path, tmp_path: Path) -> None:
    (coin / "data").mkdir()
    (coin / "data" / "row.txt").write_text("row\n", "utf-8")
    for path in (coin, *coin.rglob("*")):
        path.chmod(path.stat().st_mode & ~0o222)
    copy_case(coin, tmp_path / "copy")
    copied = (tmp_path / "copy", *(tmp_path / "copy").rglob("*"))
    assert len(copied) == 5
    assert all(path.stat().st_mode & 0o200 for path in copied)
    for path in (coin, *coin.rglob("*")):
        assert not path.stat().st_mode & 0o200
        path.chmod(path.stat().st_mode | 0o200)


def test_links_within_the_case_are_copied_and_those_that_lead_out_are_not(tmp_path: Path) -> None:
    folder, copy = tmp_path / "case", tmp_path / "copy"
    (folder / "data").mkdir(parents=True)
    (folder / "ledger").mkdir()
    (folder / "ledger" / "log.jsonl").write_text("record")
    (folder / "data" / "real.txt").write_text("inside")
    (tmp_path / "secret.txt").write_text("outside")
    links = {
        "input.txt": "data/real.txt",
        "data/up.txt": str(folder / "data" / "real.txt"),
        "folder": "data",
        "data/round": "..",
        "out.txt": "../secret.txt",
        "itself": "itself",
        "nowhere": "data/none.txt",
        "of-the-record": "ledger/log.jsonl",
    }
    for name, target in links.items():
        (folder / name).symlink_to(target)
    copy_case(folder, copy)
    assert (copy / "input.txt").resolve() == copy / "data" / "real.txt"
    assert (copy / "data" / "up.txt").resolve() == copy / "data" / "real.txt"
    assert (copy / "folder" / "real.txt").read_text() == "inside"
    assert (copy / "data" / "round").resolve() == copy.resolve()
    for name in ("out.txt", "itself", "nowhere", "of-the-record"):
        assert not (copy / name).is_symlink()
