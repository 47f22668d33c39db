"""`why`: the reasons of a status, and what the number of a claim is made of."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from safetycase.assess.breakdown import Breakdown
from safetycase.assess.records import Assessment
from safetycase.cli.common import Exit, case_options, echo_json, printable, rebound_option
from safetycase.cli.run_only import called
from safetycase.cli.show import breakdown_of, opened, print_problems, width
from safetycase.cli.writing import keep, save

_SVG = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("element")
@case_options
@rebound_option
@click.option(
    "--if",
    "changes",
    multiple=True,
    metavar="ID=WHAT",
    help="Weigh the case with ID supported, refuted, open, answered, stands, solved, quiet, "
    "silent, or in an interval such as 0.6..0.9; may be given several times.",
)
@click.option("--waterfall", type=_SVG, metavar="FILE", help="Draw the doubts one by one (SVG).")
@click.option(
    "--ways", type=_SVG, metavar="FILE", help="Draw unknown, declared and no dependence (SVG)."
)
@click.option(
    "--certificate",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the certificate of the number, for `verify --certificate`.",
)
def why(
    element: str,
    case: Path,
    now: datetime,
    as_json: bool,
    changes: tuple[str, ...],
    waterfall: Path | None,
    ways: Path | None,
    certificate: Path | None,
    rebound: tuple[str, ...],
) -> int:
    """Explain the status of ELEMENT, and if it is a claim what its confidence is made of.

    ELEMENT may go without its module and as it stands in print: KC1.3 for OVERSIGHT/KC1-3.
    """
    from safetycase.report import UnknownElement, why_lines

    space, assessment = opened(case, now, rebound)
    print_problems(space)
    if space.case is not None and element not in space.case.elements:
        named = called(space.case.elements, element)
        element = named[0] if len(named) == 1 else element
    if changes:
        return _what_if(assessment, element, changes, as_json=as_json)
    from safetycase.workspace.lines import with_lines

    assessment = with_lines(space, assessment)
    try:
        lines = why_lines(assessment, element, width=width())
    except UnknownElement as error:
        raise click.ClickException(str(error)) from None
    found = breakdown_of(assessment, element)
    _write(found, element, waterfall=waterfall, ways=ways, certificate=certificate)
    if as_json:
        from safetycase.report import to_json

        whole = to_json(assessment, breakdown=found)
        echo_json(
            {
                "element": element,
                "states": whole["states"],
                "lines": lines,
                "breakdown": whole.get("breakdown"),
            }
        )
    else:
        click.echo("\n".join(lines))
        if found is not None:
            from safetycase.report import breakdown_lines

            click.echo("\n" + "\n".join(breakdown_lines(found, width())))
    return Exit.RECORD if space.log.problems else Exit.HOLDS


def _write(
    found: Breakdown | None,
    element: str,
    *,
    waterfall: Path | None,
    ways: Path | None,
    certificate: Path | None,
) -> None:
    """Write the files that were asked for; a claim without a number has none of them."""
    if waterfall is None and ways is None and certificate is None:
        return
    if found is None:
        raise click.ClickException(f"`{printable(element)}` is no claim; only a claim has a number")
    if found.no_number_because:
        reasons = "; ".join(printable(reason) for reason in found.no_number_because)
        raise click.ClickException(f"{found.claim} has no number to draw or certify: {reasons}")
    from safetycase.confidence.certificate import Certificate
    from safetycase.report.confidence_svg import waterfall_svg, ways_svg

    proof = found.certificate
    assert isinstance(proof, Certificate)
    for path, text in (
        (waterfall, waterfall_svg(found) if waterfall else ""),
        (ways, ways_svg(found) if ways else ""),
        (certificate, proof.to_json().decode() + "\n"),
    ):
        if path is not None:
            keep(path, [])
            save(path, text)


def _what_if(
    assessment: Assessment, element: str, changes: tuple[str, ...], *, as_json: bool
) -> int:
    """Print truth and number before and after the changes."""
    from safetycase.assess.what_if import what_if
    from safetycase.report.what_if_text import what_if_lines

    if element not in assessment.states:
        raise click.ClickException(f"the case has no element `{printable(element)}`")
    try:
        found = what_if(assessment, changes)
    except ValueError as error:
        raise click.ClickException(printable(str(error))) from None
    if as_json:
        before, after = found.told(element)
        echo_json({"element": element, "changes": list(changes), "before": before, "after": after})
    else:
        click.echo("\n".join(what_if_lines(assessment, element, found, width=width())))
    return Exit.HOLDS
