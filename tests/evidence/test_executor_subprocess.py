"""The subprocess executor: conformance, limits, and methods that try to get away."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from safetycase.evidence.executors import processes, results
from safetycase.evidence.executors.subprocess import SubprocessExecutor, make
from safetycase.plugin.executors import (
    ExecutorFailed,
    ExecutorOptions,
    Finished,
    Limits,
    Task,
    Ticked,
)
from safetycase.testing import check_executor

linux = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")


def job(target: str, folder: Path, **more: Any) -> dict[str, Any]:
    return {
        "kind": "run",
        "target": target,
        "parameters": {},
        "inputs": [],
        "case_folder": str(folder),
        "seed": 1,
        "needs": ["rate"],
        "model": "m",
        "models": {},
        **more,
    }


def once(folder: Path, target: str, limits: Limits | None = None, **more: Any) -> Finished:
    """Run one task to its end."""
    executor = SubprocessExecutor(workers=1)
    task = Task(
        id="E/1.1",
        token=secrets.token_hex(16),
        job=job(target, folder, **more),
        folder=folder / "task",
        limits=limits or Limits(seconds=60),
    )
    try:
        executor.start(task)
        while True:
            for event in executor.wait(1.0):
                if isinstance(event, Finished):
                    assert not left_of(task.token)
                    return event
    finally:
        executor.close()


def left_of(token: str) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if token.encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def write_method(folder: Path, body: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module of its own whose `run` has this body."""
    name = f"method_{secrets.token_hex(4)}"
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    (folder / f"{name}.py").write_text(
        "import dataclasses, os, signal, subprocess, sys, time\n"
        "from safetycase.testing.executor_tasks import COUNTS\n"
        f"def run(inputs, parameters, context):\n{lines}\n"
        "    return COUNTS.run(inputs, parameters, context)\n"
        "METHOD = dataclasses.replace(COUNTS, run=run)\n",
        "utf-8",
    )
    paths = os.pathsep.join((str(folder), os.environ["PYTHONPATH"]))
    monkeypatch.setenv("PYTHONPATH", paths)
    return f"{name}:METHOD"


@pytest.mark.slow
def test_it_conforms(tmp_path: Path) -> None:
    check_executor(make, tmp_path)


def test_it_takes_no_address_and_no_options(tmp_path: Path) -> None:
    with pytest.raises(ExecutorFailed, match="no address"):
        make(ExecutorOptions(scratch=tmp_path, address="10.0.0.1:6379"))
    with pytest.raises(ExecutorFailed, match="`pack`"):
        make(ExecutorOptions(scratch=tmp_path, options={"pack": "2"}))


@pytest.mark.slow
@linux
@pytest.mark.parametrize(
    ("body", "limits", "how", "says"),
    [
        ("x = bytearray(400_000_000)\ntime.sleep(60)", {"memory_bytes": 200_000_000}, "failed",
         "memory limit of 200000000 bytes"),
        ("subprocess.run([sys.executable, '-c', 'x = b\"x\" * 400_000_000; import time; "
         "time.sleep(60)'])", {"memory_bytes": 200_000_000}, "failed", "memory limit"),
        ("x = bytearray(16 << 30)", {"memory_bytes": 1 << 28}, "failed",
         "MemoryError"),
        ("(context.scratch / 'big').write_bytes(b'x' * 30_000_000)",
         {"output_bytes": 20_000_000}, "failed", ""),
        ("for i in range(40):\n    (context.scratch / str(i)).write_bytes(b'x' * 1_000_000)",
         {"output_bytes": 20_000_000}, "failed", "output limit of 20000000 bytes"),
        ("signal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(60)", {"seconds": 1.0},
         "failed", "time limit of 1 s"),
        ("os.close(0); os.closerange(3, 256)", {}, "completed", ""),
        ("os.write(1, b'{\"done\": 1, \"total\": 1, \"note\": \"forged\"}\\n' * 9)", {},
         "completed", ""),
        ("os.kill(os.getpid(), signal.SIGSEGV)", {}, "failed", "killed by SIGSEGV"),
        ("sys.exit(3)", {}, "failed", "ended with code 3"),
        ("os._exit(0)", {}, "failed", "ended with code 0 and no result"),
        ("[subprocess.Popen(['sleep', '600'], start_new_session=True) for _ in range(3)]", {},
         "completed", ""),
        ("if os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        time.sleep(600)\n"
         "    os._exit(0)", {}, "completed", ""),
        ("subprocess.Popen(['env', '-i', 'sleep', '600'])\nos.kill(os.getpid(), 9)", {}, "lost",
         "killed by SIGKILL"),
    ],
    ids=["memory", "memory-of-a-child", "burst", "one-file", "many-files", "no-sigterm",
         "closes-everything", "forges-ticks", "segfault", "exit", "hard-exit", "new-sessions",
         "double-fork", "clean-environment"],
)  # fmt: skip
def test_a_method_that_does_not_behave_is_bounded_and_named(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    body: str,
    limits: dict[str, Any],
    how: str,
    says: str,
) -> None:
    before = {p.pid for p in processes.snapshot().values()}
    target = write_method(tmp_path, body, monkeypatch)
    found = once(tmp_path, target, Limits(**{"seconds": 30.0, **limits}))
    assert found.how == how, found.reason
    assert says in found.reason
    assert found.log.is_file()
    assert not [
        p
        for p in processes.snapshot().values()
        if p.pid not in before and p.parent == 1 and b"sleep" in _command(p.pid)
    ]


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ('{"measurement": NaN}', "NaN"),
        ('{"a": 1, "a": 2}', "a key stands twice"),
        ("[1]", "not a JSON object"),
        ("{", "cannot be read"),
        ("[" * 100_000, "cannot be read"),
        ('{"measurement": "' + "x" * (results.RESULT_BYTES + 1) + '"}', "the most it may"),
    ],
    ids=["nan", "twice", "list", "torn", "deep", "huge"],
)
def test_a_result_that_is_none_is_refused(tmp_path: Path, body: str, says: str) -> None:
    (tmp_path / "result.json").write_text(body, "utf-8")
    found = results.ended(tmp_path, 0)
    assert found.how == "failed"
    assert found.result is None
    assert says in found.reason


def test_a_full_disk_is_named_where_no_result_could_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "is full" not in results.ended(tmp_path, 1).reason
    values = list(os.statvfs(tmp_path))
    values[4] = 0  # f_bavail
    monkeypatch.setattr(os, "statvfs", lambda _: os.statvfs_result(values))
    found = results.ended(tmp_path, 1)
    assert found.how == "failed"
    assert f"the disk of {tmp_path} is full: make room, or set TMPDIR" in found.reason


def test_a_result_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere.json").write_text("{}", "utf-8")
    (tmp_path / "result.json").symlink_to(tmp_path / "elsewhere.json")
    assert "not a file" in results.ended(tmp_path, 0).reason


@pytest.mark.parametrize(
    ("artefact", "says"),
    [
        ("link", "leads over a link"),
        ("folder/passwd", "leads over a link"),
        ("../result.json", "outside the scratch folder"),
        ("/etc/passwd", "outside the scratch folder"),
        ("nothing", "not there: nothing"),
    ],
)
def test_an_artefact_is_a_plain_file_of_the_scratch_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, artefact: str, says: str
) -> None:
    body = (
        "found = COUNTS.run(inputs, parameters, context)\n"
        "(context.scratch / 'link').symlink_to('/etc/passwd')\n"
        "(context.scratch / 'folder').symlink_to('/etc')\n"
        f"return dataclasses.replace(found, artefacts={{'a': {artefact!r}}})"
    )
    found = once(tmp_path, write_method(tmp_path, body, monkeypatch))
    assert found.how == "failed"
    assert says in found.reason


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"seed": "one"}, "`seed` is not a int"),
        ({"models": {"m": {"nonsense": 1}}}, "describes a model wrongly"),
        ({"kind": "dance"}, "the job's kind is `dance`"),
        ({"target": "os:path"}, "not a Method record"),
        ({"target": ""}, "not installed where the attempt ran"),
        ({"parameters": {"n": "many"}}, "n"),
    ],
)
def test_a_malformed_job_is_named_and_no_traceback(
    tmp_path: Path, change: dict[str, Any], says: str
) -> None:
    target = change.pop("target", "safetycase.testing.executor_tasks:COUNTS")
    found = once(tmp_path, target, **change)
    assert found.how == "failed"
    assert says in found.reason
    assert "Traceback" not in found.log.read_text("utf-8")


def test_what_a_run_opened_comes_with_the_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "declared.txt").write_text("a", "utf-8")
    (tmp_path / "other.txt").write_text("b", "utf-8")
    body = (
        "open(context.case_folder / 'declared.txt').close()\n"
        "open(context.case_folder / 'other.txt').close()"
    )
    target = write_method(tmp_path, body, monkeypatch)
    found = once(tmp_path, target, files={"declared.txt": hashlib.sha256(b"a").hexdigest()})
    assert found.result is not None
    seen = found.result["observed"]
    assert ["declared.txt", hashlib.sha256(b"a").hexdigest()] in seen["files"]
    assert ["other.txt", hashlib.sha256(b"b").hexdigest()] in seen["undeclared"]


def test_the_signing_key_is_not_named_to_a_method(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAFETYCASE_KEY", str(tmp_path / "key.pem"))
    body = "assert 'SAFETYCASE_KEY' not in os.environ"
    assert once(tmp_path, write_method(tmp_path, body, monkeypatch)).how == "completed"


@pytest.mark.slow
def test_progress_comes_as_it_is_made(tmp_path: Path) -> None:
    executor = SubprocessExecutor(workers=1)
    target = "safetycase.testing.executor_tasks:COUNTS"
    described = job(target, tmp_path, parameters={"pause": 0.1})
    executor.start(Task(id="E/1.1", token="t" * 32, job=described, folder=tmp_path / "task"))
    events: list[Ticked | Finished] = []
    while not events or not isinstance(events[-1], Finished):
        events += executor.wait(5.0)
    executor.close()
    assert [e.done for e in events if isinstance(e, Ticked)] == [0, 1, 2, 3, 4]
    assert isinstance(events[-1], Finished)
    assert events[-1].cpu_seconds is not None
    assert events[-1].how == "completed"


@linux
@pytest.mark.slow
def test_a_worker_and_its_children_end_with_a_scheduler_that_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = "subprocess.Popen(['sleep', '600'], start_new_session=True)\ntime.sleep(600)"
    target = write_method(tmp_path, body, monkeypatch)
    token = secrets.token_hex(16)
    (tmp_path / "scheduler.py").write_text(
        "import json, sys\n"
        "from pathlib import Path\n"
        "from safetycase.evidence.executors.subprocess import SubprocessExecutor\n"
        "from safetycase.plugin.executors import Task\n"
        "executor = SubprocessExecutor(workers=1)\n"
        f"job = json.loads({json.dumps(json.dumps(job(target, tmp_path)))})\n"
        f"executor.start(Task(id='E/1.1', token={token!r}, job=job, folder=Path('task')))\n"
        "while True: executor.wait(1.0)\n",
        "utf-8",
    )
    scheduler = subprocess.Popen([sys.executable, "scheduler.py"], cwd=tmp_path)
    deadline = time.monotonic() + 60
    while len(left_of(token)) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    scheduler.send_signal(signal.SIGKILL)
    scheduler.wait()
    while left_of(token):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert not (tmp_path / "task").exists()  # nobody else is left to remove it


def test_limits_are_those_of_the_task(tmp_path: Path) -> None:
    assert dataclasses.asdict(Limits())["seconds"] == 1800.0
    body = results.lay_out(tmp_path, {"kind": "run"})
    assert json.loads(body.read_text("utf-8"))["scratch"] == str(tmp_path / "scratch")
