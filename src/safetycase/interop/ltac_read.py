"""Extended LTAC -> a structure, in one pass over the lines.

A package is a module that has the name of its root; a citation `^ID` is an away element; a
`Relation` gives the links beneath it their inference, their defeat or their claim point.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from itertools import islice

from safetycase.argument.findings import Span
from safetycase.argument.structure import (
    ClaimPoint,
    Declaration,
    Link,
    LinkKind,
    ModuleInfo,
    Part,
    PartType,
    Structure,
)
from safetycase.interop.ltac_line import Line, infer_id, lines_of, parse_line
from safetycase.interop.ltac_words import (
    COUNTER,
    KNOWN,
    PART_TYPES,
    SCOPE,
    Cross,
    Open,
    Relation,
    declared,
)
from safetycase.interop.notes import MAX_ELEMENTS, NO_TAGS, Notes, shown
from safetycase.interop.outline import loop
from safetycase.plugin.formats import MAX_DEPTH

__all__ = ["LtacReader"]

_ROOT = re.compile(r"^[-*] ", re.MULTILINE)
_MOST_UNREAD = 10_000


class LtacReader:
    """Reads the lines of one file; `structure` is what they say."""

    def __init__(self, notes: Notes) -> None:
        self.notes = notes
        self.file = notes.file
        self.parts: dict[str, Part] = {}
        self.links: list[Link] = []
        self.points: list[ClaimPoint] = []
        self.relations: list[Relation] = []
        self.crosses: list[Cross] = []
        self.away: list[tuple[str, int]] = []
        self.packages: dict[str, Span] = {}
        self.package = ""
        self.many = False
        self.stack: list[Open] = []
        self.comments: list[str] = []
        self.developed: set[str] = set()
        self.again: dict[str, int] = {}
        self.unread = 0

    def read(self, text: str) -> None:
        """Read all lines; what cannot be read is a finding and the rest stands."""
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        self.many = next(islice(_ROOT.finditer(text), 1, None), None) is not None
        for number, line in enumerate(lines_of(text), 1):
            bare = line.strip()
            if not bare:
                continue
            if bare[0] == "#":
                self.comments.append(bare)
                continue
            parsed = parse_line(line)
            if parsed is None:
                self._no_element(number, bare)
            if len(self.links) + len(self.parts) + len(self.relations) >= MAX_ELEMENTS:
                self.notes.find("F051", number, f"more than {MAX_ELEMENTS} elements and links")
                break
            if self.unread > _MOST_UNREAD or (parsed and not self._element(parsed, number)):
                break
        self._finish()

    def _no_element(self, number: int, bare: str) -> None:
        self.unread += 1
        if self.unread > _MOST_UNREAD:
            message = f"more than {_MOST_UNREAD} lines are no elements; the rest is not read"
            self.notes.find("F051", number, message)
            return
        hint = "a line reads `- Claim ID: text`, indented by two spaces a level"
        self.notes.find("F050", number, f"`{shown(bare)}` is no element of LTAC", hint)

    def _element(self, line: Line, number: int) -> bool:
        """Take one line; False if the file is nested too deeply to go on."""
        depth, odd = divmod(line.indent, 2)
        stack = self.stack
        while stack and stack[-1].depth >= depth:
            stack.pop()
        expected = stack[-1].depth + 1 if stack else 0
        if depth > MAX_DEPTH:
            self.notes.find("F052", number, f"elements are nested more than {MAX_DEPTH} deep")
            return False
        if odd or depth != expected:
            message = f"{line.indent} spaces stand here where {2 * expected} are expected"
            self.notes.find("F050", number, message, "indent by two spaces a level")
        if stack and not stack[-1].part:
            message = "a `Link` or a citation has no children; this element hangs under nothing"
            self.notes.find("F050", number, message, "develop the element where it is defined")
        if line.type == "Relation":
            self._relation(line, number, depth)
        elif line.type == "Link":
            self._cross(line, number, depth)
        elif line.cited:
            self._citation(line, number, depth)
        else:
            self._definition(line, number, depth)
        return True

    def _tags(self, line: Line, known: frozenset[str]) -> Mapping[str, str]:
        """The tags of a line: comments before it and the options that have no other place."""
        rest = [word for word in line.options if word not in known]
        if not rest and not self.comments:
            return NO_TAGS
        tags: dict[str, str] = {}
        if self.comments:
            tags["ltac.comment"] = "\n".join(self.comments)
            self.comments = []
        if rest:
            tags["ltac.options"] = ", ".join(rest)
        return tags

    def _unknown(self, line: Line, number: int) -> None:
        for word in line.options:
            if word not in KNOWN:
                message = f"the option `{shown(word)}` is not known; it is kept as a tag"
                known = "known here: " + ", ".join(sorted(KNOWN))
                self.notes.find("F057", number, message, known, severity="warning")

    def _status(self, line: Line, number: int) -> Declaration:
        status, clash = declared(line.options, line.type)
        if clash:
            message = f"`{shown(line.id)}` has several assertion statuses; only one can hold"
            self.notes.find("F058", number, message, "keep one of the options")
        return status

    def _definition(self, line: Line, number: int, depth: int) -> None:
        name, text = line.id, line.text
        if not line.colon:
            self.notes.find("F050", number, f"a `:` is missing after `{shown(name)}`")
        tags = self._tags(line, KNOWN) if line.options or self.comments else NO_TAGS
        if not name:
            name = infer_id(text) or f"line {number}"
            tags = {**tags, "ltac.id": "inferred"}
        part_id = name if name not in self.parts else self._again(line, name, number)
        span = Span(file=self.file, line=number, column=line.indent + 1)
        kind = PART_TYPES[line.type]
        if not self.stack:
            self.package, self.packages[part_id] = part_id, span
        counter, status = False, "asserted"
        if line.options:
            self._unknown(line, number)
            status = self._status(line, number)
            counter = not COUNTER.isdisjoint(line.options)
        parent = self.stack[-1] if self.stack else None
        if parent and parent.relation:
            counter = counter or not COUNTER.isdisjoint(parent.relation.options)
        self.parts[part_id] = Part(
            id=part_id,
            type=kind,
            text=text,
            name=name if name != part_id else "",
            module=self.package if self.many else "",
            undeveloped=status == "needs support",
            uninstantiated="abstract" in line.options,
            defeated=status == "defeated",
            counter=counter,
            declaration=status,  # type: ignore[arg-type]
            url=line.reference,
            tags=tags,
            span=span,
        )
        if parent:
            self._attach(parent, part_id, self._kind(line, parent, kind), line, span)
        self.stack.append(Open(depth, part_id, line.type))

    def _again(self, line: Line, name: str, number: int) -> str:
        """A new id for a second element of the same name, with a finding."""
        count = self.again.get(name, 1) + 1
        while f"{name}#{count}" in self.parts:
            count += 1
        self.again[name] = count
        first = self.parts[name].span
        message = f"the id `{shown(name)}` is used twice"
        hint = f"the first is in line {first.line if first else 0}; use `Link` to repeat it"
        severe = "error" if line.id else "warning"
        self.notes.find("F056", number, message, hint, severity=severe, subject=name)  # type: ignore[arg-type]
        return f"{name}#{count}"

    def _kind(self, line: Line, parent: Open, kind: PartType) -> LinkKind:
        through = parent.relation.options if parent.relation else ()
        if not COUNTER.isdisjoint(line.options) or not COUNTER.isdisjoint(through):
            return "challenges"
        return "in context of" if kind in SCOPE else "supported by"

    def _attach(self, parent: Open, name: str, kind: LinkKind, line: Line, span: Span) -> None:
        """Link an element to what it hangs under; a metaclaim is a claim point instead."""
        relation = parent.relation
        if "metaclaim" in line.options:
            if relation:
                relation.claims.append(name)
            elif parent.part:
                self._point(name, span, on_part=parent.part)
            return
        if not parent.part:
            return
        if parent.type == "Justification" and kind == "supported by":
            self._developed(parent.part)
        source, target = (name, parent.part) if kind == "challenges" else (parent.part, name)
        tags = relation.tags if relation else NO_TAGS
        if "iscounter" in line.options and "defeater" not in line.options:
            tags = {**tags, "ltac.counter": "iscounter"}
        if relation:
            relation.links.append(len(self.links))
        self.links.append(
            Link(
                kind=kind,
                source=source,
                target=target,
                inference=relation.name if relation else "",
                defeated=relation is not None and "defeated" in relation.options,
                tags=tags,
                span=span,
            )
        )

    def _developed(self, name: str) -> None:
        if name in self.developed:
            return
        self.developed.add(name)
        says = (
            "this justification has support of its own; GSN gives it none, so what shows it "
            "has to become a goal"
        )
        self.notes.lose(name, "developed justification", says)

    def _point(
        self, claim: str, span: Span | None, on_part: str = "", on_links: tuple[str, ...] = ()
    ) -> None:
        self.points.append(
            ClaimPoint(
                id=f"ACP-{claim}", on_part=on_part, on_links=on_links, argued_by=claim, span=span
            )
        )

    def _relation(self, line: Line, number: int, depth: int) -> None:
        parent = self.stack[-1] if self.stack else None
        if parent is None or not parent.part or parent.relation:
            message = "a `Relation` stands under the element that its children support"
            self.notes.find("F050", number, message)
        self._unknown(line, number)
        tags = dict(self._tags(line, frozenset({"defeated", *COUNTER})))
        if line.text:
            tags["ltac.text"] = line.text
        if "iscounter" in line.options and "defeater" not in line.options:
            tags["ltac.counter"] = "iscounter"
        name = line.id or infer_id(line.text) or f"Relation {len(self.relations) + 1}"
        source = parent.part if parent else ""
        made = Relation(name, source, line.options, tags or NO_TAGS)
        self.relations.append(made)
        self.stack.append(Open(depth, source, parent.type if parent else "", made))

    def _citation(self, line: Line, number: int, depth: int) -> None:
        if not line.id:
            self.notes.find("F050", number, "a citation `^` names no element")
            return
        span = Span(file=self.file, line=number, column=line.indent + 1)
        if not self.stack:
            self.package = f"^{line.id}"
            self.packages[self.package] = span
        name, kind = f"{self.package}^{line.id}", PART_TYPES[line.type]
        self._unknown(line, number)
        tags = dict(self._tags(line, KNOWN))
        if line.package:
            tags["ltac.package"] = line.package
        status = self._status(line, number)
        parent = self.stack[-1] if self.stack else None
        linked = self._kind(line, parent, kind) if parent else None
        if (known := self.parts.get(name)) is None:
            self.away.append((name, number))
            self.parts[name] = Part(
                id=name,
                type=kind,
                text=line.text,
                name=line.id,
                module=self.package if self.many else "",
                away=line.id,
                undeveloped=status == "needs support",
                uninstantiated="abstract" in line.options,
                defeated=status == "defeated",
                counter=linked == "challenges",
                declaration=status,
                url=line.reference,
                tags=tags or NO_TAGS,
                span=span,
            )
        elif known.type != kind:
            message = f"`^{shown(line.id)}` is cited here as another type than before"
            self.notes.find("F058", number, message, subject=name)
        if parent and linked:
            self._attach(parent, name, linked, line, span)
        self.stack.append(Open(depth, "", line.type))

    def _cross(self, line: Line, number: int, depth: int) -> None:
        self._unknown(line, number)
        if not line.id:
            self.notes.find("F050", number, "a `Link` names no element")
        elif not self.stack:
            self.notes.find("F050", number, "a `Link` stands under the element that it supports")
        else:
            parent = self.stack[-1]
            kind: LinkKind | None = None
            if self._kind(line, parent, "goal") == "challenges":
                kind = "challenges"
            at = len(self.links)
            span = Span(file=self.file, line=number, column=line.indent + 1)
            target = f"{self.package}^{line.id}" if line.cited else line.id
            self._attach(parent, target, kind or "supported by", line, span)
            if len(self.links) > at:
                tags = self._tags(line, KNOWN)
                if tags:
                    here = self.links[at]
                    self.links[at] = replace(here, tags={**here.tags, **tags})
                self.crosses.append(Cross(at, target, kind, line, number))
        self.stack.append(Open(depth, "", "Link"))

    def _finish(self) -> None:
        """Resolve what could only be known at the end."""
        gone: set[int] = set()
        for cross in self.crosses:
            part = self.parts.get(cross.target)
            if part is None:
                gone.add(cross.at)
                message = f"`Link {shown(cross.line.id)}` refers to no element of this file"
                self.notes.find("F055", cross.number, message, "define it, or cite it with `^`")
            elif cross.kind == "challenges":
                self.parts[part.id] = replace(part, counter=True)
            elif part.type in SCOPE:
                self.links[cross.at] = replace(self.links[cross.at], kind="in context of")
        for name, number in self.away:
            self._cited(self.parts[name], number)
        for relation in self.relations:
            self._claims_on(relation, gone)
        self.links = [link for at, link in enumerate(self.links) if at not in gone]
        found = loop(self.links) if self.crosses else None
        if found:
            at = self.parts[found[0]].span
            message = "support goes in a circle: " + " -> ".join(shown(name) for name in found[:12])
            self.notes.find("F060", at.line if at else 1, message, "remove one of the links")

    def _cited(self, part: Part, number: int) -> None:
        target = self.parts.get(part.away)
        if target is None:
            message = f"`^{shown(part.away)}` is cited and defined nowhere in this file"
            self.notes.find("F055", number, message, severity="warning", subject=part.id)
        elif target.type != part.type:
            message = f"`^{shown(part.away)}` is cited as {part.type} and defined as {target.type}"
            self.notes.find("F058", number, message, subject=part.id)

    def _claims_on(self, relation: Relation, gone: set[int]) -> None:
        if not relation.claims:
            return
        kept = [at for at in relation.links if at not in gone]
        names = tuple(
            relation.name if len(kept) == 1 else f"{relation.name}.{n}"
            for n in range(1, len(kept) + 1)
        )
        for at, name in zip(kept, names, strict=True):
            self.links[at] = replace(self.links[at], id=name)
        for claim in relation.claims:
            self._point(claim, self.parts[claim].span, on_links=names)

    def structure(self) -> Structure:
        """What was read."""
        modules = {
            name: ModuleInfo(name=name, file=self.file, span=span)
            for name, span in self.packages.items()
            if self.many
        }
        return Structure(
            parts=self.parts,
            links=tuple(self.links),
            points=tuple(self.points),
            modules=modules,
            tags={"ltac.comment": "\n".join(self.comments)} if self.comments else {},
            source=self.file,
        )
