"""`new` on a terminal: an answer that the case cannot be made with is asked for again at once."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from safetycase.cli import new as verb
from safetycase.workspace.starting import case_of, questions, template_named


@pytest.mark.slow
@pytest.mark.parametrize(
    ("key", "answers", "says"),
    [
        ("target", ["high", "2", "0.8"], ["`target` is `high`", "not between 0 and 1"]),
        ("decision.expires", ["soon", "2027-05-05"], ["expected a date such as 2027-06-01"]),
        (
            "units",
            ["[", "many", "500"],
            ["`units` cannot be read: [", "`units` is not a whole number"],
        ),
        ("decision.supports", ["a trial"], []),
    ],
)
def test_a_wrong_answer_is_told_and_asked_for_again(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    key: str,
    answers: list[str],
    says: list[str],
) -> None:
    template = template_named("control")
    asked = questions(template, "c", date(2026, 6, 1))
    given = iter(answers)
    monkeypatch.setattr(verb.click, "prompt", lambda *_words, **_more: next(given))
    refusals = verb._Refusals(
        folder=tmp_path / "c", asked=asked, case=lambda known: case_of(template, "c", known)
    )
    (question,) = (q for q in asked if q.key == key)
    found = verb._asked(question, {}, refusals)
    assert str(found) == answers[-1]
    told = capsys.readouterr().out.splitlines()
    assert len(told) == len(says)
    for line, part in zip(told, says, strict=True):
        assert part in line
