"""An assessment whose places are named from the case folder, whoever reads it and wherever.

A place in the terminal is a path that can be typed there. A report is read elsewhere: a path on its
author's machine leads nowhere, and the same case would give other bytes from another folder.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from safetycase.argument.findings import Finding, Span
from safetycase.argument.store import Places
from safetycase.assess.records import Assessment
from safetycase.workspace.paths import CASE_FILE

__all__ = ["findings_within", "within"]


def within(assessment: Assessment) -> Assessment:
    """The same, with every file of the case by its path in the case folder."""
    case, start = assessment.case, _start(assessment)
    if not start:
        return assessment
    places = case.places and Places(
        {
            name: (node, file.removeprefix(start))
            for name, (node, file) in case.places.nodes.items()
        },
        [each._replace(file=each.file.removeprefix(start)) for each in case.places.references],
    )
    return replace(
        assessment,
        case=replace(
            case,
            source=case.source.removeprefix(start),
            findings=_moved(case.findings, start),
            uses={
                name: replace(use, at=use.at and _within(use.at, start))
                for name, use in case.uses.items()
            },
            places=places,
        ),
        findings=_moved(assessment.findings, start),
    )


def findings_within(findings: Iterable[Finding], assessment: Assessment) -> tuple[Finding, ...]:
    """Findings of the same case, with their files named so."""
    return _moved(findings, _start(assessment))


def _start(assessment: Assessment) -> str:
    """What the path of every file of the case begins with; empty where the case lies here."""
    source = assessment.case.source
    return source.removesuffix(CASE_FILE) if source.endswith(CASE_FILE) else ""


def _moved(findings: Iterable[Finding], start: str) -> tuple[Finding, ...]:
    return tuple(replace(f, span=_within(f.span, start)) for f in findings)


def _within(at: Span, start: str) -> Span:
    return replace(at, file=at.file.removeprefix(start))
