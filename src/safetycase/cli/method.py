"""`method list|show|try`: what is installed, what it measures, and whether it can fail."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import TypeVar

import click

from safetycase.argument.findings import did_you_mean
from safetycase.cli.common import Exit, as_json_option, echo_json, printable
from safetycase.plugin.catalogue import BrokenMethod, MethodEntry, installed
from safetycase.plugin.contract import Method, MethodError

T = TypeVar("T")


@click.group()
def method() -> None:
    """List, show and try the installed methods."""


def _entry(name: str) -> tuple[MethodEntry, Method]:
    catalogue = installed()
    if name not in catalogue.methods:
        hint = did_you_mean(name, catalogue.methods)
        raise click.ClickException(f"no method `{name}`" + (f"; {hint}" if hint else ""))
    entry = catalogue.methods[name]
    try:
        return entry, entry.load()
    except BrokenMethod as error:
        raise click.ClickException(str(error)) from None


@method.command("list")
@as_json_option
def list_(as_json: bool) -> None:
    """List the installed methods; no method's module is imported."""
    catalogue = installed()
    if as_json:
        echo_json(
            [
                {
                    "name": e.name,
                    "package": e.package,
                    "version": e.package_version,
                    "target": e.target,
                }
                for e in catalogue.methods.values()
            ]
        )
        return
    width = max(map(len, catalogue.methods), default=0)
    for entry in catalogue.methods.values():
        click.echo(f"{entry.name:{width}} {entry.package} {entry.package_version}")
    for problem in catalogue.problems:
        click.secho(problem, fg="yellow", err=True)


@method.command()
@click.argument("name")
@as_json_option
def show(name: str, as_json: bool) -> None:
    """Show what NAME measures, its parameters and what a pass does not show."""
    from safetycase.argument.schema import record_schema
    from safetycase.plugin.described import described, parameter_lines

    _, found = _entry(name)
    if as_json:
        echo_json(
            {
                "name": found.name,
                "version": found.version,
                "says": found.says,
                "source": found.source,
                "limits": list(found.limits),
                "measures": [
                    {"name": m.name, "unit": m.unit, "safer": m.safer, "says": m.says}
                    for m in found.measures
                ],
                "parameters": record_schema(found.parameters),
            }
        )
        return
    click.secho(f"{found.name} {found.version}", bold=True)
    click.echo(f"{found.says}\nSource: {found.source}\n\nMeasures:")
    for measure in found.measures:
        click.echo(f"  {measure.name} [{measure.unit}; safer: {measure.safer}] {measure.says}")
    click.echo("\nParameters:")
    for line in parameter_lines(found.parameters):
        click.echo(f"  {line.key}: {line.kind.replace('`', '')} ({line.need})")
    for paragraph in described(found.parameters).split("\n\n"):
        if paragraph:
            click.echo(
                "\n" + textwrap.fill(paragraph, 96, initial_indent="  ", subsequent_indent="  ")
            )
    click.echo("\nWhat a pass does not show:")
    for limit in found.limits:
        click.echo(f"  - {limit}")


def _answer(entry: MethodEntry, part: str, ask: Callable[[], T]) -> T:
    """What a part of a method answers; that it raises is the method's failure, in a sentence."""
    try:
        return ask()
    except MethodError as error:
        raise click.ClickException(printable(f"`{entry.name}` cannot be tried: {error}")) from None
    except Exception as error:
        raise click.ClickException(
            printable(
                f"`{part}` of `{entry.name}` raised {type(error).__name__}: {error}; that is a "
                f"defect of the method, which comes from {entry.package}"
            )
        ) from error


@method.command("try")
@click.argument("name")
@as_json_option
def try_(name: str, as_json: bool) -> int:
    """Run NAME's oracles and its planted positives and negatives; exit 1 if an oracle is missed."""
    from safetycase.plugin.wire import controls_json
    from safetycase.stats import clopper_pearson

    entry, found = _entry(name)
    oracles = list(_answer(entry, "self_check", found.self_check))
    controls = _answer(entry, "controls", found.controls)
    failed = [o for o in oracles if not o.passed]
    if as_json:
        echo_json(
            {
                "oracles": [
                    {
                        "name": o.name,
                        "passed": o.passed,
                        "expected": repr(o.expected),
                        "got": repr(o.got),
                        "source": o.source,
                    }
                    for o in oracles
                ],
                "controls": controls_json(controls),
            }
        )
        return Exit.FAILS if failed else Exit.HOLDS
    for oracle in oracles:
        mark = "ok  " if oracle.passed else "FAIL"
        click.echo(
            f"{mark} {oracle.name}: expected {oracle.expected:g} ± {oracle.tolerance:g}, "
            f"got {oracle.got:g}  ({oracle.source})"
        )
    click.echo(f"\nPlanted subjects, claim `{controls.criterion}`:")
    for planted in controls.planted:
        word = "true " if planted.claim_is_true else "false"
        click.echo(f"  claim {word}: passed {planted.passes} of {planted.runs}  {planted.name}")
    for truth in (False, True):
        passes, runs = controls.counts(claim_is_true=truth)
        bound = clopper_pearson(passes, runs, alpha_low=0.05, alpha_high=0.05)
        word = "true" if truth else "false"
        click.echo(
            f"P(pass | claim {word}) between {bound.low:.3f} and {bound.high:.3f} "
            f"({passes} of {runs}, each side at 95 %)"
        )
    return Exit.FAILS if failed else Exit.HOLDS
