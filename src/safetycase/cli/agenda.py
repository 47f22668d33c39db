"""`agenda`: what is open, what it is worth, how to fund it, and the shots that were tried."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from safetycase.argument.findings import did_you_mean
from safetycase.cli.agenda_case import View, amount, prospects, taken_of, write
from safetycase.cli.agenda_shot import shot
from safetycase.cli.common import as_json_option, case_options, echo_json, printable
from safetycase.cli.show import width

if TYPE_CHECKING:
    from safetycase.agenda.export import Format
    from safetycase.agenda.funding import Funding
    from safetycase.argument.model import Chance


class _Agenda(click.Group):
    """A group whose first word may be a case: `agenda CASE` lists what is open in it."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the words; without a verb, the verb is `list`."""
        word = args[0] if args else ""
        if word not in (*self.commands, *ctx.help_option_names):
            near = difflib.get_close_matches(word, self.commands, n=1, cutoff=0.7)
            if near and not Path(word).exists():
                ctx.fail(f"no case and no command `{word}`; did you mean `{near[0]}`?")
            args = ["list", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_Agenda)
def agenda() -> None:
    """List and rank what is open, split a budget over it, and record who tried what.

    `safetycase agenda CASE` is short for `safetycase agenda list CASE`.
    """


def _force(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option("--force", is_flag=True, help="Write over files that are there.")(command)


@agenda.command("list")
@case_options
@prospects
def list_(
    case: Path,
    now: datetime,
    as_json: bool,
    everything: bool,
    cost: float | None,
    solvable: Chance | None,
    each_shot: Chance | None,
) -> int:
    """Rank what is open in CASE: items, and groups that are worthless unless all are solved."""
    from safetycase.agenda.as_json import ranking_json
    from safetycase.report.agenda_text import agenda_lines

    view = View(case, now, taken_of(cost, solvable, each_shot), everything)
    data = ranking_json(view.ranking())
    if as_json:
        echo_json({"case": view.name, **data})
    else:
        click.echo("\n".join(agenda_lines(data, width())))
    return view.code


@agenda.command()
@case_options
@click.option("--budget", type=float, required=True, callback=amount, help="What there is.")
@prospects
@click.option("--csv", "table", type=click.Path(path_type=Path), help="Write the split as CSV.")
@click.option("--picture", type=click.Path(path_type=Path), help="Write the frontier as SVG.")
@_force
def fund(
    case: Path,
    now: datetime,
    as_json: bool,
    budget: float,
    everything: bool,
    cost: float | None,
    solvable: Chance | None,
    each_shot: Chance | None,
    table: Path | None,
    picture: Path | None,
    force: bool,
) -> int:
    """Split a budget over parallel shots at the open problems of CASE.

    Problems without declared prospects get the stated defaults; the output says which.
    """
    from safetycase.agenda.as_json import funding_json
    from safetycase.agenda.export import File, funding_table
    from safetycase.report.agenda_text import fund_lines

    view = View(case, now, taken_of(cost, solvable, each_shot), everything)
    found = view.funding(budget)
    if table is not None:
        write(table, (File(name="", text=funding_table(found)),), force, view.sources)
    if picture is not None:
        write(picture, (File(name="", text=_picture(found)),), force, view.sources)
    if as_json:
        echo_json({"case": view.name, **funding_json(found)})
    else:
        says = {item.id: item.says for item in view.items}
        click.echo("\n".join(fund_lines(funding_json(found), says, width())))
    return view.code


@agenda.command()
@click.argument("out", type=click.Path(path_type=Path))
@case_options
@click.option(
    "--to",
    required=True,
    type=click.Choice(["calls", "markdown", "issues", "csv", "json"]),
    help="calls (for problems) and issues (for every item) fill the folder OUT; others are a file.",
)
@click.option("--budget", type=float, callback=amount, help="Say which shots this would buy.")
@prospects
@_force
def export(
    out: Path,
    case: Path,
    now: datetime,
    as_json: bool,
    to: str,
    budget: float | None,
    everything: bool,
    cost: float | None,
    solvable: Chance | None,
    each_shot: Chance | None,
    force: bool,
) -> int:
    """Write the agenda of CASE to OUT: calls for proposals, a list, issues, a table, or data."""
    from safetycase.agenda.export import FORMATS
    from safetycase.agenda.export import export as files_of

    view = View(case, now, taken_of(cost, solvable, each_shot), everything)
    funding = None if budget is None else view.funding(budget)
    files = files_of(
        view.assessment.case,
        view.ranking(),
        cast("Format", to),
        funding=funding,
        everything=everything,
    )
    if FORMATS[to] and out.exists() and not out.is_dir():
        raise click.ClickException(f"{printable(str(out))} is a file; --to {to} needs a folder")
    if not FORMATS[to] and out.is_dir():
        raise click.ClickException(f"{printable(str(out))} is a folder; --to {to} needs a file")
    written = write(out, files, force, view.sources)
    if as_json:
        echo_json({"written": [str(path) for path in written]})
    else:
        click.echo("\n".join(printable(str(path)) for path in written) or "nothing is open")
    return view.code


@agenda.command()
@click.argument("problem", required=False)
@as_json_option
def library(problem: str | None, as_json: bool) -> None:
    """List the library of open problems, or show one (`aisi/P2`)."""
    from safetycase.agenda.as_json import entry_json
    from safetycase.agenda.library import shipped
    from safetycase.report.agenda_text import library_lines

    known = shipped()
    if problem is not None and problem not in known:
        hint = did_you_mean(problem, known)
        raise click.ClickException(
            f"no problem `{printable(problem)}` in the library" + (f"; {hint}" if hint else "")
        )
    chosen = [entry_json(known[problem])] if problem else [entry_json(e) for e in known.values()]
    if as_json:
        echo_json(chosen[0] if problem else chosen)
    else:
        click.echo("\n".join(library_lines(chosen, width(), whole=problem is not None)))


def _picture(found: Funding) -> str:
    """The frontier as SVG."""
    from safetycase.report.frontier_svg import frontier_svg

    return frontier_svg(
        [(p.budget, p.value.at_least, p.value.at_most) for p in found.frontier],
        chosen=found.budget,
        upper_bound=None if found.exact else [(p.budget, p.bound) for p in found.frontier],
        unit="",
        value_label="chance that enough is solved",
    )


agenda.add_command(shot)
