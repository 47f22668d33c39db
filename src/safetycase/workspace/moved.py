"""The version of a case that stood in another folder: whoever moves a case does not start anew."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from safetycase.workspace.paths import CASE_FILE
from safetycase.workspace.versions import NoVersion, Version, git_answer, revision

__all__ = ["before_it_moved", "top_of"]

_MOST = 200
"""How many case files of a revision are looked at."""


def before_it_moved(word: str, folder: Path, name: str) -> tuple[Version, str] | None:
    """The version in revision `word` of the case `name`, now in `folder`, and its folder then.

    It is the one with that name, or else the only one of which the file is gone. The folder is
    relative to the repository. None if the case is new: no other has its name, and none is gone.
    Raises `NoVersion` if several are gone and none of them has the name.
    """
    top = top_of(folder)
    if top is None:
        return None
    gone: list[tuple[Version, str]] = []
    for at in _cases(word, top):
        version = revision(word, top, under=at)
        if _name(version) == name:
            return version, at
        if not (top / at / CASE_FILE).is_file():
            gone.append((version, at))
    if len(gone) > 1:
        listed = ", ".join(at or "." for _, at in gone[:8])
        raise NoVersion(
            f"{word} has no case {name}, and cases that it has are gone ({listed}): check the one "
            "out that became this case, and name its folder with --against"
        )
    return gone[0] if gone else None


def top_of(folder: Path) -> Path | None:
    """The folder of the repository; None outside of one."""
    told = git_answer(folder, "rev-parse", "--show-toplevel")
    return Path(told.decode("utf-8", "surrogateescape").rstrip("\n")) if told else None


def _cases(word: str, top: Path) -> Iterator[str]:
    """The folders of a revision that hold a case, those nearest to the top first."""
    told = git_answer(top, "ls-tree", "-r", "-z", "--name-only", "--full-tree", word) or b""
    paths = (PurePosixPath(each.decode("utf-8", "surrogateescape")) for each in told.split(b"\0"))
    found = sorted((len(p.parts), p.parent) for p in paths if p.name == CASE_FILE)
    for _, parent in found[:_MOST]:
        yield "" if parent == PurePosixPath(".") else str(parent)


def _name(version: Version) -> str:
    """The name of a case; empty if it cannot be read."""
    try:
        case = version.load().case
    except NoVersion:
        return ""
    return case.header.case if case else ""
