"""Text from anywhere as Markdown that shows it and does nothing with it.

Written for GitHub's dialect, which links addresses, mentions, issue numbers and commits by
themselves, sets mathematics between dollars and passes HTML through: whatever could do so is
escaped, or set as code, where none of it happens.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from safetycase.report.clean import moment, one_line, visible

__all__ = ["block", "code", "md", "table", "when"]

LONGEST = 2_000
CELL = 400
"""The longest text of a cell of a table, in characters."""

_ESCAPED = re.compile(r"([\\`*_\[\]~$^!])")
_STARTS = re.compile(r"^([-+=#>:]|\d+[.)](?=\s|$))")
_ACTS = re.compile(
    r"@|://|\bwww\.|#\d|\bGH-\d|\bmailto:|\bxmpp:|:[a-z+-][\w+-]*:|\b[0-9a-f]{7,40}\b",
    re.IGNORECASE,
)
_AROUND = re.compile(r"^([(\[{<'\"“‘]*)(.*?)([.,;:!?)\]}>'\"”’]*)$", re.DOTALL)
_ENTITIES = str.maketrans({"<": "&lt;", ">": "&gt;", "&": "&amp;", "|": "&#124;"})


def md(text: str, *, limit: int = LONGEST) -> str:
    """`text` on one line of at most `limit` characters, shown as it is, `quoted` parts as code."""
    shown = one_line(text, limit=limit)
    return _STARTS.sub(_escape_start, _quoted(shown) or _words(shown))


def code(text: str, *, limit: int = LONGEST) -> str:
    """`text` as code, where nothing acts; nothing for an empty one.

    A pipe ends the cell of a table even within code, and no escape of it is safe after a
    backslash: it stands between two spans of code, as an entity.
    """
    parts = one_line(text, limit=limit).split("|")
    return "&#124;".join(_span(part) for part in parts)


def when(text: str | None) -> str:
    """An instant of the record for reading; any other text as `md`."""
    return md(moment(text))


def block(lines: Iterable[str], language: str = "text") -> list[str]:
    """Lines as a block of code, whose fence none of them can end."""
    shown = [visible(line, lines=False) for line in lines]
    fence = "`" * max(3, 1 + max((_longest_run(line) for line in shown), default=0))
    return [f"{fence}{language}", *shown, fence]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table of cells that are Markdown already."""
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    return [*lines, *(f"| {' | '.join(row)} |" for row in rows)]


def _quoted(text: str) -> str:
    """`text` with what stands between single backticks as code; empty if they do not pair up."""
    parts = text.split("`")
    if len(parts) < 3 or len(parts) % 2 == 0 or not all(part.strip() for part in parts[1::2]):
        return ""
    made = [code(part) if i % 2 else _words(part) for i, part in enumerate(parts)]
    # Two spans of code that touch would be read as one, or as none.
    touch = any(made[i].endswith("`") or made[i].startswith("`") for i in range(0, len(made), 2))
    return "" if touch or any(made[i] == "" for i in range(2, len(made) - 1, 2)) else "".join(made)


def _words(text: str) -> str:
    return " ".join(_word(word) for word in text.split(" "))


def _word(word: str) -> str:
    """One word: as code if it would act, otherwise with its marks escaped."""
    if _ACTS.search(word):
        found = _AROUND.match(word)
        before, core, after = found.groups() if found else ("", word, "")
        if core and not _ACTS.search(before + after) and "`" not in before + after:
            return _plain(before) + code(core) + _plain(after)
        return code(word)
    return _plain(word)


def _plain(text: str) -> str:
    return _ESCAPED.sub(r"\\\1", text.translate(_ENTITIES))


def _escape_start(found: re.Match[str]) -> str:
    start = found[1]
    return f"\\{start}" if len(start) == 1 else f"{start[:-1]}\\{start[-1]}"


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall(r"`+", text)), default=0)


def _span(shown: str) -> str:
    """A span of code that its own backticks cannot end; white space alone stays as it is."""
    if not shown.strip():
        return shown
    fence = "`" * (_longest_run(shown) + 1)
    pad = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{fence}{pad}{shown}{pad}{fence}"
