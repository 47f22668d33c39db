"""Opens a case folder: files, record, catalogue, recipes and clock -> one frozen snapshot.

It composes what the other rooms compute and decides nothing itself. Nothing in the folder is
executed: method modules come from installed packages, and case files are only read.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetycase.argument.findings import Finding, Span, did_you_mean
from safetycase.argument.graph import conclusion_of
from safetycase.argument.load import load
from safetycase.argument.model import Case, Claim, Evidence
from safetycase.checks.criterion import claim_of
from safetycase.checks.rules import LeafFacts, Subject, check
from safetycase.evidence.digests import Digester
from safetycase.evidence.recipes import CurrentRecipe, current_recipe, resolve_facts
from safetycase.ledger import History, Log, fold, read
from safetycase.plugin.catalogue import BrokenMethod, Catalogue, MethodEntry, installed
from safetycase.plugin.contract import Method
from safetycase.plugin.library import templates
from safetycase.plugin.parameters import bind

if TYPE_CHECKING:
    from safetycase.assess.records import Assessment
    from safetycase.evidence.schedule import Job

__all__ = ["CASE_FILE", "NoCase", "Workspace", "find_case", "open_case"]

CASE_FILE = "case.yaml"


class NoCase(Exception):
    """There is no case where one was looked for; the message says where and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """One case folder as it stood at one instant."""

    folder: Path
    now: datetime
    case: Case | None
    findings: tuple[Finding, ...]
    log: Log
    history: History
    catalogue: Catalogue
    methods: Mapping[str, Method] = field(default_factory=dict)
    recipes: Mapping[str, CurrentRecipe] = field(default_factory=dict)

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that make some element not ready."""
        return tuple(f for f in self.findings if f.severity == "error")

    def assess(self) -> Assessment:
        """Compute the assessment; needs a case (`NoCase` if the file could not be read)."""
        if self.case is None:
            raise NoCase(
                f"{self.folder / CASE_FILE} cannot be read as a case; run `safetycase check`"
            )
        # Imported here because `check` does not need it and starts a third faster without.
        from safetycase.assess.assessment import CurrentLeaf, Input, assess

        leaves = {
            name: CurrentLeaf(
                recipe=recipe.recipe, problem=recipe.problem, method=self.methods.get(name)
            )
            for name, recipe in self.recipes.items()
        }
        return assess(
            Input(
                case=self.case,
                history=self.history,
                leaves=leaves,
                findings=self.findings,
                now=self.now,
                record_length=len(self.log.records),
                record_head=self.log.records[-1].digest if self.log.records else None,
            )
        )

    def jobs(self, due: Mapping[str, str]) -> list[Job]:
        """What the scheduler needs to run the leaves named in `due` (id -> why)."""
        from safetycase.evidence.schedule import Job

        assert self.case is not None
        conclusions = conclusion_of(self.case)
        jobs = []
        for name, because in due.items():
            evidence, claim = self.case.elements[name], claim_of(self.case, name, conclusions)
            assert isinstance(evidence, Evidence)
            assert evidence.method is not None
            assert isinstance(claim, Claim)
            jobs.append(
                Job(
                    evidence=evidence,
                    claim=claim,
                    method=self.methods[name],
                    entry=self.catalogue.methods[evidence.method],
                    recipe=self.recipes[name],
                    because=because,
                )
            )
        return jobs


def find_case(start: Path) -> Path:
    """The case folder at `start`, or the nearest one above it."""
    if start.is_file():
        start = start.parent
    if not start.exists():
        raise NoCase(f"there is no folder {start}")
    for folder in (start.resolve(), *start.resolve().parents):
        if (folder / CASE_FILE).is_file():
            return folder
    raise NoCase(
        f"no {CASE_FILE} in {start} or above it; name the case folder, e.g. "
        "`safetycase status cases/internal-assistant`"
    )


def open_case(
    folder: Path,
    now: datetime,
    *,
    trust_cache: bool = True,
    recipes: bool = True,
    record: bool = True,
    cache: MutableMapping[Any, Any] | None = None,
) -> Workspace:
    """Read everything a case folder holds, as of `now`.

    `trust_cache` lets digests of big unchanged files be remembered; `run`, `verify` and `gate`
    recompute them. Without `recipes` or `record` those parts are left out (`check`). A `cache`
    handed to every call makes a second reading pay only for the files that changed.
    """
    log = read(folder / "ledger") if record else Log()
    text, problem = _read(folder / CASE_FILE)
    if problem:
        return Workspace(
            folder=folder,
            now=now,
            case=None,
            findings=(problem,),
            log=log,
            history=fold(log),
            catalogue=Catalogue(methods={}),
        )
    loaded = load(
        text,
        _shown(folder / CASE_FILE),
        more=lambda name: _module_text(folder, name),
        library=templates(folder),
        cache=cache,
    )
    case = loaded.case
    if case is None:
        return Workspace(
            folder=folder,
            now=now,
            case=None,
            findings=loaded.findings,
            log=log,
            history=fold(log),
            catalogue=Catalogue(methods={}),
        )
    leaves = {name: e for name, e in case.elements.items() if isinstance(e, Evidence) and e.method}
    # Reading what is installed takes longer than reading a small case; most checks need none.
    catalogue = installed() if leaves else Catalogue(methods={})
    facts = {name: _facts(case, leaf, folder, catalogue) for name, leaf in leaves.items()}
    subject = Subject(case=case, leaves=facts, method_names=tuple(catalogue.methods))
    findings = tuple(sorted((*loaded.findings, *check(subject)), key=lambda f: (f.span, f.code)))
    methods = {n: f.method for n, f in facts.items() if isinstance(f.method, Method)}
    digester = Digester(trust_cache=trust_cache)
    current: dict[str, CurrentRecipe] = {}
    for name, leaf in leaves.items() if recipes else ():
        method = methods.get(name)
        current[name] = (
            current_recipe(case, leaf, method, catalogue.methods[leaf.method], folder, digester)
            if method and leaf.method
            else CurrentRecipe(recipe=None, problem="its method is not there")
        )
    return Workspace(
        folder=folder,
        now=now,
        case=case,
        findings=findings,
        log=log,
        history=fold(log),
        catalogue=catalogue,
        methods=methods,
        recipes=current,
    )


def _module_text(folder: Path, name: str) -> str | None:
    """The text of a module file; None if it is not there, not text, or outside the folder."""
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        return None
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _shown(path: Path) -> str:
    """The path as the user would type it."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _read(path: Path) -> tuple[str, Finding | None]:
    span = Span(file=_shown(path), line=1, column=1)
    try:
        return path.read_text("utf-8"), None
    except UnicodeDecodeError as error:
        return "", Finding(
            code="F002",
            span=span,
            message=f"not UTF-8 text: {error.reason} at byte {error.start}",
            hint="save the file as UTF-8",
        )
    except OSError as error:
        return "", Finding(code="F002", span=span, message=f"cannot be read: {error.strerror}")


def _facts(case: Case, leaf: Evidence, folder: Path, catalogue: Catalogue) -> LeafFacts:
    """What the rules need to know about one leaf."""
    entry = catalogue.methods.get(leaf.method or "")
    if entry is None:
        reason = f"no installed package offers the method `{leaf.method}`"
        return LeafFacts(method=("C120", reason))
    method = _load(entry)
    if not isinstance(method, Method):
        return LeafFacts(method=method)
    values, unknown = resolve_facts(case, dict(leaf.with_))
    bound = bind(method.parameters, values) if not unknown else None
    files = list(leaf.inputs)
    if bound and bound.value is not None:
        files += method.files(bound.value)
    missing = tuple((name, why) for name in dict.fromkeys(files) if (why := _absent(folder, name)))
    best: Mapping[str, Any] = {}
    if bound and bound.value is not None and not missing and method.best_case:
        try:
            best = method.best_case(bound.value, folder, leaf.inputs)
        except (OSError, ValueError, KeyError):
            best = {}  # a size that cannot be known is no finding
    return LeafFacts(
        method=method,
        mismatches=bound.mismatches if bound else (),
        missing_files=missing,
        unknown_facts=tuple(unknown),
        best_case=best,
    )


def _load(entry: MethodEntry) -> Method | tuple[str, str]:
    try:
        return entry.load()
    except BrokenMethod as error:
        return "C121", str(error)


def _absent(folder: Path, name: str) -> str:
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        return "lies outside the case folder"
    if path.is_file():
        return ""
    near = did_you_mean(name, [p.relative_to(folder).as_posix() for p in folder.glob("*/*")])
    return "is not there" + (f" ({near})" if near and near.startswith("did") else "")
