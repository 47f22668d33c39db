"""What was run before counts for what is run now, whatever either is called."""

from __future__ import annotations

from typing import Any

import pytest

from safetycase.assess.indexed import Indexed
from safetycase.ledger.fold import AttemptRecord, History, Registration

AT = "2026-11-23T09:00:00Z"
RECIPE: dict[str, Any] = {
    "subject": {"weights": "m", "weights_sha256": "1" * 64},
    "instrument": {
        "method": "toy/coin",
        "method_code": "2" * 64,
        "parameters": {"n": 400},
        "files": {"items.txt": "3" * 64},
    },
}


def registration(seq: int, evidence: str, claim: str, recipe: dict[str, Any]) -> Registration:
    return Registration(
        seq=seq, at=AT, evidence=evidence, claim=claim, criterion="rate <= 0.2", level="0.95",
        plan={}, recipe=recipe, recipe_digest="0" * 64, exploratory=False, seed=0,
        body={"reads": {"rate": "rate"}}, keyid="k",
    )  # fmt: skip


def attempt(of: int) -> AttemptRecord:
    return AttemptRecord(
        id=f"A{of}", registration=of, start_seq=of + 1, started_at=AT, body={}, start_body={},
        keyid="k", end_seq=of + 2, ended_at=AT, outcome="completed", measurement={"x": 1},
    )  # fmt: skip


def other(group: str, **more: Any) -> dict[str, Any]:
    return RECIPE | {group: RECIPE[group] | more}


def looked(recipe: dict[str, Any], *known: str) -> int:
    """How many registrations came before one of E2 for B, after one of E1 for A."""
    rows = (registration(2, "E1", "A", recipe), registration(10, "E2", "B", RECIPE))
    history = History(registrations=rows, attempts=(attempt(2), attempt(10)))
    index = Indexed(history, ("B", "E2", *known))
    assert len(index.refuting("B", "E2", lambda *_: True)) == index.looked_before("B", "E2", 99)
    return index.looked_before("B", "E2", 10)


def test_a_new_name_of_claim_and_evidence_sheds_no_look() -> None:
    assert looked(RECIPE) == 1
    mended = other("instrument", method_code="9" * 64, files={"items.txt": "8" * 64})
    assert looked(mended) == 1


@pytest.mark.parametrize(
    ("recipe", "known"),
    [
        (RECIPE, ("A",)),  # the case still has it, so that this is another test
        (RECIPE, ("E1",)),
        (other("instrument", method="toy/other"), ()),
        (other("instrument", parameters={"n": 40}), ()),
        (other("instrument", files={"others.txt": "3" * 64}), ()),
        (other("subject", weights_sha256="9" * 64), ()),
    ],
)
def test_what_is_another_test_is_not_counted(
    recipe: dict[str, Any], known: tuple[str, ...]
) -> None:
    assert looked(recipe, *known) == 0


def test_without_the_elements_of_a_case_nothing_is_left_behind() -> None:
    rows = (registration(2, "E1", "A", RECIPE), registration(10, "E2", "B", RECIPE))
    history = History(registrations=rows, attempts=(attempt(2), attempt(10)))
    assert Indexed(history).looked_before("B", "E2", 10) == 0
