"""Nodes -> records, by the records' own type hints; every surprise is a finding.

One decoder serves every record: the hint of a field says what may stand there, and is compiled
once into a function. An element written in place is stored under its id and the field keeps the
id. Places are looked up in the nodes when somebody asks (`places`), never while reading.
"""

from __future__ import annotations

import dataclasses
import re
import types
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from safetycase.argument import model, ref_to
from safetycase.argument.expression import ExpressionError
from safetycase.argument.findings import Finding, did_you_mean
from safetycase.argument.nodes import (
    Collection,
    Node,
    Reader,
    Scalar,
    Unread,
    plain,
    span_of,
    surprising,
)
from safetycase.argument.scalars import NUMBER, SCALARS, number
from safetycase.argument.store import Reference, Scope, Store

__all__ = ["ID", "KINDS", "MISSING", "Decoder", "file_name", "hints_of", "required"]

KINDS: Mapping[str, type[Any]] = {
    "claim": model.Claim,
    "argument": model.Argument,
    "evidence": model.Evidence,
    "assumption": model.Assumption,
    "defeater": model.Defeater,
    "problem": model.Problem,
    "context": model.Context,
    "justification": model.Justification,
    "monitor": model.Monitor,
    "hazard": model.Hazard,
    "dependence": model.Dependence,
}
ID = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)*(?:\.[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*)?")


_IS_ID = ID.fullmatch


class _Missing:
    """Stands for a value that could not be read; a finding says why."""


MISSING = _Missing()
Path = tuple[Any, str | int]  # (the path of what holds it or None, its key): built for every value
Read = Callable[["Decoder", Node, Path], Any]


def file_name(field_name: str) -> str:
    """The key of a field in the file (`with_` is written `with`)."""
    return field_name.rstrip("_")


_MAYBE_TEXT = str | None
_HINTS: dict[type, Mapping[str, Any]] = {}
_READERS: dict[Any, Read] = {}
_PLANS: dict[type, _Plan] = {}


def hints_of(record: type[Any]) -> Mapping[str, Any]:
    """The type hints of a record, with reference marks, in field order."""
    if record not in _HINTS:
        fields = dataclasses.fields(record)
        written = {f.name: f.type for f in fields}
        if any(isinstance(hint, str) for hint in written.values()):
            # The records of a case file are written without strings: evaluating them is slow.
            written = get_type_hints(record, include_extras=True)
        _HINTS[record] = {f.name: written[f.name] for f in fields}
    return _HINTS[record]


def required(record: type[Any]) -> frozenset[str]:
    """The fields of a record that have no default."""
    return frozenset(
        f.name
        for f in dataclasses.fields(record)
        if f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
    )


class _Plan:
    """How one record is read: key in the file -> (field, how to read it; None for plain text)."""

    __slots__ = ("factories", "fields", "light", "needed", "record")

    def __init__(self, record: type[Any]) -> None:
        self.record = record
        self.fields = {
            file_name(n): (n, None if h is str or h == _MAYBE_TEXT else _compile(h))
            for n, h in hints_of(record).items()
        }
        self.needed = required(record)
        self.light = not hasattr(record, "__slots__") and not hasattr(record, "__post_init__")
        self.factories = [
            (f.name, f.default_factory)
            for f in dataclasses.fields(record)
            if f.default_factory is not dataclasses.MISSING
        ]

    def make(self, values: dict[str, Any]) -> Any:
        """The record with these values; a default that is not given stays on the class."""
        if not self.light:
            return self.record(**values)
        for name, factory in self.factories:
            if name not in values:
                values[name] = factory()
        made = object.__new__(self.record)
        made.__dict__.update(values)
        return made


def _plan(record: type[Any]) -> _Plan:
    found = _PLANS.get(record)
    if found is None:
        found = _PLANS[record] = _Plan(record)
    return found


class Decoder:
    """Fills records from nodes and collects elements, their nodes and references in a store."""

    def __init__(self, reader: Reader, scope: Scope, store: Store) -> None:
        self.reader = reader
        self.scope = scope
        self.store = store
        # How an entry `use: template@1` becomes an element; set by the composer of templates.
        self.instantiate: Callable[[Decoder, Collection, tuple[str, ...]], Any] | None = None
        self.foreign: dict[int, tuple[Reader, Scope]] = {}

    # What is wrong, and where: only built when something is.

    def report(
        self, code: str, node: Node | None, message: str, hint: str | None, path: Path | None
    ) -> None:
        """Record a finding about the element that `path` leads into."""
        subject = unfold(path)[0] if path else ""
        self.reader.report(code, node, message, hint, subject or None)

    def where(self, path: Path) -> str:
        """The words for a place, e.g. `says` of claim RARE."""
        owner, *keys = unfold(path)
        record = self.store.elements.get(owner)
        kind = self.store.kinds.get(owner) or (type(record).__name__.lower() if record else "")
        named = [f"`{key}`" for key in reversed(keys) if not key.isdigit()]
        return " of ".join([*named, *([f"{kind} {owner}".strip()] if owner else [])]) or "the case"

    def element(self, node: Node, kinds: tuple[str, ...], path: Path | None) -> Any:
        """Decode an element written in place; returns its full id."""
        if self.foreign and id(node) in self.foreign:
            return self._foreign(node, lambda: self.element(node, kinds, path))
        if type(node) is not Collection or not node.mapping or not node.items:
            where = self.where(path) if path else "the element"
            if type(node) is not Unread:
                self.report("F005", node, f"{where} is a mapping of `key: value` lines", None, path)
            return MISSING
        key, value = node.items[0], node.items[1]
        kind = key.value if type(key) is Scalar else "?"
        if kind == "use" and self.instantiate is not None:
            return self.instantiate(self, node, kinds)
        name = value.value if type(value) is Scalar else None
        if kind not in KINDS or name is None or not _IS_ID(name) or surprising(name):
            name = self._name(kind, key, value, path)
            if name is None:
                return MISSING
        store, scope = self.store, self.scope
        full = scope.own(name) if scope.prefix else name
        if kind not in kinds:
            where = self.where(path) if path else "this place"
            hint = "expected " + " or ".join(f"`{k}`" for k in kinds)
            self.reader.report("F012", key, f"{where} cannot hold a {kind}", hint, full)
        if full in store.kinds:
            first = store.place((full,))
            self.reader.report(
                "F013",
                value,
                f"the id `{full}` is used twice",
                f"the first is at {first}; rename one, or refer to it by `{full}`",
                full,
            )
            self._fill(KINDS[kind], node, 2, (None, full), full)
            return full
        store.kinds[full] = kind
        store.nodes[full] = (node, self.reader.file)
        store.elements[full] = None  # keeps file order: a parent stands before its parts
        record = self._fill(KINDS[kind], node, 2, (None, full), full)
        if record is MISSING:
            del store.elements[full]
        else:
            store.elements[full] = record
        return full

    def _foreign(self, node: Node, read: Callable[[], Any]) -> Any:
        """Decode a node that was written elsewhere (an argument of `use`) in its own scope."""
        before = self.reader, self.scope
        self.reader, self.scope = self.foreign.pop(id(node))
        try:
            return read()
        finally:
            self.reader, self.scope = before

    def _name(self, kind: str, key: Node, value: Node, path: Path | None) -> str | None:
        if kind not in KINDS:
            where = self.where(path) if path else "the element"
            self.reader.report(
                "F010",
                key,
                f"{where} starts with `{kind}`, which is no kind of element; the first key of an "
                "element is its kind",
                did_you_mean(kind, KINDS),
            )
            return None
        name = self.reader.word(value, f"the id of the {kind}")
        if name is not None and not ID.fullmatch(name):
            self.reader.report(
                "F011",
                value,
                f"`{name}` is not an id",
                "ids are letters and digits joined by hyphens, e.g. NO-SANDBAGGING",
            )
            return None
        return name

    def record(self, record: type[Any], node: Node, path: Path) -> Any:
        """Decode a plain record (no kind, no id)."""
        if type(node) is not Collection or not node.mapping:
            where = self.where(path)
            self.report("F005", node, f"{where} is a mapping of `key: value` lines", None, path)
            return MISSING
        return self._fill(record, node, 0, path, None)

    def _fill(
        self, record: type[Any], node: Collection, start: int, path: Path, name: str | None
    ) -> Any:
        plan = _plan(record)
        fields, items, complete = plan.fields, node.items, True
        values: dict[str, Any] = {} if name is None else {"id": name}
        for at in range(start, len(items), 2):
            key, value = items[at], items[at + 1]
            word = key.value if type(key) is Scalar else ""
            found = fields.get(word)
            if found is None or (name is not None and word == "id"):
                self._unknown_key(key, fields, path, name)
                continue
            field, read = found
            if field in values:
                self._twice(node, start, key, path)
                continue
            if read is not None:
                made = read(self, value, (path, word))
            elif type(value) is Scalar and not value.style and not surprising(value.value):
                made = value.value  # the most frequent value by far
            else:
                made = _text(self, value, (path, word))
            values[field] = made
            if made is MISSING:
                complete = False
        if complete and plan.needed <= values.keys():
            return plan.make(values)
        for field in sorted(plan.needed - values.keys()):
            self.report("F021", node, f"{self.where(path)} lacks `{file_name(field)}`", None, path)
        readable = {k: v for k, v in values.items() if v is not MISSING}
        return plan.make(readable) if plan.needed <= readable.keys() else MISSING

    def _unknown_key(
        self, key: Node, fields: Mapping[str, Any], path: Path, name: str | None
    ) -> None:
        where = self.where(path)
        if type(key) is not Scalar:
            self.report("F005", key, f"a key of {where} is not a word", None, path)
            return
        if key.value in ("each", "when") and name is not None:
            self.report(
                "F047",
                key,
                f"{where} has `{key.value}`, which only an element of a template has",
                "write the elements one by one, or move them into a template",
                path,
            )
            return
        names = [n for n in fields if n != "id" or name is None]
        self.report("F020", key, f"{where} has no key `{key.value}`", _near(key.value, names), path)

    def _twice(self, node: Collection, start: int, key: Node, path: Path) -> None:
        assert isinstance(key, Scalar)
        keys = node.items[start::2]
        first = next(k for k in keys if type(k) is Scalar and k.value == key.value)
        self.reader.twice(key, first, self.where(path))

    # Values.

    def value(self, node: Node, hint: Any, path: Path) -> Any:
        """Decode one value by its hint; `MISSING` after a finding."""
        if hint not in _READERS:
            _READERS[hint] = _compile(hint)
        return _READERS[hint](self, node, path)

    def choice(self, node: Node, choices: tuple[Any, ...], path: Path) -> Any:
        """One of a closed list of words."""
        word = self.reader.word(node, self.where(path)) if type(node) is not Unread else None
        if word is None or word in choices:
            return MISSING if word is None else word
        self.report(
            "F022", node, f"{self.where(path)} is `{word}`", did_you_mean(word, choices), path
        )
        return MISSING

    def scalar(self, node: Node, hint: Any, path: Path) -> Any:
        """One value read from a word."""
        if type(node) is Unread:
            return MISSING
        word = self.reader.word(node, self.where(path))
        if word is None:
            return MISSING
        read, wanted = SCALARS[hint]
        try:
            return read(word)
        except ExpressionError as error:
            self._criterion(node, error, path)
        except ValueError:
            where = self.where(path)
            self.report("F023", node, f"{where} is `{word[:80]}`", f"expected {wanted}", path)
        return MISSING

    def _criterion(self, node: Node, error: ExpressionError, path: Path) -> None:
        at = span_of(node, self.reader.file)
        shift = error.column + (0 if plain(node) else 1)
        self.reader.findings.append(
            Finding(
                code="F024",
                span=dataclasses.replace(at, column=at.column + shift),
                message=f"the criterion cannot be read: {error}",
                hint=error.hint,
                subject=unfold(path)[0] or None,
            )
        )

    def reference(self, node: Node, ref: ref_to.RefTo, path: Path) -> Any:
        """An id, or the element itself where it may stand in place."""
        if type(node) is Collection and ref.in_place:
            return self.element(node, ref.kinds, path)
        if self.foreign and id(node) in self.foreign:
            return self._foreign(node, lambda: self.reference(node, ref, path))
        if type(node) is Unread:
            return MISSING
        if type(node) is Collection or (not node.style and surprising(node.value)):
            self.reader.word(node, self.where(path))
            return MISSING
        name = self.scope.refer(node.value)
        self.store.references.append(Reference(path, name, ref, node, self.reader.file))
        return name

    def json(self, node: Node, path: Path) -> Any:
        """A parameter value: text, number, true/false, list or mapping; no null."""
        if type(node) is Unread:
            return MISSING
        if type(node) is Collection:
            return _JSON_MAPPING(self, node, path) if node.mapping else _JSON_LIST(self, node, path)
        if node.style:
            return node.value
        if node.value in ("true", "false"):
            return node.value == "true"
        if NUMBER.fullmatch(node.value):
            try:
                return number(node.value)
            except ValueError:
                where = self.where(path)
                self.report("F023", node, f"{where} is too large a number", None, path)
                return MISSING
        word = self.reader.word(node, self.where(path))
        return MISSING if word is None else word


def unfold(path: Path | None) -> tuple[str, ...]:
    """A path as a tuple from the element down."""
    found: list[str] = []
    while path is not None:
        found.append(str(path[1]))
        path = path[0]
    return tuple(reversed(found))


def _near(word: str, names: list[str]) -> str | None:
    return did_you_mean(word, names)


def _compile(hint: Any) -> Read:
    """The function that reads a value of the type `hint`."""
    origin = get_origin(hint)
    if origin is Annotated:
        return _reference(get_args(hint)[1])
    if origin in (Union, types.UnionType):
        return _compile(next(arg for arg in get_args(hint) if arg is not type(None)))
    if origin is Literal:
        return _literal(get_args(hint))
    if origin is tuple:
        return _tuple(get_args(hint)[0])
    if hint is Any:
        return Decoder.json
    if origin is not None and issubclass(origin, Mapping):
        return _mapping(*get_args(hint))
    if hint is str:
        return _text
    if hint in SCALARS:
        return lambda decoder, node, path: decoder.scalar(node, hint, path)
    if dataclasses.is_dataclass(hint):
        return lambda decoder, node, path: decoder.record(hint, node, path)  # type: ignore[arg-type]
    raise AssertionError(f"no decoder for {hint!r}")


def _text(decoder: Decoder, node: Node, path: Path) -> Any:
    if type(node) is Scalar:
        word = node.value
        if node.style:
            if word and not word.isspace():
                return word
        elif not surprising(word):
            return word
    return decoder.scalar(node, str, path)


def _reference(ref: ref_to.RefTo) -> Read:
    def read(decoder: Decoder, node: Node, path: Path) -> Any:
        scope = decoder.scope
        if type(node) is Scalar and not scope.prefix and not decoder.foreign:
            name = node.value
            if node.style or not surprising(name):
                decoder.store.references.append(
                    Reference(path, name, ref, node, decoder.reader.file)
                )
                return name
        return decoder.reference(node, ref, path)

    return read


def _literal(choices: tuple[Any, ...]) -> Read:
    known = frozenset(choices)

    def read(decoder: Decoder, node: Node, path: Path) -> Any:
        if type(node) is Scalar and node.value in known:
            return node.value
        return decoder.choice(node, choices, path)

    return read


def _tuple(hint: Any) -> Read:
    inner = _compile(hint)

    def read(decoder: Decoder, node: Node, path: Path) -> Any:
        if type(node) is not Collection or node.mapping:
            if type(node) is not Unread:
                decoder.reader.sequence(node, decoder.where(path))
            return MISSING
        found = [inner(decoder, item, (path, at)) for at, item in enumerate(node.items)]
        return tuple(found if MISSING not in found else [v for v in found if v is not MISSING])

    return read


def _mapping(keys: Any, hint: Any) -> Read:
    inner = _compile(hint) if hint is not Any else Decoder.json
    names = get_origin(keys) is Annotated  # keys that are ids of this file

    def read(decoder: Decoder, node: Node, path: Path) -> Any:
        found: dict[str, Any] = {}
        if type(node) is Unread:
            return MISSING
        for key, _, value in decoder.reader.items(node, decoder.where(path)):
            decoded = inner(decoder, value, (path, key))
            if decoded is not MISSING:
                found[decoder.scope.refer(key) if names else key] = decoded
        return found

    return read


_JSON_MAPPING = _mapping(str, Any)
_JSON_LIST = _tuple(Any)
