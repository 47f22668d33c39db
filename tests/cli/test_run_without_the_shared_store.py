"""A shared store that cannot be used costs no finished attempt."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import Ran

Sc = Callable[..., Ran]


@pytest.mark.slow
def test_a_run_goes_on_and_says_what_is_not_shared(sc: Sc, coin: Path, tmp_path: Path) -> None:
    blocked = tmp_path / "shared"
    blocked.write_text("a file in the way", "utf-8")
    assert sc("record", "artefacts", "set", blocked.as_uri(), coin).code == 0
    ran = sc("run", coin)
    assert ran.code == 0, ran.err
    assert "completed" in ran.out + ran.err
    assert "kept in the folder of the case, but not shared" in ran.out + ran.err
    assert sc("verify", coin).code == 0
    blocked.unlink()
    pushed = sc("record", "artefacts", "push", coin)
    assert pushed.code == 0
    assert not pushed.out.startswith("0 pushed")
    assert "not shared yet" not in sc("record", "artefacts", "status", coin).out
