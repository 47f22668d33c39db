"""Cutting an element out of a file with its comments, and putting it in somewhere else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from safetycase.argument.nodes import Collection, Node, Scalar
from safetycase.argument.source import File, Place, Source

__all__ = ["Piece", "add_reference", "append", "cut", "drop_reference", "drop_scalar", "rendered"]


Words = Sequence[tuple[int, int, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """The text of an element: the comments above it, and its lines without their indentation."""

    comments: tuple[str, ...]
    lines: tuple[str, ...]


def rendered(piece: Piece, indent: int, *, dash: bool = True) -> str:
    """The piece as an entry of a list at `indent`, or as the value below a key."""
    lead = "- " if dash else ""
    shift = " " * (indent + len(lead))
    first, *rest = piece.lines
    return "\n".join(
        [
            *(" " * indent + line for line in piece.comments),
            " " * indent + lead + first,
            *(shift + line if line else "" for line in rest),
        ]
    )


def cut(source: Source, name: str, place: Place, reference: str | None, words: Words = ()) -> Piece:
    """Take an element out; `reference` stays in its place, or nothing at all.

    What stood in a list of elements leaves no reference, what stood in place does. `words` are
    (start, end, text) that read otherwise in the piece than in the file.
    """
    file, node, parent = place.file, place.node, place.parent
    start, end = file.start(node), file.end(node)
    last = file.line_end(end) if file.is_block(node) else end
    lines = _dedented(_with(file.text, start, last, words), file.column(start))
    if not file.is_block(parent):
        if reference is None:
            raise source.refusal(f"`{name}` stands inside `[...]`", name, "write one entry a line")
        file.replace(start, end, reference)
        return Piece(comments=(), lines=lines)
    if parent.mapping:
        return _cut_value(file, place, lines, reference or "")
    dash = _dash(source, file, start, name)
    top = _comments_above(file, file.line_start(dash), file.column(dash))
    comments = _comments(file.text[top : file.line_start(dash)])
    if reference is None:
        below = file.line_end(end)
        if place.index + 1 < len(parent.items):
            below = _blank_below(file, below)
        file.replace(file.above(top), below, "")
    else:
        file.replace(file.above(top), file.above(file.line_start(dash)), "")
        file.replace(start, last, reference)
    return Piece(comments=comments, lines=lines)


def _with(text: str, start: int, end: int, words: Words) -> str:
    out, done = [], start
    for at, until, word in sorted(words):
        if start <= at and until <= end:
            out += [text[done:at], word]
            done = until
    return "".join([*out, text[done:end]])


def _blank_below(file: File, end: int) -> int:
    """The end of the last of the blank lines right below."""
    blank = re.compile(r"(?:\r?\n[ \t]*(?=\r?\n))*")
    found = blank.match(file.text, end)
    return found.end() if found else end


def _cut_value(file: File, place: Place, lines: tuple[str, ...], reference: str) -> Piece:
    """The value of a key: on the key's line, or on the lines below it."""
    start, end = file.start(place.node), file.end(place.node)
    key: Node = place.parent.items[place.index - 1]
    colon = file.text.index(":", file.end(key)) + 1
    if "\n" not in file.text[colon:start]:
        file.replace(start, end, reference)
        return Piece(comments=(), lines=lines)
    below = file.line_end(colon)
    file.replace(colon, colon, f" {reference}")
    file.replace(below, file.line_end(end), "")
    return Piece(comments=_comments(file.text[below : file.line_start(start)]), lines=lines)


def _comments(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip().startswith("#"))


def _dedented(text: str, columns: int) -> tuple[str, ...]:
    first, *rest = text.replace("\r\n", "\n").split("\n")
    blank = re.compile(rf" {{0,{columns}}}")
    return (first, *(line[blank.match(line).end() :] for line in rest))  # type: ignore[union-attr]


def _dash(source: Source, file: File, start: int, name: str) -> int:
    """The offset of the `-` of an entry that stands alone on its line."""
    dash = len(file.text[:start].rstrip()) - 1
    if file.text[dash] != "-" or file.text[file.line_start(dash) : dash].strip():
        raise source.refusal(f"the `-` of `{name}` is not where it is expected", name)
    return dash


def _comments_above(file: File, line: int, column: int) -> int:
    """The start of the first of the comment lines right above, level with the entry."""
    while line > 0:
        before = file.line_start(line - 1)
        words = file.text[before:line]
        if not re.match(rf" {{{column}}}#", words):
            break
        line = before
    return line


def append(source: Source, file: File, key: str, pieces: Sequence[Piece]) -> None:
    """Put pieces at the end of a list of elements, which is made if it is not there."""
    pair = next((p for p in file.root.pairs() if type(p[0]) is Scalar and p[0].value == key), None)
    if not file.is_block(file.root):
        raise source.refusal(f"{file.name} is written inside `{{...}}`", "", "write one key a line")
    if pair is None:
        body = "\n".join(rendered(piece, 2) for piece in pieces)
        lead = "\n" if file.text.endswith("\n") else "\n\n"
        file.replace(len(file.text), len(file.text), f"{lead}{key}:\n{body}\n")
        return
    value = pair[1]
    if type(value) is not Collection or not value.items:
        body = "\n".join(rendered(piece, 2) for piece in pieces)
        end = file.text.index(":", file.end(pair[0])) + 1
        file.replace(end, file.end(value), f"\n{body}")
        return
    _append(source, file, value, [rendered(piece, _indent(file, value)) for piece in pieces], key)


def _indent(file: File, value: Collection) -> int:
    return file.column(file.start(value))


def _append(
    source: Source, file: File, value: Collection, entries: Iterable[str], key: str
) -> None:
    if not file.is_block(value):
        hint = f"write `{key}` with one `- entry` a line"
        raise source.refusal(f"`{key}` in {file.name} is written inside `[...]`", "", hint)
    end = file.line_end(file.end(value))
    file.replace(end, end, "".join(f"\n{entry}" for entry in entries))


def add_reference(source: Source, file: File, value: Collection, entry: str | Piece) -> bool:
    """Put an id or a piece at the end of a list of premises; False if a piece cannot be there."""
    if file.is_block(value):
        indent = _indent(file, value)
        text = " " * indent + f"- {entry}" if isinstance(entry, str) else rendered(entry, indent)
        _append(source, file, value, [text], "premises")
        return True
    if not isinstance(entry, str):
        return False
    last = file.end(value.items[-1]) if value.items else file.start(value) + 1
    file.replace(last, last, f", {entry}" if value.items else entry)
    return True


def drop_reference(source: Source, file: File, value: Collection, index: int) -> None:
    """Take an entry out of a list of ids."""
    node = value.items[index]
    if file.is_block(value):
        dash = _dash(source, file, file.start(node), str(index))
        end = file.line_end(file.end(node))
        file.replace(file.above(file.line_start(dash)), end, "")
        return
    drop_scalar(file, value, index)


def drop_scalar(file: File, value: Collection, index: int) -> None:
    """Take an entry out of a list in flow style, with one of its commas."""
    start, end = file.start(value.items[index]), file.end(value.items[index])
    if index + 1 < len(value.items):
        end = file.start(value.items[index + 1])
    elif index:
        start = file.end(value.items[index - 1])
    file.replace(start, end, "")
