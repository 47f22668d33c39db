"""What an address asks for, what it may have meant, and how a run ended, in words."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, Final

from starlette.requests import Request

from safetycase.argument.findings import did_you_mean
from safetycase.report.filters import FILTERS
from safetycase.web.runs import Run

__all__ = ["LONGEST", "ended", "nearest", "outcome", "query_of", "unread"]

LONGEST: Final = 400
"""Characters of a word in an address that are read."""


def ended(run: Run | None) -> list[Mapping[str, Any]]:
    """The attempts of a run that ended, as it tells them."""
    found = run.result.get("ended", []) if run else []
    return [one for one in found if isinstance(one, dict)]


def outcome(run: Run | None) -> str:
    """How a run ended, in a sentence."""
    if run is None or run.goes_on:
        return ""
    count, asked = len(ended(run)), " It was asked to stop." if run.stopping else ""
    if run.code == 0:
        many = f"{count} attempt{'' if count == 1 else 's'} ended in the record"
        return f"{many if count else 'Nothing was due, so nothing was run'}.{asked}"
    if run.stopping:
        return "It was stopped; what it had finished is kept."
    return f"It ended with exit code {run.code}; what it said stands below."


def query_of(request: Request) -> dict[str, str]:
    """The parameters of an address, the last of each name, within bounds."""
    return {k[:40]: v[:LONGEST] for k, v in list(request.query_params.items())[:20]}


def unread(query: Mapping[str, str]) -> str:
    """A sentence on words of a filter that no filter has: they are said and not guessed."""
    told = []
    for name, label, words in FILTERS:
        value = query.get(name, "")
        if value and value not in words:
            near = did_you_mean(value, words) or ""
            told.append(f"No {label.lower()} is called `{value[:60]}`; {near or 'all are shown'}")
    return ". ".join(told) + ("." if told and not told[-1].endswith("?") else "")


def nearest(word: str, known: Iterable[str]) -> list[str]:
    """The few of `known` that somebody may have meant by a word."""
    folded = {name.casefold(): name for name in known}
    close = difflib.get_close_matches(word[:100].casefold(), folded, n=3, cutoff=0.55)
    return [folded[name] for name in close]
