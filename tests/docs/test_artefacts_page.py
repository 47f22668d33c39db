"""The commands of the page about artefacts are executed as they are written."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from tests.conftest import Ran

from safetycase.ledger import ObjectStore, Writer, load_or_create

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "artefacts.md"
AT = "2026-11-23T09:30:00Z"


def commands() -> list[list[str]]:
    blocks = re.findall(r"```console\n(.*?)```", PAGE.read_text("utf-8"), re.S)
    return [
        line.removeprefix("$ safetycase ").split()
        for block in blocks[:1]
        for line in block.splitlines()
    ]


def test_the_page_works_as_written(sc: Callable[..., Ran], coin: Path, tmp_path: Path) -> None:
    ledger = coin / "ledger"
    digest = ObjectStore(ledger).put(b"what a shot left")
    with Writer(ledger, load_or_create(tmp_path / "key.pem", "me")) as writer:
        shot = {"note": "shot", "shot": "S-1", "item": "SAFE", "by": "me", "approach": "try"}
        writer.append("note", shot | {"family": None, "cost": None}, at=AT)
        result = {"note": "shot-result", "shot": "S-1", "outcome": "failed", "says": "no"}
        writer.append("note", result | {"artefacts": {"log": digest}}, at=AT)
    shared = tmp_path / "our-artefacts"
    words = [
        [word.replace("file:///tmp/our-artefacts", shared.as_uri()) for word in line]
        for line in commands()
    ]
    assert [line[2] for line in words] == ["set", "push", "status", "pull"]
    outs = [sc(*line, cwd=coin) for line in words]
    assert [ran.code for ran in outs] == [0, 0, 0, 0], outs
    assert outs[1].out == "1 pushed\n"
    assert "1 named by the record, 1 here, 1 shared" in outs[2].out
    assert ObjectStore(shared).get(digest) == b"what a shot left"
    redacted = re.search(r"record artefacts redact \S+ --reason", PAGE.read_text("utf-8"))
    assert redacted is not None
    ran = sc("record", "artefacts", "redact", digest, "--reason", "asked", cwd=coin)
    assert ran.code == 0
