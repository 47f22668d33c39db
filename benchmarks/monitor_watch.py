"""From the deciding event to the claim: how long an alarm takes to be signed, and to be seen.

    python benchmarks/monitor_watch.py [--runs 20]

A watcher runs in a process of its own on a case with one monitor. Failures are posted one by one,
each in a request, until the alarm is in the record; the signal says which event decided. Times run
from the moment before that event was sent: until the alarm is in the record on disk, and until a
`safetycase why`, started then as a user would, has ended and says that the claim is contested.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SOURCE = str(HERE.parent / "src")
sys.path.insert(0, SOURCE)

from safetycase.ledger import fold, read  # noqa: E402

CASE = """\
case: bench
title: A claim that hangs on one monitor
maturity: sketch
target: 0.90
decision: {supports: a measurement, owner: board, expires: 2099-01-01}
models: {m: {weights: smollm2-135m-instruct}}
system: {model: m, scaffold: none}
deployment: {users: 1 person, volume: 10 answers per day, horizon: 1 month, distribution: questions}
harm: {what: a failure, mistake: a failure}
root:
  claim: SAFE
  says: Failures are rare.
  by:
    argument: A
    kind: decomposition
    because: It is assumed.
    premises:
      - {assumption: REGISTRY-COMPLETE, says: Every run is recorded., owner: o, expires: 2098-01-01}
monitors:
  - monitor: M
    says: Failures stay rare.
    owner: o
    conditions: [SAFE]
    alarm_when: failures > 0.05
    metric: failed
    budget: 0.01
    window: 1 hour
    silent_after: 3 hours
    answer_within: 1 day
"""
SECONDS = 60.0


def _environment(home: Path) -> dict[str, str]:
    names = {"HOME": home, "XDG_CONFIG_HOME": home / "config", "XDG_STATE_HOME": home / "state"}
    return {**os.environ, **{key: str(path) for key, path in names.items()}, "PYTHONPATH": SOURCE}


def _port(process: subprocess.Popen[str]) -> int:
    assert process.stderr is not None
    for line in process.stderr:
        if found := re.search(r"listening at http://127\.0\.0\.1:(\d+)", line):
            return int(found[1])
    raise RuntimeError("the watcher did not start")


def _alarm(folder: Path) -> int | None:
    """How many events of the window there were when the alarm in the record was decided."""
    for signal in fold(read(folder / "ledger")).signals:
        if signal.state == "alarm":
            return signal.events
    return None


def one(folder: Path) -> tuple[float, float]:
    """Seconds from the deciding event to the record, and to the answer of `why`."""
    (folder / "case").mkdir()
    (folder / "case" / "case.yaml").write_text(CASE, "utf-8")
    words = [sys.executable, "-m", "safetycase.cli"]
    environment = _environment(folder)
    process = subprocess.Popen(
        [*words, "watch", str(folder / "case"), "--port", "0"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    try:
        connection = http.client.HTTPConnection("127.0.0.1", _port(process), timeout=SECONDS)
        sent: list[float] = []
        log = folder / "case" / "ledger" / "log.jsonl"
        size = 0
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            sent.append(time.monotonic())
            _post(connection, len(sent))
            now_size = log.stat().st_size if log.exists() else 0
            if now_size != size:
                size, seen = now_size, time.monotonic()
                if (decided := _alarm(folder / "case")) is not None:
                    break
        else:
            raise RuntimeError("no alarm")
        told = subprocess.run(
            [*words, "why", "SAFE", str(folder / "case")],
            capture_output=True,
            text=True,
            env=environment,
            check=True,
        ).stdout
        shown = time.monotonic()
        assert "contested" in told
        return seen - sent[decided - 1], shown - sent[decided - 1]
    finally:
        process.terminate()
        process.wait(SECONDS)
        assert process.stderr is not None
        process.stderr.close()


def _post(connection: http.client.HTTPConnection, number: int) -> None:
    event: dict[str, Any] = {"source": "s", "id": str(number), "number": number, "metric": "failed"}
    body = json.dumps({**event, "at": time.time(), "value": 1})
    connection.request("POST", "/events", body, {"content-type": "application/json"})
    response = connection.getresponse()
    answer = response.read()
    assert response.status == 200, answer


def table(runs: int) -> str:
    """The rows in Markdown: median and longest of each, in seconds."""
    found = []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            found.append(one(Path(folder)))
    lines = [
        f"| from the deciding event, over {runs} alarms | median | longest | demanded | met |",
        "|---|---|---|---|---|",
    ]
    for what, column, most in (
        ("until the signed alarm is in the record", 0, None),
        ("until `safetycase why` has said that the claim is contested", 1, 2.0),
    ):
        times = sorted(each[column] for each in found)
        met = "" if most is None else "yes" if times[-1] <= most else "no"
        asked = "" if most is None else f"≤ {most:g} s"
        lines.append(
            f"| {what} | {statistics.median(times):.2f} s | {times[-1]:.2f} s | {asked} | {met} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20)
    print(table(parser.parse_args().runs))


if __name__ == "__main__":
    main()
