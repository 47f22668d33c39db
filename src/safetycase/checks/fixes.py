"""Machine-applicable fixes: edits that remove a finding, where only one can be meant.

A fix is offered only after it was tried: the file is read again with it, the finding is gone, and
nothing new is wrong. Two candidates that both pass make none. What needs a decision (an owner, a
warrant, a number) has no fix.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cache
from itertools import islice
from typing import Literal, get_args, get_origin

from safetycase.argument.decode import KINDS, file_name, hints_of
from safetycase.argument.edits import EditError, Lines, TextEdit, apply_to_files
from safetycase.argument.findings import Finding, Span
from safetycase.argument.header import Header
from safetycase.argument.load import LISTS, ModuleHead
from safetycase.argument.model import Argument, Evidence
from safetycase.argument.nodes import Collection, Node, Reader, span_of
from safetycase.checks.near import near
from safetycase.checks.subject import Subject
from safetycase.plugin.contract import Method

__all__ = ["FIXABLE", "Checked", "Fix", "fix_all", "made", "offered"]

MOST_FINDINGS = 300
MOST_TRIED = 400
ROUNDS = 8
_SAID = re.compile(r"did you mean `([^`]+)`\?")
_NUMBER_LIKE = re.compile(r"[0-9.+-].*")
# Where a bare `no` says that there is none, and a quoted one would pass for an answer.
_ABSENCE = frozenset(
    {"owner", "organisation", "monitor", "expires", "because", "excluded_because", "closed_when"}
    | {"instrument", "elicitor", "planted_positives", "calibrated_null", "tail_model"}
    | {"red_team_budget", "maximum_over", "artefact"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """One way out of one finding: the edits of one file, and what they do in words."""

    code: str
    file: str
    edits: tuple[TextEdit, ...]
    says: str
    finding: Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a check of some texts gave; `subject` is None if no case could be read."""

    findings: tuple[Finding, ...]
    subject: Subject | None = None


_OF_LINKS = ("F030", "F031", "F032", "F035", "F036")
_OF_METHODS = ("C122", "C123", "C124", "C126", "C127", "C128")
_OF_THE_FORMAT = ("F010", "F020", "F022", "F030")
Recheck = Callable[[Mapping[str, str]], Checked]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """One file laid out.

    `keys` maps where a value stands to its key and the mapping that holds both, `models` a
    mapping to the value of its key `model`.
    """

    text: str
    lines: Lines
    keys: Mapping[Span, tuple[Span, Span]]
    models: Mapping[Span, Span]

    def at(self, span: Span) -> str:
        """The text of a span."""
        start, end = self.lines.range(span)
        return self.text[start:end]


def offered(checked: Checked, texts: Mapping[str, str], recheck: Recheck) -> tuple[Fix, ...]:
    """The fixes of the findings, each tried on its own; at most `MOST_TRIED` trials.

    `texts` are the files that may be changed, by the name that findings give them: a finding in
    another file (a template that is installed) gets no fix.
    """
    found: list[Fix] = []
    tried = 0
    for candidates in _candidates(checked, texts):
        tried += len(candidates)
        if tried > MOST_TRIED:
            break
        passed = [fix for fix in candidates if _passes((fix,), checked, texts, recheck)]
        if len(passed) == 1:
            found.append(passed[0])
    return tuple(found)


def made(
    texts: Mapping[str, str], fixes: Iterable[Fix]
) -> tuple[Mapping[str, str], tuple[Fix, ...]]:
    """The texts with the fixes made, and which were; of two that overlap the first is."""
    chosen = tuple(fixes)
    try:
        return {**texts, **apply_to_files(texts, _edits(chosen))}, chosen
    except EditError:
        kept: list[Fix] = []
    for fix in chosen:
        try:
            apply_to_files(texts, _edits((*kept, fix)))
        except EditError:
            continue
        kept.append(fix)
    return {**texts, **apply_to_files(texts, _edits(kept))}, tuple(kept)


def fix_all(
    texts: Mapping[str, str], recheck: Recheck
) -> tuple[Mapping[str, str], tuple[Fix, ...]]:
    """Fix what can be fixed, again while that brings up more; (texts, what was done).

    What has a single candidate is tried together first, so that a file with many slips is read a
    few times and not once for each.
    """
    done: list[Fix] = []
    for _ in range(ROUNDS):
        checked = recheck(texts)
        single = [c[0] for c in _candidates(checked, texts) if len(c) == 1]
        # What the file says comes before what its argument lacks.
        fixes = tuple(f for f in single if f.code in _OF_THE_FORMAT) or tuple(single)
        if not fixes or not _passes(fixes, checked, texts, recheck):
            fixes = offered(checked, texts, recheck)
        texts, kept = made(texts, fixes)
        if not kept:
            break
        done += kept
    return texts, tuple(done)


def _edits(fixes: Iterable[Fix]) -> Iterator[TextEdit]:
    return (edit for fix in fixes for edit in fix.edits)


def _candidates(checked: Checked, texts: Mapping[str, str]) -> Iterator[tuple[Fix, ...]]:
    """For each finding that may have a fix, those that come into question."""
    places: dict[str, _Place] = {}
    # What could not be read may be the very element that an id refers to.
    hidden = any(f.code.startswith("F") and f.code not in _OF_LINKS for f in checked.findings)
    wanted = (
        f
        for f in checked.findings
        if f.code in FIXABLE
        and f.span.file in texts
        and f.span.end_line
        and not (hidden and f.code in _OF_LINKS)
    )
    for finding in islice(wanted, MOST_FINDINGS):
        file = finding.span.file
        if file not in places:
            places[file] = _place(texts[file], file)
        try:
            found = tuple(FIXABLE[finding.code](finding, places[file], checked.subject))
        except EditError:
            continue  # the texts are not those that were checked
        if found:
            yield found


def _passes(
    fixes: tuple[Fix, ...], before: Checked, texts: Mapping[str, str], recheck: Recheck
) -> bool:
    """Whether the findings go and none comes.

    A word of the format that could not be read may hide what the argument lacks, and a method that
    is not there what its parameters lack; that comes up with it and is no fault of the fix.
    """
    changed, kept = made(texts, fixes)
    after = recheck(changed)
    blind = before.subject is None or any(f.code in _OF_THE_FORMAT for f in fixes)
    leaves = {f.finding.subject for f in fixes if f.code == "C120"}
    now = Counter(
        _name(f)
        for f in after.findings
        if f.code.startswith("F") or not (blind or (f.subject in leaves and f.code in _OF_METHODS))
    )
    left = Counter(map(_name, before.findings)) - Counter(_name(fix.finding) for fix in kept)
    return kept == fixes and not now - left


def _name(finding: Finding) -> tuple[str, str, str | None]:
    """What stays the same of a finding when lines move."""
    return finding.code, finding.message, finding.subject


def _place(text: str, file: str) -> _Place:
    keys: dict[Span, tuple[Span, Span]] = {}
    models: dict[Span, Span] = {}
    root = Reader(text, file).root
    stack: list[Node] = [root] if root is not None else []
    while stack:
        node = stack.pop()
        if type(node) is not Collection:
            continue
        if node.mapping and len(node.items) % 2 == 0:
            whole = span_of(node, file)
            for key, value in node.pairs():
                keys[span_of(value, file)] = (span_of(key, file), whole)
                if type(key) is not Collection and key.value == "model":
                    models[whole] = span_of(value, file)
        stack += node.items
    return _Place(text=text, lines=Lines(text), keys=keys, models=models)


# What may have been meant, by the kind of finding.


@cache
def _words(kind: str) -> frozenset[str]:
    """Every key (`keys`) or choice (`choices`) of the format."""
    keys: set[str] = {"root", *LISTS}
    choices: set[str] = set()
    queue: list[object] = [Header, ModuleHead, *KINDS.values()]
    seen: set[object] = set()
    while queue:
        hint = queue.pop()
        if hint in seen:
            continue
        seen.add(hint)
        if get_origin(hint) is Literal:
            choices.update(str(word) for word in get_args(hint))
        elif isinstance(hint, type) and hasattr(hint, "__dataclass_fields__"):
            keys.update(file_name(name) for name in hints_of(hint))
            queue += hints_of(hint).values()
        else:
            queue += [arg for arg in get_args(hint) if arg is not ...]
    return frozenset(keys if kind == "keys" else choices)


def _replace(finding: Finding, place: _Place, at: Span, known: Iterable[str]) -> Iterator[Fix]:
    """One fix per name that the word at `at` may be a slip of."""
    word = place.at(at).strip("\"'")
    said = _SAID.match(finding.hint or "")
    for name in near(word, (*known, *([said[1]] if said else []))):
        yield Fix(
            code=finding.code,
            file=at.file,
            edits=(TextEdit(span=at, text=name),),
            says=f"write `{name}` for `{word}`",
            finding=finding,
        )


def _key(finding: Finding, place: _Place, _subject: Subject | None) -> Iterator[Fix]:
    """F020: a key of the format."""
    return _replace(finding, place, finding.span, _words("keys"))


def _kind(finding: Finding, place: _Place, _subject: Subject | None) -> Iterator[Fix]:
    """F010: a kind of element."""
    return _replace(finding, place, finding.span, KINDS)


def _choice(finding: Finding, place: _Place, _subject: Subject | None) -> Iterator[Fix]:
    """F022: a word of a closed list."""
    return _replace(finding, place, finding.span, _words("choices"))


def _quote(finding: Finding, place: _Place, _subject: Subject | None) -> Iterator[Fix]:
    """F007: text that YAML reads as something else, where it can only be text."""
    word = place.at(finding.span)
    key = place.keys.get(finding.span)
    absent = key is not None and place.at(key[0]) in _ABSENCE
    if not word or word.lower() in ("null", "~") or (absent and not _NUMBER_LIKE.match(word)):
        return
    yield Fix(
        code=finding.code,
        file=finding.span.file,
        edits=(TextEdit(span=finding.span, text=f'"{word}"'),),
        says=f"put `{word}` in quotes",
        finding=finding,
    )


def _reference(finding: Finding, place: _Place, subject: Subject | None) -> Iterator[Fix]:
    """F030: an id of the case, as the file names it."""
    ids = subject.case.elements if subject else ()
    known = [*ids, *(name.rpartition("/")[2] for name in ids)]
    return _replace(finding, place, finding.span, known)


def _leaf(finding: Finding, subject: Subject | None) -> tuple[Evidence, Method | None] | None:
    if subject is None or finding.subject is None:
        return None
    element, facts = subject.case.elements.get(finding.subject), subject.leaves.get(finding.subject)
    if not isinstance(element, Evidence):
        return None
    return element, facts.method if facts and isinstance(facts.method, Method) else None


def _method(finding: Finding, place: _Place, subject: Subject | None) -> Iterator[Fix]:
    """C120: a method that is installed."""
    return _replace(finding, place, finding.span, subject.method_names if subject else ())


def _parameter(finding: Finding, place: _Place, subject: Subject | None) -> Iterator[Fix]:
    """C122: the name of a parameter; a value that does not fit has no fix."""
    leaf, key = _leaf(finding, subject), place.keys.get(finding.span)
    if leaf is None or key is None or "there is no parameter" not in finding.message:
        return iter(())
    known = [f.name for f in fields(leaf[1].parameters)] if leaf[1] else []
    return _replace(finding, place, key[0], known)


def _model(finding: Finding, place: _Place, subject: Subject | None) -> Iterator[Fix]:
    """C125: a model of the header, named by a leaf or by the system."""
    at = place.models.get(finding.span, finding.span)
    return _replace(finding, place, at, subject.case.header.models if subject else ())


def _measure(finding: Finding, place: _Place, subject: Subject | None) -> Iterator[Fix]:
    """C123: a quantity that the method measures."""
    leaf = _leaf(finding, subject)
    names = [m.name for m in leaf[1].measures] if leaf and leaf[1] else []
    return _replace(finding, place, finding.span, [n for n in names if "*" not in n])


def _quantity(finding: Finding, place: _Place, subject: Subject | None) -> Iterator[Fix]:
    """C110: the evidence's own name for a quantity, never the criterion."""
    leaf, key = _leaf(finding, subject), place.keys.get(finding.span)
    if leaf is None or key is None:
        return iter(())
    return _replace(finding, place, key[0], ())


def _rule(finding: Finding, place: _Place, subject: Subject | None) -> Iterator[Fix]:
    """C103: a step that states `k` and no rule means `k of n`."""
    step = subject.case.elements.get(finding.subject or "") if subject else None
    key = place.keys.get(finding.span)
    if not isinstance(step, Argument) or step.rule or step.k is None or key is None:
        return
    if not 1 <= step.k <= len(step.premises) or place.at(key[0]) != "k":
        return
    at, mapping = key
    flow = place.text[place.lines.offset(mapping.line, mapping.column)] == "{"
    between = ", " if flow else "\n" + " " * (at.column - 1)
    point = Span(
        file=at.file, line=at.line, column=at.column, end_line=at.line, end_column=at.column
    )
    yield Fix(
        code=finding.code,
        file=at.file,
        edits=(TextEdit(span=point, text=f"rule: k of n{between}"),),
        says="state `rule: k of n`",
        finding=finding,
    )


Candidates = Callable[[Finding, _Place, "Subject | None"], Iterator[Fix]]
FIXABLE: Mapping[str, Candidates] = {
    "F007": _quote,
    "F010": _kind,
    "F020": _key,
    "F022": _choice,
    "F030": _reference,
    "C103": _rule,
    "C110": _quantity,
    "C120": _method,
    "C122": _parameter,
    "C123": _measure,
    "C125": _model,
}
