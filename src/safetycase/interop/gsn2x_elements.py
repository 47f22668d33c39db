"""One gsn2x element: its keys, read from events into a part, its links and its claim points."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from typing import Any

from safetycase.argument.findings import did_you_mean
from safetycase.checks.gsn2x_index import (
    ARROW,
)
from safetycase.interop.gsn2x_draft import KINDS, Draft
from safetycase.interop.gsn2x_events import Events, MappingStart, Scalar

__all__ = ["ELEMENT_KEYS", "near_miss", "read_element", "setting"]


def _text(events: Events, draft: Draft, event: Any, name: str) -> None:
    draft.text = events.text(event, "`text`", name)


def _url(events: Events, draft: Draft, event: Any, name: str) -> None:
    draft.url = events.text(event, "`url`", name)


def _supported(events: Events, draft: Draft, event: Any, _: str) -> None:
    draft.links += [
        ("supported by", target, events.span(at))
        for target, at in events.texts(event, "`supportedBy`")
    ]


def _context(events: Events, draft: Draft, event: Any, _: str) -> None:
    draft.links += [
        ("in context of", target, events.span(at))
        for target, at in events.texts(event, "`inContextOf`")
    ]


def _challenges(events: Events, draft: Draft, event: Any, name: str) -> None:
    target = events.text(event, "`challenges`", name)
    if type(event) is Scalar:
        left, arrow, right = target.partition("->")
        aim = f"{left.strip()}{ARROW}{right.strip()}" if arrow else target
        draft.links.append(("challenges", aim, events.span(event)))


def _flag(events: Events, event: Any, where: str, name: str) -> bool:
    value = events.value(event, where)
    plain = type(event) is Scalar and event.implicit[0]
    if plain and value in ("true", "True", "TRUE", "false", "False", "FALSE"):
        return str(value).lower() == "true"
    events.finding("F023", event, f"{where} is `true` or `false`", None, name)
    return False


def _undeveloped(events: Events, draft: Draft, event: Any, name: str) -> None:
    draft.undeveloped = _flag(events, event, "`undeveloped`", name)


def _defeated(events: Events, draft: Draft, event: Any, name: str) -> None:
    draft.defeated = _flag(events, event, "`defeated`", name)


def _relations(events: Events, draft: Draft, event: Any, _: str) -> None:
    draft.relations += [target for target, at in events.texts(event, "`defeatedRelation`")]


def _node_type(events: Events, draft: Draft, event: Any, name: str) -> None:
    kind = events.text(event, "`nodeType`", name)
    if kind in KINDS:
        draft.kind = kind
    elif kind:
        hint = did_you_mean(kind, KINDS)
        events.finding("F022", event, f"`{kind}` is no `nodeType`", hint, name)


def _acp(events: Events, draft: Draft, event: Any, name: str) -> None:
    if type(event) is not MappingStart:
        events.value(event, "`acp`")
        events.finding("F005", event, "`acp` is a mapping of names to ids", None, name)
        return
    for point, at, value in events.items(event, "`acp`"):
        targets = [t for t, _ in events.texts(value, f"`acp: {point}`")]
        draft.acp.append((point, events.span(at), targets))


def setting(events: Events, key: str, event: Any, name: str | None) -> str:
    """A layout key as the text that stands in `tags`; empty after a finding."""
    value = events.value(event, f"`{key}`")
    if key == "classes":
        if isinstance(value, list) and all(isinstance(entry, str) for entry in value):
            return json.dumps(value, ensure_ascii=False)
        events.finding("F005", event, "`classes` is a list of texts", "write `[a, b]`", name)
        return ""
    if key == "horizontalIndex":
        if isinstance(value, dict) and len(value) == 1:
            ((how, number),) = value.items()
            if how == "absolute" and number == "last":
                return json.dumps(value)
            if how in ("relative", "absolute") and _whole(number, how == "relative"):
                return json.dumps({how: int(number)})
        hint = "write `{relative: -1}`, `{absolute: 0}` or `{absolute: last}`"
        events.finding("F023", event, "`horizontalIndex` cannot be read", hint, name)
        return ""
    if _whole(value, signed=False):
        return str(int(value))
    events.finding("F023", event, f"`{key}` is a whole number, 0 or more", None, name)
    return ""


def _whole(value: Any, signed: bool) -> bool:
    if not isinstance(value, str):
        return False
    digits = value[1:] if signed and value[:1] in ("-", "+") else value
    return digits.isascii() and digits.isdigit() and len(digits) < 10


_KEYS: Mapping[str, Callable[[Events, Draft, Any, str], None]] = {
    "text": _text,
    "supportedBy": _supported,
    "inContextOf": _context,
    "challenges": _challenges,
    "undeveloped": _undeveloped,
    "defeated": _defeated,
    "defeatedRelation": _relations,
    "nodeType": _node_type,
    "url": _url,
    "acp": _acp,
}
_SETTINGS = frozenset({"classes", "rankIncrement", "horizontalIndex", "charWrap"})
ELEMENT_KEYS = frozenset(_KEYS) | _SETTINGS


@functools.lru_cache(maxsize=512)
def near_miss(key: str, known: frozenset[str]) -> str:
    """The known key that `key` is probably meant to be, or the empty text.

    Probably: at most two letters off (one in words of up to four letters), where a swap of
    neighbours is one.
    """
    if key.startswith("sc.") or len(key) > 20:
        return ""
    word = key.lower()
    best = min(sorted(known), key=lambda name: _distance(word, name.lower()))
    near = _distance(word, best.lower())
    return best if near <= (2 if min(len(word), len(best)) > 4 else 1) else ""


def _distance(a: str, b: str) -> int:
    """The distance of optimal string alignment."""
    above: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a):
        before, above, row = above, row, [i + 1]
        for j, y in enumerate(b):
            cost = min(above[j + 1] + 1, row[j] + 1, above[j] + (x != y))
            if i and j and x == b[j - 1] and y == a[i - 1]:
                cost = min(cost, before[j - 1] + 1)
            row.append(cost)
    return row[-1]


def _other(events: Events, draft: Draft, key: str, at: Any, event: Any, name: str) -> None:
    """A layout key, or any other key: a text layer."""
    if key in _SETTINGS:
        value = setting(events, key, event, name)
        if value:
            draft.tag(key, value)
        return
    layer = events.value(event, f"`{key}` of `{name}`")
    spelt = layer if isinstance(layer, str) else json.dumps(layer, ensure_ascii=False)
    draft.tag(key, spelt)
    meant = near_miss(key, ELEMENT_KEYS) if events.report.asks(key) else ""
    if key == "name":
        message = f"`{name}` has a key `name`, by which gsn2x takes it for a module"
        events.finding("F020", at, message, "use another word for this layer", name)
    elif meant:
        message = f"`{key}` of `{name}` is not a key of gsn2x; it becomes a text layer"
        events.finding("F020", at, message, f"did you mean `{meant}`?", name, "warning")


def read_element(events: Events, name: str, event: Any) -> Draft:
    """The keys of one element; what is wrong with them is reported."""
    draft = Draft()
    if type(event) is not MappingStart:
        events.value(event, f"`{name}`")
        hint = f"write `{name}: {{}}` for an element without keys"
        events.finding("F005", event, f"`{name}` is a mapping of `key: value` lines", hint, name)
        return draft
    for key, at, value in events.items(event, f"`{name}`"):
        handler = _KEYS.get(key)
        if handler is not None:
            handler(events, draft, value, name)
        else:
            _other(events, draft, key, at, value, name)
    return draft
