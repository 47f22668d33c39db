"""`diff`: what changed in the argument between two versions of a case; nothing is run."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from safetycase.cli.common import (
    Exit,
    as_json_option,
    echo_json,
    print_findings,
    printable,
    unread,
)
from safetycase.cli.versions import NoVersion, find_version


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
@click.option("--markdown", is_flag=True, help="Print a comment for a pull request.")
@as_json_option
def diff(old: str, new: str | None, folder: Path, markdown: bool, as_json: bool) -> int:
    """Compare the argument of two versions of a case, element by element.

    REV1 and REV2 are revisions of git, case folders or case files; without REV2 the case folder as
    it stands is the new version. What loosens the case is listed first, and every element gets a
    verdict: REVISE (changed itself), RECHECK (something it rests on changed) or REUSE.
    """
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
    was, now = loaded[0].case, loaded[1].case
    assert was is not None
    assert now is not None
    difference = compare(was, now)
    if as_json:
        echo_json(diff_json(difference))
    elif markdown:
        click.echo(diff_markdown(difference, title=now.header.title))
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
