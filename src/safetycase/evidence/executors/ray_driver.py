"""The process that talks to Ray: `python -m safetycase.evidence.executors.ray_driver`.

Commands come as JSON lines on standard input, events go out as JSON lines. Ray ends its driver
when it loses the cluster and takes over signals, so it does not live in the scheduler's process.
When standard input closes, everything is stopped and, if the cluster was started here, ended.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import shutil
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safetycase.evidence.executors import parcels, ray_task
from safetycase.evidence.executors.parcels import Parcel, ParcelFailed
from safetycase.evidence.executors.received import Receiver
from safetycase.plugin.executors import Limits, Resources, Task

__all__ = ["Driver", "main"]

POLL_SECONDS = 0.05
ALIVE_SECONDS = 2.0
GRACE_SECONDS = 20.0
"""A node ends a task at its limit; this much later it is taken to be lost."""

INLINE_BYTES = 1 << 16
SMALLEST_STORE = 80 * 1024 * 1024


@dataclass(slots=True, kw_only=True)
class Stream:
    """One Ray task: the tasks of ours it carries, in order, and the stream of their messages."""

    tasks: list[Task]
    generator: Any
    packed: bool
    submitted: float
    began: float | None = None
    receivers: dict[str, Receiver] = field(default_factory=dict)
    why: dict[str, tuple[str, str]] = field(default_factory=dict)


class Driver:
    """Submits tasks to Ray and follows them; `say` sends an event to the scheduler."""

    def __init__(self, config: Mapping[str, Any], say: Callable[..., None]) -> None:
        self.config = config
        self.say = say
        self.pack = int(config.get("pack") or 1)
        self.streams: list[Stream] = []
        self.waiting: list[tuple[Task, Parcel]] = []
        self.put: dict[str, Any] = {}

    def connect(self) -> None:
        """Start a cluster here, or join the one at the address; then say what it has."""
        import ray

        address = self.config.get("address")
        where: dict[str, Any] = {"address": address, "namespace": "safetycase"}
        if not address:
            where = {
                "num_cpus": self.config["workers"],
                "include_dashboard": False,
                "object_store_memory": SMALLEST_STORE,
                "_temp_dir": self.config["folder"],
            }
        ray.init(log_to_driver=False, configure_logging=False, **where)
        self._remote = {
            False: ray.remote(max_retries=0)(ray_task.work),
            True: ray.remote(max_retries=0)(ray_task.work_packed),
        }
        have = ray.cluster_resources()
        self.say(ready={"cpus": have.get("CPU", 0.0), "gpus": have.get("GPU", 0.0)})

    def start(self, said: Mapping[str, Any]) -> None:
        """Take a task; it is submitted by `flush`."""
        task = Task(
            id=said["id"],
            token=said["token"],
            job=said["job"],
            folder=Path(said["folder"]),
            limits=Limits(**said["limits"]),
            resources=Resources(**said["resources"]),
        )
        try:
            self.waiting.append((task, parcels.packed(task)))
        except ParcelFailed as error:
            self.say(finished=task.id, how="failed", reason=str(error))

    def flush(self) -> None:
        """Submit what was taken, several to a Ray task if they are to be packed."""
        while self.waiting:
            first = self.waiting[0][0].resources
            batch = [w for w in self.waiting if w[0].resources == first][: self.pack]
            self.waiting = [w for w in self.waiting if w not in batch]
            self._submit(batch, first)

    def _submit(self, batch: Sequence[tuple[Task, Parcel]], needs: Resources) -> None:
        packed = self.pack > 1
        headers = [json.dumps(parcel.header).encode() for _, parcel in batch]
        try:
            files = {d: path for _, parcel in batch for d, path in parcel.files.items()}
            blobs = [self._blob(digest, path) for digest, path in files.items()]
            remote = self._remote[packed].options(
                num_cpus=needs.cpus, num_gpus=needs.gpus, num_returns="streaming"
            )
            generator = remote.remote(headers if packed else headers[0], list(files), *blobs)
        except Exception as error:
            for task, _ in batch:
                reason = f"the task could not be submitted: {_first_line(error)}"
                self.say(finished=task.id, how="lost", reason=reason)
            return
        tasks = [task for task, _ in batch]
        now = time.monotonic()
        stream = Stream(tasks=tasks, generator=generator, packed=packed, submitted=now)
        stream.receivers = {task.id: Receiver(task) for task in tasks}
        self.streams.append(stream)

    def _blob(self, digest: str, path: Path) -> Any:
        """The bytes of a file, or a reference to them in Ray's store, put there once."""
        import ray

        if digest in self.put:
            return self.put[digest]
        data = path.read_bytes()
        if len(data) <= INLINE_BYTES:
            return data
        self.put[digest] = ray.put(data)
        return self.put[digest]

    def stop(self, task: str) -> None:
        """Cancel a task; what shares a worker with it is lost."""
        for i, (waiting, _) in enumerate(self.waiting):
            if waiting.id == task:
                del self.waiting[i]
                self.say(finished=task, how="aborted", reason="stopped by the scheduler")
                return
        for stream in self.streams:
            if task in stream.receivers:
                self._cancel(stream, task, "aborted", "stopped by the scheduler")

    def _cancel(self, stream: Stream, task: str, how: str, reason: str) -> None:
        import ray

        stream.why.setdefault(task, (how, reason))
        for other in stream.receivers:
            stream.why.setdefault(
                other, ("lost", f"it shared a worker with `{task}`, which was ended")
            )
        with contextlib.suppress(Exception):
            ray.cancel(stream.generator, force=True)
        # What Ray makes of it may come late or never; the tasks have ended for us.
        self._lose(stream, "")

    def poll(self) -> None:
        """Take what arrived on the streams; end what is overdue."""
        import ray

        by = {id(stream.generator): stream for stream in self.streams}
        ready, _ = ray.wait(
            [stream.generator for stream in self.streams],
            num_returns=len(self.streams),
            timeout=POLL_SECONDS,
            fetch_local=False,
        )
        for generator in ready:
            self._take(by[id(generator)])
        for stream in list(self.streams):
            self._overdue(stream)

    def _take(self, stream: Stream) -> None:
        """One item of a stream: messages, or how Ray says that it ended."""
        import ray

        try:
            item = ray.get(next(stream.generator), timeout=GRACE_SECONDS)
        except StopIteration:
            self._lose(stream, "the worker ended without saying how the task did")
        except Exception as error:
            self._lose(stream, _cause(error))
        else:
            stream.began = time.monotonic()
            for said, data in ray_task.split(item):
                self._hear(stream, said, data)
            if not stream.receivers:
                self.streams.remove(stream)

    def _hear(self, stream: Stream, said: Mapping[str, Any], data: bytes) -> None:
        receiver = stream.receivers.get(said["id"])
        if receiver is None:
            return
        if "tick" in said:
            self.say(tick=said["id"], of=said["tick"])
        elif "how" in said:
            del stream.receivers[said["id"]]
            self.say(finished=said["id"], **receiver.end(said))
        elif not said.get("begun"):
            receiver.take(said, data)

    def _overdue(self, stream: Stream) -> None:
        if stream not in self.streams:
            return
        now, first = time.monotonic(), next(iter(stream.receivers))
        task = stream.receivers[first].task
        limit = task.limits.seconds
        if stream.began is None and not stream.packed:
            if now - stream.submitted > self.config["queue_seconds"]:
                self._cancel(stream, first, "lost", self._never(task))
        elif stream.packed and now - (stream.began or stream.submitted) > limit:
            self._cancel(stream, first, "failed", f"stopped after the time limit of {limit:g} s")
        elif stream.began and now - stream.began > limit + GRACE_SECONDS:
            self._cancel(stream, first, "lost", "its node was not heard of after the time limit")

    def _never(self, task: Task) -> str:
        needs = task.resources
        return (
            f"no node of the cluster took it within {self.config['queue_seconds']:g} s "
            f"(it needs {needs.cpus:g} CPUs and {needs.gpus:g} GPUs)"
        )

    def _lose(self, stream: Stream, reason: str) -> None:
        """The stream has ended; whatever has no end yet ends now."""
        if stream in self.streams:
            self.streams.remove(stream)
        for name, receiver in stream.receivers.items():
            receiver.abandon()
            how, why = stream.why.get(name, ("lost", reason))
            self.say(finished=name, how=how, reason=why)
        stream.receivers.clear()


def main() -> int:
    """Follow the commands on standard input until it closes; 3 if Ray cannot be reached."""
    channel = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)

    def say(**event: Any) -> None:
        channel.write(json.dumps(event) + "\n")

    commands: queue.Queue[dict[str, Any] | None] = queue.Queue()
    threading.Thread(target=_read, args=(commands,), daemon=True).start()
    config = commands.get()
    if config is None:
        return 2
    driver = Driver(config, say)
    try:
        driver.connect()
    except Exception as error:
        say(failed=_first_line(error))
        return 3
    try:
        _follow(driver, commands, say)
    finally:
        import ray

        for stream in driver.streams:
            with contextlib.suppress(Exception):
                ray.cancel(stream.generator, force=True)
        ray.shutdown()
        if not config.get("address"):
            # Whoever made the folder of our own cluster removes it, unless that was killed.
            shutil.rmtree(config["folder"], ignore_errors=True)
    return 0


def _follow(
    driver: Driver, commands: queue.Queue[dict[str, Any] | None], say: Callable[..., None]
) -> None:
    alive = time.monotonic()
    while True:
        if time.monotonic() - alive > ALIVE_SECONDS:
            alive = time.monotonic()
            say(alive=True)
        with contextlib.suppress(queue.Empty):
            command = commands.get(timeout=0 if driver.streams else ALIVE_SECONDS)
            while command is not None:
                if "start" in command:
                    driver.start(command["start"])
                else:
                    driver.stop(command["stop"])
                command = commands.get_nowait()
            return
        driver.flush()
        if driver.streams:
            driver.poll()


def _read(commands: queue.Queue[dict[str, Any] | None]) -> None:
    with contextlib.suppress(OSError, ValueError):
        for line in sys.stdin:
            commands.put(json.loads(line))
    commands.put(None)


def _cause(error: Exception) -> str:
    """Why Ray gave a task up, in words that name no internals where they are known."""
    known = {
        "WorkerCrashedError": "its worker was killed or crashed",
        "OutOfMemoryError": "its node ran out of memory",
        "NodeDiedError": "its node died",
        "TaskCancelledError": "it was cancelled",
        "ObjectLostError": "its node died before the result was fetched",
        "OwnerDiedError": "its node died before the result was fetched",
    }
    name = type(error).__name__
    if name.startswith("RayTaskError"):  # a traceback of the worker, whose last line says most
        return f"the worker failed: {str(error).strip().splitlines()[-1].strip()[:500]}"
    return known.get(name, "") or f"{name}: {_first_line(error)}"


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:500]


if __name__ == "__main__":
    sys.exit(main())
