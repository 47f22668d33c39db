"""The how-to on funding is executed as it is written, and prints what it shows."""

from __future__ import annotations

import gc
import re
import shlex
import sys
from pathlib import Path

import pytest
from tests.conftest import write_case

from safetycase.cli import main

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "fund-research.md"


def test_the_page_works_as_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = PAGE.read_text("utf-8")
    blocks = re.findall(r"```(\w+)(?: title=\"[^\"]+\")?\n(.*?)```", page, re.S)
    monkeypatch.setattr(main, "cli", main._Verbs("safetycase"))
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.chdir(write_case(tmp_path / "case", blocks[0][1]))
    outs: list[str] = []
    for language, text in blocks[1:]:
        if language == "text":
            assert outs[-1] == text
        for line in text.splitlines() if language == "console" else ():
            monkeypatch.setattr(sys, "argv", shlex.split(line.removeprefix("$ ")))
            code = main._main()
            gc.enable()
            out, err = capsys.readouterr()
            assert code == 0, err
            outs.append(out)
    assert "P-OBFUSCATION, P-STABILITY — headline bound 1" in outs[0]
    assert "verified" in outs[-1]
    assert outs[-2] != outs[1]  # the failed shot moved the split
    names = sorted(path.name for path in Path("calls").iterdir())
    assert names == ["P-MONITOR.md", "P-OBFUSCATION.md", "P-STABILITY.md"]
