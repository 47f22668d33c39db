"""What is asked of a policy, what came of it, and a player that needs no Inspect."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from safetycase.methods.control.live.tasks_family import Family, Task, Verdict
from safetycase.methods.control.live.watching import Watch, look

__all__ = ["HONEST", "MODEL", "Played", "Player", "Request", "native"]

HONEST = "honest"
MODEL = "the model itself, instructed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One sample. With `text` the policy is scripted; with `messages` the model writes.

    `verdict` is given where the text was judged before, e.g. when it is only to be read again by
    another monitor.
    """

    id: str
    task: Task
    policy: str
    arm: str = ""
    variant: int = 0
    text: str | None = None
    messages: tuple[tuple[str, str], ...] = ()
    probe: Any = None
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What a policy handed in: None for what is not known, and why."""

    request: Request
    text: str | None
    suspicion: float | None
    main: bool | None
    attack: bool | None
    why: str = ""


Player = Callable[[Sequence[Request], "Watch | None", str], list[Played]]
"""Plays the requests, read by the monitor if there is one, under a few words for the progress."""


def native(family: Family) -> Player:
    """Scripted policies and transparent monitors in this process, without a log."""

    def play(requests: Sequence[Request], watch: Watch | None, note: str) -> list[Played]:
        del note
        seen = look(watch) if watch is not None else None
        found = []
        for request in requests:
            assert request.text is not None, "a model's turn needs a player that has the model"
            said = request.verdict or family.judge(request.task, request.text, request.probe)
            found.append(
                Played(
                    request=request,
                    text=request.text,
                    suspicion=seen(request.task.prompt, request.text, said) if seen else None,
                    main=said.main,
                    attack=said.attack,
                    why=said.why,
                )
            )
        return found

    return play
