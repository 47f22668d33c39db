"""Patterns, templates and their instances (R50 to R55).

A module is final when it, or the whole structure (tag `gsn.published`), is marked published. An
instance names its pattern in the tag `gsn.instance-of` of its module and its data in
`gsn.bind.NAME`; a pattern may state the type of a token in `gsn.token.NAME`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date

from safetycase.argument.findings import did_you_mean
from safetycase.argument.structure import Link, ModuleInfo
from safetycase.checks import gsn_core, gsn_graph
from safetycase.checks.gsn_core import GSN
from safetycase.checks.indexed import Indexed
from safetycase.checks.judging import Hit, listed, name_of, shown
from safetycase.checks.registry import Rule

__all__ = ["HEADINGS", "INSTANCE_OF", "RULES"]

INSTANCE_OF = "gsn.instance-of"
_BIND, _TOKEN = "gsn.bind.", "gsn.token."
TOKEN = re.compile(r"\{([^{}]+)\}")
HEADINGS = (
    "Name",
    "Intent",
    "Motivation",
    "Structure",
    "Participants",
    "Collaboration",
    "Applicability",
    "Consequences",
    "Implementation",
    "Examples",
    "Known uses",
    "Related patterns",
)


def _final(index: Indexed) -> Callable[[str], bool] | None:
    """Whether a module is final and no pattern; None if none is."""
    patterns = {name for name, info in index.modules.items() if info.pattern}
    if index.tags.get("gsn.published"):
        return lambda module: module not in patterns
    final = {name for name, info in index.modules.items() if info.published} - patterns
    return final.__contains__ if final else None


@GSN.rule(
    "R50",
    "Pattern notation in a final argument",
    clause="1:3",
    text="Multiplicity, optionality, choice, the uninstantiated mark and `{tokens}` are notation "
    "of patterns. In a published argument all of them are settled: instantiate what is left, or do "
    "not mark the argument as published.",
    message="SYMBOL `ID` of a published argument holds `{TOKEN}`",
)
def settled(index: Indexed) -> Iterator[Hit]:
    final = _final(index)
    if final is None:
        return
    for part in index.parts.values():
        if not final(part.module):
            continue
        if part.uninstantiated:
            yield Hit(part, f"{shown(part)} of a published argument is uninstantiated")
        if "{" in part.text and (match := TOKEN.search(part.text)):
            yield Hit(part, f"{shown(part)} of a published argument holds `{match[0]}`")
    for link in index.links:
        source = index.parts.get(link.source)
        if source is None or not final(source.module):
            continue
        for word, there in (
            ("multiplicity", link.multiplicity),
            ("a choice", link.choice or link.choose),
            ("an optional relation", link.optional),
        ):
            if there:
                yield Hit(link, f"{shown(source)} of a published argument has {word} beneath it")


_BOUNDS = re.compile(r"\s*(\w+)\s*\.\.\s*(\w+|\*)\s*")
_PLAIN = re.compile(r"\s*(?:\w[\w -]*|\*)\s*")
_CHOOSE = re.compile(r"\s*(\d+)(?:\s*\.\.\s*(\d+))?(?:\s+of\s+(\d+))?\s*")


@GSN.rule(
    "R51",
    "Label that cannot be met",
    clause="1:3",
    text="A multiplicity reads `n` or `lo..hi` with lo ≤ hi. A choice reads `m of n`: n is the "
    "number of its branches, and m is between 1 and n. All branches of a choice say the same.",
    message="the multiplicity `LABEL` beneath `ID` cannot be read",
)
def labels(index: Indexed) -> Iterator[Hit]:
    groups: dict[tuple[str, str], list[Link]] = {}
    for link in index.links:
        if link.multiplicity and not _multiplicity(link.multiplicity):
            yield Hit(
                link,
                f"the multiplicity `{link.multiplicity}` beneath {name_of(index, link.source)} "
                "is not `n` or `lo..hi` with lo ≤ hi",
            )
        if link.choice or link.choose:
            groups.setdefault((link.source, link.choice), []).append(link)
    for (source, _), links in groups.items():
        problem = _choice([link.choose for link in links])
        if problem:
            yield Hit(links[0], f"the choice beneath {name_of(index, source)} {problem}")


def _multiplicity(label: str) -> bool:
    match = _BOUNDS.fullmatch(label)
    if len(label) > 60:
        return False
    if match is None:
        return bool(_PLAIN.fullmatch(label))
    low, high = match[1], match[2]
    if low.isdecimal() and high.isdecimal():
        return (len(low.lstrip("0")), low.lstrip("0")) <= (len(high.lstrip("0")), high.lstrip("0"))
    return True


def _choice(labels_of_branches: list[str]) -> str:
    """What is wrong with a choice, or nothing."""
    branches, wanted = len(labels_of_branches), {label for label in labels_of_branches if label}
    if len(wanted) > 1:
        return f"is labelled differently: {listed(sorted(wanted))}"
    label = wanted.pop() if wanted else "1"
    match = _CHOOSE.fullmatch(label) if len(label) < 30 else None
    if match is None:
        return f"is labelled `{label}`, not `m of n`"
    low, high, count = int(match[1]), int(match[2] or match[1]), int(match[3] or branches)
    if count != branches:
        return f"says {count} branches and has {branches}"
    if branches < 2:
        return "has one branch"
    return "" if 1 <= low <= high <= count else f"cannot choose `{label}` of {count} branches"


@GSN.rule(
    "R52",
    "Undeveloped element in a published template",
    clause="1:3",
    text="A template is filled in with data and developed no further, so nothing in it is left "
    "undeveloped. What still needs an argument is uninstantiated as well, or the template is not "
    "ready to be published.",
    message="SYMBOL `ID` of the published template `MODULE` is undeveloped",
)
def developed(index: Indexed) -> Iterator[Hit]:
    templates = {n for n, info in index.modules.items() if info.pattern and info.published}
    for part in index.parts.values() if templates else ():
        if part.undeveloped and not part.uninstantiated and part.module in templates:
            yield Hit(
                part, f"{shown(part)} of the published template `{part.module}` is undeveloped"
            )


def _date(word: str) -> bool:
    date.fromisoformat(word)
    return True


_TYPES: Mapping[str, Callable[[str], bool]] = {
    "text": lambda word: bool(word.strip()),
    "number": lambda word: bool(re.fullmatch(r"[-+]?\d{1,300}(?:\.\d+)?(?:[eE][-+]?\d+)?", word)),
    "integer": lambda word: bool(re.fullmatch(r"[-+]?\d+", word)),
    "probability": lambda word: bool(re.fullmatch(r"0(?:\.\d+)?|1(?:\.0+)?", word)),
    "boolean": lambda word: word in ("true", "false"),
    "date": _date,
}


def _instances(index: Indexed) -> Iterator[tuple[ModuleInfo, str]]:
    for info in index.modules.values():
        if pattern := info.tags.get(INSTANCE_OF):
            yield info, pattern


@GSN.rule(
    "R53",
    "Instance whose data do not fit",
    clause="1:3",
    text="An instance (module tag `gsn.instance-of`) binds every token of its pattern "
    "(`gsn.bind.NAME`), with a value of the stated type (`gsn.token.NAME` of the pattern: text, "
    "number, integer, probability, boolean, date), and nothing else.",
    message="instance `MODULE` does not bind `{TOKEN}` of `MODULE`",
)
def data(index: Indexed) -> Iterator[Hit]:
    tokens: dict[str, dict[str, None]] = {}
    instances = list(_instances(index))
    for part in index.parts.values() if instances else ():
        if "{" in part.text:
            tokens.setdefault(part.module, {}).update(
                dict.fromkeys(token.strip() for token in TOKEN.findall(part.text))
            )
    for info, pattern in instances:
        if pattern not in index.modules:
            yield Hit(info, f"`{info.name}` is an instance of `{pattern}`, which is not there")
            continue
        kinds = index.modules[pattern].tags
        bound = {k.removeprefix(_BIND): v for k, v in info.tags.items() if k.startswith(_BIND)}
        wanted = tokens.get(pattern, {})
        for token in wanted:
            if token not in bound:
                yield Hit(
                    info, f"instance `{info.name}` does not bind `{{{token}}}` of `{pattern}`"
                )
        for token, value in bound.items():
            kind = kinds.get(_TOKEN + token, "text")
            if token not in wanted:
                hint = did_you_mean(token, wanted) if len(wanted) <= 50 else None
                yield Hit(info, f"instance `{info.name}` binds `{token}`, no token of it", hint)
            elif not _fits(kind, value):
                yield Hit(info, f"instance `{info.name}` binds `{token}` to `{value}`, no {kind}")


def _fits(kind: str, value: str) -> bool:
    try:
        return _TYPES.get(kind, _TYPES["text"])(value)
    except ValueError:
        return False


@GSN.rule(
    "R54",
    "Instance that is no good argument",
    clause="1:3",
    text="An instance is an argument like any other and keeps the core rules (R01 to R16).",
    message="instance `MODULE` of `MODULE` breaks CODE",
)
def instances(index: Indexed) -> Iterator[Hit]:
    found = {info.name: (info, pattern) for info, pattern in _instances(index)}
    broken: dict[str, dict[str, None]] = {}
    for rule in (*gsn_core.RULES, *gsn_graph.RULES) if found else ():
        if rule.severity != "error" or rule.judge is None:
            continue
        for finding in rule.judge(index):
            part = index.parts.get(finding.subject or "")
            if finding.severity == "error" and part is not None and part.module in found:
                broken.setdefault(part.module, {})[rule.code] = None
    for name, codes in broken.items():
        info, pattern = found[name]
        yield Hit(info, f"instance `{name}` of `{pattern}` breaks {', '.join(codes)}")


@GSN.rule(
    "R55",
    "Pattern without its description",
    clause="1:3",
    text="A pattern is described under the standard headings: " + ", ".join(HEADINGS) + ".",
    message="pattern `MODULE` lacks the headings HEADINGS",
    severity="warning",
)
def described(index: Indexed) -> Iterator[Hit]:
    for info in index.modules.values():
        if info.pattern:
            there = {" ".join(heading.lower().split()) for heading in info.headings}
            lacking = [heading for heading in HEADINGS if heading.lower() not in there]
            if lacking:
                yield Hit(info, f"pattern `{info.name}` lacks the headings {', '.join(lacking)}")


RULES: tuple[Rule, ...] = (settled, labels, developed, data, instances, described)
