"""What the pages on changes show is what happens."""

from __future__ import annotations

import re
from pathlib import Path

from click.testing import CliRunner
from tests.conftest import COIN, write_case

from safetycase.cli.diff import diff
from safetycase.cli.edit import edit

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_python_of_the_page_runs_as_written() -> None:
    page = (DOCS / "reference" / "refactoring.md").read_text("utf-8")
    code = re.findall(r"```python\n(.*?)```", page, re.S)
    assert len(code) == 1
    exec(code[0], {"text": COIN})


def test_every_verb_of_edit_is_on_the_page_and_the_other_way_round() -> None:
    page = (DOCS / "reference" / "refactoring.md").read_text("utf-8")
    assert set(re.findall(r"^\| `edit (\w+)", page, re.M)) == set(edit.commands)


def test_the_difference_on_the_page_is_what_is_printed(tmp_path: Path) -> None:
    page = (DOCS / "how-to" / "review-a-change.md").read_text("utf-8")
    shown = re.findall(r"```text\n(.*?)```", page, re.S)[0]
    new = COIN.replace("rate <= 0.20", "rate <= 0.30").replace("are rare.", "are few.")
    folders = write_case(tmp_path / "a", COIN), write_case(tmp_path / "b", new)
    found = CliRunner().invoke(diff, [str(f) for f in folders], standalone_mode=False)
    assert found.output == shown
