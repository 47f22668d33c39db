"""The how-to on freshness is executed as it is written, and prints what it shows."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
from tests.conftest import Ran

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "keep-evidence-fresh.md"


@pytest.mark.slow
def test_the_page_works_as_written(
    sc: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = PAGE.read_text("utf-8")
    blocks = re.findall(r"```(\w+)(?: title=\"([^\"]+)\")?\n(.*?)```", page, re.S)
    folder = tmp_path / "case"
    for _, title, text in blocks:
        if title:
            path = folder / title
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    install(folder)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(folder), os.environ["PYTHONPATH"])))
    monkeypatch.setenv("COLUMNS", "140")
    outs: list[str] = []
    for language, title, text in blocks:
        if language == "sh":
            subprocess.run(["sh", "-c", text], cwd=folder, check=True)
        elif language == "text":
            shown = " ".join(text.split())
            assert any(shown in out for out in outs[-2:]), outs[-2:]
        elif language == "console" and not title:
            outs += [ran(sc, line, folder, monkeypatch) for line in text.splitlines()]
    assert "Nothing is due" in outs[1]
    assert "stale (instrument.code.coins.throwing)" in outs[3]
    assert "Nothing is due" in outs[-5]
    assert "■ fresh" in outs[-2]
    assert "verified" in outs[-1]


def install(folder: Path) -> None:
    """What `pip install -e .` leaves behind, as far as entry points go."""
    project = (folder / "pyproject.toml").read_text("utf-8")
    target = re.search(r'^"(.+)" = "(.+)"$', project, re.M)
    assert target is not None
    info = folder / "coins-0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: coins\nVersion: 0.1\n", "utf-8")
    (info / "entry_points.txt").write_text(
        f"[safetycase.methods]\n{target[1]} = {target[2]}\n", "utf-8"
    )


def ran(sc: Callable[..., Ran], line: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    words = shlex.split(line.removeprefix("$ "))
    with monkeypatch.context() as patch:
        while "=" in words[0]:
            name, _, value = words.pop(0).partition("=")
            patch.setenv(name, str((folder / value).resolve()))
        assert words[0] == "safetycase"
        if words[1:3] == ["record", "keys"] and find_spec("safetycase.cli.record_keys") is None:
            return ""  # without that part every key may review
        found = sc(*words[1:], cwd=folder)
    # The case stays a sketch without credences, so its verdict is that its number is too low.
    assert found.code in ((0, 4) if words[1] == "status" else (0,)), (line, found.err)
    return " ".join(found.out.split())
