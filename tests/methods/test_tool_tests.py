"""`tool/tests`: it keeps the contract, and a fault that cannot be planted is no fault noticed."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from safetycase.methods.imported.planting import planted_context
from safetycase.methods.tool.tests import METHOD, Parameters, files, run
from safetycase.plugin.contract import Context, Measurement, MethodError
from safetycase.stats import estimate
from safetycase.testing.methods import check_method

PROGRAM = "def double(n):\n    return 2 * n\n"
TESTS = """\
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import program


def test_two():
    assert program.double(2) == 4


def test_three():
    assert program.double(3) == 6


@pytest.mark.skipif(True, reason="not here")
def test_elsewhere():
    raise AssertionError


def test_home_is_scratch(tmp_path):
    assert Path.home().name == "home"
"""
FAULTS = """\
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import program


def triples():
    program.double = lambda n: 3 * n


def breaks_the_import():
    sys.modules["program"] = None


def cannot_be_planted():
    program.no_such_thing.x = 1
"""


@pytest.fixture
def context(tmp_path: Path) -> Context:
    found = planted_context(tmp_path)
    for name, text in (("program", PROGRAM), ("check", TESTS), ("faults", FAULTS)):
        (found.case_folder / f"{name}.py").write_text(text, "utf-8")
    return found


def measured(context: Context, **more: object) -> Measurement:
    return run((), Parameters(tests=("check.py",), **more), context)  # type: ignore[arg-type]


@pytest.mark.slow
def test_it_keeps_the_contract() -> None:
    controls = check_method(METHOD, module="safetycase.methods.tool.tests")
    assert controls.counts(claim_is_true=False) == (0, 2)
    assert controls.counts(claim_is_true=True) == (1, 1)


@pytest.mark.slow
def test_tests_are_counted_and_faults_noticed(context: Context) -> None:
    faults = ("faults.py@triples", "faults.py@breaks_the_import")
    found = measured(context, faults=faults, only="not elsewhere")
    values = {name: estimate(value) for name, value in found.quantities.items()}
    assert values == {"not_passed": 0, "tests": 3, "faults_missed": 0, "faults_noticed": 2}
    assert [check.passed for check in found.instrument] == [True]
    said = found.diagnostics["tests that failed for each fault"]
    assert said == "triples 2; breaks_the_import 3"
    assert (context.scratch / found.artefacts["JUnit XML"]).is_file()


@pytest.mark.slow
def test_a_skipped_test_did_not_pass(context: Context) -> None:
    found = measured(context)
    assert estimate(found.quantities["not_passed"]) == 1
    assert found.counts["unscored: skipped"] == 1
    assert not found.instrument


@pytest.mark.slow
def test_tests_that_notice_nothing_cannot_fail(context: Context) -> None:
    found = measured(context, faults=("faults.py@triples",), only="home")
    assert estimate(found.quantities["faults_missed"]) == 1
    assert [check.passed for check in found.instrument] == [False]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"faults": ("faults.py@cannot_be_planted",)}, "could not be planted"),
        ({"faults": ("faults.py@nowhere",)}, "could not be planted"),
        ({"only": "nothing_of_that_name"}, "no test was collected"),
        ({"faults": ("other.py@x",)}, "`other.py` is no file of the case folder"),
    ],
)
def test_what_cannot_be_run_is_said(context: Context, more: dict[str, object], says: str) -> None:
    with pytest.raises(MethodError, match=says):
        measured(context, **more)


@pytest.mark.slow
def test_a_run_without_an_end_is_a_failed_run(context: Context) -> None:
    (context.case_folder / "check.py").write_text("import time\ntime.sleep(60)\n", "utf-8")
    with pytest.raises(MethodError, match="stopped after 1 s"):
        measured(context, seconds=1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"tests": ()},
        {"tests": ("check.txt",)},
        {"tests": ("check.py",), "faults": ("faults.py",)},
        {"tests": ("check.py",), "faults": ("faults.py@x", "faults.py@x")},
        {"tests": ("check.py",), "seconds": 0},
    ],
)
def test_parameters_that_say_nothing_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Parameters(**wrong)  # type: ignore[arg-type]


def test_tests_and_faults_are_part_of_the_instrument() -> None:
    chosen = Parameters(tests=("a.py", "b.py"), faults=("f.py@x", "f.py@y"))
    assert files(chosen) == ("a.py", "b.py", "f.py")
    assert files(dataclasses.replace(chosen, faults=())) == ("a.py", "b.py")
