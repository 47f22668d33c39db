"""A subset of the rounds of `kill -9` of `benchmarks/reliability.py`."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.ledger.rounds import kill_rounds


@pytest.mark.slow
def test_no_acknowledged_append_is_lost_to_kill_9(tmp_path: Path) -> None:
    found = kill_rounds(tmp_path, rounds=40, seed=1, per_record=10)
    assert found.lost == []
    assert found.rounds == 40
    assert found.acknowledged > 30
