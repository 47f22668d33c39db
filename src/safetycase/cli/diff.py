"""`diff`: what changed in the argument between two versions of a case; nothing is run."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import click

from safetycase.cli.common import (
    Exit,
    as_json_option,
    echo_json,
    now_option,
    print_findings,
    printable,
    unread,
)
from safetycase.workspace.versions import NoVersion, find_version


@click.command()
@click.argument("old", metavar="REV1")
@click.argument("new", metavar="[REV2]", required=False)
@click.option(
    "--case",
    "folder",
    default=".",
    type=click.Path(path_type=Path, exists=True),
    help="The case folder that revisions of git are of (default: at or above this one).",
)
@click.option(
    "--with",
    "rebound",
    metavar="PARAMETER=VALUE",
    help="Compare the case REV1 with itself when this parameter of its template is bound so: "
    "which parts, assumptions and open problems change, which survive, and the verdict. "
    "`method` names the choice of the method; `method=all` tries all of them.",
)
@now_option
@click.option("--markdown", is_flag=True, help="Print a comment for a pull request.")
@as_json_option
def diff(
    old: str,
    new: str | None,
    folder: Path,
    rebound: str | None,
    now: datetime,
    markdown: bool,
    as_json: bool,
) -> int:
    """Compare the argument of two versions of a case, element by element.

    REV1 and REV2 are revisions of git, case folders or case files; without REV2 the case folder as
    it stands is the new version. What loosens the case is listed first, and every element gets a
    verdict: REVISE (changed itself), RECHECK (something it rests on changed) or REUSE.
    """
    if rebound is not None:
        if new is not None or markdown:
            raise click.UsageError("`--with` compares one case with itself: name no REV2")
        return _swap(Path(old), now, rebound, as_json=as_json)
    from safetycase.argument.diff import diff as compare
    from safetycase.report.diff_text import diff_json, diff_lines, diff_markdown
    from safetycase.workspace.paths import NoCase, find_case

    try:
        place = find_case(folder)
    except NoCase:
        place = folder  # two files or folders may be compared from anywhere
    try:
        versions = [find_version(old, place), find_version(new, place)]
        loaded = [version.load() for version in versions]
    except NoVersion as error:
        raise click.ClickException(printable(str(error))) from None
    for version, found in zip(versions, loaded, strict=True):
        if found.case is None:
            click.echo(f"{printable(version.name)} cannot be read as a case:", err=True)
            print_findings(found.findings)
            return Exit.FINDINGS
    was, then = loaded[0].case, loaded[1].case
    assert was is not None
    assert then is not None
    difference = compare(was, then)
    if as_json:
        echo_json(diff_json(difference))
    elif markdown:
        click.echo(diff_markdown(difference, title=then.header.title))
    else:
        from safetycase.cli.show import width

        for line in diff_lines(difference, width=width(), colour=sys.stdout.isatty()):
            click.echo(line)
    code = Exit.HOLDS
    for version, found in zip(versions, loaded, strict=True):
        if unread(found.findings) != Exit.HOLDS:
            click.echo(
                f"{printable(version.name)}: what cannot be read counts as absent above", err=True
            )
            code = Exit.FINDINGS
    return code


def _swap(case: Path, now: datetime, word: str, *, as_json: bool) -> int:
    """The case with another method in the place of the one it has; the exit code is 0."""
    from safetycase.argument.source import Refused
    from safetycase.cli.show import in_folder, width
    from safetycase.report.swap_text import survey_json, survey_lines, swap_json, swap_lines
    from safetycase.workspace.paths import find_case
    from safetycase.workspace.swapping import ALL, survey, swap

    folder = find_case(case)
    name, _, value = word.partition("=")
    try:
        if value == ALL:
            table = survey(folder, now, name)
            lines, data = survey_lines(table, width=width()), survey_json(table)
        else:
            found = swap(folder, now, word)
            lines, data = swap_lines(found, width=width()), swap_json(found)
    except Refused as error:
        print_findings(in_folder(error.findings, folder))
        return Exit.FINDINGS
    if as_json:
        echo_json(data)
    else:
        click.echo("\n".join(lines))
    return Exit.HOLDS
