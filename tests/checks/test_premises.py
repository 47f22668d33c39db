"""C103: what a step rests on, each premise once, and no step easier than its kind."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.conftest import COIN, write_case

from safetycase.workspace.checking import check_folder

VOTE = """\
      - claim: VOTED
        says: Two of three say so.
        by:
          argument: VOTE
          kind: incorporation
          rule: k of n
          k: 2
          because: Two are enough.
          premises: [RARE, RARE, NEVER]
claims: [{claim: NEVER, says: Never., by: {evidence: E-NEVER, because: Nobody looked.}}]
"""


def test_a_premise_that_is_named_twice_is_found_at_its_place(tmp_path: Path) -> None:
    folder = write_case(tmp_path / "c", COIN + VOTE, {"items.txt": "head\n"})
    (found,) = (f for f in check_folder(folder).findings if f.code == "C103")
    assert found.severity == "error"
    assert found.span.line == (COIN + VOTE).split("[RARE, RARE")[0].count("\n") + 1
    assert "names the premise `RARE` twice" in found.message


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("kind: decomposition\n", "kind: decomposition\n    rule: any\n"), "its rule is `any`"),
        (("kind: decomposition\n", "kind: alternatives\n"), "REGISTRY-COMPLETE is one of the legs"),
        (
            ("kind: decomposition\n", "kind: incorporation\n    rule: k of n\n    k: 1\n"),
            "REGISTRY-COMPLETE is one of the legs",
        ),
    ],
)
def test_a_step_is_not_made_easier_than_its_kind(
    tmp_path: Path, change: tuple[str, str], says: str
) -> None:
    folder = write_case(tmp_path / "c", COIN.replace(*change, 1), {"items.txt": "head\n"})
    found = [f.message for f in check_folder(folder).findings if f.code == "C103"]
    assert any(says in message for message in found)
