"""What a report to a regulator consists of: sentences with their sources, and gaps.

A sentence without a source cannot be made. What a form asks for and nothing in the case or its
record says is a gap, which names what would fill it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["Document", "Gap", "Ref", "Sample", "Section", "Sentence"]

RefKind = Literal["element", "record", "header", "finding", "earlier report"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ref:
    """Where a sentence comes from.

    An element by its id, a record by its number, a field of the case's header, a finding by its
    code, or the earlier report that this one is compared with. `place` is `file:line` where it
    stands in a file, `digest` the SHA-256 of a record.
    """

    kind: RefKind
    name: str
    place: str = ""
    digest: str = ""

    @property
    def key(self) -> str:
        """How a list of redactions names it: the id of an element, or `record 12`."""
        return self.name if self.kind == "element" else f"{self.kind} {self.name}"

    @property
    def short(self) -> str:
        """How a reader sees it beside the sentence."""
        return f"{self.place} {self.name}".strip() if self.kind == "header" else self.key


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """Something the report says, and what says it. `ValueError` without a source or a text.

    `what` names it where a reader has to know that it is there even if its text is withheld: a
    dissent, say.
    """

    text: str
    sources: tuple[Ref, ...]
    withheld: bool = False
    what: str = ""

    def __post_init__(self) -> None:
        _sourced(self.text, self.sources)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One input and output of an evaluation, as it is kept in the record."""

    id: str
    given: str
    answered: str
    note: str
    sources: tuple[Ref, ...]

    def __post_init__(self) -> None:
        _sourced(self.id, self.sources)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """What is asked for and nothing here says, and what would fill it.

    `about` are the elements that it names or quotes.
    """

    says: str
    fill: str
    about: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The answer to one duty: `clause` names it, `asks` paraphrases it.

    `about` is the element that the title quotes, if it quotes one.
    `ValueError` if it neither says anything nor owns up to a gap.
    """

    id: str
    title: str
    clause: str
    asks: str
    sentences: tuple[Sentence, ...] = ()
    gaps: tuple[Gap, ...] = ()
    samples: tuple[Sample, ...] = ()
    about: str = ""

    def __post_init__(self) -> None:
        if not (self.sentences or self.gaps):
            raise ValueError(f"the section `{self.id}` neither says anything nor names a gap")


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One report: `elements` are the SHA-256 of what each element of the case says.

    `withheld` maps what was left out to the reason, `original` is the SHA-256 of the same report
    with nothing left out.
    """

    form: str
    title: str
    source: str
    notice: str
    case: str
    at: str
    version: str
    record: Mapping[str, object]
    sections: tuple[Section, ...]
    elements: Mapping[str, str] = field(default_factory=dict)
    withheld: Mapping[str, str] = field(default_factory=dict)
    original: str = ""

    @property
    def gaps(self) -> tuple[tuple[Section, Gap], ...]:
        """Every gap, with the section it is in."""
        return tuple((section, gap) for section in self.sections for gap in section.gaps)


def _sourced(text: str, sources: tuple[Ref, ...]) -> None:
    if not text.strip():
        raise ValueError("a sentence of a report is empty")
    if not sources:
        raise ValueError(f"nothing says where this comes from: {text[:80]}")
