"""A case as it would be with a parameter of a template bound otherwise; no file is changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from safetycase.argument.findings import Finding, Span
from safetycase.argument.model import Assumption, Problem
from safetycase.argument.rebind import Binding, binding_of, rebind
from safetycase.argument.source import Refused, Source, read_source
from safetycase.plugin.library import templates
from safetycase.workspace.checking import CASE_FILE, check_folder, own_texts
from safetycase.workspace.folder import Workspace, open_case

if TYPE_CHECKING:
    from safetycase.assess.records import Assessment
    from safetycase.assess.swap import Swap
    from safetycase.report.swap_text import Survey

__all__ = ["ALL", "survey", "swap", "swapped"]

ALL = "all"
"""Stands for every value of a choice."""


def swapped(folder: Path, words: Iterable[str]) -> Mapping[str, str]:
    """The texts of the case's files with each `PARAMETER=VALUE` of `words` bound.

    `Refused` with findings where there is no such parameter, or it cannot be that.
    """
    texts = dict(own_texts(check_folder(folder)))
    for word in words:
        name, value = _read(word)
        source = _source(folder, texts)
        binding = binding_of(source, name, value)
        texts = dict(rebind(source, binding, value).after(texts))
        _still_read(folder, texts, source, binding)
    return texts


def _still_read(folder: Path, texts: Mapping[str, str], source: Source, binding: Binding) -> None:
    """`Refused` where a value of the wrong kind would drop the instance with all that it argues.

    A case without it could look better than the case with it.
    """
    at = source.case.uses[binding.use].at
    wrong = [
        replace(found, span=at) if at else found
        for found in check_folder(folder, texts=texts).errors
        if found.subject == binding.use
    ]
    if wrong and not _already(folder, binding):
        raise Refused(*wrong)


def _already(folder: Path, binding: Binding) -> bool:
    """Whether the instance is as wrong in the files as they are."""
    return any(found.subject == binding.use for found in check_folder(folder).errors)


def swap(folder: Path, now: datetime, word: str) -> Swap:
    """What binding `PARAMETER=VALUE` changes in the case and in its verdict."""
    from safetycase.assess.swap import compare_methods

    name, value = _read(word)
    binding = _binding(folder, name, value)
    pair = (_assessed(folder, now, ()), _assessed(folder, now, (word,)))
    return compare_methods(f"{binding.use}.{binding.name}", (binding.value, value), pair)


def survey(folder: Path, now: datetime, name: str) -> Survey:
    """The open problems and the verdict of the case under every value of the choice `name`.

    What needs a problem solved is told from the argument alone, as if nothing had been measured.
    """
    from safetycase.report.swap_text import Importance, Survey

    binding = _binding(folder, name, None)
    choices = binding.parameter.choices
    if not choices:
        raise _refused(f"`{binding.name}` is no choice, so `{ALL}` means nothing", "name a value")
    under: dict[str, dict[str, str]] = {}
    says: dict[str, str] = {}
    verdicts: dict[str, str] = {}
    assumed: dict[str, frozenset[str]] = {}
    for value in choices:
        word = f"{binding.use}.{binding.name}={value}"
        space = _opened(folder, now, (word,))
        measured = space.assess()
        verdicts[value] = f"{measured.verdict:9} {_counted(measured)}".rstrip()
        found = _unmeasured(space).assess()
        parts = found.case.elements
        assumed[value] = frozenset(n for n, e in parts.items() if isinstance(e, Assumption))
        for problem, word in _needs(found).items():
            under.setdefault(problem, {})[value] = word
            element = parts[problem]
            assert isinstance(element, Problem)
            says[problem] = element.says
    problems = [Importance(id=p, says=says[p], under=words) for p, words in under.items()]
    return Survey(
        parameter=f"{binding.use}.{binding.name}",
        methods=choices,
        problems=tuple(sorted(problems, key=lambda p: (-p.needed, -len(p.under)))),
        verdicts=verdicts,
        assumptions=assumed,
    )


def _needs(found: Assessment) -> Mapping[str, str]:
    """Of each open problem whether the headline needs it solved."""
    from safetycase.agenda.items import items_of
    from safetycase.agenda.opengraph import open_graph
    from safetycase.agenda.rank import rank

    items = items_of(found, ())
    ranking = rank(found, items, open_graph(found, items))
    sets = [frozenset(group.items) for group in ranking.groups]
    problems = [item.id for item in items if item.what == "problem"]
    return {
        name: "needed"
        if sets and all(name in found for found in sets)
        else "helps"
        if any(name in found for found in sets)
        else "there"
        for name in problems
    }


def _counted(found: Assessment) -> str:
    """How many leaves of the case came to which result."""
    words = [leaf.outcome or "not run" for leaf in found.leaves.values()]
    kinds = ("supports", "inconclusive", "refutes", "not run")
    return ", ".join(f"{words.count(kind)} {kind}" for kind in kinds if kind in words)


def _unmeasured(space: Workspace) -> Workspace:
    """The case without its record: what it needs, and not what was found."""
    from safetycase.ledger import fold

    log = replace(space.log, records=())
    return replace(space, log=log, history=fold(log))


def _assessed(folder: Path, now: datetime, words: Iterable[str]) -> Assessment:
    return _opened(folder, now, words).assess()


def _opened(folder: Path, now: datetime, words: Iterable[str]) -> Workspace:
    said = tuple(words)
    found = open_case(folder, now, texts=swapped(folder, said), rebound=said)
    if found.case is None:
        raise Refused(*found.findings)
    return found.own_runs()


def _binding(folder: Path, name: str, value: str | None) -> Binding:
    return binding_of(_source(folder, own_texts(check_folder(folder))), name, value)


def _source(folder: Path, texts: Mapping[str, str]) -> Source:
    return read_source(texts, CASE_FILE, templates(folder))


def _read(word: str) -> tuple[str, str]:
    name, equals, value = word.partition("=")
    if not (name and equals and value):
        raise _refused(f"`{word}` is no PARAMETER=VALUE", "e.g. method=debate")
    return name, value


def _refused(message: str, hint: str) -> Refused:
    span = Span(file=CASE_FILE, line=1, column=1)
    return Refused(Finding(code="F091", span=span, message=message, hint=hint))
