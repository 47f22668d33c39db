"""From an Inspect log to rows: what was scored, what was not, and what was changed afterwards.

A sample that was invalidated counts as missing. So does one whose score was edited across the
bar after the run: which of the two values is right nobody here can say, and a missing item counts
against either bound. An edit that leaves it on the same side of the bar changes nothing.
"""

from __future__ import annotations

import math
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from safetycase.methods.counted import Options, Row, never_run
from safetycase.plugin.contract import MethodError

__all__ = ["changes", "completions", "open_log", "read_rows", "rows_of"]

MAX_BYTES = 2 * 1024**3
"""The most that a log may hold once unpacked; Inspect keeps all of it in memory."""
MAX_PARTS = 500_000
_SHOWN = 20


def open_log(path: Path) -> Any:
    """The log at `path`, in any format Inspect reads, as Inspect's own reader gives it.

    Raises `MethodError` if Inspect is missing, the file is no log, or it would unpack to more
    than `MAX_BYTES`.
    """
    try:
        from inspect_ai.log import read_eval_log
    except ImportError as error:
        raise MethodError(
            f"Inspect is not installed ({error}); pip install 'safetycase[inspect]'"
        ) from error
    try:
        _bounded(path)
        return read_eval_log(str(path), resolve_attachments=False)
    except MethodError:
        raise
    except Exception as error:  # whatever a damaged or foreign file makes the reader raise
        raise MethodError(f"`{path.name}` cannot be read as an Inspect log: {error}") from error


def _bounded(path: Path) -> None:
    """Look at the directory of an archive before anything in it is unpacked."""
    size = path.stat().st_size
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
        names = {part.filename for part in parts}
        if len(parts) > MAX_PARTS or len(names) != len(parts):
            raise MethodError(
                f"`{path.name}` has {len(parts)} parts, {len(names)} names: at most {MAX_PARTS}, "
                "each name once; write the log again with Inspect"
            )
        size = sum(part.file_size for part in parts)
    if size > MAX_BYTES:
        raise MethodError(
            f"`{path.name}` unpacks to {size} bytes, more than the {MAX_BYTES} that are read; "
            "split the log, or leave out what its samples attach"
        )


def read_rows(path: Path, options: Options, *, allow_incomplete: bool = False) -> list[Row]:
    """The rows of the log at `path`; `MethodError` if it cannot stand as evidence."""
    return rows_of(open_log(path), path.name, options, allow_incomplete=allow_incomplete)


def rows_of(log: Any, name: str, options: Options, *, allow_incomplete: bool = False) -> list[Row]:
    """The rows of an opened log; `MethodError` if it cannot stand as evidence."""
    if log.status != "success" and not allow_incomplete:
        why = f": {log.error.message}" if log.error else ""
        raise MethodError(f"the log `{name}` has the status `{log.status}`{why}")
    if not log.samples:
        raise MethodError(f"the log `{name}` holds no samples")
    if log.invalidated and not any(s.invalidation for s in log.samples):
        raise MethodError(
            f"the log `{name}` was invalidated as a whole after it was written; run it again"
        )
    if log.results and log.results.early_stopping:
        raise MethodError(
            f"the run of `{name}` stopped early by a rule of its own; bounds for "
            "a fixed number of items do not hold for it"
        )
    scorer = _scorer(log, options.scorer)
    rows = [_row(sample, scorer, options) for sample in log.samples]
    return [*rows, *_never_run(log, name, rows, options, allow_incomplete=allow_incomplete)]


def changes(log: Any, options: Options) -> dict[str, str]:
    """What was done to the samples after or during the run, in words, by kind."""
    scorer = _scorer(log, options.scorer)
    edited, invalidated, retried = [], [], []
    for sample in log.samples:
        place = f"{sample.id} (epoch {sample.epoch})"
        if sample.invalidation is not None:
            who = sample.invalidation
            invalidated.append(f"{place} by {who.author}: {who.reason or 'no reason given'}")
        score = (sample.scores or {}).get(scorer)
        if score is not None and score.history:
            edited.append(f"{place}: {_story(score)}")
        if sample.error_retries:
            retried.append(f"{place}: {len(sample.error_retries)} times")
    found = {
        "scores edited after the run": edited,
        "samples invalidated after the run": invalidated,
        "samples run again after an error": retried,
    }
    return {what: _several(items) for what, items in found.items()}


def _several(items: Sequence[str]) -> str:
    if not items:
        return "0"
    more = f"; and {len(items) - _SHOWN} more" if len(items) > _SHOWN else ""
    return f"{len(items)}: " + "; ".join(item[:200] for item in items[:_SHOWN]) + more


def _story(score: Any) -> str:
    """The values a score had, oldest first, and who gave it the last one."""
    values = [repr(e.value)[:40] for e in score.history if _changed(e.value)]
    if score.history[0].provenance is not None:
        values.insert(0, "no score")
    last = next((e.provenance for e in reversed(score.history) if e.provenance), None)
    by = f", by {last.author}: {last.reason or 'no reason given'}" if last else ""
    return " → ".join(values) + by


def _changed(value: Any) -> bool:
    return not (isinstance(value, str) and value == "UNCHANGED")


def _never_run(
    log: Any, name: str, rows: Sequence[Row], options: Options, *, allow_incomplete: bool
) -> list[Row]:
    """Planned samples that the log does not hold, as missing items in clusters of their own."""
    planned = log.results.total_samples if log.results else len(rows)
    lacking = planned - len(rows)
    if lacking > 0 and not allow_incomplete:
        raise MethodError(f"the log `{name}` holds {len(rows)} of {planned} planned samples")
    return never_run(lacking, rows[0].chance if rows else options.chance)


def _scorer(log: Any, asked: str | None) -> str:
    names = list(dict.fromkeys(name for s in log.samples for name in (s.scores or {})))
    if asked is not None:
        if names and asked not in names:
            raise MethodError(f"no scorer `{asked}` in the log; it has " + ", ".join(names))
        return asked
    if len(names) > 1:
        raise MethodError(
            "the log has several scorers; choose one with `scorer`: " + ", ".join(names)
        )
    return names[0] if names else ""


def _row(sample: Any, scorer: str, options: Options) -> Row:
    metadata: Mapping[str, Any] = sample.metadata or {}
    passed, reason = _passed(sample, scorer, options.pass_at)
    cluster = metadata.get(options.cluster_by) if options.cluster_by else sample.id
    if cluster is None:
        raise MethodError(
            f"sample `{sample.id}` has no metadata `{options.cluster_by}` to cluster by"
        )
    chance = options.chance if options.chance is not None else metadata.get("chance")
    return Row(
        id=str(sample.id),
        epoch=int(sample.epoch),
        cluster=str(cluster),
        arm=str(metadata.get("arm", "")),
        chance=None if chance is None else float(chance),
        passed=passed,
        reason=reason,
        prompt=_text(sample.input),
        output=sample.output.completion if sample.output and sample.output.choices else "",
    )


def _passed(sample: Any, scorer: str, pass_at: float) -> tuple[bool | None, str]:
    if sample.error is not None:
        return None, "error"
    if sample.invalidation is not None:
        return None, "invalidated"
    score = (sample.scores or {}).get(scorer)
    if score is None:
        return None, f"limit: {sample.limit.type}" if sample.limit else "not scored"
    value = _value(score.value)
    sides = {None if v is None else v >= pass_at for v in (value, *_before(score))}
    if len(sides) > 1:
        return None, "edited across the bar"
    if value is None:
        return None, str(score.reason or "unusable score")
    return value >= pass_at, ""


def _before(score: Any) -> list[float | None]:
    """The values a score had before it was edited; None for no score at all."""
    if not score.history:
        return []
    values = [_value(edit.value) for edit in score.history if _changed(edit.value)]
    # The first entry of the history is the score as it was found, unless an edit made the score.
    return values if score.history[0].provenance is None else [None, *values]


def _value(value: Any) -> float | None:
    """A score as a number: Inspect's letters, truth values and numbers; None if it is neither.

    `N` (no answer) is None: for a claim of inability a missing answer is not a wrong one.
    """
    letters = {"C": 1.0, "I": 0.0, "P": 0.5}
    if value == "N":
        return None
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, int | float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, str):
        if value in letters:
            return letters[value]
        try:
            number = float(value)
        except ValueError:
            return None
        return number if math.isfinite(number) else None
    return None


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "\n".join(f"[{m.role}] {m.text}" for m in value)


def completions(path: Path) -> list[str]:
    """The text of every sample of a log, scored or not; an unanswered sample gives none."""
    from inspect_ai.log import read_eval_log

    log = read_eval_log(str(path), resolve_attachments=False)
    return [
        sample.output.completion
        for sample in log.samples or []
        if sample.output and sample.output.choices
    ]
