"""Which files a case rests on, and whether one of them is another one now."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from safetycase.workspace.folder import Workspace

__all__ = ["Marks", "marks", "outside"]

Marks = frozenset[tuple[str, int, int, int]]

MOST: Final = 20_000
"""Files of a case folder that are looked at; a folder with more is watched in part."""

_SKIPPED: Final = frozenset(
    (".git", ".venv", "__pycache__", "node_modules", "report", "live", "objects")
)


def marks(folder: Path, more: Iterable[Path] = ()) -> Marks:
    """Path, size, time and number of each file below `folder`, and of those in `more`.

    Nothing is read. What a run or a report writes beside the record is left out.
    """
    found = set()
    for path in (*_below(folder), *map(str, more)):
        try:
            at = os.stat(path)  # noqa: PTH116 - a hundred of them, twice a second
        except (OSError, ValueError):
            found.add((path, -1, -1, -1))
        else:
            found.add((path, at.st_size, at.st_mtime_ns, at.st_ino))
    return frozenset(found)


def outside(space: Workspace) -> tuple[Path, ...]:
    """The files that the evidence of a case rests on wherever they lie: code and weights."""
    found: dict[Path, None] = {}
    for recipe in space.recipes.values():
        found.update(dict.fromkeys((*recipe.sources.values(), *recipe.weights)))
    return tuple(found)


def _below(folder: Path) -> Iterator[str]:
    left = MOST
    folders = [str(folder)]
    while folders and left > 0:
        here = folders.pop()
        try:
            with os.scandir(here) as entries:
                for entry in sorted(entries, key=lambda entry: entry.name):
                    left -= 1
                    if left < 0:
                        return
                    if entry.is_dir(follow_symlinks=False):
                        if entry.name not in _SKIPPED:
                            folders.append(entry.path)
                    else:
                        yield entry.path
        except OSError:
            continue
