"""The two files of lm-evaluation-harness: aggregated results, and one line per sample.

What one file says is held against the other: the hash of the task, the number of samples and the
mean. Source: EleutherAI/lm-evaluation-harness, `evaluator.py`, `loggers/evaluation_tracker.py`.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from safetycase.methods.imported import strict
from safetycase.plugin.contract import MethodError

__all__ = ["Results", "Wanted", "read_results", "read_samples"]

_CLOSE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One number of the results: `results[task]["metric,filter"]`."""

    task: str
    metric: str
    filter: str

    @property
    def key(self) -> str:
        """The key of the mean."""
        return f"{self.metric},{self.filter}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """One number with what the file says about it; `error` is None if the file has none."""

    place: str
    wanted: Wanted
    mean: float
    error: float | None
    planned: int
    effective: int
    task_hash: str
    tool: str
    made_at: str
    said: Mapping[str, str]
    effort: Mapping[str, str]

    def successes(self) -> int:
        """How many samples were 1, if mean, standard error and n allow only 0s and 1s.

        For n values in [0, 1] with mean p the sample variance is p(1 − p)n/(n − 1) if and only
        if every value is 0 or 1, since x² < x in between. `MethodError` where that fails.
        """
        n, mean = self.effective, self.mean
        way_out = "log the samples (`--log_samples`) and add the `samples_*.jsonl`"
        if self.error is None or n < 2:
            raise MethodError(
                f"{self.place}: `{self.wanted.key}` has no standard error, so that a mean of "
                f"{mean:g} over {n} samples says nothing about its spread; {way_out}"
            )
        share = min(max(mean, 0.0), 1.0)
        successes = round(share * n)
        expected = math.sqrt(share * (1 - share) / (n - 1))
        whole = abs(mean - successes / n) <= _CLOSE
        if not whole or abs(self.error - expected) > 1e-6 * max(expected, 1e-3):
            raise MethodError(
                f"{self.place}: mean {mean:g} and standard error {self.error:g} of "
                f"`{self.wanted.key}` are not those of {n} samples that pass or fail; {way_out}"
            )
        return successes


def read_results(path: Path, wanted: Wanted) -> Results:
    """Read a `results_*.json`; `MethodError` if it has no such number."""
    place = f"`{path.name}`"
    top = strict.mapping(strict.parse(strict.read(path), place), place, "the file")
    everything = strict.mapping(top.get("results"), place, "`results`")
    row = strict.mapping(
        _named(everything, wanted.task, place, "task"), place, f"`results.{wanted.task}`"
    )
    keys = {k: v for k, v in row.items() if "," in k and "_stderr," not in k}
    mean = strict.number(_named(keys, wanted.key, place, "number"), place, f"`{wanted.key}`")
    error = row.get(f"{wanted.metric}_stderr,{wanted.filter}")
    planned, effective = _sizes(top, row, wanted.task, place)
    task_hash = _of_task(top, "task_hashes", wanted.task)
    return Results(
        place=place,
        wanted=wanted,
        mean=mean,
        error=None if isinstance(error, str) or error is None else _error(error, place),
        planned=planned,
        effective=effective,
        task_hash=task_hash,
        tool="lm-evaluation-harness " + _word(top.get("lm_eval_version")),
        made_at=_instant(top.get("date"), place),
        said=_said(top, wanted, task_hash),
        effort=_effort(top, wanted.task),
    )


def _error(value: Any, place: str) -> float:
    error = strict.number(value, place, "the standard error")
    if error < 0:
        raise MethodError(f"{place}: a standard error of {error:g} is below 0")
    return error


def _named(values: Mapping[str, Any], name: str, place: str, what: str) -> Any:
    if name not in values:
        some = ", ".join(f"`{key[:60]}`" for key in list(values)[:10])
        raise MethodError(f"{place}: there is no {what} `{name}`; there is {some or 'none'}")
    return values[name]


def _sizes(
    top: Mapping[str, Any], row: Mapping[str, Any], task: str, place: str
) -> tuple[int, int]:
    sizes = top.get("n-samples")
    if isinstance(sizes, dict) and task in sizes:
        size = strict.mapping(sizes[task], place, f"`n-samples.{task}`")
        planned = strict.whole(size.get("original"), place, f"`n-samples.{task}.original`")
        effective = strict.whole(size.get("effective"), place, f"`n-samples.{task}.effective`")
    else:
        planned = effective = strict.whole(
            row.get("sample_len", row.get("samples")), place, f"the number of samples of `{task}`"
        )
    if not 0 < effective <= planned <= 10_000_000:
        raise MethodError(f"{place}: {effective} of {planned} samples of `{task}` cannot be")
    return planned, effective


def _of_task(top: Mapping[str, Any], group: str, task: str) -> str:
    values = top.get(group)
    return _word(values.get(task)) if isinstance(values, dict) else "not said"


def _word(value: Any) -> str:
    return "not said" if value in (None, "") else str(value)[:500]


def _instant(value: Any, place: str) -> str:
    if value is None:
        return ""
    seconds = strict.number(value, place, "`date`")
    if not 0 <= seconds < 32_503_680_000:
        raise MethodError(f"{place}: `date` is {seconds:g}, which is no time of ours")
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _config(top: Mapping[str, Any]) -> dict[str, Any]:
    config = top.get("config")
    return config if isinstance(config, dict) else {}


def _said(top: Mapping[str, Any], wanted: Wanted, task_hash: str) -> dict[str, str]:
    config = _config(top)
    return {
        "task": wanted.task,
        "task version": _of_task(top, "versions", wanted.task),
        "task hash": task_hash,
        "model": _word(top.get("model_name")),
        "model type": _word(config.get("model")),
        "model args": _word(config.get("model_args")),
        "chat template": _word(top.get("chat_template_sha")),
        "system instruction": _word(top.get("system_instruction_sha")),
        "code": "git " + _word(top.get("git_hash")),
        "transformers": _word(top.get("transformers_version")),
    }


def _effort(top: Mapping[str, Any], task: str) -> dict[str, str]:
    config = _config(top)
    return {
        "n-shot": _of_task(top, "n-shot", task),
        "gen_kwargs": _word(config.get("gen_kwargs")),
        "limit": _word(config.get("limit")),
        "seeds": ", ".join(
            f"{k} {_word(config.get(k))}"
            for k in ("random_seed", "numpy_seed", "torch_seed", "fewshot_seed")
        ),
    }


def read_samples(path: Path, results: Results, wanted: Wanted) -> list[dict[str, Any]]:
    """The samples of the wanted filter, each with its `value` (None where there is no number).

    `MethodError` unless the hash of the task, the number of samples and their mean are those of
    the results.
    """
    samples, hashes, seen = [], hashlib.sha256(), set()
    for place, value in strict.lines_of(path):
        sample = strict.mapping(value, place, "the line")
        names = [strict.text(sample.get(k), place, f"`{k}`") for k in _HASHES]
        hashes.update("".join(names).encode())
        if sample.get("filter", "none") != wanted.filter:
            continue
        key = strict.whole(sample.get("doc_id"), place, "`doc_id`")
        if key in seen:
            raise MethodError(f"{place}: the sample {key} is given twice")
        seen.add(key)
        samples.append(
            {k: sample.get(k) for k in ("doc_id", "doc", "arguments", "resps", "doc_hash")}
            | {"value": _value(sample, wanted.metric, place)}
        )
    _agree(path, results, samples, hashes.hexdigest())
    return samples


_HASHES = ("doc_hash", "prompt_hash", "target_hash")


def _value(sample: Mapping[str, Any], metric: str, place: str) -> float | None:
    if metric not in sample:
        names = sample.get("metrics")
        some = ", ".join(map(str, names)) if isinstance(names, list) else "none"
        raise MethodError(f"{place}: no `{metric}` here; there is {some[:200]}")
    if sample[metric] is None:
        return None
    return strict.number(sample[metric], place, f"`{metric}`, one number a sample,")


def _agree(
    path: Path, results: Results, samples: Sequence[Mapping[str, Any]], task_hash: str
) -> None:
    place = f"`{path.name}`"
    if results.task_hash not in ("not said", task_hash):
        raise MethodError(
            f"{place}: the hash of its samples is {task_hash}, and {results.place} says "
            f"{results.task_hash}: the two are not of one run, or were changed"
        )
    if len(samples) != results.effective:
        raise MethodError(
            f"{place}: {len(samples)} samples under the filter `{results.wanted.filter}`, and "
            f"{results.place} says {results.effective}"
        )
    values = [s["value"] for s in samples if s["value"] is not None]
    mean = math.fsum(v / len(values) for v in values) if values else math.nan
    if abs(mean - results.mean) > 1e-6:
        raise MethodError(
            f"{place}: the mean of `{results.wanted.key}` is {mean:.6g} over its samples, and "
            f"{results.place} says {results.mean:.6g}: one of them was changed, or the number is "
            "no mean of its samples"
        )
