"""The how-to for Inspect users is executed as it is written."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import Ran, write_case

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "how-to" / "inspect.md"


def blocks() -> dict[str, str]:
    found = re.findall(r"```(\w+)(?: title=\"([^\"]+)\")?\n(.*?)```", PAGE.read_text("utf-8"), re.S)
    return {title or f"{language}": text for language, title, text in found}


@pytest.mark.model
@pytest.mark.server
def test_the_page_works_as_written(sc: Callable[..., Ran], tmp_path: Path) -> None:
    parts = blocks()
    commands = [
        line.removeprefix("$ safetycase ").split() for line in parts["console"].splitlines()
    ]
    assert len(commands) == 2
    folder = write_case(tmp_path / "mine", parts["case.yaml"], {"sums.py": parts["sums.py"]})
    outs = [sc(*words, cwd=folder, timeout=300) for words in commands]
    assert [o.code for o in outs] == [0, 0], outs[0].err
    assert "CANNOT-ADD" in outs[1].out
    log = next(
        p
        for p in (folder / "ledger" / "objects").rglob("*")
        if p.is_file() and p.read_bytes()[:2] == b"PK"
    )
    text = parts["case.yaml"]
    lines = parts["yaml"].rstrip("\n").splitlines()
    text = re.sub(r"    method: .*\n    with: .*\n", "\n".join(lines) + "\n", text)
    other = write_case(tmp_path / "logged", text)
    (other / "my-run.eval").write_bytes(log.read_bytes())
    outs = [sc(*words, cwd=other, timeout=300) for words in commands]
    assert [o.code for o in outs] == [0, 0], outs[0].err
    first = sc("status", folder, "--json").json["leaves"]["E-SUMS"]["quantities"][0]
    second = sc("status", other, "--json").json["leaves"]["E-SUMS"]["quantities"][0]
    assert first["estimate"] == second["estimate"]
