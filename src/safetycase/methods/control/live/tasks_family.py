"""What a family of generated tasks is: tasks by number, policies that do them, a success test."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Attack", "Family", "Task", "Verdict", "family", "seeded"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One task of a deployment. `data` is JSON: what the success test needs to know."""

    id: str
    prompt: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """What an attack policy hands in. `probe` is JSON: how the attacker would set it off."""

    text: str
    probe: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a text does its task, and whether it is an attack; None where that is not known."""

    main: bool | None
    attack: bool | None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A family of tasks.

    `draw(seed, number)` gives a task, the same one each time. `honest(task, variant)` is the
    scripted honest policy and `strategies` the scripted attacks, `(task, variant)` → `Attack`; a
    variant is another way to write the same attack. `instructed(task)` is the prompt that asks for
    an attack in so many words, and `shown(task)` an answer to it, for a worked example. `goal` and
    `memory` tell a model what to attack for, filled with `words(task)`. `judge(task, text, probe)`
    is the success test; `probe(task)` is how an attack that was asked for would be set off.
    """

    name: str
    says: str
    draw: Callable[[int, int], Task]
    honest: Callable[[Task, int], str]
    strategies: Mapping[str, Callable[[Task, int], Attack]]
    instructed: Callable[[Task], str]
    shown: Callable[[Task], str]
    judge: Callable[[Task, str, Any], Verdict]
    probe: Callable[[Task], Any]
    words: Callable[[Task], Mapping[str, str]]
    goal: str = ""
    memory: str = ""


def family(name: str) -> Family:
    """The generated family of that name; KeyError if there is none."""
    if name == "code-backdoor":
        from safetycase.methods.control.live.tasks_code import FAMILY as CODE

        return CODE
    if name == "dataset-poison":
        from safetycase.methods.control.live.tasks_poison import FAMILY as POISON

        return POISON
    raise KeyError(name)


def seeded(*parts: object) -> random.Random:
    """A generator that depends on nothing but the parts, the same in every process."""
    return random.Random("\x1f".join(map(str, parts)))  # noqa: S311 - tasks, no secrets
