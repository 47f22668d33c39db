"""Strict YAML: text -> nodes with marks, and findings for everything that would surprise.

Aliases, tags, duplicate keys and words that YAML 1.1 silently turns into something else (`no`,
`012`, `1:30`) are findings; nothing is guessed. The nodes are built from parser events: a scalar
node *is* its event, so that a file of a hundred thousand elements is read in seconds (see
`docs/why/events-not-nodes.md`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, final

import yaml

from safetycase.argument.findings import Finding, Span

__all__ = [
    "MAX_BYTES",
    "MAX_DEPTH",
    "Collection",
    "Node",
    "Reader",
    "Scalar",
    "Unread",
    "plain",
    "scalar",
    "span_of",
    "surprising",
    "unread",
]

MAX_BYTES = 64 * 1024 * 1024
MAX_DEPTH = 200
Scalar = yaml.ScalarEvent
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_STANDARD = frozenset(
    "tag:yaml.org,2002:" + name for name in ("str", "int", "float", "bool", "map", "seq")
)
_SURPRISING = re.compile(
    r"(?i:yes|no|on|off|null|~)|0[0-9_]+|0[xob][0-9a-fA-F_]+|[0-9][0-9_]*(:[0-5]?[0-9])+(\.\d*)?"
    r"|[-+]?\.(?i:inf|nan)|\d[\d_]*_[\d_]*"
)
# A word that could be surprising is short or starts like a number; the rest is not even tried.
_NUMERIC = frozenset("0123456789.+-")
_LONGEST_WORD = 4


@final
class Collection:
    """A mapping (`items` alternates keys and values) or a sequence, with its marks."""

    __slots__ = ("end_mark", "items", "mapping", "start_mark", "tag")

    def __init__(self, mapping: bool, start: Any, tag: str | None) -> None:
        self.mapping = mapping
        self.items: list[Any] = []
        self.start_mark = start
        self.end_mark = start
        self.tag = tag

    def pairs(self) -> Iterator[tuple[Node, Node]]:
        """The (key, value) nodes of a mapping."""
        return zip(self.items[::2], self.items[1::2], strict=True)


Node = yaml.ScalarEvent | Collection


def scalar(text: str, like: Node, style: str | None = '"') -> Scalar:
    """A scalar with the text `text` that stands where `like` stands."""
    return yaml.ScalarEvent(None, None, (True, True), text, like.start_mark, like.end_mark, style)


def span_of(node: Node, file: str) -> Span:
    """The place of a node; lines and columns count from 1."""
    start: Any = node.start_mark
    end: Any = node.end_mark
    return Span(
        file=file,
        line=start.line + 1,
        column=start.column + 1,
        end_line=end.line + 1,
        end_column=end.column + 1,
    )


class Unread(yaml.ScalarEvent):
    """Stands where something could not be taken over; a finding says why."""


class _Stop(Exception):
    """Ends the building of nodes; a finding says why."""


class Reader:
    """Reads one file and walks it strictly, collecting findings."""

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self.findings: list[Finding] = []
        self.root = self._compose(text)

    def report(
        self,
        code: str,
        node: Node | None,
        message: str,
        hint: str | None = None,
        subject: str | None = None,
    ) -> None:
        """Record a finding at `node` (at the start of the file without one)."""
        span = span_of(node, self.file) if node else Span(file=self.file, line=1, column=1)
        self.findings.append(
            Finding(code=code, span=span, message=message, hint=hint, subject=subject)
        )

    def _compose(self, text: str) -> Node | None:
        if len(text) > MAX_BYTES:
            self.report("F001", None, f"the file is larger than {MAX_BYTES} bytes")
            return None
        loader = None
        try:
            loader = _LOADER(text)
            node = self._build(loader.get_event)
        except _Stop:
            return None
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            span = Span(
                file=self.file,
                line=(mark.line if mark else 0) + 1,
                column=(mark.column if mark else 0) + 1,
            )
            message = f"not YAML: {error.problem or error.context}"
            self.findings.append(Finding(code="F002", span=span, message=message))
            return None
        except (yaml.YAMLError, ValueError) as error:
            self.report("F002", None, f"not YAML: {str(error).splitlines()[0]}")
            return None
        finally:
            if loader is not None:
                loader.dispose()
        if node is None:
            self.report("F002", None, "the file is empty")
        return node

    def _build(self, get_event: Any) -> Node | None:
        """The root node; aliases and tags are findings and left out of it."""
        top = Collection(False, None, None)
        stack: list[Collection] = [top]
        append = top.items.append
        scalar_event = yaml.ScalarEvent
        while True:
            event = get_event()
            kind = type(event)
            if kind is scalar_event:
                if event.tag is not None and event.tag not in _STANDARD:
                    event = self._tag(event)
                append(event)
            elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
                node = Collection(kind is yaml.MappingStartEvent, event.start_mark, event.tag)
                if event.tag is not None and event.tag not in _STANDARD:
                    self._tag(node)
                append(node)
                stack.append(node)
                append = node.items.append
                if len(stack) > MAX_DEPTH:
                    self._too_deep(node)
            elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                stack.pop().end_mark = event.end_mark
                append = stack[-1].items.append
            elif kind is yaml.AliasEvent:
                append(self._alias(event))
            elif kind is yaml.StreamEndEvent:
                break
            elif kind is yaml.DocumentStartEvent and top.items:
                self.report("F002", event, "not YAML: a second document starts here")
                raise _Stop
        return top.items[0] if top.items else None

    def _too_deep(self, node: Node) -> None:
        self.report(
            "F002",
            node,
            f"not YAML that people can read: nested more than {MAX_DEPTH} levels deep",
            "write the inner element on its own and refer to its id",
        )
        raise _Stop

    def _tag(self, node: Node) -> Node:
        self.report("F004", node, f"the tag `{node.tag}` is not used in a case file")
        return unread(node)

    def _alias(self, event: Any) -> Node:
        self.report(
            "F003",
            event,
            "YAML aliases are not used in a case file",
            "write the text again, or name the element once and refer to its id",
        )
        return unread(event)

    def items(self, node: Node, where: str) -> Iterator[tuple[str, Node, Node]]:
        """(key, key node, value node) of a mapping; keys are plain words, each once."""
        if type(node) is not Collection or not node.mapping:
            self.report("F005", node, f"{where} is a mapping of `key: value` lines")
            return
        first: dict[str, Node] = {}
        for key, value in node.pairs():
            if type(key) is Collection:
                self.report("F005", key, f"a key of {where} is not a word")
            elif key.value in first:
                self.twice(key, first[key.value], where)
            else:
                first[key.value] = key
                yield key.value, key, value

    def twice(self, key: Node, first: Node, where: str) -> None:
        """Report a key that was given before."""
        assert isinstance(key, Scalar)
        mark: Any = first.start_mark
        self.report(
            "F006",
            key,
            f"the key `{key.value}` is given twice in {where}",
            f"the first is in line {mark.line + 1}; keep one of them",
        )

    def sequence(self, node: Node, where: str) -> list[Node]:
        """The entries of a list."""
        if type(node) is Collection and not node.mapping:
            return node.items
        self.report("F005", node, f"{where} is a list", "write `[a, b]` or one `- entry` a line")
        return []

    def word(self, node: Node, where: str) -> str | None:
        """The text of a scalar that is meant as text."""
        if type(node) is Collection:
            self.report("F005", node, f"{where} is one value, not a list or mapping")
            return None
        text: str = node.value
        if not node.style and surprising(text):
            self.report(
                "F007",
                node,
                f"`{text}` in {where} means something else to YAML",
                f'write "{text}" in quotes if the text is meant'
                if text
                else "a value is missing here",
            )
            return None
        return text


def unread(node: Node) -> Scalar:
    """What stands in the place of `node` after a finding about it."""
    return Unread(None, None, (True, True), "", node.start_mark, node.end_mark, '"')


def surprising(text: str) -> bool:
    """Whether YAML 1.1 would read the unquoted text as something else, or there is none."""
    if not text:
        return True
    if len(text) > _LONGEST_WORD and text[0] not in _NUMERIC:
        return False
    return _SURPRISING.fullmatch(text) is not None


def plain(node: Node) -> bool:
    """Whether the node is an unquoted scalar."""
    return type(node) is not Collection and not node.style  # None, or "" from libyaml
