"""What a job of Slurm runs: a parcel in a shared folder in, files in the same folder out.

The queue may start a job again after a node failed. A second start finds the mark of the first
and does nothing: a further try is the scheduler's to make.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any

from safetycase.evidence.executors import parcels
from safetycase.plugin.contract import MethodError
from safetycase.plugin.executors import Finished, Ticked

__all__ = ["BACK", "BLOBS", "END", "HEADER", "STARTED", "TICKS", "work"]

HEADER, BLOBS, STARTED = "header.json", "blobs", "started"
TICKS, BACK, END = "ticks.jsonl", "back", "end.json"


def work(folder: str) -> str:
    """Run the parcel in `folder`; what came of it is in `end.json` there. Returns "" always."""
    place = Path(folder)
    try:
        (place / STARTED).touch(exist_ok=False)
    except FileExistsError:
        return ""
    header = json.loads((place / HEADER).read_text("utf-8"))
    base = Path(tempfile.mkdtemp(prefix="safetycase-"))
    try:
        blobs = {d: (place / BLOBS / d).read_bytes() for d in header["files"].values()}
        task = parcels.lay_out(header, blobs, base)
        for event in parcels.carry(task):
            if isinstance(event, Ticked):
                with (place / TICKS).open("a", encoding="utf-8") as ticks:
                    said = {"done": event.done, "total": event.total, "note": event.note}
                    ticks.write(json.dumps(said) + "\n")
            else:
                _end(place, **_described(event, place))
    except (MethodError, OSError) as error:
        _end(place, how="failed", reason=str(error), where=socket.gethostname(), files={})
    finally:
        shutil.rmtree(base, ignore_errors=True)
    return ""


def _described(finished: Finished, place: Path) -> dict[str, Any]:
    files = {}
    for name, path in parcels.returned(finished):
        target = place / BACK / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        with target.open("rb") as file:
            files[name] = hashlib.file_digest(file, "sha256").hexdigest()
    return {
        "how": finished.how,
        "reason": finished.reason,
        "seconds": finished.seconds,
        "cpu_seconds": finished.cpu_seconds,
        "where": finished.where,
        "files": files,
    }


def _end(place: Path, **said: Any) -> None:
    temporary = place / (END + ".tmp")
    temporary.write_text(json.dumps(said), "utf-8")
    temporary.replace(place / END)


if __name__ == "__main__":
    work(sys.argv[1])
