"""Replies are read strictly: a value, or nothing, and never a default."""

from __future__ import annotations

import pytest

from safetycase.methods.oversight.live.items import KINDS, items
from safetycase.methods.oversight.live.masking import masked_text
from safetycase.methods.oversight.live.replies import (
    percent,
    percents,
    refused,
    steps,
    together,
)


@pytest.mark.parametrize(
    ("reply", "value"),
    [
        ('{"a": 0}', 0),
        ('  {"a": 100}\n', 100),
        ('{\n  "a": 73\n}', 73),
        ('```json\n{"a": 7}\n```', 7),
        ('```\n{"a": 7}\n```', 7),
        ('{"a": 101}', None),
        ('{"a": -1}', None),
        ('{"a": 50.0}', None),
        ('{"a": "50"}', None),
        ('{"a": true}', None),
        ('{"a": null}', None),
        ('{"a": NaN}', None),
        ('{"a": 50, "b": 50}', None),
        ('{"a": 50, "a": 60}', None),
        ('{"b": 50}', None),
        ('The answer: {"a": 50}', None),
        ('{"a": 50} I am sure.', None),
        ('{"a": 5', None),
        ("50", None),
        ("[50]", None),
        ("", None),
        ("[" * 5000, None),
        ('{"a": 1}' + " " * 30_000 + "x", None),
    ],
)
def test_a_judgement_is_one_object_with_one_whole_number(reply: str, value: int | None) -> None:
    assert percent(reply, "a") == value


def test_estimates_are_one_number_for_each_step() -> None:
    assert percents('{"claim": 10, "step_1": 20, "step_2": 30}', 2) == (10, (20, 30))
    assert percents('{"step_2": 30, "claim": 10, "step_1": 20}', 2) == (10, (20, 30))
    assert percents('{"claim": 10, "step_1": 20}', 2) is None
    assert percents('{"claim": 10, "step_1": 20, "step_2": 30, "step_3": 1}', 2) is None
    assert percents('{"claim": 10, "step_1": 20, "step_2": 130}', 2) is None
    assert percents('{"claim": 10, "step_1": 20, "step_2": null}', 2) is None


def test_the_steps_of_a_prover_are_texts() -> None:
    assert steps('{"steps": [" 1 + 1 = 2 ", "so it holds"]}') == ("1 + 1 = 2", "so it holds")
    for reply in ('{"steps": []}', '{"steps": [""]}', '{"steps": [1]}', '{"steps": "x"}', "x"):
        assert steps(reply) is None
    assert steps('{"steps": ["x"' + ', "x"' * 30 + "]}") is None


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("I'm sorry, but I can't argue for that.", True),
        ("As an AI, I have no view.", True),
        ("I concede: answer B is right.", True),
        ("The other answer is correct.", True),
        ("   ", True),
        ("Answer A is right: 3 + 4 = 7.", False),
        ("They cannot show a single error.", False),
        ("The other answer is wrong.", False),
    ],
)
def test_a_seat_that_is_not_taken_is_seen(text: str, gone: bool) -> None:
    assert refused(text) is gone


def test_probabilities_are_averaged_only_if_all_are_there() -> None:
    assert together([0.2, 0.6]) == pytest.approx(0.4)
    assert together([0.2, None]) is None
    assert together([]) is None


def test_a_masked_text_keeps_manner_and_loses_what_it_is_about() -> None:
    for item in items(KINDS, 12, 4, 3):
        text = f"The answer is {item.right}, not {item.wrong}. 3 + 4 = 7, and true is TRUE."
        hidden = masked_text(item, text)
        assert not any(character.isdigit() for character in hidden)
        assert "true" not in hidden.lower()
        assert item.right not in hidden
        assert item.wrong not in hidden
        assert hidden.startswith("The answer is #, not #.")
