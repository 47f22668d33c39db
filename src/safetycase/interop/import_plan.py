"""A structure -> the elements of a case, and what they cannot carry.

Goals become claims, strategies arguments, solutions evidence without a method; a challenge becomes
a defeater. Nothing becomes support that the source does not give as support.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cached_property

from safetycase.argument.structure import Link, Loss, Part, Structure
from safetycase.interop.import_ids import Ids
from safetycase.interop.import_yaml import Item, Ref, without_halves
from safetycase.interop.outline import Outline, outline

__all__ = ["NO_TEXT", "NO_WARRANT", "Plan"]

NO_WARRANT = "The source states no warrant."
NO_TEXT = "The source states no text."
_SCOPE = frozenset({"context", "assumption", "justification"})


class Plan:
    """The elements of one structure; `items` is filled by `run`."""

    def __init__(self, structure: Structure) -> None:
        self.structure = structure
        self.parts = structure.parts
        self.outline: Outline = outline(structure)
        self.losses: list[Loss] = []
        self.items: dict[str, Item] = {}
        self.supported = {link.target for links in self.outline.below.values() for link in links}
        self.ids = Ids(structure, frozenset(self.raised))
        self._claims: dict[str, str] = {}
        self._more_sides: dict[str, list[Ref]] = {}
        self._uses = Counter(link.target for links in self.outline.below.values() for link in links)
        self.steps: dict[str, str] = {}

    def lose(self, about: str, what: str, says: str) -> None:
        """Record a loss."""
        self.losses.append(Loss(about=about, what=what, says=says))

    @cached_property
    def relations(self) -> Mapping[str, Link]:
        """Links by their ids and inferences."""
        found: dict[str, Link] = {}
        for link in self.structure.links:
            for name in (link.id, link.inference):
                if name:
                    found.setdefault(name, link)
        return found

    @cached_property
    def challenges(self) -> Mapping[str, list[Link]]:
        """Challenging part -> its challenges."""
        found: dict[str, list[Link]] = {}
        for link in self.structure.links:
            if link.kind == "challenges" and link.source in self.parts:
                found.setdefault(link.source, []).append(link)
        return found

    @cached_property
    def raised(self) -> frozenset[str]:
        """The goals that are nothing but one challenge: they become defeaters themselves."""
        used = self.supported | {part.away for part in self.parts.values()}
        return frozenset(
            name
            for name, links in self.challenges.items()
            if len(links) == 1
            and self.parts[name].type == "goal"
            and name not in used
            and self.away(name) == name
            and self.aims(links[0])
        )

    @cached_property
    def forced(self) -> frozenset[str]:
        """Parts whose step has to be an argument because something aims at that step."""
        aimed = [
            self.relations[link.target_link]
            for link in self.structure.links
            if link.target_link in self.relations
        ]
        aimed += [link for link in self.structure.links if link.defeated]
        return frozenset(link.source for link in aimed if link.kind == "supported by")

    def aims(self, link: Link) -> bool:
        """Whether a challenge aims at something that is here."""
        if link.target_link:
            aim = self.relations.get(link.target_link)
            return aim is not None and aim.source in self.parts and aim is not link
        return link.target in self.parts and link.target != link.source

    def away(self, name: str) -> str:
        """The part that an away goal stands for, if it is here; else the part itself."""
        here, seen = name, {name}
        while (part := self.parts[here]).away in self.parts and part.type == "goal":
            if part.away in seen:
                return name  # citations in a circle stand for nothing
            if self.parts[part.away].type != "goal":
                break
            here = part.away
            seen.add(here)
        return here

    def run(self) -> None:
        """Make the items of all parts."""
        for name, part in self.parts.items():
            if self.away(name) != name:
                self.lose(name, "away", f"the claim `{self.away(name)}` that it cites stands here")
                continue
            make = {"strategy": self._argument, "solution": self._evidence}.get(part.type)
            if name in self.raised:
                continue
            if make:
                make(part)
            elif part.type in _SCOPE and not self._developed(name):
                self._scope(part)
            else:
                self._claim(part)

    def finish(self) -> None:
        """Give strategies the side conditions of the goals that they alone support."""
        for name, more in self._more_sides.items():
            fields = self.items[self.ids.of[name]].fields
            sides = fields.get("side_conditions", [])
            every = [*(sides if isinstance(sides, list) else []), *more]
            if every:
                fields["side_conditions"] = list(dict.fromkeys(every))

    def ref(self, name: str) -> Ref:
        """A reference to the item of a part."""
        return Ref(self.ids.of[self.away(name)])

    def item(self, kind: str, part: Part) -> Item:
        """A new item for a part, under its id."""
        name = self.ids.of[part.id]
        origin = part.id if name != part.id else ""
        if origin:
            says = f"`{without_halves(origin)}` is no id of a case; it is written `{name}`"
            self.lose(part.id, "id", says)
        made = self.items[name] = Item(kind, name, origin=without_halves(origin))
        return made

    def text(self, part: Part) -> str:
        """What a part says; a sentence that says so if it says nothing."""
        if part.text.strip():
            if without_halves(part.text) != part.text:
                self.lose(part.id, "text", "half of a surrogate pair stands as U+FFFD")
            return part.text
        self.lose(part.id, "text", f"it has no text; `{NO_TEXT}` stands in its place")
        return NO_TEXT

    def _claim(self, part: Part) -> None:
        item = self.item("claim", part)
        if part.type in ("module", "contract"):
            says = f"a {part.type} stands as a claim that this case does not develop"
            self.lose(part.id, "module part", says)
        item.fields["says"] = self.text(part)
        step = self.step(part.id)
        self._context(part, item, step is not None)
        if step:
            item.fields["by"] = step
        if part.undeveloped and step:
            self.lose(part.id, "undeveloped", "it is marked as undeveloped and has support")
        if part.declaration not in ("asserted", "needs support", "defeated"):
            says = f"it is declared `{part.declaration}`; here it is a claim like any other"
            self.lose(part.id, "declaration", says)

    def _developed(self, name: str) -> bool:
        """Whether a justification (or other scope) has support, which makes it a claim."""
        below = self.outline.below.get(name, ())
        return any(link.kind == "supported by" for link in below)

    def _scope(self, part: Part) -> None:
        item = self.item(part.type, part)
        item.fields["says"] = self.text(part)
        if part.url.strip() and part.type == "context":
            item.fields["artefact"] = part.url
        elif part.url:
            self.lose(part.id, "url", f"a {part.type} names no artefact")
        if part.type == "assumption":
            says = "no owner and no expiry are stated; it supports nothing until they are"
            self.lose(part.id, "owner", says)
        if self.outline.below.get(part.id):
            self.lose(part.id, "context", f"a {part.type} has no context of its own")

    def _evidence(self, part: Part) -> None:
        item = self.item("evidence", part)
        item.fields["because"] = self.text(part)
        if part.url.strip():
            item.fields["artefact"] = part.url
        self._context(part, item, False)
        self.lose(part.id, "method", "nothing executes it; it supports nothing until a method does")
        if self._developed(part.id):
            says = "evidence has no support of its own; what supports it stands by itself"
            self.lose(part.id, "support of a solution", says)

    def _context(self, part: Part, item: Item, step: bool) -> None:
        """The context of a claim, argument or evidence.

        Developed justifications are none, nor are assumptions where there is a `step`: it rests on
        them.
        """
        refs: dict[str, Ref] = {}
        for link in self.outline.below.get(part.id, ()):
            target = self.parts[link.target]
            fits = target.type in _SCOPE and not self._developed(target.id)
            if fits and not (
                target.type == "assumption" and (step or link.kind != "in context of")
            ):
                if target.type == "assumption":
                    says = f"nothing of `{part.id}` rests on it here; it is its context only"
                    self.lose(target.id, "assumption", says)
                refs[target.id] = self.ref(target.id)
                if link.kind == "supported by":
                    says = f"it is no support of `{part.id}`; it stands as its context"
                    self.lose(target.id, "context as support", says)
            elif link.kind == "in context of" and target.type not in _SCOPE:
                says = f"a {target.type} cannot be context; it stands by itself"
                self.lose(target.id, "context", says)
        if refs:
            item.fields["context"] = list(refs.values())

    def premise(self, name: str) -> Ref | None:
        """What stands for a part among premises, or None if it cannot be one."""
        part = self.parts[name]
        if part.type == "strategy":
            return Ref(self._strategy_claim(part))
        if part.type in _SCOPE and part.type != "assumption" and not self._developed(name):
            return None
        return self.ref(name)

    def _strategy_claim(self, part: Part) -> str:
        """A claim that stands for a strategy where an argument cannot stand."""
        if part.id not in self._claims:
            name = self._claims[part.id] = self.ids.new(f"{self.ids.of[part.id]}-CLAIM")
            by = Ref(self.ids.of[part.id])
            self.items[name] = Item("claim", name, {"says": self.text(part), "by": by})
            says = f"an argument cannot be a premise; the claim `{name}` stands for it"
            self.lose(part.id, "strategy as claim", says)
        return self._claims[part.id]

    def _premises(self, name: str) -> list[Ref]:
        links = self.outline.below.get(name, ())
        found = [self.premise(link.target) for link in links if link.kind == "supported by"]
        return list(dict.fromkeys(ref for ref in found if ref))

    def _sides(self, name: str) -> list[Ref]:
        """What the step into a part rests on beside its premises.

        These are assumptions in whose context it is argued, and developed justifications.
        """
        found: dict[str, None] = {}
        for link in self.outline.below.get(name, ()):
            target = self.parts[link.target]
            if link.kind != "in context of" or target.type not in _SCOPE:
                continue
            if self._developed(target.id):
                found[target.id] = None
                says = f"it has support of its own; the step into `{name}` rests on it"
                self.lose(target.id, "developed justification", says)
            elif target.type == "assumption":
                found[target.id] = None
        return [self.ref(target) for target in found]

    def _argument(self, part: Part) -> None:
        item = self.item("argument", part)
        item.fields["kind"] = "decomposition"
        item.fields["because"] = part.text if part.text.strip() else NO_WARRANT
        if not part.text.strip():
            self.lose(part.id, "warrant", f"it has no text; `{NO_WARRANT}` stands in its place")
        self._context(part, item, True)
        sides = self._sides(part.id)
        if sides:
            item.fields["side_conditions"] = list(sides)
        premises = self._premises(part.id)
        if not premises:
            name = self.ids.new(f"{self.ids.of[part.id]}-OPEN")
            says = "The source does not develop this strategy."
            self.items[name] = Item("claim", name, {"says": says})
            premises = [Ref(name)]
            self.lose(part.id, "undeveloped strategy", f"the open claim `{name}` stands below it")
        item.fields["premises"] = list(premises)

    def step(self, name: str) -> Ref | None:
        """The step into a goal, made if it has none of its own; None where nothing supports it."""
        links = [k for k in self.outline.below.get(name, ()) if k.kind == "supported by"]
        targets = list(dict.fromkeys(link.target for link in links))
        premises, sides = self._targets(targets), self._sides(name)
        if not premises:
            return None
        kinds = [self.parts[target].type for target in targets]
        alone = kinds[0] if len(kinds) == 1 else ""
        if alone == "strategy" and (not sides or self._uses[targets[0]] == 1):
            self._more_sides.setdefault(targets[0], []).extend(sides)
            return self.ref(targets[0])
        if alone == "solution" and not sides and name not in self.forced:
            return self.ref(targets[0])
        if len({link.inference for link in links}) > 1:
            self.lose(name, "inference", "its separate inferences stand as one step")
        return Ref(self._made_step(name, sides, set(kinds) == {"solution"}))

    def _targets(self, targets: Iterable[str]) -> list[str]:
        """The targets that can be premises; nothing is made yet."""
        return [
            target
            for target in targets
            if self.parts[target].type not in ("context", "justification")
            or self._developed(target)
        ]

    def _made_step(self, name: str, sides: list[Ref], leaves: bool) -> str:
        made = self.steps[name] = self.ids.new(f"{self.ids.of[name]}-STEP")
        item = self.items[made] = Item("argument", made)
        item.fields["kind"] = "incorporation" if leaves else "decomposition"
        item.fields["because"] = NO_WARRANT
        self.lose(name, "warrant", f"nothing says why its support suffices; `{NO_WARRANT}`")
        if sides:
            item.fields["side_conditions"] = list(sides)
        item.fields["premises"] = list(self._premises(name))
        return made
