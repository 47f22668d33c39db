"""The how-to on reviewing is executed as it is written."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import Ran

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "review-a-case.md"


@pytest.mark.slow
def test_the_page_works_as_written(
    sc: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "140")
    outs: list[str] = []
    blocks = re.findall(
        r"```(\w+)(?: title=\"([^\"]+)\")?\n(.*?)```", PAGE.read_text("utf-8"), re.S
    )
    for language, title, text in blocks:
        if title:
            (tmp_path / title).write_text(text, "utf-8")
        elif language == "sh":
            subprocess.run(["sh", "-c", text], cwd=tmp_path, check=True)
        elif language == "console":
            outs = [ran(sc, line, tmp_path, monkeypatch) for line in text.splitlines()]
        elif language == "text":
            for shown in text.splitlines():
                wanted = " ".join(shown.split())
                assert any(wanted in out for out in outs), (wanted, outs)
    assert len(blocks) > 15


def ran(sc: Callable[..., Ran], line: str, folder: Path, patch: pytest.MonkeyPatch) -> str:
    """What a line of the page prints; it has to do what it says."""
    words = shlex.split(line.removeprefix("$ "))
    with patch.context() as inner:
        while "=" in words[0]:
            name, _, value = words.pop(0).partition("=")
            inner.setenv(name, str(folder / value))
        done = sc(*words[1:], cwd=folder)
    assert done.code in (0, 4), (line, done.err)
    return " ".join(done.out.split())
