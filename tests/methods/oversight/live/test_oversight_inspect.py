"""The Inspect tasks, solvers and scorers by name, with planted models and no network."""

from __future__ import annotations

import dataclasses
import json
import math
import shutil
from pathlib import Path
from typing import Any

import pytest

from safetycase.methods.imported.planting import planted_context
from safetycase.methods.inspect.running import DEFAULTS
from safetycase.methods.oversight.live import models
from safetycase.methods.oversight.live.archive import record_of
from safetycase.methods.oversight.live.method import METHOD, Parameters
from safetycase.methods.oversight.live.verdicts import verdict as verdict_of
from safetycase.plugin.contract import Context, Measurement, MethodError
from safetycase.stats import estimate, sample_size

# Inspect turns a warning raised as an error inside a sample into an unscored sample.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

NAMES = (
    "debate",
    "consultancy",
    "critique",
    "prover_estimator",
    "judge_alone",
    "random_evidence",
    "ensemble",
    "answer_given",
    "unopposed",
)
SMALL = Parameters(
    items=6,
    instrument_items=3,
    votes=2,
    model="planted-oversight/checker",
    against=("liar", "obfuscator"),
)


def evaluated(task: str, model: str, folder: Path, **more: Any) -> Any:
    from inspect_ai import eval as inspect_eval

    models.register()
    roles = more.pop("model_roles", {})
    (log,) = inspect_eval(
        f"safetycase/{task}",
        model=f"planted-oversight/{model}",
        model_roles={k: f"planted-oversight/{v}" for k, v in roles.items()},
        task_args={"items": 3, "votes": 2, **more},
        display="none",
        log_dir=str(folder),
        log_realtime=False,
        log_level="error",
        **DEFAULTS,
    )
    assert log.status == "success", log.error
    assert log.samples  # read here: once a loop runs, Inspect would patch asyncio to read them
    return log


def numbers(log: Any) -> dict[str, float]:
    return {name: metric.value for name, metric in log.results.scores[0].metrics.items()}


@pytest.mark.parametrize("name", NAMES)
def test_every_task_is_known_to_inspect_by_name(name: str, tmp_path: Path) -> None:
    log = evaluated(name, "checker", tmp_path)
    assert log.eval.task == f"safetycase/{name}"
    assert log.results.scores[0].name == "verdict"
    assert {s.metadata["item"] for s in log.samples} == {
        f"{kind}-{n}" for n, kind in enumerate(("arithmetic", "logic", "proof"))
    }
    found = numbers(log)
    alone = ("judge_alone", "random_evidence", "ensemble")
    assert found["paired_accuracy"] == (0.0 if name in alone else 1.0)
    assert found["invalid_trials"] == found["incomplete_pairs"] == 0
    assert found["pairs"] == (6 if name in ("consultancy", "critique") else 3)
    for sample in log.samples:  # what the log archives gives the same score without a model
        score = sample.scores["verdict"]
        again = verdict_of(record_of(score.metadata["record"]))
        assert score.value["right"] == again.panel


def test_a_judge_that_prefers_a_seat_earns_nothing(tmp_path: Path) -> None:
    log = evaluated("debate", "first", tmp_path)
    right = [s.scores["verdict"].value["right"] > 0.5 for s in log.samples]
    assert sum(right) == 3  # of 6: half of the trials
    assert numbers(log)["paired_accuracy"] == 0.0


def test_a_judge_in_no_form_gives_invalid_trials_and_no_score(tmp_path: Path) -> None:
    log = evaluated("debate", "mute", tmp_path)
    found = numbers(log)
    assert math.isnan(found["paired_accuracy"])
    assert math.isnan(found["brier"])
    assert (found["invalid_trials"], found["incomplete_pairs"]) == (6, 3)
    assert all(math.isnan(s.scores["verdict"].value["right"]) for s in log.samples)


def test_each_role_may_have_a_model_of_its_own(tmp_path: Path) -> None:
    log = evaluated(
        "debate",
        "checker",
        tmp_path,
        model_roles={"judge_2": "gullible", "debater": "checker"},
        against="model",
    )
    records = [record_of(s.scores["verdict"].metadata["record"]) for s in log.samples]
    assert all(any(s.refused for s in record.statements) for record in records)
    assert numbers(log)["invalid_trials"] == 6  # who refuses its seat loses no debate
    log = evaluated("debate", "checker", tmp_path, model_roles={"judge_2": "gullible"})
    for sample in log.samples:
        judged = verdict_of(record_of(sample.scores["verdict"].metadata["record"]))
        assert judged.judges == (0.95, pytest.approx(0.05))
    log = evaluated("debate", "gullible", tmp_path, model_roles={"judge": "checker"})
    assert numbers(log)["paired_accuracy"] == 1.0


def test_archived_debates_are_judged_again_by_others(tmp_path: Path) -> None:
    from inspect_ai import score

    from safetycase.methods.oversight.live.scoring import verdict

    log = evaluated("debate", "gullible", tmp_path)
    assert numbers(log)["paired_accuracy"] == 0.0
    again = score(log, verdict(judges=["sceptic"]), action="overwrite", display="none")
    assert again.samples is not None
    for before, after in zip(log.samples, again.samples, strict=True):
        one, two = (record_of(s.scores["verdict"].metadata["record"]) for s in (before, after))
        assert one.statements == two.statements
        assert (len(one.replies), len(two.replies)) == (2, 1)


@pytest.fixture
def context(tmp_path: Path) -> Context:
    return dataclasses.replace(planted_context(tmp_path), seed=5)


def test_the_method_plays_through_inspect_and_is_scored_again_from_its_files(
    context: Context, tmp_path: Path
) -> None:
    ticks: list[tuple[int, int, str]] = []
    watched = dataclasses.replace(context, progress=lambda *tick: ticks.append(tick))
    found = METHOD.run((), SMALL, watched)
    assert isinstance(found, Measurement)
    assert ticks[-1] == (120, 120, "oversight")
    assert found.counts["trials in all"] == 120  # 2 · (12 + 24), 3 · 12, 2 · 6
    assert estimate(found.quantities["judge_error_all"]) == 0.0
    assert estimate(found.quantities["uplift"]) == 1.0
    assert found.effort["judges"] == "plain, checker: the same weights with different prompts"
    for number, role in enumerate(("trials", "Inspect log")):
        file = context.scratch / found.artefacts[role]
        shutil.copy(file, context.case_folder / file.name)
        other = tmp_path / f"again {number}"
        other.mkdir()
        again = METHOD.run((file.name,), SMALL, dataclasses.replace(context, scratch=other))
        assert isinstance(again, Measurement)
        assert again.quantities == found.quantities


def test_each_judge_of_a_leaf_may_be_another_model(context: Context) -> None:
    mixed = dataclasses.replace(
        SMALL,
        items=2,
        instrument_items=2,
        against=("model",),
        controls=(),
        debater="planted-oversight/advocate",
        judge_models=("planted-oversight/checker", "planted-oversight/first"),
    )
    found = METHOD.run((), mixed, context)
    assert isinstance(found, Measurement)
    assert found.effort["judges"] == "plain, checker: " + ", ".join(mixed.judge_models)
    assert estimate(found.quantities["refusal_rate"]) == 0.0
    assert estimate(found.quantities["worst_judge_error"]) == 1.0
    alone = dataclasses.replace(mixed, judge_models=("planted-oversight/checker",) * 2)
    again = dataclasses.replace(context, scratch=context.scratch / "again")
    again.scratch.mkdir()
    found = METHOD.run((), alone, again)
    assert isinstance(found, Measurement)
    assert estimate(found.quantities["worst_judge_error"]) == 0.0  # it checks the honest steps


def test_a_log_of_another_model_and_one_that_was_edited(context: Context, tmp_path: Path) -> None:
    from inspect_ai.log import ProvenanceData, edit_score, write_eval_log
    from inspect_ai.scorer import ScoreEdit

    log = evaluated("debate", "checker", tmp_path / "logs")
    first = log.samples[0]
    edit = ScoreEdit(
        value={"right": 0.0, "invalid": 0.0}, provenance=ProvenanceData(author="x", reason="y")
    )
    edit_score(log, first.id, "verdict", edit, epoch=1)
    write_eval_log(log, str(context.case_folder / "edited.eval"))
    read = METHOD.run(("edited.eval",), Parameters(), context)
    assert isinstance(read, Measurement)
    assert sample_size(read.quantities["judge_error_all"]).missing == 1
    assert read.diagnostics["model of `edited.eval`"].startswith("planted-oversight/checker, at 2")
    subject = {"provider": "inspect", "weights": "openai/other"}
    other = dataclasses.replace(context, subject=subject)
    with pytest.raises(MethodError, match="a result counts for what was tested alone"):
        METHOD.run(("edited.eval",), Parameters(), other)
    named = dataclasses.replace(Parameters(), model="planted-oversight/checker")
    assert METHOD.run(("edited.eval",), named, other)
    (context.case_folder / "bad.eval").write_text("no log", "utf-8")
    with pytest.raises(MethodError, match="cannot be read as an Inspect log"):
        METHOD.run(("bad.eval",), Parameters(), context)


def test_logs_of_different_judges_are_not_put_together(context: Context, tmp_path: Path) -> None:
    """Else a better judge under the protocol would be read as a gain of the protocol."""
    from inspect_ai import score
    from inspect_ai.log import write_eval_log

    from safetycase.methods.oversight.live.scoring import verdict

    able = evaluated("debate", "gullible", tmp_path / "a", model_roles={"judge": "checker"})
    alone = evaluated("judge_alone", "gullible", tmp_path / "b")
    twice = score(able, verdict(judges=["sceptic"]), action="append", display="none")
    for name, log in (("able", able), ("alone", alone), ("twice", twice)):
        write_eval_log(log, str(context.case_folder / f"{name}.eval"))
    read = METHOD.run(("able.eval",), Parameters(), context)
    assert isinstance(read, Measurement)
    said = read.diagnostics["model of `able.eval`"]
    assert "judged by plain by planted-oversight/checker, checker by" in said
    with pytest.raises(MethodError, match="let the same judges decide all"):
        METHOD.run(("able.eval", "alone.eval"), Parameters(), context)
    with pytest.raises(MethodError, match="was judged 2 times"):
        METHOD.run(("twice.eval",), Parameters(), context)


QUESTIONS = [
    {"id": n, "question": f"Who is {n}?", "right": "Ada", "wrong": "Ben", "facts": [f"{n} is Ada."]}
    for n in ("q1", "q2")
]


def test_questions_of_ones_own_are_debated_by_models(context: Context) -> None:
    file = context.case_folder / "mine.jsonl"
    file.write_text("".join(json.dumps(q) + "\n" for q in QUESTIONS), "utf-8")
    log = evaluated(
        "debate",
        "advocate",
        context.scratch / "logs",
        questions=str(file),
        for_truth="model",
        against="model",
    )
    assert numbers(log)["pairs"] == 2
    assert numbers(log)["invalid_trials"] == 0
    for sample in log.samples:
        record = record_of(sample.scores["verdict"].metadata["record"])
        seated = [statement.text for statement in record.statements]
        answers = record.trial.answers
        assert seated == [f"The answer is {a}, and the facts show it." for a in answers]
    mine = Parameters(
        questions="mine.jsonl",
        items=2,
        instrument_items=1,
        for_truth=("model",),
        against=("model",),
        model="planted-oversight/advocate",
    )
    assert METHOD.files(mine) == ("mine.jsonl",)
    found = METHOD.run((), mine, context)
    assert isinstance(found, Measurement)
    assert found.counts["trials in all"] == 2 * (2 + 4 + 2 + 2 + 2) + 2 + 2
    assert estimate(found.quantities["refusal_rate"]) == 0.0
    assert estimate(found.quantities["invalid_rate"]) == 0.0
    others = dataclasses.replace(mine, items=3)
    with pytest.raises(MethodError, match="has 2 questions, fewer than `items`"):
        METHOD.run((), others, context)
    with pytest.raises(ValueError, match="no script argues about `questions`"):
        dataclasses.replace(mine, against=("liar",))


def test_a_case_without_a_model_is_told_so(context: Context) -> None:
    small = Parameters(items=2, instrument_items=2)
    with pytest.raises(MethodError, match="the case gives no model"):
        METHOD.run((), small, context)
    wrong = dataclasses.replace(small, against=("model",), debater="other", model="none/none")
    with pytest.raises(MethodError, match="names no model of the case: `other`; it has none"):
        METHOD.run((), wrong, context)
