"""A run that fails is a finding at its place, on every page that tells of the case."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import COIN, Ran, write_case

Sc = Callable[..., Ran]
PLACE = "case.yaml:30:11: warning C141 `E-COIN` has no result: RuntimeError: the method fell over"


@pytest.mark.slow
def test_a_failed_run_is_a_finding_with_its_place_and_the_way_out(sc: Sc, tmp_path: Path) -> None:
    text = COIN.replace("toy/coin", "toy/raises")
    folder = write_case(tmp_path / "c", text, {"items.txt": "x"})
    assert "C141" not in sc("status", folder).out
    ran = sc("run", folder)
    assert ran.code == 0
    for told in (ran.out, sc("status", folder).out):
        assert PLACE in told
        assert "`safetycase run --only E-COIN`" in told
    found = sc("status", folder, "--json").json["findings"]
    assert [(f["code"], f["severity"], f["subject"]) for f in found] == [
        ("C141", "warning", "E-COIN")
    ]
    page = (folder / "report" / "index.html").read_text("utf-8")
    assert "the method fell over" in page
    # Once it is mended the finding is gone; the failed attempt stays in the record.
    write_case(folder, COIN, {})
    assert sc("run", folder).code == 0
    told = sc("status", folder).out
    assert "C141" not in told
    assert "1 failed" in told
