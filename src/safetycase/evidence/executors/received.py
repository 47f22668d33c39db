"""Files that come back from another machine, taken into the task's folder with suspicion."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Mapping
from io import BufferedRandom
from typing import Any

from safetycase.evidence.executors import parcels, results
from safetycase.evidence.perform import JobError
from safetycase.plugin.executors import Task

__all__ = ["Receiver"]


class Receiver:
    """Takes the files of one task; names that lead elsewhere and too many bytes are refused."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.refused = ""
        self._open: dict[str, tuple[BufferedRandom, str]] = {}
        self._bytes = 0

    def take(self, said: Mapping[str, Any], data: bytes) -> None:
        """A piece of a file: `file` begins one, `more` goes on with it."""
        if self.refused:
            return
        self._bytes += len(data)
        most = self.task.limits.output_bytes
        if most is not None and self._bytes > most:
            self.refused = f"stopped over the output limit of {most} bytes"
            return
        name = str(said.get("file") or said["more"])
        try:
            if "file" in said:
                path = parcels.inside(self.task.folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                self._open[name] = (path.open("w+b"), str(said["sha256"]))
            self._open[name][0].write(data)
        except (JobError, OSError, KeyError) as error:
            self.refused = f"a file of the result could not be taken: {error}"

    def end(self, said: Mapping[str, Any]) -> dict[str, Any]:
        """How the task ended, once every file is whole; a file that is not makes it `failed`."""
        for name, (file, digest) in self._open.items():
            with file:
                file.seek(0)
                if hashlib.file_digest(file, "sha256").hexdigest() != digest:
                    self.refused = self.refused or f"`{name}` did not arrive as it was sent"
        self._open.clear()
        (self.task.folder / results.SCRATCH).mkdir(parents=True, exist_ok=True)
        how, reason = str(said["how"]), str(said.get("reason", ""))
        if self.refused:
            how, reason = "failed", self.refused
        return {
            "how": how,
            "reason": reason,
            "seconds": float(said.get("seconds") or 0.0),
            "cpu_seconds": said.get("cpu_seconds"),
            "where": str(said.get("where", "")),
        }

    def abandon(self) -> None:
        """Close what is open: nobody will send the rest."""
        for file, _ in self._open.values():
            with contextlib.suppress(OSError):
                file.close()
        self._open.clear()
