"""Identity of the controls: every field that differs, or is not known, is counted and named."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from safetycase.methods.control.identity import analysis as identity_analysis
from safetycase.methods.control.identity.manifest import read_manifest
from safetycase.methods.control.identity.method import FIELDS, METHOD, Parameters, best_case, run
from safetycase.methods.control.identity.method import _planted as measured
from safetycase.methods.control.identity.planted import (
    AS_OF,
    CHANGES,
    LOST,
    PROMPT,
    manifest,
    measure,
    passes,
    planted,
)
from safetycase.methods.imported.planting import planted_context
from safetycase.plugin.contract import Measurement, MethodError
from safetycase.plugin.parameters import bind
from safetycase.stats import estimate
from safetycase.testing import check_method
from safetycase.testing.methods import check_measurement

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "control-over-time.md"
TEXT = PAGE.read_text("utf-8")
WORDS: dict[str, Any] = {"evaluated": "e.json", "deployed": "d.json", "as_of": AS_OF}


def parameters(**changes: Any) -> Parameters:
    bound = bind(Parameters, {**WORDS, **changes})
    assert not bound.mismatches, bound.mismatches
    value = bound.value
    assert isinstance(value, Parameters)
    return value


def read(folder: Path, one: Any, other: Any, **changes: Any) -> Measurement:
    context = planted_context(folder)
    for name, said in (("e.json", one), ("d.json", other)):
        text = said if isinstance(said, str) else json.dumps(said)
        (context.case_folder / name).write_text(text, "utf-8")
    (context.case_folder / "prompt.txt").write_text(PROMPT, "utf-8")
    return run(("e.json", "d.json"), parameters(**changes), context)


def deployed(**controls: Any) -> dict[str, Any]:
    said = manifest("read off the machines", "2026-11-18")
    return said | {"controls": said["controls"] | controls}


@pytest.mark.slow
def test_it_keeps_the_contract() -> None:
    controls = check_method(METHOD, module="safetycase.methods.control.identity.method")
    assert controls.counts(claim_is_true=False) == (0, 18)
    assert controls.counts(claim_is_true=True) == (2, 2)


@pytest.mark.parametrize("name", [*CHANGES, *LOST])
def test_each_change_is_one_difference_and_is_named(name: str) -> None:
    found = measure(measured, *planted(name))
    assert estimate(found.quantities["differences"]) == 1
    assert estimate(found.quantities["unknown_fields"]) == (
        name in LOST or name in ("a scaffold that nobody knows", "a field more")
    )
    (said,) = [key for key in found.diagnostics if key.startswith("differs")]
    assert said.removeprefix("differs: ") in {
        *FIELDS, "monitor.fails_open", "audits_a_day", "agent.memory"
    }  # fmt: skip
    assert not passes(found)


def test_both_values_are_shown_and_of_lists_what_the_other_lacks(tmp_path: Path) -> None:
    agent = {"permissions": ["run tests", "deploy"], "scaffold_sha256": "b" * 64}
    found = read(tmp_path, manifest("run"), deployed(agent=agent, audits_a_day=2))
    assert found.diagnostics["differs: audits_a_day"] == "evaluated: 20; deployed: 2"
    said = found.diagnostics["differs: agent.permissions"]
    assert "these alone ('read repository',)" in said.replace("[", "(").replace("']", "',)")
    assert "deploy" in said
    assert estimate(found.quantities["fields"]) == 7


def test_true_is_not_one_and_an_order_is_an_order(tmp_path: Path) -> None:
    one = deployed(a=True, b=["x", "y"], c=1) | {"source": "run"}
    other = deployed(a=1, b=["y", "x"], c=1.0)
    found = read(tmp_path, one, other)
    assert {k for k in found.diagnostics if k.startswith("differs")} == {"differs: a", "differs: b"}


def test_a_file_is_digested_and_not_believed(tmp_path: Path) -> None:
    files = [{"field": "monitor.prompt_sha256", "file": "prompt.txt"}]
    one, other = manifest("run"), deployed()
    assert estimate(read(tmp_path / "a", one, other, files=files).quantities["differences"]) == 0
    for said in (one, other):
        said["controls"]["monitor"]["prompt_sha256"] = "d" * 64
    assert estimate(read(tmp_path / "b", one, other).quantities["differences"]) == 0
    found = read(tmp_path / "c", one, other, files=files)
    assert "the file `prompt.txt` has" in found.diagnostics["differs: monitor.prompt_sha256"]
    with pytest.raises(MethodError, match="is no file of the case folder"):
        read(tmp_path / "d", one, other, files=[files[0] | {"file": "../e.json"}])
    assert METHOD.files(parameters(files=files)) == ("prompt.txt",)


def test_a_copy_and_a_manifest_out_of_its_time_are_no_evidence(tmp_path: Path) -> None:
    sound = manifest("run")
    for number, (other, fails) in enumerate(
        (
            (deployed(), []),
            (sound, ["the deployed manifest was collected by itself"]),
            (
                deployed() | {"source": "run", "collected": "2026-11-10"},
                ["the deployed manifest was collected by itself"],
            ),
            (
                deployed() | {"collected": "2026-11-09"},
                ["the deployed manifest was collected by itself"],
            ),
            (deployed() | {"collected": "2026-11-21"}, ["the deployed manifest is recent"]),
        )
    ):
        found = read(tmp_path / str(number), sound, other)
        assert [check.name for check in found.instrument if not check.passed] == fails
    old = read(tmp_path / "old", sound, deployed(), max_age_days=1)
    assert not old.instrument[1].passed


def test_it_repeats_itself_and_plans(tmp_path: Path) -> None:
    names = iter("ab")
    check_measurement(METHOD, lambda: read(tmp_path / next(names), manifest("run"), deployed()))
    best = best_case(parameters(), tmp_path, ())
    assert set(best) == {measure.name for measure in METHOD.measures}
    assert estimate(best["fields"]) == len(FIELDS)


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ("", "not JSON"),
        ("[]", "where an object is expected"),
        ('{"collected": "x", "collected": "y"}', "is given twice"),
        (deployed() | {"extra": 1}, "there is no key `extra`"),
        ({"collected": AS_OF, "source": "s"}, "`controls` is missing"),
        (deployed() | {"collected": "20 November"}, "write YYYY-MM-DD"),
        (deployed() | {"source": ""}, "`source` is blank"),
        (deployed() | {"controls": {}}, "has no field"),
        (deployed() | {"controls": 3}, "where an object is expected"),
        (deployed(a={}), "`a` is empty"),
        (deployed(a={"": 1}), "has no name"),
        (deployed(a=[1]), "lists hold texts alone"),
        (deployed(a=["x", "x"]), "names something twice"),
        (deployed(x_sha256="ABC"), "64 small hexadecimal"),
        (deployed(x_sha256=7), "64 small hexadecimal"),
        (deployed() | {"controls": {"a.b": 1, "a": {"b": 2}}}, "two fields `a.b`"),
        ('{"collected": "2026-11-18", "source": "s", "controls": {"t": NaN}}', "no number"),
    ],
)
def test_what_is_no_manifest_is_refused(tmp_path: Path, bad: Any, says: str) -> None:
    with pytest.raises(MethodError, match=f"`d.json`: .*{says}"):
        read(tmp_path, manifest("run"), bad)


def test_parameters_and_inputs_are_refused_with_a_sentence(tmp_path: Path) -> None:
    for changes, says in (
        ({"deployed": "e.json"}, "agrees with itself"),
        ({"required": []}, "at least one field"),
        ({"required": ["a", "a"]}, "names a field twice"),
        ({"files": [{"field": "prompt", "file": "p"}]}, "ends in `sha256`"),
        ({"files": [{"field": "a_sha256", "file": n} for n in "pq"]}, "names a field twice"),
        ({"max_age_days": -1}, "`max_age_days`"),
        ({"as_of": "today"}, "write YYYY-MM-DD"),
    ):
        bound = bind(Parameters, {**WORDS, **changes})
        assert any(says in problem.message for problem in bound.mismatches), changes
    with pytest.raises(MethodError, match="the two manifests"):
        run(("e.json",), parameters(), planted_context(tmp_path))


def test_a_method_that_takes_the_unknown_for_the_same_fails_its_checks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(identity_analysis, "unknown", lambda _: False)
    wrong = [oracle.name for oracle in METHOD.self_check() if not oracle.passed]
    assert wrong == ["a field that neither manifest knows"]
    assert {p.name for p in METHOD.controls().planted if p.passes and not p.claim_is_true} == {
        "both not known"
    }


def test_the_manifest_of_the_page_is_one(tmp_path: Path) -> None:
    (text,) = re.findall(r"```json\n(.*?)```", TEXT, re.S)
    (tmp_path / "page.json").write_text(text, "utf-8")
    assert set(read_manifest(tmp_path / "page.json").fields) == set(FIELDS)
    rows = set(re.findall(r"^\| `(\w+)` \|", TEXT, re.M))
    assert {"collected", "source", "controls"} <= rows
    assert {measure.name for measure in METHOD.measures} <= rows
