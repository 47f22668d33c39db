"""One item of the Trustable Software Framework: Markdown with YAML front matter."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from safetycase.argument.findings import did_you_mean
from safetycase.argument.nodes import Collection, Node, Reader
from safetycase.interop.notes import Notes, shown, text_of
from safetycase.plugin.formats import Source

__all__ = ["Item", "Reference", "read_item"]

_KEYS = frozenset({"level", "normative", "references", "evidence", "score"})
_MORE = frozenset({"active", "derived", "header", "ref", "reviewed", "text", "links", "publish"})
_LONGEST = 1024 * 1024
_TRANSLATED = {"F001": "F051", "F006": "F053"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """An artefact named by an item; `items` where it stands for those of other items."""

    text: str
    url: str
    items: tuple[str, ...]
    tags: Mapping[str, str]


@dataclass(slots=True)
class Item:
    """What the file of an item says; `tags` hold level, scores and validators."""

    text: str = ""
    normative: bool = True
    references: list[Reference] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)


def read_item(source: Source, notes: Notes) -> Item:
    """The item of a file; what is wrong with it is a finding, and the rest stands."""
    text = text_of(source, notes)
    if text is None:
        return Item()
    text = text.replace("\r\n", "\n")
    if not text.startswith("---\n"):
        message = "an item starts with `---` and its front matter; the whole file is its text"
        notes.find("F050", 1, message, file=source.name, severity="warning")
        return Item(text=text.strip())
    end = text.find("\n---", 3)
    front, body = (text[4 : end + 1], text[end + 4 :]) if end >= 0 else (text[4:], "")
    if end < 0:
        notes.find("F050", 1, "the front matter does not end with `---`", file=source.name)
    if len(front) > _LONGEST:
        message = f"the front matter has more than {_LONGEST} characters"
        notes.find("F051", 1, message, file=source.name)
        return Item(text=body.strip())
    item = Item(text=body.lstrip("-").strip())
    for key, value in _mapping(front, source.name, notes):
        _take(item, key, value, source.name, notes)
    return item


def _mapping(front: str, file: str, notes: Notes) -> list[tuple[str, Any]]:
    """The entries of the front matter as plain values, read strictly."""
    reader = Reader(front, file)
    entries: list[tuple[str, Any]] = []
    if reader.root is not None:
        entries = [(k, _plain(v)) for k, _, v in reader.items(reader.root, "the front matter")]
    for found in reader.findings:
        if found.message != "the file is empty":
            code = _TRANSLATED.get(found.code, "F050")
            if "nested more than" in found.message:
                code = "F052"
            notes.find(code, found.span.line + 1, found.message, found.hint, file=file)
    return entries


def _plain(node: Node) -> Any:
    """A node as a value; nodes are nested no deeper than `argument.nodes.MAX_DEPTH`."""
    if isinstance(node, Collection):
        if node.mapping:
            pairs = ((k, v) for k, v in node.pairs() if isinstance(k, yaml.ScalarEvent))
            return {key.value: _plain(value) for key, value in pairs}
        return [_plain(entry) for entry in node.items]
    return node.value


def _take(item: Item, key: str, value: Any, file: str, notes: Notes) -> None:
    if key == "normative":
        item.normative = value != "false"
        if value not in ("true", "false"):
            notes.find("F058", 1, "`normative` is true or false", file=file)
    elif key == "references" and isinstance(value, list):
        item.references = [_reference(entry) for entry in value if isinstance(entry, dict)]
    elif key == "evidence" and isinstance(value, dict):
        item.tags["dotstop.validator"] = str(value.get("type", ""))
        if "configuration" in value:
            item.tags["dotstop.validator.configuration"] = _json(value["configuration"])
    elif key == "score":
        _scores(item, value, file, notes)
    elif key == "level" and isinstance(value, str):
        item.tags["dotstop.level"] = value
    elif key in _KEYS:
        notes.find("F058", 1, f"`{key}` has not the shape that it should have", file=file)
    else:
        if key not in _MORE:
            message = f"an item has no key `{shown(key)}`; it is kept as a tag"
            hint = did_you_mean(key, _KEYS)
            notes.find("F057", 1, message, hint, file=file, severity="warning")
        item.tags[f"dotstop.{key}"] = value if isinstance(value, str) else _json(value)


def _scores(item: Item, value: Any, file: str, notes: Notes) -> None:
    """Scores by expert; a bare number is the score of nobody in particular."""
    scores = value if isinstance(value, dict) else {"": value}
    for expert, said in scores.items():
        tag = f"dotstop.score.{expert}" if expert else "dotstop.score"
        item.tags[tag] = said if isinstance(said, str) else _json(said)
        try:
            number = float(said) if isinstance(said, str) else math.nan
        except ValueError:
            number = math.nan
        if not 0 <= number <= 1:
            message = f"the score `{shown(item.tags[tag])}` is no number from 0 to 1"
            notes.find("F058", 1, message, file=file)


def _reference(entry: Mapping[str, Any]) -> Reference:
    words = {key: value for key, value in entry.items() if isinstance(value, str)}
    url = words.get("url") or words.get("path") or ""
    name = words.get("description") or words.get("name") or url or words.get("type", "")
    items = entry.get("items", [])
    named = tuple(str(i) for i in items) if isinstance(items, list) else ()
    tags = {
        f"dotstop.reference.{key}": value if isinstance(value, str) else _json(value)
        for key, value in entry.items()
        if key not in ("url", "path", "description") and value not in ("", [])
    }
    return Reference(
        text=name, url=url, items=named if words.get("type") == "item" else (), tags=tags
    )


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
