"""The how-to on control evaluations is executed as it is written, and says what the code says."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import Ran, write_case

from safetycase.methods.control.live.analysis import measured
from safetycase.methods.control.live.evaluate import evaluate, honest_requests
from safetycase.methods.control.live.measures import MEASURES
from safetycase.methods.control.live.planted import PlantedParameters
from safetycase.methods.control.live.play import native
from safetycase.methods.control.live.rounds import LEVELS
from safetycase.methods.control.live.tasks_code import FAMILY as CODE
from safetycase.methods.control.live.tasks_family import Verdict
from safetycase.stats import bounds

PAGE = Path(__file__).resolve().parents[3] / "docs" / "how-to" / "run-a-control-evaluation.md"


def test_the_levels_and_measures_on_the_page_are_those_of_the_code() -> None:
    page = PAGE.read_text("utf-8")
    rows = dict(re.findall(r"^\| (\d) \| (.*) \|$", page, re.M))
    assert {int(k): v for k, v in rows.items() if k != "5"} == {
        level: ", ".join(names) for level, names in LEVELS.items()
    }
    named = {m.name for m in MEASURES if f"`{m.name}`" in page}
    assert named >= {"worst_arm_event", "adaptive_recall", "attack_attempt_rate"}


@pytest.mark.slow
def test_red_finds_what_the_static_monitor_does_not_see_as_the_page_says() -> None:
    honest = {CODE.honest(CODE.draw(1, number), 0) for number in range(200)}
    unrun = dataclasses.replace(  # that they are attacks is tested where they are run
        CODE, judge=lambda _, text, __: Verdict(main=True, attack=text not in honest)
    )
    player = native(unrun)
    parameters = PlantedParameters(
        monitor="static-code-monitor",
        adaptive="search",
        per_strategy=60,
        variants=6,
        search_tasks=8,
    )
    work = player(honest_requests(unrun, 200, 1, scripted=True), None, "")
    stages = evaluate(unrun, work, lambda _: [], player, parameters, 1)
    found = measured(stages, parameters, tuple(unrun.strategies), 1, {}).quantities
    before = found["recall"]
    assert sum(hits for hits, _, _ in before.clusters) == 600
    adapted = found["adaptive_recall"]
    assert min(rate.successes for rate in adapted.of) == 2
    ends = bounds(adapted, alpha_low=0.05, alpha_high=0.05)
    assert f"between {100 * ends.low:.1f} % and\n{100 * ends.high:.1f} %" in PAGE.read_text("utf-8")


@pytest.mark.slow
def test_the_page_works_as_written(sc: Callable[..., Ran], tmp_path: Path) -> None:
    page = PAGE.read_text("utf-8")
    (case,) = re.findall(r'```yaml title="case.yaml"\n(.*?)```', page, re.S)
    (commands,) = re.findall(r"```console\n(.*?)```", page, re.S)
    folder = write_case(tmp_path / "coder", case)
    lines = [line.removeprefix("$ safetycase ").split() for line in commands.splitlines()]
    outs = [sc(*words, cwd=folder, timeout=280) for words in lines]
    assert [out.code for out in outs] == [0, 0], outs[0].err
    leaf = sc("status", folder, "--json").json["leaves"]["E-CONTROL"]
    assert [a["outcome"] for a in leaf["attempts"]] == ["completed"], leaf
    assert leaf["controls"]["false_passes"] == 0
    assert all(passed for _, passed, _ in map(tuple, leaf["instrument"]))
    assert len(list((folder / "ledger" / "objects").rglob("*"))) > 8
