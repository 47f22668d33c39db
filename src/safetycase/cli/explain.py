"""`explain`: what a finding's code means."""

from __future__ import annotations

import click

from safetycase.argument.findings import did_you_mean
from safetycase.checks.codes import CODES
from safetycase.checks.codes import explain as page
from safetycase.cli.common import as_json_option, echo_json


@click.command()
@click.argument("code", required=False)
@as_json_option
def explain(code: str | None, as_json: bool) -> None:
    """Explain CODE; without one, list all codes."""
    if code is None:
        if as_json:
            echo_json({name: {"title": t, "text": text} for name, (t, text) in CODES.items()})
            return
        for name, (title, _) in CODES.items():
            click.echo(f"{name}  {title}")
        return
    text = page(code.upper())
    if text is None:
        hint = did_you_mean(code.upper(), CODES)
        raise click.ClickException(f"no code `{code}`" + (f"; {hint}" if hint else ""))
    if as_json:
        title, body = CODES[code.upper()]
        echo_json({"code": code.upper(), "title": title, "text": body})
    else:
        click.echo(text)
