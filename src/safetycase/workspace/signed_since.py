"""What changed in a part of the argument since it was signed, as far as git can tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from safetycase.argument.changes import Change
from safetycase.argument.diff import diff
from safetycase.argument.model import Case
from safetycase.assess.records import Assessment
from safetycase.assess.reviewed import SignedOff
from safetycase.checks.scope import Scopes, target_of
from safetycase.workspace.versions import Dated, NoVersion, revision, revisions

__all__ = ["MOST_READ", "MOST_REVISIONS", "changes_since"]

MOST_REVISIONS = 2_000
"""How many revisions of git are known of, the latest first."""
MOST_READ = 12
"""How many of them are read for one signature, those nearest to its time first."""
_MOST = 8
_HEADER = ("target", "decision", "models", "system", "deployment", "harm", "maturity")


def changes_since(folder: Path, assessment: Assessment) -> Mapping[int, tuple[str, ...]]:
    """Sentences on what changed since each sign-off of an earlier version, by its record.

    The version is looked for in the revisions of git that touched the folder, those around the time
    of the signature first: it is the one in which the part has the digest that was signed.
    """
    wanted = [s for s in assessment.review.sign_offs if not s.current]
    try:
        known = revisions(folder, MOST_REVISIONS) if wanted else ()
    except NoVersion:  # git is not installed, or does not answer
        known = ()
    read: dict[str, Scopes | None] = {}
    found: dict[int, tuple[str, ...]] = {}
    for signed in wanted:
        found[signed.record] = ("no revision of git around that time holds what was signed",)
        for each in _nearest(known, signed.at)[:MOST_READ]:
            if each.name not in read:
                read[each.name] = _scopes(folder, each.name)
            scopes = read[each.name]
            if scopes is not None and _is(scopes, signed):
                told = _told(each.name[:12], scopes, assessment.case, signed.element)
                found[signed.record] = tuple(told)
                break
    return found


def _nearest(known: Sequence[Dated], at: str) -> Sequence[Dated]:
    """The revisions by their distance in time; one from before the signature goes first."""
    time = datetime.fromisoformat(at)
    return sorted(known, key=lambda d: (abs(d.at - time), d.at > time))


def _scopes(folder: Path, name: str) -> Scopes | None:
    """The case as it was in a revision; None if it cannot be read there."""
    try:
        case = revision(name, folder).load().case
    except NoVersion:
        return None
    return None if case is None else Scopes(case)


def _is(scopes: Scopes, signed: SignedOff) -> bool:
    there = target_of(scopes.case, signed.element) is not None
    return there and scopes.digest(signed.element) == signed.digest


def _told(name: str, was: Scopes, case: Case, element: str) -> Iterator[str]:
    """What is different within the part that was signed, in the version `name` and now."""
    inside = set(was.names(element))
    if target_of(case, element) is not None:
        inside |= set(Scopes(case).names(element))
    changes = [c for c in diff(was.case, case).changes if _inside(c, inside)]
    noun = "change" if len(changes) == 1 else "changes"
    yield f"git {name} holds what was signed; {len(changes)} {noun} since:"
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
