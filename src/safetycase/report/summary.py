"""The few sentences above everything else: what is decided, and what would change it.

Read off the assessment's own reasons; nothing is decided here.
"""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from posixpath import dirname

from safetycase.argument.graph import blockers
from safetycase.argument.model import (
    Argument,
    Assumption,
    Claim,
    Defeater,
    Evidence,
    Monitor,
    Problem,
)
from safetycase.assess.monitored import Watched
from safetycase.assess.records import Assessment, Attempt, LeafResult
from safetycase.report.attempts import OUTSIDE
from safetycase.report.clean import one_line
from safetycase.report.marks import status_mark
from safetycase.report.numbers import quantity_text
from safetycase.report.outline import raised_target

__all__ = [
    "Change",
    "attempt_counts",
    "changes",
    "in_record",
    "leaf_number",
    "open_doubts",
    "place_of",
    "run_command",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that would change the verdict, and the element it is about."""

    about: str
    says: str


def run_command(assessment: Assessment, name: str) -> str:
    """The command that runs one evidence, from the folder the case was opened in."""
    folder = dirname(assessment.case.source) or "."
    bound = "".join(f" --with {shlex.quote(word)}" for word in assessment.rebound)
    return f"safetycase run {shlex.quote(folder)}{bound} --only {shlex.quote(name)}"


def place_of(assessment: Assessment, name: str) -> str:
    """`file:line` of an element, of what raised a doubt that no file states; empty if unknown."""
    if name not in assessment.case.elements:
        if assessment.review.doubt(name) is not None:
            return ""  # somebody said it in review; no file does
        challenge = assessment.challenges.get(name)
        target = challenge.monitor if challenge else raised_target(assessment, name)
        if target is None:
            return ""
        name = target
    span = assessment.case.span(name)
    return f"{span.file}:{span.line}"


def leaf_number(assessment: Assessment, leaf: LeafResult) -> str:
    """The measured numbers of a leaf in one line; empty before the first completed run."""
    claim = assessment.case.elements.get(leaf.claim)
    return "; ".join(quantity_text(claim, quantity, leaf.outcome) for quantity in leaf.quantities)


def attempt_counts(attempts: Iterable[Attempt]) -> str:
    """`5 completed · 2 failed · 1 aborted · 3 of them exploratory`; `none` without attempts."""
    listed = list(attempts)
    counts = Counter(attempt.outcome for attempt in listed)
    words = [
        f"{counts[w]} {w}"
        for w in ("completed", "failed", "aborted", "lost", "running")
        if counts[w]
    ]
    exploratory = sum(attempt.exploratory for attempt in listed)
    if exploratory:
        words.append(f"{exploratory} of them exploratory")
    return " · ".join(words) or "none"


def in_record(assessment: Assessment) -> str:
    """One sentence on how much was tried in all."""
    total = len(assessment.attempts)
    if not total:
        return f"The record holds no attempt. {OUTSIDE}"
    noun = "attempt" if total == 1 else "attempts"
    counts = attempt_counts(assessment.attempts)
    return f"The record holds {total} {noun}: {counts}.{_of_others(assessment)} {OUTSIDE}"


def _of_others(assessment: Assessment) -> str:
    """A sentence on the attempts at evidence that the case has no more, under whatever name."""
    elements = assessment.case.elements
    tried = Counter(a.evidence for a in assessment.attempts)
    gone = {n: count for n, count in tried.items() if not isinstance(elements.get(n), Evidence)}
    if not gone:
        return ""
    total, most = sum(gone.values()), 4
    names = ", ".join(one_line(name) for name in list(gone)[:most])
    more = f" and {len(gone) - most} more" if len(gone) > most else ""
    verb = "is" if total == 1 else "are"
    return f" {total} of them {verb} of evidence that this case does not have: {names}{more}."


def open_doubts(assessment: Assessment) -> tuple[str, ...]:
    """The defeaters that stand, in file order, those raised by a measurement last."""
    standing = {name for state in assessment.states.values() for name in state.attackers}
    return tuple(
        name
        for name in dict.fromkeys([*assessment.case.elements, *assessment.states])
        if name in standing
    )


def changes(assessment: Assessment) -> tuple[Change, ...]:
    """What would change the verdict.

    While the case does not hold: where its chain of reasons ends, each with the way out. Once
    it holds or fails: what that rests on.
    """
    found: dict[str, Change] = {}
    blocked = blockers(assessment.case)
    for name in _ends(assessment):
        says = _way_out(assessment, name, blocked.get(name, ()))
        if says:
            found[name] = Change(about=name, says=says)
    return tuple(found.values())


def _ends(assessment: Assessment) -> Iterator[str]:
    """The elements at which the reasons for the root's status stop."""
    states = assessment.states
    seen: set[str] = set()
    stack = [assessment.case.root]
    while stack:
        name = stack.pop()
        if name in seen:
            continue
        seen.add(name)
        state = states.get(name)
        further = [r.about for r in state.reasons if r.about and r.about != name] if state else []
        if state:
            further += state.attackers
            # An assumption is among what it assumes; that leads nowhere.
            further += (a for a in state.assumes if state.support == "assumed" and a != name)
        if further:
            stack += reversed(further)
        if not further or isinstance(assessment.case.elements.get(name), Defeater):
            yield name


def _way_out(assessment: Assessment, name: str, problems: tuple[str, ...]) -> str:
    element = assessment.case.elements.get(name)
    word = status_mark(assessment, name).word
    if isinstance(element, Evidence):
        return _evidence_way_out(assessment, name)
    if isinstance(element, Assumption):
        return _assumption_way_out(element, word)
    if isinstance(element, Monitor):
        return _monitor_way_out(assessment.monitors.get(name))
    if word == "stands" and name in assessment.challenges:
        alarms = assessment.challenges[name].alarms
        noun = "record" if len(alarms) == 1 else "records"
        return (
            f"a reviewer's resolution of the alarm in {noun} {', '.join(map(str, alarms[:8]))} "
            "(`safetycase record resolve`), or an answer to this doubt in the case"
        )
    objection = assessment.review.doubt(name) if word == "stands" else None
    if objection is not None:
        return (
            f"a ruling on challenge {objection.id} (`safetycase review resolve {objection.id}`), "
            "whose reason says what answers it"
        )
    if word == "stands":
        return "an answer to this doubt, or its acceptance by name until a date"
    if isinstance(element, Problem):
        return f"a solution: {one_line(element.closed_when)}"
    if isinstance(element, Claim | Argument) and word in ("open", "contested"):
        if problems:
            return f"a solution of the open problem {', '.join(problems)}"
        return "evidence for it" if isinstance(element, Claim) else "a step that follows"
    return ""


def _monitor_way_out(watched: Watched | None) -> str:
    """What would make a monitor quiet that keeps what it conditions unknown."""
    if watched is None or not watched.blocks:
        return ""
    return {
        "alarm": "a resolution of its alarm, and a report",
        "wrong clock": "a watcher whose clock is right",
        "not fit": "a definition without a finding",
        "lossy": "a window without so many lost events",
        "blind": "canaries that it catches again",
        "doubted": "the monitor that watches it, quiet",
    }.get(watched.state, "a report of it: `safetycase watch`")


def _evidence_way_out(assessment: Assessment, name: str) -> str:
    leaf = assessment.leaves.get(name)
    criterion = f" that meets `{one_line(leaf.criterion)}`" if leaf and leaf.criterion else ""
    state = assessment.states.get(name)
    if leaf is None or leaf.ran_at is None:
        return f"a first run{criterion}"
    if state is not None and state.freshness.word != "fresh":
        return f"a fresh run{criterion}"
    if leaf.outcome == "supports":
        return "a run that no longer meets its criterion"
    if leaf.outcome == "inconclusive":
        return f"more items, or a result further from the bound: a run{criterion}"
    return f"a changed system, measured anew with a result{criterion}"


def _assumption_way_out(element: Assumption, word: str) -> str:
    if word == "assumed":
        until = f" or passing {element.expires.isoformat()} unrenewed" if element.expires else ""
        return f"this assumption proving wrong{until}"
    if not element.owner:
        return "an owner for this assumption, and evidence or a date until which it is taken"
    return "evidence for it, or its renewal by its owner"
