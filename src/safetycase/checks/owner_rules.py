"""Who answers for what is taken on somebody's word; `not stated` is nobody."""

from __future__ import annotations

from collections.abc import Iterator

from safetycase.argument.findings import Finding
from safetycase.argument.model import Argument, Assumption, Defeater, Dependence, Evidence
from safetycase.argument.stated import nobody
from safetycase.checks.subject import Subject, finding

__all__ = ["nobody_answers"]

_JUDGED = (Argument, Assumption, Dependence, Evidence)


def nobody_answers(subject: Subject) -> Iterator[Finding]:
    """C130: an assumption, a credence or an accepted doubt that nobody answers for."""
    for name, element in subject.case.elements.items():
        if isinstance(element, Assumption) and nobody(element.owner):
            path = (name, "owner") if element.owner else (name,)
            yield _warning(subject, path, f"nobody owns the assumption `{name}`; it stays open")
        if isinstance(element, _JUDGED) and element.credence and nobody(element.credence.owner):
            says = f"nobody answers for the credence of `{name}`; it counts as [0, 1]"
            yield _warning(subject, (name, "credence", "owner"), says)
        if isinstance(element, Defeater) and element.accepted and nobody(element.accepted.owner):
            says = f"nobody answers for accepting `{name}`; the doubt stands"
            yield _warning(subject, (name, "accepted", "owner"), says)


def _warning(subject: Subject, path: tuple[str, ...], says: str) -> Finding:
    return finding(subject, "C130", path, says, "write `owner:` with who answers for it", "warning")
