"""The page on bad contexts: its model is one, its Python runs, and it names every measure."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import yaml

from safetycase.methods.elicitation.bad_contexts.method import METHOD, Parameters
from safetycase.methods.elicitation.bad_contexts.spoken import Language
from safetycase.plugin.contract import Context, Measurement
from safetycase.plugin.parameters import bind

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "reference" / "bad-contexts.md").read_text("utf-8")


def silent(done: int, total: int, note: str = "") -> None:
    del done, total, note


def test_the_model_of_the_page_can_be_searched(tmp_path: Path) -> None:
    (code,) = re.findall(r'```python title="models.py"\n(.*?)```', PAGE, re.S)
    leaf, spoken = re.findall(r"```yaml\n(.*?)```", PAGE, re.S)
    (tmp_path / "models.py").write_text(code, "utf-8")
    given = yaml.safe_load(leaf)["with"]
    assert bind(Parameters, given).mismatches == ()
    assert bind(Parameters, yaml.safe_load(spoken)["with"]).mismatches == ()
    small = {"planted": [], "searches": 1, "soft_budget": 0, "budget": 200, "near_budget": 128}
    parameters = bind(Parameters, {"model": given["model"]} | small).value
    found = METHOD.run(
        (),
        parameters,
        Context(
            case_folder=tmp_path,
            scratch=tmp_path,
            seed=0,
            model=None,
            models={},
            progress=silent,
        ),
    )
    assert isinstance(found, Measurement)
    assert all(check.passed for check in found.instrument), found.instrument
    assert found.raises == ()


def test_the_python_of_the_page_runs_as_written() -> None:
    names: dict[str, object] = {}
    for code in re.findall(r"```python\n(.*?)```", PAGE, re.S):
        exec(code, names)
    again, told = names["again"], names["told"]
    assert again.held  # type: ignore[attr-defined]
    assert told.firing.trials == 12  # type: ignore[attr-defined]


def test_what_may_be_said_of_a_language_model_is_on_the_page() -> None:
    table = PAGE.split("| `language` | is |")[1].split("\n\n")[0]
    named = re.findall(r"`(\w+)`", " ".join(row.split("|")[1] for row in table.splitlines()[2:]))
    fields = {field.name for field in dataclasses.fields(Language)}
    assert set(named) == fields - {"dtype"}


def test_every_measure_is_on_the_page_and_the_other_way_round() -> None:
    table = PAGE.split("| measure | is |")[1].split("\n\n")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.M) == [m.name for m in METHOD.measures]
