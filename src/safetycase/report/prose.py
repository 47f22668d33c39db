"""A sentence of a case, a record or a method as HTML: escaped, its `quoted` parts as code."""

from __future__ import annotations

from html import escape

from safetycase.report.clean import SENTENCE, one_line

__all__ = ["prose"]


def prose(text: str, limit: int = SENTENCE) -> str:
    """`text` on one line of at most `limit` characters as HTML.

    What stands between two backticks is set as code; where they do not pair up, all of them stay.
    """
    shown = one_line(text, limit=limit)
    parts = shown.split("`")
    if len(parts) % 2 == 0:
        return escape(shown)
    return "".join(
        f"<code>{escape(part)}</code>" if number % 2 else escape(part)
        for number, part in enumerate(parts)
    )
