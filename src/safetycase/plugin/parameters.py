"""The parameters of a leaf, checked against the method's typed record."""

from __future__ import annotations

import dataclasses
import functools
import types
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from safetycase.argument.findings import did_you_mean

__all__ = ["Bound", "Mismatch", "bind", "plain"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """What does not fit, at `path` below the parameters."""

    path: tuple[str, ...]
    message: str
    hint: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """The record, if everything fits, and what does not."""

    value: Any
    mismatches: tuple[Mismatch, ...]


def bind(record: type[Any], values: Mapping[str, Any]) -> Bound:
    """Fill a method's parameter record from JSON values; nothing is converted silently."""
    problems: list[Mismatch] = []
    value = _record(record, values, (), problems)
    return Bound(value=None if problems else value, mismatches=tuple(problems))


def plain(value: Any) -> Any:
    """A parameter value as canonical data: floats become decimal strings."""
    if isinstance(value, bool) or value is None or isinstance(value, str | int):
        return value
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    return [plain(v) for v in value]


def _record(
    record: type[Any], values: Mapping[str, Any], path: tuple[str, ...], problems: list[Mismatch]
) -> Any:
    hints, fields = _shape(record)  # type: ignore[arg-type]
    read: dict[str, Any] = {}
    before = len(problems)
    for key, value in values.items():
        if key not in fields:
            problems.append(
                Mismatch(
                    path=(*path, key),
                    message=f"there is no parameter `{key}`",
                    hint=did_you_mean(key, fields),
                )
            )
        else:
            read[key] = _value(hints[key], value, (*path, key), problems)
    for name, field in fields.items():
        required = (
            field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        )
        if required and name not in values:
            problems.append(
                Mismatch(
                    path=path,
                    message=f"the parameter `{name}` is missing",
                    hint=f"it is {_words(hints[name])}",
                )
            )
    if len(problems) > before:
        return None
    try:
        return record(**read)
    except (ValueError, TypeError) as error:
        problems.append(Mismatch(path=path, message=str(error)))
        return None


@functools.lru_cache(maxsize=256)
def _shape(record: type[Any]) -> tuple[Mapping[str, Any], Mapping[str, dataclasses.Field[Any]]]:
    """The hints and fields of a record; resolving its hints costs more than reading values."""
    return get_type_hints(record), {f.name: f for f in dataclasses.fields(record)}


def _value(hint: Any, value: Any, path: tuple[str, ...], problems: list[Mismatch]) -> Any:
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return _union(args, value, path, problems)
    if hint is Any:
        return value
    if origin is Literal and value in args:
        return value
    if origin is tuple and isinstance(value, list | tuple):
        return tuple(_value(args[0], v, (*path, str(i)), problems) for i, v in enumerate(value))
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        if isinstance(value, Mapping):
            return {k: _value(args[1], v, (*path, k), problems) for k, v in value.items()}
    elif dataclasses.is_dataclass(hint) and isinstance(value, Mapping):
        return _record(hint, value, path, problems)  # type: ignore[arg-type]
    elif hint is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    elif (hint is int and isinstance(value, int) and not isinstance(value, bool)) or (
        hint in (str, bool) and isinstance(value, hint)
    ):
        return value
    problems.append(
        Mismatch(
            path=path, message=f"{_named(path)} is {_shown(value)}", hint=f"expected {_words(hint)}"
        )
    )
    return None


def _union(
    args: tuple[Any, ...], value: Any, path: tuple[str, ...], problems: list[Mismatch]
) -> Any:
    options = [arg for arg in args if arg is not type(None)]
    attempts: list[list[Mismatch]] = []
    for option in options:
        tried: list[Mismatch] = []
        read = _value(option, value, path, tried)
        if not tried:
            return read
        attempts.append(tried)
    problems.append(
        attempts[0][0]
        if len(attempts) == 1
        else Mismatch(
            path=path,
            message=f"{_named(path)} is {_shown(value)}",
            hint="expected " + " or ".join(_words(option) for option in options),
        )
    )
    return None


def _named(path: tuple[str, ...]) -> str:
    """What a value is called: its key, or its place in a list, counted from 1."""
    if len(path) > 1 and path[-1].isdecimal():
        return f"item {int(path[-1]) + 1} of {_named(path[:-1])}"
    return f"`{path[-1]}`"


def _shown(value: Any) -> str:
    text = repr(value)
    return f"`{text[:60]}`" if len(text) <= 60 else f"`{text[:57]}...`"


def _words(hint: Any) -> str:
    origin, args = get_origin(hint), get_args(hint)
    if origin is Literal:
        return "one of " + ", ".join(f"`{a}`" for a in args)
    if origin is tuple:
        return f"a list of {_words(args[0])}"
    if origin in (Union, types.UnionType):
        return " or ".join(_words(a) for a in args if a is not type(None))
    names = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}
    return names.get(hint, "a mapping")
