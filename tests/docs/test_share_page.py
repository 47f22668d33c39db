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
            assert counted(expected) in counted(done.out), (command, done.out)
    spoilt = bytearray((coin / "coin.scbundle").read_bytes())
    first = spoilt.index(b'"sig":"')
    second = spoilt.index(b'"sig":"', first + 1) + 17
    spoilt[second] = ord("B") if spoilt[second] == ord("A") else ord("A")
    (coin / "bad.scbundle").write_bytes(spoilt)
    done = sc("verify", "bad.scbundle", cwd=coin)
    assert done.code == 3
    said = re.search(r"```text\n(.*?)```", text, re.DOTALL)
    assert said is not None
    assert said[1] in done.out


def counted(text: str) -> str:
    """How many artefacts there are depends on the files of the method that ran."""
    return re.sub(r"\b[1-9]\d* artefacts", "N artefacts", text)
