"""The Inspect task that asks prepared conversations; it scores nothing, for the method does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ChatMessageAssistant, ChatMessageUser

__all__ = ["ask"]


@task  # type: ignore[untyped-decorator]
def ask(conversations: str) -> Task:
    """One sample for each [id, [[role, content], ...]] of the JSON file `conversations`."""
    asked: list[tuple[str, list[tuple[str, str]]]] = json.loads(
        Path(conversations).read_text("utf-8")
    )
    kinds: dict[str, Any] = {"user": ChatMessageUser, "assistant": ChatMessageAssistant}
    return Task(
        dataset=MemoryDataset(
            [
                Sample(id=name, input=[kinds[role](content=content) for role, content in messages])
                for name, messages in asked
            ]
        )
    )
