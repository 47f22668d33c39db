"""The times that sources write: RFC 3339 with an offset, or seconds to nanoseconds since 1970."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from safetycase.ledger.record import stamp

__all__ = ["instant", "length", "time_of"]

_RFC3339: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,12}))?"
    r"(?:([Zz])|([+-])(\d\d):?(\d\d))",
    re.ASCII,
)
_DIGITS: Final = re.compile(r"\d{1,20}(?:\.\d{1,12})?", re.ASCII)

_UNITS: Final = ((1e11, 1), (1e14, 10**3), (1e17, 10**6), (math.inf, 10**9))
"""Up to which size a number counts seconds, milli-, micro- and nanoseconds. A second is read as
such up to the year 5138, a millisecond from March 1973 on."""


def time_of(value: object) -> float | str:
    """Seconds since 1970 in UTC, or in words what is wrong, to follow the name of the field.

    A whole number of nanoseconds keeps what a double can hold, about a quarter of a microsecond.
    """
    if type(value) is int or type(value) is float:
        return _epoch(value)
    if value is None:
        return "is missing"
    if not isinstance(value, str):
        return "is neither a text nor a number"
    if len(value) > 40:
        return "is not a time"
    if _DIGITS.fullmatch(value):
        return _epoch(float(value) if "." in value else int(value))
    match = _RFC3339.fullmatch(value)
    return "is not a time with an offset (RFC 3339)" if match is None else _calendar(match)


def instant(seconds: float) -> str:
    """A time as the record writes it: UTC in whole seconds, rounded down."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=math.floor(seconds))
    return stamp(moment)


def length(seconds: float) -> str:
    """A length of time in the largest unit that fits: `3 days`, `90 minutes`, `1.5 s`."""
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if size <= seconds < math.inf and seconds % size == 0:
            count = int(seconds // size)
            return f"{count} {unit}" + ("s" if count > 1 else "")
    return f"{seconds:g} s"


def _epoch(number: float) -> float | str:
    if number > 2**63:  # before anything that makes a double of it
        return "is not a time"
    if not math.isfinite(number):
        return "is not a finite number"
    if number < 0:
        return "is before 1970"
    return number / next(unit for most, unit in _UNITS if number < most)


def _calendar(match: re.Match[str]) -> float | str:
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    fraction, zulu, sign, hours, minutes = match.groups()[6:]
    away = timedelta(0)
    if not zulu:
        if int(hours) > 23 or int(minutes) > 59:
            return "has an offset that is none"
        away = timedelta(hours=int(hours), minutes=int(minutes)) * (-1 if sign == "-" else 1)
    leap = second == 60
    try:
        moment = datetime(year, month, day, hour, minute, 59 if leap else second)
        seconds = (moment.replace(tzinfo=timezone(away)) - _START).total_seconds()
    except (ValueError, OverflowError):
        return "is not a date of the calendar"
    if seconds < 0:
        return "is before 1970"
    return seconds + leap + (float(f"0.{fraction}") if fraction else 0.0)


_START: Final = datetime(1970, 1, 1, tzinfo=UTC)
