"""`plan`: from a target to what every part has to reach, with how many items, at what cost."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from pathlib import Path

import click

from safetycase.cli.common import Exit, case_options, echo_json
from safetycase.cli.show import opened, width


@click.command()
@case_options
@click.option(
    "--target",
    type=float,
    help="The confidence to reach at the root, between 0 and 1 (default: that of the case).",
)
@click.option(
    "--through",
    multiple=True,
    metavar="LEG",
    help="Go through this leg of an `any` step; may be given several times.",
)
def plan(
    case: Path,
    now: datetime,
    as_json: bool,
    target: float | None,
    through: tuple[str, ...],
) -> int:
    """Share the doubt that a target leaves over the parts of CASE: items, levels and costs."""
    space, assessment = opened(case, now)
    from safetycase.assess.planning import plan as make_plan

    assert space.case is not None
    assert assessment.numbers is not None
    try:
        found = make_plan(
            space.case,
            assessment.numbers.network,
            space.case.header.target if target is None else target,
            registrations={n: leaf.registrations for n, leaf in assessment.leaves.items()},
            power={
                n: leaf.credence.power
                for n, leaf in assessment.leaves.items()
                if leaf.credence is not None and leaf.credence.power is not None
            },
            through=through,
        )
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        echo_json(dataclasses.asdict(found))
    else:
        from safetycase.report.plan_text import plan_lines

        click.echo("\n".join(plan_lines(found, space.case.root, width=width())))
    return Exit.HOLDS if found.possible else Exit.UNKNOWN
