"""The basic events of a case: leaves, assumptions, warrants, doubts, and what is open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Basic", "What", "label"]

What = Literal["leaf", "assumption", "warrant", "doubt", "open"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Basic:
    """A basic event: the element it belongs to, what it is of it, and its interval.

    What is `open` is an event of which nothing is known, named by what would close it.
    """

    element: str
    what: What
    low: float = 0.0
    high: float = 1.0
    note: str = ""


def label(event: str) -> str:
    """The name of an event as a reader would say it: `STEP~warrant` is `STEP (warrant)`."""
    name, _, what = event.partition("~")
    return f"{name} ({what})" if what in ("warrant", "interval", "finding") else name
