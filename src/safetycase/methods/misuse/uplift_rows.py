"""The attempts of a red team, from JSON Lines files of the case.

A line is one attempt: `arm` (`none`, `unguarded` or `guarded`), `attempt` (a number or a name),
`time` (how long it took, in the unit of the method, above 0) and `succeeded` (true, or false if
it ended without success at that time). `note` is free. Any other key is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from safetycase.methods.imported import strict
from safetycase.methods.imported.documents import check_keys
from safetycase.methods.misuse.uplift_model import Empirical, spread
from safetycase.plugin.contract import Context, MethodError

__all__ = ["ARMS", "Tried", "curve_of", "read_tries"]

ARMS = ("none", "unguarded", "guarded")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One attempt in an arm: how long it took, and whether it succeeded."""

    arm: str
    time: float
    succeeded: bool


def read_tries(inputs: Sequence[str], context: Context) -> list[Tried]:
    """All attempts of the declared inputs; `MethodError` with the place of what is wrong."""
    found: list[Tried] = []
    seen: set[tuple[str, str]] = set()
    for name in inputs:
        path = strict.input_file(context, name)
        before = len(found)
        for place, value in strict.lines_of(path):
            attempt, tried = _tried(value, place)
            if (tried.arm, attempt) in seen:
                raise MethodError(f"{place}: the attempt {attempt} in `{tried.arm}` is given twice")
            seen.add((tried.arm, attempt))
            found.append(tried)
        if len(found) == before:
            raise MethodError(f"`{path.name}` is empty; write one attempt a line")
    return found


def _tried(value: Any, place: str) -> tuple[str, Tried]:
    row = check_keys(
        value, place, needed=("arm", "attempt", "time", "succeeded"), optional=("note",)
    )
    arm = strict.text(row["arm"], place, "`arm`")
    if arm not in ARMS:
        raise MethodError(f"{place}: `arm` is `{arm[:60]}`, not one of {', '.join(ARMS)}")
    attempt = row["attempt"]
    if not (isinstance(attempt, str) and attempt):
        attempt = strict.whole(attempt, place, "`attempt`")
    time = strict.number(row["time"], place, "`time`")
    if isinstance(row["time"], bool) or time <= 0:
        raise MethodError(f"{place}: `time` is {row['time']!r}, not above 0")
    if not isinstance(row["succeeded"], bool):
        raise MethodError(f"{place}: `succeeded` is true or false")
    strict.text(row.get("note", ""), place, "`note`")
    return str(attempt), Tried(arm=arm, time=time, succeeded=row["succeeded"])


def curve_of(
    arm: str, tries: Sequence[Tried], planned: Mapping[str, int], alpha: float
) -> Empirical:
    """The curve of one arm; `MethodError` without attempts, a plan, or with more than planned."""
    mine = [t for t in tries if t.arm == arm]
    if not mine:
        raise MethodError(
            f"the arm `{arm}` has no attempts; add them to the inputs, or declare the arm"
        )
    if arm not in planned:
        raise MethodError(f"say in `planned` how many attempts the arm `{arm}` was to have")
    if len(mine) > planned[arm]:
        raise MethodError(
            f"the arm `{arm}` has {len(mine)} attempts, and {planned[arm]} were planned"
        )
    return Empirical(
        successes=tuple(t.time for t in mine if t.succeeded),
        stopped=tuple(t.time for t in mine if not t.succeeded),
        missing=planned[arm] - len(mine),
        spread=spread(planned[arm], alpha),
    )
