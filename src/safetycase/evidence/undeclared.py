"""The inputs that runs opened without declaring them, as they are now."""

from __future__ import annotations

from collections.abc import Mapping

from safetycase.evidence.recipes import Reading
from safetycase.ledger.fold import History

__all__ = ["undeclared_now"]


def undeclared_now(history: History, shared: Reading) -> Mapping[str, str]:
    """The present SHA-256 of every undeclared input that the record names, by its path there.

    What cannot be read now has the digest "", which is that of nothing.
    """
    names = {
        str(row[0])
        for attempt in history.attempts
        if attempt.observed
        for row in attempt.observed.get("undeclared", ())
        if isinstance(row, list) and len(row) == 2
    }
    found = {}
    for name in sorted(names):
        try:
            found[name] = shared.digester.once(shared.folder / name)
        except (OSError, ValueError):
            found[name] = ""
    return found
