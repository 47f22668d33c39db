"""The asyncio executor: conformance, waiting that overlaps, and what a thread cannot do."""

from __future__ import annotations

import secrets
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from safetycase.evidence.executors.asyncio import AsyncioExecutor, make
from safetycase.plugin.executors import (
    ExecutorFailed,
    ExecutorOptions,
    Finished,
    Limits,
    Task,
    Ticked,
)
from safetycase.testing import check_executor

TASKS = "safetycase.testing.executor_tasks"


def start(executor: AsyncioExecutor, folder: Path, name: str, method: str, **more: Any) -> None:
    limits = more.pop("limits", Limits(seconds=60))
    job = {
        "kind": "run",
        "target": f"{TASKS}:{method}",
        "parameters": {},
        "inputs": [],
        "case_folder": str(folder),
        "seed": 1,
        "needs": ["rate"],
        "model": "m",
        "models": {},
        **more,
    }
    task = Task(id=name, token=secrets.token_hex(16), job=job, folder=folder / name, limits=limits)
    executor.start(task)


def ends(executor: AsyncioExecutor, count: int) -> dict[str, Finished]:
    found: dict[str, Finished] = {}
    while len(found) < count:
        for event in executor.wait(10.0):
            if isinstance(event, Finished):
                assert event.id not in found
                found[event.id] = event
    return found


@pytest.mark.slow
def test_it_conforms(tmp_path: Path) -> None:
    check_executor(make, tmp_path, isolates=False)


def test_it_takes_no_address_and_no_options(tmp_path: Path) -> None:
    with pytest.raises(ExecutorFailed, match="no address"):
        make(ExecutorOptions(scratch=tmp_path, address="10.0.0.1:6379"))


@pytest.mark.slow
@pytest.mark.parametrize("method", ["AWAITS", "COUNTS"])
def test_waiting_overlaps(tmp_path: Path, method: str) -> None:
    executor = AsyncioExecutor(workers=20)
    pause = 0.5 if method == "AWAITS" else 0.1
    begun = time.monotonic()
    for i in range(20):
        start(executor, tmp_path, f"E{i}", method, parameters={"pause": pause})
    found = ends(executor, 20)
    took = time.monotonic() - begun
    executor.close()
    assert {event.how for event in found.values()} == {"completed"}
    assert took < sum(event.seconds for event in found.values())  # they ran at the same time


@pytest.mark.slow
def test_an_abandoned_run_ends_at_its_next_report_and_prints_nowhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    executor = AsyncioExecutor()
    start(executor, tmp_path, "E1", "COUNTS", parameters={"pause": 0.15})
    while not (threads := [t for t in threading.enumerate() if t.name == "E1"]):
        time.sleep(0.01)
    executor.close()
    assert threads[0].is_alive()
    threads[0].join(10)
    assert not threads[0].is_alive()
    assert not (tmp_path / "E1" / "scratch" / "count.txt").exists()
    assert capsys.readouterr().out == ""


@pytest.mark.slow
def test_what_an_abandoned_run_prints_later_is_not_ours(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("safetycase.evidence.executors.asyncio.TICK_SECONDS", 0.0)
    monkeypatch.setattr("sys.stdout", sys.stdout)
    executor = AsyncioExecutor()
    start(executor, tmp_path, "E1", "COUNTS", parameters={"pause": 0.1})
    while not any(isinstance(e, Ticked) and e.done == 4 for e in executor.wait(10.0)):
        pass
    [thread] = [t for t in threading.enumerate() if t.name == "E1"]
    executor.close()
    thread.join(10)
    assert (tmp_path / "E1" / "scratch" / "count.txt").exists()
    assert capsys.readouterr().out == ""


@pytest.mark.slow
def test_each_run_prints_into_its_own_log_and_the_rest_goes_through(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = sys.stdout
    executor = AsyncioExecutor(workers=4)
    for name in ("A", "B"):
        start(executor, tmp_path, name, "COUNTS", parameters={"pause": 0.05})
    print("said by the scheduler")
    found = ends(executor, 2)
    executor.close()
    assert sys.stdout is out
    assert capsys.readouterr().out == "said by the scheduler\n"
    assert {event.log.read_text("utf-8") for event in found.values()} == {"counted\n"}


def test_a_flood_is_bounded(tmp_path: Path) -> None:
    executor = AsyncioExecutor(workers=1)
    limits = Limits(seconds=60, output_bytes=3_000_000)
    start(executor, tmp_path, "E", "FLOODS", limits=limits)
    found = ends(executor, 1)["E"]
    executor.close()
    assert found.how == "failed"
    assert "over the output limit" in found.reason
    assert found.log.stat().st_size < 3_000_000


@pytest.mark.slow
def test_what_an_abandoned_thread_returns_later_is_refused(tmp_path: Path) -> None:
    executor = AsyncioExecutor(workers=2)
    limits = Limits(seconds=0.3)
    start(executor, tmp_path, "late", "COUNTS", limits=limits, parameters={"pause": 0.2})
    assert ends(executor, 1)["late"].reason == "stopped after the time limit of 0.3 s"
    start(executor, tmp_path, "next", "COUNTS", parameters={"pause": 0.4})
    assert set(ends(executor, 1)) == {"next"}
    executor.close()
    assert not [t for t in threading.enumerate() if t.name == "late" and t.is_alive()]
    assert not (tmp_path / "late" / "result.json").exists()


def test_closing_ends_what_runs(tmp_path: Path) -> None:
    executor = AsyncioExecutor(workers=2)
    start(executor, tmp_path, "E", "AWAITS", parameters={"pause": 600.0})
    executor.close()
    executor.close()
    assert not executor._thread.is_alive()


@pytest.mark.slow
def test_what_the_scheduler_opens_meanwhile_is_charged_to_no_attempt(tmp_path: Path) -> None:
    ours = tmp_path / "of-the-record"
    ours.write_text("x", "utf-8")
    executor = AsyncioExecutor(workers=1)
    start(executor, tmp_path, "E", "COUNTS", parameters={"pause": 0.2})
    ended = []
    while not ended:
        ours.read_text("utf-8")
        ended = [e for e in executor.wait(0.02) if isinstance(e, Finished)]
    executor.close()
    assert ended[0].result is not None
    assert [
        name for name, _ in ended[0].result["observed"]["undeclared"] if name == ours.name
    ] == []


def test_progress_that_is_no_progress_is_not_passed_on(tmp_path: Path) -> None:
    executor = AsyncioExecutor(workers=1)
    start(executor, tmp_path, "E", "AWAITS", parameters={"pause": 600.0})
    live = executor._live["E"]
    for told in (("a", "b", "c"), (float("nan"), 1, ""), (1, float("inf"), ""), (None, None, None)):
        live.ticked = 0.0
        executor._ticker(live)(*told)
    live.ticked = 0.0
    executor._ticker(live)(1, 2, "half")
    assert [(e.done, e.total, e.note) for e in executor.wait(10.0)] == [(1, 2, "half")]
    executor.close()
