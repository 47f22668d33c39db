"""Many machines and GPUs, through Ray; a cluster of its own on this machine without an address.

Ray runs behind a process of its own, which is watched: if it, or the cluster, goes away, the
attempts are lost and the scheduler is not.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import secrets
import selectors
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from safetycase.evidence.executors import processes, results
from safetycase.evidence.executors.options import queue_seconds
from safetycase.plugin.executors import (
    MARGIN,
    ExecutorFailed,
    ExecutorOptions,
    Finished,
    Task,
    Ticked,
)

__all__ = ["RayExecutor", "make"]

SESSION = "SAFETYCASE_RAY"
"""The variable by which the processes of a cluster that was started here are known."""

ANSWER_SECONDS = 10.0
START_SECONDS = 180.0
SILENT_SECONDS = 90.0
CLOSE_SECONDS = 20.0
OPTIONS = {"pack": "1", "queue_seconds": "600"}


def make(options: ExecutorOptions) -> RayExecutor:
    """The executor `ray`; without an address it starts a cluster on this machine's loopback.

    Options: `pack` (small tasks per Ray task, run in one process; 1: each in its own) and
    `queue_seconds` (how long a task may wait for a node). `ExecutorFailed` if Ray is missing or
    the cluster cannot be reached.
    """
    if importlib.util.find_spec("ray") is None:
        raise ExecutorFailed("Ray is not installed; pip install 'safetycase[ray]'")
    unknown = options.options.keys() - OPTIONS.keys()
    if unknown:
        raise ExecutorFailed(
            f"the executor `ray` has no option {', '.join(sorted(unknown))}; it has "
            + ", ".join(OPTIONS)
        )
    words = {**OPTIONS, **options.options}
    try:
        pack = int(words["pack"])
    except ValueError as error:
        raise ExecutorFailed(f"`pack` of the executor `ray` is no number: {error}") from error
    if pack < 1:
        raise ExecutorFailed("`pack` of the executor `ray` is at least 1")
    queue = queue_seconds(words["queue_seconds"])
    if options.address:
        _answers(options.address)
    return RayExecutor(
        address=options.address,
        workers=options.workers,
        scratch=options.scratch,
        pack=pack,
        queue_seconds=queue,
    )


def _answers(address: str) -> None:
    """See in seconds whether anything answers there: Ray itself would try for minutes."""
    if address == "auto":  # the cluster that this machine belongs to, as Ray knows it
        return
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or "/" in host or int(port) > 65535:
        raise ExecutorFailed(
            f"`{address}` is no address of a Ray cluster; write HOST:PORT as its head node says, "
            "or leave it out to start one here"
        )
    try:
        socket.create_connection((host.strip("[]"), int(port)), ANSWER_SECONDS).close()
    except (OSError, UnicodeError) as error:
        raise ExecutorFailed(
            f"nothing answers at {address}: {error}; is the cluster up, and does this machine "
            "reach it?"
        ) from error


class RayExecutor:
    """Hands tasks to the driver process, and watches that it is there."""

    name = "ray"
    local = False

    def __init__(
        self,
        *,
        scratch: Path,
        address: str | None = None,
        workers: int | None = None,
        pack: int = 1,
        queue_seconds: float = 600.0,
    ) -> None:
        self.margin = queue_seconds + MARGIN
        self._tasks: dict[str, tuple[Task, float]] = {}
        self._ready: list[Ticked | Finished] = []
        self._buffer = b""
        self._closed = False
        self._gone = ""
        self.token = secrets.token_hex(16)
        # Ray puts sockets below this folder, and a socket's path has at most 107 bytes.
        self._folder = Path(tempfile.mkdtemp(prefix="scr-", dir="/tmp"))
        self._log = scratch / "ray-driver.log"
        scratch.mkdir(parents=True, exist_ok=True)
        config = {
            "address": address,
            "workers": workers or max(1, os.cpu_count() or 1),
            "folder": str(self._folder),
            "pack": pack,
            "queue_seconds": queue_seconds,
        }
        self._process = self._spawn(config)
        self._selector = selectors.DefaultSelector()
        assert self._process.stdout is not None
        os.set_blocking(self._process.stdout.fileno(), False)
        self._selector.register(self._process.stdout, selectors.EVENT_READ)
        self._heard = time.monotonic()
        try:
            cpus = self._connected()
        except BaseException:
            self.close()
            raise
        self.slots = (workers or max(1, int(cpus))) * pack

    def _spawn(self, config: Mapping[str, Any]) -> subprocess.Popen[bytes]:
        with self._log.open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "safetycase.evidence.executors.ray_driver"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
                env=self._environment(config["address"]),
            )
        assert process.stdin is not None
        with contextlib.suppress(OSError):
            process.stdin.write(json.dumps(config).encode() + b"\n")
            process.stdin.flush()
        return process

    def _environment(self, address: str | None) -> dict[str, str]:
        """What Ray takes from the environment: a token, no reports home, no retries of its own."""
        found = {**os.environ, SESSION: self.token, "RAY_USAGE_STATS_ENABLED": "0"}
        found.pop("SAFETYCASE_KEY", None)
        found.setdefault("RAY_gcs_rpc_server_reconnect_timeout_s", "30")
        if address:
            return found
        token = self._folder / "token"
        token.touch(mode=0o600)
        token.write_text(secrets.token_hex(32), "ascii")
        found.pop("RAY_AUTH_TOKEN", None)
        found.pop("RAY_ADDRESS", None)
        return found | {
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN_PATH": str(token),
            # Only then does Ray leave the loopback address as it is, and listen there alone.
            "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
            "TMPDIR": str(self._folder),
        }

    def _connected(self) -> float:
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and not self._gone:
            for said in self._lines(1.0):
                if "ready" in said:
                    return float(said["ready"]["cpus"])
                if "failed" in said:
                    raise ExecutorFailed(f"Ray cannot be used: {said['failed']}")
        raise ExecutorFailed(
            f"Ray did not start within {START_SECONDS:g} s: {results.last_line(self._log)}"
        )

    def start(self, task: Task) -> None:
        """Give a task to the cluster."""
        if self._closed:
            raise ExecutorFailed("the executor is closed")
        if self._gone:
            raise ExecutorFailed(self._gone)
        if task.id in self._tasks:
            raise ExecutorFailed(f"`{task.id}` is running already")
        task.folder.mkdir(parents=True, exist_ok=True)
        self._tasks[task.id] = (task, time.monotonic())
        limits, needs = task.limits, task.resources
        self._tell(
            start={
                "id": task.id,
                "token": task.token,
                "job": dict(task.job),
                "folder": str(task.folder.resolve()),
                "limits": {
                    "seconds": limits.seconds,
                    "memory_bytes": limits.memory_bytes,
                    "output_bytes": limits.output_bytes,
                },
                "resources": {"cpus": needs.cpus, "gpus": needs.gpus},
            }
        )

    def wait(self, seconds: float) -> Sequence[Ticked | Finished]:
        """Ticks and ends since the last call; returns at once if nothing runs."""
        until = time.monotonic() + seconds
        while True:
            left = 0.0 if self._ready else max(0.0, until - time.monotonic())
            for said in self._lines(min(left, 1.0)):
                self._hear(said)
            if not self._gone and time.monotonic() - self._heard > SILENT_SECONDS:
                self._lost(f"Ray's driver said nothing for {SILENT_SECONDS:g} s")
            found, self._ready = self._ready, []
            if found or not self._tasks or time.monotonic() >= until:
                return found

    def stop(self, task: str) -> None:
        """Cancel a task; it is reported `aborted`. Nothing if it does not run."""
        if task in self._tasks:
            self._tell(stop=task)

    def close(self) -> None:
        """Stop what runs, leave the cluster, and end it if it was started here."""
        if self._closed:
            return
        self._closed = True
        process = self._process
        assert process.stdin is not None
        with contextlib.suppress(OSError):
            process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(CLOSE_SECONDS)
        # Ray's daemons inherited the variable; workers of a cluster elsewhere did not.
        processes.end_all(process.pid if process.poll() is None else -1, self.token, name=SESSION)
        process.wait()
        if process.stdout:
            process.stdout.close()
        self._selector.close()
        self._tasks.clear()
        self._ready.clear()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _tell(self, **command: Any) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(command, allow_nan=False).encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            self._lost(f"Ray's driver is gone: {results.last_line(self._log)}")

    def _lines(self, seconds: float) -> list[dict[str, Any]]:
        """What the driver said; an end of its output means that it is gone."""
        if self._gone or not self._selector.select(seconds):
            return []
        assert self._process.stdout is not None
        try:
            chunk = os.read(self._process.stdout.fileno(), 1 << 20)
        except BlockingIOError:
            return []
        if not chunk:
            self._lost(f"Ray's driver ended: {results.last_line(self._log)}")
            return []
        self._heard = time.monotonic()
        *lines, self._buffer = (self._buffer + chunk).split(b"\n")
        return [json.loads(line) for line in lines]

    def _hear(self, said: Mapping[str, Any]) -> None:
        if "tick" in said and said["tick"] in self._tasks:
            done, total, note = said["of"]
            self._ready.append(Ticked(id=said["tick"], done=done, total=total, note=note))
        elif "finished" in said and said["finished"] in self._tasks:
            self._finish(said["finished"], said)

    def _finish(self, name: str, said: Mapping[str, Any]) -> None:
        task, started = self._tasks.pop(name)
        self._ready.append(
            results.told(
                task,
                said["how"],
                said["reason"],
                seconds=said.get("seconds") or time.monotonic() - started,
                cpu_seconds=said.get("cpu_seconds"),
                where=said.get("where") or "",
            )
        )

    def _lost(self, reason: str) -> None:
        self._gone = reason
        for name in list(self._tasks):
            self._finish(name, {"how": "lost", "reason": reason})
