"""`not stated` is nobody: what nobody answers for is not assumed, accepted or counted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import HEADER, Ran, write_case

Sc = Callable[..., Ran]
CASE = (
    HEADER.replace("maturity: sketch", "maturity: full")
    + """\
root:
  claim: SAFE
  says: The coin is safe.
  by:
    argument: ROUTES
    kind: decomposition
    because: Heads are the only route.
    credence: {at_least: 0.99, owner: STEP, because: b}
    premises:
      - assumption: REGISTRY-COMPLETE
        says: Every run is in the record.
        owner: lead
        expires: 2099-03-01
        credence: {at_least: 0.99, owner: lead, because: b}
      - assumption: FAIR
        says: The coin is fair.
        owner: OWNER
        expires: 2099-03-01
        credence: {at_least: 0.99, owner: CREDENCE, because: b}
defeaters:
  - defeater: BENT
    against: FAIR
    says: It may be bent.
    accepted: {doubt: 0.01, because: b, owner: ACCEPTED, expires: 2099-01-01}
"""
)
PEOPLE = {"STEP": "lead", "OWNER": "mint", "CREDENCE": "mint", "ACCEPTED": "board"}


def case(folder: Path, **nobody: str) -> Path:
    text = CASE
    for key, name in {**PEOPLE, **nobody}.items():
        text = text.replace(f"owner: {key}", f"owner: {name}")
    return write_case(folder, text)


def test_with_somebody_for_each_it_holds(sc: Sc, tmp_path: Path) -> None:
    assert sc("status", case(tmp_path / "c")).code == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    "nobody",
    ["not stated", "TBD", '"?"', '"n/a"', "to be decided", "nobody", '"\u200b"', "No one", "…"],
)
def test_an_assumption_of_nobody_is_not_assumed(sc: Sc, tmp_path: Path, nobody: str) -> None:
    folder = case(tmp_path / "c", OWNER=nobody)
    found = sc("status", folder, "--json").json
    assert found["verdict"] == "unknown"
    assert found["states"]["FAIR"]["support"] == "open"
    checked = sc("check", folder)
    assert "case.yaml:30:16: warning C130 nobody owns the assumption `FAIR`" in checked.out
    assert "Nobody owns this assumption" in sc("why", "FAIR", folder).out
    gate = sc("gate", "--release", folder)
    assert "✗ fail       assumptions-owned-and-unexpired" in gate.out
    assert "nobody owns FAIR" in gate.out


def test_a_doubt_that_nobody_accepts_stands(sc: Sc, tmp_path: Path) -> None:
    folder = case(tmp_path / "c", ACCEPTED="tbd")
    found = sc("status", folder, "--json").json
    assert found["states"]["FAIR"]["support"] != "supported"
    assert found["no_number_because"] == ["doubts that nothing answers: BENT"]
    assert "warning C130 nobody answers for accepting `BENT`" in sc("check", folder).out


@pytest.mark.parametrize(("key", "element"), [("STEP", "ROUTES"), ("CREDENCE", "FAIR")])
def test_a_credence_of_nobody_says_nothing(sc: Sc, tmp_path: Path, key: str, element: str) -> None:
    folder = case(tmp_path / "c", **{key: "unknown"})
    found = sc("status", folder, "--json").json
    assert found["states"]["SAFE"]["confidence"]["low"] == 0
    says = f"warning C130 nobody answers for the credence of `{element}`"
    assert says in sc("check", folder).out


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("what: too many heads", "what: not stated", "the harm that must not happen"),
        ("owner: board", "owner: nobody", "who takes the decision"),
        ("distribution: throws", "distribution: TBD", "what it is asked"),
    ],
)
def test_a_full_case_says_what_it_is_about(
    sc: Sc, tmp_path: Path, old: str, new: str, says: str
) -> None:
    folder = case(tmp_path / "c")
    assert "✓ pass       maturity-full" in sc("gate", "--release", folder).out
    text = (folder / "case.yaml").read_text("utf-8")
    (folder / "case.yaml").write_text(text.replace(old, new, 1), "utf-8")
    gate = sc("gate", "--release", folder).out
    assert "✗ fail       maturity-full" in gate
    assert f"it does not state {says}" in gate
