"""Reasoning texts of organisms and of their harmless twins, as rows of a JSON Lines file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetycase.methods.imported.strict import lines_of, mapping, number, text
from safetycase.plugin.contract import MethodError
from safetycase.stats import Clustered, Proportion

__all__ = ["Row", "rate", "read_rows"]

KEYS = ("id", "family", "organism", "lineage", "harmful", "reasoning", "score")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One piece of reasoning; `score` is None where the monitor gave none that can be read."""

    id: str
    family: str
    organism: str
    lineage: str
    harmful: bool
    reasoning: str
    score: float | None


def read_rows(path: Path, train: Iterable[str], test: Iterable[str]) -> list[Row]:
    """The rows at `path`, whose families are those of `train` and `test`.

    Raises `MethodError` with file and line for a row that cannot stand: unknown or missing keys,
    wrong types, an id twice, an organism in two families, a training text that tests.
    """
    tests = set(test)
    known = {*train, *tests}
    rows: list[Row] = []
    ids: set[str] = set()
    texts: dict[str, str] = {}
    homes: dict[str, str] = {}
    for place, value in lines_of(path):
        row = _row(place, value)
        if row.family not in known:
            raise MethodError(
                f"{place}: the family `{row.family}` is in neither `train_families` nor "
                "`test_families`; name it in one of them"
            )
        if row.id in ids:
            raise MethodError(f"{place}: the id `{row.id}` is given twice")
        if homes.setdefault(row.organism, row.family) != row.family:
            raise MethodError(
                f"{place}: the organism `{row.organism}` is in two families; a test family holds "
                "none that the monitor was made on"
            )
        seen = texts.setdefault(row.reasoning, row.family) if row.reasoning.strip() else row.family
        if (seen in tests) != (row.family in tests):
            raise MethodError(
                f"{place}: the same reasoning is in the families `{seen}` and `{row.family}`; a "
                "test family holds no text that the monitor was made on"
            )
        ids.add(row.id)
        rows.append(row)
    if not rows:
        raise MethodError(f"`{path.name}` has no row")
    return rows


def _row(place: str, value: Any) -> Row:
    row = mapping(value, place, "the line")
    wrong = set(KEYS) ^ set(row)
    if wrong:
        raise MethodError(
            f"{place}: `{sorted(wrong)[0]}` is missing or unknown; the keys are {', '.join(KEYS)}"
        )
    named = {key: text(row[key], place, key) for key in ("id", "family", "organism", "lineage")}
    for key, name in named.items():
        if not name.strip():
            raise MethodError(f"{place}: `{key}` is blank; name it")
    if not isinstance(row["harmful"], bool):
        raise MethodError(f"{place}: `harmful` is true or false")
    if isinstance(row["score"], bool):
        raise MethodError(f"{place}: `score` is a number, higher for more suspicion, or null")
    return Row(
        **named,
        harmful=row["harmful"],
        reasoning=text(row["reasoning"], place, "reasoning"),
        score=None if row["score"] is None else number(row["score"], place, "score"),
    )


def rate(rows: Sequence[Row], threshold: float) -> Proportion | Clustered:
    """The share of `rows` with a score above `threshold`; rows of one organism are a cluster."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.organism, []).append(row)
    counts = [_counted(group, threshold) for _, group in sorted(groups.items())]
    if all(len(group) == 1 for group in groups.values()):
        flagged, scored, missing = (sum(column) for column in zip(*counts, strict=True))
        return Proportion(successes=flagged, trials=scored, missing=missing)
    return Clustered(clusters=tuple(counts))


def _counted(rows: Sequence[Row], threshold: float) -> tuple[int, int, int]:
    scores = [row.score for row in rows if row.score is not None]
    return sum(s > threshold for s in scores), len(scores), len(rows) - len(scores)
