"""Files from elsewhere, read as JSON with one meaning and within stated bounds.

Nothing here is ever unpickled, evaluated or followed: a file is bytes, bytes are UTF-8 JSON, and
what two readers could read differently (a key given twice, `NaN`, a number no double holds) is
refused with its place.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from safetycase.plugin.contract import Context, MethodError

__all__ = [
    "input_file",
    "lines_of",
    "listed",
    "mapping",
    "number",
    "parse",
    "read",
    "text",
    "whole",
]

MAX_BYTES = 64 * 1024**2
MAX_DEPTH = 100
LARGEST = 2**63 - 1
_MARKS = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[\]{}]', re.S)
_SURROGATE = re.compile("[\ud800-\udfff]")


def input_file(context: Context, name: str) -> Path:
    """The path of a declared input; `MethodError` if it is no plain file of the case folder."""
    base = context.case_folder.resolve()
    try:
        path = (base / name).resolve()
        inside = path.is_relative_to(base) and path.is_file()
    except (OSError, RuntimeError, ValueError) as error:
        raise MethodError(f"the input `{name}` leads nowhere: {error}") from error
    if not inside:
        raise MethodError(f"the input `{name}` is no file of the case folder; copy it there")
    return path


def read(path: Path, limit: int = MAX_BYTES) -> bytes:
    """The bytes of a file; `MethodError` if there are more than `limit`, or it cannot be read."""
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise MethodError(f"`{path.name}` cannot be read: {error.strerror}") from error
    if len(data) > limit:
        raise MethodError(f"`{path.name}` is larger than {limit} bytes; split it")
    return data


def parse(data: bytes, place: str) -> Any:
    """The value of one JSON text; `MethodError` with `place` for anything ambiguous."""
    _shallow(data, place)
    try:
        return json.loads(
            data.decode(),
            object_pairs_hook=_object,
            parse_float=_float,
            parse_int=_int,
            parse_constant=_constant,
        )
    except _Refused as refused:
        raise MethodError(f"{place}: {refused}") from None
    except UnicodeDecodeError as error:
        raise MethodError(f"{place}: byte {error.start} is not UTF-8") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise MethodError(f"{place}: not JSON, {where}: {error.msg}") from error
    except (ValueError, RecursionError) as error:
        raise MethodError(f"{place}: not JSON: {error}") from error


def lines_of(path: Path) -> Iterator[tuple[str, Any]]:
    """(place, value) of every line of a JSON Lines file that is not blank."""
    for count, line in enumerate(read(path, 4 * MAX_BYTES).split(b"\n"), start=1):
        if line.strip():
            place = f"`{path.name}` line {count}"
            yield place, parse(line, place)


def mapping(value: Any, place: str, what: str) -> dict[str, Any]:
    """`value` as an object; `MethodError` otherwise."""
    if not isinstance(value, dict):
        _wrong(value, place, what, "an object")
    return value


def listed(value: Any, place: str, what: str) -> list[Any]:
    """`value` as a list; `MethodError` otherwise."""
    if not isinstance(value, list):
        _wrong(value, place, what, "a list")
    return value


def text(value: Any, place: str, what: str) -> str:
    """`value` as a text; `MethodError` otherwise."""
    if not isinstance(value, str):
        _wrong(value, place, what, "a text")
    return value


def whole(value: Any, place: str, what: str) -> int:
    """`value` as a whole number from 0 on; `MethodError` otherwise."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        _wrong(value, place, what, "a whole number from 0 on")
    return value


def number(value: Any, place: str, what: str) -> float:
    """`value` as a finite number (true is 1); `MethodError` otherwise."""
    if not isinstance(value, int | float):
        _wrong(value, place, what, "a number")
    return float(value)


def _wrong(value: Any, place: str, what: str, expected: str) -> NoReturn:
    shown = repr(value)
    shown = shown if len(shown) <= 60 else shown[:57] + "..."
    raise MethodError(f"{place}: {what} is {shown}, where {expected} is expected")


class _Refused(ValueError):
    """Carries the reason out of the scanner."""


def _shallow(data: bytes, place: str) -> None:
    depth = 0
    for match in _MARKS.finditer(data):
        mark = match[0]
        if mark in b"[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise MethodError(f"{place}: nested deeper than {MAX_DEPTH}; flatten it")
        elif mark in b"]}":
            depth -= 1


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _Refused(f"the key {key[:60]!r} is given twice; which one is meant is open")
            seen.add(key)
    for key, value in pairs:
        if _SURROGATE.search(key) or (isinstance(value, str) and _SURROGATE.search(value)):
            raise _Refused(f"{key[:60]!r} holds half of a surrogate pair")
    return found


def _float(word: str) -> float:
    value = float(word)
    if not math.isfinite(value):
        raise _Refused(f"the number {word[:60]} is out of range")
    return value


def _int(word: str) -> int:
    if len(word) > 20 or not -LARGEST <= int(word) <= LARGEST:
        raise _Refused(f"the number {word[:60]} has more than 64 bits")
    return int(word)


def _constant(word: str) -> NoReturn:
    raise _Refused(f"`{word}` is no number of JSON; leave the value out")
