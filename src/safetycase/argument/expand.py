"""The nodes of a template with its parameters filled in: text, values, `each` and `when`.

Works on nodes, so that every place a finding names is the place in the template's own file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from safetycase.argument.decode import KINDS
from safetycase.argument.nodes import Collection, Node, Reader, Scalar, scalar, unread
from safetycase.argument.scalars import show

__all__ = ["Expander"]

_TOKEN = re.compile(r"\{\{|\}\}|\{([A-Za-z_][A-Za-z0-9_.\-]*)\}")
_EACH = re.compile(r"([a-z_][a-z0-9_]*) in ([a-z_][a-z0-9_]*)")
_WHEN = re.compile(r"(not )?([a-z_][a-z0-9_.]*)|([a-z_][a-z0-9_.]*) is (not )?(.+)")
_REFERRING = frozenset(
    ("premises", "side_conditions", "answered_by", "blocks", "conditions", "covered_by", "context",
     "in_support", "public")
)  # fmt: skip
# An element that speaks of others goes when all of them are gone.
_SPEAKS_OF = {"defeater": "against", "problem": "blocks", "monitor": "conditions"}
_NOTHING = object()


@dataclass(slots=True, kw_only=True)
class Expander:
    """Fills one template. `gone` and `many` say what `when` removed and `each` repeated."""

    reader: Reader
    values: Mapping[str, Any]
    facts: Mapping[str, Any]
    gone: set[str] = field(default_factory=set)
    many: dict[str, list[str]] = field(default_factory=dict)

    def survey(self, node: Node, values: Mapping[str, Any], alive: bool = True) -> None:
        """Learn which ids are left out and which are repeated, before anything is filled in."""
        if type(node) is not Collection:
            return
        if not node.mapping:
            for item in node.items:
                self.survey(item, values, alive)
            return
        name = _element_id(node)
        if name is None:
            for _, value in node.pairs():
                self.survey(value, values, alive)
            return
        copies = list(self._copies(node, values, quiet=True)) if alive else []
        pattern = _pattern(name, values)
        for inner in copies:
            full = self._fill_text(name, inner, None)
            if full != name and pattern:
                self.many.setdefault(name, []).append(full)
            for _, value in node.pairs():
                self.survey(value, inner, alive)
        if not copies:
            self.gone.add(name)
            for _, value in node.pairs():
                self.survey(value, values, False)

    def expand(self, node: Node, values: Mapping[str, Any]) -> list[Node]:
        """The nodes that stand in the place of one: none, one, or one per entry of a list."""
        if type(node) is not Collection:
            filled = self._scalar(node, values)
            return [] if filled is None else [filled]
        if not node.mapping:
            return [self._sequence(node, values, refers=False)]
        if _element_id(node) is None:
            return [self._mapping(node, values)]
        return [
            self._mapping(node, inner, element=True)
            for inner in self._copies(node, values)
            if not self._speaks_of_nothing(node)
        ]

    def one(self, node: Node) -> Node | None:
        """The single node that stands for the root."""
        found = self.expand(node, self.values)
        return found[0] if len(found) == 1 else None

    def given(self, node: Node) -> Node:
        """What a case puts into the template: a value `=PARAMETER` becomes that parameter's."""
        if type(node) is Scalar:
            name = node.value[1:].strip()
            if not node.value.startswith("=") or node.style or name not in self.values:
                return node
            value = self.values[name]
            return node if value is None else _node(value, node)
        if type(node) is not Collection:
            return node
        made = Collection(node.mapping, node.start_mark, node.tag)
        made.end_mark = node.end_mark
        made.items = [self.given(item) for item in node.items]
        return made

    def _copies(
        self, node: Collection, values: Mapping[str, Any], quiet: bool = False
    ) -> Iterator[Mapping[str, Any]]:
        """The parameters each copy of an element is filled with."""
        rule = {k.value: v for k, v in node.pairs() if type(k) is Scalar}
        each, when = rule.get("each"), rule.get("when")
        rounds = [values] if each is None else self._rounds(each, values, quiet)
        for inner in rounds:
            if when is None or self._holds(when, inner, quiet):
                yield inner

    def _rounds(
        self, each: Node, values: Mapping[str, Any], quiet: bool
    ) -> list[Mapping[str, Any]]:
        match = _EACH.fullmatch(each.value) if type(each) is Scalar else None
        entries = values.get(match[2]) if match else None
        if match is None or not isinstance(entries, list):
            self._say(quiet, "F045", each, "`each` reads `NAME in LIST`, with a list parameter")
            return []
        if not entries:
            self._say(quiet, "F046", each, f"the list `{match[2]}` is empty; one entry is needed")
        return [{**values, match[1]: entry} for entry in entries]

    def _holds(self, when: Node, values: Mapping[str, Any], quiet: bool) -> bool:
        match = _WHEN.fullmatch(when.value) if type(when) is Scalar else None
        name = (match[2] or match[3]) if match else None
        value = self._look(name, values) if name else _NOTHING
        if match is None or value is _NOTHING:
            self._say(
                quiet, "F045", when, "`when` reads `NAME`, `not NAME`, or `NAME is [not] VALUE`"
            )
            return False
        if match[2]:
            return bool(value) is not bool(match[1])
        known = [word.strip() for word in match[5].split(" or ")]
        return (show(value) in known) is not bool(match[4])

    def _speaks_of_nothing(self, node: Collection) -> bool:
        key, value = node.items[0].value, None
        if key in _SPEAKS_OF:
            value = next((v for k, v in node.pairs() if _is(k, _SPEAKS_OF[key])), None)
        if value is None:
            return False
        targets = value.items if type(value) is Collection else [value]
        names = [t.value for t in targets if type(t) is Scalar]
        return bool(names) and len(names) == len(targets) and all(n in self.gone for n in names)

    def _mapping(
        self, node: Collection, values: Mapping[str, Any], element: bool = False
    ) -> Collection:
        made = Collection(True, node.start_mark, node.tag)
        made.end_mark = node.end_mark
        for key, value in node.pairs():
            if element and (_is(key, "each") or _is(key, "when")):
                continue
            if not element and type(key) is Scalar and key.value in self.gone:
                continue  # a leg that was left out, under `despite`
            if not element and type(key) is Scalar and "{" in key.value:
                key = scalar(self._fill_text(key.value, values, key), key, key.style)
            if type(value) is Collection and not value.mapping:
                refers = type(key) is Scalar and key.value in _REFERRING
                filled: list[Node] = [self._sequence(value, values, refers)]
            else:
                filled = self.expand(value, values)
            if filled:
                made.items += [key, filled[0]]
        return made

    def _sequence(self, node: Collection, values: Mapping[str, Any], refers: bool) -> Collection:
        made = Collection(False, node.start_mark, node.tag)
        made.end_mark = node.end_mark
        for item in node.items:
            if refers and type(item) is Scalar:
                if item.value in self.gone:
                    continue
                if item.value in self.many and _pattern(item.value, values):
                    made.items += [scalar(name, item) for name in self.many[item.value]]
                    continue
            made.items += self.expand(item, values)
        return made

    def _scalar(self, node: Node, values: Mapping[str, Any]) -> Node | None:
        if type(node) is not Scalar:
            return node
        text: str = node.value
        if text.startswith("=") and not node.style:
            value = self._look(text[1:].strip(), values)
            if value is _NOTHING:
                return node if "." in text else self._unknown(text[1:].strip(), node)
            return None if value is None else _node(value, node)
        if "{" not in text and "}" not in text:
            return node
        return scalar(self._fill_text(text, values, node), node, node.style or '"')

    def _fill_text(self, text: str, values: Mapping[str, Any], node: Node | None) -> str:
        def put(match: re.Match[str]) -> str:
            if match[1] is None:
                return match[0][0]
            value = self._look(match[1], values)
            if value is _NOTHING:
                if node is not None:
                    self._unknown(match[1], node)
                return match[0]
            return show(value)

        return _TOKEN.sub(put, text)

    def _unknown(self, name: str, node: Node) -> Node:
        self.reader.report(
            "F045", node, f"`{name}` is neither a parameter of the template nor a fact of the case"
        )
        return unread(node)

    def _look(self, name: str, values: Mapping[str, Any]) -> Any:
        first, *rest = name.split(".")
        if first not in values:
            return self.facts.get(name, _NOTHING)
        value = values[first]
        for part in rest:
            if isinstance(value, Mapping) and part in value:
                value = value[part]
            elif part in ("number", "noun", "per") and hasattr(value, part):
                value = getattr(value, part)
            else:
                return _NOTHING
        return value

    def _say(self, quiet: bool, code: str, node: Node, message: str) -> None:
        if not quiet:
            self.reader.report(code, node, message)


def _element_id(node: Collection) -> str | None:
    """The id pattern of an element node; None for any other mapping."""
    if len(node.items) < 2 or type(node.items[0]) is not Scalar:
        return None
    if node.items[0].value == "use":
        named = [v for k, v in node.pairs() if _is(k, "as")]
        return named[0].value if named and type(named[0]) is Scalar else None
    if node.items[0].value not in KINDS or type(node.items[1]) is not Scalar:
        return None
    name: str = node.items[1].value
    return name


def _is(key: Node, word: str) -> bool:
    return type(key) is Scalar and key.value == word


def _pattern(name: str, values: Mapping[str, Any]) -> bool:
    """Whether an id has a token that nothing bound yet fills: it stands for all its copies."""
    return any(m[1] and m[1].split(".")[0] not in values for m in _TOKEN.finditer(name))


def _node(value: Any, like: Node) -> Node:
    """A value as a node that stands where `like` stands."""
    if isinstance(value, Mapping | list | tuple):
        made = Collection(isinstance(value, Mapping), like.start_mark, None)
        made.end_mark = like.end_mark
        entries = value.items() if isinstance(value, Mapping) else [(None, v) for v in value]
        for key, entry in entries:
            made.items += [scalar(key, like)] if key is not None else []
            made.items.append(_node(entry, like))
        return made
    plain = isinstance(value, bool | int | float)
    return scalar(show(value), like, None if plain else '"')
