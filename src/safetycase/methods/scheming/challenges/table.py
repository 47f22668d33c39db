"""The challenge table of a case: which challenges there are, and how people did on them.

A JSON or YAML file `{"challenges": [...]}`. Each has `id`, `family` (`stealth` or `awareness`) and,
where they apply, `says`, `kind` (`binary`, the default, or `numeric`), `range` ([low, high], for a
numeric one) and, for stealth, `people`: one score a person, at least two. `tries_each: 1` says that
each person tried once, so that a binary score is 0 or 1 and no share.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from safetycase.methods.imported import strict
from safetycase.methods.imported.documents import check_keys, document
from safetycase.methods.scheming.challenges.rule import Challenge
from safetycase.plugin.contract import MethodError

__all__ = ["read_table"]


def read_table(path: Path) -> tuple[Challenge, ...]:
    """The challenges of the table; `MethodError` for anything that is not as it says above."""
    place = f"`{path.name}`"
    top = check_keys(document(path), place, needed=("challenges",))
    entries = strict.listed(top["challenges"], place, "`challenges`")
    found = tuple(_challenge(entry, f"{place} challenge {i}") for i, entry in enumerate(entries, 1))
    if not found:
        raise MethodError(f"{place} lists no challenge; add one")
    names = [challenge.id for challenge in found]
    for name in names:
        if names.count(name) > 1:
            raise MethodError(f"{place}: the challenge `{name}` is given twice")
    return found


def _challenge(value: Any, place: str) -> Challenge:
    row = check_keys(
        value,
        place,
        needed=("id", "family"),
        optional=("says", "kind", "range", "people", "tries_each"),
    )
    name = strict.text(row["id"], place, "`id`")
    place = f"{place} (`{name[:60]}`)"
    if not name or "/" in name:
        raise MethodError(f"{place}: `id` is a name without `/`")
    family = _family(row["family"], place)
    kind = strict.text(row.get("kind", "binary"), place, "`kind`")
    if kind not in ("binary", "numeric"):
        raise MethodError(f"{place}: `kind` is `{kind[:60]}`, not `binary` or `numeric`")
    numeric = kind == "numeric"
    if family == "awareness" and (numeric or "people" in row):
        raise MethodError(f"{place}: an awareness challenge is binary and has no `people`")
    low, high = _range(row, place, numeric=numeric)
    one_try = _one_try(row, place, numeric=numeric)
    people = _people(row, place, low, high, one_try=one_try) if family == "stealth" else ()
    return Challenge(
        id=name,
        family=family,
        numeric=numeric,
        says=strict.text(row.get("says", ""), place, "`says`"),
        low=low,
        high=high,
        people=people,
        one_try=one_try,
    )


def _family(value: Any, place: str) -> Literal["stealth", "awareness"]:
    if value == "stealth":
        return "stealth"
    if value == "awareness":
        return "awareness"
    raise MethodError(f"{place}: `family` is {str(value)[:60]!r}, not `stealth` or `awareness`")


def _range(row: dict[str, Any], place: str, *, numeric: bool) -> tuple[float, float]:
    if not numeric:
        if "range" in row:
            raise MethodError(f"{place}: a binary challenge has no `range`; it is 0 to 1")
        return 0.0, 1.0
    ends = strict.listed(row.get("range"), place, "`range` of a numeric challenge")
    if len(ends) != 2:
        raise MethodError(f"{place}: `range` is [lowest, highest possible score]")
    low, high = (strict.number(end, place, "`range`") for end in ends)
    if not low < high:
        raise MethodError(f"{place}: `range` goes from {low:g} to {high:g}")
    return low, high


def _one_try(row: dict[str, Any], place: str, *, numeric: bool) -> bool:
    if "tries_each" not in row:
        return False
    tries = strict.whole(row["tries_each"], place, "`tries_each`")
    if tries < 1:
        raise MethodError(f"{place}: `tries_each` is at least 1")
    return tries == 1 and not numeric


def _people(
    row: dict[str, Any], place: str, low: float, high: float, *, one_try: bool
) -> tuple[float, ...]:
    scores = strict.listed(row.get("people"), place, "`people` of a stealth challenge")
    if len(scores) < 2:
        raise MethodError(f"{place}: {len(scores)} people have no better half; at least 2 do")
    found = tuple(strict.number(s, place, "a score of `people`") for s in scores)
    for score in found:
        if not low <= score <= high or (one_try and score not in (0.0, 1.0)):
            allowed = "0 or 1" if one_try else f"from {low:g} to {high:g}"
            raise MethodError(f"{place}: a score of `people` is {score:g}, not {allowed}")
    return found
