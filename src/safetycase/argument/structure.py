"""An argument as typed parts and links: what GSN, CAE and SACM have in common.

Foreign files are read into a `Structure`, profiles check it, writers print it and drawings show
it. The terms are those of the GSN Community Standard v3 (SCSC-141C, 2021); a link runs from the
supported, scoped or challenging part to the other one, as GSN draws it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from safetycase.argument.findings import Span

__all__ = ["ClaimPoint", "Link", "LinkKind", "Loss", "ModuleInfo", "Part", "PartType", "Structure"]

PartType = Literal[
    "goal", "strategy", "solution", "context", "assumption", "justification", "module", "contract"
]
LinkKind = Literal["supported by", "in context of", "challenges"]
Declaration = Literal["asserted", "needs support", "assumed", "axiomatic", "defeated", "as cited"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One element. `id` is unique in the structure; `name` is what the file calls it.

    `away` holds the id of the element that this one cites in another module (an away element).
    `counter` marks a goal or solution used to challenge. `url` is the artefact a solution or
    context names. `tags` carries everything a notation has no place for, ours under `sc.`.
    """

    id: str
    type: PartType
    text: str = ""
    name: str = ""
    module: str = ""
    away: str = ""
    undeveloped: bool = False
    uninstantiated: bool = False
    public: bool = False
    by_contract: bool = False
    defeated: bool = False
    counter: bool = False
    declaration: Declaration = "asserted"
    url: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    span: Span | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One relation; `id` is given where another link or a claim point refers to it.

    A challenge aims at a part (`target`) or, with `target_link`, at a relation. `inference` names
    the one inference that several links of a strategy-less step make together. `multiplicity` is
    empty, `n` or `lo..hi`; `choice` names the group of a choice and `choose` how many of it.
    """

    kind: LinkKind
    source: str
    target: str
    id: str = ""
    target_link: str = ""
    inference: str = ""
    defeated: bool = False
    optional: bool = False
    multiplicity: str = ""
    choice: str = ""
    choose: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    span: Span | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimPoint:
    """An assurance claim point (ACP): where confidence is argued, and by what.

    `on_part` names a part, `on_links` the ids of links; `argued_by` the part or module that holds
    the confidence argument.
    """

    id: str
    on_part: str = ""
    on_links: tuple[str, ...] = ()
    argued_by: str = ""
    span: Span | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleInfo:
    """One module: its file, what it says of itself, and its interface.

    `extends` maps the id of an undeveloped element elsewhere to the local ids that develop it.
    `contract` marks a module that only joins others. `pattern` marks an uninstantiated template;
    `published` an argument that is final.
    """

    name: str
    file: str = ""
    title: str = ""
    brief: str = ""
    uses: tuple[str, ...] = ()
    extends: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    contract: bool = False
    pattern: bool = False
    published: bool = False
    headings: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    span: Span | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """One thing that the target of a conversion cannot carry.

    `about` is the id of the part or link ("" for the whole), `what` a fixed phrase per kind of
    loss (`multiplicity`, `claim point`, ...), `says` one sentence: what was there and what stands
    in its place.
    """

    about: str
    what: str
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """A whole argument: parts by id in file order, links, claim points and modules."""

    title: str = ""
    parts: Mapping[str, Part] = field(default_factory=dict)
    links: tuple[Link, ...] = ()
    points: tuple[ClaimPoint, ...] = ()
    modules: Mapping[str, ModuleInfo] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
