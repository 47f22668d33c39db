"""Text edits on source spans: the one way in which a tool changes a case file.

A rename, a move, a fix and an editor action are all lists of `TextEdit`; what they do not touch
(comments, blanks, line ends) stays as the author wrote it. Lines and columns count from 1 in
characters, as YAML counts them: a line ends at a line feed, a carriage return, the two together,
or one of the Unicode line ends U+0085, U+2028 and U+2029 (YAML 1.1, §4.1.4).
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from safetycase.argument.findings import Span

__all__ = ["EditError", "Lines", "TextEdit", "apply", "apply_to_files", "by_file", "insertion"]

_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")


class EditError(ValueError):
    """Edits that overlap, lie outside the text, or belong to several files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextEdit:
    """Put `text` where `span` is now. A span without an end is a point: an insertion.

    Line feeds in `text` become the line ends of the file that is edited.
    """

    span: Span
    text: str


class Lines:
    """The line starts of one text: positions to offsets and back, in logarithmic time."""

    def __init__(self, text: str) -> None:
        breaks = list(_BREAK.finditer(text))
        first = 1 if text.startswith("\ufeff") else 0  # a byte order mark has no column
        self._starts = [first, *(found.end() for found in breaks)]
        self._ends = [*(found.start() for found in breaks), len(text)]
        self.length = len(text)
        self.line_end = breaks[0].group() if breaks else "\n"

    @property
    def count(self) -> int:
        """How many lines there are; the one after the last line end counts, empty or not."""
        return len(self._starts)

    def offset(self, line: int, column: int) -> int:
        """The offset of a place; `EditError` if the text has no such place.

        The column after the last character of a line is one, and so is column 1 of the line
        after the last: YAML ends a document there.
        """
        if line == self.count + 1 and column == 1:
            return self.length
        if not 1 <= line <= self.count:
            raise EditError(f"the text has no line {line}; it has {self.count}")
        start, end = self._starts[line - 1], self._ends[line - 1]
        if not 1 <= column <= end - start + 1:
            raise EditError(f"line {line} has no column {column}; it has {end - start} characters")
        return start + column - 1

    def position(self, offset: int) -> tuple[int, int]:
        """(line, column) of an offset between 0 and the length."""
        if not 0 <= offset <= self.length:
            raise EditError(f"the text has no offset {offset}; it has {self.length} characters")
        offset = max(offset, self._starts[0])
        line = bisect.bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def range(self, span: Span) -> tuple[int, int]:
        """(start, end) offsets of a span; a span without an end is empty."""
        start = self.offset(span.line, span.column)
        end = self.offset(span.end_line, span.end_column) if span.end_line else start
        if end < start:
            raise EditError(f"the span at {span} ends before it starts")
        return start, end

    def span(self, file: str, start: int, end: int) -> Span:
        """The span between two offsets."""
        line, column = self.position(start)
        end_line, end_column = self.position(end)
        return Span(file=file, line=line, column=column, end_line=end_line, end_column=end_column)


def insertion(file: str, line: int, column: int, text: str) -> TextEdit:
    """The edit that inserts `text` before the character at `line` and `column`."""
    span = Span(file=file, line=line, column=column, end_line=line, end_column=column)
    return TextEdit(span=span, text=text)


def by_file(edits: Iterable[TextEdit]) -> Mapping[str, tuple[TextEdit, ...]]:
    """The edits of each file, in the order given."""
    found: dict[str, list[TextEdit]] = {}
    for edit in edits:
        found.setdefault(edit.span.file, []).append(edit)
    return {file: tuple(entries) for file, entries in found.items()}


def apply(text: str, edits: Iterable[TextEdit]) -> str:
    """The text with every edit made at once; every span is a place in the text given.

    Edits may stand in any order. Insertions at one place are made in the order given, before a
    replacement that starts there. `EditError` if two edits overlap, if one lies outside the text,
    or if they name several files.
    """
    edits = tuple(edits)
    if len({edit.span.file for edit in edits}) > 1:
        raise EditError("the edits belong to several files")
    lines = Lines(text)
    placed = sorted(
        ((*lines.range(edit.span), order, edit) for order, edit in enumerate(edits)),
        key=lambda entry: entry[:3],
    )
    pieces: list[str] = []
    done = 0
    for start, end, _, edit in placed:
        if start < done:
            raise EditError(f"the edit at {edit.span} overlaps one before it")
        pieces += (text[done:start], edit.text.replace("\n", lines.line_end))
        done = end
    return "".join((*pieces, text[done:]))


def apply_to_files(texts: Mapping[str, str], edits: Iterable[TextEdit]) -> Mapping[str, str]:
    """The changed files by name; `EditError` if an edit names a file that is not in `texts`."""
    changed: dict[str, str] = {}
    for file, entries in by_file(edits).items():
        if file not in texts:
            raise EditError(f"there is no text of {file}")
        changed[file] = apply(texts[file], entries)
    return changed
