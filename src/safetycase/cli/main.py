"""The command `safetycase`: verbs are loaded when they are used, so that each starts fast."""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import sys
from collections.abc import Mapping

import click

from safetycase.cli.common import Exit

__all__ = ["cli", "main"]

VERBS: Mapping[str, tuple[str, str]] = {
    "new": ("new", "Start a case from a template."),
    "check": ("check", "List everything that is wrong with a case file."),
    "run": ("run", "Run the evidence that is due and record every attempt."),
    "watch": ("watch", "Watch a deployment: events in, signed signals into the record."),
    "status": ("show", "Print the verdict tree."),
    "why": ("why", "Explain a status and a number, down to the run and the line."),
    "plan": ("plan", "Share a target over the parts: items, levels and costs."),
    "agenda": ("agenda", "Rank what is open, fund it, export calls, record shots."),
    "review": ("review", "Challenge a case, respond, rule, sign, dissent; a reviewer's checklist."),
    "report": ("report", "Write the report: a page, a folder of pages, or another format."),
    "serve": ("serve", "Serve the case as pages that follow its files."),
    "verify": ("record", "Check the record: signatures, order, artefacts."),
    "record": ("record_group", "Keys, checkpoints, bundles, events and the index of the record."),
    "method": ("method", "List, show and try the installed methods."),
    "organisms": ("organisms", "Build, list and show model organisms and their clean twins."),
    "mutate": ("mutate", "Plant faults in a case and its record; say which are noticed."),
    "doctor": ("doctor", "Check the model, the extras, the key and the port."),
    "gate": ("gate", "Say whether a case may be released, or a change of it merged."),
    "diff": ("diff", "Compare two versions of a case: what changed, and what that touches."),
    "draw": ("draw", "Draw the argument in GSN or CAE notation, or as an outline."),
    "import": ("convert", "Make a case from an argument in another format."),
    "export": ("convert", "Write a case in another format, with a report of what is lost."),
    "edit": ("edit", "Rename, move, extract, inline and format, keeping comments and order."),
    "lsp": ("lsp", "Serve editors: diagnostics, hover, definitions, rename, quick fixes."),
    "explain": ("explain", "Explain a finding's code."),
}


LONG = frozenset(("run", "serve", "watch", "lsp", "method", "organisms"))


class _Verbs(click.Group):
    """A group that imports a verb's module when the verb is asked for."""

    def list_commands(self, _context: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        if name not in VERBS:
            return None
        module = importlib.import_module(f"safetycase.cli.{VERBS[name][0]}")
        command = getattr(module, {"import": "import_", "lsp": "lsp_command"}.get(name, name))
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, _context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, short) for name, (_, short) in VERBS.items()])

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            from safetycase.argument.findings import did_you_mean

            hint = did_you_mean(args[0], VERBS)
            context.fail(f"no command `{args[0]}`" + (f"; {hint}" if hint else ""))
        return super().resolve_command(context, args)


@click.command(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(None, "-V", "--version", package_name="safetycase")
def cli() -> None:
    """Safety cases for AI systems, as code you can run."""


def main() -> None:
    """Run the command line; every failure is a sentence and an exit code."""
    if LONG.intersection(sys.argv[1:2]):
        sys.exit(_main())
    from safetycase.cli.pipes import unbroken

    sys.stdout, sys.stderr = unbroken(sys.stdout), unbroken(sys.stderr)
    code = _main()
    # What was read need not be taken apart object by object before the process ends.
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def _main() -> int:
    if not {"lsp", "method", "organisms"}.intersection(sys.argv[1:2]):
        # A short process frees everything at its end; collecting garbage on the way costs a
        # third of the time it takes to read a large case.
        gc.disable()
    try:
        code = cli.main(prog_name="safetycase", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except click.exceptions.Abort:
        _say("interrupted")
        return Exit.INTERRUPTED
    except click.ClickException as error:
        error.show()
        return Exit.FINDINGS
    except click.exceptions.Exit as error:
        return error.exit_code
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else 0
    except BrokenPipeError:
        return 0
    except Exception as error:
        return _failed(error)


def _failed(error: Exception) -> int:
    """A known failure is named in a sentence; anything else is our bug and says so."""
    from safetycase.evidence.models import ModelMissing
    from safetycase.evidence.serving import ServerFailed
    from safetycase.ledger import KeyFileError, LedgerDamaged, LedgerError
    from safetycase.plugin.executors import ExecutorFailed
    from safetycase.workspace.paths import NoCase

    if isinstance(error, LedgerDamaged):
        _say(str(error))
        return Exit.RECORD
    from safetycase.workspace.foreign import UnknownFormat
    from safetycase.workspace.profiles import UnknownProfile

    known = (
        NoCase,
        ModelMissing,
        ServerFailed,
        ExecutorFailed,
        KeyFileError,
        LedgerError,
        UnknownFormat,
        UnknownProfile,
    )
    if isinstance(error, known):
        _say(str(error))
        return Exit.FINDINGS
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        _say(f"{where}{error.strerror or error}")
        return Exit.FINDINGS
    import traceback

    traceback.print_exc()
    _say("this is a defect of safetycase; the record is not touched by it")
    return Exit.BUG


def _say(text: str) -> None:
    from safetycase.cli.common import printable

    click.echo(f"safetycase: {printable(text)}", err=True)
