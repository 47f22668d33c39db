"""Nodes -> records, by the records' own type hints; every surprise is a finding.

One decoder serves every record: the hint of a field says what may stand there. An element
written in place is stored under its id and the field keeps the id.
"""

from __future__ import annotations

import dataclasses
import re
import types
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from safetycase.argument import model
from safetycase.argument.expression import (
    Expression,
    ExpressionError,
    Formula,
    parse,
    parse_formula,
)
from safetycase.argument.findings import Finding, Span, did_you_mean
from safetycase.argument.nodes import Node, Reader, span_of

__all__ = ["KINDS", "Decoder", "file_name", "hints_of", "required"]

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
}
ID = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)*(?:\.[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*)?")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?")
_UNITS = {"hour": 3600, "day": 86400, "week": 604800, "month": 2629746, "year": 31556952}
_DURATION = re.compile(r"([1-9][0-9]*) (hour|day|week|month|year)s?")
_FACT = re.compile(r"([0-9][0-9]*(?:\.[0-9]+)?) ([^\s].*?)(?: per ([a-z]+))?")


class _Missing:
    """Stands for a value that could not be read; a finding says why."""


MISSING = _Missing()


def file_name(field_name: str) -> str:
    """The key of a field in the file (`with_` is written `with`)."""
    return field_name.rstrip("_")


_HINTS: dict[type, Mapping[str, Any]] = {}


def hints_of(record: type[Any]) -> Mapping[str, Any]:
    """The type hints of a record, with reference marks, in field order."""
    if record not in _HINTS:
        hints = get_type_hints(record, include_extras=True)
        _HINTS[record] = {f.name: hints[f.name] for f in dataclasses.fields(record)}
    return _HINTS[record]


def required(record: type[Any]) -> frozenset[str]:
    """The fields of a record that have no default."""
    return frozenset(
        f.name
        for f in dataclasses.fields(record)
        if f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
    )


class Decoder:
    """Fills records from nodes; collects elements, their places, and references."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.elements: dict[str, Any] = {}
        self.spans: dict[tuple[str, ...], Span] = {}
        self.references: list[tuple[tuple[str, ...], str, model.RefTo]] = []

    def element(self, node: Node, kinds: tuple[str, ...], where: str) -> str | _Missing:
        """Decode an element written in place; returns its id."""
        pairs = list(self.reader.items(node, where))
        if not pairs:
            return MISSING
        kind, key, value = pairs[0]
        if kind not in KINDS:
            hint = did_you_mean(kind, KINDS)
            if kind == "use":
                hint = "templates (`use`) are not read by this version"
            self.reader.report(
                "F010",
                key,
                f"{where} starts with `{kind}`, which is no kind of "
                "element; the first key of an element is its kind",
                hint,
            )
            return MISSING
        name = self.reader.word(value, f"the id of the {kind}")
        if name is None:
            return MISSING
        if not ID.fullmatch(name):
            self.reader.report(
                "F011",
                value,
                f"`{name}` is not an id",
                "ids are letters and digits joined by hyphens, e.g. NO-SANDBAGGING",
            )
            return MISSING
        if kind not in kinds:
            self.reader.report(
                "F012",
                key,
                f"{where} cannot be a {kind}",
                "expected " + " or ".join(f"`{k}`" for k in kinds),
                name,
            )
        if name in self.elements:
            first = self.spans[(name,)]
            self.reader.report(
                "F013",
                value,
                f"the id `{name}` is used twice",
                f"the first is at {first}; rename one, or refer to it by `{name}`",
                name,
            )
            self._record(KINDS[kind], pairs[1:], (name,), f"{kind} {name}", node, id=name)
            return name
        self.elements[name] = None  # keeps file order: a parent stands before its parts
        self.spans[(name,)] = span_of(key, self.reader.file)
        record = self._record(KINDS[kind], pairs[1:], (name,), f"{kind} {name}", node, id=name)
        if isinstance(record, _Missing):
            del self.elements[name]
        else:
            self.elements[name] = record
        return name

    def record(self, record: type[Any], node: Node, path: tuple[str, ...], where: str) -> Any:
        """Decode a plain record (no kind, no id)."""
        return self._record(record, list(self.reader.items(node, where)), path, where, node)

    def _record(
        self,
        record: type[Any],
        pairs: list[tuple[str, Node, Node]],
        path: tuple[str, ...],
        where: str,
        node: Node,
        **given: Any,
    ) -> Any:
        hints = hints_of(record)
        names = {file_name(name): name for name in hints if name not in given}
        values: dict[str, Any] = dict(given)
        subject = path[0] or None
        complete = True
        for key, key_node, value in pairs:
            if key not in names:
                self.reader.report(
                    "F020",
                    key_node,
                    f"{where} has no key `{key}`",
                    did_you_mean(key, names),
                    subject,
                )
                continue
            field_path = (*path, key)
            self.spans.setdefault(field_path, span_of(value, self.reader.file))
            decoded = self.value(value, hints[names[key]], field_path, f"`{key}` of {where}")
            if isinstance(decoded, _Missing):
                complete = False
                values.setdefault(names[key], MISSING)
            else:
                values[names[key]] = decoded
        for name in sorted(required(record) - values.keys()):
            self.reader.report("F021", node, f"{where} lacks `{file_name(name)}`", None, subject)
            complete = False
        readable = {k: v for k, v in values.items() if not isinstance(v, _Missing)}
        if not complete and not required(record) <= readable.keys():
            return MISSING
        return record(**readable)

    def value(self, node: Node, hint: Any, path: tuple[str, ...], where: str) -> Any:
        """Decode one value by its hint; `MISSING` after a finding."""
        if not self.reader.fresh(node):
            return MISSING
        origin = get_origin(hint)
        if origin is Annotated:
            return self._reference(node, get_args(hint)[1], path, where)
        if origin in (Union, types.UnionType):
            inner = [arg for arg in get_args(hint) if arg is not type(None)]
            return self.value_again(node, inner[0], path, where)
        if origin is Literal:
            return self._choice(node, get_args(hint), where, path)
        if origin is tuple:
            return self._tuple(node, get_args(hint)[0], path, where)
        if hint is Any:
            return self._json(node, where, path)
        if origin is not None and issubclass(origin, Mapping):
            return self._mapping(node, get_args(hint)[1], path, where)
        if hint in _SCALARS:
            return self._scalar(node, hint, where, path)
        if dataclasses.is_dataclass(hint):
            return self.record(hint, node, path, where)  # type: ignore[arg-type]
        raise AssertionError(f"no decoder for {hint!r}")

    def value_again(self, node: Node, hint: Any, path: tuple[str, ...], where: str) -> Any:
        """Decode a node that was already checked for aliases."""
        self.reader._seen.discard(id(node))
        return self.value(node, hint, path, where)

    def _reference(
        self, node: Node, ref: model.RefTo, path: tuple[str, ...], where: str
    ) -> str | _Missing:
        if ref.in_place and isinstance(node.value, list):
            return self.element(node, ref.kinds, where)
        name = self.reader.word(node, where)
        if name is None:
            return MISSING
        self.references.append((path, name, ref))
        return name

    def _tuple(self, node: Node, hint: Any, path: tuple[str, ...], where: str) -> Any:
        entries = [
            self._listed(entry, hint, path, str(index), where)
            for index, entry in enumerate(self.reader.sequence(node, where))
        ]
        return tuple(entry for entry in entries if not isinstance(entry, _Missing))

    def _listed(self, node: Node, hint: Any, path: tuple[str, ...], index: str, where: str) -> Any:
        self.spans[(*path, index)] = span_of(node, self.reader.file)
        return self.value(node, hint, (*path, index), where)

    def _mapping(self, node: Node, hint: Any, path: tuple[str, ...], where: str) -> Any:
        found: dict[str, Any] = {}
        for key, _, value in self.reader.items(node, where):
            self.spans[(*path, key)] = span_of(value, self.reader.file)
            decoded = self.value(value, hint, (*path, key), f"`{key}` in {where}")
            if not isinstance(decoded, _Missing):
                found[key] = decoded
        return found

    def _choice(
        self, node: Node, choices: tuple[Any, ...], where: str, path: tuple[str, ...]
    ) -> Any:
        word = self.reader.word(node, where)
        if word is None or word in choices:
            return MISSING if word is None else word
        self.reader.report(
            "F022", node, f"{where} is `{word}`", did_you_mean(word, choices), path[0] or None
        )
        return MISSING

    def _scalar(self, node: Node, hint: Any, where: str, path: tuple[str, ...]) -> Any:
        word = self.reader.word(node, where)
        if word is None:
            return MISSING
        read, wanted = _SCALARS[hint]
        try:
            return read(word)
        except ExpressionError as error:
            self._criterion(node, error, path)
        except ValueError:
            self.reader.report(
                "F023", node, f"{where} is `{word}`", f"expected {wanted}", path[0] or None
            )
        return MISSING

    def _criterion(self, node: Node, error: ExpressionError, path: tuple[str, ...]) -> None:
        at = span_of(node, self.reader.file)
        shift = error.column + (0 if self.reader.plain(node) else 1)
        self.reader.findings.append(
            Finding(
                code="F024",
                span=dataclasses.replace(at, column=at.column + shift),
                message=f"the criterion cannot be read: {error}",
                hint=error.hint,
                subject=path[0] or None,
            )
        )

    def _json(self, node: Node, where: str, path: tuple[str, ...]) -> Any:
        """A parameter value: text, number, true/false, list or mapping; no null."""
        if isinstance(node.value, list):
            if node.tag.endswith(":map"):
                return self._mapping(node, Any, path, where)
            return self._tuple(node, Any, path, where)
        if not self.reader.plain(node):
            return node.value
        if node.value in ("true", "false"):
            return node.value == "true"
        if _NUMBER.fullmatch(node.value):
            return _number(node.value)
        word = self.reader.word(node, where)
        return MISSING if word is None else word


def _number(word: str) -> int | float:
    if not _NUMBER.fullmatch(word):
        raise ValueError(word)
    return float(word) if any(c in word for c in ".e") else int(word)


def _int(word: str) -> int:
    number = _number(word)
    if not isinstance(number, int):
        raise ValueError(word)
    return number


def _bool(word: str) -> bool:
    if word not in ("true", "false"):
        raise ValueError(word)
    return word == "true"


def _date(word: str) -> date:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", word):
        raise ValueError(word)
    return date.fromisoformat(word)


def _duration(word: str) -> model.Duration:
    match = _DURATION.fullmatch(word)
    if not match:
        raise ValueError(word)
    return model.Duration(text=word, seconds=int(match[1]) * _UNITS[match[2]])


def _fact(word: str) -> model.Fact:
    match = _FACT.fullmatch(word)
    if not match:
        return model.Fact(text=word)
    return model.Fact(text=word, number=float(match[1]), noun=match[2], per=match[3])


def _text(word: str) -> str:
    if not word.strip():
        raise ValueError(word)
    return word


_SCALARS: Mapping[Any, Any] = {
    str: (_text, "some text"),
    int: (_int, "a whole number"),
    float: (lambda word: float(_number(word)), "a number such as 0.05"),
    bool: (_bool, "`true` or `false`"),
    date: (_date, "a date such as 2027-06-01"),
    model.Duration: (_duration, "a length of time such as `90 days`"),
    model.Fact: (_fact, "a fact such as `10000 samples per month`"),
    Expression: (parse, "a criterion such as `pass_rate <= 0.20`"),
    Formula: (parse_formula, "a formula such as `rate * samples`"),
}
