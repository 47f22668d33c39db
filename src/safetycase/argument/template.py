"""Templates: a parametrised argument as pure data, and the binding of its parameters."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from safetycase.argument import model
from safetycase.argument.decode import MISSING, Decoder, hints_of, required
from safetycase.argument.findings import did_you_mean
from safetycase.argument.nodes import Collection, Node, Reader
from safetycase.argument.scalars import SCALARS
from safetycase.argument.store import Scope, Store

__all__ = ["Mismatch", "Template", "bind", "read_template"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateHead:
    """The keys of a template file that are not elements."""

    template: str
    version: int
    title: str
    source: str
    says: str
    parameters: Mapping[str, model.Parameter] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A template as it stands in its file; `pairs` are its element keys, not yet read."""

    head: TemplateHead
    digest: str
    file: str
    reader: Reader
    root: Node
    lists: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """One parameter that does not fit; `key` is empty for one that is not bound."""

    code: str
    key: str
    message: str
    hint: str | None


def read_template(file: str, text: str, lists: Mapping[str, str]) -> tuple[Template | None, Reader]:
    """Read a template's head; its findings are in the reader."""
    reader = Reader(text, file)
    top = reader.root
    if not isinstance(top, Collection) or not top.mapping:
        if top is not None:
            reader.report("F005", top, "a template is a mapping of `key: value` lines")
        return None, reader
    store = Store(nodes={"": (top, file)})
    decoder = Decoder(reader, Scope(), store)
    values: dict[str, Any] = {}
    hints = hints_of(TemplateHead)
    root: Node | None = None
    found: list[tuple[str, Node]] = []
    for key, key_node, value in reader.items(top, "the template"):
        if key in hints:
            values[key] = decoder.value(value, hints[key], ((None, ""), key))
        elif key == "root":
            root = value
        elif key in lists:
            found.append((key, value))
        else:
            hint = did_you_mean(key, {*hints, "root", *lists})
            reader.report("F020", key_node, f"the template has no key `{key}`", hint)
    lacking = sorted(required(TemplateHead) - values.keys())
    for name in [*lacking, *(["root"] if root is None else [])]:
        reader.report("F021", None, f"the template lacks `{name}`")
    if root is None or lacking or any(value is MISSING for value in values.values()):
        return None, reader
    template = Template(
        head=TemplateHead(**values),
        digest=hashlib.sha256(text.encode()).hexdigest(),
        file=file,
        reader=reader,
        root=root,
        lists=tuple(found),
    )
    return template, reader


def bind(
    parameters: Mapping[str, model.Parameter], given: Mapping[str, Any]
) -> tuple[dict[str, Any], list[Mismatch]]:
    """Typed values of the parameters, and what does not fit."""
    values: dict[str, Any] = {}
    wrong: list[Mismatch] = []
    for key in given:
        if key not in parameters:
            wrong.append(
                Mismatch(
                    code="F043",
                    key=key,
                    message=f"the template has no parameter `{key}`",
                    hint=did_you_mean(key, parameters),
                )
            )
    for name, parameter in parameters.items():
        raw = given.get(name, parameter.default)
        if raw is None:
            if not parameter.optional:
                hint = f"{parameter.says}" + (
                    f" For example: {parameter.example}" if parameter.example is not None else ""
                )
                message = f"the parameter `{name}` is not bound"
                wrong.append(Mismatch(code="F042", key="", message=message, hint=hint))
            values[name] = [] if parameter.type in ("list", "files") else None
            continue
        try:
            values[name] = _typed(raw, parameter)
        except ValueError as error:
            message = f"the parameter `{name}` is {error}"
            wrong.append(Mismatch(code="F044", key=name, message=message, hint=parameter.says))
    return values, wrong


_WORDS: Mapping[str, Any] = {"date": date, "duration": model.Duration, "fact": model.Fact}
_TOKEN = re.compile(r"[^\x00-\x1f]*")


def _typed(raw: Any, parameter: model.Parameter) -> Any:
    """The value as its type; `ValueError` says what it is instead."""
    kind = parameter.type
    if kind in ("list", "files"):
        if not isinstance(raw, list | tuple):
            raise ValueError("not a list")
        return [_entry(entry, parameter) for entry in raw]
    if kind == "boolean":
        return _must(raw, isinstance(raw, bool), "not `true` or `false`")
    if kind in ("number", "integer", "probability"):
        good = isinstance(raw, int | float) and not isinstance(raw, bool)
        if kind == "integer":
            good = good and isinstance(raw, int)
        _must(raw, good, "not a whole number" if kind == "integer" else "not a number")
        return _must(raw, kind != "probability" or 0 <= raw <= 1, "not between 0 and 1")
    if isinstance(raw, dict | list | tuple | bool):
        raise ValueError(f"not a {kind}")
    if kind == "choice":
        known = ", ".join(parameter.choices)
        return _must(raw, raw in parameter.choices, f"`{raw}`; choices: {known}")
    if kind in _WORDS:
        if isinstance(raw, _WORDS[kind]):
            return raw
        read, wanted = SCALARS[_WORDS[kind]]
        try:
            return read(str(raw))
        except ValueError:
            raise ValueError(f"`{raw}`; expected {wanted}") from None
    return _must(str(raw), _TOKEN.fullmatch(str(raw)) is not None, "not one line of text")


def _must(value: Any, good: bool, otherwise: str) -> Any:
    if not good:
        raise ValueError(otherwise)
    return value


def _entry(entry: Any, parameter: model.Parameter) -> Any:
    if not parameter.fields:
        return _must(str(entry), not isinstance(entry, dict | list | tuple), "a list of lists")
    if not isinstance(entry, Mapping):
        raise ValueError("a list whose entries have the keys " + ", ".join(parameter.fields))
    lacking = [key for key in parameter.fields if key not in entry]
    extra = [key for key in entry if key not in parameter.fields]
    if lacking or extra:
        raise ValueError(
            "a list with an entry that "
            + (f"lacks `{lacking[0]}`" if lacking else f"has an unknown key `{extra[0]}`")
        )
    return dict(entry)
