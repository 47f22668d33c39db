"""`check`: every finding of a case or of an argument in another format; nothing is run."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import click

from safetycase.argument.findings import Finding
from safetycase.cli.common import (
    Exit,
    case_options,
    echo_json,
    finding_json,
    print_findings,
    printable,
)
from safetycase.cli.writing import save
from safetycase.workspace.paths import CASE_FILE, find_case


@click.command()
@case_options
@click.option(
    "--profile",
    "profiles",
    multiple=True,
    metavar="NAME",
    help="Also hold it to gsn-v3-strict, cae, sacm, gsn2x or review (the AI safety-case review "
    "rules); may be given several times.",
)
@click.option("--fix", is_flag=True, help="Mend in the files what a machine can mend.")
@click.option("--dry-run", is_flag=True, help="With --fix: show the changes and write nothing.")
@click.option("--from", "source", metavar="FORMAT", help="The format of CASE, if it is a file.")
@click.option("--extended-check", is_flag=True, help="Profile gsn2x: its option of that name.")
@click.option("--warn-dialectic", is_flag=True, help="Profile gsn2x: its option of that name.")
@click.option(
    "--schema",
    is_flag=False,
    flag_value="case",
    type=click.Choice(["case", "module"]),
    help="Print the JSON Schema of a case file (or of a module file) instead.",
)
def check(
    case: Path,
    now: datetime,
    as_json: bool,
    profiles: tuple[str, ...],
    fix: bool,
    dry_run: bool,
    source: str | None,
    extended_check: bool,
    warn_dialectic: bool,
    schema: str | None,
) -> int:
    """List everything that is wrong with CASE, with places and hints.

    CASE is a case folder, or a file of another argument format (gsn2x, LTAC, TEA, SACM, ...).
    """
    if schema:
        from safetycase.argument.schema import case_schema, module_schema

        echo_json(case_schema() if schema == "case" else module_schema())
        return Exit.HOLDS
    if source or (case.is_file() and case.name != CASE_FILE):
        return _foreign(case, source, profiles, as_json, extended_check, warn_dialectic)
    from safetycase.workspace.checking import check_folder

    folder = find_case(case)
    if fix:
        mended = _fix(folder, dry_run)
        if dry_run or not mended:
            return Exit.HOLDS
    checked = check_folder(folder)
    findings: Sequence[Finding] = checked.findings
    if profiles or (checked.case and checked.case.header.profiles):
        from safetycase.workspace.profiles import case_findings

        findings = case_findings(checked, profiles, now.date())
    if (folder / "policy.yaml").exists():
        from safetycase.workspace.policies import policy_at

        findings = [*findings, *policy_at(folder).findings]
    count = len(checked.case.elements) if checked.case else 0
    _show(findings, counted(count, "element"), as_json)
    errors = any(f.severity == "error" for f in findings)
    return Exit.FINDINGS if errors or checked.case is None else Exit.HOLDS


def _show(findings: Sequence[Finding], what: str, as_json: bool) -> None:
    if as_json:
        echo_json([finding_json(f) for f in findings])
        return
    print_findings(findings)
    count = {s: sum(f.severity == s for f in findings) for s in ("error", "warning", "note")}
    said = [counted(count["error"], "error"), counted(count["warning"], "warning")]
    said += [counted(count["note"], "note")] if count["note"] else []
    more = " — `safetycase explain CODE` says more" if findings else ""
    click.echo(f"{what}, {', '.join(said)}{more}")


def counted(number: int, word: str) -> str:
    """A number with its word, one or many."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _foreign(
    path: Path,
    source: str | None,
    profiles: tuple[str, ...],
    as_json: bool,
    extended: bool,
    warn_dialectic: bool,
) -> int:
    """Check an argument in another format against the profiles asked for."""
    from safetycase.workspace.foreign import read_foreign

    if not path.is_file():
        raise click.ClickException(f"there is no file {path}")
    if set(profiles) - {"gsn2x"}:
        from safetycase.workspace.profiles import require

        for name in profiles:
            require(name)
    foreign = read_foreign([path], source)
    if tuple(profiles) == ("gsn2x",) and not as_json:
        from safetycase.checks.gsn2x import verdict

        said = verdict(
            foreign.structure,
            foreign.findings,
            extended=extended,
            warn_dialectic=warn_dialectic,
        )
        for line in said.lines:
            click.echo(printable(line))
        if not said.lines:
            click.echo(f"{counted(len(foreign.structure.parts), 'element')}, nothing to report"
                       if foreign.structure else "nothing could be read")  # fmt: skip
        return said.exit_code
    found = dict.fromkeys(foreign.findings)
    if foreign.structure is not None and profiles:
        from safetycase.checks.profiles import check_structure

        for name in profiles:
            found |= dict.fromkeys(check_structure(foreign.structure, name))
    findings = sorted(found, key=lambda f: (f.span, f.code))
    count = len(foreign.structure.parts) if foreign.structure else 0
    what = f"{foreign.format.title}: {counted(count, 'element')}"
    _show(findings, what, as_json)
    if not profiles and not as_json:
        click.echo("Only the reading was checked; `--profile gsn-v3-strict` checks the argument.")
    return Exit.FINDINGS if any(f.severity == "error" for f in findings) else Exit.HOLDS


def _fix(folder: Path, dry_run: bool) -> bool:
    """Mend what can be mended; says what, and whether anything was written."""
    from safetycase.workspace.profiles import fix_folder

    changed, done = fix_folder(folder)
    for line in done:
        click.echo(f"{'would mend' if dry_run else 'mended'} {printable(line)}")
    if not done:
        click.echo("nothing here can be mended by a machine")
        return True
    for name, text in changed.items():
        path = folder / name
        before = path.read_text("utf-8")
        if dry_run:
            lines = difflib.unified_diff(
                before.splitlines(), text.splitlines(), name, name, lineterm=""
            )
            click.echo(printable("\n".join(lines)))
        else:
            # Lines end as they did.
            ends = "\r\n" if b"\r\n" in path.read_bytes() else "\n"
            save(path, text.replace("\n", ends))
    return True
