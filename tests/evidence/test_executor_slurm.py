"""The Slurm executor through submitit's own local jobs; a real queue was not at hand."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from safetycase.evidence.executors import slurm, slurm_task
from safetycase.evidence.executors.slurm import SlurmExecutor, make
from safetycase.plugin.executors import (
    ExecutorFailed,
    ExecutorOptions,
    Finished,
    Limits,
    Resources,
    Task,
)
from safetycase.testing import check_executor

pytest.importorskip("submitit", reason="submitit is not installed")


@pytest.mark.slow
def test_it_conforms_with_local_jobs(tmp_path: Path) -> None:
    check_executor(make, tmp_path, options={"cluster": "local"})
    assert list((tmp_path / "executor").iterdir()) == []


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"cluster": "moon"}, "write `slurm` or `local`"),
        ({"colour": "red"}, "no option colour"),
        ({"queue_seconds": "soon"}, "no number"),
        ({"queue_seconds": "inf"}, "at most"),
        ({"queue_seconds": "nan"}, "at most"),
        ({}, "no `sbatch`"),
    ],
)
def test_what_cannot_be_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, str], says: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    if "queue_seconds" in options:
        options = {**options, "cluster": "local"}
    with pytest.raises(ExecutorFailed, match=says):
        make(ExecutorOptions(scratch=tmp_path, options=options))


def test_without_submitit_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slurm.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ExecutorFailed, match=r"pip install 'safetycase\[slurm\]'"):
        make(ExecutorOptions(scratch=tmp_path))


def test_the_queue_is_asked_not_to_repeat_a_job(tmp_path: Path) -> None:
    executor = SlurmExecutor(cluster="local", shared=tmp_path, passed_on={"partition": "gpu"})
    executor._cluster = "slurm"
    task = Task(
        id="E/1.1",
        token="t" * 32,
        job={},
        folder=tmp_path,
        limits=Limits(seconds=90, memory_bytes=3 << 30),
        resources=Resources(cpus=1.5, gpus=1),
    )
    asked = executor._parameters(task)
    executor.close()
    assert asked["slurm_additional_parameters"] == {"no-requeue": True}
    assert (asked["timeout_min"], asked["cpus_per_task"], asked["gpus_per_node"]) == (4, 2, 1)
    assert (asked["mem_gb"], asked["slurm_partition"]) == (4, "gpu")


def test_a_job_that_the_queue_starts_again_does_nothing(tmp_path: Path) -> None:
    (tmp_path / slurm_task.STARTED).touch()
    assert slurm_task.work(str(tmp_path)) == ""
    assert [path.name for path in tmp_path.iterdir()] == [slurm_task.STARTED]


def test_files_changed_after_registration_are_not_sent(tmp_path: Path) -> None:
    (tmp_path / "items.txt").write_text("new", "utf-8")
    executor = make(ExecutorOptions(scratch=tmp_path / "s", options={"cluster": "local"}))
    task = _task(tmp_path, files={"items.txt": "0" * 64})
    executor.start(task)
    (found,) = executor.wait(1.0)
    executor.close()
    assert isinstance(found, Finished)
    assert found.how == "failed"
    assert found.reason == "`items.txt` is no longer the file that was registered"
    assert found.log.is_file()


def _task(folder: Path, **more: Any) -> Task:
    return Task(
        id="E/1.1",
        token=secrets.token_hex(16),
        job={
            "kind": "run",
            "target": "safetycase.testing.executor_tasks:COUNTS",
            "parameters": {},
            "inputs": [],
            "case_folder": str(folder),
            "seed": 1,
            "needs": ["rate"],
            "model": "m",
            "models": {},
            **more,
        },
        folder=folder / "task",
    )


def test_a_parcel_is_refused_where_its_code_or_files_are_others(tmp_path: Path) -> None:
    from safetycase.evidence.executors import parcels

    (tmp_path / "items.txt").write_text("a", "utf-8")
    parcel = parcels.packed(_task(tmp_path, inputs=["items.txt"]))
    header = json.loads(json.dumps(parcel.header))
    blobs = {digest: path.read_bytes() for digest, path in parcel.files.items()}
    assert parcels.lay_out(header, blobs, tmp_path / "one").id == "E/1.1"
    (digest,) = blobs
    with pytest.raises(parcels.JobError, match="did not arrive as it was sent"):
        parcels.lay_out(header, {digest: b"b"}, tmp_path / "two")
    with pytest.raises(parcels.JobError, match="install the same"):
        parcels.lay_out({**header, "version": "0.0.1"}, blobs, tmp_path / "three")
    for name in ("../x", "/etc/x", "a/../../x", "", "a\0b"):
        with pytest.raises(parcels.JobError, match="leads out"):
            parcels.lay_out({**header, "files": {name: digest}}, blobs, tmp_path / f"n{len(name)}")
    header["job"]["code"]["safetycase.testing.executor_tasks"] = "0" * 64
    changed = parcels.lay_out(header, blobs, tmp_path / "four")
    (found,) = [e for e in parcels.carry(changed) if isinstance(e, Finished)]
    assert found.how == "failed"
    assert "is not the code that was registered" in found.reason


def test_a_job_that_will_not_go_is_ended_and_awaited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slurm, "GRACE_SECONDS", 0.2)
    executor = make(ExecutorOptions(scratch=tmp_path, options={"cluster": "local"}))
    code = "import signal, time; signal.signal(2, signal.SIG_IGN); time.sleep(60)"
    stubborn = subprocess.Popen([sys.executable, "-c", code])

    class Job:
        _process = stubborn

        def cancel(self, check: bool) -> None:
            stubborn.send_signal(2)

        def done(self) -> bool:
            return stubborn.poll() is not None

    executor._leaving.append(Job())
    executor.close()
    assert stubborn.returncode == -9
