"""`draw`: the argument in GSN or CAE notation or as an outline; pictures of the assessment."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from safetycase.argument.findings import did_you_mean
from safetycase.argument.structure import Structure
from safetycase.cli.common import (
    Exit,
    as_json_option,
    case_argument,
    echo_json,
    now_option,
    print_findings,
    printable,
    unread,
)
from safetycase.cli.convert import structure_at
from safetycase.cli.writing import keep, rests_on, save

if TYPE_CHECKING:
    from safetycase.assess.records import Assessment

PICTURES = ("waterfall", "intervals", "timeline")
"""What is drawn of the assessment of a case folder, rather than of its argument alone."""


@click.command()
@case_argument
@now_option
@click.option(
    "--as",
    "notation",
    type=click.Choice(["outline", "gsn", "cae", *PICTURES]),
    default="outline",
    show_default=True,
    help="An indented outline as text; as SVG: GSN or CAE, where the doubt comes from (waterfall), "
    "all leaves against their thresholds (intervals), until when what counts (timeline).",
)
@click.option(
    "--root", metavar="ID", help="Only what hangs on this element; the claim of a waterfall."
)
@click.option("--depth", type=click.IntRange(min=1), help="At most so many levels.")
@click.option("--from", "source", metavar="FORMAT", help="The format of CASE, if it is a file.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="A file (default, or `-`: standard output)."
)
@as_json_option
def draw(
    case: Path,
    now: datetime,
    notation: str,
    root: str | None,
    depth: int | None,
    source: str | None,
    out: Path | None,
    as_json: bool,
) -> int:
    """Draw the argument of CASE (a case folder, or an argument in another format), or its state."""
    out = None if out == Path("-") else out
    keep(out, [case])
    if notation in PICTURES:
        text, code = _picture(case, now, notation, root, depth, source, out)
        _write(text, notation, out, as_json=as_json)
        return code
    structure, findings, _ = structure_at(case, source)
    if structure is None:
        print_findings(findings)
        return Exit.FINDINGS
    code = unread(findings)
    if root is not None and root not in structure.parts:
        hint = did_you_mean(root, structure.parts)
        raise click.ClickException(f"`{root}` is not there" + (f"; {hint}" if hint else ""))
    _write(_drawn(structure, notation, root, depth), notation, out, as_json=as_json)
    return code


def _write(text: str, notation: str, out: Path | None, *, as_json: bool) -> None:
    """Print the drawing, or write it and print where; as JSON, say which drawing it is."""
    if out is not None:
        save(out, text + "\n")
    if as_json:
        found = {"text": text} if out is None else {"path": str(out)}
        echo_json({"as": notation, **found})
    else:
        click.echo(text if out is None else str(out))


def _picture(
    case: Path,
    now: datetime,
    kind: str,
    root: str | None,
    depth: int | None,
    source: str | None,
    out: Path | None,
) -> tuple[str, int]:
    """Draw what the record makes of a case folder, as of `now`."""
    refused = [("--depth", depth), ("--from", source)]
    refused += [("--root", root)] if kind != "waterfall" else []
    for option, given in refused:
        if given is not None:
            raise click.UsageError(f"{option} has no meaning for --as {kind}; leave it out")
    from safetycase.cli.show import opened, print_problems

    space, assessment = opened(case, now)
    keep(out, rests_on(space))
    print_problems(space)
    if kind == "intervals":
        from safetycase.report.intervals_svg import intervals_svg

        text = intervals_svg(assessment)
    elif kind == "timeline":
        from safetycase.report.timeline_svg import timeline_svg

        text = timeline_svg(assessment)
    else:
        text = _waterfall(assessment, root or assessment.case.root)
    return text, Exit.RECORD if space.log.problems else Exit.HOLDS


def _waterfall(assessment: Assessment, name: str) -> str:
    from safetycase.cli.show import breakdown_of
    from safetycase.report.confidence_svg import waterfall_svg

    if name not in assessment.case.elements:
        hint = did_you_mean(name, assessment.case.elements)
        raise click.ClickException(
            f"`{printable(name)}` is not there" + (f"; {hint}" if hint else "")
        )
    breakdown = breakdown_of(assessment, name)
    if breakdown is None:
        raise click.ClickException(f"`{printable(name)}` is no claim, and has no confidence")
    if breakdown.no_number_because:
        reasons = "; ".join(breakdown.no_number_because[:4])
        raise click.ClickException(
            f"{printable(name)} has no confidence number to draw: {printable(reasons)}; "
            "`safetycase why` tells what would close the case"
        )
    return waterfall_svg(breakdown)


def _drawn(structure: Structure, notation: str, root: str | None, depth: int | None) -> str:
    if notation == "gsn":
        from safetycase.report.gsn_svg import render_gsn

        return render_gsn(structure, root=root, depth=depth)
    if notation == "cae":
        from safetycase.report.cae_svg import render_cae

        return render_cae(structure, root=root, depth=depth)
    from safetycase.cli.show import width
    from safetycase.report.structure_text import structure_lines

    lines = structure_lines(structure, width=width(), root=root, depth=depth)
    return printable("\n".join(lines))
