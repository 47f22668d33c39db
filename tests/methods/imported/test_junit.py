"""JUnit XML as pytest really writes it, as Surefire writes reruns, and as an attacker would."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from safetycase.methods.imported import junit
from safetycase.plugin.contract import Context, Measurement, MethodError
from safetycase.stats import Exact, Proportion

Make = Callable[..., Context]
TESTS = """\
import pytest

@pytest.fixture
def broken():
    raise RuntimeError("no fixture")

@pytest.fixture
def leaves_a_mess():
    yield
    raise RuntimeError("no teardown")

@pytest.mark.parametrize("n", range(4))
def test_passes(n): pass
def test_fails(): assert "a" == "<b>&amp;]]>\\x1b[31m"
def test_errors(broken): pass
def test_messy(leaves_a_mess): pass
def test_messy_failure(leaves_a_mess): assert 0
@pytest.mark.skip(reason="not today")
def test_skipped(): pass
@pytest.mark.xfail
def test_expected_to_fail(): assert 0
@pytest.mark.xfail(strict=True)
def test_unexpectedly_passes(): pass
"""


def read(context: Context, **words: object) -> Measurement:
    return junit.run(("in.xml",), junit.Parameters(**words), context)  # type: ignore[arg-type]


@pytest.mark.slow
def test_what_pytest_writes(make: Make, tmp_path: Path) -> None:
    (tmp_path / "test_theirs.py").write_text(TESTS)
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--junitxml=in.xml", "."],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    context = make(in__xml=(tmp_path / "in.xml").read_bytes())
    found = read(context)
    # 4 pass; a failure, a strict xfail that passed, and a failure with an error after it; errors
    # in set-up and in clearing up, a skip and an expected failure are known neither way.
    assert found.quantities["pass_rate"] == Proportion(successes=4, trials=7, missing=4)
    assert found.quantities["tests"] == Exact(
        value=11, says="tests that were planned or are in the file"
    )
    not_passed = found.quantities["not_passed"]
    assert isinstance(not_passed, Exact)
    assert not_passed.value == 7
    assert found.counts["unscored: skipped"] == 2
    assert found.counts["unscored: error"] == 2
    assert found.diagnostics["made elsewhere by"] == "a test runner, suites: pytest"
    assert found.diagnostics["made at, by its own clock"].startswith("20")
    assert (context.scratch / found.artefacts["JUnit XML"]).is_file()
    only = read(context, tests="*::test_passes*")
    assert only.quantities["pass_rate"] == Proportion(successes=4, trials=4)
    assert only.counts["left out by `tests`"] >= 7
    with pytest.raises(MethodError, match=r"no test of `in\.xml` matches `nothing`"):
        read(context, tests="nothing")


SUREFIRE = """\
<testsuites><testsuite name="outer" tests="4" failures="1" errors="0" skipped="1">
  <testsuite name="inner" tests="3" failures="1">
    <testcase classname="C" name="flaky"><flakyFailure>trace</flakyFailure></testcase>
    <testcase classname="C" name="always"><failure/><rerunFailure/><rerunFailure/></testcase>
    <testcase classname="C" name="good" time="1,000.5"/>
  </testsuite>
  <testcase name="off"><skipped/></testcase>
</testsuite></testsuites>
"""


def test_reruns_are_visible_and_a_flaky_test_is_no_pass(make: Make) -> None:
    found = read(make(in__xml=SUREFIRE))
    assert found.quantities["pass_rate"] == Proportion(successes=1, trials=2, missing=2)
    assert found.counts["unscored: flaky"] == 1
    assert found.counts["run again"] == 2
    assert found.diagnostics["tests run again"] == "C::flaky (1 times); C::always (2 times)"


def test_a_test_that_stands_twice_passes_only_if_both_do(make: Make) -> None:
    twice = "<testcase name='a'/>" * 2
    mixed = "<testcase name='b'><failure/></testcase><testcase name='b'/>"
    found = read(make(in__xml=f"<testsuite>{twice}{mixed}</testsuite>"))
    assert found.quantities["pass_rate"] == Proportion(successes=1, trials=1, missing=1)
    assert found.counts["unscored: flaky"] == 1


def test_a_test_that_was_not_run_is_no_pass_however_it_is_told(make: Make) -> None:
    # As GoogleTest (a disabled test), CTest (not run, failed) and others write it.
    cases = (
        '<testcase name="a" status="run" result="completed" classname="S"/>'
        '<testcase name="b" status="notrun" result="suppressed" classname="S"/>'
        '<testcase name="c" status="Disabled" classname="S"/>'
        '<testcase name="d" status="fail" classname="S"/>'
        '<testcase name="e" status="whatever" classname="S"/>'
    )
    text = f'<testsuite name="S" tests="5" failures="0" disabled="2">{cases}</testsuite>'
    found = read(make(in__xml=text.encode()))
    assert found.quantities["pass_rate"] == Proportion(successes=1, trials=2, missing=3)


def test_planned_tests_that_are_not_there_are_missing(make: Make) -> None:
    context = make(in__xml="<testsuite><testcase name='a'/></testsuite>")
    found = read(context, expect=3)
    assert found.quantities["pass_rate"] == Proportion(successes=1, trials=1, missing=2)
    with pytest.raises(ValueError, match="between 1 and"):
        junit.Parameters(expect=0)


BOMB = "<!DOCTYPE t [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]><testsuite name='&b;'/>"
XXE = "<!DOCTYPE t SYSTEM 'file:///etc/passwd'><testsuite/>"
BAD = {
    "outside": (b"<testsuite><testcase name='a'/><error>set-up</error></testsuite>", "outside"),
    "entities": (BOMB, "line 1: a document type or an entity is refused"),
    "external": (XXE, "line 1: a document type or an entity is refused"),
    "html": ("<html/>", "`<html>` is no JUnit report"),
    "not xml": ("{}", "line 1: not XML"),
    "cut": ("<testsuite>\n<testcase name='a'/>", "line 2: not XML"),
    "empty": ("<testsuites/>", "holds no `testcase`"),
    "deep": ("<testsuite>" * 100, "nested more than 64 deep"),
    "counts": ("<testsuite tests='3'><testcase name='a'/></testsuite>", "says tests=3, and 1"),
    "removed failure": (
        "<testsuite failures='1'><testcase name='a'/></testsuite>",
        "says failures=1, and 0 are in the file: it was cut or changed",
    ),
    "odd count": ("<testsuite tests='-1'/>", "`tests` is `-1`, where a count is expected"),
    "no name": ("<testsuite><testcase/></testsuite>", "a `testcase` has no name"),
    "nested": (
        "<testsuite><testcase name='a'><testcase name='b'/></testcase></testsuite>",
        "stands inside another",
    ),
    "encoding": ("<?xml version='1.0' encoding='ebcdic-x'?><testsuite/>", "encoding"),
}


@pytest.mark.parametrize("name", BAD)
def test_hostile_and_broken_files_are_refused_with_line_and_reason(name: str, make: Make) -> None:
    content, says = BAD[name]
    with pytest.raises(MethodError, match=r"`in\.xml`") as raised:
        read(make(in__xml=content))
    assert says in str(raised.value)
