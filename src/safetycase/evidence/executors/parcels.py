"""What crosses to another machine and back: JSON, the bytes of named files, and their digests.

The other side trusts nothing that lies there already: it lays out the files it was sent, checks
each against its digest, and checks that the method's code is the code that was registered.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from safetycase.evidence.executors import results
from safetycase.evidence.executors.subprocess import SubprocessExecutor
from safetycase.evidence.models import PACKAGED
from safetycase.evidence.perform import JobError, code_of
from safetycase.plugin.executors import Finished, Limits, Task, Ticked

__all__ = ["Parcel", "ParcelFailed", "carry", "lay_out", "packed", "returned"]

CASE = "case"


class ParcelFailed(Exception):
    """A task cannot be sent as it is; the message names the file and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A task as it crosses: `header` is JSON, `files` says where the bytes of each digest are."""

    header: Mapping[str, Any]
    files: Mapping[str, Path]


def packed(task: Task) -> Parcel:
    """A task ready to cross. `ParcelFailed` if a file is missing or not what was registered."""
    job = dict(task.job)
    names: dict[str, str] = {}
    paths: dict[str, Path] = {}
    if job.get("kind") == "run":
        folder = Path(job["case_folder"])
        expected = dict(job.get("files") or {})
        for name in dict.fromkeys((*expected, *job["inputs"], *_weights(job))):
            digest = _digest(folder, str(name))
            if expected.get(name, digest) != digest:
                raise ParcelFailed(f"`{name}` is no longer the file that was registered")
            names[str(name)] = digest
            paths[digest] = folder / name
        job["files"] = names
    limits = task.limits
    header = {
        "id": task.id,
        "token": task.token,
        "version": _version(),
        "job": {**job, "code": code_of(str(job.get("target", "")))},
        "files": names,
        "limits": {
            "seconds": limits.seconds,
            "memory_bytes": limits.memory_bytes,
            "output_bytes": limits.output_bytes,
        },
    }
    return Parcel(header=header, files=paths)


def lay_out(header: Mapping[str, Any], blobs: Mapping[str, bytes], base: Path) -> Task:
    """The task of a parcel, its files laid out below the empty folder `base`.

    `JobError` for another version of safetycase, a file whose bytes are not those of its digest,
    or a name that leads out of the folder.
    """
    version = _version()
    if header["version"] != version:
        raise JobError(
            f"safetycase is {version} on {socket.gethostname()} and {header['version']} where the "
            "run was started; install the same"
        )
    case = base / CASE
    case.mkdir(parents=True)
    for name, digest in header["files"].items():
        data = blobs[digest]
        if hashlib.sha256(data).hexdigest() != digest:
            raise JobError(f"`{name}` did not arrive as it was sent")
        path = inside(case, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    folder = base / "task"
    folder.mkdir()
    return Task(
        id=header["id"],
        token=header["token"],
        job={**header["job"], "case_folder": str(case), "remove_when_alone": str(base)},
        folder=folder,
        limits=Limits(**header["limits"]),
    )


def carry(task: Task) -> Iterator[Ticked | Finished]:
    """Run a laid-out task in a supervised process here; ticks, then exactly one end."""
    executor = SubprocessExecutor(workers=1)
    try:
        executor.start(task)
        while True:
            for event in executor.wait(1.0):
                yield event
                if isinstance(event, Finished):
                    return
    finally:
        executor.close()


def returned(finished: Finished) -> Iterator[tuple[str, Path]]:
    """(name, file) of what goes back: the result, the log, and the artefacts it names."""
    folder = finished.log.parent
    yield results.LOG, finished.log
    if finished.result is None:
        return
    yield results.RESULT, folder / results.RESULT
    for name in dict.fromkeys((finished.result.get("artefacts") or {}).values()):
        yield f"{results.SCRATCH}/{name}", finished.scratch / name


def inside(folder: Path, name: str) -> Path:
    """The path of a named file below a folder; `JobError` if the name leads elsewhere."""
    pure = PurePosixPath(name)
    if pure.is_absolute() or ".." in pure.parts or not pure.parts or "\0" in name:
        raise JobError(f"the name `{name}` leads out of its folder")
    return folder / pure


@functools.lru_cache(maxsize=1)
def _version() -> str:
    return importlib.metadata.version("safetycase")


def _weights(job: Mapping[str, Any]) -> list[str]:
    """Weights of local models that are files of the case folder, as the worker will look them up.

    Those that come in a package are found where the worker runs, and hashed there.
    """
    return [
        model["weights"]
        for model in job["models"].values()
        if model.get("provider") == "local"
        and not model.get("base_url")
        and model.get("weights") not in PACKAGED
    ]


def _digest(folder: Path, name: str) -> str:
    try:
        inside(folder, name)
        with (folder / name).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, JobError) as error:
        raise ParcelFailed(f"`{name}` cannot be sent: {error}") from error
