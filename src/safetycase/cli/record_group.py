"""`record VERB`: the rarer things to do with a record; each verb is loaded when it is used."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from importlib.util import find_spec

import click

__all__ = ["record"]

VERBS: Mapping[str, tuple[str, str]] = {
    "keys": ("record_keys", "Make, list, introduce and revoke the keys that sign a record."),
    "checkpoint": ("record_checkpoint", "Show, pin or take in a checkpoint of the record."),
    "countersign": ("record_checkpoint", "Sign that you have seen the record as it stands."),
    "bundle": ("record_bundle", "Put the record into one file that verifies offline."),
    "artefacts": ("record_artefacts", "Share the artefacts of a record, fetch or redact them."),
    "log": ("record_index", "List records: number, time, kind, and what each says."),
    "index": ("record_index", "Make, look at or drop the index that finds records quickly."),
    "home": ("record_home", "Say where the record and its artefacts live."),
    "sync": ("record_home", "Bring what a team recorded into the folder of the case."),
    "event": ("record_event", "Record something that bears on evidence, as a broken data set."),
    "resolve": ("record_resolve", "Record what an alarm of a live monitor was."),
    "duties": ("record_duties", "List what has to be reported, and until when."),
    "done": ("record_duties", "Record that a report was sent, so that its clock stops."),
    "waive": ("record_event", "Record that two recipes are the same in what matters."),
}


class _Verbs(click.Group):
    """A group that imports a verb's module when the verb is asked for."""

    def list_commands(self, _context: click.Context) -> list[str]:
        return [name for name, (module, _) in VERBS.items() if _installed(module)]

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        if name not in VERBS or not _installed(VERBS[name][0]):
            return None
        module = importlib.import_module(f"safetycase.cli.{VERBS[name][0]}")
        command = getattr(module, name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        rows = [(name, VERBS[name][1]) for name in self.list_commands(context)]
        with formatter.section("Commands"):
            formatter.write_dl(rows or [("", "")])

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            from safetycase.argument.findings import did_you_mean

            hint = did_you_mean(args[0], VERBS)
            context.fail(f"no command `{args[0]}`" + (f"; {hint}" if hint else ""))
        return super().resolve_command(context, args)


def _installed(module: str) -> bool:
    return find_spec(f"safetycase.cli.{module}") is not None


@click.command(cls=_Verbs)
def record() -> None:
    """Keys, checkpoints, bundles, events and the index of the record."""
