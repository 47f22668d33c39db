"""`check`: every finding of a case file at once; nothing is run."""

from __future__ import annotations

from pathlib import Path

import click

from safetycase.cli.common import (
    Exit,
    as_json_option,
    case_argument,
    echo_json,
    finding_json,
    print_findings,
)
from safetycase.workspace.checking import check_folder, find_case


@click.command()
@case_argument
@as_json_option
@click.option("--schema", is_flag=True, help="Print the JSON Schema of the case file instead.")
def check(case: Path, as_json: bool, schema: bool) -> int:
    """List everything that is wrong with the case file of CASE, with places and hints."""
    if schema:
        from safetycase.argument.schema import case_schema

        echo_json(case_schema())
        return Exit.HOLDS
    folder = find_case(case)
    space = check_folder(folder)
    if as_json:
        echo_json([finding_json(f) for f in space.findings])
    else:
        print_findings(space.findings)
        count = len(space.case.elements) if space.case else 0
        errors = len(space.errors)
        warnings = len(space.findings) - errors
        click.echo(
            f"{count} elements, {errors} errors, {warnings} warnings"
            + (" — `safetycase explain CODE` says more" if space.findings else "")
        )
    return Exit.FINDINGS if space.errors or space.case is None else Exit.HOLDS
