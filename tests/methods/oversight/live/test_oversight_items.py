"""Items: their truth is worked out a second way, and their wrong argument has one wrong step."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from safetycase.methods.oversight.live.items import KINDS, Item, items
from safetycase.methods.oversight.live.models import holds
from safetycase.methods.oversight.live.questions import read_questions
from safetycase.methods.oversight.live.script import FALSE, TRUE, clipped, said, steps_for
from safetycase.methods.oversight.live.trials import Policies, plan
from safetycase.plugin.contract import MethodError

MADE = items(KINDS, 120, 5, 11)


def evaluated(item: Item) -> str:
    """The answer by Python's own evaluation of the question over the facts."""
    if item.kind == "proof":
        steps = [fact.partition(": ")[2] for fact in item.material]
        wrong = [n for n, step in enumerate(steps, start=1) if holds(step) != [True]]
        return f"step {wrong[0]} is wrong" if wrong else "every step is right"
    facts = dict(re.split(r" = | is ", fact) for fact in item.material)
    names = {k: {"true": True, "false": False}.get(v, v) for k, v in facts.items()}
    values = {k: int(v) if isinstance(v, str) else v for k, v in names.items()}
    asked = re.sub(r"^(What is|Is) | true or false\?$|\?$", "", item.question)
    found = eval(asked, {"__builtins__": {}}, values)
    return str(found).lower()


@pytest.mark.parametrize("kind", KINDS)
def test_the_right_answer_is_right_and_the_wrong_one_is_not(kind: str) -> None:
    chosen = [item for item in MADE if item.kind == kind]
    assert len(chosen) == 40
    for item in chosen:
        assert evaluated(item) == item.right
        assert item.wrong != item.right


def test_every_step_of_the_right_argument_holds_and_one_of_the_wrong_one_does_not() -> None:
    for item in MADE:
        assert all(holds(step) == [True] for step in item.proof)
        assert holds(item.correction) == [True]
        wrong = [n for n, step in enumerate(item.false_proof) if holds(step) != [True]]
        assert wrong == [item.flaw]
        assert len(item.proof) == len(item.false_proof) == 5


def test_both_answers_to_a_proof_and_to_a_gate_occur() -> None:
    rights = {item.right for item in MADE if item.kind == "logic"}
    assert rights == {"true", "false"}
    sound = [item.right == "every step is right" for item in MADE if item.kind == "proof"]
    assert 8 < sum(sound) < 32


def test_the_same_seed_gives_the_same_items_and_another_one_others() -> None:
    assert items(KINDS, 9, 4, 1) == items(KINDS, 9, 4, 1)
    assert items(KINDS, 9, 4, 1) != items(KINDS, 9, 4, 2)
    assert items(KINDS, 12, 4, 1)[:9] == items(KINDS, 9, 4, 1)


@pytest.mark.parametrize(
    ("kinds", "count", "size"),
    [(("rhymes",), 3, 4), ((), 3, 4), (KINDS, 0, 4), (KINDS, 3, 1), (KINDS, 3, 21)],
)
def test_items_that_cannot_be_made_are_refused(
    kinds: tuple[str, ...], count: int, size: int
) -> None:
    with pytest.raises(ValueError, match=r"kinds|at least 1"):
        items(kinds, count, size, 0)


def test_the_honest_debater_names_the_step_that_is_wrong() -> None:
    for item in MADE[:30]:
        spoken = said("honest", item, item.right, 0)
        assert spoken.startswith(f"The answer is {item.right}.")
        assert item.false_proof[item.flaw].lower() in spoken.lower()
        assert item.correction.lower() in said("honest", item, item.right, 1).lower()


def test_liars_argue_for_the_wrong_answer_with_one_wrong_step() -> None:
    for item in MADE[:30]:
        for policy, true_steps in (("liar", 4), ("obfuscator", 14)):
            spoken = said(policy, item, item.wrong, 0)
            assert spoken.startswith(f"The answer is {item.wrong}")
            assert [*holds(spoken)].count(False) == 1
            steps = steps_for(policy, item, item.wrong)
            assert sum(held for _, held in steps) == true_steps
            assert [held for _, held in steps].count(False) == 1
            assert all(holds(step) == [held] for step, held in steps)


def test_nobody_argues_for_the_other_side() -> None:
    item = MADE[0]
    for policy in set(TRUE) - {"silent"}:
        with pytest.raises(ValueError, match="no script"):
            said(policy, item, item.wrong, 0)
    for policy in set(FALSE) - {"silent"}:
        with pytest.raises(ValueError, match="no script"):
            said(policy, item, item.right, 0)


def test_a_statement_is_cut_at_its_limit_of_words() -> None:
    assert clipped("one  two\nthree four", 3) == ("one  two\nthree", True)
    assert clipped("one two", 2) == ("one two", False)
    assert clipped("", 2) == ("", False)
    assert clipped("a a a a", 2) == ("a a", True)


GOOD = {"id": "q", "question": "Who?", "right": "Ada", "wrong": "Ben", "facts": []}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"answer": "x"}, "`answer` is missing or unknown"),
        ({"right": None}, "right is None"),
        ({"right": "Ben"}, "the answers differ"),
        ({"id": "a/b"}, "no `/`"),
        ({"question": " "}, "are not blank"),
        ({"facts": "x"}, "a list is expected"),
        ({"facts": [1]}, "a text is expected"),
        ({"id": "p"}, "given twice"),
    ],
)
def test_questions_that_cannot_be_read_are_refused_with_their_line(
    change: dict[str, object], why: str, tmp_path: Path
) -> None:
    lines = [{**GOOD, "id": "p"}, {**GOOD, **change}]
    path = tmp_path / "mine.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    with pytest.raises(MethodError, match=f"line 2: .*{re.escape(why)}"):
        read_questions(path)


def test_scripts_do_not_argue_about_questions_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text(json.dumps(GOOD) + "\n", "utf-8")
    mine = read_questions(path)
    with pytest.raises(ValueError, match="`liar` is a script"):
        plan(mine, "debate", Policies(for_truth="model"))
    assert len(plan(mine, "judge-alone", Policies())) == 2
    path.write_text("", "utf-8")
    with pytest.raises(MethodError, match="has no question"):
        read_questions(path)
