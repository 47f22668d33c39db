"""`status`, and what every verb that reads a case shares; nothing is run."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import click

from safetycase.argument.findings import Finding
from safetycase.assess.records import Assessment
from safetycase.cli.common import (
    Exit,
    case_options,
    echo_json,
    finding_json,
    print_findings,
    printable,
    rebound_option,
    worst,
)
from safetycase.cli.report_page import current_report, write_report
from safetycase.workspace.folder import Workspace, open_case
from safetycase.workspace.paths import find_case, shown
from safetycase.workspace.reporting import breakdown_of

__all__ = [
    "breakdown_of",
    "current_report",
    "exit_code",
    "in_folder",
    "opened",
    "print_failures",
    "print_problems",
    "print_status",
    "status",
    "texts_with",
    "width",
    "write_report",
]

VERDICT_EXIT = {
    "holds": Exit.HOLDS,
    "insufficient": Exit.UNKNOWN,
    "fails": Exit.FAILS,
    "unknown": Exit.UNKNOWN,
    "not posed": Exit.FINDINGS,
}


def texts_with(folder: Path, rebound: Sequence[str]) -> Mapping[str, str]:
    """The texts of the case with parameters bound otherwise; a refusal ends the verb."""
    if not rebound:
        return {}
    from safetycase.argument.source import Refused
    from safetycase.workspace.swapping import swapped

    try:
        return swapped(folder, rebound)
    except Refused as error:
        print_findings(in_folder(error.findings, folder))
        raise click.exceptions.Exit(Exit.FINDINGS) from None


def in_folder(findings: Iterable[Finding], folder: Path) -> tuple[Finding, ...]:
    """The findings with the file as it is reached from here."""
    return tuple(
        replace(f, span=replace(f.span, file=shown(folder / f.span.file))) for f in findings
    )


def opened(case: Path, now: datetime, rebound: Sequence[str] = ()) -> tuple[Workspace, Assessment]:
    """The workspace and its assessment; findings that prevent one are printed and end the verb."""
    folder = find_case(case)
    space = open_case(folder, now, texts=texts_with(folder, rebound), rebound=tuple(rebound))
    if space.case is None:
        print_findings(space.findings)
        raise click.exceptions.Exit(Exit.FINDINGS)
    return space, space.assess()


def exit_code(space: Workspace, assessment: Assessment) -> int:
    """The verdict's exit code, or that of a damaged record."""
    return worst(
        [
            VERDICT_EXIT[assessment.verdict],
            *([Exit.RECORD] if space.log.problems or space.history.problems else []),
            *([Exit.FINDINGS] if space.errors else []),
        ]
    )


def print_problems(space: Workspace) -> None:
    """Say what is wrong with the record, loudly."""
    for problem in (*space.log.problems, *space.history.problems):
        click.secho(f"record: {printable(problem.says)}", fg="red", err=True)
        if problem.hint:
            click.echo(f"    → {printable(problem.hint)}", err=True)


def width() -> int:
    """The width of the terminal, within reason."""
    return max(60, min(140, shutil.get_terminal_size((100, 24)).columns))


@click.command()
@case_options
@rebound_option
def status(case: Path, now: datetime, as_json: bool, rebound: tuple[str, ...]) -> int:
    """Print the verdict tree of CASE; the exit code carries the verdict."""
    space, assessment = opened(case, now, rebound)
    print_problems(space)
    if as_json:
        from safetycase.report import to_json

        echo_json(
            {
                **to_json(assessment, breakdown=breakdown_of(assessment, assessment.case.root)),
                "record_problems": [p.says for p in space.log.problems],
                "findings": [finding_json(f) for f in space.findings],
            }
        )
    else:
        print_status(assessment)
        print_failures(space)
    return exit_code(space, assessment)


def print_failures(space: Workspace) -> None:
    """What evidence has no result because its run failed, with its place and the way out."""
    from safetycase.workspace.failures import NO_RESULT

    found = [f for f in space.findings if f.code == NO_RESULT]
    if found:
        click.echo()
        print_findings(found)


def print_status(assessment: Assessment) -> None:
    """The verdict tree, coloured on a terminal."""
    from safetycase.report import verdict_lines

    for line in verdict_lines(assessment, width=width(), colour=sys.stdout.isatty()):
        click.echo(line)
