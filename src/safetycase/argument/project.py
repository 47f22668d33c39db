"""A case as a GSN structure: what the notations show, and an account of what they cannot.

The projection keeps every element. A claim becomes a goal, a step a strategy, evidence a
solution, a defeater a counter goal that challenges its target; what has no symbol in the GSN
Community Standard v3 (SCSC-141C, 2021) is kept as tags under `sc.` and listed as a loss. Nothing
is judged: a wrong reference is already a finding of the reader, and is left out here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from safetycase.argument.carried import case_tags, note_tags, tags_of
from safetycase.argument.model import (
    Argument,
    Assumption,
    Case,
    Claim,
    Context,
    Defeater,
    Dependence,
    Element,
    Evidence,
    Hazard,
    Justification,
    Monitor,
    Problem,
)
from safetycase.argument.standing import standing_of
from safetycase.argument.structure import (
    Link,
    LinkKind,
    Loss,
    ModuleInfo,
    Part,
    PartType,
    Structure,
)

__all__ = ["structure_of"]

_TYPE: Mapping[type, PartType] = {
    Claim: "goal",
    Defeater: "goal",
    Argument: "strategy",
    Evidence: "solution",
    Assumption: "assumption",
    Context: "context",
    Justification: "justification",
}
_SCOPE = frozenset({"context", "assumption", "justification"})
_SIDE, _PREMISE, _IN_SUPPORT = {"sc.side": "1"}, {"sc.premise": "1"}, {"sc.in_support": "1"}

_LOSSES: Mapping[str, str] = {
    "in support": "`{target}` is shown with `{about}` and carries no support; GSN reads it as "
    "support.",
    "rule": "the rule of `{about}` is `{of}`; GSN has no rules and reads `all`.",
    "execution": "how `{about}` is run stays in the case file; a tag names its method `{method}`.",
    "context of a solution": "GSN gives a solution no context; that of `{about}` is drawn at {at}.",
    "answer": "`{target}` answers `{about}`; in GSN only a goal or a solution may challenge.",
    "accepted doubt": "that `{owner}` accepted `{about}` is kept in the tags `sc.accepted.*`.",
    "challenge": "`{about}` is raised against `{target}`, which has no symbol.",
    "assumption as premise": "`{target}` is a premise of `{about}`; in GSN an assumption is "
    "context, not support.",
    "solution under a strategy": "`{target}` supports the strategy `{about}`; GSN asks for a goal "
    "between them.",
    "reference": "`{about}` refers to `{target}`, which is no part of the argument.",
    "problem": "GSN has no problems; `{about}` is kept in the tags `sc.problem.{about}`.",
    "monitor": "GSN has no monitors; `{about}` is kept in the tags `sc.monitor.{about}`.",
    "hazard": "GSN has no hazards; `{about}` is kept in the tags `sc.hazard.{about}`.",
    "dependence": "GSN has no declared dependence; `{about}` is kept in the tags "
    "`sc.dependence.{about}`.",
    "header": "system, deployment, harm, target and decision have no symbol and are kept as tags.",
}
"""One sentence for each kind of loss."""


def structure_of(case: Case) -> tuple[Structure, tuple[Loss, ...]]:
    """The case as parts and links in file order, and what GSN has no symbol for.

    Takes time linear in the number of elements and references. A part's `id` is the id of its
    element; the away part by which module `M` cites `N/ID` is called `M/away/N/ID`. A step that
    stands apart from its claim in another module becomes a contract module of its own.
    """
    return _Projection(case).result()


class _Projection:
    """Collects parts, links and losses of one case; each element is visited once."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.standing = standing_of(case)
        self.parts: dict[str, Part] = {}
        self.links: list[Link] = []
        self.losses: list[Loss] = []
        self.away: dict[tuple[str, str], str] = {}
        self.uses: dict[str, dict[str, None]] = {}
        self.tags = case_tags(case)

    def result(self) -> tuple[Structure, tuple[Loss, ...]]:
        """The structure; call once."""
        for element in self.case.elements.values():
            if isinstance(element, Problem | Monitor | Hazard | Dependence):
                self._note(element)
            else:
                self.parts[element.id] = self._part(element)
        for element in self.case.elements.values():
            self._draw(element)
        self._lose("", "header")
        return self._structure(), tuple(self.losses)

    def _structure(self) -> Structure:
        return Structure(
            title=self.case.header.title,
            parts=self.parts,
            links=tuple(self.links),
            modules=self._modules(),
            tags=self.tags,
            source=self.case.source,
        )

    # Parts.

    def _part(self, element: Element) -> Part:
        name, standing = element.id, self.standing
        tags = tags_of(element)
        for tag, names in standing.notes.get(name, {}).items():
            tags[tag] = ", ".join(names)
        if name in self.case.uses:
            use = self.case.uses[name]
            tags["sc.template"] = f"{use.template}@{use.version}"
        home = standing.home(name)
        local = name[len(home) + 1 :] if home and name.startswith(f"{home}/") else name
        bare = isinstance(element, Claim | Defeater) and not self._own_step(element)
        by_contract = bare and standing.by_contract(name)
        undeveloped = (bare and not by_contract and name not in standing.concluded) or (
            isinstance(element, Argument) and not element.premises
        )
        return Part(
            id=name,
            type=_TYPE[type(element)],
            text=element.because if isinstance(element, Argument | Evidence) else element.says,
            name=local,
            module=home,
            undeveloped=undeveloped,
            public=name in standing.public,
            by_contract=by_contract,
            counter=isinstance(element, Defeater)
            or (isinstance(element, Claim | Evidence) and standing.only_answers(name)),
            declaration="assumed"
            if isinstance(element, Assumption)
            else "needs support"
            if undeveloped or by_contract
            else "asserted",
            url=(element.artefact or "") if isinstance(element, Evidence | Context) else "",
            tags=tags,
            span=self.case.span(name),
        )

    def _note(self, element: Problem | Monitor | Hazard | Dependence) -> None:
        kind = type(element).__name__.lower()
        self.tags |= note_tags(element)
        self._lose(element.id, kind)

    def _cited(self, module: str, target: str) -> str:
        """The part by which `module` refers to `target`: itself, or an away part."""
        part = self.parts[target]
        if part.module == module or part.type == "strategy":
            return target  # GSN has no away strategy; only a challenge reaches one from outside
        key = (module, target)
        if key not in self.away:
            name = f"{module}/away/{target}".lstrip("/")
            while name in self.parts:
                name += "-"
            self.away[key] = name
            self.uses.setdefault(module, {})[part.module] = None
            self.parts[name] = Part(
                id=name,
                type=part.type,
                text=part.text,
                name=part.id,
                module=module,
                away=target,
                counter=part.counter,
                declaration="as cited",
                span=part.span,
            )
            if not part.public and not part.module:
                self.parts[target] = replace(part, public=True)  # the case itself lists none
        return self.away[key]

    # Links.

    def _draw(self, element: Element) -> None:
        if isinstance(element, Claim):
            self._claim(element)
        elif isinstance(element, Argument):
            self._step(element)
        elif isinstance(element, Evidence):
            self._leaf(element)
        elif isinstance(element, Defeater):
            self._doubt(element)

    def _own_step(self, element: Claim | Defeater) -> str | None:
        """What an element rests on, unless that is written apart and `concludes` it."""
        step = self.case.elements.get(element.by or "")
        apart = isinstance(step, Argument) and step.concludes == element.id
        return None if apart else element.by

    def _apart(self, step: str) -> str:
        """The link `CLAIM.by` that a step written apart stands for, if the claim names it."""
        holder = getattr(self.case.elements.get(step), "concludes", None)
        named = getattr(self.case.elements.get(holder or ""), "by", None) == step
        return f"{holder}.by" if named else ""

    def _claim(self, claim: Claim) -> None:
        own = self._own_step(claim)
        if own:
            self._support(claim.id, own, "by")
        for name in claim.in_support:
            if self._support(claim.id, name, "in_support", _IN_SUPPORT):
                self._lose(claim.id, "in support", target=name)
        self._scope(claim.id, claim.context)

    def _step(self, step: Argument) -> None:
        for name in step.premises:
            self._support(step.id, name, "premises")
        for name in step.side_conditions:
            self._support(step.id, name, "side_conditions", _SIDE)
        self._scope(step.id, step.context)
        rule = self.parts[step.id].tags["sc.rule"]
        if rule != "all":
            of = f"{step.k} of {len(step.premises)}" if rule == "k of n" else rule
            self._lose(step.id, "rule", of=of)
        if step.concludes:
            if step.concludes in self.parts:
                conclusion = self._cited(self.standing.home(step.id), step.concludes)
                self._link("supported by", conclusion, step.id, step.id, "concludes")
            else:
                self._missing(step.id, step.concludes)

    def _leaf(self, leaf: Evidence) -> None:
        if leaf.method:
            self._lose(leaf.id, "execution", method=leaf.method)
        if leaf.context:
            # A solution has no context in GSN; what it supports has.
            holders = [h for h in self.standing.holders.get(leaf.id, ()) if h in self.parts] or [
                leaf.id
            ]
            for holder in holders:
                self._scope(holder, leaf.context, {"sc.of": leaf.id})
            at = ", ".join(f"`{holder}`" for holder in holders)
            self._lose(leaf.id, "context of a solution", at=at)

    def _doubt(self, doubt: Defeater) -> None:
        if doubt.by:
            self._support(doubt.id, doubt.by, "by")
        self._challenge(doubt)
        for name in doubt.answered_by:
            if name not in self.parts:
                self._missing(doubt.id, name)
                continue
            source = self._cited(self.standing.home(doubt.id), name)
            self._link("challenges", source, doubt.id, doubt.id, "answered_by")
            if self.parts[name].type not in ("goal", "solution"):
                self._lose(doubt.id, "answer", target=name)
        if doubt.accepted:
            self._lose(doubt.id, "accepted doubt", owner=doubt.accepted.owner)

    def _challenge(self, doubt: Defeater) -> None:
        target = doubt.against
        holder, dot, rest = target.rpartition(".")
        if target in self.parts:
            aim = self._cited(self.standing.home(doubt.id), target)
            self._link("challenges", doubt.id, aim, doubt.id, "against")
        elif (
            dot and rest == "by" and getattr(self.case.elements.get(holder), "by", "") in self.parts
        ):
            self.links.append(
                Link(
                    kind="challenges",
                    source=doubt.id,
                    target="",
                    target_link=target,
                    span=self.case.span(doubt.id, "against"),
                )
            )
        elif dot and rest != "by" and target.partition(".")[0] in self.parts:
            self._raised(target)
            self._link("challenges", doubt.id, target, doubt.id, "against")
        elif target in self.case.elements:
            self._lose(doubt.id, "challenge", target=target)
        else:
            self._missing(doubt.id, target)

    def _raised(self, name: str) -> None:
        """A defeater that the engine raises itself and the file only answers: `EVIDENCE.NAME`."""
        leaf = name.partition(".")[0]
        self.parts[name] = Part(
            id=name,
            type="goal",
            text=f"Raised by the evaluation of {leaf}: {name.partition('.')[2]}",
            name=name,
            module=self.standing.home(leaf),
            undeveloped=True,
            counter=True,
            declaration="needs support",
            tags={"sc.defeater": "1", "sc.raised": "1"},
            span=self.case.span(leaf),
        )
        self._link("challenges", name, leaf, leaf, "")

    def _support(
        self, source: str, name: str, field: str, tags: Mapping[str, str] | None = None
    ) -> bool:
        """Link `source` to what it rests on; scope elements are linked as context."""
        part = self.parts.get(name)
        if part is None:
            self._missing(source, name)
            return False
        kind: LinkKind = "supported by"
        if part.type in _SCOPE:
            kind, tags = "in context of", {**_PREMISE, **(tags or {})}
            self._lose(source, "assumption as premise", target=name)
        elif part.type == "solution" and self.parts[source].type == "strategy":
            self._lose(source, "solution under a strategy", target=name)
        target = self._cited(self.parts[source].module, name)
        self._link(kind, source, target, source, field, tags)
        return True

    def _scope(
        self, source: str, names: Iterable[str], tags: Mapping[str, str] | None = None
    ) -> None:
        for name in names:
            if name in self.parts:
                target = self._cited(self.parts[source].module, name)
                self._link("in context of", source, target, source, "context", tags)
            else:
                self._missing(source, name)

    def _link(
        self,
        kind: LinkKind,
        source: str,
        target: str,
        at: str,
        field: str,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        own = f"{at}.by" if field == "by" else self._apart(at) if field == "concludes" else ""
        self.links.append(
            Link(
                kind=kind,
                source=source,
                target=target,
                id=own if own in self.standing.aimed_steps else "",
                tags=tags or {},
                span=self.case.span(at, field),
            )
        )

    def _missing(self, name: str, target: str) -> None:
        self._lose(name, "reference", target=target)

    def _lose(self, about: str, what: str, **words: str) -> None:
        says = _LOSSES[what].format(about=about, **words)
        self.losses.append(Loss(about=about, what=what, says=says))

    def _modules(self) -> dict[str, ModuleInfo]:
        found = {
            name: ModuleInfo(
                name=name,
                file=module.file,
                title=module.title,
                brief=module.because or "",
                uses=tuple(filter(None, self.uses.get(name, ()))),
            )
            for name, module in self.case.modules.items()
        }
        for step, name in self.standing.contracts.items():
            found[name] = ModuleInfo(
                name=name,
                file=self.case.span(step).file,
                uses=tuple(filter(None, self.uses.get(name, ()))),
                contract=True,
                span=self.case.span(step),
            )
        return found
