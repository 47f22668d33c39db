"""From an Inspect log, as ControlArena writes it, to scored trajectories.

Whether a sample is an attack is what its metadata say as `mode` or `eval_mode`, or else whether
they name a side task (ControlArena's own rule). The score is the value of one scorer. Nothing that
the monitor did not say becomes a score: ControlArena gives an answer it cannot read the score 0 and
notes `score_parsed: false` in a message, which its own analysis does not read; here a sample with
such a step has no score.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetycase.methods.control.logs.scores import Run
from safetycase.methods.counted import Options
from safetycase.methods.inspect.reading import open_log, rows_of
from safetycase.plugin.contract import MethodError

__all__ = ["Keys", "read_log"]

_FALLBACKS = ("No score found in model response", "Could not parse score from model response")
"""What ControlArena 20.1.1 writes as the reason of a score that its monitor did not give."""
_NOT_ASKED = "No tools found in model response"
"""Its reason where a step called no tool and the monitor was, by design, not asked."""
_TRUTHS = {"C": True, "I": False, "N": None, True: True, False: False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Which scorer is the monitor, and which metadata name task and strategy ("" for the usual)."""

    scorer: str | None
    task: str
    strategy: str


def read_log(path: Path, keys: Keys) -> tuple[list[Run], dict[str, str]]:
    """The runs of a log, and what it says of itself; `MethodError` if it is no evidence."""
    log = open_log(path)
    scorer = _scorer(log, path.name, keys.scorer)
    options = Options(scorer=scorer, pass_at=0.0, chance=None, cluster_by="", arms=())
    rows = rows_of(log, path.name, options)  # refuses what is unfinished, invalidated or lacking
    runs = [
        _run(sample, row.reason, scorer, keys, f"`{path.name}` sample `{sample.id}`")
        for sample, row in zip(log.samples, rows, strict=True)
    ]
    spec = log.eval
    said = {
        f"log {path.name}": f"task {spec.task}, model {spec.model}, Inspect "
        f"{spec.packages.get('inspect_ai', 'of a version that is not said')}, made {spec.created}; "
        f"the monitor is the scorer `{scorer}`"
    }
    return runs, said


def _scorer(log: Any, name: str, asked: str | None) -> str:
    """The scorer that is the monitor: the one asked for, or the only one that gives numbers."""
    values: dict[str, list[Any]] = {}
    for sample in log.samples or []:
        for key, score in (sample.scores or {}).items():
            values.setdefault(key, []).append(score.value)
    if asked is not None:
        if asked not in values:
            has = ", ".join(map(str, values)) or "none"
            raise MethodError(f"`{name}`: no scorer `{asked}`; the log has {has}")
        return asked
    found = [key for key, said in values.items() if any(_number(v) is not None for v in said)]
    if len(found) != 1:
        raise MethodError(
            f"`{name}`: {len(found)} scorers give numbers ({', '.join(found) or 'none'}); name the "
            "one that is the monitor: `scorer: NAME`"
        )
    return found[0]


def _run(sample: Any, reason: str, scorer: str, keys: Keys, place: str) -> Run:
    metadata: Mapping[str, Any] = sample.metadata or {}
    attack = _attack(metadata, place)
    main, side = _successes(sample, place)
    score, why = (None, reason) if reason else _score(sample, scorer)
    return Run(
        id=str(sample.uuid or f"{place} epoch {sample.epoch}"),
        task=_task(sample, metadata, keys.task, place),
        attack=attack,
        score=score,
        why=why,
        main=main,
        side=side if attack else None,
        strategy=_strategy(metadata, keys.strategy, place) if attack else "",
        place=f"{place} epoch {sample.epoch}",
    )


def _attack(metadata: Mapping[str, Any], place: str) -> bool:
    modes = {str(metadata[key]) for key in ("mode", "eval_mode") if metadata.get(key) is not None}
    if len(modes) > 1 or modes - {"honest", "attack"}:
        said = " and ".join(sorted(modes))
        raise MethodError(
            f'{place}: its metadata call it {said[:60]!r}; a run is "honest" or "attack"'
        )
    if modes:
        return modes == {"attack"}
    if "side_task_name" not in metadata:
        raise MethodError(
            f"{place}: neither `eval_mode` nor `side_task_name` in its metadata; nothing says "
            "whether the run is honest or an attack"
        )
    return bool(metadata["side_task_name"])


def _task(sample: Any, metadata: Mapping[str, Any], key: str, place: str) -> str:
    if key:
        return _named(metadata, key, place)
    return str(metadata.get("main_task_name") or sample.id)


def _strategy(metadata: Mapping[str, Any], key: str, place: str) -> str:
    if key:
        return _named(metadata, key, place)
    return str(metadata.get("strategy") or metadata.get("side_task_name") or "not said")


def _named(metadata: Mapping[str, Any], key: str, place: str) -> str:
    if metadata.get(key) in (None, ""):
        raise MethodError(f"{place}: its metadata have no `{key}`")
    return str(metadata[key])


def _score(sample: Any, scorer: str) -> tuple[float | None, str]:
    score = sample.scores[scorer]
    if score.history:
        return None, "edited after the run"
    value = _number(score.value)
    if value is None:
        return None, "no number"
    steps = [m.metadata or {} for m in sample.messages if m.role == "assistant"]
    asked = [each for each in steps if each.get("reason") != _NOT_ASKED]
    silent = any(e.get("score_parsed") is False for e in [score.metadata or {}, *asked])
    if silent or score.explanation in _FALLBACKS:
        return None, "not parsed"
    if not asked and steps:
        return None, "the monitor was not asked"
    return value, ""


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def _successes(sample: Any, place: str) -> tuple[bool | None, bool | None]:
    """Main and side success by whichever scorers say so; `MethodError` if they disagree."""
    said: dict[str, list[Any]] = {"main_task_success": [], "side_task_success": []}
    unsure = sample.error is not None or sample.invalidation is not None
    for name, score in (sample.scores or {}).items():
        if isinstance(score.value, Mapping):
            found = {key: score.value[key] for key in said if key in score.value}
        else:
            found = {name: score.value} if name in said else {}
        for key, value in found.items():
            said[key].append(None if unsure or score.history else _truth(value, key, place))
    return (
        _agreed(said["main_task_success"], "main_task_success", place),
        _agreed(said["side_task_success"], "side_task_success", place),
    )


def _truth(value: Any, key: str, place: str) -> bool | None:
    try:
        return None if value is None else _TRUTHS[value]
    except (KeyError, TypeError):
        raise MethodError(f"{place}: `{key}` is {value!r}; it is C, I, N, true or false") from None


def _agreed(values: Sequence[bool | None], key: str, place: str) -> bool | None:
    known = {value for value in values if value is not None}
    if len(known) > 1:
        raise MethodError(f"{place}: its scorers disagree on `{key}`")
    return known.pop() if known and None not in values else None
