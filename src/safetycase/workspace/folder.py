"""Opens a case folder: files, record, catalogue, recipes and clock -> one frozen snapshot.

It composes what the other rooms compute and decides nothing itself. Nothing in the folder is
executed: method modules come from installed packages, and case files are only read.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, MutableMapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetycase.argument.findings import Finding
from safetycase.argument.graph import conclusion_of
from safetycase.argument.model import Case, Claim, Evidence
from safetycase.checks.criterion import claim_of
from safetycase.evidence.digests import Digester
from safetycase.evidence.recipes import CurrentRecipe, Reading, as_used, current_recipe
from safetycase.evidence.undeclared import undeclared_now
from safetycase.ledger import History, Log, Seen, default_seen_folder, fold, read
from safetycase.plugin.catalogue import Catalogue
from safetycase.plugin.contract import Method
from safetycase.workspace.checking import check_folder
from safetycase.workspace.failures import failures
from safetycase.workspace.paths import CASE_FILE, NoCase

if TYPE_CHECKING:
    from safetycase.assess.records import Assessment
    from safetycase.evidence.setting import Job

__all__ = ["Workspace", "open_case"]


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
    undeclared: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    rebound: tuple[str, ...] = ()

    def own_runs(self) -> Workspace:
        """The same, each leaf decided by the latest run of exactly what it is here.

        Another method in the place of one shares leaves with it, each with a recipe of its own. A
        run for the one is no run for the other, and takes nothing back.
        """
        hidden: set[int] = set()
        for name, current in self.recipes.items():
            of_leaf = [r for r in self.history.registrations if r.evidence == name]
            digest = current.recipe.digest if current.recipe else ""
            last = max((r.seq for r in of_leaf if r.recipe_digest == digest), default=None)
            if last is not None:
                hidden |= {r.seq for r in of_leaf if r.seq > last}
        kept = [r for r in self.history.registrations if r.seq not in hidden]
        tried = [a for a in self.history.attempts if a.registration not in hidden]
        history = replace(self.history, registrations=tuple(kept), attempts=tuple(tried))
        return replace(self, history=history)

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
        from safetycase.ledger.ordering import grades

        leaves = {
            name: CurrentLeaf(
                recipe=recipe.recipe,
                problem=recipe.problem,
                method=self.methods.get(name),
                environment=recipe.environment,
                undeclared=self.undeclared,
            )
            for name, recipe in self.recipes.items()
        }
        found = assess(
            Input(
                case=self.case,
                history=self.history,
                leaves=leaves,
                findings=self.findings,
                now=self.now,
                record_length=len(self.log.records),
                record_head=self.log.records[-1].digest if self.log.records else None,
                ordering=grades(self.history, self.log.checkpoints).grades,
            )
        )
        return replace(found, rebound=self.rebound) if self.rebound else found

    def jobs(self, due: Mapping[str, str], *, anew: Collection[str] = ()) -> list[Job]:
        """What the scheduler needs to run the leaves named in `due` (id -> why).

        `anew` are leaves whose earlier attempts no longer count although their recipe is the same.
        """
        from safetycase.evidence.setting import Job

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
                    anew=name in anew,
                )
            )
        return jobs


def _read(folder: Path) -> Log:
    """The record, held also against what this user has seen of it before."""
    log = read(folder / "ledger")
    seen = Seen(folder=default_seen_folder(os.environ)).problems(log)
    return replace(log, problems=(*log.problems, *seen)) if seen else log


def open_case(
    folder: Path,
    now: datetime,
    *,
    trust_cache: bool = True,
    cache: MutableMapping[Any, Any] | None = None,
    texts: Mapping[str, str] | None = None,
    rebound: tuple[str, ...] = (),
    log: Log | None = None,
    reading: Reading | None = None,
) -> Workspace:
    """Read everything a case folder holds, as of `now`.

    `trust_cache` lets digests of big unchanged files be remembered; `run`, `verify` and `gate`
    recompute them. A `cache` handed to every call makes a second reading pay only for the files
    that changed. `texts` (path in the folder -> text) stand in for files as they are on disk;
    `rebound` says in words what is bound otherwise in them. `log` and `reading` are the record and
    the files as they were read before, for whoever opens many versions of one case.
    """
    log = _read(folder) if log is None else log
    texts = texts or {}
    checked = check_folder(folder, cache=cache, texts=texts)
    catalogue = checked.catalogue or Catalogue(methods={})
    case, facts = checked.case, checked.leaves
    if case is None or case.root not in case.elements:
        # There is nothing to judge; what stands in the way is among the findings.
        return Workspace(
            folder=folder,
            now=now,
            case=None,
            findings=checked.findings,
            log=log,
            history=fold(log),
            catalogue=catalogue,
            texts=texts,
            rebound=rebound,
        )
    leaves = {name: case.elements[name] for name in facts}
    methods = {
        n: as_used(case, leaf, f.method)
        for n, f in facts.items()
        if isinstance(f.method, Method) and isinstance(leaf := leaves[n], Evidence)
    }
    reading = reading or Reading(folder, Digester(trust_cache=trust_cache))
    history = fold(log)
    current: dict[str, CurrentRecipe] = {}
    for name, leaf in leaves.items():
        method = methods.get(name)
        assert isinstance(leaf, Evidence)
        current[name] = (
            current_recipe(case, leaf, method, catalogue.methods[leaf.method], reading)
            if method and leaf.method
            else CurrentRecipe(recipe=None, problem="its method is not there")
        )
    space = Workspace(
        folder=folder,
        now=now,
        case=case,
        findings=(*checked.findings, *failures(case, history)),
        log=log,
        history=history,
        catalogue=catalogue,
        methods=methods,
        recipes=current,
        undeclared=undeclared_now(history, reading),
        texts=texts,
        rebound=rebound,
    )
    return space.own_runs() if rebound else space
