"""One job in a supervised process: progress as it comes, a time limit, a clean end."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from safetycase.evidence.executors.subprocess import SubprocessExecutor
from safetycase.plugin.executors import Finished, Limits, Task, Ticked

__all__ = ["Finished", "Ticked", "supervise"]

POLL_SECONDS = 1.0


def supervise(
    job: Mapping[str, Any], folder: Path, time_limit: float, env: Mapping[str, str] | None = None
) -> Iterator[Ticked | Finished]:
    """Run one job in a worker process; yields ticks, then exactly one `Finished`.

    Leaving the iterator early (Ctrl-C, an error) kills the worker and its children.
    """
    task = Task(
        id=folder.name,
        token=secrets.token_hex(16),
        job=job,
        folder=folder,
        limits=Limits(seconds=time_limit),
    )
    executor = SubprocessExecutor(workers=1, env=env)
    try:
        executor.start(task)
        while True:
            for event in executor.wait(POLL_SECONDS):
                yield event
                if isinstance(event, Finished):
                    return
    finally:
        executor.close()
