"""Somebody sets the clock back, or writes another time into a record."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path

import pytest
from tests.threats.conftest import Sc, lines_of, put_lines, statement

from safetycase.ledger import verify


@pytest.mark.slow
def test_a_changed_time_breaks_the_signature(attacked: Path) -> None:
    lines = lines_of(attacked)
    for number, line in enumerate(lines):
        said = statement(line)
        said["predicate"]["at"] = "2020-01-01T00:00:00Z"
        payload = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        outer = json.loads(line) | {"payload": base64.b64encode(payload.encode()).decode()}
        forged = json.dumps(outer, sort_keys=True, separators=(",", ":")).encode()
        put_lines(attacked, [*lines[:number], forged, *lines[number + 1 :]])
        found = verify(attacked / "ledger")
        assert not found.ok
        assert f"line {number + 1})" in found.problems[0].says


@pytest.mark.slow
def test_the_order_is_that_of_the_lines_whatever_the_clock_says(attacked: Path, sc: Sc) -> None:
    before = len(lines_of(attacked))
    (attacked / "items.txt").write_text("other items\n")
    ran = sc("run", attacked, "--only", "E-COIN", "--now", "2020-01-01")
    assert ran.code == 0, ran.err
    added = [statement(line)["predicate"] for line in lines_of(attacked)[before:]]
    assert [entry["seq"] for entry in added] == list(range(before + 1, before + len(added) + 1))
    found = verify(attacked / "ledger")
    assert found.ok
    if added[0]["at"] < time.strftime("%Y-%m-%d"):
        assert any("clock" in problem.says for problem in found.problems)
