"""The words of Extended LTAC, and what a reader keeps of a line that is still open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from safetycase.argument.structure import Declaration, LinkKind, PartType
from safetycase.interop.ltac_line import Line

__all__ = [
    "COUNTER",
    "KNOWN",
    "PART_TYPES",
    "SCOPE",
    "STATUS",
    "Cross",
    "Open",
    "Relation",
    "declared",
]

PART_TYPES: Mapping[str, PartType] = {
    "Claim": "goal",
    "Strategy": "strategy",
    "Evidence": "solution",
    "Justification": "justification",
    "Context": "context",
    "Assumption": "assumption",
}
STATUS: Mapping[str, Declaration] = {
    "asserted": "asserted",
    "needssupport": "needs support",
    "assumed": "assumed",
    "axiomatic": "axiomatic",
    "defeated": "defeated",
    "ascited": "as cited",
}
COUNTER = frozenset({"defeater", "iscounter"})
KNOWN = frozenset({*STATUS, *COUNTER, "abstract", "metaclaim"})
SCOPE = frozenset({"context", "assumption", "justification"})


@dataclass(slots=True)
class Relation:
    """A relation that is open: the links under it are one inference of `source`."""

    name: str
    source: str
    options: tuple[str, ...]
    tags: Mapping[str, str]
    links: list[int] = field(default_factory=list)
    claims: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Open:
    """An element whose children may follow; `part` is empty where none may hang."""

    depth: int
    part: str
    type: str
    relation: Relation | None = None


@dataclass(frozen=True, slots=True)
class Cross:
    """A `Link` line, whose target may be defined later."""

    at: int
    target: str
    kind: LinkKind | None
    line: Line
    number: int


def declared(options: tuple[str, ...], kind: str) -> tuple[Declaration, bool]:
    """The assertion status that options state, and whether others contradict it.

    An Assumption is assumed by its type.
    """
    said = [STATUS[word] for word in options if word in STATUS]
    if kind == "Assumption":
        said = [word for word in said if word != "assumed"]
    clash = len(said) > 1 or (kind == "Assumption" and bool(said))
    return (said[0] if said else "asserted"), clash
