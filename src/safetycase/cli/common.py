"""What every verb shares: the case argument, `--now`, `--json`, and exit codes."""

from __future__ import annotations

import enum
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from safetycase.argument.findings import Finding
from safetycase.argument.plain_json import plain_json

__all__ = [
    "Exit",
    "as_json_option",
    "ask_to_sign",
    "case_argument",
    "case_options",
    "echo_json",
    "finding_json",
    "instant",
    "now_option",
    "print_findings",
    "rebound_option",
    "unread",
    "worst",
]


class Exit(enum.IntEnum):
    """What an exit code means."""

    HOLDS = 0
    FAILS = 1
    FINDINGS = 2
    RECORD = 3
    UNKNOWN = 4
    REVIEW = 5
    BUG = 70
    INTERRUPTED = 130


_LONGEST = 2000
_ORDER = (Exit.BUG, Exit.RECORD, Exit.FINDINGS, Exit.FAILS, Exit.REVIEW, Exit.UNKNOWN)


def worst(codes: Iterable[int]) -> int:
    """The exit code that wins when several apply."""
    found = set(codes)
    return next((int(code) for code in _ORDER if code in found), 0)


def _parse_now(_context: click.Context, _parameter: click.Parameter, value: str | None) -> datetime:
    if value is None:
        return datetime.now(UTC).replace(microsecond=0)
    return instant(value)


def instant(text: str, option: str | None = None) -> datetime:
    """The UTC time in `text`; raises `click.BadParameter`, about `option`, if it is none."""
    try:
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise click.BadParameter(
            f"`{printable(text)}` is no date or time; write 2026-11-23 or 2026-11-23T09:30:00Z",
            param_hint=option,
        ) from None


now_option = click.option(
    "--now",
    metavar="TIME",
    callback=_parse_now,
    help="Judge as of this time (UTC) instead of the present.",
)
as_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
rebound_option = click.option(
    "--with",
    "rebound",
    multiple=True,
    metavar="PARAMETER=VALUE",
    help="Take the case with this parameter of its template bound so, e.g. method=consultancy; "
    "no file is changed (repeatable).",
)
case_argument = click.argument(
    "case",
    required=False,
    default=".",
    type=click.Path(path_type=Path),
)


def case_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`[CASE] --now --json`: the case folder defaults to the one at or above the current one."""
    return case_argument(now_option(as_json_option(command)))


def echo_json(value: Any) -> None:
    """Print a value as indented JSON with sorted keys."""
    click.echo(plain_json(value))


def finding_json(finding: Finding) -> dict[str, Any]:
    """A finding as JSON."""
    return {
        "code": finding.code,
        "severity": finding.severity,
        "message": finding.message,
        "hint": finding.hint,
        "subject": finding.subject,
        "file": finding.span.file,
        "line": finding.span.line,
        "column": finding.span.column,
    }


def print_findings(findings: Iterable[Finding], *, err: bool = False) -> None:
    """Print findings as `file:line:column CODE message`, the hint below."""
    for finding in findings:
        colour = {"error": "red", "warning": "yellow"}.get(finding.severity)
        head = click.style(f"{finding.severity} {finding.code}", fg=colour)
        click.echo(f"{printable(str(finding.span))}: {head} {_bounded(finding.message)}", err=err)
        if finding.hint:
            click.echo(f"    → {_bounded(finding.hint)}", err=err)


def _bounded(text: str) -> str:
    """What is wrong, even where a file holds a value of a million characters."""
    return printable(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")


def unread(findings: Iterable[Finding]) -> int:
    """Say on stderr what of an argument could not be read; the exit code that this asks for."""
    found = [f for f in findings if f.severity == "error" and f.code.startswith("F")]
    print_findings(found, err=True)
    return Exit.FINDINGS if found else Exit.HOLDS


def ask_to_sign(*, as_json: bool, yes: bool) -> None:
    """Ask before a record is signed; aborts if told no, `UsageError` where nobody can be asked."""
    if yes:
        return
    if as_json or not sys.stdin.isatty():
        raise click.UsageError("nothing was recorded: say --yes to sign it without being asked")
    click.confirm("Sign it?", abort=True)


def printable(text: str) -> str:
    """Text with control characters made visible, so that it cannot drive a terminal."""
    return "".join(c if c.isprintable() or c == "\n" else f"\\x{ord(c):02x}" for c in text)


def stderr(text: str) -> None:
    """Say something beside the result."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201
