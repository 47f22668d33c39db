"""The page on running shows what the command prints."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import COIN, Ran, write_case

from safetycase.ledger import fold, read

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "reference" / "running.md"
PLAN = "plan: {attempts: 2, n: 400, cost_per_item: 0.5, cost_fixed: 7}"


@pytest.mark.slow
def test_the_plan_of_a_run_is_printed_as_shown(sc: Callable[..., Ran], tmp_path: Path) -> None:
    text = COIN.replace("          valid_for", f"          {PLAN}\n          valid_for")
    folder = write_case(tmp_path / "c", text, {"items.txt": "x"})
    (shown,) = re.findall(
        r"```console\n\$ safetycase (.*?)\n(.*?)```", PAGE.read_text("utf-8"), re.S
    )
    assert sc(*shown[0].split(), cwd=folder).out == shown[1]
    # What a registration is said to fix, it fixes.
    assert sc("run", folder).code == 0
    (registration,) = fold(read(folder / "ledger")).registrations
    rows = re.findall(r"^\| (`.*?`) \|", PAGE.read_text("utf-8").split("## Attempts")[0], re.M)
    named = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    assert len(named) == 12
    assert [name for name in named if name not in registration.body] == []
