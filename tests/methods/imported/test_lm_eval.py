"""Files that lm-evaluation-harness really wrote, and what becomes of them when they are changed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from safetycase.methods.imported import lm_eval
from safetycase.plugin.contract import Context, Measurement, MethodError
from safetycase.stats import Clustered, Proportion, estimate

Make = Callable[..., Context]
FILES = Path(__file__).parent / "lm_eval"
RESULTS = json.loads((FILES / "results_dummy.json").read_text())
SAMPLES = [json.loads(line) for line in (FILES / "samples_sums.jsonl").read_text().splitlines()]


def theirs(make: Make) -> Context:
    context = make()
    for path in FILES.iterdir():
        shutil.copy(path, context.case_folder)
    return context


def read(context: Context, *inputs: str, task: str = "sums", **words: Any) -> Measurement:
    return lm_eval.run(inputs, lm_eval.Parameters(task=task, **words), context)


def changed(make: Make, results: Any = RESULTS, samples: Any = SAMPLES) -> Context:
    return make(
        r__json=json.dumps(results), s__jsonl="\n".join(json.dumps(sample) for sample in samples)
    )


def test_samples_are_counted(make: Make) -> None:
    context = theirs(make)
    found = read(context, "results_dummy.json", "samples_sums.jsonl", chance=0.25)
    assert found.quantities["pass_rate"] == Proportion(successes=8, trials=24)
    assert estimate(found.quantities["advantage"]) == pytest.approx((1 / 3 - 1 / 4) / (3 / 4))
    said = found.diagnostics
    assert said["made elsewhere by"] == "lm-evaluation-harness 0.4.13"
    assert said["made at, by its own clock"].startswith("2026-11-26T")
    assert said["identity"] == "reported"
    assert said["order"].startswith("none")
    assert said["task version"] == "2.0"
    assert said["model type"] == "dummy"
    assert said["task hash"] == RESULTS["task_hashes"]["sums"]
    assert said["counted from"] == "samples"
    assert found.effort["n-shot"] == "0"
    assert len(found.transcripts) == 6
    assert sorted(found.artefacts) == ["lm-eval results", "lm-eval samples"]


def test_mean_and_error_give_the_same_counts_where_they_can(make: Make) -> None:
    found = read(theirs(make), "results_dummy.json")
    assert found.quantities["pass_rate"] == Proportion(successes=8, trials=24)
    assert found.diagnostics["counted from"] == "mean and standard error"


def test_a_filter_is_chosen_and_the_hash_covers_all_of_them(make: Make) -> None:
    context = theirs(make)
    words = {"task": "capitals", "metric": "exact_match", "filter": "whole"}
    found = read(context, "results_dummy.json", "samples_capitals.jsonl", **words)
    assert found.quantities["pass_rate"] == Proportion(successes=0, trials=24)
    with pytest.raises(MethodError, match=r"no number `acc,none`; there is `exact_match,first`"):
        read(context, "results_dummy.json", "samples_capitals.jsonl", task="capitals")
    with pytest.raises(MethodError, match="the two are not of one run"):
        read(context, "results_dummy.json", "samples_sums.jsonl", **words)
    with pytest.raises(MethodError, match="no task `other`; there is `sums`"):
        read(context, "results_dummy.json", task="other")


def test_equal_documents_form_a_cluster(make: Make) -> None:
    import hashlib

    samples = [s | {"doc_hash": str(s["doc_id"] // 2)} for s in SAMPLES]
    whole = "".join(s["doc_hash"] + s["prompt_hash"] + s["target_hash"] for s in samples)
    results = RESULTS | {"task_hashes": {"sums": hashlib.sha256(whole.encode()).hexdigest()}}
    found = read(changed(make, results, samples), "r.json", "s.jsonl")
    rate = found.quantities["pass_rate"]
    assert isinstance(rate, Clustered)
    assert len(rate.clusters) == 12
    by = read(theirs(make), "results_dummy.json", "samples_sums.jsonl", cluster_by="answer")
    assert isinstance(by.quantities["pass_rate"], Clustered)
    with pytest.raises(MethodError, match="no `colour` in its `doc`"):
        read(theirs(make), "results_dummy.json", "samples_sums.jsonl", cluster_by="colour")


def test_what_was_not_run_is_missing_and_has_to_be_allowed(make: Make) -> None:
    results = RESULTS | {"n-samples": {"sums": {"original": 30, "effective": 24}}}
    with pytest.raises(MethodError, match="24 of 30 samples were run; `allow_incomplete: true`"):
        read(changed(make, results), "r.json")
    for inputs in (("r.json",), ("r.json", "s.jsonl")):
        found = read(changed(make, results), *inputs, allow_incomplete=True)
        assert found.quantities["pass_rate"] == Proportion(successes=8, trials=24, missing=6)


def test_a_changed_sample_or_mean_is_found(make: Make) -> None:
    flipped = [SAMPLES[0] | {"acc": 1.0 - SAMPLES[0]["acc"]}, *SAMPLES[1:]]
    with pytest.raises(MethodError, match="one of them was changed"):
        read(changed(make, samples=flipped), "r.json", "s.jsonl")
    with pytest.raises(MethodError, match="the two are not of one run, or were changed"):
        read(changed(make, samples=SAMPLES[:-1]), "r.json", "s.jsonl")
    with pytest.raises(MethodError, match="the sample 0 is given twice"):
        read(changed(make, samples=[SAMPLES[0], *SAMPLES]), "r.json", "s.jsonl")
    better = {"sums": RESULTS["results"]["sums"] | {"acc,none": 0.3}}
    with pytest.raises(MethodError, match="are not those of 24 samples that pass or fail"):
        read(changed(make, RESULTS | {"results": better}), "r.json")


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"acc_stderr,none": "N/A"}, "no standard error"),
        ({"acc_stderr,none": 0.05}, "not those of 24 samples that pass or fail; log the samples"),
        ({"acc_stderr,none": -1}, "below 0"),
        ({"acc,none": "0.3"}, "where a number is expected"),
        ({"acc,none": 1.5, "acc_stderr,none": 0.0}, "not those of"),
        ({"acc,none": True}, "not those of"),
    ],
)
def test_moments_that_are_no_counts_are_refused(make: Make, row: Any, says: str) -> None:
    results = RESULTS | {"results": {"sums": RESULTS["results"]["sums"] | row}}
    with pytest.raises(MethodError) as raised:
        read(changed(make, results), "r.json")
    assert says in str(raised.value)
    assert "`r.json`" in str(raised.value)


def test_scores_that_are_no_numbers_are_refused(make: Make) -> None:
    lists = [s | {"acc": ["gold", "said"]} for s in SAMPLES]
    with pytest.raises(MethodError, match=r"`s.jsonl` line 1: `acc`, one number a sample"):
        read(changed(make, samples=lists), "r.json", "s.jsonl")
    results = RESULTS | {"results": {"sums": {"f1,none": 0.5}}}
    with pytest.raises(MethodError, match="no `f1` here; there is acc, acc_norm"):
        read(changed(make, results), "r.json", "s.jsonl", metric="f1")


def test_what_was_expected_is_held_against_the_file(make: Make) -> None:
    context = theirs(make)
    right = RESULTS["task_hashes"]["sums"]
    assert read(context, "results_dummy.json", expect_task_hash=right, expect_version="2.0")
    for word in ("expect_model", "expect_version", "expect_task_hash"):
        with pytest.raises(MethodError, match="not `other`"):
            read(context, "results_dummy.json", **{word: "other"})
    with pytest.raises(ValueError, match="chance"):
        lm_eval.Parameters(task="sums", chance=1.0)
