"""A case or a foreign argument held to the profiles that are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path

from safetycase.argument.findings import Finding, did_you_mean
from safetycase.argument.structure import Structure
from safetycase.workspace.checking import Checked, check_folder, own_texts

__all__ = ["REVIEW", "UnknownProfile", "case_findings", "fix_folder", "profile_names"]

REVIEW = "review"


class UnknownProfile(Exception):
    """There is no profile of that name; the message lists those that there are."""


def profile_names() -> tuple[str, ...]:
    """Every profile a case can be checked against."""
    from safetycase.checks.profiles import PROFILES

    return (*PROFILES, REVIEW)


def case_findings(checked: Checked, names: Iterable[str], on: date) -> tuple[Finding, ...]:
    """The findings of a case: those of its file, and those of each profile in `names`.

    Profiles of notations judge the case as a structure; `review` judges the case itself, with
    what its record says where there is one.
    """
    wanted = dict.fromkeys((*names, *(checked.case.header.profiles if checked.case else ())))
    found = list(checked.findings)
    structure: Structure | None = None
    for name in wanted:
        require(name)
        if checked.case is None:
            continue
        if name == REVIEW:
            found += _review(checked, on)
            continue
        from safetycase.argument.project import structure_of
        from safetycase.checks.profiles import check_structure

        if structure is None:
            structure, _ = structure_of(checked.case)
        found += check_structure(structure, name)
    return tuple(sorted(found, key=lambda f: (f.span, f.code)))


def require(name: str) -> None:
    """`UnknownProfile` unless there is a profile of that name."""
    if name not in profile_names():
        hint = did_you_mean(name, profile_names())
        known = ", ".join(profile_names())
        raise UnknownProfile(f"there is no profile `{name}`; {hint or 'known: ' + known}")


def _review(checked: Checked, on: date) -> Iterator[Finding]:
    from safetycase.checks.record_facts import facts_of
    from safetycase.checks.review import review
    from safetycase.ledger import fold, read

    assert checked.subject is not None
    folder = checked.folder / "ledger"
    record = facts_of(fold(read(folder)), as_of=on) if folder.is_dir() else None
    yield from review(checked.subject, record, on=on)


def fix_folder(folder: Path) -> tuple[Mapping[str, str], tuple[str, ...]]:
    """The texts of a case with what a machine can mend mended, and what was done in words."""
    import safetycase.checks.fixes as fixes

    prefix = _prefix(folder)

    def recheck(texts: Mapping[str, str]) -> fixes.Checked:
        own = {name.removeprefix(prefix): text for name, text in texts.items()}
        found = check_folder(folder, texts=own)
        return fixes.Checked(findings=found.findings, subject=found.subject)

    before = {prefix + name: text for name, text in own_texts(check_folder(folder)).items()}
    after, done = fixes.fix_all(before, recheck)
    changed = {
        name.removeprefix(prefix): text for name, text in after.items() if text != before[name]
    }
    return changed, tuple(f"{fix.finding.span}: {fix.code} {fix.says}" for fix in done)


def _prefix(folder: Path) -> str:
    """What stands before a file's name in findings."""
    from safetycase.workspace.paths import CASE_FILE, shown

    return shown(folder / CASE_FILE).removesuffix(CASE_FILE)
