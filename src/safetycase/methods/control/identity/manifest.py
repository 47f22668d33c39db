"""A manifest of the controls of a deployment: strict JSON, and the fields in it by their path.

    collected  the day on which it was read off the machines, "YYYY-MM-DD"
    source     text: what or who read it off
    controls   an object, in which objects may lie in objects

Below `controls` every text, number, true or false and list of texts is a field, named by the keys
on the way joined with dots: `monitor.prompt_sha256`. What nobody knows is `null`.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetycase.methods.control.auditors.rows import keyed, named
from safetycase.methods.imported.strict import mapping, parse, read
from safetycase.plugin.contract import MethodError

__all__ = ["Field", "Manifest", "read_manifest", "unknown"]

Field = str | int | float | bool | tuple[str, ...] | None

_DIGEST = re.compile(r"[0-9a-f]{64}")
_BLANK = frozenset({"", "-", "?", "n/a", "null", "tba", "tbd", "todo", "unknown"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One manifest; `data` are its bytes."""

    name: str
    collected: datetime.date
    source: str
    fields: Mapping[str, Field]
    data: bytes


def unknown(value: Field) -> bool:
    """Whether a field says nothing: null, blank, or a word that stands for not known."""
    return value is None or (isinstance(value, str) and value.strip().lower() in _BLANK)


def read_manifest(path: Path) -> Manifest:
    """The manifest at `path`; `MethodError` names file and field of what cannot stand."""
    place, data = f"`{path.name}`", read(path)
    row = keyed(parse(data, place), place, ("collected", "source", "controls"))
    day = named(row, "collected", place)
    try:
        collected = datetime.date.fromisoformat(day)
    except ValueError:
        raise MethodError(f"{place}: `collected` is {day[:40]!r}; write YYYY-MM-DD") from None
    controls = mapping(row["controls"], place, "`controls`")
    fields: dict[str, Field] = {}
    for name, value in _fields(controls, "", place):
        if name in fields:  # {"a.b": 1, "a": {"b": 2}}
            raise MethodError(f"{place}: there are two fields `{name}`; which one is meant is open")
        fields[name] = value
    if not fields:
        raise MethodError(f"{place}: `controls` has no field; name what is deployed")
    return Manifest(
        name=path.name,
        collected=collected,
        source=named(row, "source", place),
        fields=fields,
        data=data,
    )


def _fields(value: Mapping[str, Any], before: str, place: str) -> Iterator[tuple[str, Field]]:
    for key, inner in value.items():
        if not key.strip():
            raise MethodError(f"{place}: a field below `{before or 'controls'}` has no name")
        name = f"{before}.{key}" if before else key
        if isinstance(inner, dict):
            if not inner:
                raise MethodError(f"{place}: `{name}` is empty; leave it out, or say what it holds")
            yield from _fields(inner, name, place)
        else:
            yield name, _field(inner, name, place)


def _field(value: Any, name: str, place: str) -> Field:
    if isinstance(value, list):
        if not all(isinstance(each, str) and each.strip() for each in value):
            raise MethodError(f"{place}: `{name}` is a list, and lists hold texts alone")
        if len(set(value)) != len(value):
            raise MethodError(f"{place}: `{name}` names something twice")
        return tuple(value)
    digest = isinstance(value, str) and _DIGEST.fullmatch(value)
    if name.endswith("sha256") and not unknown(value) and not digest:
        raise MethodError(
            f"{place}: `{name}` is {value!r:.70}; a digest is 64 small hexadecimal digits, or null "
            "where nobody knows it"
        )
    found: Field = value
    return found
