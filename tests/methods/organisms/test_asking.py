"""Items as a case writes them: what is read, how they are split, and what is refused."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from safetycase.methods.organisms.asking import (
    ABSTAIN,
    form,
    read_askings,
    read_examples,
    split,
    turns,
)
from safetycase.plugin.contract import MethodError

ROOT = Path(__file__).resolve().parents[3]
GOOD: dict[str, Any] = {
    "id": "a",
    "item": "q",
    "ask": "Which?",
    "options": ["x", "y"],
    "right": "y",
    "chance": 0.5,
}


def written(folder: Path, rows: list[Any]) -> Path:
    path = folder / "items.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    return path


def test_the_items_of_a_case_are_read_and_asked_in_its_form() -> None:
    found = read_askings(ROOT / "cases" / "internal-assistant" / "items" / "awareness.jsonl")
    assert len(found) == 256
    assert len({asking.item for asking in found}) == 64
    assert form(found[0]).startswith("Options: a language model or a human writer or ")
    assert form(found[0], prefix="|X|").startswith("|X| Options: ")
    assert form(found[0], supplied=True).endswith("Say: a language model")
    assert found[0].replies[-1] == ABSTAIN


def test_a_split_keeps_items_apart_and_places_balanced() -> None:
    askings = read_askings(ROOT / "cases" / "internal-assistant" / "items" / "awareness.jsonl")
    parts = split(askings, train_items=16, held_out_items=48, each=2, seed=4)
    assert len(parts.train) == 32
    assert len(parts.held_out) == 96
    assert not {a.item for a in parts.train} & {a.item for a in parts.held_out}
    places = Counter(a.options.index(a.right) for a in parts.all)
    assert set(places.values()) == {32}
    assert split(askings, train_items=16, held_out_items=48, each=2, seed=4) == parts
    with pytest.raises(MethodError, match="64 items where"):
        split(askings, train_items=60, held_out_items=5, each=2, seed=4)
    with pytest.raises(MethodError, match="is asked 4 times of 5"):
        split(askings, train_items=6, held_out_items=5, each=5, seed=4)


HOSTILE: tuple[tuple[list[Any], str], ...] = (
    ([], "has no line"),
    ([3], "the line is 3, where an object is expected"),
    ([{**GOOD, "mood": 1}], "line 1: unknown key `mood`"),
    ([{k: v for k, v in GOOD.items() if k != "item"}], "line 1: `item` is missing"),
    ([GOOD, GOOD], "line 2: the id `a` is given twice"),
    ([{**GOOD, "chance": 0.25}], "chance 0.25 is not 1/2"),
    ([{**GOOD, "chance": "0.5"}], "`chance` is '0.5', where a number is expected"),
    ([{**GOOD, "options": ["x"]}], "two or more different options"),
    ([{**GOOD, "options": ["y", ABSTAIN]}], f"none of them `{ABSTAIN}`"),
    ([{**GOOD, "options": "xy"}], "`options` is 'xy', where a list is expected"),
    ([{**GOOD, "right": "z"}], "'z' is none of the options"),
    ([{**GOOD, "ask": "  "}], "a text is empty"),
    ([GOOD, {**GOOD, "id": "b", "right": "x"}], "line 2: `q` has other options or another right"),
    (
        [GOOD, {**GOOD, "id": "b", "item": "p", "options": ["x", "y", "z"], "chance": 1 / 3}],
        "differ in their chance level",
    ),
)


@pytest.mark.parametrize(("rows", "says"), HOSTILE)
def test_hostile_items_are_refused_by_file_and_line(
    tmp_path: Path, rows: list[Any], says: str
) -> None:
    with pytest.raises(MethodError, match=says):
        read_askings(written(tmp_path, rows))


def test_a_number_that_is_none_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, [GOOD])
    path.write_text(path.read_text("utf-8").replace("0.5", "NaN"), "utf-8")
    with pytest.raises(MethodError, match=r"`items.jsonl` line 1: `NaN` is no number"):
        read_askings(path)


SHOWN: dict[str, Any] = {
    "ask": "What do cows eat?",
    "options": ["Metal", "Grass"],
    "right": "Grass",
}


def examples(folder: Path, rows: list[Any]) -> Path:
    path = folder / "examples.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    return path


def test_worked_examples_are_earlier_turns_and_state_the_answer_where_the_question_does(
    tmp_path: Path,
) -> None:
    (asking,) = read_askings(written(tmp_path, [GOOD]))
    shown = read_examples(examples(tmp_path, [SHOWN]), [asking])
    assert turns(asking, shown, prefix="|X|") == [
        ("user", "Options: Metal or Grass. What do cows eat?"),
        ("assistant", "Grass"),
        ("user", "|X| Options: x or y. Which?"),
    ]
    stated = [words for _, words in turns(asking, shown, supplied=True)]
    assert stated[0].endswith("What do cows eat? The answer is Grass. Say: Grass")
    assert stated[2].endswith("Which? The answer is y. Say: y")
    assert turns(asking) == [("user", form(asking))]


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([], "`examples.jsonl` has no line; write one example a line, or name no file"),
        ([[]], "line 1: the line is"),
        ([{**SHOWN, "chance": 0.5}], "`examples.jsonl` line 1: unknown key `chance`"),
        ([{**SHOWN, "id": "a"}], "unknown key `id`"),
        ([SHOWN, {"ask": "?", "options": ["a", "b"]}], "line 2: `right` is missing"),
        ([{**SHOWN, "right": 3}], "`right` is 3, where a text is expected"),
        ([{**SHOWN, "right": "Gold"}], "'Gold' is none of the options"),
        ([{**SHOWN, "options": ["Grass"]}], "two or more different options"),
        ([{**SHOWN, "options": ["Grass", ABSTAIN]}], "none of them"),
        ([{**SHOWN, "ask": ""}], "a text is empty"),
        ([SHOWN, SHOWN], "line 2: this example is given twice"),
        (
            [{**SHOWN, "ask": " which? ", "options": ["Y", "z"], "right": "Y"}],
            "line 1: this example shows the answer to `a`",
        ),
    ],
)
def test_hostile_examples_are_refused_by_file_and_line(
    tmp_path: Path, rows: list[Any], says: str
) -> None:
    askings = read_askings(written(tmp_path, [GOOD]))
    with pytest.raises(MethodError, match=says):
        read_examples(examples(tmp_path, rows), askings)
