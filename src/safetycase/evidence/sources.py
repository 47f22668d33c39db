"""The text of what a result was made from, kept so that a later change can be shown line by line.

Each text is an artefact under the SHA-256 that the recipe names anyway, so whoever asks what
changed needs the store and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Final

from safetycase.evidence.recipes import CurrentRecipe
from safetycase.ledger.errors import LedgerError
from safetycase.ledger.stores import ArtefactNotShared, Store

__all__ = ["MOST", "ChangedLine", "changed_line", "keep_sources"]

MOST: Final = 1024 * 1024
"""Bytes up to which a text is kept; what is larger is known by its digest only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedLine:
    """The first line in which a text differs, from 1; `was` or `now` is empty if it has ended."""

    line: int
    was: str
    now: str


def keep_sources(recipe: CurrentRecipe, store: Store) -> Mapping[str, str]:
    """Keep every text that the recipe names; returns their SHA-256 by the field that names them.

    What is no text, too large, or gone is left out. Raises what the store raises if it refuses.
    """
    kept: dict[str, str] = {}
    done: dict[Path, str] = {}
    for field, path in recipe.sources.items():
        if path not in done:
            data = _text(path)
            done[path] = _put(store, data) if data is not None else ""
        if done[path]:
            kept[field] = done[path]
    return kept


def _put(store: Store, data: bytes) -> str:
    """Keep a text; one that cannot be shared now is pushed later and keeps nothing from running."""
    try:
        return store.put(data)
    except ArtefactNotShared as kept:
        return kept.digest


def changed_line(was: str, path: Path, store: Store) -> ChangedLine | None:
    """The first line in which the text at `path` differs from the one kept under `was`.

    None where either cannot be had as text.
    """
    try:
        old = store.get(was)
    except (LedgerError, OSError, ValueError):
        return None
    new = _text(path)
    if new is None:
        return None
    try:
        before, after = old.decode("utf-8").splitlines(), new.decode("utf-8").splitlines()
    except UnicodeDecodeError:
        return None
    for number, (a, b) in enumerate(zip_longest(before, after), start=1):
        if a != b:
            return ChangedLine(line=number, was=_shown(a), now=_shown(b))
    return None


def _text(path: Path) -> bytes | None:
    """The bytes of a file that is text of a size worth keeping."""
    try:
        if path.stat().st_size > MOST:
            return None
        data = path.read_bytes()
        data.decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    return data if len(data) <= MOST and b"\0" not in data else None


def _shown(line: str | None) -> str:
    text = (line or "").strip()
    return text if len(text) <= 120 else text[:117] + "..."
