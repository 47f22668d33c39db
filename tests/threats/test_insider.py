"""An author settles what somebody else has to settle."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import COIN, write_case

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
