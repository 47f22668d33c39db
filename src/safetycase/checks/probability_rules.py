"""The rules about stated probabilities and declared dependence.

A number outside its range, a declaration that contradicts another, and independence between
leaves that share their data are findings: no confidence is computed from any of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import combinations
from posixpath import normpath

from safetycase.argument.findings import Finding
from safetycase.argument.graph import attackers, supporting
from safetycase.argument.model import (
    Argument,
    Assumption,
    Claim,
    Credence,
    Defeater,
    Dependence,
    Evidence,
    Problem,
)
from safetycase.checks.subject import Subject, finding

__all__ = ["PROBABILITY_RULES"]

_LEAVES = (Evidence, Assumption, Argument, Defeater)
# What a declaration needs besides its members: the field, and what it says.
_NUMBER = {
    "common cause": ("beta", "the share of the smallest doubt that is common"),
    "pairwise cap": ("at_most", "the chance that two of them fail together"),
    "partition": ("weights", "the probability of each case"),
}
# Pairs of kinds that cannot both be true of the same two leaves.
_CONTRADICT = {
    frozenset(pair)
    for pair in (
        ("independent", "exclusive"),
        ("independent", "contained"),
        ("independent", "common cause"),
        ("independent", "pairwise cap"),
        ("exclusive", "contained"),
        ("exclusive", "common cause"),
        ("exclusive", "associated"),
    )
}


def out_of_range(subject: Subject) -> Iterator[Finding]:
    """C107: every probability that an author states."""
    case = subject.case
    if not 0 < case.header.target < 1:
        yield finding(
            subject,
            "C107",
            ("", "target"),
            f"target {case.header.target:g} is not between 0 and 1",
            "0.90 asks for 90 % confidence",
        )
    for name, element in case.elements.items():
        for path, says in _wrong(element):
            yield finding(subject, "C107", (name, *path), says)


def _wrong(element: object) -> Iterator[tuple[tuple[str, ...], str]]:
    """(path, reason) of every number of an element that is no probability, or no cost."""
    if isinstance(element, Argument | Evidence | Assumption | Dependence):
        yield from _interval(("credence",), "a credence", element.credence)
    if isinstance(element, Evidence):
        yield from _evidence(element)
    elif isinstance(element, Defeater):
        if element.accepted and not 0 <= element.accepted.doubt <= 1:
            says = f"a doubt is a probability, not {element.accepted.doubt:g}"
            yield ("accepted", "doubt"), says
    elif isinstance(element, Problem):
        yield from _prospects(element)
    elif isinstance(element, Dependence):
        for field in ("beta", "at_most"):
            value = getattr(element, field)
            if value is not None and not 0 <= value <= 1:
                yield (field,), f"`{field}` is a probability, not {value:g}"
        if any(not 0 <= weight <= 1 for weight in element.weights):
            yield ("weights",), "weights are probabilities, between 0 and 1"


def _evidence(element: Evidence) -> Iterator[tuple[tuple[str, ...], str]]:
    if element.level is not None and not 0 < element.level < 1:
        yield ("level",), f"level {element.level:g} is not between 0 and 1"
    for field in ("cost_per_item", "cost_fixed"):
        cost = getattr(element.plan, field, None)
        if cost is not None and cost < 0:
            yield ("plan", field), f"a cost is not negative, as {cost:g} is"
    yield from _prior(element)


def _prospects(element: Problem) -> Iterator[tuple[tuple[str, ...], str]]:
    given = element.prospects
    if given is None:
        return
    yield from _interval(("prospects", "solvable"), "`solvable`", given.solvable)
    yield from _interval(("prospects", "each_shot"), "`each_shot`", given.each_shot)
    if not 0 <= given.already <= 1:
        yield ("prospects", "already"), f"`already` is a probability, not {given.already:g}"
    if not given.cost > 0:
        yield ("prospects", "cost"), f"a shot costs something; {given.cost:g} is not above 0"


def _interval(
    path: tuple[str, ...], what: str, given: object
) -> Iterator[tuple[tuple[str, ...], str]]:
    if given is None:
        return
    low, high = given.at_least, given.at_most  # type: ignore[attr-defined]
    if not 0 <= low <= high <= 1:
        article = "a credence" if isinstance(given, Credence) else what
        yield path, f"{article} is an interval of probability, not [{low:g}, {high:g}]"


def _prior(element: Evidence) -> Iterator[tuple[tuple[str, ...], str]]:
    prior = element.prior
    if prior is None:
        return
    for field in ("holds", "valid", "rate_at_most", "with_probability", "floor"):
        value = getattr(prior, field)
        if value is not None and not 0 <= value <= 1:
            yield ("prior", field), f"`{field}` is a probability, not {value:g}"
    rate = (prior.rate_at_most, prior.with_probability)
    if (rate[0] is None) != (rate[1] is None):
        yield ("prior",), "`rate_at_most` and `with_probability` belong together"
    if (prior.holds is None) == (rate[0] is None):
        yield ("prior",), "a prior says `holds`, or `rate_at_most` `with_probability`, and not both"
    if rate[0] is not None and prior.floor > rate[0]:
        yield ("prior", "floor"), f"the floor {prior.floor:g} lies above {rate[0]:g}"


def well_formed(subject: Subject) -> Iterator[Finding]:
    """C133: a declaration has the members and the numbers its kind needs."""
    for name, element in subject.each(Dependence):
        for path, says, hint in _malformed(subject, element):
            yield finding(subject, "C133", (name, *path), says, hint)


def _malformed(
    subject: Subject, element: Dependence
) -> Iterator[tuple[tuple[str, ...], str, str | None]]:
    kind, among = element.kind, element.among
    if len(set(among)) < len(among):
        yield ("among",), "a member is named twice", "a leaf depends on itself entirely"
    if kind == "contained" and len(among) != 2:
        says = f"`contained` is said of two, not of {len(among)}"
        yield ("among",), says, "the first holds only if the second does"
    elif len(among) < 2:
        yield ("among",), "a dependence is between two or more", None
    groups = kind in ("independent", "partition")
    for member in among:
        found = subject.case.elements.get(member)
        if found is not None and not isinstance(found, (*_LEAVES, Claim) if groups else _LEAVES):
            says = f"`{member}` is no leaf: `{kind}` is said of evidence, assumptions and steps"
            yield ("among",), says, "name the leaves it rests on"
    for of, (field, meaning) in _NUMBER.items():
        given = getattr(element, field)
        if kind == of and not given and given != 0:
            yield (), f"`{kind}` needs `{field}`: {meaning}", None
        elif kind != of and given:
            yield (field,), f"`{field}` belongs to `{of}`, not to `{kind}`", None
    if kind == "partition" and element.weights:
        if len(element.weights) != len(among):
            says = f"{len(element.weights)} weights for {len(among)} cases"
            yield ("weights",), says, "one weight for each case, in the order of `among`"
        elif abs(sum(element.weights) - 1) > 1e-9:
            says = f"the weights add up to {sum(element.weights):g}"
            yield ("weights",), says, "exactly one case holds, so they add up to 1"


def contradictory(subject: Subject) -> Iterator[Finding]:
    """C134: two declarations that cannot both be true."""
    declared = list(subject.each(Dependence))
    for (_, one), (name, two) in combinations(declared, 2):
        shared = set(one.among) & set(two.among)
        both = frozenset((one.kind, two.kind)) in _CONTRADICT
        twice = one.kind == two.kind and one.kind in ("common cause", "partition")
        needed = 1 if twice else 2
        if (both or twice) and len(shared) >= needed:
            says = f"`{one.id}` says {one.kind} and `{two.id}` says {two.kind} of " + ", ".join(
                sorted(shared)
            )
            hint = "keep the one that is right"
            yield finding(subject, "C134", (name, "kind"), says, hint)


def shares_a_source(subject: Subject) -> Iterator[Finding]:
    """C135: independence between groups that rest on the same thing."""
    against = attackers(subject.case)
    for name, element in subject.each(Dependence):
        if element.kind not in ("independent", "partition", "common cause"):
            continue
        sources = [_sources(subject, member, against) for member in element.among]
        for (i, one), (j, two) in combinations(enumerate(sources), 2):
            common = sorted(one & two)
            if common:
                says = (
                    f"`{element.among[i]}` and `{element.among[j]}` share {common[0]}"
                    + (f" and {len(common) - 1} more" if len(common) > 1 else "")
                    + "; they are not independent"
                )
                hint = "drop the declaration, or measure one of them on its own data"
                yield finding(subject, "C135", (name, "among"), says, hint)


def _sources(subject: Subject, member: str, against: Mapping[str, tuple[str, ...]]) -> set[str]:
    """Everything below a member, and the files, tasks and instruments its leaves are made with."""
    found: set[str] = set()
    for name in supporting(subject.case, [member], against):
        element = subject.case.elements[name]
        found.add(f"`{name}`")
        if not isinstance(element, Evidence):
            continue
        found |= {f"the input {normpath(entry)}" for entry in element.inputs}
        if element.artefact:
            found.add(f"the artefact {normpath(element.artefact)}")
        task = element.with_.get("task")
        if isinstance(task, str):
            found.add(f"the task {task}")
        declared = element.declared
        if declared:
            found |= {f"{entry} (declared as shared)" for entry in declared.shared}
            found |= {f"the test set {entry}" for entry in declared.tested_on}
            for field in ("elicitor", "instrument"):
                value = getattr(declared, field)
                if value:
                    found.add(f"the {field} {value}")
    return found


def without_warrant(subject: Subject) -> Iterator[Finding]:
    """C136: a declaration that adds nothing until somebody answers for it."""
    for name, element in subject.each(Dependence):
        missing = [f for f in ("owner", "credence") if getattr(element, f) is None]
        if missing:
            yield finding(
                subject,
                "C136",
                (name,),
                f"the declaration `{name}` has no {' and no '.join(missing)}; it adds nothing",
                "say who answers for it, and how far it is trusted",
                "warning",
            )


PROBABILITY_RULES: tuple[Callable[[Subject], Iterator[Finding]], ...] = (
    out_of_range,
    well_formed,
    contradictory,
    shares_a_source,
    without_warrant,
)
