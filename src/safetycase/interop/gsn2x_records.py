"""Parts, links and places made in bulk.

The constructor of a frozen record with sixteen fields takes some six microseconds, most of what
reading a large file would cost. Here the fields are set on a twin with the same slots, whose
class is then the record's: one microsecond, and the same object. A test holds the twins to the
records field by field.
"""

# mypy: disable-error-code="assignment"

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from safetycase.argument.findings import Span
from safetycase.argument.structure import Link, LinkKind, Part, PartType

__all__ = ["NO_TAGS", "make_link", "make_part", "make_span"]

NO_TAGS: dict[str, str] = {}
"""The tags of whatever has none; shared, so never written to."""


class _Span:
    __slots__ = Span.__slots__

    def __init__(self, file: str, line: int, column: int, end_line: int, end_column: int) -> None:
        self.file = file
        self.line = line
        self.column = column
        self.end_line = end_line
        self.end_column = end_column


class _Part:
    __slots__ = Part.__slots__

    def __init__(self, name: str, type_: PartType, counter: bool, module: str) -> None:
        self.id = name
        self.type = type_
        self.text = ""
        self.name = name
        self.module = module
        self.away = ""
        self.undeveloped = False
        self.uninstantiated = False
        self.public = False
        self.by_contract = False
        self.defeated = False
        self.counter = counter
        self.declaration = "asserted"
        self.url = ""
        self.tags = NO_TAGS
        self.span = None


class _Link:
    __slots__ = Link.__slots__

    def __init__(self, kind: LinkKind, source: str, target: str, span: Span) -> None:
        self.kind = kind
        self.source = source
        self.target = target
        self.id = ""
        self.target_link = ""
        self.inference = ""
        self.defeated = False
        self.optional = False
        self.multiplicity = ""
        self.choice = ""
        self.choose = ""
        self.tags = NO_TAGS
        self.span = span


def make_span(file: str, line: int, column: int, end_line: int, end_column: int) -> Span:
    """A `Span` with these fields."""
    made = _Span(file, line, column, end_line, end_column)
    made.__class__ = Span
    return cast("Span", made)


def make_part(
    name: str,
    type_: PartType,
    counter: bool,
    module: str,
    text: str,
    url: str,
    undeveloped: bool,
    defeated: bool,
    tags: Mapping[str, str],
    span: Span,
) -> Part:
    """A `Part` with these fields and the defaults of the others."""
    made = _Part(name, type_, counter, module)
    made.text = text
    made.url = url
    made.undeveloped = undeveloped
    made.defeated = defeated
    made.tags = tags
    made.span = span
    made.__class__ = Part
    return cast("Part", made)


def make_link(kind: LinkKind, source: str, target: str, span: Span) -> Link:
    """A plain `Link` with these fields and the defaults of the others."""
    made = _Link(kind, source, target, span)
    made.__class__ = Link
    return cast("Link", made)
