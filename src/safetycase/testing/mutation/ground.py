"""The case that faults are planted in: a copy with its as-if record, read and judged once."""

from __future__ import annotations

import dataclasses
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from safetycase.argument.findings import Finding
from safetycase.argument.model import Case, Evidence
from safetycase.argument.source import Refused, Source, read_source
from safetycase.assess.records import Assessment
from safetycase.evidence.digests import Digester
from safetycase.evidence.recipes import Reading
from safetycase.ledger import Kept, Log, SigningKey, fold, read, verify
from safetycase.ledger.checkpoints import kept_in
from safetycase.ledger.record import Problem
from safetycase.plugin.library import templates
from safetycase.testing.mutation.asif import copy_case, key_of, record_as_if, stand_ins
from safetycase.testing.mutation.closing import Closing, closing_of
from safetycase.testing.mutation.draft import Draft, Site
from safetycase.workspace.checking import CASE_FILE, check_folder, own_texts
from safetycase.workspace.failures import NO_RESULT, failures
from safetycase.workspace.folder import Workspace, open_case
from safetycase.workspace.paths import shown

__all__ = ["ARGUED", "Ground", "Seen", "ground_of"]

KEY = "as-if"
ARGUED = ("claim", "argument", "evidence", "assumption")
"""The kinds of elements that have support to lose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One version of the case, looked at: opened, closed and assessed."""

    space: Workspace
    case: Case
    assessment: Assessment
    findings: Counter[tuple[str, str, str]]


@dataclass(frozen=True, kw_only=True)
class Ground:
    """A case to plant faults in. `folder` is the copy, `work` an empty folder for further ones.

    `templates` are those that it uses, which lie in the copy, too.
    """

    name: str
    folder: Path
    work: Path
    now: datetime
    source: Source
    closing: Closing
    log: Log
    kept: tuple[Kept, ...]
    without: tuple[str, ...]
    templates: Mapping[str, str] = field(default_factory=dict)
    cache: MutableMapping[Any, Any] = field(default_factory=dict)

    @property
    def key(self) -> SigningKey:
        """The key of the as-if record."""
        return key_of(KEY)

    @property
    def texts(self) -> Mapping[str, str]:
        """The files of the case, and the templates that it uses, by their path in the folder."""
        return {**self.source.texts, **self.templates}

    @cached_property
    def draft(self) -> Draft:
        """For changing the texts."""
        return Draft(source=self.source)

    @cached_property
    def reading(self) -> Reading:
        """What the recipes have in common, read once for all mutants of the text."""
        return Reading(self.folder, Digester(trust_cache=True))

    @cached_property
    def base(self) -> Seen:
        """The case before anything is planted."""
        found = self.look(self.folder, self.now)
        assert found is not None
        return found

    @cached_property
    def noted(self) -> tuple[Problem, ...]:
        """What `verify` notes of the record before anything is planted."""
        return verify(self.folder / "ledger").problems

    @property
    def case(self) -> Case:
        """The case as it is written, with nothing taken as given."""
        assert self.base.space.case is not None
        return self.base.space.case

    def look(
        self, folder: Path, now: datetime, *, texts: Mapping[str, str] | None = None
    ) -> Seen | None:
        """One version of the case, all of it read; None if it can no longer be read as a case."""
        same = folder == self.folder
        space = open_case(
            folder,
            now,
            texts={**self.texts, **(texts or {})},
            cache=self.cache if same else None,
            log=self.log if same else None,
            reading=self.reading if same else None,
        )
        return self.judged(space)

    def again(self, folder: Path, now: datetime) -> Seen | None:
        """The case as it was read, at another time or with another record, which is in `folder`."""
        space, case = self.base.space, self.case
        if folder == self.folder:
            return self.judged(dataclasses.replace(space, now=now))
        log = read(folder / "ledger")
        history = fold(log)
        of_files = [f for f in space.findings if f.code != NO_RESULT]
        return self.judged(
            dataclasses.replace(
                space,
                folder=folder,
                now=now,
                log=log,
                history=history,
                findings=(*of_files, *failures(case, history)),
            )
        )

    def judged(self, space: Workspace) -> Seen | None:
        """The same for a case that is open already."""
        if space.case is None:
            return None
        closed = self.closing.closed(space.case)
        assessment = dataclasses.replace(space, case=closed).assess()
        found: Counter[tuple[str, str, str]] = Counter(
            (f.code, f.severity, f.subject or "") for f in self._findings(space)
        )
        return Seen(space=space, case=closed, assessment=assessment, findings=found)

    def _findings(self, space: Workspace) -> Iterator[Finding]:
        from safetycase.checks.review import review
        from safetycase.checks.subject import Subject

        assert space.case is not None
        # That a changed copy lies beside the case (C129) is how a fault is planted, and no notice.
        yield from (f for f in space.findings if f.code != "C129")
        yield from review(Subject(case=space.case, leaves={}), on=space.now.date())

    def said(self) -> Iterator[str]:
        """What is taken as given, in words."""
        measured = len(self.base.space.recipes) - len(self.without)
        if measured:
            yield f"{measured} {'leaf has' if measured == 1 else 'leaves have'} a simulated result"
        yield from self.closing.said()
        if self.without:
            yield "no result could be simulated for " + ", ".join(self.without)
        states = self.base.assessment.states.items()
        bare = [n for n, s in states if s.kind in ARGUED and not self.supported(n)]
        if bare:
            names = ", ".join(bare[:6]) + (" …" if len(bare) > 6 else "")
            yield f"without support even so, so that faults have nothing to take there: {names}"

    def supported(self, name: str) -> bool:
        """Whether an element has support before anything is planted."""
        state = self.base.assessment.states.get(name)
        return state is not None and _has(state.support) and state.posed == "ready"

    def leaf_site(self, name: str, *path: str) -> Site | None:
        """A value of an evidence: where it is written, or where a template's leaf is developed."""
        if name in self.source.places:
            return self.draft.at(name, *path)
        instance, _, local = name.rpartition("/")
        if instance not in self.source.places:
            return None
        return self.draft.at(instance, "develops", local, *path)

    def leaves(self) -> Iterator[tuple[str, Evidence]]:
        """The evidence that has a result."""
        for name in self.base.space.recipes:
            element = self.case.elements[name]
            if isinstance(element, Evidence):
                yield name, element


def _renamed(finding: Finding, copy: Path) -> Finding:
    """A finding in a copy, by the name that the file has in the case folder."""
    name = finding.span.file.removeprefix(f"{shown(copy)}/")
    return dataclasses.replace(finding, span=dataclasses.replace(finding.span, file=name))


def _has(word: str) -> bool:
    return word in ("supported", "assumed")


def ground_of(folder: Path, now: datetime, work: Path) -> Ground:
    """Copy a case to `work`, and give the copy a record in which everything passed.

    `Refused` with findings if the case cannot be read, or is not well-posed: nothing of it could be
    lost then.
    """
    copy = work / "case"
    copy_case(folder, copy)
    library = templates(copy)
    source = read_source(dict(own_texts(check_folder(copy))), CASE_FILE, library)
    texts = {**source.texts, **stand_ins(Draft(source=source), copy)}
    if texts != dict(source.texts):
        for name, text in texts.items():
            (copy / name).write_text(text, "utf-8")
        source = read_source(texts, CASE_FILE, library)
    used = _templates(source, copy)
    space = open_case(copy, now)
    if space.errors:
        raise Refused(*(_renamed(f, copy) for f in space.errors))
    left = record_as_if(space, key_of(KEY))
    log = read(copy / "ledger")
    kept, _ = kept_in(copy / "ledger")
    verified = verify(copy / "ledger")
    assert verified.ok, verified.problems
    shutil.rmtree(copy / "report", ignore_errors=True)
    return Ground(
        name=source.case.header.case,
        folder=copy,
        work=work,
        now=now,
        source=source,
        closing=closing_of(source.case),
        log=log,
        kept=kept,
        without=left,
        templates=used,
    )


def _templates(source: Source, copy: Path) -> Mapping[str, str]:
    """The templates that a case uses, put beside its own so that faults can be planted in them."""
    texts: dict[str, str] = {}
    for use in source.case.uses.values():
        found = source.library.text(use.template)
        if found is not None:
            texts[f"templates/{use.template}.yaml"] = found[1]
    for name, text in texts.items():
        (copy / name).parent.mkdir(exist_ok=True)
        (copy / name).write_text(text, "utf-8", newline="")
    return texts
