"""The claims of a case, and the clauses of a gate, as a JUnit XML report.

The format has no word for "not known": most tools show a skipped test as green, so that an unknown
claim is a failure here unless the caller asks for `skipped`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from safetycase.argument.findings import Span
from safetycase.argument.model import Claim
from safetycase.assess.gated import Judged, Remark
from safetycase.assess.records import Assessment, State
from safetycase.report.clean import visible

__all__ = ["Unknown", "to_junit"]

Unknown = Literal["failure", "skipped"]
_NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Test:
    name: str
    outcome: Literal["passed", "failed", "unknown"]
    kind: str
    says: str
    details: str = ""
    at: Span | None = None


def to_junit(
    assessment: Assessment, clauses: Sequence[Judged] = (), *, unknown: Unknown = "failure"
) -> str:
    """The report as XML text: a test case for each claim, and for each clause of a gate.

    A claim passes if it is ready, supported and not merely assumed; it fails if it is refuted or
    an error stands in its way; anything else is unknown.
    """
    case = assessment.case
    claims = [
        _claim(name, state, assessment)
        for name, state in assessment.states.items()
        if isinstance(case.elements.get(name), Claim)
    ]
    suites = Element("testsuites")
    named = visible(case.header.case, limit=200, lines=False)
    _suite(suites, f"{named}: claims", f"{named}.claims", claims, assessment, unknown)
    if clauses:
        rows = [_clause(clause) for clause in clauses]
        _suite(suites, f"{named}: gate", f"{named}.gate", rows, assessment, unknown)
    for total in ("tests", "failures", "errors", "skipped"):
        suites.set(total, str(sum(int(suite.get(total, "0")) for suite in suites)))
    suites.set("name", f"safetycase {_xml(named)}")
    indent(suites)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(suites, encoding="unicode") + "\n"


def _claim(name: str, state: State, assessment: Assessment) -> _Test:
    outcome: Literal["passed", "failed", "unknown"] = "unknown"
    if state.support == "supported" and state.posed == "ready":
        outcome = "passed"
    elif state.support == "refuted" or state.posed != "ready":
        outcome = "failed"
    words = "not ready" if state.posed != "ready" else state.support
    claim = assessment.case.elements[name]
    says = f"{name} is {words}"
    if state.freshness.word != "fresh":
        says += f", {state.freshness}"
    return _Test(
        name=name,
        outcome=outcome,
        kind=words,
        says=says,
        details="\n".join(
            [getattr(claim, "says", ""), *(f"- {reason.says}" for reason in state.reasons)]
        ),
        at=assessment.case.span(name),
    )


def _clause(clause: Judged) -> _Test:
    outcomes: dict[str, Literal["passed", "failed", "unknown"]] = {
        "pass": "passed",
        "overridden": "passed",
        "fail": "failed",
        "unknown": "unknown",
    }
    over = clause.override
    lines = [_line(remark) for remark in clause.remarks]
    if over:
        lines.append(
            f"overridden by {over.by}, on the authority of {over.authority}, until {over.until}: "
            f"{over.reason}"
        )
    elif clause.hint and clause.state != "pass":
        lines.append(f"→ {clause.hint}")
    place = next((remark.at for remark in clause.remarks if remark.at), None)
    return _Test(
        name=clause.clause,
        outcome=outcomes[clause.state],
        kind=clause.state,
        says=clause.says,
        details="\n".join(lines),
        at=place,
    )


def _line(remark: Remark) -> str:
    return f"{remark.at}: {remark.says}" if remark.at else remark.says


def _suite(
    suites: Element,
    name: str,
    group: str,
    tests: Iterable[_Test],
    assessment: Assessment,
    unknown: Unknown,
) -> None:
    tests = list(tests)
    lost = sum(test.outcome == "unknown" for test in tests)
    failed = sum(test.outcome == "failed" for test in tests)
    suite = SubElement(
        suites,
        "testsuite",
        {
            "name": _xml(name),
            "tests": str(len(tests)),
            "failures": str(failed + (lost if unknown == "failure" else 0)),
            "errors": "0",
            "skipped": str(lost if unknown == "skipped" else 0),
            "time": "0",
            "timestamp": assessment.at.strftime("%Y-%m-%dT%H:%M:%S"),
        },
    )
    for test in tests:
        _case(suite, test, group, unknown)


def _case(suite: Element, test: _Test, group: str, unknown: Unknown) -> None:
    attributes = {
        "name": _xml(visible(test.name, limit=200, lines=False)),
        "classname": _xml(group),
        "time": "0",
    }
    if test.at is not None:
        attributes |= {"file": _xml(test.at.file), "line": str(test.at.line)}
    case = SubElement(suite, "testcase", attributes)
    if test.outcome == "passed":
        if test.kind == "overridden":
            SubElement(case, "system-out").text = _text(test)
        return
    word = "skipped" if test.outcome == "unknown" and unknown == "skipped" else "failure"
    message = {"message": _xml(visible(test.says, limit=500, lines=False))}
    if word == "failure":
        message["type"] = _xml(test.kind)
    SubElement(case, word, message).text = _text(test)


def _text(test: _Test) -> str:
    return _xml("\n".join(_shown(f"{test.says}\n{test.details}")))


def _shown(text: str) -> Iterator[str]:
    lines = text.split("\n")
    yield from (visible(line, limit=500, lines=False) for line in lines[:200])
    if len(lines) > 200:
        yield f"… and {len(lines) - 200} more lines"


def _xml(text: str) -> str:
    """Text of which every character may stand in XML 1.0."""
    return _NO_XML.sub("\ufffd", text)
