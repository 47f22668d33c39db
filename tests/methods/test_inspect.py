"""Inspect tasks and logs as evidence, on offline models of known ability."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import COIN, write_case

from safetycase.methods.inspect import eval as inspect_eval
from safetycase.methods.inspect import log as inspect_log
from safetycase.methods.inspect.controls import write_task
from safetycase.methods.inspect.running import run_task
from safetycase.plugin.contract import Context, Measurement, MethodError
from safetycase.plugin.wire import measurement_json
from safetycase.stats import Clustered, Proportion, bounds, estimate, sample_size
from safetycase.testing.methods import check_measurement, check_method

# An Inspect task as anybody might have written it, not for us.
SUMS = """\
from inspect_ai import Task, task
from inspect_ai.dataset import Sample
from inspect_ai.scorer import match, includes
from inspect_ai.solver import generate, system_message


@task
def sums(n: int = 12):
    return Task(
        dataset=[Sample(id=i, input=f"What is {i} + 1? [key {'ABCD'[i % 4]}]",
                        target="ABCD"[i % 4], metadata={"kind": "even" if i % 2 else "odd",
                                                        "arm": "a" if i < n // 2 else "b"})
                 for i in range(n)],
        solver=[system_message("Be brief."), generate()],
        scorer=match(location="begin"),
    )


@task
def twice():
    return Task(dataset=[Sample(input="x [key A]", target="A")], scorer=[match(), includes()])


@task
def broken():
    raise RuntimeError("this task cannot be made")
"""

# Inspect turns a warning raised as an error inside a sample into an unscored sample.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def context(tmp_path: Path) -> Context:
    folder = tmp_path / "case"
    folder.mkdir()
    (folder / "sums.py").write_text(SUMS, "utf-8")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    ticks: list[tuple[int, int]] = []
    return Context(
        case_folder=folder,
        scratch=scratch,
        seed=7,
        model=None,
        models={},
        progress=lambda done, total, note="": ticks.append((done, total)),
    )


def measure(context: Context, model: str, task: str = "sums.py@sums", **more: Any) -> Measurement:
    parameters = inspect_eval.Parameters(task=task, model=f"planted/{model}", **more)
    return inspect_eval.run((), parameters, context)


class Runs:
    """Runs each planted task once: what `inspect/eval` made is what `inspect/log` reads."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], tuple[str, bytes]] = {}
        self.asked = 0

    def __call__(
        self, task: str, arguments: Any, model: str, context: Context, **more: Any
    ) -> Path:
        self.asked += 1
        text = (context.case_folder / task.partition("@")[0]).read_text("utf-8")
        if (text, model) not in self.kept:
            path = run_task(task, arguments, model, context, **more)
            self.kept[text, model] = path.name, path.read_bytes()
            return path
        name, data = self.kept[text, model]
        folder = context.scratch / more["temporary"]
        folder.mkdir()
        (folder / name).write_bytes(data)
        return folder / name


@pytest.mark.slow
def test_the_methods_keep_the_contract(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = Runs()
    for module in (inspect_eval, inspect_log):
        monkeypatch.setattr(module, "run_task", runs)
        controls = check_method(module.METHOD, module=module.__name__)
        assert controls.counts(claim_is_true=False)[0] == 0
    assert (runs.asked, len(runs.kept)) == (30, 15)


@pytest.mark.slow
def test_an_able_model_and_its_log(context: Context) -> None:
    found = measure(context, "able", chance=0.25)
    assert found.quantities["pass_rate"] == Proportion(successes=12, trials=12)
    assert estimate(found.quantities["advantage"]) == pytest.approx(1.0)
    assert estimate(found.quantities["fail_rate"]) == pytest.approx(0.0)
    assert found.counts["items"] == 12
    assert (context.scratch / found.artefacts["Inspect log"]).is_file()
    assert len(found.transcripts) == 6
    # The same log, read as a log, says the same.
    path = (context.scratch / found.artefacts["Inspect log"]).resolve()
    other = Context(
        case_folder=path.parent,
        scratch=context.scratch,
        seed=1,
        model=None,
        models={},
        progress=context.progress,
    )
    read = inspect_log.run((path.name,), inspect_log.Parameters(chance=0.25), other)
    assert read.quantities == found.quantities
    assert read.diagnostics["model"] == "planted/able"
    with pytest.raises(MethodError, match="not `planted/other`"):
        inspect_log.run((path.name,), inspect_log.Parameters(expect_model="planted/other"), other)
    # A case that names its model as Inspect does takes no log of another, unless it says so.
    for weights, expected in (("planted/able", None), ("planted/other", "planted/able")):
        mine = dataclasses.replace(other, subject={"provider": "inspect", "weights": weights})
        asked = inspect_log.Parameters(expect_model=expected)
        assert inspect_log.run((path.name,), asked, mine).counts == read.counts
    mine = dataclasses.replace(other, subject={"provider": "inspect", "weights": "planted/other"})
    with pytest.raises(MethodError, match="the model of the case is `planted/other`"):
        inspect_log.run((path.name,), inspect_log.Parameters(), mine)


@pytest.mark.slow
def test_epochs_and_metadata_make_clusters(context: Context) -> None:
    epochs = measure(context, "chance", epochs=3).quantities["pass_rate"]
    assert isinstance(epochs, Clustered)
    assert len(epochs.clusters) == 12
    assert sample_size(epochs).items == 36
    kinds = measure(context, "chance", cluster_by="kind").quantities["pass_rate"]
    assert isinstance(kinds, Clustered)
    assert len(kinds.clusters) == 2
    with pytest.raises(MethodError, match="no metadata `colour`"):
        measure(context, "chance", cluster_by="colour")


@pytest.mark.slow
def test_arms_are_compared(context: Context) -> None:
    found = measure(context, "able", arms=("a", "b"))
    assert estimate(found.quantities["arm_difference"]) == 0.0
    with pytest.raises(MethodError, match="`arm: c`"):
        measure(context, "able", arms=("a", "c"))


@pytest.mark.slow
def test_a_model_that_avoids_the_answer_raises_a_doubt(context: Context) -> None:
    found = measure(context, "sandbag", chance=0.25, task_args={"n": 40})
    assert [r.name for r in found.raises] == ["below-chance"]
    assert measure(context, "chance", chance=0.25, task_args={"n": 40}).raises == ()


@pytest.mark.slow
def test_the_instrument_check_can_fail(context: Context) -> None:
    good = measure(context, "able", instrument_task="sums.py@sums", instrument_min=0.5)
    bad = measure(context, "chance", instrument_task="sums.py@sums", instrument_min=0.5)
    assert [c.passed for c in good.instrument] == [True]
    assert [c.passed for c in bad.instrument] == [False]


@pytest.mark.slow
@pytest.mark.parametrize("model", ["hostile", "long", "garbage"])
def test_hostile_output_is_data(context: Context, model: str) -> None:
    found = measure(context, model)
    written = measurement_json(found)
    assert len(json.dumps(written)) < 200_000
    assert found.counts["items"] == 12


@pytest.mark.slow
def test_what_goes_wrong_is_a_sentence(context: Context) -> None:
    with pytest.raises(MethodError, match="cannot be made"):
        measure(context, "able", "sums.py@broken")
    with pytest.raises(MethodError, match="did not run"):
        measure(context, "able", "sums.py@nothing")
    with pytest.raises(MethodError, match="several scorers"):
        measure(context, "able", "sums.py@twice")
    assert measure(context, "able", "sums.py@twice", scorer="match")
    with pytest.raises(MethodError, match="no scorer `x`"):
        measure(context, "able", "sums.py@twice", scorer="x")
    (context.case_folder / "bad.eval").write_bytes(b"no log")
    with pytest.raises(MethodError, match="cannot be read"):
        inspect_log.run(("bad.eval",), inspect_log.Parameters(), context)


@pytest.mark.slow
def test_edited_and_invalidated_samples_count_against_either_bound(context: Context) -> None:
    from inspect_ai.log import (
        ProvenanceData,
        edit_score,
        invalidate_samples,
        read_eval_log,
        write_eval_log,
    )
    from inspect_ai.scorer import ScoreEdit

    found = measure(context, "able")
    path = context.scratch / found.artefacts["Inspect log"]
    who = ProvenanceData(author="someone", reason="looks better")
    log = read_eval_log(str(path))
    assert log.samples
    edit_score(log, log.samples[0].id, "match", ScoreEdit(value="I", provenance=who))
    edit_score(log, log.samples[1].id, "match", ScoreEdit(explanation="x", provenance=who))
    edit_score(log, log.samples[2].id, "match", ScoreEdit(value="I", provenance=who))
    edit_score(log, log.samples[2].id, "match", ScoreEdit(value="C", provenance=who))
    log = invalidate_samples(log, [str(log.samples[3].uuid)], who)
    write_eval_log(log, str(context.case_folder / "edited.eval"))
    read = inspect_log.run(("edited.eval",), inspect_log.Parameters(), context)
    # Items 0 and 2 were edited across the bar, 3 was invalidated; the edit of 1 changed no value.
    assert read.quantities["pass_rate"] == Proportion(successes=9, trials=9, missing=3)
    assert read.counts["unscored: edited across the bar"] == 2
    assert read.counts["unscored: invalidated"] == 1
    story = read.diagnostics["scores edited after the run"]
    assert story.startswith("3: 0 (epoch 1): 'C' → 'I', by someone: looks better")
    assert "'C' → 'I' → 'C'" in story
    assert read.diagnostics["samples invalidated after the run"].startswith("1: 3 (epoch 1)")
    assert read.diagnostics["samples run again after an error"] == "0"
    assert read.diagnostics["made elsewhere by"].startswith("Inspect 0.")
    assert read.diagnostics["identity"] == "reported"
    assert read.diagnostics["order"].startswith("none")
    assert read.diagnostics["status"] == "success"
    log = invalidate_samples(read_eval_log(str(path)), "all", who)
    write_eval_log(log, str(context.case_folder / "gone.eval"))
    gone = inspect_log.run(("gone.eval",), inspect_log.Parameters(), context)
    assert gone.quantities["pass_rate"] == Proportion(successes=0, trials=0, missing=12)


@pytest.mark.slow
def test_a_score_that_an_edit_made_is_no_score(context: Context) -> None:
    from inspect_ai.log import ProvenanceData, edit_score, read_eval_log, write_eval_log
    from inspect_ai.scorer import ScoreEdit

    found = measure(context, "able")
    log = read_eval_log(str(context.scratch / found.artefacts["Inspect log"]))
    assert log.samples
    for sample in log.samples:
        sample.scores = {}
        edit = ScoreEdit(value="C", provenance=ProvenanceData(author="me"))
        edit_score(log, sample.id, "match", edit)
    write_eval_log(log, str(context.case_folder / "made.eval"))
    read = inspect_log.run(("made.eval",), inspect_log.Parameters(), context)
    assert read.quantities["pass_rate"] == Proportion(successes=0, trials=0, missing=12)
    assert "no score → 'C', by me" in read.diagnostics["scores edited after the run"]


@pytest.mark.slow
def test_an_archive_that_unpacks_to_too_much_is_refused_unread(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    import zipfile

    bomb = context.case_folder / "bomb.eval"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.json", b"0" * 50_000_000)
    assert bomb.stat().st_size < 100_000
    monkeypatch.setattr("safetycase.methods.inspect.reading.MAX_BYTES", 1_000_000)
    with pytest.raises(MethodError, match="unpacks to 50000000 bytes"):
        inspect_log.run(("bomb.eval",), inspect_log.Parameters(), context)
    twice = context.case_folder / "twice.eval"
    with zipfile.ZipFile(twice, "w") as archive:
        archive.writestr("header.json", "{}")
        archive.writestr("header.json", "{}")
    with pytest.raises(MethodError, match="each name once"):
        inspect_log.run(("twice.eval",), inspect_log.Parameters(), context)


@pytest.mark.slow
def test_unscored_items_count_against_either_side(context: Context) -> None:
    (context.case_folder / "half.py").write_text(
        SUMS.replace(
            'scorer=match(location="begin"),\n    )\n\n\n@task\ndef twice',
            "scorer=flaky(),\n    )\n\n\n@task\ndef twice",
        )
        .replace(
            "\n\n@task\ndef sums",
            """

@scorer(metrics=[accuracy()])
def flaky():
    async def score(state, target):
        if state.sample_id % 3 == 0:
            raise ValueError("the grader fell over")
        return Score(value="C")
    return score


@task
def sums""",
        )
        .replace("import match, includes", "import Score, accuracy, includes, match, scorer")
    )
    found = measure(context, "able", "half.py@sums")
    rate = found.quantities["pass_rate"]
    assert rate == Proportion(successes=8, trials=8, missing=4)
    interval = bounds(rate, alpha_low=0.05, alpha_high=0.05)
    assert interval.low < 8 / 12
    assert interval.high == 1.0


@pytest.mark.slow
def test_a_run_can_be_repeated(context: Context) -> None:
    check_measurement(inspect_eval.METHOD, lambda: measure(context, "chance"))


def test_the_planned_size_is_known_before_the_run(tmp_path: Path) -> None:
    lines = [json.dumps({"item": i // 4, "chance": 0.25}) for i in range(240)]
    (tmp_path / "items.jsonl").write_text("\n".join(lines) + "\n")
    parameters = inspect_eval.Parameters(task="t.py@t", cluster_by="item")
    best = inspect_eval.best_case(parameters, tmp_path, ("items.jsonl",))
    assert sample_size(best["advantage"]).clusters == 60
    assert bounds(best["advantage"], alpha_low=0.01, alpha_high=0.01).high < 0.2
    assert inspect_eval.best_case(parameters, tmp_path, ()) == {}
    assert inspect_eval.files(parameters) == ("t.py",)


@pytest.mark.slow
def test_somebody_elses_task_and_log_become_evidence(sc: Any, tmp_path: Path) -> None:
    leaf = COIN.split("        by:\n          evidence")[0].replace("rate <= 0.20", "{}")
    text = (
        leaf.replace("{}", "rate >= 0.50")
        + """\
        by: {evidence: E-TASK, method: inspect/eval, because: It is the task.,
             reads: {rate: pass_rate},
             with: {task: sums.py@sums, task_args: {n: 40}, model: planted/able}}
      - claim: LOGGED
        says: The log says so too.
        holds_when: rate >= 0.50
        by: {evidence: E-LOG, method: inspect/log, because: It is the log.,
             reads: {rate: pass_rate}, inputs: [theirs.eval]}
"""
    )
    folder = write_case(tmp_path / "c", text, {"sums.py": SUMS})
    scratch = tmp_path / "theirs"
    scratch.mkdir()
    context = Context(
        case_folder=folder, scratch=scratch, seed=1, model=None, models={}, progress=lambda *_: None
    )
    found = measure(context, "able", task_args={"n": 40})
    (folder / "theirs.eval").write_bytes((scratch / found.artefacts["Inspect log"]).read_bytes())
    # `planted` is made known by the method itself, so the local model is never started.
    (folder / "case.yaml").write_text(
        text.replace("weights: smollm2-135m-instruct", "weights: planted/able, provider: inspect"),
        "utf-8",
    )
    ran = sc("run", folder)
    assert ran.code == 0, ran.err
    states = sc("status", folder, "--json").json["states"]
    assert states["RARE"]["support"] == "supported", ran.err
    assert states["LOGGED"]["support"] == "supported"


def test_the_planted_task_is_written_where_it_is_asked(tmp_path: Path) -> None:
    assert write_task(tmp_path, items=3, replica=0) == "planted_task.py@planted"
    compile((tmp_path / "planted_task.py").read_text(), "planted_task.py", "exec")
