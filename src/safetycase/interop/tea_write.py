"""A structure -> TEA case files, nested (1.0) or flat (2.0).

Context, assumptions and justifications are written as attributes of what they belong to, evidence
under each claim that it supports, every other element once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from safetycase.argument.structure import Link, Loss, Part, Structure
from safetycase.interop.outline import general_losses, outline, status_of
from safetycase.interop.tea_words import (
    EPOCH,
    INSTANT,
    KEPT,
    SCOPE,
    STATUS,
    WITH_ATTRIBUTES,
    attribute_id,
    element_id,
)

__all__ = ["TeaWriter"]

_TYPES = {
    "strategy": "STRATEGY",
    "solution": "EVIDENCE",
    "context": "CONTEXT",
    "assumption": "ASSUMPTION",
    "justification": "JUSTIFICATION",
    "module": "MODULE",
    "contract": "CONTRACT",
}
_STATUS = {declared: word for word, declared in STATUS.items()}
_CARRIED = frozenset(
    {"undeveloped", "defeated", "away", "name", "url", "title", "challenge on a relation"}
)
_TEXTS = frozenset({"moduleReferenceId", "moduleEmbedType", "modulePublicSummary"})


@dataclass(frozen=True, slots=True)
class _Place:
    """One place in the tree: a part, what it hangs under, and whether it defeats that."""

    part: str
    parent: str = ""
    defeats: str = ""
    level: int = 1


class TeaWriter:
    """Writes one structure; `losses` says what the form cannot carry."""

    def __init__(self, structure: Structure) -> None:
        self.structure = structure
        self.outline = outline(structure)
        self.losses: list[Loss] = []
        self.seen: set[str] = set()
        self.attached: dict[str, str] = {}
        self.aims = self._aims()
        self.shown_at: dict[str, list[str]] = {}
        for source, aim in self.aims.items():
            self.shown_at.setdefault(aim, []).append(source)

    def lose(self, about: str, what: str, says: str) -> None:
        """Record a loss."""
        self.losses.append(Loss(about=about, what=what, says=says))

    def _aims(self) -> Mapping[str, str]:
        """Challenging part -> the one part that it is written against."""
        relations = {link.id: link for link in self.structure.links if link.id}
        aims: dict[str, str] = {}
        for link in self.structure.links:
            if link.kind != "challenges" or link.source not in self.structure.parts:
                continue
            target = link.target
            if link.target_link:
                hit = relations.get(link.target_link)
                target = hit.source if hit else target
                says = f"a defeater aims at an element; it is written against `{target}`"
                self.lose(link.source, "challenge on a relation", says)
            if target not in self.structure.parts or target == link.source:
                says = f"what it challenges (`{target}`) is not in the argument"
                self.lose(link.source, "dangling relation", says)
            elif link.source in aims:
                says = f"an element defeats one other; the challenge to `{target}` is left out"
                self.lose(link.source, "second challenge", says)
            else:
                aims[link.source] = target
        for link in self.outline.dangling:
            if link.kind != "challenges":
                says = f"the relation to `{link.target}` leads out of the argument"
                self.lose(link.source, "dangling relation", says)
        return aims

    def head(self, version: str) -> dict[str, Any]:
        """What both forms start with."""
        tags = self.structure.tags
        at = tags.get("sc.at", EPOCH)
        if not INSTANT.fullmatch(at):
            self.lose("", "sc.at", f"`{at}` is no instant; {EPOCH} stands in its place")
            at = EPOCH
        name = self.structure.title
        if not name.strip():
            name = "Untitled argument"
            self.lose("", "title", f"TEA asks for a name; `{name}` stands in its place")
        case = {"name": name, "description": tags.get("tea.description", "")}
        if "tea.colorProfile" in tags and version == "1.0":
            case["colorProfile"] = tags["tea.colorProfile"]
        return {"version": version, "exportedAt": at, "case": case}

    def nested(self) -> dict[str, Any]:
        """The tree of version 1.0; it has one root, and what is not under it is left out."""
        top = self.head("1.0")
        parts = self.structure.parts
        roots = [r for r in self.outline.roots if parts[r].type == "goal" and r not in self.aims]
        roots += [r for r in parts if r not in roots and r not in self.aims]
        if not roots:
            parts = {"ROOT": Part(id="ROOT", type="goal", text="not stated")}
            self.lose("", "root", "TEA asks for a tree; a goal `not stated` stands in its place")
        top["tree"] = self._tree(_Place(roots[0] if roots else "ROOT"), parts)
        for name, part in parts.items():
            if name not in self.seen and name not in self.attached:
                says = "a tree has one root and this is not under it; it is left out"
                self.lose(part.id, "second root", says)
        self._finish()
        return top

    def _tree(self, root: _Place, parts: Mapping[str, Part]) -> dict[str, Any]:
        nodes: list[dict[str, Any]] = []
        stack: list[tuple[_Place, list[Any]]] = [(root, nodes)]
        while stack:
            place, siblings = stack.pop()
            node, below = self._element(place, parts[place.part], "type")
            node["children"] = []
            siblings.append(node)
            for child in reversed(list(below)):
                stack.append((child, node["children"]))
        return nodes[0]

    def flat(self) -> dict[str, Any]:
        """The elements and evidence links of version 2.0."""
        top = self.head("2.0")
        elements: list[dict[str, Any]] = []
        links: list[dict[str, str]] = []
        written: set[str] = set()
        parts = self.structure.parts
        for root in (*self.outline.roots, *parts):
            if root in self.seen or root in self.attached or root in self.aims:
                continue
            self._elements(_Place(root), elements, links, written)
        for name in parts:
            if name not in self.seen and name not in self.attached:
                self._elements(
                    _Place(name, defeats=self.aims.get(name, "")), elements, links, written
                )
        top |= {"elements": elements, "evidenceLinks": links}
        self._finish()
        return top

    def _elements(
        self,
        root: _Place,
        elements: list[dict[str, Any]],
        links: list[dict[str, str]],
        written: set[str],
    ) -> None:
        stack = [root]
        while stack:
            place = stack.pop()
            part = self.structure.parts[place.part]
            parent = element_id(place.parent) if place.parent else None
            linked = part.type == "solution" and parent is not None and not place.defeats
            if linked and parent is not None:
                links.append({"evidenceId": element_id(part.id), "claimId": parent})
            if place.part in written:
                continue
            written.add(place.part)
            node, below = self._element(place, part, "elementType")
            node["parentId"] = None if linked or place.defeats else parent
            elements.append(node)
            stack += reversed(list(below))

    def _element(
        self, place: _Place, part: Part, type_key: str
    ) -> tuple[dict[str, Any], Iterable[_Place]]:
        """The keys of one element and the places below it."""
        kind = self._type(place, part)
        node: dict[str, Any] = {
            "id": element_id(part.id),
            type_key: kind,
            "name": self._name(part),
            "description": part.text,
            "inSandbox": part.tags.get("tea.inSandbox") == "true",
        }
        if kind == "GOAL":
            node["role"] = "SUPPORTING" if place.parent else "TOP_LEVEL"
        if kind == "PROPERTY_CLAIM":
            node["level"] = place.level
        if kind == "EVIDENCE" and part.url:
            node["url"] = part.url
        status, lost = status_of(part)
        for what in lost:
            self.lose(part.id, what, f"of two assertion statuses `{_STATUS[status]}` is written")
        if status != "asserted":
            node["assertionStatus"] = _STATUS[status]
        if place.defeats:
            node |= {"isDefeater": True, "defeatsElementId": element_id(place.defeats)}
        node |= self._kept(part)
        node |= self._references(part, kind)
        first = place.part not in self.seen
        self.seen.add(place.part)
        node |= self._attributes(part, kind)
        level = place.level + (kind == "PROPERTY_CLAIM")
        return node, self._below(place.part, kind, level) if first else ()

    def _type(self, place: _Place, part: Part) -> str:
        if part.type == "goal":
            usual = "PROPERTY_CLAIM" if place.parent else "GOAL"
            said = part.tags.get("tea.type", usual)
            return "AWAY_GOAL" if part.away else said if said in WITH_ATTRIBUTES else usual
        return _TYPES[part.type]

    def _name(self, part: Part) -> str | None:
        if part.name and element_id(part.id) != part.id:
            says = f"an element has a UUID and one name; it is called {element_id(part.id)}"
            self.lose(part.id, "id", says)
        return part.name or (part.id if element_id(part.id) != part.id else None)

    def _kept(self, part: Part) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        for key in KEPT:
            value = part.tags.get(f"tea.{key}")
            if value is not None and key in _TEXTS:
                kept[key] = value
            elif value is not None and key != "inSandbox":
                try:
                    kept[key] = json.loads(value)
                except (ValueError, RecursionError):
                    self.lose(part.id, "tags", f"the tag `tea.{key}` holds no JSON")
        return kept

    def _references(self, part: Part, kind: str) -> dict[str, str]:
        """The module or element that a module or an away element stands for."""
        if part.away and kind != "AWAY_GOAL":
            self.lose(part.id, "away", "only a goal can cite another module")
        if kind == "AWAY_GOAL":
            cited = element_id(part.away)
            if cited != part.away:
                self.lose(part.id, "away", f"`{part.away}` is cited by the UUID {cited}")
            more = {"moduleReferenceId": part.tags.get("tea.moduleReferenceId", cited)}
            return more if more["moduleReferenceId"] == cited else {**more, "citedElementId": cited}
        if kind == "MODULE" and "tea.moduleReferenceId" not in part.tags:
            made = element_id(part.name or part.id)
            says = f"TEA asks which case it is; {made} stands in its place"
            self.lose(part.id, "module reference", says)
            return {"moduleReferenceId": made, "moduleEmbedType": "REFERENCE"}
        return {}

    def _attributes(self, part: Part, kind: str) -> dict[str, Any]:
        """Context, assumption and justification of an element, as texts."""
        texts: dict[str, list[str]] = {word: [] for word in SCOPE}
        for link in self._scopes(part.id, kind):
            scope = self.structure.parts[link.target]
            owner, number = element_id(part.id), len(texts[scope.type])
            texts[scope.type].append(scope.text)
            if scope.id != attribute_id(owner, scope.type, number) or scope.name:
                says = f"it is an attribute of `{part.id}` and has no id or name of its own"
                self.lose(scope.id, "id", says)
            if scope.id in self.outline.below or scope.id in self.shown_at:
                self.lose(scope.id, "attribute", "nothing can refer to it or stand below it")
            if not scope.text and scope.type != "context":
                self.lose(scope.id, "text", "an attribute without a text is none")
            self.attached[scope.id] = part.id
        said: dict[str, Any] = {}
        for word, found in texts.items():
            if word == "context" and found:
                said[word] = found
            elif found:
                said[word] = "\n".join(found)
            if word != "context" and len(found) > 1:
                says = f"an element has one {word}; {len(found)} are joined into one text"
                self.lose(part.id, f"several {word}s", says)
        return said

    def _scopes(self, name: str, kind: str) -> Iterator[Link]:
        """The links to parts that are written as attributes."""
        for link in self.outline.below.get(name, ()):
            scope = self.structure.parts[link.target]
            if link.kind == "in context of" and kind in WITH_ATTRIBUTES and _attribute(scope):
                yield link

    def _below(self, name: str, kind: str, level: int) -> Iterator[_Place]:
        attributes = {id(link) for link in self._scopes(name, kind)}
        taken: set[str] = set()
        for link in self.outline.below.get(name, ()):
            target, part = link.target, self.structure.parts[link.target]
            again = target in self.seen or target in taken
            if id(link) in attributes:
                continue
            if target in self.aims:
                says = "an element that defeats another supports nothing; that is left out"
                self.lose(target, "support by a defeater", says)
            elif again and part.type != "solution":
                says = f"it stands in one place; the relation from `{name}` is left out"
                self.lose(target, "shared part", says)
            else:
                taken.add(target)
                yield _Place(target, name, level=level)
        for source in self.shown_at.get(name, ()):
            if source not in self.seen:
                yield _Place(source, name, defeats=name, level=level)

    def _finish(self) -> None:
        self.losses += general_losses(self.structure, _CARRIED, "TEA", "tea.")
        if "sc.at" in self.structure.tags:
            self.losses = [
                x for x in self.losses if not x.says.startswith("there are tags: sc.at;")
            ]
        for part in self.structure.parts.values():
            if part.url and part.type != "solution":
                self.lose(part.id, "url", "only evidence names an artefact; it is left out")
            if "tea.long_description" in part.tags:
                self.lose(part.id, "tags", "there is no place for a long description")


def _attribute(part: Part) -> bool:
    """Whether a part is written as an attribute and not as an element."""
    return part.type in SCOPE and "tea.type" not in part.tags
