"""`draw`: the argument as a picture in GSN or CAE notation, or as an outline in the terminal."""

from __future__ import annotations

from pathlib import Path

import click

from safetycase.argument.findings import did_you_mean
from safetycase.argument.structure import Structure
from safetycase.cli.common import Exit, case_argument, print_findings, printable, unread
from safetycase.cli.convert import structure_at
from safetycase.cli.writing import keep, save


@click.command()
@case_argument
@click.option(
    "--as",
    "notation",
    type=click.Choice(["outline", "gsn", "cae"]),
    default="outline",
    show_default=True,
    help="GSN or CAE as SVG, or an indented outline as text.",
)
@click.option("--root", metavar="ID", help="Only what hangs on this element.")
@click.option("--depth", type=click.IntRange(min=1), help="At most so many levels.")
@click.option("--from", "source", metavar="FORMAT", help="The format of CASE, if it is a file.")
@click.option("--out", type=click.Path(path_type=Path), help="A file (default: standard output).")
def draw(
    case: Path,
    notation: str,
    root: str | None,
    depth: int | None,
    source: str | None,
    out: Path | None,
) -> int:
    """Draw the argument of CASE (a case folder, or an argument in another format)."""
    keep(out, [case])
    structure, findings, _ = structure_at(case, source)
    if structure is None:
        print_findings(findings)
        return Exit.FINDINGS
    code = unread(findings)
    if root is not None and root not in structure.parts:
        hint = did_you_mean(root, structure.parts)
        raise click.ClickException(f"`{root}` is not there" + (f"; {hint}" if hint else ""))
    text = _drawn(structure, notation, root, depth)
    if out is None:
        click.echo(text)
    else:
        save(out, text + "\n")
        click.echo(str(out))
    return code


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
