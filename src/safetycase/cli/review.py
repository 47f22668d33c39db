"""`review VERB`: challenge a case, answer, sign, dissent; each verb is loaded when it is used."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path

import click

__all__ = ["review"]

VERBS: Mapping[str, tuple[str, str]] = {
    "list": ("review_list", "Show the review: what stands against the case, who signed it."),
    "checklist": ("review_checklist", "Print the questions a reviewer of this case has to ask."),
    "challenge": ("review_say", "Raise a doubt against an element or a step."),
    "respond": ("review_say", "Say something to a challenge."),
    "resolve": ("review_say", "Rule that a challenge is answered, conceded or withdrawn."),
    "sign": ("review_sign", "Sign an element and all it rests on, as it is now."),
    "dissent": ("review_say", "Disagree with an element; nothing ends it."),
    "override": ("review_sign", "Decide against clauses of the release policy, until a date."),
}


class _Verbs(click.Group):
    """A group that imports a verb's module when the verb is asked for; without a verb it lists."""

    def list_commands(self, _context: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        if name not in VERBS:
            return None
        module = importlib.import_module(f"safetycase.cli.{VERBS[name][0]}")
        command = getattr(module, "list_" if name == "list" else name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, _context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, short) for name, (_, short) in VERBS.items()])

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        first = args[0] if args else ""
        if first not in VERBS and first not in ("-h", "--help") and _of_list(first):
            args = ["list", *args]
        return super().parse_args(context, args)

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            from safetycase.argument.findings import did_you_mean

            hint = did_you_mean(args[0], VERBS)
            context.fail(f"no command `{args[0]}`" + (f"; {hint}" if hint else ""))
        return super().resolve_command(context, args)


def _of_list(word: str) -> bool:
    """Whether a word is no verb but what `review list` takes: nothing, an option, a folder."""
    if not word or word.startswith("-"):
        return True
    try:
        return Path(word).exists()
    except (OSError, ValueError):
        return False


@click.command(cls=_Verbs)
def review() -> None:
    """Review a case: challenges, responses, rulings, sign-offs, dissent.

    Without a command it shows the review of the case at or above this folder.
    """
