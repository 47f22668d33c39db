"""The Ray executor on real clusters: one it starts, and one of two nodes that are killed."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from safetycase.evidence.executors import parcels, processes, ray_task
from safetycase.evidence.executors.ray import SESSION, RayExecutor, make
from safetycase.evidence.executors.subprocess import SubprocessExecutor
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
from safetycase.testing import check_executor

pytest.importorskip("ray", reason="Ray is not installed")
slow = pytest.mark.slow

CLUSTER = """
import json, os, sys
from ray.cluster_utils import Cluster
system = {"health_check_initial_delay_ms": 1000, "health_check_period_ms": 1000,
          "health_check_timeout_ms": 2000, "health_check_failure_threshold": 3}
cluster = Cluster(initialize_head=True, head_node_args={
    "num_cpus": 0, "include_dashboard": False, "_system_config": system,
    "object_store_memory": 80 << 20})
nodes = [cluster.add_node(num_cpus=2, object_store_memory=80 << 20, resources={})
         for _ in range(2)]
def raylet(node):
    return node.all_processes["raylet"][0].process.pid
print(json.dumps({"address": cluster.address, "nodes": [raylet(n) for n in nodes]}), flush=True)
for line in sys.stdin:
    if line.strip() == "kill":
        cluster.remove_node(nodes.pop(), allow_graceful=False)
        nodes.append(cluster.add_node(num_cpus=2, object_store_memory=80 << 20))
        print("{}", flush=True)
cluster.shutdown()
"""


class Nodes:
    """A cluster of two nodes on this machine, in processes of its own, with a token."""

    def __init__(self, folder: Path) -> None:
        self.token = secrets.token_hex(16)
        secret = folder / "token"
        secret.touch(mode=0o600)
        secret.write_text(secrets.token_hex(32), "ascii")
        self.environment = {
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN_PATH": str(secret),
            "RAY_USAGE_STATS_ENABLED": "0",
        }
        with (folder / "cluster.log").open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", CLUSTER],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
                env={**os.environ, **self.environment, "SC_TEST_CLUSTER": self.token},
            )
        self.address = self._said()["address"]

    def _said(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        while line := self.process.stdout.readline():
            if line.startswith("{"):
                found = json.loads(line)
                assert isinstance(found, dict)
                return found
        raise AssertionError("the cluster did not start")

    def kill_a_node(self) -> None:
        """Kill one node without a word, and start another one."""
        assert self.process.stdin is not None
        self.process.stdin.write("kill\n")
        self.process.stdin.flush()
        self._said()

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(20)
        processes.end_all(-1, self.token, name="SC_TEST_CLUSTER")
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    plugins = Path(__file__).parents[1] / "plugins"
    source = Path(__file__).parents[2] / "src"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join((str(plugins), str(source))))
        found = Nodes(tmp_path_factory.mktemp("cluster"))
    yield found
    found.close()
    assert not left("SC_TEST_CLUSTER", found.token)


def connected(nodes: Nodes, scratch: Path, **options: str) -> RayExecutor:
    """An executor on the cluster; its driver alone needs the token."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in nodes.environment.items():
            patch.setenv(name, value)
        return make(ExecutorOptions(scratch=scratch, address=nodes.address, options=options))


@pytest.fixture(scope="module")
def joined(nodes: Nodes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RayExecutor]:
    """One driver for the tests that leave it as it was: a driver takes seconds to start."""
    executor = connected(nodes, tmp_path_factory.mktemp("joined"))
    yield executor
    executor.close()


def left(name: str, token: str) -> list[int]:
    """Processes that carry a mark, some time after they should be gone."""
    deadline = time.monotonic() + 10
    while True:
        found = [
            pid
            for pid in processes.snapshot()
            if pid != os.getpid() and processes.carries(pid, name, token)
        ]
        if not found or time.monotonic() > deadline:
            return found
        time.sleep(0.1)


def task(folder: Path, name: str, method: str, **more: Any) -> Task:
    return Task(
        id=f"E-{name}/1.1",
        token=secrets.token_hex(16),
        limits=more.pop("limits", Limits(seconds=60)),
        resources=more.pop("resources", Resources()),
        folder=folder / f"{name}-{secrets.token_hex(2)}",
        job={
            "kind": "run",
            "target": f"safetycase.testing.executor_tasks:{method}",
            "parameters": {},
            "inputs": [],
            "case_folder": str(folder),
            "seed": 1,
            "needs": ["rate"],
            "model": "m",
            "models": {},
            **more,
        },
    )


def until(
    executor: Executor, tasks: list[Task], seconds: float = 90.0
) -> tuple[dict[str, Finished], list[Ticked]]:
    """Every end of the tasks, each exactly once, and the ticks."""
    found: dict[str, Finished] = {}
    ticks: list[Ticked] = []
    deadline = time.monotonic() + seconds
    while set(found) != {t.id for t in tasks}:
        assert time.monotonic() < deadline, f"only {sorted(found)} ended"
        for event in executor.wait(1.0):
            if isinstance(event, Ticked):
                ticks.append(event)
            else:
                assert event.id not in found
                found[event.id] = event
    return found, ticks


@slow
def test_it_conforms_with_a_cluster_of_its_own(tmp_path: Path) -> None:
    """Also with files and several tasks at a time; afterwards no process of it is there."""
    made: list[RayExecutor] = []

    def remembered(options: ExecutorOptions) -> RayExecutor:
        made.append(make(options))
        listening = open_to_others(made[0].token)
        assert listening == [], f"it listens beyond this machine: {listening}"
        return made[0]

    check_executor(remembered, tmp_path)
    assert left(SESSION, made[0].token) == []
    assert not made[0]._folder.exists()


def open_to_others(token: str) -> list[str]:
    """Addresses other than loopback on which a process of the session listens (Linux)."""
    inodes = set()
    for pid in processes.snapshot():
        if processes.carries(pid, SESSION, token):
            for entry in Path(f"/proc/{pid}/fd").iterdir():
                try:
                    target = str(entry.readlink())
                except OSError:
                    continue
                if target.startswith("socket:["):
                    inodes.add(target[8:-1])
    found = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text("ascii").splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in inodes:
                found.append(fields[1].partition(":")[0])
    loopback = ("0100007F", "0000000000000000FFFF00000100007F", "0" * 24 + "01000000")
    return [address for address in found if address not in loopback]


@slow
def test_two_nodes_give_what_a_process_here_gives(joined: RayExecutor, tmp_path: Path) -> None:
    (tmp_path / "items").mkdir()
    (tmp_path / "items" / "big.txt").write_bytes(b"x" * 300_000)  # goes through Ray's store
    given = {
        "inputs": ["items/big.txt"],
        "parameters": {"n": 500, "pause": 0.05},
    }
    far = [task(tmp_path, f"E{i}", "COUNTS", seed=i, **given) for i in range(4)]
    near = [task(tmp_path, f"E{i}", "COUNTS", seed=i, **given) for i in range(4)]
    here = SubprocessExecutor(workers=2)
    assert joined.slots == 4
    for one, other in zip(far, near, strict=True):
        joined.start(one)
        here.start(other)
    found, ticks = until(joined, far)
    expected, _ = until(here, near)
    here.close()
    assert ticks
    for name, event in found.items():
        assert event.how == "completed", event.reason
        assert event.result is not None
        assert expected[name].result is not None
        for part in ("measurement", "artefacts"):
            assert event.result[part] == expected[name].result[part]  # type: ignore[index]
        kept = (event.scratch / "count.txt").read_bytes()
        assert kept == (expected[name].scratch / "count.txt").read_bytes()
        assert [row[0] for row in event.result["observed"]["files"]] == ["items/big.txt"]


@slow
def test_poison_and_hung_tasks_are_visible_and_harm_nobody(
    joined: RayExecutor, tmp_path: Path
) -> None:
    poison = [task(tmp_path, f"P{i}", "DIES") for i in range(2)]
    hung = [task(tmp_path, "H", "HANGS", limits=Limits(seconds=3))]
    good = [task(tmp_path, f"G{i}", "COUNTS", parameters={"pause": 0.1}) for i in range(3)]
    for each in (*poison, *hung, *good):
        joined.start(each)
    found, _ = until(joined, [*poison, *hung, *good])
    assert [found[t.id].how for t in poison] == ["lost", "lost"]
    assert {found[t.id].reason for t in poison} == {"killed by SIGKILL"}
    assert found[hung[0].id].reason == "stopped after the time limit of 3 s"
    assert {found[t.id].how for t in good} == {"completed"}
    for each in (*poison, *hung, *good):
        assert left(processes.TOKEN, each.token) == []


@slow
def test_a_killed_ray_worker_loses_its_task_and_no_other(
    joined: RayExecutor, tmp_path: Path
) -> None:
    victim = task(tmp_path, "V", "COUNTS", parameters={"pause": 20.0})
    other = task(tmp_path, "O", "COUNTS", parameters={"pause": 1.0})
    joined.start(victim)
    joined.start(other)
    worker = _ray_worker_of(victim)
    os.kill(worker, signal.SIGKILL)
    found, _ = until(joined, [victim, other])
    assert (found[victim.id].how, found[other.id].how) == ("lost", "completed")
    assert found[victim.id].reason == "its worker was killed or crashed"
    assert left(processes.TOKEN, victim.token) == []


def _ray_worker_of(of: Task) -> int:
    """The Ray worker whose child runs a task, once it does."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        table = processes.snapshot()
        for pid, process in table.items():
            if processes.carries(pid, processes.TOKEN, of.token):
                return process.parent
        time.sleep(0.05)
    raise AssertionError("the task never started")


@slow
def test_a_killed_node_loses_its_tasks_in_bounded_time(
    nodes: Nodes, joined: RayExecutor, tmp_path: Path
) -> None:
    tasks = [task(tmp_path, f"N{i}", "COUNTS", parameters={"pause": 2.5}) for i in range(4)]
    for each in tasks:
        joined.start(each)
    for each in tasks:
        _ray_worker_of(each)
    nodes.kill_a_node()
    found, _ = until(joined, tasks, seconds=60)
    ways = sorted(event.how for event in found.values())
    assert ways == ["completed"] * 2 + ["lost"] * 2
    reasons = {event.reason for event in found.values() if event.how == "lost"}
    assert all("died" in reason or "killed or crashed" in reason for reason in reasons), reasons
    after = task(tmp_path, "after", "COUNTS")
    joined.start(after)
    assert until(joined, [after])[0][after.id].how == "completed"


@slow
def test_what_no_node_can_run_is_lost_and_says_so(nodes: Nodes, tmp_path: Path) -> None:
    executor = connected(nodes, tmp_path, queue_seconds="2")
    asks = task(tmp_path, "E", "COUNTS", resources=Resources(gpus=8))
    executor.start(asks)
    found = until(executor, [asks])[0][asks.id]
    executor.close()
    assert found.how == "lost"
    assert "no node of the cluster took it within 2 s (it needs 1 CPUs and 8 GPUs)" in found.reason


@slow
def test_packed_tasks_give_the_same_and_a_poisoned_pack_is_accounted_for(
    nodes: Nodes, tmp_path: Path
) -> None:
    executor = connected(nodes, tmp_path, pack="10")
    assert executor.slots == 40
    good = [task(tmp_path, f"G{i}", "COUNTS", seed=i) for i in range(20)]
    for each in good:
        executor.start(each)
    found, _ = until(executor, good)
    here = SubprocessExecutor(workers=1)
    alike = task(tmp_path, "G7", "COUNTS", seed=7)
    here.start(alike)
    expected, _ = until(here, [alike])
    here.close()
    assert {event.how for event in found.values()} == {"completed"}
    assert {event.log.read_text("utf-8") for event in found.values()} == {"counted\n"}
    one, other = found[alike.id].result, expected[alike.id].result
    assert one is not None
    assert other is not None
    assert one["measurement"] == other["measurement"]
    mixed = [task(tmp_path, f"M{i}", "DIES" if i == 5 else "COUNTS") for i in range(10)]
    for each in mixed:
        executor.start(each)
    found, _ = until(executor, mixed)
    executor.close()
    assert found["E-M5/1.1"].how == "lost"
    assert {event.how for event in found.values()} <= {"lost", "completed"}


@slow
def test_a_driver_that_dies_loses_what_it_had(nodes: Nodes, tmp_path: Path) -> None:
    executor = connected(nodes, tmp_path / "executor")
    running = task(tmp_path, "R", "COUNTS", parameters={"pause": 20.0})
    executor.start(running)
    _ray_worker_of(running)
    os.kill(executor._process.pid, signal.SIGKILL)
    found = until(executor, [running])[0][running.id]
    assert found.how == "lost"
    assert "Ray's driver ended" in found.reason
    with pytest.raises(ExecutorFailed, match="Ray's driver ended"):
        executor.start(task(tmp_path, "next", "COUNTS"))
    executor.close()
    assert left(processes.TOKEN, running.token) == []


@slow
def test_without_the_token_a_cluster_refuses(
    nodes: Nodes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    monkeypatch.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))
    with pytest.raises(ExecutorFailed, match="Ray"):
        make(ExecutorOptions(scratch=tmp_path, address=nodes.address))


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("127.0.0.1:1", "nothing answers at 127.0.0.1:1"),
        ("no-such-host.invalid:6379", "nothing answers at"),
        ("local", "no address of a Ray cluster"),
        ("ray://127.0.0.1:10001", "no address of a Ray cluster"),
        ("127.0.0.1:99999", "no address of a Ray cluster"),
        ("127.0.0.1", "write HOST:PORT"),
    ],
)
def test_an_address_where_no_cluster_answers_is_refused_at_once(
    tmp_path: Path, address: str, says: str
) -> None:
    with pytest.raises(ExecutorFailed, match=says):
        make(ExecutorOptions(scratch=tmp_path, address=address))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"colour": "red"}, "no option colour"),
        ({"pack": "many"}, "is no number"),
        ({"pack": "0"}, "at least 1"),
        ({"queue_seconds": "inf"}, "at most"),
        ({"queue_seconds": "-1"}, "more than 0"),
    ],
)
def test_options_are_checked(tmp_path: Path, options: dict[str, str], says: str) -> None:
    with pytest.raises(ExecutorFailed, match=says):
        make(ExecutorOptions(scratch=tmp_path, options=options))


def test_a_packed_task_is_held_to_its_output_before_its_log_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "chatty.py").write_text(
        "import dataclasses, os\n"
        "from safetycase.testing.executor_tasks import COUNTS\n"
        "def run(*given):\n"
        "    os.write(1, b'x' * 4_000_000)\n"
        "    return COUNTS.run(*given)\n"
        "METHOD = dataclasses.replace(COUNTS, run=run)\n",
        "utf-8",
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    limits = Limits(seconds=60, output_bytes=3_000_000)
    flood = task(tmp_path, "F", "COUNTS", limits=limits, target="chatty:METHOD")
    header = json.dumps(parcels.packed(flood).header).encode()
    items = list(ray_task.work_packed([header], []))
    ends = [said for item in items for said, _ in ray_task.split(item) if "how" in said]
    assert [(said["how"], said["reason"]) for said in ends] == [
        ("failed", "stopped over the output limit of 3000000 bytes")
    ]


def test_messages_come_apart_as_they_were_joined() -> None:
    messages = [
        b'{"id": "a"}\n',
        b'{"id": "b", "more": "x"}\nbytes\n\nof a file\x00',
        b'{"c": 1}\n',
    ]
    assert list(ray_task.split(ray_task.joined(messages))) == [
        ({"id": "a"}, b""),
        ({"id": "b", "more": "x"}, b"bytes\n\nof a file\x00"),
        ({"c": 1}, b""),
    ]
