"""`organisms build|list|show`: the model organisms that methods measure themselves by."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import click

from safetycase.argument.findings import did_you_mean
from safetycase.cli.common import Exit, as_json_option, echo_json, printable, stderr
from safetycase.cli.organisms_book import built, keep, line, made_json, organism_json
from safetycase.plugin.contract import MethodError
from safetycase.plugin.entries import declared
from safetycase.plugin.organisms import (
    GROUP,
    BrokenOrganism,
    Made,
    Making,
    Organism,
    OrganismFamily,
    family,
    organism,
)

__all__ = ["organisms"]

NO_WEIGHTS = "smollm2-135m-instruct"


@click.group()
def organisms() -> None:
    """Build, list and show model organisms: models with planted behaviour, and their twins."""


@organisms.command("list")
@as_json_option
def list_(as_json: bool) -> int:
    """List every organism: its role, its clean twin, and what it costs to make."""
    families, broken = _families()
    members = [member for found in families for member in found.members]
    if as_json:
        echo_json([organism_json(member) for member in members])
    else:
        for found in families:
            click.secho(f"{found.name}: {found.says}", bold=True)
            for member in found.members:
                click.echo(
                    f"  {member.name:32} {member.role:10} {_cost(member.seconds):>8}  {member.says}"
                )
    for problem in broken:
        click.secho(problem, fg="yellow", err=True)
    return Exit.FINDINGS if broken else Exit.HOLDS


@organisms.command()
@click.argument("name")
@as_json_option
def show(name: str, as_json: bool) -> None:
    """Show NAME (FAMILY/MEMBER, or a FAMILY): what is planted, limits, what was built of it."""
    one = _one(name) if "/" in name else None
    whole = _family(name.partition("/")[0])
    members = (one,) if one else whole.members
    kept = [row for row in built() if row["name"] in {m.name for m in members}]
    if as_json:
        echo_json(
            {
                "family": whole.name,
                "plants": whole.plants,
                "source": whole.source,
                "limits": list(whole.limits),
                "members": [organism_json(member) for member in members],
                "built": kept,
            }
        )
        return
    click.secho(one.name if one else whole.name, bold=True)
    click.echo(f"{one.says if one else whole.says}\n\nPlanted: {whole.plants}")
    click.echo(f"Source: {whole.source}")
    for member in members:
        click.echo(f"\n{member.name} {member.version}: {member.role}, {member.kind}")
        if member.twin:
            click.echo(f"  clean twin: {member.twin}")
        click.echo(f"  made in about {_cost(member.seconds)} of one thread{_needed(member)}")
        for axis, value in member.settings.items():
            click.echo(f"  {axis}: {value}")
    click.echo("\nWhat finding it does not show:")
    for limit in whole.limits:
        click.echo(f"  - {limit}")
    click.echo("\nBuilt on this machine:" if kept else "\nNot built here by this command yet.")
    for row in kept:
        click.echo(f"  {row['name']} seed {row['seed']} ({row['digest'][:12]})")
        for fact in row["facts"]:
            click.echo(f"    {fact['line']}")


@organisms.command()
@click.argument("names", nargs=-1, required=True)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--fresh", is_flag=True, help="Make it again although it lies in the cache.")
@click.option(
    "--weights",
    default=NO_WEIGHTS,
    show_default=True,
    metavar="NAME",
    help="A GGUF file, or a packaged model, for organisms that are made from a language model.",
)
@as_json_option
def build(names: tuple[str, ...], seed: int, fresh: bool, weights: str, as_json: bool) -> int:
    """Build organisms (FAMILY/MEMBER, or a whole FAMILY) and measure what they were to be.

    Exit 1 if one of them is not what it is called: a promised fact does not hold.
    """
    chosen = [member for name in names for member in _chosen(name)]
    rows = []
    for member in chosen:
        made = _made(member, seed=seed, fresh=fresh, weights=weights, quiet=as_json)
        rows.append(made_json(made))
        if not as_json:
            _say(member, made)
    if as_json:
        echo_json(rows)
    return Exit.HOLDS if all(row["held"] for row in rows) else Exit.FAILS


def _say(member: Organism, made: Made) -> None:
    mark = click.style("ok  ", fg="green") if made.held else click.style("FAIL", fg="red")
    from_where = "from the cache" if made.cached else f"made in {_cost(made.seconds)}"
    click.echo(f"{mark} {made.name} seed {made.seed}, {member.role}, {from_where}")
    for fact in made.facts:
        click.echo(f"       {line(fact)}")
    if made.path is not None:
        click.echo(f"       kept at {made.path}")


def _chosen(name: str) -> tuple[Organism, ...]:
    return (_one(name),) if "/" in name else _family(name).members


def _made(member: Organism, *, seed: int, fresh: bool, weights: str, quiet: bool) -> Made:
    lacking = [name for name in member.needs if find_spec(name) is None]
    if lacking:
        raise click.ClickException(
            f"`{member.name}` needs {', '.join(lacking)}: pip install 'safetycase[whitebox]'"
        )
    file = _weights_file(weights) if member.weights else None
    with _bar(member.name, quiet=quiet) as told:
        try:
            made = member.make(Making(seed=seed, progress=told, weights_file=file, fresh=fresh))
        except (MethodError, BrokenOrganism) as error:
            raise click.ClickException(f"`{member.name}`: {error}") from error
    keep(made)
    return made


def _weights_file(weights: str) -> Path:
    from safetycase.argument.model import ModelSpec
    from safetycase.evidence.models import weights_path

    found = weights_path(ModelSpec(weights=weights), Path.cwd())
    assert found is not None, "a local model has a file"
    return found


class _bar:  # noqa: N801 - a context manager that reads like a function
    """A progress bar on a terminal; elsewhere a line at each tenth of the work."""

    def __init__(self, name: str, *, quiet: bool) -> None:
        self.name, self.quiet, self.tenth = name, quiet, -1

    def __enter__(self) -> _bar:
        from rich.console import Console
        from rich.progress import Progress

        self.console = Console(stderr=True, highlight=False, markup=False)
        self.live = self.console.is_terminal and not self.quiet
        self.progress = Progress(console=self.console, transient=True, disable=not self.live)
        self.progress.start()
        self.task = self.progress.add_task(self.name, total=None)
        return self

    def __exit__(self, *_: object) -> None:
        self.progress.stop()

    def __call__(self, done: int, total: int, note: str = "") -> None:
        text = printable(f"{self.name}: {note}" if note else self.name)
        if self.live:
            self.progress.update(self.task, completed=done, total=total or None, description=text)
        elif total and not self.quiet and done * 10 // total != self.tenth:
            self.tenth = done * 10 // total
            stderr(f"{text} ({done} of {total})")


def _families() -> tuple[list[OrganismFamily], list[str]]:
    found, broken = [], []
    for entry in sorted({e.name: e for e in declared(GROUP)}.values(), key=lambda e: e.name):
        try:
            found.append(family(entry.name))
        except BrokenOrganism as error:
            broken.append(str(error))
    return found, broken


def _family(name: str) -> OrganismFamily:
    try:
        return family(name)
    except BrokenOrganism as error:
        hint = did_you_mean(name, [e.name for e in declared(GROUP)])
        raise click.ClickException(f"{error}" + (f"; {hint}" if hint else "")) from None


def _one(name: str) -> Organism:
    found = _family(name.partition("/")[0])
    try:
        return organism(name)
    except BrokenOrganism as error:
        hint = did_you_mean(name, [m.name for m in found.members])
        raise click.ClickException(f"{error}" + (f"; {hint}" if hint else "")) from None


def _cost(seconds: float) -> str:
    return f"{seconds:.2g} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def _needed(member: Organism) -> str:
    weights = ", from the weights of a language model" if member.weights else ""
    return f"; needs {', '.join(member.needs)}{weights}" if member.needs else weights
