"""Digests of files: always recomputed where it counts, cached where only reading is at stake.

The cache is keyed by path, size, inode and both times, of which the last change cannot be set
back by hand. `run` and `verify` never use it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
from pathlib import Path

__all__ = ["Digester", "cache_path"]

BIG = 4 * 1024 * 1024


def cache_path() -> Path:
    """Where digests of big files are remembered (under the user's cache folder)."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "safetycase" / "digests.json"


class Digester:
    """SHA-256 of files; with `trust_cache`, big unchanged files are not read again."""

    def __init__(self, *, trust_cache: bool) -> None:
        self.trust_cache = trust_cache
        self._cache: dict[str, list[str]] | None = None
        self._seen: dict[Path, str] = {}

    def once(self, path: Path) -> str:
        """Like `file`, but each file is read once in the life of this object: one snapshot."""
        found = self._seen.get(path)
        if found is None:
            found = self._seen[path] = self.file(path)
        return found

    def file(self, path: Path) -> str:
        """The SHA-256 of a file, in hex; `OSError` if it cannot be read, or is no plain file."""
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            # A pipe would be waited for without end, and a device has no end.
            raise OSError(f"{path} is no plain file")
        mark = f"{found.st_size}:{found.st_mtime_ns}:{found.st_ctime_ns}:{found.st_ino}"
        key = str(path.resolve())
        if found.st_size < BIG:
            return hashlib.sha256(path.read_bytes()).hexdigest()
        known = self._load().get(key)
        if self.trust_cache and known and known[0] == mark:
            return known[1]
        with path.open("rb") as file:
            value = hashlib.file_digest(file, "sha256").hexdigest()
        self._load()[key] = [mark, value]
        self._save()
        return value

    def _load(self) -> dict[str, list[str]]:
        if self._cache is None:
            self._cache = {}
            with contextlib.suppress(OSError, ValueError):
                loaded = json.loads(cache_path().read_text("utf-8"))
                if isinstance(loaded, dict):
                    self._cache = {
                        k: v for k, v in loaded.items() if isinstance(v, list) and len(v) == 2
                    }
        return self._cache

    def _save(self) -> None:
        # A cache that cannot be written costs time, never correctness.
        with contextlib.suppress(OSError):
            path = cache_path()
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = path.with_suffix(f".{os.getpid()}.tmp")
            temporary.write_text(json.dumps(self._cache), "utf-8")
            temporary.replace(path)
