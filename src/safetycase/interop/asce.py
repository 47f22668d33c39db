"""ASCE networks (`.axml`) in the GSN notation.

Source: the reader of OntoGSN (fortiss) and its mapping of ASCE to GSN; no file of ASCE itself was
at hand, so names are looked for as attributes and as children, in any nesting.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from safetycase.argument.findings import Span
from safetycase.argument.structure import Link, LinkKind, Part, PartType, Structure
from safetycase.interop.notes import MAX_ELEMENTS, Notes, shown
from safetycase.interop.outline import loop
from safetycase.interop.xml import Element, all_text, local, parse_xml, walk
from safetycase.plugin.formats import Format, Reading, Source

__all__ = ["FORMAT", "read_asce"]

_NODES: Mapping[str, PartType] = {
    "1": "goal",
    "2": "solution",
    "3": "strategy",
    "4": "assumption",
    "5": "justification",
    "6": "context",
    "7": "context",
}
_MODEL = "7"
_OUTSIDE = {"8": "note", "9": "option", "10": "caption"}
_LINKS: Mapping[str, LinkKind] = {"1": "supported by", "2": "in context of"}
_ENDS = (("source-reference", "start-reference"), ("destination-reference", "end-reference"))
_LEAVES = frozenset({"solution", "context", "assumption", "justification"})
_TRUE = frozenset({"true", "1", "yes", "-1"})
_MARKUP = re.compile(r"<[^<>]*+>")
_BREAK = re.compile(r"<(?:br|p|div|li)\b[^<>]*+>", re.IGNORECASE)
_SPACES = re.compile(r"[ \t\r\f\v\xa0]*\n\s*|[ \t\r\f\v\xa0]+")
_LAYOUT = frozenset({"x", "y", "width", "height"})


@dataclass(frozen=True, slots=True)
class _Tie:
    """A link as the file has it."""

    kind: LinkKind
    first: str
    second: str
    id: str
    span: Span


def read_asce(sources: Sequence[Source], more: Callable[[str], bytes | None]) -> Reading:
    """The structure of the first source; no further file is asked for.

    Findings: F050 not XML or no network, F051 and F052 beyond the bounds, F054 a document type or
    entity, F055 a link to nothing, F056 a reference used twice, F058 an unknown type of node or
    link, F059 a wrong encoding, F060 support in a circle.
    """
    del more
    notes = Notes(sources[0].name if sources else "")
    if not sources:
        notes.find("F050", 1, "there is no file to read")
        return Reading(structure=None, findings=tuple(notes.findings))
    for other in sources[1:]:
        message = "a network is one file; this one is not read"
        notes.find("F050", 1, message, file=other.name, severity="warning")
    root, findings = parse_xml(sources[0].data, sources[0].name)
    reader = _Reader(notes)
    if root is not None:
        reader.read(root)
    return Reading(
        structure=reader.structure() if reader.parts else None,
        findings=(*findings, *notes.findings),
        losses=tuple(notes.losses),
    )


class _Reader:
    def __init__(self, notes: Notes) -> None:
        self.notes = notes
        self.title = ""
        self.parts: dict[str, Part] = {}
        self.outside: dict[str, str] = {}
        self.ties: list[_Tie] = []
        self.links: list[Link] = []

    def read(self, root: Element) -> None:
        """Take nodes and links wherever they stand, then join them."""
        self.title = _field(root, "title") or _field(root, "name")
        for element in walk(root):
            if len(self.parts) + len(self.ties) > MAX_ELEMENTS:
                message = f"more than {MAX_ELEMENTS} nodes and links"
                self.notes.find("F051", element.line, message)
                return
            word = local(element.tag)
            if word == "node" and _field(element, "reference"):
                self._node(element)
            elif word == "link":
                self._link(element)
        if not self.parts:
            self.notes.find("F050", 1, "the file holds no `node` with a `reference`")
        self._join()

    def _find(self, code: str, at: Element, message: str, hint: str | None = None) -> None:
        self.notes.find(code, at.line, message, hint, column=at.column)

    def _span(self, at: Element) -> Span:
        return Span(file=self.notes.file, line=at.line, column=at.column)

    def _node(self, node: Element) -> None:
        name, kind = _field(node, "reference"), _field(node, "type")
        if name in self.parts or name in self.outside:
            self._find("F056", node, f"the reference `{shown(name)}` is used twice")
            return
        if kind in _OUTSIDE:
            self.outside[name] = _OUTSIDE[kind]
            says = f"a {_OUTSIDE[kind]} is no element of GSN; it and its links are left out"
            self.notes.lose(name, _OUTSIDE[kind], says)
            return
        if kind not in _NODES:
            hint = "known here: 1 to 10"
            message = f"`{shown(kind)}` is no type of node; a goal stands for it"
            self._find("F058", node, message, hint)
        annotation = _plain(_field(node, "html-annotation"))
        title = _plain(_field(node, "user-title"))
        status = _status(node)
        tags = {f"asce.status.{key}": value for key, value in status.items()}
        if title and annotation:
            tags["asce.annotation"] = annotation
        if kind == _MODEL:
            tags["asce.type"] = "model"
        self.parts[name] = Part(
            id=name,
            type=_NODES.get(kind, "goal"),
            text=title or annotation,
            name=_field(node, "user-id"),
            undeveloped=status.get("requiresdevelopment", "").lower() in _TRUE,
            uninstantiated=status.get("requiresinstantiation", "").lower() in _TRUE,
            tags=tags,
            span=self._span(node),
        )

    def _link(self, link: Element) -> None:
        kind = _field(link, "type")
        ends = [next(filter(None, (_field(link, w) for w in words)), "") for words in _ENDS]
        if not all(ends):
            self._find("F055", link, "a link does not name both of its ends")
        elif kind not in _LINKS:
            message = f"`{shown(kind)}` is no type of link; it is left out"
            self._find("F058", link, message, "known here: 1 (supported by), 2 (in context of)")
        else:
            name = _field(link, "reference")
            self.ties.append(_Tie(_LINKS[kind], ends[0], ends[1], name, self._span(link)))

    def _join(self) -> None:
        """Links in the direction of GSN, those to nothing reported."""
        turned = self._turned()
        if turned:
            says = (
                "solutions and context stand first in its links; all links are read the other "
                "way round, as GSN draws them"
            )
            self.notes.lose("", "direction", says)
        for tie in self.ties:
            source, target = (tie.second, tie.first) if turned else (tie.first, tie.second)
            missing = [end for end in (source, target) if end not in self.parts]
            if not missing:
                self.links.append(
                    Link(kind=tie.kind, source=source, target=target, id=tie.id, span=tie.span)
                )
            elif not any(end in self.outside for end in missing):
                message = f"a link names `{shown(missing[0])}`, which is no node"
                self.notes.find("F055", tie.span.line, message, column=tie.span.column)
        found = loop(self.links)
        if found:
            names = " -> ".join(shown(name) for name in found[:12])
            self.notes.find("F060", 1, f"support goes in a circle: {names}")

    def _turned(self) -> bool:
        """Whether links run from the supporting to the supported end in this file.

        Only links between an element that can have support and one that cannot tell it.
        """
        balance = 0
        for tie in self.ties:
            ends = [self.parts.get(end) for end in (tie.first, tie.second)]
            leaves = [part is not None and part.type in _LEAVES for part in ends]
            if None not in ends and leaves[0] != leaves[1]:
                balance += 1 if leaves[0] else -1
        return balance > 0

    def structure(self) -> Structure:
        """What was read."""
        return Structure(
            title=self.title,
            parts=self.parts,
            links=tuple(self.links),
            source=self.notes.file,
        )


def _field(element: Element, name: str) -> str:
    """A value that stands as an attribute or as a child."""
    for key, value in element.attributes.items():
        if local(key) == name:
            return value.strip()
    for child in element.children:
        if local(child.tag) == name:
            return all_text(child).strip()
    return ""


def _status(node: Element) -> dict[str, str]:
    """The status fields of a node that are filled in."""
    return {key: value for key, value in _status_pairs(node) if value}


def _status_pairs(node: Element) -> Iterator[tuple[str, str]]:
    for child in node.children:
        if local(child.tag) != "status-fields":
            continue
        for key, value in child.attributes.items():
            yield local(key), value.strip()
        for field in child.children:
            name = _field(field, "name") or local(field.tag)
            if name not in _LAYOUT:
                yield name, _field(field, "value") or all_text(field).strip()


def _plain(text: str) -> str:
    """The text of an annotation in HTML: tags out, entities in, blanks joined."""
    bare = html.unescape(_MARKUP.sub("", _BREAK.sub("\n", text)))
    return _SPACES.sub(lambda m: "\n" if "\n" in m[0] else " ", bare).strip()


def _sniff(name: str, head: bytes) -> bool:
    return name.endswith(".axml") or (
        head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<") and b"user-title" in head
    )


FORMAT = Format(
    name="asce",
    title="ASCE network (GSN)",
    source="fortiss OntoGSN, reader and mapping of ASCE",
    extensions=(".axml",),
    read=read_asce,
    sniff=_sniff,
    limits=(
        "no genuine file of ASCE was available: the direction of links and the nesting of "
        "elements follow another reader and are not confirmed",
        "links are turned round if most of them start at solutions or context",
        "read only; layout, notes, options and captions are left out",
        "other schemas of ASCE than GSN are not read",
    ),
)
