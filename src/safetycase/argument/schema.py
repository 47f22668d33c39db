"""The JSON Schema of a case file, printed from the records' type hints.

An editor completes and checks with it while typing; `check` says the same and more.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from safetycase.argument import model, ref_to
from safetycase.argument.decode import ID, KINDS, file_name, hints_of, required
from safetycase.argument.expression import Expression, Formula
from safetycase.argument.load import LISTS, ModuleHead

__all__ = ["case_schema", "module_schema", "record_schema"]

_SCALARS: Mapping[Any, Mapping[str, Any]] = {
    str: {"type": "string", "minLength": 1},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    date: {"type": "string", "format": "date"},
    model.Duration: {
        "type": "string",
        "pattern": "^[1-9][0-9]* (second|minute|hour|day|week|month|year)s?$",
    },
    model.Fact: {"type": "string", "description": "NUMBER NOUN [per PERIOD]"},
    Expression: {"type": "string", "description": "a criterion such as `pass_rate <= 0.20`"},
    Formula: {"type": "string", "description": "a formula such as `rate * samples`"},
}


def case_schema() -> dict[str, Any]:
    """The schema (draft 2020-12) of `case.yaml`."""
    return _file_schema("case", model.Header, ["root"])


def module_schema() -> dict[str, Any]:
    """The schema (draft 2020-12) of a module file."""
    return _file_schema("module", ModuleHead, [])


def _file_schema(what: str, head: type[Any], more: list[str]) -> dict[str, Any]:
    properties: dict[str, Any] = {name: _schema(hint) for name, hint in hints_of(head).items()}
    properties["root"] = _schema(ref_to.ClaimRef)
    for name, kind in LISTS.items():
        items: dict[str, Any] = {"$ref": f"#/$defs/{kind}"}
        if kind == "claim":
            items = {"anyOf": [items, {"$ref": "#/$defs/use"}]}
        properties[name] = {"type": "array", "items": items}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"safetycase {what} file",
        "type": "object",
        "properties": properties,
        "required": [*sorted(required(head)), *more],
        "additionalProperties": False,
        "$defs": {
            **{kind: _element(kind, record) for kind, record in KINDS.items()},
            "use": _use(),
        },
    }


def _use() -> dict[str, Any]:
    """An instance of a template, where a claim may stand."""
    return {
        "type": "object",
        "description": "An instance of a template: `use` pins it, `as` names it.",
        "properties": {
            "use": {"type": "string", "pattern": "^[a-z][a-z0-9-]*@[1-9][0-9]*$"},
            "as": {"type": "string", "pattern": f"^{ID.pattern}$"},
            "with": {"type": "object"},
            "develops": {"type": "object"},
        },
        "required": ["use", "as"],
        "additionalProperties": False,
    }


def record_schema(record: type[Any], *, kind: str | None = None) -> dict[str, Any]:
    """The schema of one record; with `kind`, of an element whose id stands under that key."""
    properties: dict[str, Any] = {}
    required: list[str] = []
    for field in dataclasses.fields(record):
        key = kind if kind and field.name == "id" else file_name(field.name)
        assert key is not None
        properties[key] = _schema(hints_of(record)[field.name])
        if field.name == "id":
            properties[key] = {"type": "string", "pattern": f"^{ID.pattern}$"}
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            required.append(key)
    return {
        "type": "object",
        "description": (record.__doc__ or "").strip().splitlines()[0],
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _element(kind: str, record: type[Any]) -> dict[str, Any]:
    return record_schema(record, kind=kind)


def _schema(hint: Any) -> dict[str, Any]:
    origin = get_origin(hint)
    if origin is Annotated:
        return _reference(get_args(hint)[1])
    if origin in (Union, types.UnionType):
        return _schema(next(arg for arg in get_args(hint) if arg is not type(None)))
    if origin is Literal:
        return {"enum": list(get_args(hint))}
    if origin is tuple:
        return {"type": "array", "items": _schema(get_args(hint)[0])}
    if hint is Any:
        return {}
    if origin is not None and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": _schema(get_args(hint)[1])}
    if hint in _SCALARS:
        return dict(_SCALARS[hint])
    return record_schema(hint)


def _reference(ref: ref_to.RefTo) -> dict[str, Any]:
    name = {"type": "string", "description": "the id of " + " or ".join(ref.kinds)}
    if not ref.in_place:
        return name
    kinds = [*ref.kinds, *(["use"] if "claim" in ref.kinds else [])]
    return {"anyOf": [name, *({"$ref": f"#/$defs/{kind}"} for kind in kinds)]}
