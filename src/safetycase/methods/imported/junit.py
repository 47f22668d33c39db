"""`import/junit`: the JUnit XML of a test run made elsewhere, as evidence."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from xml.sax.saxutils import quoteattr

from safetycase.methods import counted
from safetycase.methods.counted import Options, Row
from safetycase.methods.imported.junit_xml import Report, Result, read_report
from safetycase.methods.imported.origin import ORDER_LIMIT, made_elsewhere
from safetycase.methods.imported.planting import one_input, planted_context
from safetycase.plugin.contract import (
    Context,
    Controls,
    Measure,
    Measurement,
    Method,
    MethodError,
    OracleResult,
    Planted,
)
from safetycase.stats import Exact, Statistic, bounds, estimate

__all__ = ["METHOD", "Parameters"]

_OPTIONS = Options(scorer=None, pass_at=1.0, chance=None, cluster_by="", arms=())
_REASONS = {"error": "error", "skipped": "skipped"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Which tests of the file count; the file is the one declared input.

    `tests` is a pattern (`*` and `?`) on `classname::name`; at least one test has to match.
    `expect` is the number of tests that were planned: fewer in the file count as missing.
    """

    tests: str = "*"
    expect: int | None = None

    def __post_init__(self) -> None:
        if self.expect is not None and not 1 <= self.expect <= 1_000_000:
            raise ValueError("`expect` lies between 1 and 1000000")


def run(inputs: tuple[str, ...], parameters: Parameters, context: Context) -> Measurement:
    """Read the one JUnit XML file among `inputs`."""
    path, kept = one_input(inputs, context, "JUnit XML file")
    report = read_report(path)
    chosen = [r for r in report.results if fnmatchcase(r.name, parameters.tests)]
    if not chosen:
        raise MethodError(
            f"no test of `{path.name}` matches `{parameters.tests}`; its first is "
            f"`{report.results[0].name[:80]}`"
        )
    rows = [*_rows(chosen), *counted.never_run(_lacking(chosen, parameters.expect))]
    context.progress(len(rows), len(rows), "reading")
    found = _quantities(rows)
    again = [r for r in chosen if r.again]
    return Measurement(
        quantities=found,
        counts=counted.counts(rows)
        | {
            "left out by `tests`": len(report.results) - len(chosen),
            "run again": len(again),
        },
        plots=counted.pictures({k: v for k, v in found.items() if not isinstance(v, Exact)}),
        transcripts=counted.transcripts([r for r in rows if not r.passed] or rows, context.seed),
        diagnostics=_said(report, again),
        artefacts={"JUnit XML": kept},
    )


def _said(report: Report, again: Sequence[Result]) -> dict[str, str]:
    names = ", ".join(name[:80] for name in report.suites[:10] if name)
    return made_elsewhere(
        by=f"a test runner, suites: {names or 'without a name'}", at=report.made_at
    ) | {
        "host": report.host or "not said",
        "tests run again": "; ".join(f"{r.name[:80]} ({r.again} times)" for r in again[:20])
        or "none by the word of the file",
    }


def _rows(results: Sequence[Result]) -> list[Row]:
    """One row per name: a test that was tried several times passed only if it always did."""
    groups: dict[str, list[Result]] = {}
    for result in results:
        groups.setdefault(result.name, []).append(result)
    return [_row(name, group) for name, group in groups.items()]


def _row(name: str, group: Sequence[Result]) -> Row:
    said = [_passed(result) for result in group]
    values = {value for value, _ in said}
    passed, reason = said[0]
    if len(values) > 1:
        # A failure and, clearing up after it, an error: pytest writes two entries for one test.
        passed, reason = (None, "flaky") if True in values else (False, "")
    return Row(
        id=name,
        epoch=1,
        cluster=name,
        arm="",
        chance=None,
        passed=passed,
        reason=reason,
        prompt=name,
        output="\n".join(r.message for r in group if r.message),
    )


def _passed(result: Result) -> tuple[bool | None, str]:
    if "failure" in result.verdicts:
        return False, ""
    for verdict, reason in _REASONS.items():
        if verdict in result.verdicts:
            return None, reason
    return (None, "flaky") if result.again else (True, "")


def _lacking(results: Sequence[Result], expect: int | None) -> int:
    return 0 if expect is None else expect - len({r.name for r in results})


def _quantities(rows: Sequence[Row]) -> dict[str, Statistic]:
    without = sum(row.passed is not True for row in rows)
    says = "failed, ended in an error, were skipped, flaky or never run"
    return counted.quantities(rows, _OPTIONS) | {
        "not_passed": Exact(value=float(without), says=f"{without} of {len(rows)} {says}"),
        "tests": Exact(value=float(len(rows)), says="tests that were planned or are in the file"),
    }


def _file(folder: Path, verdicts: Sequence[str]) -> str:
    cases = "".join(
        f"<testcase classname='planted' name={quoteattr(f't{n}')}>"
        + {"pass": "", "flaky": "<flakyFailure/>"}.get(verdict, f"<{verdict}/>")
        + "</testcase>"
        for n, verdict in enumerate(verdicts)
    )
    folder.joinpath("planted.xml").write_text(f"<testsuite name='p'>{cases}</testsuite>", "utf-8")
    return "planted.xml"


def _measured(verdicts: Sequence[str]) -> Measurement:
    with tempfile.TemporaryDirectory() as name:
        context = planted_context(Path(name))
        return run((_file(context.case_folder, verdicts),), Parameters(), context)


def self_check() -> tuple[OracleResult, ...]:
    """Counts and bounds against closed forms."""
    clean = _measured(["pass"] * 50).quantities
    mixed = _measured(["pass"] * 6 + ["failure", "error", "skipped", "flaky"]).quantities
    fails = bounds(clean["fail_rate"], alpha_low=0.05, alpha_high=0.05)
    return (
        OracleResult(
            name="50 passes bound the rate of failure by 1 − 0.05^(1/50)",
            expected=1 - 0.05 ** (1 / 50),
            got=fails.high,
            tolerance=1e-9,
            source="Clopper & Pearson 1934, closed form for no success",
        ),
        OracleResult(
            name="a failure, an error, a skipped and a flaky test are four that did not pass",
            expected=4.0,
            got=estimate(mixed["not_passed"]),
            tolerance=0.0,
            source="definition",
        ),
    )


def controls() -> Controls:
    """Suites with planted verdicts: one in which all pass, and one for every way of not passing."""
    planted = []
    for verdict, truth in (
        ("pass", True),
        ("failure", False),
        ("error", False),
        ("skipped", False),
        ("flaky", False),
    ):
        passes = 0
        for position in range(5):
            verdicts = ["pass"] * 20
            verdicts[position * 4] = verdict
            passes += estimate(_measured(verdicts).quantities["not_passed"]) <= 0
        says = f"20 tests, one of them: {verdict}"
        planted.append(Planted(name=verdict, claim_is_true=truth, passes=passes, runs=5, says=says))
    return Controls(criterion="not_passed <= 0", planted=tuple(planted))


METHOD = Method(
    name="import/junit",
    version="1.0.0",
    says="Reads the JUnit XML of a test run made elsewhere and counts what passed.",
    parameters=Parameters,
    measures=(
        Measure(
            name="pass_rate",
            unit="proportion",
            safer="neither",
            says="share of tests that passed, each time they were run",
        ),
        Measure(name="fail_rate", unit="proportion", safer="neither", says="1 − pass_rate"),
        Measure(
            name="not_passed",
            unit="tests",
            safer="lower",
            says="tests that failed, ended in an error, were skipped, flaky or never run",
        ),
        Measure(name="tests", unit="tests", safer="higher", says="tests in the file, or expected"),
    ),
    limits=(
        "It shows that these tests passed, not that they test what matters; no test of a program "
        "shows that it has no fault.",
        "The rates treat tests as draws from the inputs that matter, which a written suite seldom "
        "is; `not_passed` makes no such claim.",
        "The file does not say which code or model was tested.",
        ORDER_LIMIT,
    ),
    source="JUnit XML as written by pytest, Maven Surefire, Gradle and Jenkins",
    run=run,
    self_check=self_check,
    controls=controls,
    needs_model=False,
    imports=True,
)
