"""Elicitation probabilities per query, read strictly from a JSON Lines file."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from safetycase.methods.imported import strict
from safetycase.plugin.contract import MethodError

__all__ = ["KINDS", "Elicited", "read_elicited", "refuse_ties"]

KINDS: Mapping[str, frozenset[str]] = {
    "log_probability": frozenset({"query", "log_probability"}),
    "probability": frozenset({"query", "probability"}),
    "sampled": frozenset({"query", "samples", "hits"}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Elicited:
    """One query, and the natural logarithm of the probability that it elicits the behaviour.

    −∞ is a query without a hit among its samples; no other query has it. `sampled` says that it is
    a share of hits, and not the probability itself.
    """

    query: str
    log_probability: float
    sampled: bool = False


def read_elicited(path: Path) -> tuple[str, list[Elicited]]:
    """The kind of rows of a file, and the rows: each with `query` and one of the kinds of numbers.

    `log_probability` is a natural logarithm below 0, `probability` lies strictly between 0 and 1,
    `hits` is at most `samples`. `MethodError` with file and line for anything else, for a file of
    two kinds, and for a query that came before.
    """
    kind, found = "", []
    seen: set[str] = set()
    for place, value in strict.lines_of(path):
        entry = strict.mapping(value, place, "the row")
        own = next((name for name, keys in KINDS.items() if keys == set(entry)), "")
        if not own:
            raise MethodError(
                f"{place}: the keys {sorted(entry)} are not query with log_probability, or with "
                "probability, or with samples and hits"
            )
        if kind and own != kind:
            raise MethodError(f"{place}: this row is {own}, and those before are {kind}; use one")
        kind = own
        query = strict.text(entry["query"], place, "`query`")
        if not query.strip() or query in seen:
            raise MethodError(f"{place}: the query is empty or came before; each counts once")
        seen.add(query)
        log = _log(entry, kind, place)
        found.append(Elicited(query=query, log_probability=log, sampled=kind == "sampled"))
    if not found:
        raise MethodError(f"`{path.name}` holds no query")
    return kind, found


def _log(entry: Mapping[str, Any], kind: str, place: str) -> float:
    if kind == "sampled":
        samples = strict.whole(entry["samples"], place, "`samples`")
        hits = strict.whole(entry["hits"], place, "`hits`")
        if not samples > 0 or hits > samples:
            raise MethodError(f"{place}: {hits} hits in {samples} samples is impossible")
        if hits == samples:
            raise MethodError(f"{place}: {_CERTAIN}")
        return math.log(hits / samples) if hits else -math.inf
    value = strict.number(entry[kind], place, f"`{kind}`")
    if isinstance(entry[kind], bool):
        raise MethodError(f"{place}: `{kind}` is {entry[kind]}, where a number is expected")
    if kind == "probability":
        if value == 0:
            raise MethodError(f"{place}: a probability of 0 says too little; give its logarithm")
        if not 0 < value <= 1:
            raise MethodError(f"{place}: {value} is no probability")
        value = math.log(value)
    if value > 0:
        raise MethodError(f"{place}: {value} is no logarithm of a probability: it is above 0")
    if value == 0:
        raise MethodError(f"{place}: {_CERTAIN}")
    return value


_CERTAIN = "this query always elicits the behaviour: it is found, and nothing is left to forecast"


def refuse_ties(rows: Sequence[Elicited], largest: int) -> None:
    """`MethodError` if two of the `largest` are equal, or one of them was never elicited."""
    ranked = sorted(rows, key=lambda row: -row.log_probability)[:largest]
    for one, two in pairwise(ranked):
        if two.log_probability == -math.inf:
            raise MethodError(
                f"fewer than {largest} queries were elicited at all; take more samples of each, or "
                "log probabilities"
            )
        if one.log_probability == two.log_probability:
            raise MethodError(
                f"two of the {largest} largest are equal ({_short(one)} and {_short(two)}): the "
                "numbers are too coarse for a tail; take log probabilities, or more samples"
            )


def _short(row: Elicited) -> str:
    text = row.query if len(row.query) <= 40 else row.query[:37] + "..."
    return f"`{text}`"
