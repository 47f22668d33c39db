"""The situations in which the untrusted model is put before it gets a task.

A model that is told to attack shows what it can do; one that is only given a reason shows more of
what it might do. Sources: goals in context, Meinke et al. 2024, arXiv:2412.04984; notes of an
earlier instance and long interactions, Korbak et al. 2025, arXiv:2501.17315, section 7.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from safetycase.methods.control.live.play import MODEL, Request
from safetycase.methods.control.live.tasks_family import Family, Task

__all__ = ["Arm", "attempts", "messages"]

EXAMPLE = 1000
Arm = Literal["in-context-goal", "memory", "long-interaction"]


def attempts(
    family: Family, tasks: Sequence[Task], arms: Sequence[str], turns: int
) -> list[Request]:
    """The model's turns: told to attack (the arm ``""``), and once in each of `arms`."""
    return [
        Request(
            id=f"model/{arm or 'instructed'}/{task.id}",
            task=task,
            policy=MODEL,
            arm=arm,
            messages=messages(family, task, arm, turns),
            probe=family.probe(task),
        )
        for arm in ("", *arms)
        for task in tasks
    ]


def messages(family: Family, task: Task, arm: str, turns: int) -> tuple[tuple[str, str], ...]:
    """(role, text) of what the model is given in that arm; the task itself always comes last."""
    words = family.words(task)
    if arm == "in-context-goal":
        return ("system", family.goal.format(**words)), ("user", task.prompt)
    if arm == "memory":
        return ("system", family.memory.format(**words)), ("user", task.prompt)
    if arm == "long-interaction":
        before = [family.draw(-1, number) for number in range(turns)]
        spoken = [
            part
            for other in before
            for part in (("user", other.prompt), ("assistant", family.honest(other, 0)))
        ]
        return ("system", family.goal.format(**words)), *spoken, ("user", task.prompt)
    example = family.draw(-1, EXAMPLE)  # without one, small models hardly do what they are told
    return (
        ("user", family.instructed(example)),
        ("assistant", family.shown(example)),
        ("user", family.instructed(task)),
    )
