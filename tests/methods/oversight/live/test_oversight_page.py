"""The how-to on debates is executed as it is written, on fewer items where a model answers."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import Ran, write_case

from safetycase.methods.oversight.live import tasks
from safetycase.methods.oversight.live.method import Parameters
from safetycase.methods.oversight.live.questions import read_questions
from safetycase.plugin.parameters import bind

PAGE = Path(__file__).resolve().parents[4] / "docs" / "how-to" / "run-a-debate.md"
TEXT = PAGE.read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}(?: title=\"[^\"]+\")?\n(.*?)```", TEXT, re.S)


def test_the_ratings_are_as_the_page_says() -> None:
    (code,) = blocks("python")
    exec(code, {})


def test_the_page_names_every_task_and_argument() -> None:
    named = set(re.findall(r"`safetycase/(\w+)`", TEXT))
    assert named == set(tasks.__all__) - {"trials"} | {"debate"}
    rows = re.findall(r"^\| `([^`]+=[^`]+)` \|", TEXT, re.M)
    arguments = dict(part.split("=") for row in rows for part in row.split())
    import inspect

    defaults = {
        name: parameter.default
        for name, parameter in inspect.signature(tasks.debate).parameters.items()
        if name != "questions"
    }
    assert arguments == {
        name: str(value).replace("True", "true").replace("False", "false")
        for name, value in defaults.items()
    }


def test_the_question_of_the_page_can_be_read(tmp_path: Path) -> None:
    line = next(block for block in blocks("text") if block.startswith("{"))
    (tmp_path / "questions.jsonl").write_text(line, "utf-8")
    (found,) = read_questions(tmp_path / "questions.jsonl")
    assert (found.right, found.material) == ("Ada", ("The lease names Ada.",))


def test_the_case_of_the_page_is_well_formed(sc: Callable[..., Ran], tmp_path: Path) -> None:
    folder = write_case(tmp_path / "debates", blocks("yaml")[0])
    checked = sc("check", folder)
    assert checked.code == 0, checked.out + checked.err
    import yaml

    given = yaml.safe_load(blocks("yaml")[0])["root"]["by"]["with"]
    bound = bind(Parameters, given)
    assert not bound.mismatches
    assert bound.value.items == 60


def environment() -> dict[str, str]:
    """That of a user of this environment, so that `inspect` and `python` are found."""
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    return {**os.environ, "PATH": path}


@pytest.mark.model
@pytest.mark.server
@pytest.mark.timeout(1800)  # a guard against a hang, not a bound: slow machines take long
def test_the_shell_commands_run_on_the_local_model(tmp_path: Path) -> None:
    script = "".join(line.removeprefix("$ ") + "\n" for line in blocks("console")[0].splitlines())
    assert "inspect eval safetycase/debate --model openai-api/local/smollm2 -T items=20" in script
    done = subprocess.run(
        ["bash", "-e", "-c", script.replace("items=20", "items=1")],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment(),
        timeout=1500,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "paired_accuracy" in done.stdout
    from safetycase.methods.inspect.reading import open_log
    from safetycase.methods.oversight.live.archive import record_of
    from safetycase.methods.oversight.live.verdicts import verdict

    (file,) = (tmp_path / "logs").glob("*.eval")
    log: Any = open_log(file)
    assert log.eval.model == "openai-api/local/smollm2"
    assert len(log.samples) == 2
    for sample in log.samples:
        score = sample.scores["verdict"]
        found = verdict(record_of(score.metadata["record"]))
        assert len(found.judges) == 2
        assert score.value["invalid"] == float(found.panel is None)
        assert found.panel is None or score.value["right"] == found.panel


@pytest.mark.model
@pytest.mark.server
@pytest.mark.timeout(1800)
def test_the_case_runs_on_the_local_model(sc: Callable[..., Ran], tmp_path: Path) -> None:
    text = blocks("yaml")[0]
    for old, new in (
        ("error <= 0.20 and uplift >= 0.10", "error <= 0.99 and uplift >= -0.99"),
        ("items: 60", "items: 1\n      kinds: [logic]\n      size: 2\n      reply_tokens: 16"),
        ("instrument_items: 20", "instrument_items: 1"),
        ("[liar, obfuscator]", "[liar]"),
        ("[plain, checker]", "[plain]"),
        ("[consultancy, ensemble, random-evidence, masked]", "[]"),
    ):
        assert text.count(old) == 1
        text = text.replace(old, new)
    folder = write_case(tmp_path / "debates", text)
    words = [
        line.removeprefix("$ safetycase ").split() for line in blocks("console")[1].splitlines()
    ]
    ran = [sc(*line, cwd=folder, timeout=1500) for line in words]
    assert "E-DEBATE" in ran[0].out, ran[0].err
    leaf = sc("status", folder, "--json").json["leaves"]["E-DEBATE"]
    found = {one["name"]: one for one in leaf["quantities"]}
    assert "uplift" in found  # and `error`, unless the judge solves the one item alone
    assert leaf["counts"]["trials in all"] == 8
    checks = {name: passed for name, passed, *_ in leaf["instrument"]}
    assert checks["two or more judges"] is False  # one prompt alone, to be quick
    assert "DEBATE-HELPS" in ran[1].out
