"""C140: no evaluation is known that shows that training is unlikely to lead to scheming."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.conftest import COIN, write_case

from safetycase.plugin.catalogue import installed
from safetycase.workspace.checking import check_folder

LEAF = """evidence: E-COIN
          method: toy/coin
          with: {n: 400, rate: 5}
          inputs: [items.txt]
          reads: {rate: rate}
          valid_for: 90 days
          because: It is the coin."""
CLAIM = """claim: RARE
        says: Heads are rare.
        holds_when: rate <= 0.20"""


def findings(folder: Path, text: str) -> list[str]:
    checked = check_folder(write_case(folder / "c", text, {"items.txt": "x"}))
    return [f.subject or "" for f in checked.findings if f.code == "C140"]


def argued(text: str) -> str:
    assert CLAIM in text
    return text.replace(CLAIM, f"{CLAIM}\n        argues: alignment by training")


STEP = """argument: A
          kind: {rule}
          because: b
          premises: [{premises}]"""


def step(rule: str, *more: str) -> str:
    """The leaf as a premise of a step, beside others."""
    leg = "{claim: LEG, says: l, holds_when: rate <= 0.2, by: E-COIN}"
    text = argued(COIN).replace(LEAF, STEP.format(rule=rule, premises=", ".join([leg, *more])))
    text = text.replace("        holds_when: rate <= 0.20\n        argues", "        argues")
    return text + "\nevidence:\n  - " + LEAF.replace("\n          ", "\n    ") + "\n"


def test_evidence_does_not_close_it(tmp_path: Path) -> None:
    assert COIN.count(LEAF) == 1
    assert findings(tmp_path / "plain", COIN) == []
    assert findings(tmp_path / "argued", argued(COIN)) == ["E-COIN"]


@pytest.mark.parametrize(
    ("rule", "more", "fires"),
    [
        ("decomposition", (), True),
        ("decomposition", ("{claim: THEORY, says: t}",), False),
        ("alternatives", ("{claim: THEORY, says: t}",), True),
        ("decomposition", ("{assumption: A1, says: t, owner: o, expires: 2099-01-01}",), True),
    ],
)
def test_it_may_be_a_part_beside_what_is_open(
    tmp_path: Path, rule: str, more: tuple[str, ...], fires: bool
) -> None:
    assert findings(tmp_path, step(rule, *more)) == (["E-COIN"] if fires else [])


def test_nothing_that_is_shipped_says_that_it_can() -> None:
    for name, entry in installed().methods.items():
        if entry.package == "safetycase":
            assert entry.load().establishes == (), name
