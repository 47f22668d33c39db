"""An author settles what somebody else has to settle."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.conftest import COIN, write_case
from tests.threats.conftest import Sc

from safetycase.workspace.checking import check_folder

DOUBT = """\
authors: [{name: alice}]
defeaters:
  - defeater: D-BIASED
    against: E-COIN
    says: The coin may be biased.
    accepted: {doubt: 0.05, because: It is small., owner: WHO, expires: 2099-01-01}
"""


def test_an_author_cannot_accept_a_doubt_of_the_own_case(tmp_path: Path) -> None:
    for who, refused in (("alice", True), ("board", False)):
        text = COIN + DOUBT.replace("WHO", who)
        checked = check_folder(write_case(tmp_path / who, text, {"items.txt": "x"}))
        codes = {f.code for f in checked.findings if f.severity == "error"}
        assert ("C113" in codes) is refused, checked.findings


@pytest.mark.slow
def test_who_registered_a_result_cannot_waive_what_made_it_stale(sc: Sc, coin: Path) -> None:
    assert sc("run", coin).code == 0
    (coin / "items.txt").write_text("head or tail, differently\n")
    before = (coin / "ledger" / "log.jsonl").read_bytes()
    words = ("--reason", "only a comment", "--author", "alice", "--reviewer", "bob")
    words += ("--expires", "2027-01-01", "--yes")
    refused = sc("record", "waive", "E-COIN", coin, *words)
    assert refused.code == 2, refused.out
    assert (coin / "ledger" / "log.jsonl").read_bytes() == before
    state = sc("status", coin, "--json").json["states"]["E-COIN"]
    assert state["freshness"]["word"] == "stale"
