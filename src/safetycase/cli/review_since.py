"""What changed in a part of the argument since it was signed, as far as git can tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from safetycase.argument.changes import Change
from safetycase.argument.diff import diff
from safetycase.argument.model import Case
from safetycase.assess.records import Assessment
from safetycase.assess.reviewed import SignedOff
from safetycase.checks.scope import Scopes, target_of
from safetycase.workspace.versions import NoVersion, find_version, revisions

__all__ = ["MOST_REVISIONS", "changes_since"]

MOST_REVISIONS = 60
"""How many revisions of git are looked through, the latest first."""
_MOST = 8
_HEADER = ("target", "decision", "models", "system", "deployment", "harm", "maturity")


def changes_since(folder: Path, assessment: Assessment) -> Mapping[int, tuple[str, ...]]:
    """Sentences on what changed since each sign-off of an earlier version, by its record.

    The version is looked for in the revisions of git that touched the folder: it is the one in
    which the part has the digest that was signed.
    """
    wanted = {s.record: s for s in assessment.review.sign_offs if not s.current}
    found: dict[int, tuple[str, ...]] = {}
    for name, case in _versions(folder):
        scopes = Scopes(case)
        for record, signed in wanted.items():
            if record not in found and _is(scopes, signed):
                found[record] = tuple(_told(name, scopes, assessment.case, signed.element))
        if len(found) == len(wanted):
            break
    for record in wanted.keys() - found.keys():
        found[record] = ("no revision of git here holds the version that was signed",)
    return found


def _versions(folder: Path) -> Iterator[tuple[str, Case]]:
    try:
        for revision in revisions(folder, MOST_REVISIONS):
            try:
                case = find_version(revision, folder).load().case
            except NoVersion:
                continue
            if case is not None:
                yield revision[:12], case
    except NoVersion:  # git is not installed, or does not answer
        return


def _is(scopes: Scopes, signed: SignedOff) -> bool:
    there = target_of(scopes.case, signed.element) is not None
    return there and scopes.digest(signed.element) == signed.digest


def _told(name: str, was: Scopes, case: Case, element: str) -> Iterator[str]:
    """What is different within the part that was signed, in the version `name` and now."""
    inside = set(was.names(element))
    if target_of(case, element) is not None:
        inside |= set(Scopes(case).names(element))
    changes = [c for c in diff(was.case, case).changes if _inside(c, inside)]
    yield f"git {name} holds what was signed; {len(changes)} changes of it:"
    for change in changes[:_MOST]:
        yield _sentence(change)
    if len(changes) > _MOST:
        yield f"and {len(changes) - _MOST} more: safetycase diff {name}"


def _inside(change: Change, inside: set[str]) -> bool:
    if not change.element:
        return change.field.partition(".")[0] in _HEADER
    within = f"{change.element}/"  # the change may be one of a module or a template
    return change.element in inside or any(name.startswith(within) for name in inside)


def _sentence(change: Change) -> str:
    where = f"{change.element}: " if change.element else ""
    if change.before and change.after:
        return f"{where}{change.what}: {change.before} → {change.after}"
    said = change.after or change.before
    return f"{where}{change.what}" + (f": {said}" if said else "")
