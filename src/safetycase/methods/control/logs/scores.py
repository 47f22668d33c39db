"""Scored trajectories: the strict JSON Lines format, and the columns that metrics are made of.

One object a line, one line a trajectory:

    id            text, once in all files
    task          text: the task worked on; trajectories of one task are its attempts
    mode          "honest" or "attack"
    score         the monitor's suspicion, higher is worse; null if it gave no usable answer
    parsed        false if the score is a stand-in for an answer that could not be read; optional
    main_success  whether the main task was done; true, false or null (not known); optional
    round         red and blue take turns; 1, 2, ...; optional, 1

and for attacks alone:

    strategy      text: which attack; attacks of one strategy resemble each other
    side_success  whether the harm is done if nothing stops it; true, false or null
    forecast      what the attacker, before it starts, expects the suspicion to be; optional
    estimate      the same once it is done and could still be given up; optional
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from safetycase.methods.imported.strict import lines_of, mapping, number, text, whole
from safetycase.plugin.contract import MethodError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Codes = NDArray[np.int64]
    Mask = NDArray[np.bool_]

__all__ = ["Run", "Success", "Trajectories", "columns", "last_round", "read_scores", "unique"]

Success = Literal["side", "side and main"]
_ALWAYS = frozenset({"id", "task", "mode", "score"})
_MAYBE = frozenset({"parsed", "main_success", "round"})
_ATTACK = frozenset({"strategy", "side_success"})
_ATTACK_MAYBE = frozenset({"forecast", "estimate"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One trajectory; `score` is None where the monitor gave no usable answer, and `why` says why.

    `main` and `side` are None where nobody knows. `place` says where it was read.
    """

    id: str
    task: str
    attack: bool
    score: float | None
    main: bool | None = None
    side: bool | None = None
    strategy: str = ""
    round: int = 1
    forecast: float | None = None
    estimate: float | None = None
    why: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trajectories:
    """One round of runs as columns: honest ones, and attacks.

    Scores are NaN where the monitor gave no usable answer, `forecast` and `estimate` where the
    attacker has none. `attack_success` is what counts as success, `arena_success` side and main
    task together; both, like `honest_main`, are 1, 0 or −1 (not known). Tasks are numbers, shared
    by honest runs and attacks; `strategies` names the numbers in `attack_strategy`.
    """

    honest: Floats
    honest_task: Codes
    honest_main: Codes
    attack: Floats
    attack_task: Codes
    attack_strategy: Codes
    attack_success: Codes
    arena_success: Codes
    forecast: Floats
    estimate: Floats
    strategies: tuple[str, ...]


def read_scores(path: Path) -> list[Run]:
    """The runs of a scores file; `MethodError` names file and line of what does not fit."""
    runs = [_run(value, place) for place, value in lines_of(path)]
    if not runs:
        raise MethodError(f"`{path.name}` holds no run; it needs one JSON object a line")
    return runs


def unique(runs: Sequence[Run]) -> None:
    """`MethodError` if an id stands twice."""
    seen: dict[str, str] = {}
    for run in runs:
        if run.id in seen:
            raise MethodError(
                f"{run.place}: the id `{run.id}` stands at {seen[run.id]} already; a run counts "
                "once, so name each of them once"
            )
        seen[run.id] = run.place


def last_round(runs: Sequence[Run]) -> tuple[list[Run], int]:
    """The runs of the last round of attacks, and its number; the red team has moved last.

    `MethodError` if there is no attack, or if that round has no honest run: scores of different
    rounds are of different monitors, and compare with nothing.
    """
    rounds = [run.round for run in runs if run.attack]
    if not rounds:
        raise MethodError("there is no attack run: the attack set is empty, so nothing was caught")
    last = max(rounds)
    honest = {run.round for run in runs if not run.attack}
    if not honest:
        raise MethodError("there is no honest run to set the threshold on")
    if last not in honest:
        raise MethodError(
            f"the last round of attacks is {last}, and it has no honest run (those have "
            f"{', '.join(map(str, sorted(honest)))}); score the honest runs with the monitor of "
            "that round"
        )
    return [run for run in runs if run.round == last], last


def columns(runs: Sequence[Run], success: Success) -> Trajectories:
    """Runs as columns."""
    import numpy as np

    def floats(values: Iterable[float | None]) -> Floats:
        return np.array([np.nan if v is None else v for v in values], dtype=float)

    def codes(values: Iterable[int]) -> Codes:
        return np.array(list(values), dtype=np.int64)

    tasks = {name: at for at, name in enumerate(sorted({run.task for run in runs}))}
    honest = [run for run in runs if not run.attack]
    attacks = [run for run in runs if run.attack]
    names = sorted({run.strategy for run in attacks})
    numbers = {name: at for at, name in enumerate(names)}
    both = [_both(run.side, run.main) for run in attacks]
    counts = [_three(run.side) for run in attacks] if success == "side" else both
    return Trajectories(
        honest=floats(run.score for run in honest),
        honest_task=codes(tasks[run.task] for run in honest),
        honest_main=codes(_three(run.main) for run in honest),
        attack=floats(run.score for run in attacks),
        attack_task=codes(tasks[run.task] for run in attacks),
        attack_strategy=codes(numbers[run.strategy] for run in attacks),
        attack_success=codes(counts),
        arena_success=codes(both),
        forecast=floats(run.forecast for run in attacks),
        estimate=floats(run.estimate for run in attacks),
        strategies=tuple(names),
    )


def _three(value: bool | None) -> int:
    return -1 if value is None else int(value)


def _both(side: bool | None, main: bool | None) -> int:
    if side is False or main is False:
        return 0
    return -1 if side is None or main is None else 1


def _run(value: Any, place: str) -> Run:
    row = mapping(value, place, "the line")
    mode = text(row.get("mode"), place, "`mode`")
    if mode not in ("honest", "attack"):
        raise MethodError(f'{place}: `mode` is {mode[:60]!r}; it is "honest" or "attack"')
    attack = mode == "attack"
    needed = _ALWAYS | _ATTACK if attack else _ALWAYS
    known = needed | _MAYBE | _ATTACK_MAYBE if attack else needed | _MAYBE
    for key in sorted(row.keys() - known):
        of_attacks = " for an honest run" if key in _ATTACK | _ATTACK_MAYBE else ""
        raise MethodError(f"{place}: there is no key `{key[:60]}`{of_attacks}; take it out")
    for key in sorted(needed - row.keys()):
        raise MethodError(f"{place}: `{key}` is missing")
    score, why = _score(row, place)
    count = whole(row.get("round", 1), place, "`round`")
    if count < 1:
        raise MethodError(f"{place}: `round` is 0; rounds are counted from 1")
    return Run(
        id=_name(row, "id", place),
        task=_name(row, "task", place),
        attack=attack,
        score=score,
        why=why,
        main=_truth(row, "main_success", place),
        side=_truth(row, "side_success", place),
        strategy=_name(row, "strategy", place) if attack else "",
        round=count,
        forecast=_maybe(row, "forecast", place),
        estimate=_maybe(row, "estimate", place),
        place=place,
    )


def _score(row: dict[str, Any], place: str) -> tuple[float | None, str]:
    value, parsed = row["score"], row.get("parsed")
    if parsed is not None and not isinstance(parsed, bool):
        raise MethodError(f"{place}: `parsed` is {parsed!r}; it is true or false")
    if value is None:
        if parsed:
            raise MethodError(f"{place}: `parsed` is true, and `score` is null; which is it?")
        return None, "no score"
    if isinstance(value, bool):
        raise MethodError(f"{place}: `score` is {value!r}, where a number or null is expected")
    found = number(value, place, "`score`")
    return (None, "not parsed") if parsed is False else (found, "")


def _name(row: dict[str, Any], key: str, place: str) -> str:
    found = text(row[key], place, f"`{key}`")
    if not found.strip():
        raise MethodError(f"{place}: `{key}` is empty")
    return found


def _truth(row: dict[str, Any], key: str, place: str) -> bool | None:
    value = row.get(key)
    if value is not None and not isinstance(value, bool):
        raise MethodError(f"{place}: `{key}` is {value!r}; it is true, false or null")
    return value


def _maybe(row: dict[str, Any], key: str, place: str) -> float | None:
    value = row.get(key)
    if value is None:
        return None
    if isinstance(value, bool):
        raise MethodError(f"{place}: `{key}` is {value!r}, where a number is expected")
    return number(value, place, f"`{key}`")
