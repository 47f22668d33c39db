"""`verify`: is the record what was written? Offline, and without the case file."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from safetycase.cli.common import Exit, case_options, echo_json, printable
from safetycase.ledger import verify as verify_record
from safetycase.workspace.paths import find_case


@click.command()
@case_options
def verify(case: Path, now: datetime, as_json: bool) -> int:  # noqa: ARG001 - every verb has it
    """Check the record of CASE: chain, signatures, order of events, artefacts. Exit 3 on doubt."""
    folder = find_case(case)
    found = verify_record(folder / "ledger")
    errors = [p for p in found.problems if p.severity == "error"]
    if as_json:
        echo_json(
            {
                "records": found.records,
                "head": found.head,
                "ok": not errors,
                "objects_checked": found.objects_checked,
                "problems": [
                    {"severity": p.severity, "says": p.says, "hint": p.hint} for p in found.problems
                ],
            }
        )
    else:
        for problem in found.problems:
            colour = "red" if problem.severity == "error" else None
            click.secho(f"{problem.severity}: {printable(problem.says)}", fg=colour)
            if problem.hint:
                click.echo(f"    → {printable(problem.hint)}")
        head = f", head {found.head[:16]}…" if found.head else ""
        click.echo(
            f"{found.records} records, {found.objects_checked} artefacts checked{head}: "
            + ("NOT VERIFIED" if errors else "verified")
        )
    return Exit.RECORD if errors else Exit.HOLDS
