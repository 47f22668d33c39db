"""The profile `review`: what a critical reader of an AI safety case asks, as 25 rules.

The rules run only where the profile is asked for. Each finding belongs to the group of its rule:
`structural` (settled by the text), `evidence` (settled by results and the record), or `human
review` (a person settles it; the tool only asks). `docs/reference/review-rules.md` lists the
published source of each.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from safetycase.argument.findings import Finding
from safetycase.argument.model import Header
from safetycase.checks import (
    review_argument,
    review_case,
    review_leaves,
    review_record,
    review_results,
)
from safetycase.checks.record_facts import RecordFacts
from safetycase.checks.registry import Group, Rule
from safetycase.checks.review_view import PROFILE, ReviewRule, View, view_of
from safetycase.checks.subject import Subject

__all__ = ["PROFILE", "REVIEW_RULES", "asked_for", "judged", "review", "split"]

_ALL = sorted(
    (
        *review_argument.RULES,
        *review_case.RULES,
        *review_leaves.RULES,
        *review_record.RULES,
        *review_results.RULES,
    ),
    key=lambda entry: entry.rule.code,
)
REVIEW_RULES: Mapping[str, Rule] = {entry.rule.code: entry.rule for entry in _ALL}
GROUPS: tuple[Group, ...] = ("structural", "evidence", "human review")


def asked_for(header: Header) -> bool:
    """Whether the case itself asks for this profile (`profiles: [review]`)."""
    return PROFILE in header.profiles


def review(
    subject: Subject, record: RecordFacts | None = None, *, on: date | None = None
) -> tuple[Finding, ...]:
    """Every finding of the review rules, in file order.

    Without `record` the rules that need one are silent. `on` is the day the case is judged on
    (that of the record if None); without either, ages are not judged. Time is linear in the
    number of elements, records and characters.
    """
    view = view_of(subject.case, record, on)
    found = [finding for entry in _ALL for finding in _findings(entry, view)]
    return tuple(sorted(found, key=lambda f: (f.span, f.code)))


def judged(
    subject: Subject, record: RecordFacts | None = None, *, on: date | None = None
) -> Mapping[str, tuple[str, ...]]:
    """The elements that each rule could judge, by code ("" is the case as a whole).

    A rule with none is silent because the case does not state what it reads, which is no praise.
    """
    view = view_of(subject.case, record, on)
    return {entry.rule.code: tuple(entry.over(view)) for entry in _ALL}


def split(findings: Iterable[Finding]) -> Mapping[Group, tuple[Finding, ...]]:
    """The findings by who settles them; codes of other profiles count as structural."""
    found: dict[Group, list[Finding]] = {group: [] for group in GROUPS}
    for finding in findings:
        rule = REVIEW_RULES.get(finding.code)
        found[rule.group if rule else "structural"].append(finding)
    return {group: tuple(entries) for group, entries in found.items()}


def _findings(entry: ReviewRule, view: View) -> Iterable[Finding]:
    for name in entry.over(view):
        for said in entry.judge(view, name):
            yield Finding(
                code=entry.rule.code,
                span=view.case.span(*said.path),
                message=said.message,
                hint=said.hint,
                subject=said.path[0] or None,
                severity=said.severity or entry.rule.severity,
            )
