"""Attempts from Inspect: a task run in this process, and the samples of a log."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from safetycase.methods.counted import Options
from safetycase.methods.scheming.attempts.records import Attempt, Sources
from safetycase.plugin.contract import Context, MethodError

__all__ = ["logged", "run_source"]


def run_source(
    name: str,
    task: str,
    sources: Sources,
    context: Context,
    answered: bool,
    artefacts: dict[str, str],
    times: int,
) -> Path:
    """Run one task, `times` as many epochs as the sources say; its log is named in `artefacts`."""
    from safetycase.methods.inspect.running import run_task

    options = {
        "seed": context.seed % 2**31,
        "max_connections": sources.max_connections,
        "max_tokens": sources.max_tokens,
        "temperature": sources.temperature,
        "message_limit": sources.message_limit,
        "time_limit": sources.time_limit,
    }
    role = f"{name}, answer supplied" if answered else name
    path = run_task(
        task,
        {},
        sources.model,
        context,
        epochs=sources.epochs * times,
        limit=sources.limit,
        options={k: v for k, v in options.items() if v is not None},
        note=role,
        temporary=f"log {len(artefacts) + 1}",
    )
    scratch = context.scratch.resolve() if path.is_absolute() else context.scratch
    artefacts[f"Inspect log ({role})"] = str(path.relative_to(scratch))
    return path


def logged(
    path: Path,
    of: tuple[str, ...],
    scorer: str | None,
    answered: bool,
    numeric: bool,
    foreign: Context | None,
) -> Iterator[Attempt]:
    """The samples of one log; a log of a model that the case names otherwise is refused."""
    from safetycase.methods.inspect import reading

    log = reading.open_log(path)
    subject = foreign.subject if foreign else {}
    if subject.get("provider") == "inspect" and log.eval.model != subject.get("weights"):
        raise MethodError(
            f"`{path.name}` is of the model `{log.eval.model}`, and the model of the case is "
            f"`{subject.get('weights')}`; a result counts for what was tested alone"
        )
    options = Options(scorer=scorer, pass_at=1.0, chance=None, cluster_by="", arms=())
    rows = reading.rows_of(log, path.name, options)
    values = _numbers(log, path.name, scorer) if numeric else {}
    for row in rows:
        usable = None if row.passed is None else float(row.passed)
        value = values.get((row.id, row.epoch)) if numeric else usable
        yield Attempt(
            of=of,
            id=f"{row.id} (epoch {row.epoch})",
            item=row.id,
            answered=answered,
            score=value,
            reason=row.reason or ("" if value is not None else "no usable score"),
            prompt=row.prompt,
            output=row.output,
            place=f"`{path.name}`",
            made_by=log.eval.model,
        )


def _numbers(log: Any, name: str, scorer: str | None) -> dict[tuple[str, int], float]:
    """The scores as numbers by sample and epoch; what was edited or invalidated has none."""
    found = {}
    for sample in log.samples or []:
        scores = sample.scores or {}
        score = scores.get(scorer) if scorer else next(iter(scores.values()), None)
        spoilt = sample.error is not None or sample.invalidation is not None
        if score is None or spoilt or score.history:
            continue
        if not isinstance(score.value, int | float):
            raise MethodError(
                f"`{name}`: the score of sample `{sample.id}` is {str(score.value)[:40]!r}; a "
                "numeric test has numbers; choose the scorer with `scorers`"
            )
        value = float(score.value)
        if math.isfinite(value):
            found[str(sample.id), int(sample.epoch)] = value
    return found
