"""Where a case is: the folder, its file, and paths as the user would type them."""

from __future__ import annotations

from pathlib import Path

__all__ = ["CASE_FILE", "NoCase", "find_case", "inside", "shown"]

CASE_FILE = "case.yaml"


class NoCase(Exception):
    """There is no case where one was looked for; the message says where and what to do."""


def find_case(start: Path) -> Path:
    """The case folder at `start`, or the nearest one above it."""
    if start.is_file():
        start = start.parent
    if not start.exists():
        raise NoCase(f"there is no file or folder {start}")
    for folder in (start.resolve(), *start.resolve().parents):
        if (folder / CASE_FILE).is_file():
            return folder
    there = start / CASE_FILE
    if there.is_symlink() or there.exists():
        raise NoCase(f"{there} is no file: it is a folder, a device, or a link that leads nowhere")
    raise NoCase(
        f"no {CASE_FILE} in {start} or above it; name the case folder, e.g. "
        "`safetycase status cases/internal-assistant`"
    )


def inside(folder: Path, name: str) -> Path | None:
    """The file `name` of `folder`, links followed; None if it leads outside, or nowhere at all.

    A name no file can have, and a link that leads to itself, lead nowhere.
    """
    try:
        path = (folder / name).resolve()
    except (OSError, RuntimeError, ValueError):
        return None
    return path if path.is_relative_to(folder.resolve()) else None


def shown(path: Path) -> str:
    """The path as the user would type it."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
