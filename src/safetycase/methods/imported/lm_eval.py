"""`import/lm-eval`: results of EleutherAI's lm-evaluation-harness, made elsewhere, as evidence."""

from __future__ import annotations

import hashlib
import json
import random
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetycase.methods import counted
from safetycase.methods.counted import Options, Row
from safetycase.methods.imported.lm_eval_files import Results, Wanted, read_results, read_samples
from safetycase.methods.imported.origin import ORDER_LIMIT, made_elsewhere
from safetycase.methods.imported.planting import keep, planted_context
from safetycase.methods.imported.strict import input_file
from safetycase.plugin.contract import (
    Context,
    Controls,
    Measurement,
    Method,
    MethodError,
    OracleResult,
    Planted,
)
from safetycase.stats import Affine, Proportion, Statistic, bounds, estimate

__all__ = ["METHOD", "Parameters"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Which number of the files counts, and from where on a sample passes.

    The inputs are the `results_*.json` and, where it was logged, the `samples_*.jsonl` of the
    task. `filter` is the part of `metric,filter` after the comma. `chance` is the rate of
    guessing. Samples that share `cluster_by` (a key of their `doc`) form a cluster; without it
    those with the same `doc_hash` do. `allow_incomplete` takes a run with a `limit`; what was
    left out counts as missing.
    """

    task: str
    metric: str = "acc"
    filter: str = "none"
    pass_at: float = 1.0
    chance: float | None = None
    cluster_by: str = ""
    below_chance_alpha: float = 0.01
    expect_model: str | None = None
    expect_version: str | None = None
    expect_task_hash: str | None = None
    allow_incomplete: bool = False

    def __post_init__(self) -> None:
        if self.chance is not None and not 0 <= self.chance < 1:
            raise ValueError("`chance` lies in [0, 1)")

    @property
    def wanted(self) -> Wanted:
        """The number that is looked for."""
        return Wanted(task=self.task, metric=self.metric, filter=self.filter)


def run(inputs: tuple[str, ...], parameters: Parameters, context: Context) -> Measurement:
    """Read the results, and the samples where there are any."""
    results_path, samples_path = _paths(inputs, context)
    results = read_results(results_path, parameters.wanted)
    _expected(results, parameters)
    missing = results.planned - results.effective
    if missing and not parameters.allow_incomplete:
        raise MethodError(
            f"`{results_path.name}`: {results.effective} of {results.planned} samples were run; "
            "`allow_incomplete: true` counts the others as missing"
        )
    artefacts = {"lm-eval results": keep(results_path, context)}
    options = Options(scorer=None, pass_at=parameters.pass_at, chance=None, cluster_by="", arms=())
    rows: list[Row] = []
    if samples_path is None:
        found = _from_mean(results, parameters, missing)
    else:
        artefacts["lm-eval samples"] = keep(samples_path, context)
        rows = _rows(read_samples(samples_path, results, parameters.wanted), parameters)
        rows += counted.never_run(missing, parameters.chance)
        found = counted.quantities(rows, options)
    context.progress(results.effective, results.planned, "reading")
    return Measurement(
        quantities=found,
        counts=counted.counts(rows) if rows else {"items": results.planned},
        effort=dict(results.effort),
        raises=counted.below_chance(rows, parameters.below_chance_alpha) if rows else (),
        plots=counted.pictures(found),
        transcripts=counted.transcripts(rows, context.seed) if rows else (),
        diagnostics=made_elsewhere(by=results.tool, at=results.made_at)
        | dict(results.said)
        | {"counted from": "samples" if rows else "mean and standard error"},
        artefacts=artefacts,
    )


def _paths(inputs: tuple[str, ...], context: Context) -> tuple[Path, Path | None]:
    results = [name for name in inputs if name.endswith(".json")]
    samples = [name for name in inputs if name.endswith(".jsonl")]
    if len(results) != 1 or len(samples) > 1 or len(results) + len(samples) != len(inputs):
        raise MethodError(
            "name one `results_*.json` under `inputs`, and at most one `samples_*.jsonl`"
        )
    first = input_file(context, results[0])
    return first, input_file(context, samples[0]) if samples else None


def _expected(results: Results, parameters: Parameters) -> None:
    for what, wanted, found in (
        ("model", parameters.expect_model, results.said["model"]),
        ("version of the task", parameters.expect_version, results.said["task version"]),
        ("hash of the task", parameters.expect_task_hash, results.said["task hash"]),
    ):
        if wanted is not None and wanted != found:
            raise MethodError(f"the results are of the {what} `{found}`, not `{wanted}`")


def _rows(samples: Sequence[dict[str, Any]], parameters: Parameters) -> list[Row]:
    rows = []
    for sample in samples:
        doc = sample["doc"]
        cluster = sample["doc_hash"]
        if parameters.cluster_by:
            if not isinstance(doc, dict) or parameters.cluster_by not in doc:
                raise MethodError(
                    f"sample {sample['doc_id']} has no `{parameters.cluster_by}` in its `doc` to "
                    "cluster by"
                )
            cluster = json.dumps(doc[parameters.cluster_by], sort_keys=True)
        value = sample["value"]
        rows.append(
            Row(
                id=str(sample["doc_id"]),
                epoch=1,
                cluster=cluster,
                arm="",
                chance=parameters.chance,
                passed=None if value is None else value >= parameters.pass_at,
                reason="no number" if value is None else "",
                prompt=json.dumps(sample["arguments"], ensure_ascii=False)[:8000],
                output=json.dumps(sample["resps"], ensure_ascii=False)[:8000],
            )
        )
    return rows


def _from_mean(results: Results, parameters: Parameters, missing: int) -> dict[str, Statistic]:
    """Counts from mean, standard error and n, where these three show that they are counts."""
    if parameters.cluster_by or parameters.pass_at != 1.0:
        raise MethodError("`cluster_by` and `pass_at` need the samples; add the `samples_*.jsonl`")
    successes = results.successes()
    rate = Proportion(successes=successes, trials=results.effective, missing=missing)
    found: dict[str, Statistic] = {
        "pass_rate": rate,
        "fail_rate": Affine(of=rate, scale=-1.0, offset=1.0),
    }
    chance = parameters.chance
    if chance is not None:
        found["advantage"] = Affine(of=rate, scale=1 / (1 - chance), offset=-chance / (1 - chance))
    return found


def _plant(folder: Path, values: Sequence[float]) -> tuple[str, str]:
    """Files of the harness's form for a run of 0s and 1s; the hashes and moments are right."""

    def sha(text: str) -> str:
        return hashlib.sha256(text.encode()).hexdigest()

    lines, hashes = [], ""
    for number, value in enumerate(values):
        named = {k: sha(f"{k} {number}") for k in ("doc_hash", "prompt_hash", "target_hash")}
        hashes += "".join(named.values())
        lines.append(
            {"doc_id": number, "doc": {}, "target": "", "arguments": {}, "resps": [], **named}
            | {"filter": "none", "metrics": ["acc"], "acc": value}
        )
    n, mean = len(values), sum(values) / len(values)
    error = (mean * (1 - mean) / (n - 1)) ** 0.5
    results = {
        "results": {"planted": {"acc,none": mean, "acc_stderr,none": error}},
        "n-samples": {"planted": {"original": n, "effective": n}},
        "task_hashes": {"planted": sha(hashes)},
    }
    (folder / "results_p.json").write_text(json.dumps(results), "utf-8")
    (folder / "samples_p.jsonl").write_text("\n".join(map(json.dumps, lines)), "utf-8")
    return "results_p.json", "samples_p.jsonl"


def _planted(values: Sequence[float], *, samples: bool = True) -> Measurement:
    with tempfile.TemporaryDirectory() as name:
        context = planted_context(Path(name))
        files = _plant(context.case_folder, values)
        parameters = Parameters(task="planted", chance=0.25)
        return run(files if samples else files[:1], parameters, context)


def self_check() -> tuple[OracleResult, ...]:
    """Counts from samples and from moments agree, and the bound is the closed form."""
    values = [1.0] * 7 + [0.0] * 13
    counted_ = _planted(values).quantities["pass_rate"]
    moments = _planted(values, samples=False).quantities["pass_rate"]
    clean = _planted([0.0] * 50).quantities["pass_rate"]
    return (
        OracleResult(
            name="7 of 20 by samples",
            expected=0.35,
            got=estimate(counted_),
            tolerance=1e-12,
            source="definition",
        ),
        OracleResult(
            name="7 of 20 by mean and standard error",
            expected=0.35,
            got=estimate(moments),
            tolerance=1e-12,
            source="variance p(1 − p)n/(n − 1) holds of 0s and 1s alone",
        ),
        OracleResult(
            name="0 of 50 bounds the rate by 1 − 0.05^(1/50)",
            expected=1 - 0.05 ** (1 / 50),
            got=bounds(clean, alpha_low=0.05, alpha_high=0.05).high,
            tolerance=1e-9,
            source="Clopper & Pearson 1934, closed form for no success",
        ),
    )


def controls() -> Controls:
    """Planted runs of a guesser and of a model that is right half of the time."""
    planted = []
    for name, rate, truth in (("guesser", 0.25, True), ("half right", 0.5, False)):
        passes = 0
        for replica in range(20):
            draw = random.Random(replica)  # noqa: S311
            values = [float(draw.random() < rate) for _ in range(80)]
            advantage = _planted(values).quantities["advantage"]
            passes += bounds(advantage, alpha_low=0.05, alpha_high=0.05).high <= 0.2
        says = f"right with probability {rate}"
        planted.append(Planted(name=name, claim_is_true=truth, passes=passes, runs=20, says=says))
    return Controls(criterion="advantage <= 0.2 at 95%, n = 80", planted=tuple(planted))


METHOD = Method(
    name="import/lm-eval",
    version="1.0.0",
    says="Reads results of lm-evaluation-harness made elsewhere and counts its samples.",
    parameters=Parameters,
    measures=tuple(m for m in counted.MEASURES if m.name != "arm_difference"),
    limits=(
        *counted.LIMITS,
        "The file says by itself which model was run; its weights were not seen.",
        ORDER_LIMIT,
    ),
    source="EleutherAI lm-evaluation-harness, `loggers/evaluation_tracker.py`",
    run=run,
    self_check=self_check,
    controls=controls,
    needs_model=False,
    imports=True,
)
