"""Scores of a monitor, as it was evaluated and as it runs: strict JSON Lines or CSV.

One score a line; the live scores stand in the order in which they were given.

    stream  "evaluated" or "live"
    seeded  true for a seeded attack, false for the traffic itself
    score   the monitor's suspicion, higher is worse; null (in CSV: empty) if it gave none

A file whose name ends in `.csv` has the header `stream,seeded,score`.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetycase.methods.control.auditors.rows import keyed, named, truth
from safetycase.methods.imported.strict import MAX_BYTES, lines_of, number, read
from safetycase.plugin.contract import MethodError

__all__ = ["Streams", "read_streams"]

KEYS = ("stream", "seeded", "score")
MOST = 200_000
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
Scores = tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Streams:
    """The scores of traffic and of seeded attacks, in their order; None where there is none."""

    evaluated: Scores
    live: Scores
    evaluated_seeds: Scores = ()
    live_seeds: Scores = ()


def read_streams(path: Path) -> Streams:
    """The scores at `path`; `MethodError` with file and line for what cannot stand."""
    found: dict[tuple[str, bool], list[float | None]] = {}
    count = 0
    for place, value in _csv(path) if path.suffix == ".csv" else lines_of(path):
        count += 1
        if count > MOST:
            raise MethodError(f"`{path.name}` holds more than {MOST:,} scores; split the period")
        row = keyed(value, place, KEYS)
        stream = named(row, "stream", place)
        if stream not in ("evaluated", "live"):
            raise MethodError(f'{place}: `stream` is {stream[:60]!r}; it is "evaluated" or "live"')
        score = row["score"]
        if isinstance(score, bool):
            raise MethodError(f"{place}: `score` is {score!r}; it is a number or null")
        known = None if score is None else number(score, place, "`score`")
        found.setdefault((stream, truth(row, "seeded", place)), []).append(known)
    if not count:
        raise MethodError(f"`{path.name}` holds no score")
    return Streams(
        evaluated=tuple(found.get(("evaluated", False), ())),
        live=tuple(found.get(("live", False), ())),
        evaluated_seeds=tuple(found.get(("evaluated", True), ())),
        live_seeds=tuple(found.get(("live", True), ())),
    )


def _csv(path: Path) -> Iterator[tuple[str, Any]]:
    """(place, row) with the words of a CSV file turned into the values of JSON."""
    try:
        content = read(path, 4 * MAX_BYTES).decode()
    except UnicodeDecodeError as error:
        raise MethodError(f"`{path.name}`: byte {error.start} is not UTF-8") from error
    reader = csv.reader(io.StringIO(content, newline=""), strict=True)
    try:
        header = next(reader, [])
        if header != list(KEYS):
            raise MethodError(f"`{path.name}` line 1: the header is `{','.join(KEYS)}`")
        for cells in reader:
            place = f"`{path.name}` line {reader.line_num}"
            if len(cells) != len(KEYS):
                raise MethodError(f"{place}: {len(cells)} cells, where {len(KEYS)} are expected")
            stream, seeded, score = cells
            if seeded not in ("true", "false"):
                raise MethodError(f"{place}: `seeded` is {seeded[:60]!r}; it is true or false")
            if score and not _NUMBER.fullmatch(score):
                raise MethodError(f"{place}: `score` is {score[:60]!r}, where a number is expected")
            value = float(score) if score else None
            if value is not None and abs(value) == float("inf"):
                raise MethodError(f"{place}: the number {score[:60]} is out of range")
            yield place, {"stream": stream, "seeded": seeded == "true", "score": value}
    except csv.Error as error:
        raise MethodError(f"`{path.name}` line {reader.line_num}: {error}") from error
