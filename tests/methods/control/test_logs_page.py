"""The page on control evaluations is executed as it is written, and names what there is."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import Ran, write_case

from safetycase.methods.control.logs import method as logs
from safetycase.methods.control.logs import scores

PAGE = Path(__file__).resolve().parents[3] / "docs" / "how-to" / "evaluate-control.md"
TEXT = PAGE.read_text("utf-8")


def test_every_measure_key_and_parameter_is_on_the_page() -> None:
    heads = re.findall(r"^\| (`.*?`) \|", TEXT, re.M)
    rows = {word for head in heads for word in re.findall(r"`(\w+)`", head)}
    names = {measure.name for measure in logs.METHOD.measures}
    assert {name for name in rows if "recall" in name} == {n for n in names if "recall" in n}
    risks = {name.removeprefix("risk_") for name in names if name.startswith("risk_")}
    assert {name for name in risks if not name.startswith("difference")} <= rows
    keys = scores._ALWAYS | scores._MAYBE | scores._ATTACK | scores._ATTACK_MAYBE
    assert keys <= rows
    words = set(re.findall(r"`(\w+)[`:]", TEXT))
    assert set(logs.Parameters.__dataclass_fields__) <= words


@pytest.mark.slow
def test_the_page_works_as_written(sc: Callable[..., Ran], tmp_path: Path) -> None:
    found = re.findall(r"```(\w+)(?: title=\"([^\"]+)\")?\n(.*?)```", TEXT, re.S)
    parts = {title or language: text for language, title, text in found}
    folder = write_case(tmp_path / "mine", parts["case.yaml"], {"draw.py": parts["draw.py"]})
    subprocess.run([sys.executable, "draw.py"], cwd=folder, check=True)
    commands = [line.removeprefix("$ safetycase ") for line in parts["console"].splitlines()]
    outs = [sc(*words.split(), cwd=folder) for words in commands]
    assert [out.code for out in outs] == [0, 0], outs[0].err
    leaf = sc("status", folder, "--json").json["leaves"]["E-RED-TEAM"]
    assert leaf["outcome"] == "supports"
    assert [q["name"] for q in leaf["quantities"]] == ["recall", "risk"]
    report = (folder / "report" / "index.html").read_text("utf-8")
    assert "Recall against the attacks tried, by audit budget" in report
