"""Canonical JSON: one value, one sequence of bytes, so that a digest names exactly one value.

Sorted keys, no spaces, UTF-8. Only strings, integers, booleans, null, lists and mappings with
string keys exist here: a number with a fraction is a decimal string, because two programs
seldom print a float alike. For these values the bytes are those of RFC 8785 (JCS), up to the
order of keys outside the Basic Multilingual Plane; integers may use 64 bits.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, NoReturn

__all__ = ["DEEPEST", "CanonicalError", "digest", "dumps", "loads", "loads_exact", "spell"]

DEEPEST = 64
"""The deepest nesting of lists and mappings that is read or written."""

_SMALLEST, _LARGEST = -(2**63), 2**64 - 1


class CanonicalError(ValueError):
    """A value has no canonical form; `path` says where, as in `$.predicate.body.level`."""

    def __init__(self, why: str, path: str = "$") -> None:
        self.why = why
        self.path = path
        super().__init__(f"{path}: {why}")


def dumps(value: Any) -> bytes:
    """The canonical bytes of `value`. Raises `CanonicalError` naming the offending place."""
    _check(value)
    return spell(value)


def spell(value: Any) -> bytes:
    """The canonical bytes of a value that `loads` gave, or of one that is made of such values."""
    return _ENCODER.encode(value).encode()


def loads(data: bytes) -> Any:
    """The value written in `data`, which may be spaced and ordered freely.

    Raises `CanonicalError` for anything two readers could read differently: duplicate keys,
    numbers with a fraction, NaN, half a surrogate pair, nesting deeper than `DEEPEST`.
    """
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise CanonicalError(f"byte {error.start} is not UTF-8") from error
    try:
        return _plain(text, _UNIQUE)
    except _NotPlainError:
        return _with_care(text)


def loads_exact(data: bytes) -> Any | None:
    """The value of which `data` are the canonical bytes; None if they are not that of any value.

    Raises `CanonicalError` as `loads` does. A key that stands twice is lost in reading, so that
    the bytes differ; nobody has to look for it.
    """
    try:
        value = _plain(data.decode(), _EXACT)
    except (_NotPlainError, UnicodeDecodeError):
        value = loads(data)
    return value if spell(value) == data else None


def _plain(text: str, decoder: json.JSONDecoder) -> Any:
    """The value, if nothing in the text asks for a closer look; otherwise `_NotPlainError`."""
    if "\\ud" in text or "\\uD" in text:  # half of a surrogate pair, perhaps
        raise _NotPlainError
    try:
        value = decoder.decode(text)
    except (ValueError, RecursionError):
        raise _NotPlainError from None
    if text.count("[") + text.count("{") > DEEPEST:
        _check(value)
    return value


def _with_care(text: str) -> Any:
    """The value, with what is wrong and where."""
    try:
        value = json.loads(
            text, object_pairs_hook=_mapping, parse_float=_float, parse_constant=_float
        )
    except RecursionError as error:
        raise CanonicalError(f"nested deeper than {DEEPEST}") from error
    except ValueError as error:  # also an integer of thousands of digits
        raise CanonicalError(f"not JSON: {error}") from error
    _check(value)
    return value


def digest(value: Any, *, domain: str) -> str:
    """SHA-256 (hex) of the canonical bytes of `value`, under a prefix that names its purpose.

    Equal values under different domains have different digests, so that a digest taken for one
    purpose is never mistaken for another.
    """
    if not domain or not domain.isascii() or not domain.isprintable():
        raise ValueError(f"a domain is a short printable ASCII name, not {domain!r}")
    prefix = b"safetycase:" + domain.encode() + b"\0"
    return hashlib.sha256(prefix + dumps(value)).hexdigest()


class _NotPlainError(Exception):
    """A text holds what may be refused: it is read again, with care."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        raise _NotPlainError
    return mapping


def _short(text: str) -> int:
    if len(text) > 18:  # of more than 64 bits, perhaps
        raise _NotPlainError
    return int(text)


def _not_plain(_text: str) -> NoReturn:
    raise _NotPlainError


_EXACT = json.JSONDecoder(parse_int=_short, parse_float=_not_plain, parse_constant=_not_plain)
_UNIQUE = json.JSONDecoder(
    object_pairs_hook=_unique,
    parse_int=_short,
    parse_float=_not_plain,
    parse_constant=_not_plain,
)
_ENCODER = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
)


class _Refused:
    """Stands in a parsed value for what may not be there, until `_check` knows its path."""

    def __init__(self, why: str) -> None:
        self.why = why


def _mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any] | _Refused:
    mapping = dict(pairs)
    if len(mapping) == len(pairs):
        return mapping
    seen: set[str] = set()
    twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
    return _Refused(f"the key {twice!r} stands twice")


def _float(text: str) -> _Refused:
    return _Refused(f"{text} is not an integer: write it as a decimal string")


class _MisfitError(Exception):
    """Carries the path of a refused value outwards, innermost step first."""

    def __init__(self, why: str) -> None:
        self.why = why
        self.steps: list[str] = []


def _check(value: Any) -> None:
    try:
        _walk(value, 0)
    except _MisfitError as misfit:
        path = "$" + "".join(reversed(misfit.steps))
        raise CanonicalError(misfit.why, path) from None


def _walk(value: Any, depth: int) -> None:
    kind = type(value)
    if kind is str:
        _text(value)
    elif kind is int:
        if not _SMALLEST <= value <= _LARGEST:
            raise _MisfitError("an integer of more than 64 bits: write it as a decimal string")
    elif kind is dict or kind is list:
        if depth == DEEPEST:
            raise _MisfitError(f"nested deeper than {DEEPEST}")
        _members(value, depth + 1)
    elif value is not None and kind is not bool:
        _refuse(value)


def _members(value: dict[Any, Any] | list[Any], depth: int) -> None:
    step: Any = None
    try:
        if isinstance(value, dict):
            for step, member in value.items():
                if type(step) is not str:
                    raise _MisfitError("a key that is not a string")
                _text(step)
                _walk(member, depth)
        else:
            for step, member in enumerate(value):  # noqa: B007 - the step names the path
                _walk(member, depth)
    except _MisfitError as misfit:
        plain = type(step) is str and step and step.isprintable()
        misfit.steps.append(f".{step}" if plain else f"[{step!r}]")
        raise


def _text(text: str) -> None:
    if text.isascii():
        return
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _MisfitError("half of a surrogate pair, which no UTF-8 file can hold") from None


def _refuse(value: Any) -> NoReturn:
    if isinstance(value, _Refused):
        raise _MisfitError(value.why)
    if isinstance(value, float):
        raise _MisfitError(f"{value!r} is not an integer: write it as a decimal string")
    raise _MisfitError(
        f"a {type(value).__name__} is none of str, int, bool, None, list and dict: convert it"
    )
