"""`check_executor`: what every executor must do, and how it must end.

Call it in a test of your own: `check_executor(make, folder)`. It runs real tasks and raises
`AssertionError` with a sentence that says what is wrong.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from safetycase.plugin.executors import (
    Executor,
    ExecutorFailed,
    ExecutorOptions,
    Finished,
    Limits,
    Resources,
    Task,
    Ticked,
)
from safetycase.plugin.wire import measurement_json
from safetycase.testing.executor_tasks import COUNTS, CountParameters

__all__ = ["check_executor"]

TASKS = "safetycase.testing.executor_tasks"
INPUT = b"seven\n\n"


def check_executor(
    factory: Callable[[ExecutorOptions], Executor],
    folder: Path,
    *,
    options: Mapping[str, str] | None = None,
    address: str | None = None,
    workers: int = 2,
    isolates: bool = True,
    patience: float = 120.0,
) -> None:
    """Hold an executor to its contract, with real tasks below `folder`.

    `isolates` is False for executors that share a process with their tasks: these cannot survive
    a task that kills its process, and cannot end what it started. `patience` is in seconds.
    """
    scratch = folder / "executor"
    scratch.mkdir(parents=True, exist_ok=True)
    made = ExecutorOptions(
        scratch=scratch, workers=workers, address=address, options=dict(options or {})
    )
    executor = factory(made)
    run = _Run(executor, folder, patience)
    try:
        assert executor.name.strip(), "`name` is empty"
        assert executor.slots >= 1, "`slots` is less than one"
        assert list(executor.wait(0.0)) == [], "it reports events though nothing was started"
        checks = [_works(run), _fails(run), *([_contains(run)] if isolates else [])]
        run.until(list(run.tasks.values()))
        for check in checks:
            check()
        _stops(run)  # after all of it, so that the executor is seen to have survived
    finally:
        executor.close()
    executor.close()
    try:
        executor.start(run.task("late", "COUNTS"))
    except ExecutorFailed:
        pass
    else:
        raise AssertionError("it takes a task after `close`")
    _nothing_left(run)


class _Run:
    """An executor in use, with every task that was given to it."""

    def __init__(self, executor: Executor, folder: Path, patience: float) -> None:
        self.executor = executor
        self.folder = folder
        self.patience = patience
        self.tasks: dict[str, Task] = {}
        self.finished: dict[str, Finished] = {}
        self.ticks: list[Ticked] = []
        self.case = folder / "case"
        self.case.mkdir(exist_ok=True)
        (self.case / "input.txt").write_bytes(INPUT)

    def task(self, name: str, method: str, *, seconds: float = 100.0, **more: Any) -> Task:
        """A task that runs one of the methods made for this."""
        place = self.folder / "tasks" / name
        place.mkdir(parents=True)
        limits = Limits(seconds=seconds, output_bytes=more.pop("output_bytes", 1 << 28))
        return Task(
            id=f"E-{name}/1.1",
            token=secrets.token_hex(16),
            job={
                "kind": more.pop("kind", "run"),
                "target": f"{TASKS}:{method}",
                "parameters": more.pop("parameters", {}),
                "inputs": ["input.txt"],
                "files": {"input.txt": hashlib.sha256(INPUT).hexdigest()},
                "case_folder": str(self.case),
                "scratch": str(place / "scratch"),
                "seed": more.pop("seed", 7),
                "needs": ["rate"],
                "model": "m",
                "models": {},
            },
            folder=place,
            limits=limits,
            resources=Resources(cpus=1.0),
        )

    def start(self, name: str, method: str, **more: Any) -> Task:
        """Start a task; it is among those that must be reported."""
        task = self.task(name, method, **more)
        self.tasks[task.id] = task
        self.executor.start(task)
        return task

    def until(self, tasks: Sequence[Task]) -> None:
        """Wait for tasks to finish; each exactly once, with its own token."""
        deadline = time.monotonic() + self.patience
        while any(task.id not in self.finished for task in tasks):
            for event in self.executor.wait(1.0):
                if isinstance(event, Ticked):
                    self.ticks.append(event)
                    continue
                assert event.id in self.tasks, f"it reports `{event.id}`, which was not started"
                assert event.id not in self.finished, f"`{event.id}` is reported twice"
                assert event.token == self.tasks[event.id].token, f"`{event.id}`: another token"
                self.finished[event.id] = event
            late = [task.id for task in tasks if task.id not in self.finished]
            assert time.monotonic() < deadline or not late, f"never reported: {', '.join(late)}"

    def how(self, task: Task, how: str, says: str = "") -> Finished:
        """The end of a task, which must be of this kind."""
        found = self.finished[task.id]
        assert found.how == how, f"`{task.id}` is `{found.how}` ({found.reason}), not `{how}`"
        assert says in found.reason, f"the reason `{found.reason}` does not say `{says}`"
        assert (found.result is not None) == (how == "completed"), f"`{task.id}`: result and `how`"
        assert found.log.is_file(), f"`{task.id}` has no log"
        assert found.log.resolve().is_relative_to(self.tasks[task.id].folder.resolve())
        return found


def _works(run: _Run) -> Callable[[], None]:
    """Results are those of the method, wherever it runs, and come with their files."""
    tasks = [
        run.start(f"works{i}", "COUNTS", seed=i, parameters={"n": 50, "pause": 0.1})
        for i in range(3)
    ]
    waits = run.start("awaits", "AWAITS", seed=3, parameters={"n": 50})
    controls = run.start("controls", "COUNTS", kind="controls")

    def check() -> None:
        for i, task in enumerate([*tasks, waits]):
            found = run.how(task, "completed")
            assert found.result is not None
            expected = _expected(i, run.folder)
            assert found.result["measurement"] == expected, f"`{task.id}` measured something else"
            assert found.result["artefacts"] == {"count": "count.txt"}
            assert (found.scratch / "count.txt").read_text("utf-8").endswith(" of 50\n")
            assert "counted" in found.log.read_text("utf-8"), "the log lacks what was printed"
            assert found.seconds >= 0
        result = run.how(controls, "completed").result
        assert result is not None
        assert len(result["controls"]["planted"]) == 2
        ticked = {tick.id for tick in run.ticks}
        assert ticked & {task.id for task in tasks}, "no progress is reported"

    return check


def _expected(seed: int, folder: Path) -> dict[str, Any]:
    from safetycase.plugin.contract import Context

    scratch = folder / f"expected{seed}"
    scratch.mkdir()
    context = Context(
        case_folder=folder / "case",
        scratch=scratch,
        seed=seed,
        model=None,
        models={},
        progress=lambda *_args, **_words: None,
    )
    with contextlib.redirect_stdout(io.StringIO()):
        found: Any = COUNTS.run(("input.txt",), CountParameters(n=50), context)
    return measurement_json(found)


def _fails(run: _Run) -> Callable[[], None]:
    """A method that raises, is not there, or takes too long ends as `failed`, and says so."""
    raises = run.start("raises", "RAISES")
    absent = run.start("absent", "NOWHERE")
    hangs = run.start("hangs", "HANGS", seconds=3.0)

    def check() -> None:
        run.how(raises, "failed", "the method fell over")
        run.how(absent, "failed", "NOWHERE")
        run.how(hangs, "failed", "time limit of 3 s")

    return check


def _stops(run: _Run) -> None:
    """A stopped task is `aborted`, and its neighbour is not affected."""
    stopped = run.start("stopped", "COUNTS", parameters={"pause": 20.0})
    neighbour = run.start("neighbour", "COUNTS", parameters={"n": 50, "pause": 0.2})
    until = time.monotonic() + run.patience
    while not any(tick.id == stopped.id for tick in run.ticks) and time.monotonic() < until:
        for event in run.executor.wait(0.2):
            if isinstance(event, Finished):
                run.finished[event.id] = event
            else:
                run.ticks.append(event)
    run.executor.stop(stopped.id)
    run.executor.stop("E-nobody/1.1")
    run.until([stopped, neighbour])
    run.how(stopped, "aborted")
    run.how(neighbour, "completed")


def _contains(run: _Run) -> Callable[[], None]:
    """A task that kills its worker, floods its output or leaves children harms nobody else."""
    dies = run.start("dies", "DIES")
    leaves = run.start("leaves", "LEAVES_CHILDREN", parameters={"n": 50})
    floods = run.start("floods", "FLOODS", output_bytes=20_000_000)

    def check() -> None:
        run.how(dies, "lost")
        run.how(leaves, "completed")
        run.how(floods, "failed")
        assert run.finished[floods.id].log.stat().st_size < 20_000_000, "the log is not bounded"
        _nothing_left(run)

    return check


def _nothing_left(run: _Run) -> None:
    """No process of this machine carries the token of a task that has finished."""
    tokens = [task.token.encode() for name, task in run.tasks.items() if name in run.finished]
    deadline = time.monotonic() + 10
    while True:
        left = [pid for pid in _processes() if _carries(pid, tokens)]
        if not left:
            return
        assert time.monotonic() < deadline, f"left running: {', '.join(map(str, left))}"
        time.sleep(0.1)


def _processes() -> list[int]:
    proc = Path("/proc")
    return [int(p.name) for p in proc.iterdir() if p.name.isdigit()] if proc.is_dir() else []


def _carries(pid: int, tokens: Sequence[bytes]) -> bool:
    if pid == os.getpid():
        return False
    try:
        found = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return False
    return any(token in found for token in tokens)
