"""`agenda shot`: who tried what at an open item, written into the record for good."""

from __future__ import annotations

import contextlib
import getpass
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from safetycase.argument.findings import did_you_mean
from safetycase.cli.agenda_case import View, amount
from safetycase.cli.common import Exit, as_json_option, case_argument, echo_json, printable
from safetycase.cli.show import print_problems
from safetycase.ledger.record import stamp
from safetycase.workspace.folder import Workspace, open_case
from safetycase.workspace.paths import find_case

if TYPE_CHECKING:
    from safetycase.ledger import History, Writer

__all__ = ["shot"]


@click.group()
def shot() -> None:
    """Record who tried what at an open item, and what came out. Nothing is ever taken back."""


def _words(_context: click.Context, parameter: click.Parameter, text: str | None) -> str | None:
    """A text that the record can hold and that says something."""
    if text is None:
        return None
    if not text.strip():
        raise click.BadParameter(f"`--{parameter.name}` says nothing")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise click.BadParameter(f"`--{parameter.name}` is not UTF-8 text") from None
    return text


@shot.command()
@click.argument("item")
@case_argument
@as_json_option
@click.option("--by", required=True, callback=_words, help="Who tries it.")
@click.option("--approach", required=True, callback=_words, help="What is tried, in a sentence.")
@click.option("--family", callback=_words, help="Approaches that work, or fail, for one reason.")
@click.option("--cost", "spent", type=float, callback=amount, help="What it costs.")
def add(
    item: str,
    case: Path,
    as_json: bool,
    by: str,
    approach: str,
    family: str | None,
    spent: float | None,
) -> int:
    """Record a shot at ITEM of CASE and print its id."""
    from safetycase.agenda.shots import shot_body, shot_id

    view = View(case, _clock(), None, False)
    _known(item, [each.id for each in view.items], "open item of this case", "agenda` lists them")
    with _recording(view.space) as (writer, history):
        name = shot_id(item, history.shots)
        body = shot_body(name, item=item, by=by, approach=approach, family=family, cost=spent)
        record = writer.append("note", body, at=_stamp())
    if as_json:
        echo_json({"shot": name, "record": record.seq})
    else:
        click.echo(name)
    return Exit.HOLDS


@shot.command()
@click.argument("name", metavar="SHOT")
@case_argument
@as_json_option
@click.option(
    "--outcome", required=True, type=click.Choice(["solved", "failed", "partial"]), help="How."
)
@click.option("--says", required=True, callback=_words, help="What came out, in a sentence.")
@click.option(
    "--artefact",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="A file that shows it, kept in the record.",
)
def result(
    name: str, case: Path, as_json: bool, outcome: str, says: str, artefact: Path | None
) -> int:
    """Record what came out of SHOT. `solved` closes nothing: the case has to change for that."""
    from safetycase.agenda.shots import result_body
    from safetycase.ledger import open_store

    space = open_case(find_case(case), _clock())
    shots = {each.id: each for each in space.history.shots}
    if not space.log.errors:  # the writer refuses a damaged record, and says why
        _known(name, list(shots), "recorded shot", "agenda shot list` lists them")
    if name in shots and shots[name].outcome is not None:
        raise click.ClickException(
            f"shot {printable(name)} has its result (record {shots[name].result_seq}): "
            f"{shots[name].outcome}; record a new shot for what came later"
        )
    with _recording(space) as (writer, _):
        store = open_store(space.folder / "ledger")
        kept = {} if artefact is None else {"artefact": store.put(artefact)}
        record = writer.append(
            "note",
            result_body(name, outcome=outcome, says=says, artefacts=kept),
            at=_stamp(),
            subjects=tuple(kept.items()),
        )
    if as_json:
        echo_json({"shot": name, "record": record.seq, "artefacts": kept})
    else:
        closed = "" if outcome != "solved" else "; the problem is open until the case changes"
        click.echo(f"{printable(name)}: {outcome}{closed}")
    return Exit.HOLDS


@shot.command("list")
@case_argument
@as_json_option
def shots_(case: Path, as_json: bool) -> int:
    """List the shots in the record of CASE."""
    from safetycase.agenda.as_json import shot_json

    space = open_case(find_case(case), _clock())
    print_problems(space)
    if as_json:
        echo_json([shot_json(each) for each in space.history.shots])
    else:
        for each in space.history.shots:
            out = f"{each.outcome}: {each.says}" if each.outcome else "running"
            click.echo(printable(f"{each.id}  {each.by}: {each.approach} — {out}"))
        click.echo(f"{len(space.history.shots)} shots")
    return Exit.RECORD if space.log.problems else Exit.HOLDS


def _known(word: str, names: list[str], what: str, where: str) -> None:
    if word not in names:
        hint = did_you_mean(word, names) or f"`safetycase {where}"
        raise click.ClickException(f"`{printable(word)}` is no {what}; {hint}")


@contextlib.contextmanager
def _recording(space: Workspace) -> Iterator[tuple[Writer, History]]:
    """The record opened for writing, and what it holds now that nobody else writes."""
    from safetycase.ledger import default_key_path, fold, load_or_create, open_writer

    key = load_or_create(default_key_path(os.environ), getpass.getuser())
    with open_writer(space.folder / "ledger", key) as writer:
        yield writer, fold(writer.log)


def _clock() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _stamp() -> str:
    return stamp(_clock())
