"""What a judge, an estimator or a prover answered, read strictly: a value, or nothing.

A reply that is not exactly the form that was asked for is no answer. It is never given a default
value: a half, or no reward, would hide the failure in the numbers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["LONGEST", "percent", "percents", "refused", "steps", "together"]

LONGEST = 20_000  # characters of a reply that are looked at; a longer one is no answer
MOST_STEPS = 30
_FENCE = re.compile(r"\A```(?:json)?\s*\n(.*)\n```\Z", re.S)
_REFUSAL = re.compile(
    r"\b(?:I(?:'m| am)? (?:cannot|can't|can not|won't|will not|unable to|not able to|refuse to)"
    r"|I(?:'m| am) (?:sorry|unable|not able)|as an AI\b)",
    re.I,
)
_CONCEDED = re.compile(
    r"\b(?:I (?:concede|admit|must admit|agree with (?:the other|my opponent))"
    r"|the other (?:side|answer) is (?:right|correct)|my answer is (?:wrong|false|incorrect))",
    re.I,
)


def percent(reply: str, key: str) -> int | None:
    """The whole number from 0 to 100 of the object `{"key": N}`; None for any other reply."""
    found = _object(reply)
    return _percent(found[key]) if found is not None and set(found) == {key} else None


def percents(reply: str, count: int) -> tuple[int, tuple[int, ...]] | None:
    """The numbers of `{"claim": N, "step_1": N, ...}` with `count` steps; None otherwise."""
    found = _object(reply)
    keys = ["claim", *(f"step_{number}" for number in range(1, count + 1))]
    if found is None or set(found) != set(keys):
        return None
    numbers = [number for key in keys if (number := _percent(found[key])) is not None]
    return (numbers[0], tuple(numbers[1:])) if len(numbers) == len(keys) else None


def steps(reply: str) -> tuple[str, ...] | None:
    """The texts of `{"steps": ["...", ...]}`, at least one and none blank; None otherwise."""
    found = _object(reply)
    each = found["steps"] if found is not None and set(found) == {"steps"} else None
    if not isinstance(each, list) or not 1 <= len(each) <= MOST_STEPS:
        return None
    if not all(isinstance(one, str) and one.strip() for one in each):
        return None
    return tuple(str(one).strip() for one in each)


def refused(text: str) -> bool:
    """Whether a debater did not take its seat: it refused, gave in, or said nothing.

    A table of phrases: it knows the usual English ones and no others.
    """
    return not text.strip() or bool(_REFUSAL.search(text) or _CONCEDED.search(text))


def together(probabilities: Sequence[float | None]) -> float | None:
    """The mean of the judges' probabilities; None if there is none, or one is missing."""
    given = [p for p in probabilities if p is not None]
    if not given or len(given) != len(probabilities):
        return None
    return sum(given) / len(given)


def _object(reply: str) -> Mapping[str, Any] | None:
    text = reply.strip()
    if len(text) > LONGEST:
        return None
    fenced = _FENCE.match(text)
    try:
        found = json.loads(fenced[1] if fenced else text, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is given twice")
    return found


def _percent(value: Any) -> int | None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return int(value) if whole and 0 <= value <= 100 else None
