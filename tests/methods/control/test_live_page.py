"""The how-to on control evaluations is executed as it is written, and says what the code says."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import Ran, write_case

from safetycase.methods.control.live_measures import MEASURES
from safetycase.methods.control.rounds import LEVELS

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
