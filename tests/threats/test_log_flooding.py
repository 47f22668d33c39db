"""A run writes without end, to drown the record or fill the disk.

There is no endpoint that takes events from outside yet. What can be shown today: whatever a run
prints, reports or returns, the record and its artefacts grow by a bounded amount, and say so.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.conftest import COIN, write_case
from tests.threats.conftest import Sc, lines_of

from safetycase.plugin.contract import Measurement, Transcript
from safetycase.plugin.wire import MAX_TEXT, measurement_json
from safetycase.stats import Proportion

MOST = 4_000_000


def size(folder: Path) -> int:
    return sum(p.stat().st_size for p in (folder / "ledger").rglob("*") if p.is_file())


@pytest.mark.slow
def test_a_run_that_floods_its_output_leaves_a_bounded_record(sc: Sc, tmp_path: Path) -> None:
    for name in ("toy/garbage", "toy/hostile"):
        text = COIN.replace("method: toy/coin", f"method: {name}")
        folder = write_case(tmp_path / name.replace("/", "-"), text, {"items.txt": "x"})
        assert sc("run", folder).code == 0
        assert size(folder) < MOST
        assert max(map(len, lines_of(folder))) < 500_000
        assert sc("verify", folder).code == 0


def test_what_is_cut_says_how_much_was_cut() -> None:
    found = measurement_json(
        Measurement(
            quantities={"rate": Proportion(successes=0, trials=1)},
            transcripts=(Transcript(id="t", prompt="p", output="x" * 5_000_000),),
        )
    )
    text = found["transcripts"][0]["output"]
    assert len(text) < MAX_TEXT + 100
    assert f"[cut: {5_000_000 - MAX_TEXT} more characters]" in text
