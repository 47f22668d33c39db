"""`Structure` to SACM: elements, packages, artefacts and claim points.

What SACM has no member for goes into tagged values under `sc.`, and into the loss report, because
another reader keeps a tagged value and gives it no meaning. A tagged value is written only where
reading back would guess otherwise.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from safetycase.argument.structure import ClaimPoint, Loss, ModuleInfo, Part, Structure
from safetycase.interop.sacm_document import (
    CLAIM,
    REASONING,
    REFERENCE,
    Artifact,
    Document,
    Item,
    Package,
    default_types,
    escape_key,
)
from safetycase.interop.sacm_ids import Ids, xml_id
from safetycase.interop.sacm_links import Relations, encode_links
from safetycase.interop.sacm_meaning import Declared, native_declaration, read_name, understand

__all__ = ["encode"]

_TAGGED = {
    "public": "it is public",
    "by_contract": "it is to be supported by contract",
}
_ARTIFACT_TAGS = ("id", "name", "version", "date", "kind")


def encode(structure: Structure) -> tuple[Document, tuple[Loss, ...]]:
    """The document, and what another reader of SACM will not understand in it."""
    return _Encoder(structure=structure).run()


def kind_of(part: Part) -> str:
    """The SACM class of a part; a context is a reference if it cites an artefact."""
    if part.type == "strategy":
        return REASONING
    wanted = part.tags.get("sacm.class") == REFERENCE
    cites = part.type == "solution" or (part.type == "context" and (bool(part.url) or wanted))
    return REFERENCE if cites else CLAIM


@dataclass(slots=True)
class _Encoder:
    structure: Structure
    ids: Ids = field(default_factory=Ids)
    part_ids: dict[str, str] = field(default_factory=dict)
    package_ids: dict[str, str] = field(default_factory=dict)
    artifacts: dict[tuple[str, ...], Artifact] = field(default_factory=dict)
    losses: list[Loss] = field(default_factory=list)
    challengers: frozenset[str] = frozenset()
    named: bool = False

    def run(self) -> tuple[Document, tuple[Loss, ...]]:
        structure = self.structure
        parts = structure.parts
        root = self.ids.take(structure.tags["sacm.id"]) if structure.tags.get("sacm.id") else ""
        root = root or self.ids.make("case")
        for key in parts:
            self.part_ids[key] = self.ids.take(key)
        names = list(dict.fromkeys([*structure.modules, *(p.module for p in parts.values())]))
        packages = [self.package(name) for name in names or [""]]
        echoes = sum(part.name == key for key, part in parts.items())
        self.named = echoes > sum(not part.name for part in parts.values())
        links = structure.links
        self.challengers = frozenset(x.source for x in links if x.kind == "challenges")
        items = [self.item(key, part) for key, part in parts.items()]
        kinds = {key: kind_of(part) for key, part in parts.items()}
        relations = encode_links(structure, kinds, self.part_ids, self.ids)
        self.losses += relations.losses
        carriers = [self.carrier(point) for point in structure.points]
        items = self.with_points(items, relations, carriers)
        ordered = [replace(item, package=self.home(item)) for item in items]
        listed = [*ordered, *self.homed(relations)]
        tags = {escape_key(k): v for k, v in structure.tags.items() if k != "sacm.id" or not v}
        tags |= relations.tags | ({"sc.named": "true"} if self.named else {})
        wanted = structure.tags.get("sacm.id", "")
        tags |= {"sc.id": wanted} if wanted and wanted != root else {}
        tags |= {} if structure.title else {"sc.title": ""}
        document = Document(
            id=root,
            name=structure.title
            or (names[0] if len(names) == 1 and names[0] else "Assurance case"),
            tags=tags,
            packages=tuple(self.bind(package, listed) for package in packages),
            artifacts=tuple(self.artifacts.values()),
            items=tuple(self.typed(listed, len(parts))),
        )
        return document, tuple(self.losses)

    def home(self, item: Item) -> str:
        return self.package_ids[item.package]

    def homed(self, relations: Relations) -> Iterator[Item]:
        """Each relationship stands in the package of its target."""
        where = {self.part_ids[key]: part.module for key, part in self.structure.parts.items()}
        first = next(iter(self.package_ids.values()))
        for item in relations.items:
            end = next((e for e in (*item.targets, *item.sources) if e in where), "")
            yield replace(item, package=self.package_ids[where[end]] if end else first)

    def typed(self, items: list[Item], parts: int) -> Iterator[Item]:
        """The items, with the GSN type where a reader would take another one."""
        guessed = default_types(items)
        wanted = iter(self.structure.parts.values())
        for position, item in enumerate(items):
            if position >= parts:
                yield item
                continue
            part = next(wanted)
            tags = dict(item.tags)
            if guessed[item.id] != part.type:
                tags["sc.type"] = part.type
                if part.type in ("justification", "module", "contract"):
                    self.lose(part.id, part.type, f"it is a {part.type}", "sc.type")
            said = Declared(part.declaration, part.undeveloped, part.defeated)
            tags |= self.declared(item, part, said)
            yield replace(item, tags=tags)

    def declared(self, item: Item, part: Part, said: Declared) -> dict[str, str]:
        read = understand(item, part.type)
        tags: dict[str, str] = {}
        if read.declaration != said.declaration:
            tags["sc.declaration"] = said.declaration
        for word, mine, theirs in (
            ("undeveloped", said.undeveloped, read.undeveloped),
            ("defeated", said.defeated, read.defeated),
        ):
            if mine != theirs:
                tags[f"sc.{word}"] = "true" if mine else "false"
                self.lose(part.id, word, f"{word}: {'yes' if mine else 'no'}", f"sc.{word}")
        return tags

    def lose(self, about: str, what: str, was: str, key: str) -> None:
        says = f"{was}; SACM has no member for it, so it stands in the tagged value `{key}`"
        self.losses.append(Loss(about=about, what=what, says=says))

    def item(self, key: str, part: Part) -> Item:
        kind = kind_of(part)
        identifier = self.part_ids[key]
        tags: dict[str, str] = {} if identifier == key else {"sc.id": key}
        author = dict(part.tags)
        referenced: tuple[str, ...] = ()
        if part.type == "context" and not part.url and author.get("sacm.class") == REFERENCE:
            del author["sacm.class"]
        if part.url and kind == REFERENCE:
            referenced = (self.artifact(part.url, author),)
        elif part.url:
            tags["sc.url"] = part.url
            self.lose(key, "url", f"it names {part.url}", "sc.url")
        cited = self.part_ids.get(part.away, "") if part.away else ""
        if part.away and not cited and part.type in ("module", "contract"):
            cited = self.package_ids.get(part.away, "")
        if part.away and not cited:
            tags["sc.away"] = part.away
            self.lose(key, "citation", f"it cites {part.away}, which is not here", "sc.away")
        tags |= self.marks(part)
        if part.counter != (key in self.challengers):
            tags["sc.counter"] = "true" if part.counter else "false"
        shown = part.name or key
        if read_name(shown, key, part.text, named=self.named) != (part.name, part.text):
            tags["sc.name"] = part.name
        return Item(
            kind=kind,
            id=identifier,
            package=part.module,
            name=shown,
            text=part.text,
            declaration=native_declaration(part) if kind == CLAIM else "asserted",
            abstract=part.uninstantiated,
            citation=bool(part.away),
            cited=cited,
            referenced=referenced,
            tags=tags | {escape_key(k): v for k, v in author.items()},
        )

    def marks(self, part: Part) -> dict[str, str]:
        """The decorators of GSN that SACM has none for."""
        tags = {}
        for word, says in _TAGGED.items():
            if getattr(part, word):
                key = "sc." + word.replace("_", "-")
                tags[key] = "true"
                self.lose(part.id, word.replace("_", " "), says, key)
        return tags

    def artifact(self, url: str, author: dict[str, str]) -> str:
        """The id of the artefact at `url`, with the details that a SACM file gave it."""
        details = {word: author.pop(f"sacm.artifact.{word}", "") for word in _ARTIFACT_TAGS}
        key = (url, *details.values())
        if key not in self.artifacts:
            wanted = details["id"]
            identifier = self.ids.take(wanted) if wanted else self.ids.make("artifact")
            name = details["name"] or url
            tags = {"sc.url": url} if name != url else {}
            if wanted and identifier != wanted:
                tags["sc.id"] = wanted
            self.artifacts[key] = Artifact(
                id=identifier,
                kind=details["kind"] or "Artifact",
                name=name,
                version=details["version"],
                date=details["date"],
                tags=tags,
            )
        return self.artifacts[key].id

    def package(self, name: str) -> Package:
        info = self.structure.modules.get(name)
        author = dict(info.tags) if info else {}
        wanted = name
        if author.get("sacm.id", name) not in ("", name):
            wanted = author.pop("sacm.id")
        identifier = self.ids.take(wanted) if wanted else self.ids.make("argument")
        self.package_ids[name] = identifier
        tags = _module_tags(info) if info else {}
        said = wanted if wanted != name else ""
        if info and identifier not in (said, xml_id(name)):
            tags["sc.id"] = said
        if info and not name:
            tags["sc.module"] = ""
        if name and not info:
            tags["sc.undeclared"] = "true"
        if name and xml_id(name) != name:
            tags["sc.module"] = name
        return Package(
            id=identifier,
            name=name or self.structure.title or "Argument",
            text=info.brief if info else "",
            tags=tags | {escape_key(k): v for k, v in author.items()},
        )

    def bind(self, package: Package, items: list[Item]) -> Package:
        """A contract that holds only citations of two packages or more is a binding."""
        if "sc.contract" not in package.tags:
            return package
        home = {item.id: item.package for item in items}
        mine = [i for i in items if i.package == package.id and not i.targets]
        joined = dict.fromkeys(home.get(item.cited, "") for item in mine)
        if not all(joined) or len(joined) < 2:
            return package
        tags = {key: value for key, value in package.tags.items() if key != "sc.contract"}
        kind = "ArgumentPackageBinding"
        return replace(package, kind=kind, participants=tuple(joined), tags=tags)

    def carrier(self, point: ClaimPoint) -> Item:
        """The claim about the assertions at a claim point; it cites what argues it."""
        parts, key = self.structure.parts, point.argued_by
        cited = self.part_ids.get(key) or self.package_ids.get(key, "") if key else ""
        tags = {"sc.acp": point.id}
        if point.on_part:
            tags["sc.on-part"] = point.on_part
        if point.on_links:
            tags["sc.on-links"] = json.dumps(point.on_links, ensure_ascii=False)
        if key and not (cited and (key in parts or key in self.structure.modules)):
            tags["sc.argued-by"], cited = key, ""
        near = parts.get(point.on_part) or parts.get(key)
        return Item(
            kind=CLAIM,
            id=self.ids.take(point.id or "ACP"),
            package=near.module if near else next(iter(self.package_ids)),
            name=point.id or "ACP",
            declaration="asCited" if cited else "needsSupport",
            citation=bool(cited),
            cited=cited,
            tags=tags,
        )

    def with_points(
        self, items: list[Item], relations: Relations, carriers: list[Item]
    ) -> list[Item]:
        """The items with the claims about them; what is no assertion can carry none."""
        claims: dict[str, list[str]] = {}
        for point, carrier in zip(self.structure.points, carriers, strict=True):
            ends = [relations.of_link[x] for x in point.on_links if x in relations.of_link]
            if point.on_part and point.on_part in self.part_ids:
                ends.append(self.part_ids[point.on_part])
            for end in dict.fromkeys(ends):
                claims.setdefault(end, []).append(carrier.id)
            part = self.structure.parts.get(point.on_part)
            if point.on_part and part and kind_of(part) != CLAIM:
                self.lose(point.id, "claim point", f"it sits on {part.id}", "sc.on-part")
        relations.items[:] = [
            replace(item, claims=tuple(claims.get(item.id, ()))) for item in relations.items
        ]
        held = [
            replace(i, claims=tuple(claims.get(i.id, ()))) if i.kind == CLAIM else i for i in items
        ]
        return [*held, *carriers]


def _module_tags(info: ModuleInfo) -> dict[str, str]:
    extends: Mapping[str, list[str]] = {key: list(ids) for key, ids in info.extends.items()}
    told: dict[str, str] = {
        "sc.title": info.title,
        "sc.file": info.file,
        "sc.uses": _listed(info.uses),
        "sc.headings": _listed(info.headings),
        "sc.extends": json.dumps(extends, ensure_ascii=False) if extends else "",
    }
    tags = {key: value for key, value in told.items() if value}
    for word in ("contract", "pattern", "published"):
        if getattr(info, word):
            tags[f"sc.{word}"] = "true"
    return tags


def _listed(words: tuple[str, ...]) -> str:
    return json.dumps(list(words), ensure_ascii=False) if words else ""
