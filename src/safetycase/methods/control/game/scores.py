"""The file of scores: one JSON object a line, read strictly.

`{"id": "h1", "label": "honest", "score": 0.12}` and
`{"id": "a1", "label": "attack", "score": 0.93, "strategy": "subtle"}`. `strategy` is for attacks
alone, and either all of them have one or none has. Higher scores are more suspicious.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from safetycase.methods.control.game.curves import Scores
from safetycase.methods.imported.strict import lines_of, mapping, number, text
from safetycase.plugin.contract import MethodError

__all__ = ["read_scores"]

KEYS = ("id", "label", "score", "strategy")


def read_scores(path: Path) -> Scores:
    """The scores of a file; `MethodError` with file and line for a row that cannot be."""
    honest: list[float] = []
    attacks: dict[str, list[float]] = {}
    places: dict[str, str] = {}
    for place, value in lines_of(path):
        row = mapping(value, place, "the row")
        name = text(row.get("id"), place, "`id`")
        if name in places:
            raise MethodError(f"{place}: the id {name!r} is also that of {places[name]}")
        places[name] = place
        label, strategy, score = _row(row, place)
        if label == "honest":
            honest.append(score)
        else:
            attacks.setdefault(strategy, []).append(score)
    if not honest or not attacks:
        missing = "honest" if not honest else "attack"
        raise MethodError(f"`{path.name}` has no row whose label is `{missing}`; both are needed")
    if "" in attacks and len(attacks) > 1:
        raise MethodError(
            f"`{path.name}`: some attacks name a strategy and {len(attacks[''])} do not; "
            "name it in all rows or in none"
        )
    return Scores(
        honest=tuple(honest), attacks={name: tuple(found) for name, found in attacks.items()}
    )


def _row(row: dict[str, Any], place: str) -> tuple[str, str, float]:
    unknown = [key for key in row if key not in KEYS]
    if unknown:
        raise MethodError(f"{place}: there is no key {unknown[0]!r}; there are {', '.join(KEYS)}")
    label = text(row.get("label"), place, "`label`")
    if label not in ("honest", "attack"):
        raise MethodError(f"{place}: the label is {label!r}, not `honest` or `attack`")
    if isinstance(row.get("score"), bool):
        raise MethodError(f"{place}: `score` is true or false, where a number is expected")
    score = number(row.get("score"), place, "`score`")
    strategy = text(row["strategy"], place, "`strategy`") if "strategy" in row else ""
    if "strategy" in row and (label == "honest" or not strategy.strip()):
        raise MethodError(f"{place}: `strategy` is a name, and for attacks alone")
    return label, strategy, score
