"""What the verbs of `agenda` share: the case they look at, their options, and their files."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from safetycase.cli.common import Exit, printable
from safetycase.cli.show import opened, print_problems
from safetycase.cli.writing import keep, save

if TYPE_CHECKING:
    from safetycase.agenda.export import File
    from safetycase.agenda.funding import Funding, Taken
    from safetycase.agenda.items import Item
    from safetycase.agenda.opengraph import OpenGraph
    from safetycase.agenda.rank import Ranking
    from safetycase.argument.model import Chance
    from safetycase.assess.records import Assessment
    from safetycase.workspace.folder import Workspace

__all__ = ["View", "amount", "prospects", "taken_of", "write"]


def _chance(_context: click.Context, _parameter: click.Parameter, text: str | None) -> Any:
    """`LO..HI`, or one number for both."""
    if text is None:
        return None
    from safetycase.argument.model import Chance

    low, dots, high = text.partition("..")
    try:
        found = Chance(at_least=float(low), at_most=float(high if dots else low))
    except ValueError:
        found = Chance(at_least=1.0, at_most=0.0)
    if not 0 <= found.at_least <= found.at_most <= 1:
        raise click.BadParameter(f"`{text}` is no interval of chance; write 0.1..0.5, or 0.3")
    return found


def amount(_context: click.Context, parameter: click.Parameter, value: float | None) -> Any:
    """A number of at least 0 that is one; a cost is above 0."""
    if value is None:
        return None
    least = "above 0" if parameter.name == "cost" else "of at least 0"
    if not math.isfinite(value) or value < 0 or (parameter.name == "cost" and value == 0):
        raise click.BadParameter(f"{value:g} is no amount; give a number {least}")
    return value


def prospects(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say what is taken for items that nobody judged."""
    for option in (
        click.option(
            "--each-shot",
            metavar="LO..HI",
            callback=_chance,
            help="Taken for items that nobody judged: one shot solves it, if it can be solved.",
        ),
        click.option(
            "--solvable",
            metavar="LO..HI",
            callback=_chance,
            help="Taken for items that nobody judged: it can be solved at all.",
        ),
        click.option(
            "--cost",
            type=float,
            callback=amount,
            help="Taken for items that nobody judged: what one shot costs.",
        ),
        click.option(
            "--all",
            "everything",
            is_flag=True,
            help="Count every item as work to be funded, not problems alone.",
        ),
    ):
        command = option(command)
    return command


class View:
    """A case opened for the agenda: its items, its graph, and what is taken for granted."""

    def __init__(self, case: Path, now: datetime, taken: Taken | None, everything: bool) -> None:
        space, assessment = opened(case, now)
        print_problems(space)
        self._take(space, assessment, taken, everything)

    @classmethod
    def of(cls, space: Workspace, assessment: Assessment) -> View:
        """The agenda of a case that is open already, with nothing taken but what is built in."""
        view = cls.__new__(cls)
        view._take(space, assessment, None, False)
        return view

    def _take(
        self, space: Workspace, assessment: Assessment, taken: Taken | None, everything: bool
    ) -> None:
        from safetycase.agenda.funding import BUILT_IN
        from safetycase.agenda.items import items_of

        self.space, self.assessment = space, assessment
        self.taken = taken or BUILT_IN
        self.priced = "cost" in self.taken.said.split(" as given")[0] and taken is not BUILT_IN
        self.everything = everything
        self.name: str = self.assessment.case.header.case
        self.items: tuple[Item, ...] = items_of(self.assessment, self.space.history.shots)
        self.sources = [self.space.folder / "case.yaml"]
        self.code = Exit.RECORD if self.space.log.problems else Exit.HOLDS

    def graph(self) -> OpenGraph:
        """What hangs on the items."""
        from safetycase.agenda.opengraph import open_graph

        return open_graph(self.assessment, self.items)

    def ranking(self) -> Ranking:
        """The items and groups, ranked."""
        from safetycase.agenda.rank import rank

        return rank(
            self.assessment,
            self.items,
            self.graph(),
            taken=self.taken,
            everything=self.everything,
            shares=self.shares(),
        )

    def shares(self) -> frozenset[str]:
        """The leaves whose criterion bounds a share of independent trials."""
        from safetycase.workspace.reporting import shares_of

        return shares_of(self.space, self.assessment)

    def funding(self, budget: float) -> Funding:
        """A split of `budget`; what does not allow one ends the verb with a sentence."""
        from safetycase.agenda.funding import CannotFund
        from safetycase.agenda.funding import fund as split
        from safetycase.argument.model import Problem

        taken = self.taken
        stated = any(
            isinstance(e, Problem) and e.prospects for e in self.assessment.case.elements.values()
        )
        if not self.priced and not stated and budget > 0:
            said = f"{taken.said}; a shot is taken to cost a hundredth of the budget"
            taken = replace(taken, cost=budget / 100, said=said)
        try:
            return split(self.items, self.graph(), budget, taken=taken, everything=self.everything)
        except CannotFund as error:
            raise click.ClickException(str(error)) from None


def taken_of(cost: float | None, solvable: Chance | None, each_shot: Chance | None) -> Taken:
    """What is taken for items nobody judged: the command line over the built-in numbers."""
    from safetycase.agenda.funding import BUILT_IN, Taken

    given = [
        word
        for word, value in (("cost", cost), ("solvable", solvable), ("each shot", each_shot))
        if value is not None
    ]
    if not given:
        return BUILT_IN
    rest = "" if len(given) == 3 else "; the others are built in, wide on purpose"
    return Taken(
        solvable=solvable or BUILT_IN.solvable,
        each_shot=each_shot or BUILT_IN.each_shot,
        cost=BUILT_IN.cost if cost is None else cost,
        said=f"{', '.join(given)} as given on the command line{rest}",
    )


def write(out: Path, files: tuple[File, ...], force: bool, sources: list[Path]) -> list[Path]:
    """Write all files, or none where one is there already; the paths written."""
    paths = [out / file.name if file.name else out for file in files]
    there = [path for path in paths if path.exists() or path.is_symlink()]
    if there and not force:
        names = ", ".join(printable(str(path)) for path in there[:5])
        more = f" and {len(there) - 5} more" if len(there) > 5 else ""
        raise click.ClickException(
            f"{names}{more} would be written over; --force does that, or name another place"
        )
    for path in there:
        keep(path, sources)
    for path, file in zip(paths, files, strict=True):
        save(path, file.text)
    return paths
