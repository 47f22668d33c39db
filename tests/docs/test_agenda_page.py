"""The page on the agenda: its Python runs, its library is read, its table has every verb."""

from __future__ import annotations

import re
from pathlib import Path

from safetycase.agenda.funding import BUILT_IN
from safetycase.agenda.library import read_library
from safetycase.cli.agenda import agenda
from safetycase.cli.agenda_shot import shot

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "agenda.md").read_text("utf-8")


def test_the_python_of_the_page_runs_as_written() -> None:
    code = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    assert len(code) == 1
    exec(code[0], {})


def test_the_library_on_the_page_is_one() -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.S)
    entries, findings = read_library(text, "page.yaml")
    assert findings == ()
    assert [entry.id for entry in entries] == ["NAME/P1"]


def test_every_verb_is_on_the_page_and_the_other_way_round() -> None:
    named = set(re.findall(r"^\| `agenda (\[list\]|shot \w+|\w+)", PAGE, re.M))
    verbs = {"[list]" if name == "list" else name for name in agenda.commands if name != "shot"}
    assert named == verbs | {f"shot {name}" for name in shot.commands}


def test_the_built_in_numbers_are_those_on_the_page() -> None:
    taken = BUILT_IN
    assert (taken.solvable.at_least, taken.solvable.at_most) == (0.1, 0.9)
    assert (taken.each_shot.at_least, taken.each_shot.at_most) == (0.02, 0.5)
    assert taken.cost == 1
    assert "(0.1 to 0.9, 0.02 to 0.5, and 1)" in PAGE
