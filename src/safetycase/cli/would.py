"""Printing what a record would change if it were signed (`review.would`)."""

from __future__ import annotations

from collections.abc import Mapping

import click

from safetycase.cli.common import printable

__all__ = ["changes_json", "show_changes"]


def show_changes(changes: Mapping[str, tuple[str, str]]) -> None:
    """Print what would change, a line each."""
    for name, (was, now) in changes.items():
        click.echo(f"{printable(name) or 'the case'}: {was} → {now}")
    if not changes:
        click.echo("It changes the status of no element of this case.")


def changes_json(changes: Mapping[str, tuple[str, str]]) -> dict[str, dict[str, str]]:
    """The same as JSON data."""
    return {name: {"was": was, "now": now} for name, (was, now) in changes.items()}
