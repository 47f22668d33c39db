"""C128: a criterion that any result meets is found, and one that a result may miss is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.conftest import COIN, write_case

from safetycase.workspace.checking import check_folder


@pytest.mark.parametrize(
    ("criterion", "found"),
    [
        ("rate <= 1", True),
        ("rate <= 100 %", True),
        ("rate >= 0", True),
        ("rate <= 0.2 or rate >= 0.1", False),  # not decided on the whole range at once
        ("rate <= 0.2 or rate <= 1", True),
        ("rate < 1", False),
        ("rate <= 0.99", False),
    ],
)
def test_a_criterion_has_to_be_able_to_fail(tmp_path: Path, criterion: str, found: bool) -> None:
    text = COIN.replace("rate <= 0.20", criterion)
    folder = write_case(tmp_path / "c", text, {"items.txt": "head\n"})
    codes = [f.code for f in check_folder(folder).findings]
    assert ("C128" in codes) is found
