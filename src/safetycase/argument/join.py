"""Parts -> one case: every reference leads somewhere it may, and contracts reach their claims."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping

from safetycase.argument import model, ref_to
from safetycase.argument.decode import unfold
from safetycase.argument.findings import Finding, Span, did_you_mean
from safetycase.argument.nodes import span_of
from safetycase.argument.store import Reference, Store

__all__ = ["conclude", "home", "resolve"]


MOST_HINTS = 50


def home(name: str, modules: Mapping[str, model.Module]) -> str:
    """The module an id belongs to; empty for the case file itself."""
    first = name.split("/", 1)[0] if "/" in name else ""
    return first if first in modules else ""


def resolve(store: Store, modules: Mapping[str, model.Module]) -> Iterator[Finding]:
    """F030, F031, F032: every id exists, is of a kind that fits, and may be referred to."""
    kinds = store.kinds
    hinted = 0
    public = {name for m in modules.values() for name in (*m.public, *m.needs)}
    for at in store.references:
        kind = kinds.get(at.name)
        if kind is None:
            if at.ref.kinds == ref_to.ANY_KIND and at.name.rsplit(".", 1)[0] in kinds:
                continue  # a defeater that the engine raises itself, e.g. E-ITEMS.BELOW-CHANCE
            hinted += 1  # comparing a word with every id takes long, and nobody reads hundreds
            hint = did_you_mean(at.name, _near(at.name, kinds)) if hinted <= MOST_HINTS else None
            yield _finding(at, "F030", f"`{at.name}` is not in this case", hint)
        elif kind not in at.ref.kinds:
            article = "an" if kind[0] in "aeiou" else "a"
            message = f"`{at.name}` is {article} {kind} and cannot stand here"
            yield _finding(at, "F031", message, "expected " + " or ".join(at.ref.kinds))
        elif "/" in at.name and at.name not in public and at.ref.kinds != ref_to.ANY_KIND:
            owner = unfold(at.path)[0]
            module = home(at.name, modules)
            if module and module != home(owner, modules):
                message = f"`{at.name}` is not public in the module `{module}`"
                yield _finding(at, "F032", message, "list it under `public` in that file")


def _near(name: str, known: Iterable[str]) -> list[str]:
    """Candidates for a typing error: a full comparison with every id would be slow."""
    start = name[:1].lower()
    found = [k for k in known if abs(len(k) - len(name)) <= 3 and k[:1].lower() == start]
    return found[:2000]


def _finding(at: Reference, code: str, message: str, hint: str | None) -> Finding:
    subject = unfold(at.path)[0] or None
    span = span_of(at.node, at.file)
    return Finding(code=code, span=span, message=message, hint=hint, subject=subject)


def conclude(store: Store, modules: Mapping[str, model.Module]) -> Iterator[Finding]:
    """F035, F036: give each claim the step that `concludes` it."""
    needed = {name for module in modules.values() for name in module.needs}
    steps = [e for e in store.elements.values() if isinstance(e, model.Argument) and e.concludes]
    for step in steps:
        assert step.concludes is not None
        claim = store.elements.get(step.concludes)
        if not isinstance(claim, model.Claim):
            continue  # resolve has said so
        span = store.place((step.id, "concludes")) or Span(file="case.yaml", line=1, column=1)
        if claim.by is not None:
            yield Finding(
                code="F035",
                span=span,
                message=f"`{claim.id}` already rests on `{claim.by}`",
                hint="remove one of the two, or make both premises of one step",
                subject=step.id,
            )
        elif home(claim.id, modules) != home(step.id, modules) and claim.id not in needed:
            yield Finding(
                code="F036",
                span=span,
                message=f"the module of `{claim.id}` does not ask for support from outside",
                hint="list the claim under `needs` in that file",
                subject=step.id,
            )
        else:
            store.elements[claim.id] = dataclasses.replace(claim, by=step.id)
