"""`tool/tests`: runs tests that the case brings, and the same tests on the program with faults.

A test that passes shows something only if it would have failed. So the tests are run once as they
are, and once for each planted fault: a function of the case that breaks the program before the
tests begin. A fault that no test notices is missed, and is counted.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from safetycase.methods import counted
from safetycase.methods.case_code import file_of
from safetycase.methods.counted import Options, Row
from safetycase.methods.imported.junit_xml import Result, read_report
from safetycase.methods.imported.planting import planted_context
from safetycase.plugin.contract import (
    Context,
    Controls,
    InstrumentCheck,
    Measure,
    Measurement,
    Method,
    MethodError,
    OracleResult,
    Planted,
)
from safetycase.stats import Exact, Statistic, estimate

__all__ = ["METHOD", "Parameters"]

_OPTIONS = Options(scorer=None, pass_at=1.0, chance=None, cluster_by="", arms=())
_NOTHING_COLLECTED = 5
_PLUGIN = "safetycase_planted_fault"
_LOADER = '''\
"""Breaks the program under test before the first test is collected."""
import importlib.util
import os
import sys

file, _, name = os.environ["SAFETYCASE_FAULT"].partition("@")
spec = importlib.util.spec_from_file_location("planted_faults", file)
module = importlib.util.module_from_spec(spec)
sys.modules["planted_faults"] = module
spec.loader.exec_module(module)
getattr(module, name)()
with open(os.environ["SAFETYCASE_PLANTED"], "w") as mark:
    mark.write(name)
'''


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Which tests are run, and which faults they have to notice.

    `tests` are Python files of the case folder that pytest runs; `only` is a pytest expression
    that names which of their tests (`-k`). `faults` are functions of the case folder, each as
    `file.py@name`: it is called in the process of the tests and breaks the program. `seconds` is
    the time that one run may take.
    """

    tests: tuple[str, ...]
    only: str = ""
    faults: tuple[str, ...] = ()
    seconds: int = 120

    def __post_init__(self) -> None:
        if not self.tests:
            raise ValueError("`tests` names at least one file")
        for name in self.tests:
            if not name.endswith(".py"):
                raise ValueError(f"`{name}` in `tests` is no Python file")
        for fault in self.faults:
            file_of(fault)
        if len(set(self.faults)) < len(self.faults):
            raise ValueError("`faults` names one twice")
        if not 1 <= self.seconds <= 3600:
            raise ValueError("`seconds` lies between 1 and 3600")


def files(parameters: Parameters) -> tuple[str, ...]:
    """The tests and the faults are part of the instrument."""
    return (*parameters.tests, *dict.fromkeys(map(file_of, parameters.faults)))


def run(inputs: tuple[str, ...], parameters: Parameters, context: Context) -> Measurement:
    """Run the tests once as they are, and once for each fault."""
    del inputs
    for name in files(parameters):
        if not (context.case_folder / name).is_file():
            raise MethodError(f"`{name}` is no file of the case folder")
    total = 1 + len(parameters.faults)
    context.progress(0, total, "tests")
    clean = _tested(parameters, context, None)
    if clean is None:
        raise MethodError("no test was collected: look at `tests` and `only`")
    rows = [_row(result) for result in clean]
    noticed: dict[str, int] = {}
    for done, fault in enumerate(parameters.faults, start=1):
        context.progress(done, total, fault.rpartition("@")[2])
        noticed[fault] = _noticed(_tested(parameters, context, fault), clean)
    context.progress(total, total, "done")
    missed = [fault for fault, count in noticed.items() if not count]
    found = _quantities(rows, len(missed), len(parameters.faults))
    return Measurement(
        quantities=found,
        counts=counted.counts(rows)
        | {"faults planted": len(noticed), "faults noticed": len(noticed) - len(missed)},
        effort={"planted faults": str(len(noticed))},
        instrument=_checks(noticed),
        transcripts=counted.transcripts([r for r in rows if not r.passed] or rows, context.seed),
        diagnostics={
            "faults missed": ", ".join(missed) or "none",
            "tests that failed for each fault": "; ".join(
                f"{fault.rpartition('@')[2]} {count}" for fault, count in noticed.items()
            )
            or "no fault was planted",
        },
        artefacts={"JUnit XML": "clean.xml"},
    )


def _checks(noticed: dict[str, int]) -> tuple[InstrumentCheck, ...]:
    """Tests that notice not one of the faults they were given cannot fail, and show nothing."""
    if not noticed:
        return ()
    seen = sum(count > 0 for count in noticed.values())
    return (
        InstrumentCheck(
            name="able to fail",
            passed=seen > 0,
            detail=f"the tests failed for {seen} of {len(noticed)} planted faults",
        ),
    )


def _quantities(rows: Sequence[Row], missed: int, planted: int) -> dict[str, Statistic]:
    without = sum(row.passed is not True for row in rows)
    says = "failed, ended in an error or were skipped"
    return {
        "not_passed": Exact(value=float(without), says=f"{without} of {len(rows)} {says}"),
        "tests": Exact(value=float(len(rows)), says="tests that were run"),
        "faults_missed": Exact(value=float(missed), says=f"{missed} of {planted} planted faults"),
        "faults_noticed": Exact(
            value=float(planted - missed), says=f"{planted - missed} of {planted} planted faults"
        ),
    }


def _row(result: Result) -> Row:
    failed, skipped = {"failure", "error"} & set(result.verdicts), "skipped" in result.verdicts
    return Row(
        id=result.name,
        epoch=1,
        cluster=result.name,
        arm="",
        chance=None,
        passed=False if failed else None if skipped else True,
        reason="skipped" if skipped and not failed else "",
        prompt=result.name,
        output=result.message,
    )


def _noticed(broken: Sequence[Result] | None, clean: Sequence[Result]) -> int:
    """How many tests that passed before do not pass with the fault.

    A run that could not even collect its tests was stopped by the fault: that is noticed too.
    """
    passed = {r.name for r in clean if not r.verdicts}
    if broken is None:
        return len(passed)
    return len(passed - {r.name for r in broken if not r.verdicts})


def _tested(parameters: Parameters, context: Context, fault: str | None) -> list[Result] | None:
    """The results of one run; None if no test was collected."""
    folder, scratch = context.case_folder, context.scratch
    report = scratch / ("clean.xml" if fault is None else f"{fault.rpartition('@')[2]}.xml")
    planted = report.with_suffix(".planted")
    home = scratch / "home"
    home.mkdir(exist_ok=True)
    environment = {
        **os.environ,
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "XDG_STATE_HOME": str(home / "state"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        # What else is installed beside pytest is no part of the tests, and is slow to load.
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }
    environment.pop("PYTEST_ADDOPTS", None)
    words = ["-p", "no:cacheprovider", "-q", "--tb=short"]
    words += ["-c", os.devnull, "--rootdir", str(folder), "--noconftest"]
    words += [f"--junitxml={report}", f"--basetemp={scratch / 'tmp'}"]
    if parameters.only:
        words += ["-k", parameters.only]
    if fault is not None:
        plugins = scratch / "plugin"
        plugins.mkdir(exist_ok=True)
        (plugins / f"{_PLUGIN}.py").write_text(_LOADER, "utf-8")
        path = os.pathsep.join(filter(None, (str(plugins), environment.get("PYTHONPATH"))))
        file, _, name = fault.partition("@")
        environment |= {
            "PYTHONPATH": path,
            "SAFETYCASE_FAULT": f"{folder / file}@{name}",
            "SAFETYCASE_PLANTED": str(planted),
        }
        words += ["-p", _PLUGIN]
    code, said = _started(words, parameters, folder, environment)
    if fault is not None and not planted.is_file():
        # A fault that cannot be planted would otherwise pass for one that was noticed.
        raise MethodError(f"the fault `{fault}` could not be planted: {said[-600:]}")
    if fault is None and code not in (0, 1, _NOTHING_COLLECTED):
        raise MethodError(f"pytest ended with {code}: {said[-600:] or 'it says nothing'}")
    if code == _NOTHING_COLLECTED or not report.is_file():
        return None
    return list(read_report(report).results)


def _started(
    words: Sequence[str], parameters: Parameters, folder: Path, environment: dict[str, str]
) -> tuple[int, str]:
    """The exit code of pytest and what it said; a run that takes too long is a failed run."""
    command = [sys.executable, "-m", "pytest", *words, *(str(folder / t) for t in parameters.tests)]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            cwd=folder,
            env=environment,
            timeout=parameters.seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return 124, f"stopped after {parameters.seconds} s"
    if "No module named pytest" in done.stderr:
        raise MethodError("the tests need pytest: `pip install pytest`")
    return done.returncode, (done.stdout + done.stderr).strip()


_PROGRAM = """\
def double(number):
    return 2 * number
"""
_TESTS = """\
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import planted_program


def test_two():
    assert planted_program.double(2) == 4


def test_none():
    assert planted_program.double(0) == 0
"""
_FAULTS = """\
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import planted_program


def triples():
    planted_program.double = lambda number: 3 * number


def harmless():
    planted_program.other = None
"""
_BROKEN = _TESTS.replace("== 4", "== 5")
_BLIND = _TESTS.replace("double(2) == 4", "double(0) == 0")


def _measured(tests: str, faults: tuple[str, ...] = ()) -> Measurement:
    """The method on a program of two lines."""
    with tempfile.TemporaryDirectory() as name:
        context = planted_context(Path(name))
        folder = context.case_folder
        (folder / "planted_program.py").write_text(_PROGRAM, "utf-8")
        (folder / "check_program.py").write_text(tests, "utf-8")
        (folder / "planting.py").write_text(_FAULTS, "utf-8")
        chosen = tuple(f"planting.py@{fault}" for fault in faults)
        parameters = Parameters(tests=("check_program.py",), faults=chosen)
        return run((), parameters, context)


def self_check() -> tuple[OracleResult, ...]:
    """A program of two lines, whose tests and faults can be counted by hand."""
    found = _measured(_TESTS, ("triples", "harmless")).quantities
    return tuple(
        OracleResult(
            name=name, expected=expected, got=estimate(found[key]), tolerance=0.0, source="counted"
        )
        for name, key, expected in (
            ("two tests pass", "not_passed", 0.0),
            ("two tests are run", "tests", 2.0),
            ("2 · 2 = 6 is noticed", "faults_noticed", 1.0),
            ("a fault that changes nothing is missed", "faults_missed", 1.0),
        )
    )


def controls() -> Controls:
    """Programs whose tests pass and notice, fail, or pass and notice nothing."""
    planted = []
    for name, tests, truth, says in (
        ("sound", _TESTS, True, "the program is right, and its tests notice a wrong one"),
        ("wrong", _BROKEN, False, "a test fails"),
        ("blind", _BLIND, False, "the tests pass whatever the program does"),
    ):
        found = _measured(tests, ("triples",)).quantities
        passes = estimate(found["not_passed"]) <= 0 and estimate(found["faults_missed"]) <= 0
        planted.append(
            Planted(name=name, claim_is_true=truth, passes=int(passes), runs=1, says=says)
        )
    return Controls(criterion="not_passed <= 0 and faults_missed <= 0", planted=tuple(planted))


METHOD = Method(
    name="tool/tests",
    version="1.0.0",
    says="Runs tests that the case brings, and again for each fault planted in the program.",
    parameters=Parameters,
    measures=(
        Measure(
            name="not_passed",
            unit="tests",
            safer="lower",
            says="tests that failed, ended in an error or were skipped",
        ),
        Measure(name="tests", unit="tests", safer="higher", says="tests that were run"),
        Measure(
            name="faults_missed",
            unit="faults",
            safer="lower",
            says="planted faults with which every test still passed",
        ),
        Measure(
            name="faults_noticed",
            unit="faults",
            safer="higher",
            says="planted faults with which a test failed",
        ),
    ),
    limits=(
        "It shows that these tests passed on this machine, not that they test what matters; no "
        "test of a program shows that it has no fault.",
        "Faults that somebody planted are those that somebody thought of.",
        "What the tests open in their own process is not seen. Name the program under "
        "`environment` (`NAME source`), or a change of it goes by unseen.",
    ),
    source="mutation analysis: DeMillo, Lipton & Sayward 1978, Hints on Test Data Selection, "
    "IEEE Computer 11(4)",
    run=run,
    self_check=self_check,
    controls=controls,
    files=files,
    needs_model=False,
)
