"""Statistics as JSON without floats, and the pooling of attempts of one plan."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, assert_never

from safetycase.stats.statistics import (
    Affine,
    Certified,
    Clustered,
    ClusteredDifference,
    Difference,
    Exact,
    Proportion,
    Smallest,
    Statistic,
)

__all__ = ["from_json", "pool", "to_json"]

_KEYS = {
    "proportion": ("successes", "trials", "missing"),
    "clustered": ("clusters",),
    "difference": ("a", "b"),
    "clustered-difference": ("clusters",),
    "smallest": ("of",),
    "affine": ("of", "scale", "offset"),
    "certified": ("low", "high", "level", "says"),
    "exact": ("value", "says"),
}


def to_json(statistic: Statistic) -> dict[str, Any]:
    """The statistic in texts, whole numbers, lists and mappings; decimals are their `repr`."""
    match statistic:
        case Proportion(successes=successes, trials=trials, missing=missing):
            return {
                "type": "proportion",
                "successes": successes,
                "trials": trials,
                "missing": missing,
            }
        case Clustered(clusters=clusters):
            return {"type": "clustered", "clusters": [list(c) for c in clusters]}
        case Difference(a=a, b=b):
            return {"type": "difference", "a": to_json(a), "b": to_json(b)}
        case ClusteredDifference(clusters=pairs):
            return {"type": "clustered-difference", "clusters": [list(c) for c in pairs]}
        case Smallest(of=rates):
            return {"type": "smallest", "of": [to_json(rate) for rate in rates]}
        case Affine(of=of, scale=scale, offset=offset):
            return {
                "type": "affine",
                "of": to_json(of),
                "scale": _text(scale),
                "offset": _text(offset),
            }
        case Certified(low=low, high=high, level=level, says=says):
            return {
                "type": "certified",
                "low": _text(low),
                "high": _text(high),
                "level": _text(level),
                "says": says,
            }
        case Exact(value=value, says=says):
            return {"type": "exact", "value": _text(value), "says": says}
        case _:
            assert_never(statistic)


def from_json(data: object) -> Statistic:
    """The statistic that `to_json` wrote; `ValueError` names what is unknown, missing or wrong."""
    if not isinstance(data, Mapping):
        raise ValueError(f"a statistic is a mapping, not {type(data).__name__}")
    kind = data.get("type")
    if not isinstance(kind, str) or kind not in _KEYS:
        known = ", ".join(f"`{name}`" for name in _KEYS)
        raise ValueError(f"unknown type of statistic {kind!r}; known: {known}")
    _check_keys(kind, data)
    match kind:
        case "proportion":
            return Proportion(
                successes=data["successes"], trials=data["trials"], missing=data["missing"]
            )
        case "clustered":
            return Clustered(clusters=_rows(data, 3))
        case "clustered-difference":
            return ClusteredDifference(clusters=_rows(data, 4))
        case "difference":
            return Difference(a=_proportion(data, "a"), b=_proportion(data, "b"))
        case "smallest":
            if not isinstance(data["of"], list):
                raise ValueError("smallest: `of` is not a list")
            return Smallest(of=tuple(from_json(each) for each in data["of"]))
        case "affine":
            return Affine(
                of=from_json(data["of"]),
                scale=_number(data, "scale"),
                offset=_number(data, "offset"),
            )
        case "certified":
            return Certified(
                low=_number(data, "low"),
                high=_number(data, "high"),
                level=_number(data, "level"),
                says=_words(data),
            )
    return Exact(value=_number(data, "value"), says=_words(data))


def pool(statistics: Sequence[Statistic]) -> Statistic:  # noqa: C901 - one case a type
    """One statistic from the attempts of one plan; `ValueError` where they do not fit together.

    Trials add up. Clusters are matched by position, because another attempt visits the same
    clusters again and makes no new ones: their trials add up, and all attempts must have as many
    (one that gave no score is `(0, 0, missing)`). Certified intervals of one level become the
    smallest interval that holds them all: it holds whenever one of them does, and no more can be
    said without what they were computed from. Exact values must be equal.
    """
    if not statistics:
        raise ValueError("nothing to pool")
    first = statistics[0]
    if all(other == first for other in statistics) and isinstance(first, Certified | Exact):
        return first
    kinds = {type(statistic).__name__ for statistic in statistics}
    if len(kinds) > 1:
        raise ValueError(f"cannot pool {', '.join(sorted(kinds))}")
    match first:
        case Proportion():
            return _pool_proportions([s for s in statistics if isinstance(s, Proportion)])
        case Clustered():
            rows = _add_rows([s.clusters for s in statistics if isinstance(s, Clustered)])
            return Clustered(clusters=tuple((r[0], r[1], r[2]) for r in rows))
        case ClusteredDifference():
            rows = _add_rows([s.clusters for s in statistics if isinstance(s, ClusteredDifference)])
            return ClusteredDifference(clusters=tuple((r[0], r[1], r[2], r[3]) for r in rows))
        case Difference():
            pairs = [s for s in statistics if isinstance(s, Difference)]
            return Difference(
                a=_pool_proportions([s.a for s in pairs]),
                b=_pool_proportions([s.b for s in pairs]),
            )
        case Smallest():
            many = [s.of for s in statistics if isinstance(s, Smallest)]
            if len({len(rates) for rates in many}) > 1:
                raise ValueError("cannot pool Smallest over different numbers of values")
            return Smallest(of=tuple(pool(same) for same in zip(*many, strict=True)))
        case Affine():
            maps = [s for s in statistics if isinstance(s, Affine)]
            if any((s.scale, s.offset) != (first.scale, first.offset) for s in maps):
                raise ValueError("cannot pool Affine with different scale or offset")
            of = pool([s.of for s in maps])
            return Affine(of=of, scale=first.scale, offset=first.offset)
        case Certified(level=level):
            each = [s for s in statistics if isinstance(s, Certified)]
            if any(s.level != level for s in each):
                raise ValueError("cannot pool Certified with different levels")
            return Certified(
                low=min(s.low for s in each),
                high=max(s.high for s in each),
                level=level,
                says=f"{first.says}; the widest of {len(each)} attempts",
            )
        case Exact():
            raise ValueError(
                "cannot pool Exact with different values: a number that depends on what was seen "
                "comes from one attempt; plan one"
            )
        case _:
            assert_never(first)


def _pool_proportions(parts: Sequence[Proportion]) -> Proportion:
    return Proportion(
        successes=sum(p.successes for p in parts),
        trials=sum(p.trials for p in parts),
        missing=sum(p.missing for p in parts),
    )


def _add_rows(attempts: Sequence[Sequence[tuple[int, ...]]]) -> list[tuple[int, ...]]:
    sizes = {len(rows) for rows in attempts}
    if len(sizes) > 1:
        raise ValueError(f"cannot pool attempts with {sorted(sizes)} clusters")
    return [
        tuple(sum(column) for column in zip(*same, strict=True))
        for same in zip(*attempts, strict=True)
    ]


def _check_keys(kind: str, data: Mapping[str, object]) -> None:
    expected, given = {"type", *_KEYS[kind]}, set(data)
    if extra := sorted(map(str, given - expected)):
        raise ValueError(f"{kind}: unknown key {', '.join(f'`{key}`' for key in extra)}")
    if lacking := sorted(expected - given):
        raise ValueError(f"{kind}: missing key {', '.join(f'`{key}`' for key in lacking)}")


def _proportion(data: Mapping[str, Any], key: str) -> Proportion:
    part = from_json(data[key])
    if not isinstance(part, Proportion):
        raise ValueError(f"difference: `{key}` is not a proportion")
    return part


def _rows(data: Mapping[str, Any], width: int) -> Any:
    rows = data["clusters"]
    if not isinstance(rows, list) or not all(
        isinstance(row, list) and len(row) == width for row in rows
    ):
        raise ValueError(f"{data['type']}: `clusters` is not a list of {width} counts each")
    return tuple(tuple(row) for row in rows)


def _text(number: float) -> str:
    return repr(float(number))


def _number(data: Mapping[str, Any], key: str) -> float:
    text = data[key]
    try:
        number = float(text) if isinstance(text, str) else math.nan
    except ValueError:
        number = math.nan
    if math.isnan(number):
        raise ValueError(f"{data['type']}: `{key}` is {text!r}, not a decimal in a text")
    return number


def _words(data: Mapping[str, Any]) -> str:
    words = data["says"]
    if not isinstance(words, str):
        raise ValueError(f"{data['type']}: `says` is {words!r}, not a text")
    return words
