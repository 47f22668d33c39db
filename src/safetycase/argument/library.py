"""The templates at hand, as the reader of a case asks for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["NO_TEMPLATES", "Library", "NoText"]


class NoText(Exception):
    """A file that a case names cannot be read; the message completes `the file ... `."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """The templates at hand: their names, and (file, text) by name, None if there is none.

    `text` raises `NoText` for one that is there and cannot be read.
    """

    names: Callable[[], tuple[str, ...]] = tuple
    text: Callable[[str], tuple[str, str] | None] = lambda _name: None


NO_TEMPLATES = Library()
