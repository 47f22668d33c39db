"""`report`: the case as a page, a folder of pages, or in another format; nothing is run."""

from __future__ import annotations

import importlib
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from safetycase.assess.records import Assessment
from safetycase.cli.common import (
    Exit,
    case_options,
    echo_json,
    print_findings,
    printable,
    rebound_option,
)
from safetycase.cli.report_page import source_of, write_folder, write_report
from safetycase.cli.show import opened, print_problems
from safetycase.workspace.folder import Workspace

if TYPE_CHECKING:
    from safetycase.report.source import Source

__all__ = ["report"]

WRITERS: Mapping[str, tuple[str, str]] = {
    "markdown": ("report_formats", "write_markdown"),
    "json": ("report_formats", "write_json"),
    "csv": ("report_formats", "write_csv"),
    "pdf": ("report_formats", "write_pdf"),
    "ro-crate": ("report_formats", "write_crate"),
    "sarif": ("report_checks", "write_sarif"),
    "junit": ("report_checks", "write_junit"),
}
"""format -> (module of this room, function); each takes the case, its assessment and a path."""
PACKED = ("pdf", "ro-crate")
"""The formats that are no text to be printed."""
COMPARED = ("markdown", "pdf")
"""The formats that can show what changed since a version: they take a `source` too."""


@click.command()
@case_options
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Where to write it (default: report/index.html in the case folder); `-` prints it.",
)
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Write a folder of pages instead: one for each view and each element.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["html", *WRITERS]),
    default="html",
    show_default=True,
    help="Write it in another format.",
)
@click.option(
    "--since",
    metavar="REV",
    help="Show what changed since a revision of git, or a case in another folder or file.",
)
@rebound_option
def report(
    case: Path,
    now: datetime,
    as_json: bool,
    out: Path | None,
    folder: Path | None,
    form: str,
    since: str | None,
    rebound: tuple[str, ...],
) -> int:
    """Write the report of CASE as one self-contained HTML page and print its path."""
    if folder is not None and (out is not None or form != "html"):
        raise click.UsageError("`--folder` names where the pages go: leave out `--out`, `--format`")
    if since is not None and form not in ("html", *COMPARED):
        raise click.UsageError(
            f"`--since` is for html, {' and '.join(COMPARED)}; `safetycase diff` has other formats"
        )
    printed = out == Path("-")
    if printed and (as_json or form in PACKED):
        told = "`--json` prints where it is" if as_json else f"{form} is no text"
        raise click.UsageError(f"`--out -` prints the report, and {told}; name a file")
    space, assessment = opened(case, now, rebound)
    print_problems(space)
    if printed:
        with tempfile.TemporaryDirectory(prefix="safetycase-report-") as made:
            path = _made(space, assessment, form, since, Path(made) / "report", None)
            click.echo(path.read_bytes(), nl=False)
        return Exit.RECORD if space.log.problems else Exit.HOLDS
    path = _made(space, assessment, form, since, out, folder)
    if as_json:
        echo_json({"path": str(path)})
    else:
        click.echo(str(path))
    return Exit.RECORD if space.log.problems else Exit.HOLDS


def _made(
    space: Workspace,
    assessment: Assessment,
    form: str,
    since: str | None,
    out: Path | None,
    folder: Path | None,
) -> Path:
    """Write it in its form, compared with a version where one is named; where it is."""
    if form != "html" and since is None:
        return _writer(form)(space, assessment, out)
    source = source_of(space, assessment)
    source = _compared(space, source, since) if since is not None else source
    if form != "html":
        return _writer(form)(space, assessment, out, source=source)
    return _pages(space, assessment, source, out, folder)


def _writer(form: str) -> Callable[..., Path]:
    module, name = WRITERS[form]
    found = getattr(importlib.import_module(f"safetycase.cli.{module}"), name)
    return cast("Callable[..., Path]", found)


def _pages(
    space: Workspace,
    assessment: Assessment,
    source: Source,
    out: Path | None,
    folder: Path | None,
) -> Path:
    if folder is not None:
        return write_folder(space, assessment, folder, source)
    return write_report(space, assessment, out, source)


def _compared(space: Workspace, source: Source, word: str) -> Source:
    """The source with what changed since a version of the case."""
    from safetycase.argument.diff import diff
    from safetycase.workspace.versions import NoVersion, find_version

    try:
        version = find_version(word, space.folder)
        loaded = version.load()
    except NoVersion as error:
        raise click.ClickException(printable(str(error))) from None
    if loaded.case is None or space.case is None:
        click.echo(f"{printable(version.name)} cannot be read as a case:", err=True)
        print_findings(loaded.findings, err=True)
        raise click.exceptions.Exit(Exit.FINDINGS)
    return replace(source, difference=diff(loaded.case, space.case), since=word)
