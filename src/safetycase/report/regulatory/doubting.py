"""When a case would no longer hold, for a regulator: doubts, dates, monitors, open problems."""

from __future__ import annotations

from collections.abc import Iterator

from safetycase.argument.model import Defeater, Monitor, Problem
from safetycase.report.regulatory.document import Sentence
from safetycase.report.regulatory.material import Material, ended
from safetycase.report.summary import changes

__all__ = ["conditions", "open_problems", "would_change"]


def conditions(m: Material) -> Iterator[Sentence]:
    """Under what the justification would no longer hold: doubts, assumptions, monitors, dates."""
    decision = m.assessment.case.header.decision
    yield m.said(
        f"After {decision.expires.isoformat()} the decision has no case behind it.",
        m.header("decision"),
    )
    for name in m.doubts():
        yield from _doubt(m, name)
    for a in m.assumptions():
        until = f", until {a.expires.isoformat()}" if a.expires else ", without a date"
        watched = f", watched by {a.monitor}" if a.monitor else ""
        yield m.of(
            f"If this is not so: “{m.says(a.id)}” (assumption of {a.owner or 'nobody'}{until}"
            f"{watched}; {m.word(a.id)}).",
            a.id,
        )
    for monitor in m.all(Monitor):
        yield _monitor(m, monitor)
    for evidence, _ in m.leaves():
        if evidence.valid_for:
            yield m.of(f"When its result is older than {evidence.valid_for.text}.", evidence.id)
        if evidence.stale_when:
            yield m.of(f"When one of these changes: {', '.join(evidence.stale_when)}.", evidence.id)


def _doubt(m: Material, name: str) -> Iterator[Sentence]:
    element = m.assessment.case.elements.get(name)
    word = m.word(name)
    yield m.of(f"A doubt ({word}): “{m.says(name)}”.", name)
    if isinstance(element, Defeater):
        if element.answered_by:
            answers = ", ".join(element.answered_by)
            yield m.of(f"It is to be answered by {answers}.", name, *element.answered_by)
        if element.accepted:
            a = element.accepted
            yield m.of(
                f"{a.owner} accepted it with a doubt of {a.doubt:g} until {a.expires.isoformat()}: "
                f"{ended(a.because)}",
                name,
            )


def _monitor(m: Material, monitor: Monitor) -> Sentence:
    watched = m.assessment.monitors.get(monitor.id)
    alarm = f"`{monitor.alarm_when}`" if monitor.alarm_when else "what it watches for"
    state = f"it is {watched.state}: {watched.because}" if watched else "it never reported"
    on = ", ".join(monitor.conditions) or "nothing"
    return m.of(
        f"When the monitor {monitor.id} alarms ({alarm}), which conditions {on}; now "
        f"{ended(state)}",
        monitor.id,
    )


def would_change(m: Material) -> Iterator[Sentence]:
    """What would change the verdict, with the element it is about."""
    for change in changes(m.assessment):
        leaf = m.assessment.leaves.get(change.about)
        claim = (leaf.claim,) if leaf else ()
        yield m.of(f"{change.about}: {ended(change.says)}", change.about, *claim)


def open_problems(m: Material) -> Iterator[Sentence]:
    """Research problems that block parts of the case, and how a solution would be recognised."""
    for problem in m.all(Problem):
        yield m.of(
            f"Open problem: “{m.says(problem.id)}”. It blocks {', '.join(problem.blocks)}; "
            f"it would be closed by: {ended(problem.closed_when)}",
            problem.id,
        )
