"""What went wrong when evidence was run, as findings at its place in the file."""

from __future__ import annotations

from collections.abc import Iterator

from safetycase.argument.findings import Finding
from safetycase.argument.model import Case, Evidence
from safetycase.ledger.fold import AttemptRecord, History

__all__ = ["NO_RESULT", "failures"]

NO_RESULT = "C141"


def failures(case: Case, history: History) -> Iterator[Finding]:
    """C141: evidence whose last attempt failed, unless its registration has a result all the same.

    An attempt that was stopped or lost is due again and is nobody's fault.
    """
    latest = {r.evidence: r.seq for r in history.registrations}
    names = {seq: name for name, seq in latest.items()}
    tried: dict[str, list[AttemptRecord]] = {}
    for attempt in history.attempts:
        if attempt.registration in names:
            tried.setdefault(names[attempt.registration], []).append(attempt)
    for name, attempts in tried.items():
        if not isinstance(case.elements.get(name), Evidence):
            continue
        if attempts[-1].outcome != "failed" or any(a.outcome == "completed" for a in attempts):
            continue
        yield Finding(
            code=NO_RESULT,
            span=case.span(name),
            message=f"`{name}` has no result: {attempts[-1].reason or 'no reason was given'}",
            hint=f"mend what it names, then `safetycase run --only {name}`",
            subject=name,
            severity="warning",
        )
