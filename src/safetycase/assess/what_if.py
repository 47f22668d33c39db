"""What if a leaf were otherwise? The case decided and weighed again with a changed fact."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from safetycase.argument.findings import did_you_mean
from safetycase.argument.model import (
    Argument,
    Assumption,
    Claim,
    Credence,
    Defeater,
    Evidence,
    Monitor,
)
from safetycase.assess.logic import Facts
from safetycase.assess.numbers import Grounds, Numbers, weigh
from safetycase.assess.records import Assessment

__all__ = ["WhatIf", "what_if"]

_DECIMAL = r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)"
_RANGE = re.compile(rf"{_DECIMAL}(?:\.\.{_DECIMAL})?")
Told = Mapping[str, str | float | None]
WORDS = ("supported", "refuted", "open", "answered", "stands", "solved", "quiet", "silent")


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """The changes as read, and the numbers before and after them."""

    changes: tuple[str, ...]
    before: Numbers
    after: Numbers

    def told(self, name: str) -> tuple[Told, Told]:
        """Truth and number of an element, before and after."""
        return _told(self.before, name), _told(self.after, name)

    def moved(self) -> tuple[str, ...]:
        """The elements whose truth changed, in file order."""
        before, after = self.before.values, self.after.values
        return tuple(name for name in before if before[name] is not after.get(name))


def _told(numbers: Numbers, name: str) -> Told:
    value, bounds = numbers.values.get(name), numbers.bounds.get(name)
    return {
        "truth": "unknown" if value is None else "true" if value else "false",
        "low": bounds.low if bounds else None,
        "high": bounds.high if bounds else None,
    }


def what_if(assessment: Assessment, changes: Sequence[str]) -> WhatIf:
    """Read changes `ID=WORD` or `ID=LOW..HIGH` and weigh the case again.

    Evidence and assumptions may be `supported`, `refuted`, `open` or an interval; steps take an
    interval for their warrant; a defeater is `answered` or `stands`; a problem is `solved`; a
    monitor is `quiet`, its alarms resolved, or `silent`.
    `ValueError` with the way out for anything else.
    """
    before = assessment.numbers
    if before is None:
        raise ValueError("this assessment was made without numbers")
    grounds = before.grounds
    for change in changes:
        name, equals, word = change.partition("=")
        if not equals:
            raise ValueError(f"`{change}` is no change: write ID=refuted or ID=0.6..0.9")
        grounds = _changed(grounds, name.strip(), word.strip())
    after = weigh(assessment.case, grounds, assessment.at, assessment.findings)
    return WhatIf(changes=tuple(changes), before=before, after=after)


def _changed(grounds: Grounds, name: str, word: str) -> Grounds:
    elements = grounds.facts.elements
    problems = {p for ps in grounds.facts.problems.values() for p in ps}
    element = elements.get(name)
    if name in problems and word == "solved":
        return _unblocked(grounds, name)
    if element is None and name not in problems:
        hint = did_you_mean(name, [*elements, *problems])
        raise ValueError(f"the case has no element `{name}`" + (f": {hint}" if hint else ""))
    interval = _interval(word)
    if isinstance(element, Evidence):
        return _evidence(grounds, element, word, interval)
    if isinstance(element, Assumption) and (interval or word in ("supported", "refuted", "open")):
        return _assumption(grounds, element, word, interval)
    if isinstance(element, Argument) and interval:
        return _with(grounds, replace(element, credence=_credence(*interval)))
    if isinstance(element, Defeater) and word in ("answered", "stands"):
        silent, kept = grounds.facts.silent, grounds.facts.kept
        if word == "answered":
            # A challenge that is answered no longer keeps the doubt standing that it is about.
            silent |= {name}
            kept = {
                t: left for t, by in kept.items() if (left := tuple(n for n in by if n != name))
            }
        facts = replace(grounds.facts, silent=frozenset(silent), kept=kept)
        if word == "stands":
            bare = replace(element, answered_by=(), by=None, accepted=None)
            return _with(replace(grounds, facts=facts), bare)
        return replace(grounds, facts=facts)
    if isinstance(element, Monitor) and word in ("quiet", "silent"):
        return _monitor(grounds, name, quiet=word == "quiet")
    if isinstance(element, Claim):
        raise ValueError(f"`{name}` is a claim: its status follows from its parts; name a leaf")
    raise ValueError(f"`{name}` cannot be `{word}`; known words: {', '.join(WORDS)}, or LOW..HIGH")


def _evidence(
    grounds: Grounds, leaf: Evidence, word: str, interval: tuple[float, float] | None
) -> Grounds:
    known: Mapping[str, tuple[bool | None, tuple[float, float]]] = {
        "supported": (True, (1.0, 1.0)),
        "refuted": (False, (0.0, 0.0)),
    }
    leaves, truths = dict(grounds.leaves), dict(grounds.facts.leaves)
    leaves.pop(leaf.id, None)
    if word == "open":
        truths[leaf.id] = None
    elif word in known:
        truths[leaf.id], leaves[leaf.id] = known[word]
    elif interval:
        truths[leaf.id], leaves[leaf.id] = True, interval
    else:
        raise ValueError(f"`{leaf.id}` cannot be `{word}`: supported, refuted, open or LOW..HIGH")
    return replace(grounds, leaves=leaves, facts=replace(grounds.facts, leaves=truths))


def _assumption(
    grounds: Grounds, given: Assumption, word: str, interval: tuple[float, float] | None
) -> Grounds:
    counts = word not in ("refuted", "open")
    facts = replace(grounds.facts, assumed=dict(grounds.facts.assumed) | {given.id: counts})
    if counts:  # whoever takes it as given takes its monitors as quiet
        facts = _blocking(facts, {t: ms for t, ms in facts.monitors.items() if t != given.id})
    grounds = replace(grounds, facts=facts)
    if word == "supported":
        interval = (1.0, 1.0)
    return _with(grounds, replace(given, credence=_credence(*interval))) if interval else grounds


def _unblocked(grounds: Grounds, problem: str) -> Grounds:
    """The grounds with one problem out of the way; what it alone blocked is free."""
    facts = grounds.facts
    left = {t: tuple(p for p in ps if p != problem) for t, ps in facts.problems.items()}
    facts = replace(facts, problems={t: ps for t, ps in left.items() if ps})
    return replace(grounds, facts=_blocking(facts, facts.monitors))


def _monitor(grounds: Grounds, name: str, *, quiet: bool) -> Grounds:
    """The grounds with a monitor that sees and raises nothing, or with one that says nothing."""
    facts = grounds.facts
    targets = facts.watching.monitors[name].targets
    monitors = {t: tuple(m for m in ms if m != name) for t, ms in facts.monitors.items()}
    kept = {t: tuple(m for m in ms if m != name) for t, ms in facts.kept.items()}
    silent = facts.silent
    if quiet:
        raised = facts.watching.challenges.values()
        silent |= {c.id for c in raised if c.monitor == name} & facts.elements.keys()
    else:
        for target in targets:
            monitors[target] = (*monitors.get(target, ()), name)
            if isinstance(facts.elements.get(target), Defeater):
                kept[target] = (*kept.get(target, ()), name)
                silent -= {target}
    facts = replace(facts, silent=silent, kept={t: ms for t, ms in kept.items() if ms})
    facts = _blocking(facts, {t: ms for t, ms in monitors.items() if ms})
    return replace(grounds, facts=facts)


def _blocking(facts: Facts, monitors: Mapping[str, tuple[str, ...]]) -> Facts:
    """The facts with these monitors keeping elements unknown; what nothing else holds is free."""
    known = {t for t in facts.problems if t in facts.elements}
    return replace(
        facts, monitors=monitors, blocked=frozenset(known | monitors.keys()) | facts.held
    )


def _with(grounds: Grounds, element: Argument | Assumption | Defeater) -> Grounds:
    elements = dict(grounds.facts.elements) | {element.id: element}
    return replace(grounds, facts=replace(grounds.facts, elements=elements))


def _credence(low: float, high: float) -> Credence:
    return Credence(at_least=low, at_most=high, owner="what if", because="asked for")


def _interval(word: str) -> tuple[float, float] | None:
    found = _RANGE.fullmatch(word)
    if not found:
        return None
    try:
        low = float(found[1])
        high = float(found[2]) if found[2] else low
    except ValueError:
        return None
    if not 0 <= low <= high <= 1:
        raise ValueError(f"`{word}` is no interval of probability")
    return low, high
