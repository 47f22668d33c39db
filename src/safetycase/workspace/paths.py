"""Where a case is: the folder, its file, and paths as the user would type them."""

from __future__ import annotations

from pathlib import Path

__all__ = ["CASE_FILE", "NoCase", "find_case", "shown"]

CASE_FILE = "case.yaml"


class NoCase(Exception):
    """There is no case where one was looked for; the message says where and what to do."""


def find_case(start: Path) -> Path:
    """The case folder at `start`, or the nearest one above it."""
    if start.is_file():
        start = start.parent
    if not start.exists():
        raise NoCase(f"there is no folder {start}")
    for folder in (start.resolve(), *start.resolve().parents):
        if (folder / CASE_FILE).is_file():
            return folder
    raise NoCase(
        f"no {CASE_FILE} in {start} or above it; name the case folder, e.g. "
        "`safetycase status cases/internal-assistant`"
    )


def shown(path: Path) -> str:
    """The path as the user would type it."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
