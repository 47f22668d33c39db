"""What can be said of the evidence from the structure alone (R70 to R76).

A structure runs nothing and opens no file. These rules judge the facts that its tags carry; a fact
that is not there is not judged. For a case of ours the record holds those facts, and its own
findings and freshness words (stale, expired, not applicable, tainted) are the authority: R70 and
R72 are its freshness, R71 its applicability, R74 its instrument checks and R76 its registration.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from safetycase.argument.structure import Part
from safetycase.checks.forest import Forest
from safetycase.checks.gsn_core import GSN
from safetycase.checks.indexed import Indexed
from safetycase.checks.judging import Hit, listed, shown
from safetycase.checks.registry import Rule

__all__ = ["RULES"]


@GSN.rule(
    "R70",
    "Artefact missing or changed",
    clause="2 (evidence review)",
    text="The artefact that a solution refers to is there and is the one that was reviewed. The "
    "tag `sc.digest` is its SHA-256 as stated, `sc.digest-found` the one that was computed now, or "
    "`missing`.",
    message="the artefact of solution `ID` is missing",
    group="evidence",
)
def artefact(index: Indexed) -> Iterator[Hit]:
    for part in index.of("solution", "context"):
        found = part.tags.get("sc.digest-found")
        stated = part.tags.get("sc.digest")
        if found == "missing":
            yield Hit(part, f"the artefact of {shown(part)} is missing", "restore or replace it")
        elif found and stated and found.removeprefix("sha256:") != stated.removeprefix("sha256:"):
            yield Hit(
                part,
                f"the artefact of {shown(part)} is not the one that was stated",
                "review it again, and state its new digest",
            )


_SUBJECT = (
    ("sc.model", "sc.system", "model"),
    ("sc.distribution", "sc.deployment.distribution", "distribution"),
    ("sc.version", "sc.version", "version"),
)


@GSN.rule(
    "R71",
    "Evidence about something else",
    clause="2 (evidence review)",
    text="Evidence speaks of the system that the argument is about: the same model (`sc.model` "
    "against `sc.system`), data (`sc.distribution` against `sc.deployment.distribution`) and "
    "version (`sc.version`). If it does not, the step from one to the other is a claim to argue.",
    message="solution `ID` is about model `M`, the argument about `N`",
    group="evidence",
)
def subject(index: Indexed) -> Iterator[Hit]:
    for part in index.of("solution"):
        if not part.tags:
            continue
        for own, whole, word in _SUBJECT:
            said, meant = part.tags.get(own), index.tags.get(whole, "")
            meant = meant.split(", ")[0] if own == "sc.model" else meant
            if said and meant and said != meant:
                yield Hit(
                    part,
                    f"{shown(part)} is about the {word} `{said}`, the argument about `{meant}`",
                    "argue that it carries over, or repeat it",
                )


@GSN.rule(
    "R72",
    "Evidence past its time",
    clause="2 (evidence review)",
    text="Evidence holds until the date in `sc.valid-until`; `sc.now` of the structure is the day "
    "it is read on.",
    message="solution `ID` was valid until DATE",
    severity="warning",
    group="evidence",
)
def expired(index: Indexed) -> Iterator[Hit]:
    now = _day(index.tags.get("sc.now", ""))
    for part in index.of("solution") if now else ():
        until = _day(part.tags.get("sc.valid-until", ""))
        if until and now and until < now:
            yield Hit(part, f"{shown(part)} was valid until {until}", "run or review it again")


def _day(word: str) -> date | None:
    try:
        return date.fromisoformat(word[:10])
    except ValueError:
        return None


_SHARED = (
    ("sc.digest", "artefact"),
    ("sc.inputs", "data"),
    ("sc.author", "author"),
    ("sc.method", "method"),
)


@GSN.rule(
    "R73",
    "Branches that are not independent",
    clause="2 (evidence review)",
    text="Alternatives (a strategy of the kind `alternatives`, or with the tag `sc.independent`) "
    "count as several reasons only if they do not fail together. The same artefact, data, author "
    "or method in more than one branch is a common cause: use another, or argue why it does not "
    "matter.",
    message="several branches beneath strategy `ID` rest on the artefact `NAME`",
    severity="warning",
    group="evidence",
)
def independent(index: Indexed) -> Iterator[Hit]:
    meant = [
        part
        for part in index.of("strategy")
        if part.tags.get("sc.kind") == "alternatives" or part.tags.get("sc.independent")
    ]
    if not meant:
        return
    forest, wanted = Forest(index), {part.id for part in meant}
    at: dict[tuple[str, str], list[str]] = {}
    for part in index.of("solution"):
        for key in _carried(part):
            at.setdefault(key, []).extend(link.source for link in index.above.get(part.id, ()))
    told: dict[str, list[str]] = {}
    for (word, name), holders in at.items():
        if len(holders) < 2:
            continue
        for meeting in forest.meetings(h for h in holders if h in forest.first) & wanted:
            told.setdefault(meeting, []).append(f"{word} {name}")
    for part in meant:
        if part.id in told:
            shared = listed(told[part.id])
            yield Hit(
                part,
                f"several branches beneath {shown(part)} rest on the same {shared}",
                "use another, or argue that they do not fail together",
            )


def _carried(part: Part) -> Iterator[tuple[str, str]]:
    """What a solution rests on, as (kind, name); the solution itself is one."""
    yield "solution", part.name or part.id
    if part.url:
        yield "artefact", part.url
    for tag, word in _SHARED:
        if part.tags.get(tag):
            yield word, part.tags[tag]


@GSN.rule(
    "R74",
    "Result of a tool that was not qualified",
    clause="2 (evidence review)",
    text="A tool is shown to find what it looks for before its silence counts: by qualification, "
    "or by known answers it reproduces. `sc.known-answer: 0` says that it was not, or that it "
    "failed.",
    message="the tool behind solution `ID` has passed no known-answer test",
    severity="warning",
    group="evidence",
)
def qualified(index: Indexed) -> Iterator[Hit]:
    for part in index.of("solution"):
        if part.tags.get("sc.known-answer") == "0":
            yield Hit(part, f"the tool behind {shown(part)} has passed no known-answer test")


@GSN.rule(
    "R75",
    "No search for counter-evidence",
    clause="2 (evidence review)",
    text="Evidence that was looked for on one side only is weak, however much there is. A goal "
    "that rests on a solution has a challenge on it or on its evidence, or a record of the search "
    "(`sc.counter-search` on either: who looked, where, and what was found). Counted once for the "
    "whole structure.",
    message="N goals rest on evidence without a challenge or a search for counter-evidence",
    severity="warning",
    group="evidence",
)
def counter_evidence(index: Indexed) -> Iterator[Hit]:
    bare: dict[str, Part] = {}
    for part in index.of("solution"):
        if part.id in index.against or part.tags.get("sc.counter-search"):
            continue
        for link in index.above.get(part.id, ()):
            goal = index.parts.get(link.source)
            if goal is None or goal.type != "goal" or goal.id in index.against or goal.counter:
                continue
            if not (goal.tags.get("sc.counter-search") or link.id in index.against_link):
                bare[goal.id] = goal
    if bare:
        names = listed([part.name or part.id for part in bare.values()])
        goals = f"{len(bare)} goals rest" if len(bare) > 1 else "a goal rests"
        yield Hit(
            next(iter(bare.values())),
            f"{goals} on evidence without a challenge or a search for counter-evidence: {names}",
            "challenge them, or record the search in `sc.counter-search`",
        )


@GSN.rule(
    "R76",
    "Evidence judged without a rule stored first",
    clause="2 (evidence review)",
    text="An executable leaf (tag `sc.method`) is read by a criterion (`sc.holds_when` of the goal "
    "it supports) that was stored before the run. `sc.registered: 0` says that a result was there "
    "first.",
    message="goal `ID` rests on a measurement and has no criterion",
    group="evidence",
)
def decision_rule(index: Indexed) -> Iterator[Hit]:
    for part in index.of("solution"):
        if not part.tags.get("sc.method"):
            continue
        if part.tags.get("sc.registered") == "0":
            yield Hit(part, f"the result of {shown(part)} was there before its criterion")
        for goal in _read_by(index, part):
            if not goal.tags.get("sc.holds_when"):
                yield Hit(
                    part,
                    f"{shown(goal)} rests on {shown(part)}, a measurement, without a criterion",
                )


def _read_by(index: Indexed, solution: Part) -> Iterator[Part]:
    """The goals that a solution supports, directly or through one strategy."""
    for link in index.above.get(solution.id, ()):
        part = index.parts.get(link.source)
        if part is not None and part.type == "goal":
            yield part
        elif part is not None and part.type == "strategy":
            for above in index.above.get(part.id, ()):
                goal = index.parts.get(above.source)
                if goal is not None and goal.type == "goal":
                    yield goal


RULES: tuple[Rule, ...] = (
    artefact,
    subject,
    expired,
    independent,
    qualified,
    counter_evidence,
    decision_rule,
)
