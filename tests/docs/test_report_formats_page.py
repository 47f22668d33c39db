"""The page on the formats of the report: each is written where it says, and the same again."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.conftest import COIN, write_case

from safetycase.cli.report import WRITERS, report
from safetycase.cli.report_pdf import find_browser

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "report-formats.md"
ROWS = re.findall(r"^\| `([\w-]+)` \| `([^`]+)`.* \| (yes|no)\b", PAGE.read_text("utf-8"), re.M)


def bytes_of(path: Path) -> dict[str, bytes]:
    """Every file at or below `path`."""
    if path.is_file():
        return {path.name: path.read_bytes()}
    return {str(p.relative_to(path)): p.read_bytes() for p in path.rglob("*") if p.is_file()}


def test_the_table_lists_every_format() -> None:
    assert [form for form, _file, _same in ROWS] == list(WRITERS)


@pytest.mark.slow
def test_each_format_is_written_where_the_table_says_and_is_the_same_again(tmp_path: Path) -> None:
    case = write_case(tmp_path / "coin", COIN, {"items.txt": "x"})
    for form, file, same in ROWS:
        if form == "pdf" and find_browser(os.environ) is None:
            continue
        words = [str(case), "--format", form, "--now", "2026-11-28T10:00:00Z"]
        seen = []
        for _ in range(2 if same == "yes" else 1):
            done = CliRunner().invoke(report, words, standalone_mode=False)
            assert done.exception is None, (form, done.output, done.exception)
            assert done.output.strip().splitlines()[-1] == str(case / "report" / file.rstrip("/"))
            seen.append(bytes_of(case / "report" / file))
        assert seen[0], form
        assert seen[0] == seen[-1], form
