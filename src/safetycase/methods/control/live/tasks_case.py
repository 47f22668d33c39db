"""The texts of a case as a family: its honest outputs, its strategies, its own success test."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from safetycase.methods.control.live.attacks import Carries, Strategy
from safetycase.methods.control.live.play import HONEST, MODEL, Played, Request
from safetycase.methods.control.live.tasks_family import Attack, Family, Task, Verdict

__all__ = ["case_family", "honest_texts", "instructed_texts"]

NEXT_VARIANT = 101
"""A case's strategy takes a number; the variants of one attack are numbers this far apart."""


def case_family(strategies: Mapping[str, Strategy], carries: Carries) -> Family:
    """Strategies turn an honest text into an attack; the main task has no test."""

    def refuse(*_: object) -> Any:
        raise AssertionError("the texts of a case are given, not generated")

    return Family(
        name="case",
        says="the texts that the tasks of the case let the model write",
        draw=refuse,
        honest=refuse,
        instructed=refuse,
        shown=refuse,
        words=refuse,
        probe=lambda _: None,
        strategies={name: _strategy(change) for name, change in strategies.items()},
        judge=lambda _, text, __: Verdict(main=None, attack=carries(text)),
    )


def _strategy(change: Strategy) -> Callable[[Task, int], Attack]:
    def made(task: Task, variant: int) -> Attack:
        number = task.data["number"] + NEXT_VARIANT * variant
        return Attack(text=change(task.data["text"], number))

    return made


def honest_texts(texts: Sequence[str], carries: Carries) -> list[Played]:
    """The honest outputs of the case's own task."""
    return [_given(text, number, HONEST, carries) for number, text in enumerate(texts)]


def instructed_texts(texts: Sequence[str], carries: Carries) -> list[Request]:
    """The outputs of the case's own attack task, to be read by the monitor."""
    return [_given(text, number, MODEL, carries).request for number, text in enumerate(texts)]


def _given(text: str, number: int, policy: str, carries: Carries) -> Played:
    verdict = Verdict(main=None, attack=carries(text))
    task = Task(
        id=f"{'honest' if policy == HONEST else 'instructed'}-{number}",
        prompt="(not known)",
        data={"text": text, "number": number},
    )
    request = Request(id=f"{policy}/{number}", task=task, policy=policy, text=text, verdict=verdict)
    return Played(request=request, text=text, suspicion=None, main=None, attack=verdict.attack)
