"""CPU time and wall time of an attempt that does nothing, by executor.

Counted is all CPU time that an attempt costs: of this process, of its workers from start to end
(interpreter, imports, the watching of what is opened), and of every process of the Ray cluster,
idle ones too. The lower of two rounds is shown.
"""

from __future__ import annotations

import os
import secrets
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from safetycase.evidence.executors import processes
from safetycase.evidence.executors.asyncio import AsyncioExecutor
from safetycase.evidence.executors.ray import SESSION, RayExecutor
from safetycase.evidence.executors.subprocess import SubprocessExecutor
from safetycase.plugin.executors import Executor, Finished, Task

TASKS = "safetycase.testing.executor_tasks"


def task(base: Path, method: str) -> Task:
    name = secrets.token_hex(4)
    return Task(
        id=f"E/{name}",
        token=secrets.token_hex(16),
        folder=base / name,
        job={
            "kind": "run",
            "target": f"{TASKS}:{method}",
            "parameters": {"n": 1},
            "inputs": [],
            "case_folder": str(base),
            "seed": 1,
            "needs": ["rate"],
            "model": "m",
            "models": {},
        },
    )


def rounds(executor: Executor, method: str, count: int, cluster: Callable[[], float]) -> None:
    """Run `count` attempts twice, as many at a time as it is worth; print the better round."""
    best = (float("inf"), 0.0)
    with tempfile.TemporaryDirectory() as folder:
        one_round(executor, method, min(count, executor.slots), Path(folder))
        for _ in range(2):
            cpu, wall = cluster() + own(), time.monotonic()
            one_round(executor, method, count, Path(folder))
            spent = (cluster() + own() - cpu) / count
            best = min(best, (spent, (time.monotonic() - wall) / count))
    name = f"{executor.name}, {method.lower()}"
    print(f"{name:<28} {count:>5} attempts  {best[0] * 1e3:8.2f} ms CPU  {best[1] * 1e3:8.2f} ms")


def one_round(executor: Executor, method: str, count: int, base: Path) -> None:
    started = ended = 0
    while ended < count:
        while started < count and started - ended < executor.slots:
            executor.start(task(base, method))
            started += 1
        for event in executor.wait(1.0):
            if isinstance(event, Finished):
                assert event.how == "completed", event.reason
                ended += 1


def own() -> float:
    """CPU seconds of this process and of the children it has waited for."""
    return sum(os.times()[:4])


def of_session(token: str) -> float:
    """CPU seconds of the live processes of a Ray session that was started here."""
    mine = (pid for pid in processes.snapshot() if processes.carries(pid, SESSION, token))
    return sum(processes.cpu_seconds(pid) or 0.0 for pid in mine)


def main() -> None:
    print(
        f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} CPUs, Python {sys.version.split()[0]}"
    )
    local = SubprocessExecutor(workers=1)
    rounds(local, "COUNTS", 20, lambda: 0.0)
    local.close()
    here = AsyncioExecutor()
    rounds(here, "COUNTS", 500, lambda: 0.0)
    rounds(here, "AWAITS", 500, lambda: 0.0)
    here.close()
    for pack, count in ((1, 20), (50, 1000)):
        with tempfile.TemporaryDirectory() as scratch:
            far = RayExecutor(scratch=Path(scratch), workers=1, pack=pack)
            far.name = f"ray, pack={pack}"
            rounds(far, "COUNTS", count, lambda far=far: of_session(far.token))
            far.close()


if __name__ == "__main__":
    main()
