"""JSON as strangers send it: decoded within bounds, and never taken for more than it says.

Python's scanner keeps the last of two equal keys and reads `NaN`; here an object with a key twice
is none that anything can be read from, and `NaN` is a number that no field accepts.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["MAX_VALUES", "NotJson", "Unusable", "decode", "lines"]

MAX_VALUES: Final = 1_000_000
"""Values of one text; each takes up to some hundred bytes, however short its text is."""

_BOM: Final = b"\xef\xbb\xbf"
_WHOLE_DIGITS: Final = 25


class NotJson(ValueError):
    """The text is not JSON, or too much of it. The message repeats nothing of it.

    `kind` is the message without its place.
    """

    def __init__(self, kind: str, place: str = "") -> None:
        super().__init__(f"{kind} {place}" if place else kind)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Unusable:
    """Stands where an object was that says two things at once."""

    reason: str


_TWICE: Final = Unusable("it has a key twice")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any] | Unusable:
    made = dict(pairs)
    return made if len(made) == len(pairs) else _TWICE


def _whole(text: str) -> int | float:
    # Python refuses to read very long numbers, and with them all that stands around.
    return int(text) if len(text) <= _WHOLE_DIGITS else float(text)


_decoder: Final = json.JSONDecoder(object_pairs_hook=_object, parse_int=_whole)


def decode(data: bytes) -> Any:
    """The value of a JSON text in UTF-8. Raises `NotJson`."""
    if data.count(b",") + data.count(b"{") + data.count(b"[") > MAX_VALUES:
        raise NotJson(f"it has more than {MAX_VALUES} values")
    try:
        return _decoder.decode(data.removeprefix(_BOM).decode())
    except UnicodeDecodeError:
        raise NotJson("it is not UTF-8") from None
    except json.JSONDecodeError as error:
        place = f"(line {error.lineno}, column {error.colno})"
        raise NotJson("it is not JSON", place) from None
    except RecursionError:
        raise NotJson("it is nested too deeply") from None


def lines(data: bytes) -> Iterator[Any]:
    """The values of JSON Lines; `Unusable` for a line that is not JSON. Blank lines are none."""
    for line in data.removeprefix(_BOM).split(b"\n"):
        if line and not line.isspace():
            try:
                yield decode(line)
            except NotJson:
                yield _NO_LINE


_NO_LINE: Final = Unusable("it is not JSON")
