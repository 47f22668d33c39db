"""One measurement of the record and the runs, in a process of its own; prints JSON.

    python benchmarks/evidence_measures.py NAME ARGUMENT...

Times are CPU seconds unless the name of a number says `wall`. A part that this tree does not have
prints {"missing": its name}.
"""

from __future__ import annotations

import gc
import hashlib
import importlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests" / "plugins"), str(HERE)]

PATHS = os.pathsep.join((str(ROOT / "src"), str(ROOT / "tests" / "plugins")))
Found = dict[str, Any]
AT = "2026-11-20T09:00:00Z"


def bodies(count: int) -> list[tuple[str, dict[str, Any]]]:
    """(kind, body) of `count` records: registrations with their recipes, starts and ends."""
    found: list[tuple[str, dict[str, Any]]] = []
    while len(found) < count:
        seq = len(found) + 2
        name, attempt = f"E-{seq}", f"E-{seq}/{seq}.1"
        instrument = {
            "method": "inspect/eval", "method_version": "1.0.0", "method_code": "c" * 64,
            "parameters": {"task": "tasks.py@self_reasoning", "epochs": 5},
            "reads": {"rate": "pass_rate"},
            "files": {f"items/{n}.jsonl": hashlib.sha256(b"%d" % n).hexdigest() for n in range(3)},
        }  # fmt: skip
        registration = {
            "evidence": name, "claim": f"C-{seq}", "criterion": "rate <= 0.20", "level": "0.95",
            "plan": {"attempts": 1, "n": 400}, "recipe_digest": "a" * 64, "exploratory": False,
            "recipe": {"subject": {"weights_sha256": "b" * 64}, "instrument": instrument},
            "seed": 7,
        }  # fmt: skip
        measurement = {
            "quantities": {"rate": {"kind": "proportion", "successes": 20, "trials": 400}},
            "counts": {"planned": 400, "scored": 400},
            "diagnostics": {"packages": "inspect_ai 0.3.285, openai 2.0.0"},
        }
        end = {"attempt": attempt, "outcome": "completed", "reason": "", "seconds": "0.1",
               "measurement": measurement, "artefacts": {}}  # fmt: skip
        found += [
            ("registration", registration),
            ("attempt-start", {"attempt": attempt, "registration": seq}),
            ("attempt-end", end),
        ]
    return found[:count]


def write_log(ledger: Path, records: list[tuple[str, dict[str, Any]]]) -> int:
    """A signed log with these records, without waiting for the disk; returns its bytes."""
    from safetycase.ledger import dsse
    from safetycase.ledger.keys import from_seed
    from safetycase.ledger.record import statement

    key, previous, lines = from_seed(bytes(32), "bench"), "0" * 64, []
    for seq, (kind, body) in enumerate([("key", key.introduction()), *records], start=1):
        payload = statement(
            seq=seq, kind=kind, at=AT, previous=previous, body=body, subjects=()
        )  # fmt: skip
        line = dsse.seal(payload, key.keyid, key.sign)
        previous = hashlib.sha256(line).hexdigest()
        lines.append(line + b"\n")
    ledger.mkdir(parents=True, exist_ok=True)
    (ledger / "log.jsonl").write_bytes(b"".join(lines))
    return sum(map(len, lines))


def verify(count: int) -> Found:
    """Full verification of a record of `count` records, offline."""
    from safetycase.ledger import verify as check

    with tempfile.TemporaryDirectory() as place:
        size = write_log(Path(place) / "ledger", bodies(count - 1))
        taken = []
        for _ in range(3):
            start = time.process_time()
            found = check(Path(place) / "ledger")
            taken.append(time.process_time() - start)
        assert found.records == count, found.problems[:3]
        errors = [p for p in found.problems if p.severity == "error"]
        assert not errors, errors[:3]
    return {"seconds": statistics.median(taken), "bytes": size}


def append(count: int) -> Found:
    """Appends through the writer, each flushed to the disk: wall time, and CPU per append."""
    from safetycase.ledger import Writer
    from safetycase.ledger.keys import from_seed

    taken = []
    with (
        tempfile.TemporaryDirectory(dir=ROOT) as place,
        Writer(Path(place) / "ledger", from_seed(bytes(32), "bench")) as writer,
    ):
        cpu = time.process_time()
        for kind, body in bodies(count):
            start = time.perf_counter()
            writer.append(kind, body, at=AT)
            taken.append(time.perf_counter() - start)
        cpu = time.process_time() - cpu
    taken.sort()
    return {
        "wall_p50_ms": taken[len(taken) // 2] * 1e3,
        "wall_p99_ms": taken[len(taken) * 99 // 100] * 1e3,
        "cpu_ms": cpu / count * 1e3,
        "load": os.getloadavg()[0],
    }


def freshness(claims: int, leaves: int) -> Found:
    """The parts of a no-op run of a large case, by `evidence_cases.py`."""
    cases = importlib.import_module("evidence_cases")
    found = cases.measure(claims, leaves)
    return {"leaves": found["leaves"], **found["seconds"], "seconds": found["seconds"]["freshness"]}


def noop(claims: int, leaves: int) -> Found:
    """`safetycase run` on a large case of which nothing is due, as a user starts it."""
    cases = importlib.import_module("evidence_cases")
    from safetycase.argument.load import load

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        cases.write_inputs(folder)
        source = cases.text(claims, leaves)
        (folder / "case.yaml").write_text(source, "utf-8")
        case = load(source, "case.yaml").case
        cases.write_record(folder, cases.bodies(cases.recipes_of(case, folder)))
        command("run", str(folder))  # writes the page of the report, which the next one leaves
        out, seconds = command("run", str(folder))
    assert "Nothing is due" in out, out[-300:]
    return {"seconds": seconds}


def command(*words: str, cwd: Path = ROOT) -> tuple[str, float]:
    """What the command line says, and the CPU seconds of its process and those it waited for."""
    with tempfile.TemporaryDirectory() as home:
        env = {**os.environ, "PYTHONPATH": PATHS, "XDG_CONFIG_HOME": home, "XDG_CACHE_HOME": home}
        before = children()
        done = subprocess.run(
            [sys.executable, "-m", "safetycase.cli", *words],
            capture_output=True, text=True, check=False, cwd=cwd, env=env,
        )  # fmt: skip
        seconds = children() - before
    if done.returncode not in (0, 4):
        raise SystemExit(done.stderr[-500:] or f"exit {done.returncode}")
    return done.stdout, seconds


def children() -> float:
    """CPU seconds of all processes that were waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def status(times: int) -> Found:
    """A cold `safetycase status` of the shipped case: the start and all it does."""
    taken = [command("status", "cases/internal-assistant")[1] for _ in range(times)]
    return {"seconds": statistics.median(taken), "most": max(taken)}


def executor(name: str, count: int) -> Found:
    """What one executor adds to each of `count` attempts at a method that does nothing.

    CPU of this process and of every process it waited for, and wall time, per attempt; the first
    attempt, which starts what stays, is not counted.
    """
    contract = importlib.import_module("safetycase.plugin.executors")
    os.environ["PYTHONPATH"] = PATHS
    entry = contract.executors().get(name)
    if entry is None:
        return {"missing": f"the executor {name}"}
    module, _, attribute = entry.target.partition(":")
    factory: Callable[[Any], Any] = getattr(importlib.import_module(module), attribute)
    with tempfile.TemporaryDirectory() as place:
        base = Path(place)
        try:
            runner = factory(contract.ExecutorOptions(scratch=base / "own", workers=2))
        except contract.ExecutorFailed as error:
            return {"missing": str(error)[:80]}
        try:
            run_tasks(contract, runner, base, ["warm"])
            cpu, wall = time.process_time() + children(), time.perf_counter()
            run_tasks(contract, runner, base, [f"t{n}" for n in range(count)])
            cpu = time.process_time() + children() - cpu
            wall = time.perf_counter() - wall
        finally:
            runner.close()
    return {"cpu_ms": cpu / count * 1e3, "wall_ms": wall / count * 1e3, "seconds": cpu / count}


def run_tasks(contract: Any, runner: Any, base: Path, names: list[str]) -> None:
    """Start every task, as many at a time as the executor wants, and wait for their ends."""
    waiting, running = list(names), 0
    while waiting or running:
        while waiting and running < max(1, runner.slots):
            name = waiting.pop()
            folder = base / name
            folder.mkdir()
            job = {
                "kind": "run", "target": "toy_methods:COIN", "parameters": {"n": 10, "rate": 5},
                "inputs": [], "files": {}, "case_folder": str(base), "seed": 1, "needs": ["rate"],
                "model": "m", "models": {}, "subject": {},
                "scratch": str(folder / "scratch"),
            }  # fmt: skip
            runner.start(contract.Task(id=name, token=hashlib.md5(name.encode()).hexdigest(),
                                       job=job, folder=folder))  # fmt: skip
            running += 1
        for event in runner.wait(5.0):
            if isinstance(event, contract.Finished):
                assert event.how == "completed", (event.how, event.reason)
                running -= 1


def dvc(binary: str, stages: int) -> Found:
    """`dvc status` on stages that are up to date; the first run is not counted."""
    lines = ["stages:\n"] + [
        f"  s{n}:\n    cmd: cp items/{n % 50}.txt out/{n}.txt\n    deps: [items/{n % 50}.txt]\n"
        f"    outs: [{{out/{n}.txt: {{cache: false}}}}]\n"
        for n in range(stages)
    ]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        _items(folder)
        (folder / "dvc.yaml").write_text("".join(lines))
        quiet = {"capture_output": True, "check": True, "cwd": folder}
        subprocess.run([binary, "init", "--no-scm", "-q"], **quiet)
        subprocess.run([binary, "config", "core.analytics", "false"], **quiet)
        start = time.perf_counter()
        subprocess.run([binary, "repro", "-q"], **quiet)
        setup = time.perf_counter() - start
        return _peer([binary, "status"], folder, stages, "up to date") | {"setup_wall": setup}


def pytask(binary: str, stages: int) -> Found:
    """A second `pytask` on tasks that are unchanged; the first run is not counted."""
    source = (
        "from pathlib import Path\nfrom typing import Annotated\nimport pytask\n"
        "HERE = Path(__file__).parent\n"
        f"for n in range({stages}):\n    @pytask.task(id=str(n))\n"
        "    def task_copy(source: Path = HERE / 'items' / f'{n % 50}.txt',\n"
        "                  produces: Path = HERE / 'out' / f'{n}.txt'):\n"
        "        produces.write_text(source.read_text())\n"
    )
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        _items(folder)
        (folder / "task_copy.py").write_text(source)
        start = time.perf_counter()
        subprocess.run([binary], capture_output=True, check=True, cwd=folder)
        setup = time.perf_counter() - start
        return _peer([binary], folder, stages, "unchanged") | {"setup_wall": setup}


def _items(folder: Path) -> None:
    (folder / "items").mkdir()
    (folder / "out").mkdir()
    for n in range(50):
        (folder / "items" / f"{n}.txt").write_text(f"items {n}\n" * 100)


def _peer(words: list[str], folder: Path, stages: int, says: str) -> Found:
    before = children()
    done = subprocess.run(words, capture_output=True, text=True, check=True, cwd=folder)
    assert says in done.stdout.lower(), done.stdout[-300:]
    return {"seconds": children() - before, "stages": stages}


PARTS: dict[str, Callable[..., Found]] = {
    "verify": verify, "append": append, "freshness": freshness, "noop": noop, "status": status,
    "executor": executor, "dvc": dvc, "pytask": pytask,
}  # fmt: skip

if __name__ == "__main__":
    gc.disable()
    given = [int(word) if word.isdigit() else word for word in sys.argv[2:]]
    try:
        answer = PARTS[sys.argv[1]](*given)
    except ModuleNotFoundError as error:
        answer = {"missing": f"{error.name}"}
    print(json.dumps(answer))
