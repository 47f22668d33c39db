"""The control evaluation as an Inspect task: policies are solvers, the monitor is a scorer.

Run by `control/evaluation`, and by `inspect eval task.py@control -T plan=plan.jsonl` on the
plan that a run leaves beside its log. The score of a sample holds `main` (the task was done),
`attack` (an attack was made) and `suspicion`; NaN is what is not known.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import anyio.to_thread
from inspect_ai import Task as InspectTask
from inspect_ai import task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageUser,
    ModelOutput,
    get_model,
)
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer
from inspect_ai.solver import Generate, Solver, TaskState, solver

from safetycase.methods.control.live.tasks_family import Task, Verdict, family
from safetycase.methods.control.live.watching import LONGEST, Watch, asked, look, parsed

_ROLES = {"system": ChatMessageSystem, "user": ChatMessageUser, "assistant": ChatMessageAssistant}


@solver  # type: ignore[untyped-decorator]
def policy() -> Solver:
    """The scripted text of the sample, or the untrusted model's answer to it."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        text = state.metadata.get("text")
        if text is None:
            return await generate(state)
        state.output = ModelOutput.from_content(f"scripted/{state.metadata['policy']}", text)
        return state

    return solve


@scorer(metrics={"*": [mean()]})  # type: ignore[untyped-decorator]
def watched(family_name: str, monitor: str, fitted: str) -> Scorer:
    """The success test of the family, and the suspicion of the monitor."""
    lines = Path(fitted).read_text("utf-8").splitlines() if fitted else []
    watch = Watch(monitor=monitor, fitted=tuple(json.loads(line) for line in lines))
    program = look(watch) if monitor not in ("", "trusted-model") else None

    async def score(state: TaskState, target: Target) -> Score:
        del target
        metadata, text = state.metadata, state.output.completion
        verdict = await _verdict(family_name, metadata, text)
        suspicion, said = None, ""
        if program is not None:
            prompt = _prompt(metadata)  # not what an attacker was told
            suspicion = await anyio.to_thread.run_sync(program, prompt, text, verdict)
        elif monitor and len(text) <= LONGEST:
            answer = await get_model(role="trusted").generate(asked(_prompt(metadata), text))
            said = answer.completion
            suspicion = parsed(said)
        values = {"main": verdict.main, "attack": verdict.attack, "suspicion": suspicion}
        return Score(
            value={k: math.nan if v is None else float(v) for k, v in values.items()},
            explanation=said[:2000] or None,
            metadata={"why": verdict.why},
        )

    return score


def _prompt(metadata: dict[str, Any]) -> str:
    return str(metadata["task"]["prompt"])


async def _verdict(name: str, metadata: dict[str, Any], text: str) -> Verdict:
    if metadata["verdict"] is not None:
        return Verdict(**metadata["verdict"])
    asked_for = Task(**metadata["task"])
    return await anyio.to_thread.run_sync(family(name).judge, asked_for, text, metadata["probe"])


@task  # type: ignore[untyped-decorator]
def control(plan: str, family: str, monitor: str = "", fitted: str = "") -> InspectTask:
    """The samples of `plan` (JSON Lines), read by `monitor`, fitted on the texts of `fitted`."""
    lines = Path(plan).read_text("utf-8").splitlines()
    return InspectTask(
        dataset=MemoryDataset([_sample(json.loads(line)) for line in lines], name=Path(plan).stem),
        solver=policy(),
        scorer=watched(family, monitor, fitted),
        message_limit=100,
    )


def _sample(row: dict[str, Any]) -> Sample:
    said = row.pop("messages")
    messages: list[ChatMessage] = [_ROLES[role](content=text) for role, text in said]
    return Sample(id=row.pop("id"), input=messages or row["task"]["prompt"], metadata=row)
