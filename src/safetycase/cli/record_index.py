"""`record log` and `record index`: finding records, and the index that makes it quick."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from safetycase.cli.common import Exit, as_json_option, case_argument, echo_json, printable
from safetycase.ledger.index import IndexFacts
from safetycase.ledger.record import KINDS, Problem, Record
from safetycase.ledger.sync import IndexState
from safetycase.workspace.paths import find_case

__all__ = ["index", "log"]

_WIDTH = 100


@click.command()
@case_argument
@as_json_option
@click.option("--evidence", metavar="ID", help="Only what concerns this evidence.")
@click.option("--monitor", metavar="ID", help="Only signals of this monitor, and resolutions.")
@click.option("--element", metavar="ID", help="Only what was said of this element in review.")
@click.option("--kind", type=click.Choice(KINDS), help="Only records of this kind.")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    help="At most this many, the newest.",
)
def log(
    case: Path,
    as_json: bool,
    evidence: str | None,
    monitor: str | None,
    element: str | None,
    kind: str | None,
    limit: int,
) -> int:
    """List the records of CASE: number, time, kind, and what each says. Exit 3 if one is broken.

    `verify` checks everything about a record; this finds some of it quickly.
    """
    from safetycase.ledger.index import find

    folder = find_case(case) / "ledger"
    found = find(
        folder, evidence=evidence, monitor=monitor, element=element, kind=kind, limit=limit
    )
    if as_json:
        echo_json(
            {
                "records": [_json(record) for record in found.records],
                "total": found.total,
                "problems": [_problem(each) for each in found.problems],
            }
        )
    else:
        for record in found.records:
            line = f"{record.seq:>6}  {record.at}  {record.kind:<13}  {what(record)}"
            click.echo(printable(line).replace("\n", " "))
        for each in found.problems:
            click.secho(f"{each.severity}: {printable(each.says)}", fg="red", err=True)
            click.echo(f"    → {printable(each.hint)}", err=True)
        left = found.total - len(found.records)
        click.echo(f"{found.total} records" + (f", {left} older ones not shown" if left else ""))
    broken = any(each.severity == "error" for each in found.problems)
    return Exit.RECORD if broken else Exit.HOLDS


@click.group()
def index() -> None:
    """Make, look at or drop the index of a record.

    An index is derived from the record and decides nothing. One is made without being asked for
    where `record log` meets a record of 10,000 lines; a smaller one needs none.
    """


_shared = click.option(
    "--shared", is_flag=True, help="The index in the team's database instead of the folder's."
)


@index.command()
@case_argument
@as_json_option
@_shared
def status(case: Path, as_json: bool, shared: bool) -> int:
    """Say how much of the record of CASE the index covers. Exit 4 if it cannot be used."""
    from safetycase.ledger.index import facts
    from safetycase.ledger.sync import shared_index

    folder = find_case(case) / "ledger"
    if shared:
        return _show_shared(shared_index(folder, _address(folder)), as_json=as_json)
    return _show(facts(folder), as_json=as_json)


@index.command()
@case_argument
@as_json_option
@_shared
def rebuild(case: Path, as_json: bool, shared: bool) -> int:
    """Make the index of CASE anew from its record; the same record gives the same bytes."""
    from safetycase.ledger import index as made
    from safetycase.ledger import sync

    folder = find_case(case) / "ledger"
    if shared:
        return _show_shared(sync.rebuild(folder, _address(folder)), as_json=as_json)
    return _show(made.rebuild(folder), as_json=as_json)


@index.command()
@case_argument
def drop(case: Path) -> int:
    """Remove the index of CASE; the record is not touched."""
    from safetycase.ledger import index as made

    dropped = made.drop(find_case(case) / "ledger")
    click.echo("the index is dropped" if dropped else "there is no index")
    return Exit.HOLDS


def _address(folder: Path) -> str:
    from safetycase.ledger.settings import read_settings

    address = read_settings(folder).record
    if address is None:
        raise click.ClickException("the record of this case is in its folder, not in a database")
    return address


def _show(found: IndexFacts, *, as_json: bool) -> int:
    if as_json:
        echo_json(
            {
                "path": str(found.path),
                "records": found.records,
                "of": found.of,
                "head": found.head,
                "sha256": found.sha256,
                "bytes": found.bytes,
                "doubt": found.doubt,
            }
        )
    elif found.doubt is None:
        click.echo(
            f"{found.records} of {found.of} records indexed, {found.bytes} bytes, "
            f"SHA-256 {found.sha256}"
        )
    else:
        click.echo(f"no index of {found.of} records to use: {printable(found.doubt)}")
    return Exit.HOLDS if found.doubt is None else Exit.UNKNOWN


def _show_shared(found: IndexState, *, as_json: bool) -> int:
    current = found.records == found.lines
    if as_json:
        echo_json(
            {
                "records": found.records,
                "of": found.lines,
                "head": found.head,
                "sha256": found.digest,
            }
        )
    else:
        click.echo(
            f"{found.records} of {found.lines} records indexed in the database, "
            f"SHA-256 of its rows {found.digest}"
        )
    return Exit.HOLDS if current else Exit.UNKNOWN


def what(record: Record) -> str:
    """What a record says, in one line."""
    said = _WHAT.get(record.kind, _note)
    try:
        text = said(record.body)
    except (KeyError, TypeError, AttributeError):
        text = "breaks a rule of its kind: `safetycase verify` says which"
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"


def _registration(body: Mapping[str, Any]) -> str:
    mark = " (exploratory)" if body["exploratory"] else ""
    return f"{body['evidence']} for {body['claim']}: {body['criterion']} at {body['level']}{mark}"


def _start(body: Mapping[str, Any]) -> str:
    again = f", again after {body['retry_of']}" if body.get("retry_of") else ""
    return f"{body['attempt']} of record {body['registration']}{again}"


def _end(body: Mapping[str, Any]) -> str:
    took = f" in {body['seconds']} s" if body.get("seconds") else ""
    reason = f": {body['reason']}" if body.get("reason") else ""
    return f"{body['attempt']} {body['outcome']}{took}{reason}"


def _signal(body: Mapping[str, Any]) -> str:
    return f"{body['monitor']} {body['state']}, {body['since']} to {body['until']}: {body['says']}"


def _note(body: Mapping[str, Any]) -> str:
    named = body.get("note")
    said = body.get("says") or body.get("text") or body.get("approach") or ""
    return ": ".join(str(each) for each in (named, said) if each)


_WHAT: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "key": lambda body: f"key {body['keyid'][:16]}… of {body['owner'] or 'no owner'}",
    "registration": _registration,
    "attempt-start": _start,
    "attempt-end": _end,
    "controls": lambda body: f"{body['method']} {body['version']}: {len(body['planted'])} planted",
    "event": lambda body: f"{body['event']}: {body['says']}",
    "waiver": lambda body: f"{body['evidence']} until {body['expires']}: {body['reason']}",
    "signal": _signal,
    "resolution": lambda body: f"record {body['signal']} {body['outcome']}: {body['reason']}",
    "challenge": lambda body: (
        f"{body['challenge']} ({body['severity']}) against {body['against']}: {body['says']}"
    ),
    "response": lambda body: f"to {body['challenge']}: {body['says']}",
    "ruling": lambda body: f"{body['challenge']} {body['outcome']}: {body['reason']}",
    "sign-off": lambda body: f"{body['element']} {body['verdict']} by {body['by']}: {body['says']}",
    "dissent": lambda body: f"{body['by']} from {body['element']}: {body['says']}",
    "override": lambda body: (
        f"{body['element']} {', '.join(body['clauses'])} until {body['expires'][:10]}: "
        f"{body['reason']}"
    ),
}


def _json(record: Record) -> dict[str, Any]:
    return {
        "seq": record.seq,
        "at": record.at,
        "kind": record.kind,
        "what": what(record),
        "keyid": record.keyid,
        "digest": record.digest,
        "body": dict(record.body),
    }


def _problem(problem: Problem) -> dict[str, str]:
    return {"severity": problem.severity, "says": problem.says, "hint": problem.hint}
