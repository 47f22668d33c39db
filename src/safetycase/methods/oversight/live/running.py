"""Playing trials through Inspect, and reading archived ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetycase.methods.inspect.reading import open_log
from safetycase.methods.inspect.running import run_task
from safetycase.methods.oversight.live.archive import read_records, record_of, write_records
from safetycase.methods.oversight.live.complete import completed
from safetycase.methods.oversight.live.panels import one_panel, panel
from safetycase.methods.oversight.live.play import Record
from safetycase.methods.oversight.live.trials import Judging, Trial
from safetycase.plugin.contract import Context, MethodError

__all__ = ["Archived", "Roles", "archived", "play_here"]

TASK = "safetycase/trials"


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """Which model plays: names of models of the case, or Inspect model strings.

    `judges` in the order of the judges, empty if all are the leaf's model; `debater` likewise.
    `subject` is another Inspect model in the place of the leaf's.
    """

    judges: tuple[str, ...] = ()
    debater: str = ""
    subject: str | None = None


def play_here(
    trials: Sequence[Trial],
    judging: Judging,
    roles: Roles,
    context: Context,
    *,
    constrained: bool,
    reply_tokens: int,
    max_connections: int,
) -> tuple[list[Record], dict[str, str]]:
    """All trials in one Inspect run: their records in order, and the artefacts of the run.

    A trial that failed has a record without replies, so that it counts as one without a verdict.
    """
    from safetycase.methods.oversight.live import registry  # what the run is made of

    del registry
    planned = [Record(trial=trial) for trial in trials]
    plan = write_records(context.scratch / "plan.jsonl", planned)
    path = run_task(
        TASK,
        {
            "plan": str(plan.resolve()),
            "judges": ",".join(judging.judges),
            "reading": judging.reading,
            "sees": judging.sees,
            "votes": judging.votes,
            "constrained": constrained,
            "reply_tokens": reply_tokens,
        },
        _subject(roles),
        context,
        epochs=1,
        limit=None,
        options={
            "max_connections": max_connections,
            "model_roles": _models(roles, context),
            "seed": context.seed % 2**31,
        },
        note="oversight",
        temporary="log",
    )
    records = _in_order(planned, open_log(path))
    kept = write_records(context.scratch / "trials.jsonl", records)
    return records, {
        "trials": kept.name,
        "Inspect log": str(path.resolve().relative_to(context.scratch.resolve())),
    }


def _subject(roles: Roles) -> str | None:
    if roles.subject is not None:
        _planted(roles.subject)
    return roles.subject


def _planted(name: str) -> None:
    if name.startswith("planted-oversight/"):
        from safetycase.methods.oversight.live.models import register

        register()


def _models(roles: Roles, context: Context) -> dict[str, Any]:
    """The model of each role that has one of its own."""
    named = {f"judge_{n}": name for n, name in enumerate(roles.judges, start=1)}
    if roles.debater:
        named |= {"debater": roles.debater, "prover": roles.debater}
    return {role: _model(role, name, context) for role, name in named.items()}


def _model(role: str, name: str, context: Context) -> Any:
    from inspect_ai.model import get_model

    access = context.models.get(name)
    if access is None and "/" not in name:
        known = ", ".join(sorted(context.models)) or "none"
        raise MethodError(f"the role `{role}` names no model of the case: `{name}`; it has {known}")
    _planted(name)
    own = bool(access and access.base_url)
    try:
        return get_model(
            name if access is None else access.inspect_model,
            base_url=access.base_url if access and own else None,
            api_key=access.api_key if access and own else None,
        )
    except Exception as error:
        raise MethodError(f"the model `{name}` cannot be had: {error}") from error


def _in_order(planned: Sequence[Record], log: Any) -> list[Record]:
    found = {record.trial.id: record for record in _of_log(log)}
    return [found.get(record.trial.id, record) for record in planned]


@dataclass(frozen=True, slots=True, kw_only=True)
class Archived:
    """The trials of several files, and what each of these says of itself."""

    records: tuple[Record, ...]
    said: dict[str, str]


def archived(paths: Sequence[Path], expected: str = "") -> Archived:
    """The trials of archives (`.jsonl`) and Inspect logs; `MethodError` if one is there twice.

    With `expected`, a log of another model is refused, and so are logs of other judges than those
    of the first. A seating that is not there is a record
    without replies.
    """
    found: dict[str, Record] = {}
    said: dict[str, str] = {}
    panels: dict[str, str] = {}
    for path in paths:
        if path.suffix == ".jsonl":
            read, said[f"model of `{path.name}`"] = read_records(path), "not said"
        else:
            read, model, panels[path.name] = _log(path, expected)
            said[f"model of `{path.name}`"] = f"{model}; {panels[path.name]}"
        for record in read:
            if record.trial.id in found:
                raise MethodError(
                    f"`{path.name}` holds the trial `{record.trial.id}`, which another input holds "
                    "as well; which of them counts is open"
                )
            found[record.trial.id] = record
    one_panel(panels)
    return Archived(records=tuple(completed(list(found.values()))), said=said)


def _log(path: Path, expected: str) -> tuple[list[Record], str, str]:
    log = open_log(path)
    if expected and log.eval.model != expected:
        raise MethodError(
            f"the log `{path.name}` is of the model `{log.eval.model}`, and the leaf is about "
            f"`{expected}`: a result counts for what was tested alone. If both are names of one "
            f"model, say so: `model: {log.eval.model}`"
        )
    if log.status != "success":
        raise MethodError(f"the log `{path.name}` has the status `{log.status}`")
    if log.eval.config.epochs not in (None, 1):
        raise MethodError(f"the log `{path.name}` has several epochs; run it with one")
    found = _of_log(log)
    if not found:
        raise MethodError(f"`{path.name}` holds no trial of a task of safetycase")
    return found, f"{log.eval.model}, at {log.eval.created}", panel(log)


def _of_log(log: Any) -> list[Record]:
    """The judged record of each sample; of one that failed, what was planned of it.

    A score that was edited, or a sample that was invalidated, has its statements and no replies.
    """
    found = []
    for sample in log.samples or []:
        value = (sample.metadata or {}).get("record")
        if value is None:
            continue
        score = _score(sample)
        changed = sample.invalidation is not None or bool(score and score.history)
        if score is not None and not changed and sample.error is None:
            value = (score.metadata or {}).get("record", value)
        try:
            found.append(record_of(value))
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            raise MethodError(f"the sample `{sample.id}` holds no trial: {error}") from error
    return found


def _score(sample: Any) -> Any:
    """The one score that holds a judged record."""
    judged = [s for s in (sample.scores or {}).values() if "record" in (s.metadata or {})]
    if len(judged) > 1:
        raise MethodError(
            f"the sample `{sample.id}` was judged {len(judged)} times; which of them counts is "
            "open: score the log again with `--action overwrite`"
        )
    return judged[0] if judged else None
