"""The parameters of a method in words: what is written for each, and what stands without it."""

from __future__ import annotations

import dataclasses
import inspect
import json
from collections.abc import Mapping
from typing import Any

from safetycase.argument.schema import record_schema

__all__ = ["ParameterLine", "described", "parameter_lines"]

_WORDS = {"string": "text", "integer": "whole number", "boolean": "true or false"}
_LONGEST = 60


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ParameterLine:
    """One parameter: its key, the kind of its value, and `required`, `optional` or its default."""

    key: str
    kind: str
    need: str


def parameter_lines(record: type[Any]) -> tuple[ParameterLine, ...]:
    """Every parameter of a record, in the order of its fields."""
    properties = record_schema(record)["properties"]
    fields = dataclasses.fields(record)
    return tuple(
        ParameterLine(key=key, kind=_kind(schema), need=_need(field))
        for (key, schema), field in zip(properties.items(), fields, strict=True)
    )


def described(record: type[Any]) -> str:
    """What the record says of its parameters: paragraphs of one line; empty if it says nothing."""
    text = inspect.cleandoc(record.__doc__ or "")
    if text.startswith(f"{record.__name__}("):  # what `dataclass` writes where nobody did
        return ""
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n"))


def _kind(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    found = schema.get("type")
    if found == "array":
        return f"list of {_kind(schema['items'])}"
    if found == "object":
        fields = schema.get("properties")
        if fields is None:
            return f"mapping to {_kind(schema['additionalProperties'])}"
        left_out = set(fields) - set(schema["required"])
        return "{" + ", ".join(f"{k} (optional)" if k in left_out else k for k in fields) + "}"
    return _WORDS.get(str(found), str(found or "anything"))


def _need(field: dataclasses.Field[Any]) -> str:
    if field.default_factory is not dataclasses.MISSING:
        value = field.default_factory()
    elif field.default is not dataclasses.MISSING:
        value = field.default
    else:
        return "required"
    if value in (None, "", ()) or not _plain(value):
        return "optional"
    text = json.dumps(value, ensure_ascii=False)
    return f"default {text}" if len(text) <= _LONGEST else "optional"


def _plain(value: Any) -> bool:
    """Whether a default can be written as it stands in a case file."""
    if isinstance(value, tuple):
        return all(map(_plain, value))
    return isinstance(value, bool | int | float | str)
