"""A case folder read and checked: the part of the workspace that needs no record.

It imports what a check needs and nothing more: statistics, methods, the record and the recipes
take longer to import than a small case to check.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetycase.argument.findings import Finding, Span, did_you_mean
from safetycase.argument.library import NoText
from safetycase.argument.load import load
from safetycase.argument.model import Case, Evidence, Problem
from safetycase.argument.nodes import MAX_BYTES
from safetycase.checks.rules import check
from safetycase.checks.subject import LeafFacts, Subject
from safetycase.plugin.library import templates
from safetycase.workspace.paths import CASE_FILE, NoCase, find_case, inside, shown

if TYPE_CHECKING:
    from safetycase.plugin.catalogue import Catalogue, MethodEntry
    from safetycase.plugin.contract import Method

__all__ = [
    "CASE_FILE",
    "Checked",
    "NoCase",
    "all_texts",
    "check_folder",
    "find_case",
    "own_texts",
    "shown",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The case of a folder (None if it cannot be read), its findings, and its leaves' methods."""

    folder: Path
    case: Case | None
    findings: tuple[Finding, ...]
    leaves: Mapping[str, LeafFacts] = field(default_factory=dict)
    catalogue: Catalogue | None = None
    subject: Subject | None = None
    texts: Mapping[str, str] = field(default_factory=dict)
    """What stood in for files as they are on disk."""

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that make some element not ready."""
        return tuple(f for f in self.findings if f.severity == "error")


def check_folder(
    folder: Path,
    *,
    cache: MutableMapping[Any, Any] | None = None,
    texts: Mapping[str, str] | None = None,
) -> Checked:
    """Read the case of `folder` and run the rules of the case file.

    A `cache` handed to every call makes a second reading pay only for the files that changed.
    `texts` (path in the folder -> text) stand in for files as they are on disk: an editor's
    unsaved buffers, or a change that is only tried.
    """
    given = texts or {}
    text, problem = given.get(CASE_FILE), None
    if text is None:
        text, problem = _read(folder / CASE_FILE)
    if problem:
        return Checked(folder=folder, case=None, findings=(problem,))
    loaded = load(
        text,
        shown(folder / CASE_FILE),
        more=lambda name: given[name] if name in given else _module_text(folder, name),
        library=templates(folder, given),
        cache=cache,
    )
    case = loaded.case
    if case is None:
        return Checked(folder=folder, case=None, findings=loaded.findings)
    leaves = {n: e for n, e in case.elements.items() if isinstance(e, Evidence) and e.method}
    catalogue, facts = None, dict[str, LeafFacts]()
    if leaves:
        from safetycase.plugin.catalogue import installed

        catalogue = installed()
        known = {} if cache is None else cache
        facts = {n: _facts(case, leaf, folder, catalogue, known) for n, leaf in leaves.items()}
    names = tuple(catalogue.methods) if catalogue else ()
    subject = Subject(case=case, leaves=facts, method_names=names)
    found = (*check(subject), *_library(case), *_stand_ins(case, folder, given))
    findings = tuple(sorted((*loaded.findings, *found), key=lambda f: (f.span, f.code)))
    return Checked(
        folder=folder,
        case=case,
        findings=findings,
        leaves=facts,
        catalogue=catalogue,
        subject=subject,
        texts=given,
    )


def own_texts(checked: Checked) -> Mapping[str, str]:
    """The texts of the case file and its modules, as they were read, by path in the folder."""
    texts = dict[str, str]()
    names = [CASE_FILE, *(m.file for m in checked.case.modules.values())] if checked.case else []
    for name in names or [CASE_FILE]:
        try:
            texts[name] = _text_of(checked, name)
        except NoText:
            continue
    return texts


def all_texts(checked: Checked) -> Mapping[str, str]:
    """The same and the case folder's own templates that it uses: what another place needs."""
    texts = dict(own_texts(checked))
    for use in checked.case.uses.values() if checked.case else ():
        name = f"templates/{use.template}.yaml"
        try:
            texts[name] = _text_of(checked, name)
        except NoText:
            continue  # it comes from a package, which is named with its version in the case
    return texts


def _text_of(checked: Checked, name: str) -> str:
    return checked.texts[name] if name in checked.texts else _module_text(checked.folder, name)


def _module_text(folder: Path, name: str) -> str:
    """The text of a module file; `NoText` says why it cannot be had."""
    path = inside(folder, name)
    if path is None:
        raise NoText("is not in the case folder")
    try:
        if not path.is_file():
            raise NoText("is not a file" if path.exists() else "is not in the case folder")
    except OSError as error:
        raise NoText(f"cannot be read: {error.strerror}") from error
    text, problem = _read(path)
    if problem:
        raise NoText(f"cannot be read: {problem.message.removeprefix('cannot be read: ')}")
    return text


def _read(path: Path) -> tuple[str, Finding | None]:
    """The text of a file, or what stands in the way, at its place; too big a file is not read."""
    file = shown(path)
    span = Span(file=file, line=1, column=1)
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            says = f"the file has {size} bytes; at most {MAX_BYTES} are read"
            return "", Finding(code="F001", span=span, message=says, hint="split it into modules")
        data = path.read_bytes()
    except OSError as error:
        return "", Finding(code="F002", span=span, message=f"cannot be read: {error.strerror}")
    try:
        return data.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n"), None
    except UnicodeDecodeError as error:
        before = data[: error.start]
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8")) + 1
        return "", Finding(
            code="F002",
            span=Span(file=file, line=before.count(b"\n") + 1, column=column),
            message=f"not UTF-8 text: {error.reason} at byte {error.start}",
            hint="save the file as UTF-8",
        )


def _library(case: Case) -> tuple[Finding, ...]:
    """C137, where a problem says that it is an instance of one in a library."""
    if not any(isinstance(e, Problem) and e.instance_of for e in case.elements.values()):
        return ()
    from safetycase.agenda.library import instance_findings

    return instance_findings(case, "C137")


def _stand_ins(case: Case, folder: Path, texts: Mapping[str, str]) -> Iterator[Finding]:
    """C129: a template of the folder under the name of an installed one that says otherwise."""
    own, installed = templates(folder, texts), templates()
    for name, use in case.uses.items():
        path = f"templates/{use.template}.yaml"
        if path not in texts and not (folder / path).is_file():
            continue
        there, here = installed.text(use.template), own.text(use.template)
        if there is not None and here is not None and there[1] != here[1]:
            yield Finding(
                code="C129",
                span=use.at or case.span(name),
                message=f"`{use.template}@{use.version}` is {path} of this folder, and not the "
                "installed template of that name",
                hint="give your own template a name of its own",
                severity="warning",
                subject=name,
            )


def _facts(
    case: Case,
    leaf: Evidence,
    folder: Path,
    catalogue: Catalogue,
    cache: MutableMapping[Any, Any],
) -> LeafFacts:
    """What the rules need to know about one leaf."""
    entry = catalogue.methods.get(leaf.method or "")
    if entry is None:
        reason = f"no installed package offers the method `{leaf.method}`"
        return LeafFacts(method=("C120", reason))
    method = _load(entry)
    if isinstance(method, tuple):
        return LeafFacts(method=method)
    from safetycase.evidence.facts import resolve_facts
    from safetycase.plugin.parameters import bind

    values, unknown = resolve_facts(case, dict(leaf.with_))
    bound = bind(method.parameters, values) if not unknown else None
    files = list(leaf.inputs)
    if bound and bound.value is not None:
        files += method.files(bound.value)
    missing = tuple((name, why) for name in dict.fromkeys(files) if (why := _absent(folder, name)))
    best: Mapping[str, Any] = {}
    if bound and bound.value is not None and not missing and method.best_case:
        best = _best(method, bound.value, folder, leaf.inputs, files, cache)
    if bound and bound.value is not None:
        method = method.used_with(bound.value, tuple(leaf.inputs))
    return LeafFacts(
        method=method,
        mismatches=bound.mismatches if bound else (),
        missing_files=missing,
        unknown_facts=tuple(unknown),
        best_case=best,
    )


def _best(
    method: Method,
    parameters: Any,
    folder: Path,
    inputs: tuple[str, ...],
    files: Iterable[str],
    cache: MutableMapping[Any, Any],
) -> Mapping[str, Any]:
    """The safest result of the planned size; some methods read long files to know it."""
    assert method.best_case is not None
    marks = tuple(_mark(folder / name) for name in dict.fromkeys(files))
    key = ("best case", method.name, method.version, repr(parameters), folder, inputs, marks)
    if key not in cache:
        try:
            cache[key] = method.best_case(parameters, folder, inputs)
        except Exception:
            cache[key] = {}  # a size that cannot be known is no finding; the run says what is wrong
    found: Mapping[str, Any] = cache[key]
    return found


def _mark(path: Path) -> tuple[int, ...]:
    """What changes when the file does."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino


def _load(entry: MethodEntry) -> Method | tuple[str, str]:
    from safetycase.plugin.catalogue import BrokenMethod

    try:
        return entry.load()
    except BrokenMethod as error:
        return "C121", str(error)


def _absent(folder: Path, name: str) -> str:
    path = inside(folder, name)
    if path is None:
        return "lies outside the case folder"
    if path.is_file():
        return ""
    near = did_you_mean(name, [p.relative_to(folder).as_posix() for p in folder.glob("*/*")])
    return "is not there" + (f" ({near})" if near and near.startswith("did") else "")
