"""Asserted relationships to links; the other direction of `sacm_links`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, get_args

from safetycase.argument.structure import Link, LinkKind, Loss
from safetycase.interop.sacm_document import (
    ASSERTED,
    CONTEXTS,
    RELATIONS,
    Document,
    Item,
    is_generated,
    split_tags,
)
from safetycase.interop.sacm_links import relation_kind, slot_key

__all__ = ["Steps", "decode_links"]

_TEXTS = ("multiplicity", "choice", "choose")


@dataclass(slots=True)
class Steps:
    """The links; `names` gives by relationship the id of its first link, where it has one."""

    links: list[Link] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    challengers: set[str] = field(default_factory=set)
    kept: dict[str, str] = field(default_factory=dict)
    losses: list[Loss] = field(default_factory=list)


def decode_links(
    document: Document,
    part_ids: Mapping[str, str],
    alias: Mapping[str, str],
    ours: Mapping[str, str],
) -> Steps:
    """Every relationship as links. `alias` leads from the citations of interfaces to the cited."""
    return _Decoder(document=document, part_ids=part_ids, alias=alias).run(ours)


@dataclass(slots=True)
class _Decoder:
    document: Document
    part_ids: Mapping[str, str]
    alias: Mapping[str, str]
    relations: dict[str, Item] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    seen: set[tuple[str, ...]] = field(default_factory=set)
    out: Steps = field(default_factory=Steps)

    def run(self, ours: Mapping[str, str]) -> Steps:
        for item in self.document.items:
            if item.kind in RELATIONS:
                self.relations[item.id] = item
            elif item.kind in ASSERTED:
                self.kinds[item.id] = item.kind
        for item in self.relations.values():
            if not item.reasoning and not item.counter and item.kind not in CONTEXTS:
                self.counts.update((item.kind, self.end(x)) for x in item.targets)
        self.name_relations()
        for item in self.relations.values():
            self.relation(item)
        self.uneven_strategies()
        self.kept_links(ours)
        return self.out

    def end(self, identifier: str) -> str:
        return self.alias.get(identifier, identifier)

    def name_relations(self) -> None:
        """The id of the first link of each relationship: that of the relationship, or none."""
        used = {end for item in self.relations.values() for end in item.targets}
        for item in self.relations.values():
            told = item.tags.get("sc.id")
            name = ("" if is_generated(item.id) else item.id) if told is None else told
            if not name and told is None and (item.id in used or item.claims):
                name = item.id.partition(".")[2]
            if name:
                self.out.names[item.id] = name

    def relation(self, item: Item) -> None:
        targets = [self.end(end) for end in item.targets]
        if not targets or not item.sources:
            self.lose(item, "relation", "it has no source or no target and is left out")
            return
        if len(item.reasoning) > 1:
            self.lose(item, "reasoning", "only the first of its reasonings is read")
        if item.abstract:
            self.lose(item, "abstract relation", "a link cannot be abstract; the mark is left out")
        for target in targets:
            links = self.links(item, target)
            if not links and (item.claims or split_tags(item.tags)[1]):
                self.lose(item, "tags", "its links stand elsewhere; its tagged values are left out")
            self.out.links += [
                self.detailed(item, target, position, link) for position, link in enumerate(links)
            ]

    def links(self, item: Item, target: str) -> list[Link]:
        sources = [self.end(source) for source in item.sources]
        if any(source not in self.part_ids for source in sources):
            self.lose(item, "relation", "a relationship is its source; that end is left out")
            sources = [source for source in sources if source in self.part_ids]
        if item.counter:
            return self.challenge(item, sources, target)
        if item.kind in CONTEXTS:
            return self.context(item, sources, target)
        if target not in self.part_ids:
            self.lose(item, "relation", "support of a relationship has no link; left out")
            return []
        if item.reasoning and item.reasoning[0] in self.part_ids:
            return list(self.step(item.reasoning[0], sources, target))
        return [self.link("supported by", target, source) for source in sources]

    def link(self, kind: LinkKind, source: str, target: str) -> Link:
        return Link(kind=kind, source=self.part_ids[source], target=self.part_ids[target])

    def challenge(self, item: Item, sources: list[str], target: str) -> list[Link]:
        self.out.challengers |= set(sources)
        aim = "" if target in self.part_ids else item.tags.get("sc.target", self.name_of(target))
        return [
            Link(
                kind="challenges",
                source=self.part_ids[source],
                target=self.part_ids.get(target, ""),
                target_link=aim,
            )
            for source in sources
        ]

    def name_of(self, relation: str) -> str:
        return self.out.names.get(relation, relation)

    def context(self, item: Item, sources: list[str], target: str) -> list[Link]:
        """Context of a relationship scopes its strategy, or else its conclusion."""
        if target in self.relations:
            about = self.relations[target]
            ends = [self.end(x) for x in (*about.reasoning, *about.targets)]
            target = next((end for end in ends if end in self.part_ids), "")
            self.lose(item, "context of a relation", "it is shown at the strategy or conclusion")
        if not target:
            return []
        fresh = [s for s in sources if ("context", target, s) not in self.seen]
        if any(end in self.relations for end in item.targets) or len(item.targets) > 1:
            sources = fresh
        self.seen.update(("context", target, source) for source in sources)
        return [self.link("in context of", target, source) for source in sources]

    def step(self, reasoning: str, sources: list[str], target: str) -> Iterator[Link]:
        """The link to the strategy and those from it, each given once."""
        if ("head", target, reasoning) not in self.seen:
            self.seen.add(("head", target, reasoning))
            yield self.link("supported by", target, reasoning)
        for source in sources:
            if ("premise", reasoning, source) not in self.seen:
                self.seen.add(("premise", reasoning, source))
                yield self.link("supported by", reasoning, source)

    def uneven_strategies(self) -> None:
        """A strategy of GSN has one set of premises, whatever it concludes."""
        premises: dict[str, dict[str, set[str]]] = {}
        for item in self.relations.values():
            if item.counter or item.kind in CONTEXTS:
                continue
            for reasoning in item.reasoning[:1]:
                for target in item.targets:
                    held = premises.setdefault(reasoning, {}).setdefault(target, set())
                    held.update(item.sources)
        for reasoning, by_target in premises.items():
            if len({frozenset(held) for held in by_target.values()}) > 1:
                says = "it serves several conclusions by different premises; they are put together"
                about = self.part_ids.get(reasoning, reasoning)
                self.out.losses.append(Loss(about=about, what="reasoning", says=says))

    def detailed(self, item: Item, target: str, position: int, link: Link) -> Link:
        """The link with what the relationship says of it."""
        ours, theirs = split_tags(item.tags)
        direct = link.kind == "supported by" and not item.reasoning
        name = self.out.names.get(item.id, "") if position == 0 else ""
        name = ours.get(slot_key("id", position), name)
        group = ""
        if direct and self.counts[item.kind, target] > 1 and not is_generated(item.id):
            group = item.id
        whole = item.declaration == "defeated" and (direct or position == 0)
        values: dict[str, Any] = {word: ours.get(slot_key(word, position), "") for word in _TEXTS}
        tags = theirs if position == 0 else _mapping(ours.get(slot_key("tags", position), ""))
        if position == 0:
            tags = {**tags, **self.extras(item)}
        return Link(
            kind=link.kind,
            source=link.source,
            target=link.target,
            target_link=link.target_link,
            id=name,
            inference=ours.get(slot_key("inference", position), group),
            defeated=ours.get(slot_key("defeated", position), str(whole).lower()) == "true",
            optional=ours.get(slot_key("optional", position)) == "true",
            tags=tags,
            span=item.span,
            **values,
        )

    def extras(self, item: Item) -> dict[str, str]:
        """What a relationship says that a link has no field for."""
        tags = {}
        if item.name not in ("", item.id, item.tags.get("sc.id")):
            tags["sacm.name"] = item.name
        if item.text:
            tags["sacm.description"] = item.text
        if item.declaration not in ("asserted", "defeated"):
            tags["sacm.declaration"] = item.declaration
        if item.counter:
            source = self.kinds.get(self.end(item.sources[0]), "")
            target = self.kinds.get(self.end(item.targets[0]), "")
            if item.kind != relation_kind(source, target, context=False):
                tags["sacm.class"] = item.kind
            if item.reasoning and item.reasoning[0] in self.part_ids:
                tags["sacm.reasoning"] = self.part_ids[item.reasoning[0]]
        return tags

    def kept_links(self, ours: Mapping[str, str]) -> None:
        """The links that our writer kept as text."""
        inverse = {name: key for key, name in self.part_ids.items()}
        for key, text in ours.items():
            if key.partition("@")[0] != "sc.link":
                continue
            link = _kept(_any(text))
            if link is None:
                says = f"the tagged value `{key}` is no link; left as it is"
                self.out.losses.append(Loss(about="", what="relation", says=says))
                self.out.kept[f"sacm.{key}"] = text
                continue
            self.out.links.append(link)
            if link.kind == "challenges":
                self.out.challengers.add(inverse.get(link.source, link.source))

    def lose(self, item: Item, what: str, says: str) -> None:
        about = self.out.names.get(item.id, item.id)
        self.out.losses.append(Loss(about=about, what=what, says=says))


def _any(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _mapping(text: str) -> dict[str, str]:
    read = _any(text) if text else {}
    if not isinstance(read, dict) or not all(isinstance(value, str) for value in read.values()):
        return {}
    return read


def _kept(read: Any) -> Link | None:
    """A link from its JSON form, if it is one."""
    if not isinstance(read, dict) or read.get("kind") not in get_args(LinkKind):
        return None
    known = {each.name for each in fields(Link)} - {"span"}
    flags = {"defeated", "optional"}
    tags = read.get("tags", {})
    if not set(read) <= known or not {"source", "target"} <= set(read) | {"target"}:
        return None
    if not isinstance(tags, dict) or not all(isinstance(value, str) for value in tags.values()):
        return None
    rest = {key: value for key, value in read.items() if key != "tags"}
    if not all(isinstance(v, bool if k in flags else str) for k, v in rest.items()):
        return None
    return Link(**{"target": "", **rest}, tags=tags)
