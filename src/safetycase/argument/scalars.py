"""How the words of a case file become values: numbers, dates, durations, facts, expressions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from safetycase.argument import model
from safetycase.argument.expression import Expression, Formula, parse, parse_formula

__all__ = ["NUMBER", "SCALARS", "SECONDS", "number", "show"]

NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?")
SECONDS = {
    "second": 1,
    "minute": 60,
    "hour": 3600,
    "day": 86400,
    "week": 604800,
    "month": 2629746,
    "year": 31556952,
}
_DURATION = re.compile(r"([1-9][0-9]{0,8}) (second|minute|hour|day|week|month|year)s?")
_FACT = re.compile(r"([0-9][0-9]*(?:\.[0-9]+)?) ([^\s].*?)(?: per ([a-z]+))?")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def number(word: str) -> int | float:
    """A plain decimal number (`ValueError` otherwise)."""
    if not NUMBER.fullmatch(word) or len(word) > 400:
        raise ValueError(word)
    if not any(c in word for c in ".e"):
        return int(word)
    value = float(word)
    if value in (float("inf"), float("-inf")):
        raise ValueError(word)
    return value


def show(value: Any) -> str:
    """A value as the words that would be read as it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, model.Fact | model.Duration | Expression | Formula):
        return value.text
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return ", ".join(show(entry) for entry in value)
    return str(value)


def _int(word: str) -> int:
    found = number(word)
    if not isinstance(found, int):
        raise ValueError(word)
    return found


def _bool(word: str) -> bool:
    if word not in ("true", "false"):
        raise ValueError(word)
    return word == "true"


def _date(word: str) -> date:
    if not _DATE.fullmatch(word):
        raise ValueError(word)
    return date.fromisoformat(word)


def _duration(word: str) -> model.Duration:
    match = _DURATION.fullmatch(word)
    if not match:
        raise ValueError(word)
    return model.Duration(text=word, seconds=int(match[1]) * SECONDS[match[2]])


def _fact(word: str) -> model.Fact:
    match = _FACT.fullmatch(word)
    if not match:
        return model.Fact(text=word)
    return model.Fact(text=word, number=float(match[1]), noun=match[2], per=match[3])


def _text(word: str) -> str:
    if not word.strip():
        raise ValueError(word)
    return word


SCALARS: Mapping[Any, tuple[Callable[[str], Any], str]] = {
    str: (_text, "some text"),
    int: (_int, "a whole number"),
    float: (lambda word: float(number(word)), "a number such as 0.05"),
    bool: (_bool, "`true` or `false`"),
    date: (_date, "a date such as 2027-06-01"),
    model.Duration: (_duration, "a length of time such as `90 days`"),
    model.Fact: (_fact, "a fact such as `10000 samples per month`"),
    Expression: (parse, "a criterion such as `pass_rate <= 0.20`"),
    Formula: (parse_formula, "a formula such as `rate * samples`"),
}
