"""SACM to `Structure`: elements, packages and claim points."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import cast, get_args

from safetycase.argument.structure import (
    ClaimPoint,
    Declaration,
    Loss,
    ModuleInfo,
    Part,
    PartType,
    Structure,
)
from safetycase.interop.sacm_document import (
    ASSERTED,
    CLAIM,
    REFERENCE,
    RELATIONS,
    Document,
    Item,
    Package,
    default_types,
    is_generated,
    split_tags,
)
from safetycase.interop.sacm_ids import xml_id
from safetycase.interop.sacm_meaning import read_name, understand
from safetycase.interop.sacm_steps import Steps, decode_links

__all__ = ["decode"]

INTERFACE, BINDING = "ArgumentPackageInterface", "ArgumentPackageBinding"
_DECLARATIONS = frozenset(get_args(Declaration))


def decode(document: Document, file: str) -> tuple[Structure, tuple[Loss, ...]]:
    """The structure that the document states, and what of it a structure cannot hold."""
    return _Decoder(document=document, file=file).run()


def _true(tags: Mapping[str, str], word: str, *, otherwise: bool = False) -> bool:
    said = tags.get(f"sc.{word}")
    return otherwise if said is None else said == "true"


@dataclass(slots=True)
class _Decoder:
    document: Document
    file: str
    alias: dict[str, str] = field(default_factory=dict)
    public: set[str] = field(default_factory=set)
    module_of: dict[str, str] = field(default_factory=dict)
    part_ids: dict[str, str] = field(default_factory=dict)
    losses: list[Loss] = field(default_factory=list)
    named: bool = False

    def run(self) -> tuple[Structure, tuple[Loss, ...]]:
        document = self.document
        ours, theirs = split_tags(document.tags)
        self.named = _true(ours, "named")
        self.interfaces()
        modules = dict(self.modules())
        elements = [i for i in document.items if i.kind in ASSERTED and i.id not in self.alias]
        carriers = [i for i in elements if "sc.acp" in i.tags]
        elements = [i for i in elements if "sc.acp" not in i.tags]
        for item in elements:
            self.part_ids[item.id] = item.tags.get("sc.id", item.id)
        steps = decode_links(document, self.part_ids, self.alias, ours)
        self.losses += steps.losses
        types = default_types(document.items)
        parts = [self.part(item, types[item.id], steps) for item in elements]
        kept = theirs | steps.kept
        if document.id and not is_generated(document.id):
            kept["sacm.id"] = ours.get("sc.id", document.id)
        structure = Structure(
            title=ours.get("sc.title", document.name),
            parts={part.id: part for part in parts},
            links=tuple(steps.links),
            points=(*self.points(carriers, modules), *self.meta_claims(carriers, steps)),
            modules=modules,
            tags=kept,
            source=self.file,
        )
        return structure, tuple(self.losses)

    def interfaces(self) -> None:
        """What an interface cites is public; the citations themselves are no parts."""
        faces = {p.id for p in self.document.packages if p.kind == INTERFACE}
        for item in self.document.items:
            if item.package in faces and item.kind in ASSERTED and item.cited:
                self.alias[item.id] = item.cited
                self.public.add(item.cited)

    def modules(self) -> Iterator[tuple[str, ModuleInfo]]:
        packages = {p.id: p for p in self.document.packages}
        parents = {p.parent for p in self.document.packages if p.parent}
        holding = {item.package for item in self.document.items}
        taken: set[str] = set()
        for package in packages.values():
            bare = package.id in parents and package.id not in holding
            if package.kind == INTERFACE or bare:
                self.skip(package)
                continue
            ours, theirs = split_tags(package.tags)
            name = ours.get("sc.module", "" if is_generated(package.id) else package.name)
            if not name and not is_generated(package.id) and "sc.module" not in ours:
                name = package.id
            if name in taken:
                name = f"{name} ({package.id})"
            taken.add(name)
            self.module_of[package.id] = name
            if _true(ours, "undeclared") or (not name and "sc.module" not in ours):
                continue
            if package.parent in packages:
                theirs["sacm.parent"] = packages[package.parent].name or package.parent
            yield name, self.module(package, name, ours, theirs)

    def skip(self, package: Package) -> None:
        if package.text or split_tags(package.tags)[1]:
            says = "the description and tagged values of this package have no place; left out"
            self.losses.append(Loss(about=package.name or package.id, what="package", says=says))

    def module(
        self, package: Package, name: str, ours: Mapping[str, str], theirs: dict[str, str]
    ) -> ModuleInfo:
        usual = is_generated(package.id) or package.id in (name, xml_id(name))
        said = ours.get("sc.id", "" if usual else package.id)
        if said:
            theirs["sacm.id"] = said
        binds = package.kind == BINDING
        if binds and len(package.participants) < 2:
            theirs["sacm.participants"] = " ".join(package.participants)
        return ModuleInfo(
            name=name,
            file=ours.get("sc.file", ""),
            title=ours.get("sc.title", ""),
            brief=package.text,
            uses=_words(ours.get("sc.uses", "")),
            extends=_extends(ours.get("sc.extends", "")),
            contract=binds or _true(ours, "contract"),
            pattern=_true(ours, "pattern"),
            published=_true(ours, "published"),
            headings=_words(ours.get("sc.headings", "")),
            tags=theirs,
            span=package.span,
        )

    def part(self, item: Item, guessed: PartType, steps: Steps) -> Part:
        ours, theirs = split_tags(item.tags)
        said = ours.get("sc.type", item.type or guessed)
        part_type = cast("PartType", said) if said in get_args(PartType) else guessed
        identifier = self.part_ids[item.id]
        name, text = item.name, item.text
        if "sc.name" in ours:
            name = ours["sc.name"]
        else:
            name, text = read_name(name, identifier, text, named=self.named)
        declared = understand(item, part_type)
        word = ours.get("sc.declaration", declared.declaration)
        url = ours.get("sc.url", "")
        if item.referenced:
            url = self.artifact(item, theirs)
        elif item.kind == REFERENCE and part_type == "context":
            theirs["sacm.class"] = REFERENCE
        if item.citation and not item.cited and "sc.away" not in ours:
            theirs["sacm.isCitation"] = "true"
        return Part(
            id=identifier,
            type=part_type,
            text=text,
            name=name,
            module=self.module_of.get(item.package, ""),
            away=ours.get("sc.away") or self.cited(item),
            undeveloped=_true(ours, "undeveloped", otherwise=declared.undeveloped),
            uninstantiated=item.abstract,
            public=_true(ours, "public", otherwise=item.id in self.public),
            by_contract=_true(ours, "by-contract"),
            defeated=_true(ours, "defeated", otherwise=declared.defeated),
            counter=_true(ours, "counter", otherwise=item.id in steps.challengers),
            declaration=(
                cast("Declaration", word) if word in _DECLARATIONS else declared.declaration
            ),
            url=url,
            tags=theirs,
            span=item.span,
        )

    def cited(self, item: Item) -> str:
        """The id of the part, or else the name of the module, that an element cites."""
        cited = self.alias.get(item.cited, item.cited)
        return (self.part_ids.get(cited) or self.module_of.get(cited, cited)) if cited else ""

    def artifact(self, item: Item, theirs: dict[str, str]) -> str:
        """Where the artefact is; what else is known of it goes into the tags of the part."""
        known = {artifact.id: artifact for artifact in self.document.artifacts}
        first, *more = item.referenced
        artifact = known.get(first)
        if more:
            theirs["sacm.artifact.more"] = " ".join(more)
            says = f"a part names one artefact; {len(more)} further stand in its tags"
            self.losses.append(Loss(about=item.id, what="artefact", says=says))
        if artifact is None:
            return first
        ours, rest = split_tags(artifact.tags)
        url = ours.get("sc.url") or artifact.location or artifact.name or artifact.id
        details = {
            "id": ours.get("sc.id", "" if is_generated(artifact.id) else artifact.id),
            "name": artifact.name if artifact.name != url else "",
            "version": artifact.version,
            "date": artifact.date,
            "kind": artifact.kind if artifact.kind != "Artifact" else "",
        }
        theirs |= {f"sacm.artifact.{word}": value for word, value in details.items() if value}
        theirs |= {f"sacm.artifact.tag.{key}": value for key, value in rest.items()}
        return url

    def points(
        self, carriers: list[Item], modules: Mapping[str, ModuleInfo]
    ) -> Iterator[ClaimPoint]:
        for item in carriers:
            ours = split_tags(item.tags)[0]
            cited = self.part_ids.get(item.cited, "")
            home = self.module_of.get(item.cited, "")
            yield ClaimPoint(
                id=ours["sc.acp"],
                on_part=ours.get("sc.on-part", ""),
                on_links=_words(ours.get("sc.on-links", "")),
                argued_by=ours.get("sc.argued-by", cited or (home if home in modules else "")),
                span=item.span,
            )

    def meta_claims(self, carriers: list[Item], steps: Steps) -> Iterator[ClaimPoint]:
        """Claims about assertions, as other tools write them: one point per claim."""
        own = {item.id for item in carriers}
        on_links: dict[str, list[str]] = {}
        on_parts: dict[str, list[str]] = {}
        for item in self.document.items:
            for claim in item.claims:
                if claim in own or claim not in self.part_ids:
                    continue
                if item.kind in RELATIONS and item.id in steps.names:
                    on_links.setdefault(claim, []).append(steps.names[item.id])
                elif item.kind == CLAIM and item.id in self.part_ids:
                    on_parts.setdefault(claim, []).append(self.part_ids[item.id])
        names = {item.id: item.name for item in self.document.items if item.kind == CLAIM}
        taken = {item.tags["sc.acp"] for item in carriers}
        for claim in dict.fromkeys([*on_links, *on_parts]):
            places: list[tuple[str, tuple[str, ...]]] = [
                (part, ()) for part in on_parts.get(claim, ())
            ]
            if claim in on_links:
                places.insert(0, ("", tuple(on_links[claim])))
            for part, links in places:
                name = names.get(claim) or claim
                name = name if not any(x.isspace() for x in name) else claim
                if name in taken:
                    name = f"{name} ({claim} {len(taken)})"
                taken.add(name)
                argued = self.part_ids[claim]
                yield ClaimPoint(id=name, on_part=part, on_links=links, argued_by=argued)


def _words(text: str) -> tuple[str, ...]:
    """A list of words in JSON; anything else is one word."""
    if not text:
        return ()
    try:
        listed = json.loads(text)
    except (ValueError, RecursionError):
        return (text,)
    if isinstance(listed, list) and all(isinstance(word, str) for word in listed):
        return tuple(listed)
    return (text,)


def _extends(text: str) -> dict[str, tuple[str, ...]]:
    try:
        read = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    if not isinstance(read, dict):
        return {}
    return {
        key: tuple(str(word) for word in value)
        for key, value in read.items()
        if isinstance(value, list)
    }
