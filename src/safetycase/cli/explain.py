"""`explain`: what a finding's code means, where it comes from, and an example of either side."""

from __future__ import annotations

import click

from safetycase.argument.findings import did_you_mean
from safetycase.checks.pages import as_text, shown_examples
from safetycase.checks.registry import Rule, all_rules
from safetycase.cli.common import as_json_option, echo_json

__all__ = ["explain"]


@click.command()
@click.argument("code", required=False)
@as_json_option
def explain(code: str | None, as_json: bool) -> None:
    """Explain CODE; without one, list all codes."""
    profiles = all_rules()
    if code is None:
        if as_json:
            known = (rule for rules in profiles.values() for rule in rules.values())
            echo_json({rule.code: _facts(rule) for rule in known})
            return
        for profile, rules in profiles.items():
            click.echo(f"{profile}:")
            for rule in rules.values():
                click.echo(f"  {rule.code}  {rule.title}")
        return
    found = {name: rule for rules in profiles.values() for name, rule in rules.items()}
    rule_of_code = found.get(code.upper())
    if rule_of_code is None:
        hint = did_you_mean(code.upper(), found)
        raise click.ClickException(f"no code `{code}`" + (f"; {hint}" if hint else ""))
    if as_json:
        examples = {
            side: [{"file": file.file, "text": file.text} for file in files]
            for side, files in shown_examples(rule_of_code.code).items()
        }
        echo_json({**_facts(rule_of_code), "examples": examples})
    else:
        click.echo(as_text(rule_of_code))


def _facts(rule: Rule) -> dict[str, str]:
    return {
        "code": rule.code,
        "title": rule.title,
        "text": rule.text,
        "message": rule.message,
        "profile": rule.profile,
        "severity": rule.severity,
        "group": rule.group,
        "clause": rule.clause,
    }
