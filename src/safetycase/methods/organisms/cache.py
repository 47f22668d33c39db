"""What was costly to make is kept in the user's cache folder, under a digest of how it is made."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

__all__ = ["folder", "key_of", "remembered", "written"]


def folder(*parts: str) -> Path:
    """A folder below the user's cache folder; it is made when something is written."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base, "safetycase", *parts)


def key_of(recipe: Mapping[str, Any]) -> str:
    """The SHA-256 of a recipe of JSON values, whatever the order of its keys."""
    text = json.dumps(recipe, sort_keys=True, allow_nan=False, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def written(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a new file and move it to `path` at once: whole, or not there.

    A cache that cannot be written costs time, never correctness, so that is no error.
    """
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
        os.close(handle)
        try:
            write(Path(name))
            Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)


def remembered(recipe: Mapping[str, Any], make: Callable[[], Any]) -> Any:
    """The JSON value that `make` gives for a recipe, from the cache where it is already there.

    A file that is damaged, or is of another recipe, is made again.
    """
    path = folder("results", f"{key_of(recipe)}.json")
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        found = json.loads(path.read_text("utf-8"))
        if found["recipe"] == json.loads(json.dumps(recipe)):
            return found["value"]
    value = json.loads(json.dumps(make(), allow_nan=False))
    text = json.dumps({"recipe": recipe, "value": value}, allow_nan=False)
    written(path, lambda file: file.write_text(text, "utf-8"))
    return value
