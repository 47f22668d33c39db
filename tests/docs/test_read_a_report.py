"""The page on reading a report: its commands run as written, and its pictures are there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from safetycase.cli.main import cli
from safetycase.report.links import VIEWS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "how-to" / "read-a-report.md").read_text("utf-8")


@pytest.mark.slow
def test_its_commands_run_as_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cases").symlink_to(ROOT / "cases")
    blocks = re.findall(r"```console\n\$ safetycase (.*?)\n(.*?)```", PAGE, re.S)
    assert len(blocks) == 3
    for command, output in blocks:
        words = [*shlex.split(command), "--now", "2026-11-23"]
        result = CliRunner().invoke(cli, words, standalone_mode=False)
        assert result.exception is None, result.exception
        assert result.stdout == output
    changes = (tmp_path / "changes.html").read_text("utf-8")
    assert 'id="changes"' in changes
    assert (tmp_path / "pages" / "map.html").is_file()


def test_it_names_every_view_and_its_pictures_are_small_enough_to_load() -> None:
    rows = set(re.findall(r"^\| ([A-Z][\w ]+?) \|", PAGE, re.M))
    assert rows == {word for key, word in VIEWS.items() if key != "index"}
    pictures = re.findall(r"\]\(\.\./images/([\w-]+\.png)\)", PAGE)
    assert len(pictures) == 12
    for name in pictures:
        assert 10_000 < (ROOT / "docs" / "images" / name).stat().st_size < 200_000
