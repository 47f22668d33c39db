"""The page on sharing a record is executed as it is written."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import Ran

PAGE = Path(__file__).resolve().parents[2] / "docs/how-to/share-and-check-a-record.md"


@pytest.mark.slow
def test_the_page_works_as_written(sc: Callable[..., Ran], coin: Path) -> None:
    assert sc("run", coin).code in (0, 4)
    text = PAGE.read_text("utf-8")
    blocks = re.findall(r"```console\n(.*?)```", text, re.DOTALL)
    assert len(blocks) == 4
    for block in blocks:
        for part in block.split("$ safetycase ")[1:]:
            command, _, expected = part.partition("\n")
            done = sc(*shlex.split(command), cwd=coin)
            assert done.code == 0, (command, done.err)
            assert expected in done.out, (command, done.out)
    spoilt = bytearray((coin / "coin.scbundle").read_bytes())
    second = spoilt.index(b"\n", spoilt.index(b'"payload"'))
    spoilt[second + 400] ^= 1
    (coin / "bad.scbundle").write_bytes(spoilt)
    done = sc("verify", "bad.scbundle", cwd=coin)
    assert done.code == 3
    said = re.search(r"```text\n(.*?)```", text, re.DOTALL)
    assert said is not None
    assert said[1] in done.out
