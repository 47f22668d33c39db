"""What a SACM file says, in the words of the metamodel: the middle between XML and `Structure`.

Classes and members are those of the Structured Assurance Case Metamodel 2.3 (OMG formal/23-05-08).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from safetycase.argument.findings import Span
from safetycase.argument.structure import PartType

__all__ = [
    "ASSERTED",
    "CLAIM",
    "CONTEXTS",
    "GENERATED",
    "NAMESPACE",
    "REASONING",
    "REFERENCE",
    "RELATIONS",
    "RESERVED",
    "Artifact",
    "Document",
    "Item",
    "Package",
    "default_types",
    "escape_key",
    "is_generated",
    "split_tags",
]

NAMESPACE = "http://www.omg.org/spec/SACM/20220301"
"""No part of the standard fixes one; this is the pin of an open-source SACM 2.3 library."""

CLAIM, REASONING, REFERENCE = "Claim", "ArgumentReasoning", "ArtifactReference"
ASSERTED = frozenset({CLAIM, REASONING, REFERENCE})
CONTEXTS = frozenset({"AssertedContext", "AssertedArtifactContext"})
RELATIONS = CONTEXTS | {"AssertedInference", "AssertedEvidence", "AssertedArtifactSupport"}

GENERATED = "sc."
"""Ids of this form are the writer's own; the reader gives them to no part and no link."""

# fmt: off
RESERVED = frozenset({
    "sc.acp", "sc.argued-by", "sc.away", "sc.by-contract", "sc.choice", "sc.choose",
    "sc.contract", "sc.counter", "sc.declaration", "sc.defeated", "sc.extends", "sc.file",
    "sc.headings", "sc.id", "sc.inference", "sc.link", "sc.module", "sc.multiplicity", "sc.name",
    "sc.named", "sc.on-links", "sc.on-part", "sc.optional", "sc.pattern", "sc.public",
    "sc.published", "sc.tags", "sc.target", "sc.title", "sc.type", "sc.undeclared",
    "sc.undeveloped", "sc.url", "sc.uses",
})
# fmt: on
"""Keys of tagged values by which the writer carries what SACM has no member for."""

_ESCAPE = "sc.tag."


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One argument element or asserted relationship; references are ids, resolved.

    `type` is the GSN type where the file says it.
    """

    kind: str
    id: str
    package: str = ""
    name: str = ""
    text: str = ""
    declaration: str = "asserted"
    type: PartType | None = None
    abstract: bool = False
    citation: bool = False
    counter: bool = False
    cited: str = ""
    referenced: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    reasoning: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    span: Span | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """One argument package; `kind` tells packages, interfaces and bindings apart."""

    id: str
    kind: str = "ArgumentPackage"
    name: str = ""
    text: str = ""
    parent: str = ""
    participants: tuple[str, ...] = ()
    implements: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    span: Span | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """One element of an artefact package that references can name."""

    id: str
    kind: str = "Artifact"
    name: str = ""
    version: str = ""
    date: str = ""
    location: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A whole file; lists are in document order."""

    id: str = ""
    name: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    packages: tuple[Package, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    items: tuple[Item, ...] = ()


def is_generated(identifier: str) -> bool:
    """Whether the id is one that our writer made up."""
    return identifier.startswith(GENERATED)


def escape_key(key: str) -> str:
    """The key under which a tag of the author is written, apart from the writer's own keys."""
    base = key.partition("@")[0]
    return _ESCAPE + key if base in RESERVED or key.startswith(_ESCAPE) else key


def split_tags(tags: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """(what our writer said in reserved keys, the tags of the author)."""
    ours: dict[str, str] = {}
    theirs: dict[str, str] = {}
    for key, value in tags.items():
        if key.partition("@")[0] in RESERVED:
            ours[key] = value
        else:
            theirs[key.removeprefix(_ESCAPE)] = value
    return ours, theirs


def default_types(items: Iterable[Item]) -> dict[str, PartType]:
    """The GSN type of each element by what it is and how it is used.

    A claim or reference that only scopes others is a context (an assumption if declared so); a
    justification looks like a context in SACM, so it has to be said.
    """
    listed = list(items)
    scoping: set[str] = set()
    arguing: set[str] = set()
    for relation in listed:
        if relation.kind in RELATIONS:
            scopes = relation.kind in CONTEXTS and not relation.counter
            (scoping if scopes else arguing).update(relation.sources)
            if not scopes and not relation.counter:
                arguing.update(relation.targets)
    return dict(_typed(listed, scoping - arguing))


def _typed(items: Iterable[Item], scoping: set[str]) -> Iterator[tuple[str, PartType]]:
    for item in items:
        if item.kind == REASONING:
            yield item.id, "strategy"
        elif item.kind == REFERENCE:
            yield item.id, "context" if item.id in scoping else "solution"
        elif item.kind == CLAIM and item.id in scoping:
            yield item.id, "assumption" if item.declaration == "assumed" else "context"
        elif item.kind == CLAIM:
            yield item.id, "goal"
