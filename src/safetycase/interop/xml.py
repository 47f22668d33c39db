"""XML without its dangers: elements with places, no document types, no entities, no recursion.

Rests on expat alone. What could make a small file large (a document type with entities) is
refused before it is read, and depth, bytes and elements are bounded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from safetycase.argument.findings import Finding, Span
from safetycase.plugin.formats import MAX_BYTES, MAX_DEPTH

__all__ = [
    "MAX_ELEMENTS",
    "XSI",
    "Element",
    "all_text",
    "as_text",
    "local",
    "namespace",
    "parse_xml",
    "walk",
]

XSI = "http://www.w3.org/2001/XMLSchema-instance"
MAX_ELEMENTS = 2_000_000
"""A parsed element takes some hundred bytes, however short its text in the file is."""

_TYPE = f"{{{XSI}}}type"
_NONE: Mapping[str, str] = MappingProxyType({})
_NO_RUNS = ("",)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Element:
    """One XML element; two elements are equal only if they are the same one.

    `tag` and the keys of `attributes` read `{namespace}local`, or `local` without a namespace.
    `type` is the value of `xsi:type` in the same form, its prefix resolved. `runs` holds the text
    before, between and after the `children` (one more than these); `text` joins them. `line` and
    `column` count from 1.
    """

    tag: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    children: tuple[Element, ...] = field(default=(), repr=False)
    runs: tuple[str, ...] = field(default=_NO_RUNS, repr=False)
    type: str = ""
    line: int = 0
    column: int = 0

    @property
    def text(self) -> str:
        """The character data of the element itself, without that of its children."""
        return "".join(self.runs)


@lru_cache(maxsize=512)
def local(name: str) -> str:
    """The local part of `{namespace}local`."""
    return name.rpartition("}")[2]


@lru_cache(maxsize=512)
def namespace(name: str) -> str:
    """The namespace of `{namespace}local`, empty if there is none."""
    return name.rpartition("}")[0].removeprefix("{")


def walk(element: Element) -> Iterator[Element]:
    """The element and everything in it, in document order."""
    stack = [element]
    while stack:
        here = stack.pop()
        yield here
        stack.extend(reversed(here.children))


def all_text(element: Element) -> str:
    """All character data in the element and its descendants, in document order."""
    pieces: list[str] = []
    stack: list[Element | str] = [element]
    while stack:
        here = stack.pop()
        if isinstance(here, str):
            pieces.append(here)
            continue
        for run, child in zip(reversed(here.runs[1:]), reversed(here.children), strict=True):
            stack.extend((run, child))
        stack.append(here.runs[0])
    return "".join(pieces)


class _Refused(Exception):
    """Stops expat from inside a handler."""

    def __init__(self, code: str, message: str, hint: str) -> None:
        super().__init__(message)
        self.code, self.message, self.hint = code, message, hint


@dataclass(slots=True)
class _Open:
    tag: str
    attributes: Mapping[str, str]
    type: str
    line: int
    column: int
    children: list[Element] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)
    pending: list[str] = field(default_factory=list)


class _Builder:
    """The handlers of one parse; expat calls them, so the state has to live somewhere."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate(namespace_separator="}")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.data
        self.parser.StartNamespaceDeclHandler = self.declare
        self.parser.EndNamespaceDeclHandler = self.undeclare
        self.parser.StartDoctypeDeclHandler = self.doctype
        self.parser.EntityDeclHandler = self.doctype
        self.root: Element | None = None
        self.count = 0
        self.stack: list[_Open] = []
        self.prefixes: dict[str | None, list[str]] = {}
        self.names: dict[str, str] = {}
        self.blanks: dict[str, str] = {}

    def doctype(self, *_: Any) -> None:
        raise _Refused(
            "F054",
            "the file declares a document type or an entity, which is refused",
            "remove the `<!DOCTYPE ...>` and write entities out",
        )

    def declare(self, prefix: str | None, uri: str | None) -> None:
        self.prefixes.setdefault(prefix, []).append(uri or "")

    def undeclare(self, prefix: str | None) -> None:
        self.prefixes[prefix].pop()

    def name(self, raw: str) -> str:
        known = self.names.get(raw)
        if known is None:
            known = self.names[raw] = "{" + raw if "}" in raw else raw
        return known

    def resolve(self, value: str) -> str:
        """`prefix:local` as `{namespace}local`; an undeclared prefix is only dropped."""
        prefix, colon, rest = value.strip().rpartition(":")
        scopes = self.prefixes.get(prefix if colon else None)
        return f"{{{scopes[-1]}}}{rest}" if scopes and scopes[-1] else rest

    def start(self, raw: str, attributes: dict[str, str]) -> None:
        self.count += 1
        if self.count > MAX_ELEMENTS:
            raise _Refused("F051", f"more than {MAX_ELEMENTS} elements", "split the file")
        if len(self.stack) >= MAX_DEPTH:
            raise _Refused(
                "F052", f"elements are nested more than {MAX_DEPTH} deep", "flatten the file"
            )
        named = {self.name(key): value for key, value in attributes.items()} or _NONE
        if self.stack:
            self.close_run(self.stack[-1])
        self.stack.append(
            _Open(
                tag=self.name(raw),
                attributes=named,
                type=self.resolve(named[_TYPE]) if _TYPE in named else "",
                line=self.parser.CurrentLineNumber,
                column=self.parser.CurrentColumnNumber + 1,
            )
        )

    def close_run(self, here: _Open) -> None:
        run = "".join(here.pending)
        here.pending.clear()
        here.runs.append(self.blanks.setdefault(run, run) if run.isspace() else run)

    def end(self, _: str) -> None:
        done = self.stack.pop()
        self.close_run(done)
        element = Element(
            tag=done.tag,
            attributes=done.attributes,
            children=tuple(done.children),
            runs=_NO_RUNS if done.runs == [""] else tuple(done.runs),
            type=done.type,
            line=done.line,
            column=done.column,
        )
        if self.stack:
            self.stack[-1].children.append(element)
        else:
            self.root = element

    def data(self, text: str) -> None:
        if self.stack:
            self.stack[-1].pending.append(text)


def parse_xml(data: bytes, file: str) -> tuple[Element | None, tuple[Finding, ...]]:
    """The root element of an XML file, or None and the finding that says why not.

    Findings: F050 not well-formed, F051 too large, F052 nested too deeply, F053 an attribute
    given twice, F054 a document type or entity, F059 bytes that are not of the encoding.
    """
    if len(data) > MAX_BYTES:
        return None, (_too_large(data, file),)
    builder = _Builder()
    parser = builder.parser
    try:
        parser.Parse(data, True)
    except _Refused as refused:
        at = Span(file=file, line=parser.CurrentLineNumber, column=parser.CurrentColumnNumber + 1)
        found = Finding(code=refused.code, span=at, message=refused.message, hint=refused.hint)
        return None, (found,)
    except expat.ExpatError as error:
        return None, (_malformed(error, data, file),)
    except (LookupError, ValueError) as error:
        # pyexpat asks Python's codecs for an encoding that expat does not know.
        span = Span(file=file, line=1, column=1)
        return None, (_not_utf8(span, f"the declared encoding cannot be read: {error}"),)
    return builder.root, ()


def _too_large(data: bytes, file: str) -> Finding:
    return Finding(
        code="F051",
        span=Span(file=file, line=1, column=1),
        message=f"the file has {len(data)} bytes; at most {MAX_BYTES} are read",
        hint="split the file",
    )


def _not_utf8(span: Span, message: str) -> Finding:
    return Finding(code="F059", span=span, message=message, hint="save the file as UTF-8")


def _malformed(error: expat.ExpatError, data: bytes, file: str) -> Finding:
    span = Span(file=file, line=max(error.lineno, 1), column=error.offset + 1)
    says = expat.ErrorString(error.code)
    if says == expat.errors.XML_ERROR_DUPLICATE_ATTRIBUTE:
        hint = "keep one of them"
        return Finding(code="F053", span=span, message="an attribute is given twice", hint=hint)
    encodings = (expat.errors.XML_ERROR_INCORRECT_ENCODING, expat.errors.XML_ERROR_UNKNOWN_ENCODING)
    if says in encodings:
        return _not_utf8(span, f"the declared encoding cannot be read: {says}")
    if says == expat.errors.XML_ERROR_INVALID_TOKEN and not _is_utf8(data):
        return _not_utf8(span, "the file is not UTF-8")
    return Finding(code="F050", span=span, message=f"this is not well-formed XML: {says}")


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def as_text(element: Element) -> str:
    """The element as XML again; each namespace is declared once, at the top."""
    spaces: dict[str, str] = {}
    for here in walk(element):
        for name in (here.tag, *here.attributes):
            if namespace(name):
                spaces.setdefault(namespace(name), f"n{len(spaces)}")

    def named(name: str) -> str:
        space = namespace(name)
        return f"{spaces[space]}:{local(name)}" if space else name

    pieces: list[str] = []
    stack: list[Element | str] = [element]
    while stack:
        here_or_text = stack.pop()
        if isinstance(here_or_text, str):
            pieces.append(here_or_text)
            continue
        here = here_or_text
        said = "".join(f" {named(k)}={quoteattr(v)}" for k, v in here.attributes.items())
        if here is element:
            said += "".join(f" xmlns:{p}={quoteattr(uri)}" for uri, p in spaces.items())
        pieces.append(f"<{named(here.tag)}{said}>")
        stack.append(f"</{named(here.tag)}>")
        for run, child in zip(reversed(here.runs[1:]), reversed(here.children), strict=True):
            stack.extend((escape(run), child))
        stack.append(escape(here.runs[0]))
    return "".join(pieces)
