"""The case as data, as `status --json` prints it."""

from __future__ import annotations

from typing import Any

from safetycase.argument.findings import Finding
from safetycase.report.as_json import to_json
from safetycase.web.keeper import Reading

__all__ = ["case_data"]


def case_data(reading: Reading) -> dict[str, Any]:
    """A JSON-able mapping of a reading; without a case, of what is wrong."""
    findings = [_finding(one) for one in reading.findings]
    if reading.assessment is None or reading.space is None:
        return {"findings": findings, "problem": reading.problem or "the file is no case"}
    return {
        **to_json(reading.assessment),
        "record_problems": [p.says for p in reading.space.log.problems],
        "findings": findings,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "severity": finding.severity,
        "message": finding.message,
        "hint": finding.hint,
        "subject": finding.subject,
        "file": finding.span.file,
        "line": finding.span.line,
        "column": finding.span.column,
    }
