"""A JSON object becomes an `Event`, or is refused for a reason in words.

Strict about what a rate would silently be wrong with (types, numbers that are none, keys nobody
knows), generous about how a time is written. A reason is one of a small closed set and never holds
what was sent, so that refusals can be counted and shown. The contents of prompts and replies are
dropped on the way in; an operator may ask for salted digests of them, or for the texts.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from safetycase.monitor.jsontext import Unusable
from safetycase.monitor.records import Event
from safetycase.monitor.times import time_of

__all__ = [
    "AHEAD_SECONDS",
    "CONTENT_KEYS",
    "MAX_DETAILS",
    "MAX_DETAIL_CHARS",
    "MAX_FEATURES",
    "MAX_NAME_CHARS",
    "Contents",
    "Reading",
    "Refusal",
    "event_of",
]

MAX_NAME_CHARS: Final = 200
"""Characters of a source, an id and the name of a metric."""

MAX_FEATURES: Final = 4096
MAX_DETAILS: Final = 32
MAX_DETAIL_CHARS: Final = 500
"""A longer text of `details` is cut there and ends in an ellipsis."""

AHEAD_SECONDS: Final = 300.0
"""How far the clock of a source may be ahead of ours."""

_MOST_NUMBER: Final = 10**12
_MOST_WEIGHT: Final = 1e9

CONTENT_KEYS: Final = frozenset(
    {
        "answer",
        "body",
        "comment",
        "completion",
        "content",
        "contents",
        "explanation",
        "input",
        "instructions",
        "message",
        "messages",
        "output",
        "prompt",
        "question",
        "reasoning",
        "reply",
        "request",
        "response",
        "text",
        "transcript",
    }
)
"""Keys, and last words of dotted or underscored ones, whose texts are contents."""

_KEYS: Final = frozenset(Event.__slots__)

_MEASURED: Final = ("value", "features", "other", "canary")
"""What a heartbeat has not: nothing would measure it, and nothing would count it as lost."""

Contents = Literal["drop", "digest", "keep"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How events are read.

    `contents` says what becomes of the contents of prompts and replies: dropped, replaced by a
    SHA-256 keyed with `salt` (which the operator keeps; without it short texts could be guessed
    from their digests), or kept. `ahead` is how many seconds an event may lie in the future.
    """

    contents: Contents = "drop"
    salt: bytes = b""
    ahead: float = AHEAD_SECONDS

    def __post_init__(self) -> None:
        if self.contents == "digest" and len(self.salt) < 16:
            raise ValueError("digests of contents need a salt of at least 16 bytes")

    def content(self, text: str) -> str | None:
        """What is stored of the text of a prompt or reply; None for nothing."""
        if self.contents == "drop":
            return None
        if self.contents == "keep":
            return text
        given = text.encode("utf-8", "surrogatepass")
        return "hmac-sha256:" + hmac.new(self.salt, given, hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why something is no event. `source` is as sent if it is a usable name, else empty."""

    reason: str
    source: str = ""


class _Refused(Exception):
    """Ends the reading of one object; the message is the reason."""


_DEFAULT: Final = Reading()


def event_of(value: object, *, now: float, reading: Reading = _DEFAULT) -> Event | Refusal:
    """The event that a decoded JSON value is; `now` in seconds since 1970 in UTC.

    The keys are the fields of `Event`; `source`, `id`, `metric` and `at` are required (a heartbeat
    needs no `metric`). A key that names contents (`prompt`, `response`, ...) may stand beside them
    and is treated as `reading` says; any other key is refused, since a misspelt `weight` would
    change a rate unseen.
    """
    if not isinstance(value, dict):
        if isinstance(value, Unusable):
            return Refusal(reason=value.reason)
        return Refusal(reason="it is not an object")
    source = value.get("source")
    known = source if isinstance(source, str) and _is_name(source) else ""
    try:
        return _event(value, now, reading)
    except _Refused as refused:
        return Refusal(reason=str(refused), source=known)


def _event(value: dict[str, Any], now: float, reading: Reading) -> Event:
    extra = () if _KEYS.issuperset(value) else sorted(value.keys() - _KEYS)
    if not all(map(_is_content, extra)):
        raise _Refused("it has a key that no event has; further texts go under `details`")
    heartbeat = _flag(value, "heartbeat")
    if heartbeat and any(_given(value.get(key)) for key in _MEASURED):
        raise _Refused("it is a heartbeat and has something measured too; send two events")
    at = time_of(value.get("at"))
    if isinstance(at, str):
        raise _Refused(f"`at` {at}")
    if at > now + reading.ahead:
        raise _Refused("`at` lies in the future")
    weight = _number(value, "weight")
    if weight is None:
        weight = 1.0
    elif not 1.0 <= weight <= _MOST_WEIGHT:
        raise _Refused("`weight` is not between 1 and 1e9")
    return Event(
        source=_name(value, "source"),
        id=_name(value, "id"),
        metric="heartbeat" if heartbeat and "metric" not in value else _name(value, "metric"),
        at=at,
        value=_number(value, "value"),
        number=_count(value),
        weight=weight,
        canary=_flag(value, "canary"),
        heartbeat=heartbeat,
        features=_numbers(value, "features"),
        other=_numbers(value, "other"),
        details=_details(value, extra, reading),
    )


def _given(value: object) -> bool:
    return value is not None and value is not False and value != []


def _is_name(text: str) -> bool:
    return 0 < len(text) <= MAX_NAME_CHARS and text.isprintable() and not text.isspace()


def _name(value: Mapping[str, Any], key: str) -> str:
    text = value.get(key)
    if type(text) is str and _is_name(text):
        return text
    if text is None:
        raise _Refused(f"`{key}` is missing")
    if not isinstance(text, str):
        raise _Refused(f"`{key}` is not a text")
    if len(text) > MAX_NAME_CHARS:
        raise _Refused(f"`{key}` is longer than {MAX_NAME_CHARS} characters")
    raise _Refused(f"`{key}` is empty or has characters that cannot be printed")


def _flag(value: Mapping[str, Any], key: str) -> bool:
    flag = value.get(key, False)
    if flag is not True and flag is not False:
        raise _Refused(f"`{key}` is neither true nor false")
    return flag


def _number(value: Mapping[str, Any], key: str) -> float | None:
    number = value.get(key)
    if number is None:
        return None
    return _finite(number, key)


def _finite(number: object, key: str) -> float:
    if type(number) is float:
        if math.isfinite(number):
            return number
    elif type(number) is int:
        try:
            return float(number)
        except OverflowError:
            pass
    else:
        raise _Refused(f"`{key}` is not a number")
    raise _Refused(f"`{key}` is not a finite number")


def _numbers(value: Mapping[str, Any], key: str) -> tuple[float, ...]:
    numbers = value.get(key)
    if numbers is None:
        return ()
    if not isinstance(numbers, list):
        raise _Refused(f"`{key}` is not a list")
    if len(numbers) > MAX_FEATURES:
        raise _Refused(f"`{key}` has more than {MAX_FEATURES} entries")
    return tuple([_finite(number, key) for number in numbers])


def _count(value: Mapping[str, Any]) -> int | None:
    number = value.get("number")
    if number is None:
        return None
    if type(number) is not int or not 1 <= number <= _MOST_NUMBER:
        raise _Refused("`number` is not a whole number from 1 to 10^12")
    return number


def _details(value: Mapping[str, Any], extra: Sequence[str], reading: Reading) -> Mapping[str, str]:
    given = value.get("details")
    if given is None and not extra:
        return {}
    given = {} if given is None else given
    if not isinstance(given, dict):
        raise _Refused("`details` is not an object")
    if len(given) > MAX_DETAILS:
        raise _Refused(f"`details` has more than {MAX_DETAILS} entries")
    kept: dict[str, str] = {}
    for key, text in (*given.items(), *((key, value[key]) for key in extra)):
        if not _is_name(key):
            raise _Refused("`details` has a key that is no name")
        shown = _detail(key, text, reading)
        if shown is not None:
            kept[key] = shown
    return kept


def _detail(key: str, text: object, reading: Reading) -> str | None:
    if not isinstance(text, str):
        if _is_content(key):
            return reading.content(_canonical(text)) if reading.contents != "drop" else None
        if not isinstance(text, int | float):
            raise _Refused("`details` has a value that is neither a text nor a number")
        text = _canonical(text)
    elif _is_content(key):
        stored = reading.content(text)
        if stored is None:
            return None
        text = stored
    return clean(text)


def clean(text: str) -> str:
    """A text that can be stored and shown: cut, and without characters that cannot be printed."""
    if len(text) > MAX_DETAIL_CHARS:
        text = text[: MAX_DETAIL_CHARS - 1] + "…"
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)


@functools.lru_cache(maxsize=1024)
def _is_content(key: str) -> bool:
    if key in _KEYS:
        return False
    last = key.replace("_", ".").rsplit(".", 1)[-1]
    return last.casefold() in CONTENT_KEYS


def _canonical(value: object) -> str:
    import json

    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        raise _Refused("`details` has a value that is no JSON") from None
