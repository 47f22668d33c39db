"""TEA case files -> a structure: nested (1.0), flat (2.0) and the older form without version.

Attributes (`context`, `assumption`, `justification`) become parts with ids made from their owner's;
evidence that stands under several claims is one part.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from safetycase.argument.findings import Severity, Span, did_you_mean
from safetycase.argument.structure import Link, LinkKind, Part, PartType, Structure
from safetycase.interop.notes import NO_TAGS, Notes, shown
from safetycase.interop.outline import loop
from safetycase.interop.strict_json import Lines, Object
from safetycase.interop.tea_words import (
    CASE_KEYS,
    INSTANT,
    KEPT,
    NODE_KEYS,
    PART_TYPES,
    SCOPE,
    STATUS,
    WITH_ATTRIBUTES,
    attribute_id,
    element_id,
    is_uuid,
)

__all__ = ["TeaReader", "form_of"]


def form_of(value: Any) -> Literal["nested", "flat", "legacy"] | None:
    """Which form a file has, in TEA's own order of detection; None if it has none of them."""
    if not isinstance(value, Object):
        return None
    tree = value.get("tree")
    if value.get("version") == "1.0" or (
        isinstance(tree, Object) and isinstance(tree.get("children"), list)
    ):
        return "nested"
    if value.get("version") == "2.0" or (
        isinstance(value.get("elements"), list) and "evidenceLinks" in value
    ):
        return "flat"
    return "legacy" if isinstance(value.get("goals"), list) else None


@dataclass(frozen=True, slots=True)
class _Aim:
    """A challenge whose target may stand further down."""

    source: str
    target: str
    span: Span


class TeaReader:
    """Fills a structure from the values of one file."""

    def __init__(self, notes: Notes, lines: Lines) -> None:
        self.notes = notes
        self.lines = lines
        self.parts: dict[str, Part] = {}
        self.links: dict[tuple[str, str, str], Link] = {}
        self.ids: dict[str, str] = {}
        self.aims: list[_Aim] = []
        self.title = ""
        self.tags: dict[str, str] = {}

    def find(
        self,
        code: str,
        at: Object,
        message: str,
        hint: str | None = None,
        severity: Severity = "error",
    ) -> None:
        """Record a finding at an object."""
        line, column = self.lines.at(at.offset)
        self.notes.find(code, line, message, hint, column=column, severity=severity)

    def span(self, at: Object) -> Span:
        """The place of an object."""
        line, column = self.lines.at(at.offset)
        return Span(file=self.notes.file, line=line, column=column)

    def head(self, top: Object) -> None:
        """The case itself: its name, its description and when it was written."""
        case = top.get("case")
        if not isinstance(case, Object):
            self.find("F050", top, "the file has no `case` with its name and description")
            case = Object(top.offset)
        self.title = self.text(case, "name")
        for key in ("description", "colorProfile"):
            if self.text(case, key):
                self.tags[f"tea.{key}"] = self.text(case, key)
        for key in case.keys() - CASE_KEYS:
            message = f"`case` has no key `{shown(key)}`; it is left out"
            self.find("F057", case, message, did_you_mean(key, CASE_KEYS), "warning")
        at = top.get("exportedAt")
        if isinstance(at, str) and INSTANT.fullmatch(at):
            self.tags["sc.at"] = at
        elif at is not None:
            self.find("F058", top, "`exportedAt` is no instant", severity="warning")

    def nested(self, top: Object) -> None:
        """The tree of version 1.0."""
        self.head(top)
        tree = top.get("tree")
        if not isinstance(tree, Object):
            self.find("F050", top, "the file has no `tree`")
            return
        stack: list[tuple[Object, str]] = [(tree, "")]
        while stack:
            node, parent = stack.pop()
            name = self.element(node, "type", bool(parent))
            self.place(node, name, parent)
            children = node.get("children", [])
            if not isinstance(children, list):
                self.find("F058", node, "`children` is no list")
                children = []
            for child in reversed(children):
                if isinstance(child, Object):
                    stack.append((child, name))
                else:
                    self.find("F058", node, "an entry of `children` is no object")
        self.finish()

    def flat(self, top: Object) -> None:
        """The elements and evidence links of version 2.0."""
        self.head(top)
        placed: list[tuple[Object, str]] = []
        for node in self.objects(top, "elements"):
            placed.append(
                (node, self.element(node, "elementType", node.get("parentId") is not None))
            )
        for node, name in placed:
            parent = node.get("parentId")
            known = self.ids.get(parent, "") if isinstance(parent, str) else ""
            if parent is not None and not known:
                self.find("F055", node, f"`parentId` {shown(str(parent))} is no element here")
            self.place(node, name, known)
        for link in self.objects(top, "evidenceLinks"):
            ends = [self.ids.get(str(link.get(key)), "") for key in ("claimId", "evidenceId")]
            if all(ends):
                self.link("supported by", ends[0], ends[1], self.span(link))
            else:
                self.find("F055", link, "an evidence link refers to an element that is not here")
        self.finish()

    def objects(self, top: Object, key: str) -> list[Object]:
        """The objects of a list; what is none is a finding."""
        listed = top.get(key, [])
        if not isinstance(listed, list):
            self.find("F058", top, f"`{key}` is no list")
            return []
        good = [entry for entry in listed if isinstance(entry, Object)]
        if len(good) < len(listed):
            self.find("F058", top, f"an entry of `{key}` is no object")
        return good

    def text(self, node: Object, key: str) -> str:
        """A text, or "" where there is none (`null` counts as none)."""
        value = node.get(key)
        if value is not None and not isinstance(value, str):
            self.find("F058", node, f"`{key}` is no text")
        return value if isinstance(value, str) else ""

    def element(self, node: Object, type_key: str, below: bool) -> str:
        """Take one element and its attributes; returns the id of its part."""
        kind = self.text(node, type_key)
        if kind not in PART_TYPES:
            hint = did_you_mean(kind, PART_TYPES) if self.notes.room("F058") else None
            self.find(
                "F058", node, f"`{shown(kind)}` is no type of TEA; a goal stands for it", hint
            )
        uid = self.text(node, "id")
        if not is_uuid(uid):
            self.find("F058", node, f"`{shown(uid)}` is no UUID", severity="warning")
            uid = uid or f"element-{len(self.parts) + 1}"
        part = self._part(node, uid, kind, below)
        known = self.parts.get(self.ids.get(uid, ""))
        if known is not None:
            same = (known.text, known.url, known.type) == (part.text, part.url, part.type)
            if part.type != "solution" or not same:
                message = f"the id {shown(uid)} is used by two different elements"
                self.find("F056", node, message, "only evidence may stand in several places")
            return known.id
        self.ids[uid] = part.id
        self.parts[part.id] = part
        self._attributes(node, part, uid)
        return part.id

    def _part(self, node: Object, uid: str, kind: str, below: bool) -> Part:
        name = self.text(node, "name")
        below = below or node.get("isDefeater") is True
        part_id = uid
        if name and not is_uuid(name) and element_id(name) == uid and name not in self.parts:
            part_id, name = name, ""  # the UUID was made from this id
        status = STATUS.get(self.text(node, "assertionStatus") or "ASSERTED", "asserted")
        tags = self._kept(node)
        if kind != ("PROPERTY_CLAIM" if below else "GOAL") and kind in (
            "GOAL",
            "PROPERTY_CLAIM",
            "CONTEXT",
            "ASSUMPTION",
            "JUSTIFICATION",
        ):
            tags["tea.type"] = kind
        away = ""
        if kind == "AWAY_GOAL":
            away = self.text(node, "citedElementId") or self.text(node, "moduleReferenceId")
            if away == self.text(node, "moduleReferenceId"):
                tags.pop("tea.moduleReferenceId", None)
        return Part(
            id=part_id,
            type=PART_TYPES.get(kind, "goal"),
            text=self.text(node, "description"),
            name=name,
            away=away,
            undeveloped=status == "needs support",
            defeated=status == "defeated",
            counter=node.get("isDefeater") is True,
            declaration=status,
            url=self.text(node, "url"),
            tags=tags or NO_TAGS,
            span=self.span(node),
        )

    def _kept(self, node: Object) -> dict[str, str]:
        """Tags for what a structure has no place for."""
        tags: dict[str, str] = {}
        for key, value in node.items():
            if key in KEPT and value not in (None, False, []):
                tags[f"tea.{key}"] = value if isinstance(value, str) else _json(value)
            elif key not in NODE_KEYS:
                message = f"an element has no key `{shown(key)}`; it is left out"
                hint = did_you_mean(key, NODE_KEYS) if self.notes.room("F057") else None
                self.find("F057", node, message, hint, "warning")
        level = node.get("level")
        if level is not None and (not isinstance(level, int) or level < 1):
            self.find("F058", node, "`level` is no whole number from 1", severity="warning")
        status = node.get("assertionStatus")
        if status is not None and status not in STATUS:
            self.find("F058", node, "`assertionStatus` is not known", severity="warning")
        return tags

    def _attributes(self, node: Object, part: Part, uid: str) -> None:
        if node.get("type", node.get("elementType")) not in WITH_ATTRIBUTES:
            return
        for kind in SCOPE:
            value = node.get(kind)
            texts = value if isinstance(value, list) and kind == "context" else [value]
            for index, text in enumerate(texts):
                if isinstance(text, str):
                    self._attribute(node, part.id, kind, text, attribute_id(uid, kind, index))
                elif text is not None:
                    self.find("F058", node, f"`{kind}` holds something that is no text")

    def _attribute(self, node: Object, owner: str, kind: str, text: str, uid: str) -> None:
        if not text and kind != "context":
            return
        span = self.span(node)
        self.ids[uid] = uid
        self.parts[uid] = Part(id=uid, type=_scope(kind), text=text, span=span)
        self.link("in context of", owner, uid, span)

    def place(self, node: Object, name: str, parent: str) -> None:
        """Link an element to its parent, or to what it defeats."""
        span, aim = self.span(node), node.get("defeatsElementId")
        if node.get("isDefeater") is True:
            if isinstance(aim, str):
                self.aims.append(_Aim(name, aim, span))
            elif parent:
                self.link("challenges", name, parent, span)
            else:
                self.find("F055", node, "a defeater names no element that it defeats")
        elif parent:
            scope = self.parts[name].type in SCOPE
            self.link("in context of" if scope else "supported by", parent, name, span)

    def link(self, kind: LinkKind, source: str, target: str, span: Span) -> None:
        """Add a link once."""
        made = Link(kind=kind, source=source, target=target, span=span)
        self.links.setdefault((kind, source, target), made)

    def finish(self) -> None:
        """Resolve challenges and look for circles."""
        for aim in self.aims:
            target = self.ids.get(aim.target)
            if target is None:
                message = f"`defeatsElementId` {shown(aim.target)} is no element here"
                self.notes.find("F055", aim.span.line, message, column=aim.span.column)
            else:
                self.link("challenges", aim.source, target, aim.span)
        found = loop(self.links.values())
        if found:
            span = self.parts[found[0]].span
            message = "elements are their own parents: " + " -> ".join(map(shown, found[:12]))
            self.notes.find("F060", span.line if span else 1, message)

    def structure(self) -> Structure:
        """What was read."""
        return Structure(
            title=self.title,
            parts=self.parts,
            links=tuple(self.links.values()),
            tags=self.tags,
            source=self.notes.file,
        )


def _scope(kind: str) -> PartType:
    scopes: Mapping[str, PartType] = {
        "context": "context",
        "assumption": "assumption",
        "justification": "justification",
    }
    return scopes[kind]


def _json(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return "nested too deeply to be kept"
