"""TEA's older case files without a version: goals, strategies and claims in each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from safetycase.argument.structure import Part, PartType
from safetycase.interop.notes import NO_TAGS, shown
from safetycase.interop.strict_json import Object
from safetycase.interop.tea_read import TeaReader
from safetycase.interop.tea_words import attribute_id

__all__ = ["read_legacy"]

_LISTS: tuple[tuple[str, PartType], ...] = (
    ("goals", "goal"),
    ("context", "context"),
    ("strategies", "strategy"),
    ("property_claims", "goal"),
    ("evidence", "solution"),
)
_EMPTY = ("", "N/A")


def read_legacy(reader: TeaReader, top: Object) -> None:
    """Fill `reader` from a file of the older form.

    Elements are called by their names; a name used twice gets an id made from its place. Evidence
    with the same number under several claims is one part.
    """
    reader.title = reader.text(top, "name")
    if reader.text(top, "description"):
        reader.tags["tea.description"] = reader.text(top, "description")
    evidence: dict[int, str] = {}
    stack = list(_children(reader, top, ""))[::-1]
    while stack:
        node, kind, parent, path = stack.pop()
        number = node.get("id")
        known = evidence.get(number) if kind == "solution" and isinstance(number, int) else None
        name = known or _element(reader, node, kind, path)
        if kind == "solution" and isinstance(number, int):
            evidence[number] = name
        if parent:
            word = "in context of" if kind == "context" else "supported by"
            reader.link(word, parent, name, reader.span(node))  # type: ignore[arg-type]
        stack += [
            (child, below, name, place)
            for child, below, _, place in list(_children(reader, node, path))[::-1]
        ]
    reader.notes.lose(
        "", "legacy fields", "dates, keywords and claim types of the older form are not kept"
    )
    reader.finish()


def _children(
    reader: TeaReader, node: Object, path: str
) -> Iterator[tuple[Object, PartType, str, str]]:
    for key, kind in _LISTS:
        if key in node:
            for index, child in enumerate(reader.objects(node, key)):
                yield child, kind, "", f"{path}/{key}/{index}"


def _element(reader: TeaReader, node: Object, kind: PartType, path: str) -> str:
    name = reader.text(node, "name")
    part_id = name
    if not name or name in reader.parts:
        part_id = attribute_id("legacy", path, 0)
        if name:
            message = f"the name `{shown(name)}` is used twice"
            reader.find("F056", node, message, severity="warning")
    text, long = (reader.text(node, f"{word}_description") for word in ("short", "long"))
    tags: dict[str, Any] = {} if long in (*_EMPTY, text) else {"tea.long_description": long}
    reader.parts[part_id] = Part(
        id=part_id,
        type=kind,
        text=text,
        name=name if name != part_id else "",
        url=reader.text(node, "URL"),
        tags=tags or NO_TAGS,
        span=reader.span(node),
    )
    reader.ids[part_id] = part_id
    return part_id
