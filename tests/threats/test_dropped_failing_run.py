"""Somebody removes the runs that failed and keeps the one that passed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.threats.conftest import Sc, kinds, lines_of, put_lines, statement

from safetycase.ledger import verify


def test_any_record_taken_out_or_moved_is_found(attacked: Path, sc: Sc) -> None:
    lines = lines_of(attacked)
    for number in range(len(lines) - 1):
        put_lines(attacked, [*lines[:number], *lines[number + 1 :]])
        assert not verify(attacked / "ledger").ok, f"without line {number + 1}"
        swapped = [*lines[:number], lines[number + 1], lines[number], *lines[number + 2 :]]
        put_lines(attacked, swapped)
        assert not verify(attacked / "ledger").ok, f"lines {number + 1} and {number + 2} swapped"
    put_lines(attacked, [*lines[:1], *lines[2:]])
    assert sc("verify", attacked).code == 3


def test_the_failed_attempt_is_started_before_it_is_run_and_shown(attacked: Path, sc: Sc) -> None:
    order = kinds(attacked)
    starts = [i for i, kind in enumerate(order) if kind == "attempt-start"]
    ends = [i for i, kind in enumerate(order) if kind == "attempt-end"]
    assert len(starts) == len(ends) == 2
    assert order.index("registration") < starts[0] < ends[0]
    outcomes = {statement(lines_of(attacked)[i])["predicate"]["body"]["outcome"] for i in ends}
    assert outcomes == {"completed", "failed"}
    why = sc("why", "SOUND", attacked)
    assert "1 failed" in why.out
    assert "1 failed" in (attacked / "report" / "index.html").read_text("utf-8")


@pytest.mark.slow
def test_a_run_without_an_end_stays_visible(attacked: Path, sc: Sc) -> None:
    lines = lines_of(attacked)
    last = max(i for i, kind in enumerate(kinds(attacked)) if kind == "attempt-end")
    put_lines(attacked, lines[:last])
    # As after a crash: what was not finished was never acknowledged, nor in a checkpoint.
    (attacked / "ledger" / ".acknowledged").unlink()
    shutil.rmtree(attacked / "ledger" / "checkpoints", ignore_errors=True)
    found = verify(attacked / "ledger")
    assert any("running" in problem.says or "end" in problem.says for problem in found.problems)
    again = sc("run", attacked)
    assert again.code == 0, again.err
    assert "lost" in {
        s["predicate"]["body"].get("outcome") for s in map(statement, lines_of(attacked))
    }
