"""What the words of SACM mean for a part, said once for the reader and the writer.

A status is said once: `needsSupport` reads as undeveloped, `defeated` as defeated, `asCited` with
a cited element as away and `assumed` on an assumption as just that; only what none of these says
stays as the declaration of the part.
"""

from __future__ import annotations

from typing import NamedTuple, get_args

from safetycase.argument.structure import Declaration, Part, PartType
from safetycase.interop.sacm_document import CLAIM, Item

__all__ = ["DECLARATIONS", "Declared", "native_declaration", "read_name", "understand"]

DECLARATIONS: dict[str, Declaration] = {
    "asserted": "asserted",
    "needsSupport": "needs support",
    "assumed": "assumed",
    "axiomatic": "axiomatic",
    "defeated": "defeated",
    "asCited": "as cited",
}
_NATIVE = {word: native for native, word in DECLARATIONS.items()}
assert set(_NATIVE) == set(get_args(Declaration))


class Declared(NamedTuple):
    """How a part stands by its own file."""

    declaration: Declaration
    undeveloped: bool
    defeated: bool


def native_declaration(part: Part) -> str:
    """The one `assertionDeclaration` that says most of the part."""
    if part.defeated:
        return "defeated"
    if part.declaration != "asserted":
        return _NATIVE[part.declaration]
    if part.away:
        return "asCited"
    if part.undeveloped:
        return "needsSupport"
    return "assumed" if part.type == "assumption" else "asserted"


def understand(item: Item, part_type: PartType) -> Declared:
    """How the declaration of an element is read."""
    if item.kind != CLAIM:
        return Declared("asserted", undeveloped=False, defeated=False)
    word = item.declaration
    cites = bool(item.cited or item.tags.get("sc.away")) and item.citation
    said_by_type = (word == "asCited" and cites) or (
        word == "assumed" and part_type == "assumption"
    )
    if said_by_type or word in ("needsSupport", "defeated"):
        return Declared("asserted", undeveloped=word == "needsSupport", defeated=word == "defeated")
    return Declared(DECLARATIONS.get(word, "asserted"), undeveloped=False, defeated=False)


def read_name(name: str, identifier: str, text: str, *, named: bool) -> tuple[str, str]:
    """(name, text) of an element.

    SACM wants a name; one that equals the id says nothing, unless the file is `named` so
    throughout, and a sentence is the statement.
    """
    if name == identifier:
        return (name if named else ""), text
    if not text and any(letter.isspace() for letter in name.strip()):
        return "", name
    return name, text
