"""Links to asserted relationships.

A strategy is the `reasoning` of one AssertedInference over its goals and one AssertedEvidence over
its solutions. Goals that support a goal directly form one inference, as GSN reads them (Community
Standard v3, 1:2.2.4-9), unless their links name different ones.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from safetycase.argument.structure import Link, Loss, Structure
from safetycase.interop.sacm_document import (
    REASONING,
    REFERENCE,
    RELATIONS,
    Item,
    escape_key,
    is_generated,
)
from safetycase.interop.sacm_ids import Ids
from safetycase.interop.sacm_meaning import DECLARATIONS

__all__ = ["Relations", "encode_links", "slot_key"]

_MOST_ENDS = 1_000_000
_DETAILS = ("multiplicity", "choice", "choose")


def slot_key(word: str, position: int) -> str:
    """The key of a tagged value about one of the links of a relationship; the first has none."""
    return f"sc.{word}" if position == 0 else f"sc.{word}@{position}"


@dataclass(slots=True)
class Relations:
    """The relationships; `of_link` gives by link id the relationship that holds the link."""

    items: list[Item] = field(default_factory=list)
    of_link: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    losses: list[Loss] = field(default_factory=list)


@dataclass(slots=True)
class _Draft:
    """One relationship while its sources gather. `links` are those whose details it carries."""

    kind: str
    target: str
    reasoning: str = ""
    counter: bool = False
    direct: bool = False
    sources: list[str] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    at_link: str = ""
    id: str = ""


def encode_links(
    structure: Structure, kinds: Mapping[str, str], part_ids: Mapping[str, str], ids: Ids
) -> Relations:
    """Every link as (a source of) a relationship, or as a tagged value with a loss."""
    return _Encoder(links=structure.links, kinds=kinds, part_ids=part_ids, ids=ids).run()


def relation_kind(source: str, target: str, *, context: bool) -> str:
    """The class of a relationship between two classes of elements."""
    both = source == target == REFERENCE
    if context:
        return "AssertedArtifactContext" if both else "AssertedContext"
    if both:
        return "AssertedArtifactSupport"
    return "AssertedEvidence" if source == REFERENCE else "AssertedInference"


@dataclass(slots=True)
class _Encoder:
    links: tuple[Link, ...]
    kinds: Mapping[str, str]
    part_ids: Mapping[str, str]
    ids: Ids
    drafts: dict[tuple[str, ...], _Draft] = field(default_factory=dict)
    holder: dict[str, _Draft] = field(default_factory=dict)
    heads: set[str] = field(default_factory=set)
    stepped: set[str] = field(default_factory=set)
    bodies: dict[str, list[Link]] = field(default_factory=dict)
    out: Relations = field(default_factory=Relations)

    def run(self) -> Relations:
        native = [self.fits(link) for link in self.links]
        self.strike_copies(native)
        self.strike_bare_strategies(native)
        self.strike_aims(native)
        for link, fits in zip(self.links, native, strict=True):
            if fits:
                self.draft(link)
        for draft in self.drafts.values():
            wanted = next(((x.inference if draft.direct else "") or x.id for x in draft.links), "")
            draft.id = self.ids.take(wanted) if wanted else self.ids.make(_word(draft))
            self.holder |= {link.id: draft for link in draft.links if link.id}
        self.out.of_link = {name: draft.id for name, draft in self.holder.items()}
        counts = Counter((d.kind, d.target) for d in self.drafts.values() if d.direct)
        for draft in self.drafts.values():
            self.out.items.append(self.item(draft, alone=counts[draft.kind, draft.target] <= 1))
        left = [link for link, fits in zip(self.links, native, strict=True) if not fits]
        for number, link in enumerate(left, start=1):
            self.keep(link, number)
        return self.out

    def fits(self, link: Link) -> bool:
        """Whether the ends of the link alone allow a relationship."""
        ends = link.source in self.kinds and (link.target in self.kinds or not link.target)
        if not ends or bool(link.target) == bool(link.target_link):
            return False
        if link.kind == "challenges":
            return True
        reasons = [self.kinds.get(end) == REASONING for end in (link.source, link.target)]
        return not link.target_link and not (link.kind == "supported by" and all(reasons))

    def strike_copies(self, native: list[bool]) -> None:
        seen: set[tuple[str, ...]] = set()
        for index, link in enumerate(self.links):
            ends = (link.kind, link.source, link.target, link.target_link)
            native[index] = native[index] and ends not in seen
            seen.add(ends)

    def strike_bare_strategies(self, native: list[bool]) -> None:
        """A relationship needs a source and a target, so a strategy needs both sides.

        Each conclusion repeats the premises, so there is a bound on their product.
        """
        support = [
            (i, x) for i, x in enumerate(self.links) if native[i] and x.kind == "supported by"
        ]
        below = Counter(x.source for _, x in support if self.kinds[x.source] == REASONING)
        above = Counter(x.target for _, x in support if self.kinds[x.target] == REASONING)
        self.heads = {s for s in below & above if s and below[s] * above[s] <= _MOST_ENDS}
        for index, link in support:
            ends = (link.source, link.target)
            native[index] = all(x in self.heads for x in ends if self.kinds[x] == REASONING)
            if native[index] and link.source in self.heads:
                self.bodies.setdefault(link.source, []).append(link)

    def strike_aims(self, native: list[bool]) -> None:
        """A challenge at a link that has no relationship, or no name of its own, has none."""
        counts = Counter(link.id for link in self.links if link.id)
        aims: dict[str, list[int]] = {}
        dead = []
        for index, link in enumerate(self.links):
            if link.target_link:
                aims.setdefault(link.target_link, []).append(index)
            if not native[index] or (link.target_link and counts[link.target_link] != 1):
                dead.append(index)
        while dead:
            index = dead.pop()
            native[index] = False
            name = self.links[index].id
            dead += [other for other in aims.get(name, ()) if name and native[other]]

    def draft(self, link: Link) -> None:
        if link.kind == "challenges":
            self.challenge(link)
        elif link.kind == "in context of":
            self.join(link, self.kind(link, context=True), "context", link.target)
        elif link.target in self.heads:
            self.step(link)
        elif link.source not in self.heads:
            draft = self.join(link, self.kind(link), "direct", link.inference)
            draft.direct = True

    def kind(self, link: Link, *, context: bool = False) -> str:
        return relation_kind(self.kinds[link.target], self.kinds[link.source], context=context)

    def join(self, link: Link, kind: str, *group: str) -> _Draft:
        fresh = _Draft(kind=kind, target=link.source)
        draft = self.drafts.setdefault((kind, link.source, *group), fresh)
        draft.links.append(link)
        draft.sources.append(link.target)
        return draft

    def challenge(self, link: Link) -> None:
        kind = _challenge_kind(self.kinds, link)
        said = link.tags.get("sacm.class", "")
        reasoning = link.tags.get("sacm.reasoning", "")
        self.drafts["counter", link.source, link.target, link.target_link] = _Draft(
            kind=said if said in RELATIONS else kind,
            target=link.target,
            reasoning=reasoning if self.kinds.get(reasoning) == REASONING else "",
            at_link=link.target_link,
            counter=True,
            sources=[link.source],
            links=[link],
        )

    def step(self, head: Link) -> None:
        """One relationship per class of premise; the first carries the link to the strategy.

        The links to the premises are carried once, with the first conclusion of the strategy.
        """
        premises = self.bodies[head.target]
        first = head.target not in self.stepped
        self.stepped.add(head.target)
        lead = [head]
        for premise in premises:
            kind = relation_kind(self.kinds[premise.target], self.kinds[head.source], context=False)
            key = ("step", head.target, head.source, kind)
            if key not in self.drafts:
                fresh = _Draft(kind=kind, target=head.source, reasoning=head.target, links=lead)
                self.drafts[key] = fresh
                lead = []
            self.drafts[key].sources.append(premise.target)
            if first:
                self.drafts[key].links.append(premise)

    def item(self, draft: _Draft, *, alone: bool) -> Item:
        links = draft.links
        direct = draft.direct
        defeated = all(x.defeated for x in links) if direct else links[:1] and links[0].defeated
        generated = is_generated(draft.id)
        group = "" if alone or generated or not direct else draft.id
        tags: dict[str, str] = {}
        for position, link in enumerate(links):
            shown = bool(defeated) and (direct or position == 0)
            named = draft.id if position == 0 and not generated else ""
            for word, said, read in (
                ("id", link.id, named),
                ("inference", link.inference, group),
                ("defeated", _flag(link.defeated), _flag(shown)),
                ("optional", _flag(link.optional), _flag(False)),
                *((detail, getattr(link, detail), "") for detail in _DETAILS),
            ):
                if said != read:
                    tags[slot_key(word, position)] = said
                    self.lose(link, word)
            if position and link.tags:
                text = json.dumps(dict(link.tags), ensure_ascii=False, sort_keys=True)
                tags[slot_key("tags", position)] = text
        aim = draft.at_link
        target = self.holder[aim].id if aim else self.part_ids[draft.target]
        if draft.at_link and self.holder[draft.at_link].links[0].id != draft.at_link:
            tags["sc.target"] = draft.at_link
            self.lose(links[0], "target")
        return self.finish(draft, target, "defeated" if defeated else "asserted", tags)

    def finish(self, draft: _Draft, target: str, declared: str, tags: dict[str, str]) -> Item:
        author = dict(draft.links[0].tags) if draft.links else {}
        name = author.get("sacm.name", "")
        usual = tags.get("sc.id") or draft.id
        restored = {"sacm.name"} if name and name not in (draft.id, usual) else set()
        text = author.get("sacm.description", "")
        restored |= {"sacm.description"} if text else set()
        said = author.get("sacm.declaration", "")
        if declared == "asserted" and said in DECLARATIONS and said not in ("asserted", "defeated"):
            declared = said
            restored.add("sacm.declaration")
        if draft.reasoning and draft.counter:
            restored.add("sacm.reasoning")
        if draft.counter and author.get("sacm.class", "") == draft.kind:
            kind = _challenge_kind(self.kinds, draft.links[0])
            restored |= {"sacm.class"} if kind != draft.kind else set()
        return Item(
            kind=draft.kind,
            id=draft.id,
            name=name if "sacm.name" in restored else usual,
            text=text,
            declaration=declared,
            counter=draft.counter,
            sources=tuple(self.part_ids[source] for source in draft.sources),
            targets=(target,),
            reasoning=(self.part_ids[draft.reasoning],) if draft.reasoning else (),
            tags=tags | {escape_key(k): v for k, v in author.items() if k not in restored},
        )

    def lose(self, link: Link, word: str) -> None:
        """Report what SACM has no member for; ids and groups are bookkeeping and lose nothing."""
        if word in ("id", "inference"):
            return
        about = link.id or f"{link.source} -> {link.target or link.target_link}"
        says = (
            f"SACM has no member for it at one premise; it stands in the tagged value `sc.{word}`"
        )
        self.out.losses.append(Loss(about=about, what=word, says=says))

    def keep(self, link: Link, number: int) -> None:
        """What can be no relationship is kept as text."""
        said = {
            each.name: value
            for each in fields(link)
            if each.name != "span" and (value := getattr(link, each.name))
        } | {"source": link.source}
        if link.tags:
            said["tags"] = dict(link.tags)
        key = slot_key("link", number)
        self.out.tags[key] = json.dumps(said, ensure_ascii=False, sort_keys=True)
        about = link.id or f"{link.source} -> {link.target or link.target_link}"
        says = f"`{link.kind}` has no form in SACM between these; kept in the tagged value `{key}`"
        self.out.losses.append(Loss(about=about, what="relation", says=says))


def _challenge_kind(kinds: Mapping[str, str], link: Link) -> str:
    return relation_kind(kinds[link.source], kinds.get(link.target, ""), context=False)


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _word(draft: _Draft) -> str:
    return "challenge" if draft.counter else draft.kind.removeprefix("Asserted").lower()
