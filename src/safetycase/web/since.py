"""What changed since a revision of git; files that an address names are not read."""

from __future__ import annotations

from dataclasses import replace

from safetycase.argument.diff import diff
from safetycase.report.site import Source
from safetycase.web.keeper import Reading
from safetycase.workspace.versions import NoVersion, revision

__all__ = ["NoVersion", "since"]


def since(reading: Reading, source: Source, word: str) -> Source:
    """The source with the difference from a revision; without a word, as it is.

    Raises `NoVersion` for what is no revision, or no case there.
    """
    if not word or reading.space is None or reading.space.case is None:
        return source
    was = revision(word, reading.space.folder).load().case
    if was is None:
        raise NoVersion(f"{word} cannot be read as a case")
    return replace(source, difference=diff(was, reading.space.case), since=word)
