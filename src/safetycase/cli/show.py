"""`status`, `report`: reading a case; nothing is run."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from safetycase.argument.findings import Finding
from safetycase.argument.model import Claim
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
from safetycase.cli.writing import keep, save
from safetycase.workspace.folder import Workspace, open_case
from safetycase.workspace.paths import find_case, shown

if TYPE_CHECKING:
    from safetycase.assess.breakdown import Breakdown
    from safetycase.report.seal import Seal

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


def breakdown_of(assessment: Assessment, name: str) -> Breakdown | None:
    """What the number of a claim is made of; None for every other element."""
    if not isinstance(assessment.case.elements.get(name), Claim):
        return None
    from safetycase.assess.account import account

    return account(assessment, name)


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


@click.command()
@case_options
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Where to write it (default: report/index.html in the case folder).",
)
@rebound_option
def report(
    case: Path, now: datetime, as_json: bool, out: Path | None, rebound: tuple[str, ...]
) -> int:
    """Write the report of CASE as one self-contained HTML page and print its path."""
    space, assessment = opened(case, now, rebound)
    print_problems(space)
    path = write_report(space, assessment, out)
    if as_json:
        echo_json({"path": str(path)})
    else:
        click.echo(str(path))
    return Exit.RECORD if space.log.problems else Exit.HOLDS


def write_report(space: Workspace, assessment: Assessment, out: Path | None) -> Path:
    """Render and write the page; the old one stays until the new one is whole."""
    from safetycase import __version__
    from safetycase.report import render_html

    path = out or _page(space)
    if path.is_dir():
        path = path / "index.html"
    keep(path, [])
    root = breakdown_of(assessment, assessment.case.root)
    seal = _seal(space)
    page = render_html(assessment, version=__version__, breakdown=root, seal=seal)
    save(path, f"{page}{_state(space, assessment)}")
    return path


def _page(space: Workspace) -> Path:
    """Where the page stands; that of a case with parameters bound otherwise beside the other."""
    if not space.texts:
        return space.folder / "report" / "index.html"
    told = hashlib.sha256("\n".join(f"{k} {v}" for k, v in sorted(space.texts.items())).encode())
    return space.folder / "report" / f"with-{told.hexdigest()[:8]}.html"


def current_report(space: Workspace, assessment: Assessment) -> Path | None:
    """The page in the case folder, if one is there that was made of the same state."""
    path = _page(space)
    wanted = _state(space, assessment).encode()
    try:
        with path.open("rb") as file:
            file.seek(-len(wanted), os.SEEK_END)
            return path if file.read() == wanted else None
    except OSError:
        return None


def _state(space: Workspace, assessment: Assessment) -> str:
    """A remark that names what a page was made of: the case files, the record, what is current."""
    from safetycase import __version__

    total = hashlib.sha256(f"{__version__} {assessment.record_head} {assessment.verdict}".encode())
    for file in sorted(space.folder.rglob("*.yaml")):
        total.update(f"\n{file.name} ".encode() + hashlib.sha256(file.read_bytes()).digest())
    for name, text in sorted(space.texts.items()):
        total.update(f"\n{name} ".encode() + hashlib.sha256(text.encode()).digest())
    for name, freshness in sorted(assessment.freshness.items()):
        total.update(f"\n{name} {freshness}".encode())
    for name, watched in sorted(assessment.monitors.items()):
        overdue = [alarm.report.record for alarm in watched.alarms if alarm.overdue]
        total.update(f"\n{name} {watched.state} {watched.blocks} {overdue}".encode())
    for finding in space.findings:
        total.update(f"\n{finding.code} {finding.message}".encode())
    return f"<!-- made of the state {total.hexdigest()} -->\n"


def _seal(space: Workspace) -> Seal | None:
    """What tells the record of this report from every other; None while it is empty."""
    from safetycase.ledger.checkpoints import roots
    from safetycase.ledger.trust import origin_of
    from safetycase.report.seal import Seal

    records = space.log.records
    if not records:
        return None
    return Seal(
        origin=origin_of(records[0]),
        size=len(records),
        root=roots(records, {len(records)})[len(records)].hex(),
        head=records[-1].digest,
    )
