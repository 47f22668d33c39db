"""The pages on mutations: the commands run as written, and the table is that of the catalogue."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from safetycase.cli.mutate import mutate
from safetycase.testing.mutation.page import page

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "how-to" / "mutate-a-case.md").read_text("utf-8")


def test_the_reference_is_the_catalogue() -> None:
    assert (ROOT / "docs" / "reference" / "mutations.md").read_text("utf-8") == page()


@pytest.mark.slow
def test_the_commands_of_the_page_run_as_written() -> None:
    (block,) = re.findall(r"```console\n(.*?)```", PAGE, re.S)
    commands = [line.removeprefix("$ safetycase mutate ").split() for line in block.splitlines()]
    assert len(commands) == 4
    outputs = []
    for words in commands:
        there = [str(ROOT / word) if word.startswith("cases/") else word for word in words]
        done = CliRunner().invoke(mutate, there, standalone_mode=False)
        assert done.return_value == 0, done.output
        outputs.append(done.output)
    (shown,) = re.findall(r"```text\n(.*?)```", PAGE, re.S)
    without = [line for line in outputs[1].splitlines() if not line.startswith("  as if")]
    assert without == shown.splitlines()
