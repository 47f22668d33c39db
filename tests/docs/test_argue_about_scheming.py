"""The overview of the scheming methods: what it names is there, and its commands run."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from tests.conftest import Ran

from safetycase.plugin.catalogue import installed

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "docs" / "how-to" / "argue-about-scheming.md"
PAGES = (
    PAGE,
    ROOT / "docs" / "why" / "power-not-absence.md",
    ROOT / "docs" / "why" / "full-information-by-default.md",
)


def test_every_method_and_page_that_it_names_is_there() -> None:
    text = PAGE.read_text("utf-8")
    named = set(re.findall(r"`((?:scheming|control|misuse)/[a-z-]+)`", text))
    assert len(named) >= 15
    assert named <= set(installed().methods)
    for page in PAGES:
        for link in re.findall(r"\]\(([^)#]+)", page.read_text("utf-8")):
            assert (page.parent / link).is_file(), f"{page.name}: {link}"


def test_its_commands_run(sc: Callable[..., Ran], tmp_path: Path) -> None:
    block = re.findall(r"```console\n(.*?)```", PAGE.read_text("utf-8"), re.S)
    commands = [line.removeprefix("$ safetycase ").split() for line in block[0].splitlines()]
    assert len(commands) == 2
    assert [sc(*words, cwd=tmp_path).code for words in commands] == [0, 0]
