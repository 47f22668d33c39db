"""`review list`: what was said of a case in review, and what of it still counts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import click

from safetycase.assess.records import Assessment
from safetycase.cli.common import Exit, case_options, echo_json, printable
from safetycase.cli.show import opened, print_problems, width
from safetycase.workspace.folder import Workspace

__all__ = ["list_"]


@click.command(name="list")
@case_options
def list_(case: Path, now: datetime, as_json: bool) -> int:
    """Show the review of CASE: open challenges first, then sign-offs, dissent and overrides.

    Of a sign-off of an earlier version it says what changed since, where a revision of git still
    holds that version. The exit code is 0 unless the record does not verify.
    """
    from safetycase.report.review_text import NOBODY, review_lines

    space, assessment = opened(case, now)
    print_problems(space)
    since = _since(space, assessment)
    if as_json:
        from safetycase.report.review_json import review_json

        found = review_json(assessment.review)
        nobody = [] if assessment.review.challenges else [{"message": NOBODY}]
        told = {str(record): list(says) for record, says in since.items()}
        echo_json({**found, "findings": nobody, "since": told})
    else:
        click.echo(printable(f"{assessment.case.header.case}: {assessment.headline}"))
        for line in review_lines(assessment, width=width(), since=since):
            click.echo(line)
        for note in space.history.notes:
            click.echo(f"note: {printable(note.says)}")
    return Exit.RECORD if space.log.problems or space.history.problems else Exit.HOLDS


def _since(space: Workspace, assessment: Assessment) -> Mapping[int, tuple[str, ...]]:
    """What changed since each sign-off of an earlier version, by the number of its record."""
    if all(signed.current for signed in assessment.review.sign_offs):
        return {}
    from safetycase.workspace.signed_since import changes_since

    return changes_since(space.folder, assessment)
