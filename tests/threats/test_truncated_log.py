"""Somebody cuts the record, puts an older copy back, or goes on from an older copy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.threats.conftest import Sc, lines_of, put_lines

from safetycase.ledger import verify


def test_a_log_cut_at_any_line_is_refused(attacked: Path, sc: Sc) -> None:
    lines = lines_of(attacked)
    for count in range(1, len(lines)):
        put_lines(attacked, lines[:count])
        found = verify(attacked / "ledger")
        assert not found.ok, f"cut after {count}"
        says = " ".join(problem.says for problem in found.problems)
        assert "acknowledged on this disk" in says
    (attacked / "ledger" / ".acknowledged").unlink()  # the checkpoints know it too
    for count in range(1, len(lines)):
        put_lines(attacked, lines[:count])
        found = verify(attacked / "ledger")
        assert not found.ok, f"cut after {count}"
        assert any("checkpoint" in problem.says for problem in found.problems)
    assert sc("verify", attacked).code == 3
    put_lines(attacked, lines)
    assert sc("verify", attacked).code == 0


def test_a_log_cut_in_a_line_is_refused(attacked: Path) -> None:
    path = attacked / "ledger" / "log.jsonl"
    data = path.read_bytes()
    for cut in (1, 2, 100, len(lines_of(attacked)[-1])):
        path.write_bytes(data[:-cut])
        found = verify(attacked / "ledger")
        if cut == 1:  # the line end alone: every record is there
            assert found.records == len(data.splitlines()) or not found.ok
        else:
            assert not found.ok


@pytest.mark.slow
def test_an_older_copy_and_a_second_history_are_refused(coin: Path, sc: Sc, tmp_path: Path) -> None:
    """Rollback and fork: the checkpoints beside the log are of the same age as the log."""
    assert sc("run", coin).code == 0
    assert sc("verify", coin).code == 0
    older = Path(shutil.copytree(coin, tmp_path / "older"))
    (coin / "items.txt").write_text("new items\n")
    assert sc("run", coin).code == 0
    assert sc("verify", coin).code == 0
    newest = max((coin / "ledger" / "checkpoints").glob("*.txt"), key=lambda p: int(p.stem))
    kept = Path(shutil.copy(newest, tmp_path / "kept.txt"))
    rolled = sc("verify", older)
    assert rolled.code == 3
    assert "this is an older copy" in rolled.out
    against = sc("verify", older, "--against", kept)
    assert against.code == 3
    (older / "items.txt").write_text("other new items\n")
    (older / "case.yaml").write_text((older / "case.yaml").read_text().replace("A coin", "Coins"))
    sc("run", older)
    while len(lines_of(older)) < len(lines_of(coin)):
        (older / "items.txt").write_text(f"items {len(lines_of(older))}\n")
        if sc("run", older).code != 0:
            break
    forked = sc("verify", older)
    assert forked.code == 3
    assert sc("verify", coin).code == 0
