"""Findings: what an author got wrong, as values with a code, a place, a reason and a hint."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

__all__ = ["Finding", "Severity", "Span", "did_you_mean"]

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Span:
    """A place in a text file; line and column count from 1."""

    file: str
    line: int
    column: int
    end_line: int = 0
    end_column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong, where, why, and the way out.

    An `error` makes `subject` (an element id, or the case when None) not ready; a `warning`
    is shown and blocks nothing.
    """

    code: str
    span: Span
    message: str
    hint: str | None = None
    subject: str | None = None
    severity: Severity = "error"


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """A hint naming the nearest of `known`, or listing them when they are few."""
    import difflib  # only for who mistyped, and workers start often

    names = sorted(known)
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if close:
        return f"did you mean `{close[0]}`?"
    if names and len(names) <= 12:
        return "known here: " + ", ".join(f"`{name}`" for name in names)
    return None
