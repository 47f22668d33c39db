"""What a Ray worker runs: bytes in, a stream of bytes out; no object of ours crosses.

A message is a JSON object on a line, with bytes of a file after it: `file` begins one (`sha256`,
`bytes`), `more` goes on with it. Ray is not imported here.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from safetycase.evidence.executors import parcels, results
from safetycase.evidence.perform import failure
from safetycase.evidence.worker import carry_out
from safetycase.plugin.contract import MethodError
from safetycase.plugin.executors import Finished, Ticked

__all__ = ["joined", "split", "work", "work_packed"]

PIECE = 4 << 20
FLUSH_SECONDS = 0.1
FLUSH_BYTES = 1 << 18


def work(header: bytes, digests: Sequence[str], *blobs: bytes) -> Iterator[bytes]:
    """Run one task in a supervised process on this node; ticks, files, and how it ended."""
    base = Path(tempfile.mkdtemp(prefix="safetycase-"))
    try:
        described = json.loads(header)
        yield joined([_message(id=described["id"], begun=True)])
        try:
            task = parcels.lay_out(described, dict(zip(digests, blobs, strict=True)), base)
        except MethodError as error:
            yield joined([_refused(described, error)])
            return
        for event in parcels.carry(task):
            if isinstance(event, Ticked):
                tick = [event.done, event.total, event.note]
                yield joined([_message(id=event.id, tick=tick)])
            else:
                for message in _sent(event):
                    yield joined([message])
    finally:
        shutil.rmtree(base, ignore_errors=True)


def work_packed(headers: Sequence[bytes], digests: Sequence[str], *blobs: bytes) -> Iterator[bytes]:
    """Run several small tasks one after the other in this very process.

    What they leave behind in it, imports and globals, the next one finds; only time is limited.
    """
    given = dict(zip(digests, blobs, strict=True))
    waiting: list[bytes] = []
    since, held = time.monotonic(), 0
    for header in headers:
        for message in _here(json.loads(header), given):
            waiting.append(message)
            held += len(message)
            if held > FLUSH_BYTES or time.monotonic() - since > FLUSH_SECONDS:
                yield joined(waiting)
                waiting, held, since = [], 0, time.monotonic()
    if waiting:
        yield joined(waiting)


def joined(messages: Sequence[bytes]) -> bytes:
    """Messages as one item of the stream: each has its length in front."""
    return b"".join(b"%d\n" % len(message) + message for message in messages)


def split(item: bytes) -> Iterator[tuple[dict[str, Any], bytes]]:
    """The messages of an item: what is said, and the bytes that follow it."""
    at = 0
    while at < len(item):
        end = item.index(b"\n", at)
        start, at = end + 1, end + 1 + int(item[at:end])
        said, _, data = item[start:at].partition(b"\n")
        yield json.loads(said), data


def _here(header: Mapping[str, Any], blobs: Mapping[str, bytes]) -> Iterator[bytes]:
    base = Path(tempfile.mkdtemp(prefix="safetycase-"))
    begun, cpu = time.monotonic(), time.process_time()
    try:
        try:
            task = parcels.lay_out(header, blobs, base)
        except MethodError as error:
            yield _refused(header, error)
            return
        scratch, log = task.folder / results.SCRATCH, task.folder / results.LOG
        scratch.mkdir()
        with _printing_to(log):
            text = _carried({**task.job, "scratch": str(scratch)})
        found = results.parsed(text.encode())
        most = task.limits.output_bytes
        if most is not None and results.output_bytes(task.folder, most) > most:
            reason = f"stopped over the output limit of {most} bytes"
            found = results.Ended(how="failed", result=None, reason=reason)
        results.cut(log)
        if found.how == "completed":
            (task.folder / results.RESULT).write_text(text, "utf-8")
        yield from _sent(
            Finished(
                id=task.id,
                token=task.token,
                how=found.how,
                result=found.result,
                reason=found.reason,
                seconds=time.monotonic() - begun,
                log=log,
                scratch=scratch,
                cpu_seconds=time.process_time() - cpu,
                where=_where(),
            )
        )
    finally:
        shutil.rmtree(base, ignore_errors=True)


def _carried(job: Mapping[str, Any]) -> str:
    try:
        return carry_out(job, lambda *_: None)
    except (KeyboardInterrupt, SystemExit) as error:  # a method's exit must not end its neighbours
        return json.dumps(failure(error))


@contextlib.contextmanager
def _printing_to(log: Path) -> Iterator[None]:
    """Whatever is printed meanwhile, also from C, goes to the log."""
    kept = os.dup(1), os.dup(2)
    with log.open("wb") as file:
        sys.stdout.flush()
        sys.stderr.flush()
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        try:
            yield
        finally:
            with contextlib.suppress(OSError, ValueError):
                sys.stdout.flush()
                sys.stderr.flush()
            for number, old in enumerate(kept, start=1):
                os.dup2(old, number)
                os.close(old)


def _sent(finished: Finished) -> Iterator[bytes]:
    """The files of a finished task, then how it ended."""
    for name, path in parcels.returned(finished):
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            size = file.tell()
            file.seek(0)
            first = file.read(PIECE)
            head = {"id": finished.id, "file": name, "sha256": digest, "bytes": size}
            yield json.dumps(head).encode() + b"\n" + first
            while piece := file.read(PIECE):
                yield json.dumps({"id": finished.id, "more": name}).encode() + b"\n" + piece
    yield _message(
        id=finished.id,
        how=finished.how,
        reason=finished.reason,
        seconds=finished.seconds,
        cpu_seconds=finished.cpu_seconds,
        where=finished.where,
    )


def _refused(header: Mapping[str, Any], error: Exception) -> bytes:
    return _message(id=header["id"], how="failed", reason=str(error), where=_where())


def _message(**said: Any) -> bytes:
    return json.dumps(said).encode() + b"\n"


def _where() -> str:
    return socket.gethostname()
