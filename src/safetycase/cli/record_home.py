"""`record home` and `record sync`: a record that a team shares through a database."""

from __future__ import annotations

import getpass
import os
import secrets
from datetime import UTC, datetime
from pathlib import Path

import click

from safetycase.cli.common import Exit, as_json_option, case_argument, echo_json, printable, stderr
from safetycase.ledger.record import stamp
from safetycase.workspace.paths import find_case

__all__ = ["home", "sync"]

_address = click.argument("address", metavar="ADDRESS")


@click.group()
def home() -> None:
    """Say where the record of a case lives: in its folder, or in a database of a team.

    ADDRESS is postgresql://USER@HOST:PORT/DATABASE, without a password: that comes from PGPASSWORD
    or ~/.pgpass.
    """


@home.command()
@case_argument
@as_json_option
def show(case: Path, as_json: bool) -> int:
    """Say where the record and the artefacts of CASE live."""
    from safetycase.ledger.settings import read_settings

    folder = find_case(case) / "ledger"
    found = read_settings(folder)
    if as_json:
        echo_json({"record": found.record, "artefacts": found.artefacts, "copy": str(folder)})
        return Exit.HOLDS
    for what, where in (("record", found.record), ("artefacts", found.artefacts)):
        click.echo(f"{what}: {printable(where or str(folder))}")
    if found.record:
        click.echo(f"its copy: {folder} (`safetycase record sync` brings it up to date)")
    return Exit.HOLDS


@home.command("set")
@_address
@case_argument
@as_json_option
def set_(address: str, case: Path, as_json: bool) -> int:
    """Join the record at ADDRESS: fetch it into CASE, and add to it from now on.

    Refused if CASE has records of its own that are not there; the record is not changed then.
    """
    from safetycase.ledger.sync import join

    found = join(find_case(case) / "ledger", address)
    return _say(found.records, found.fresh, found.head, str(found.address), as_json=as_json)


@home.command()
@case_argument
def unset(case: Path) -> int:
    """Keep the record of CASE in its folder again, from where its copy ends.

    What is recorded from then on is a record of its own: the shared one cannot take it.
    """
    from safetycase.ledger.sync import leave

    before = leave(find_case(case) / "ledger")
    click.echo("the record is in its folder" if before is None else f"left {printable(before)}")
    return Exit.HOLDS


@home.command()
@_address
@case_argument
@click.option("--grant", multiple=True, metavar="USER", help="A database user who may add to it.")
@as_json_option
def init(address: str, case: Path, grant: tuple[str, ...], as_json: bool) -> int:
    """Put the record of CASE into the database at ADDRESS, and share it from now on.

    Makes the tables, or brings them up to date. Only what the database lacks is added; a record of
    the same origin that says something else is refused.
    """
    from safetycase.ledger.sync import push

    folder = find_case(case).resolve()
    _begin(folder / "ledger")
    found = push(
        folder / "ledger",
        address,
        name=folder.name,
        users=grant,
        told=lambda done, of: stderr(f"{done} of {of} records are in the database"),
    )
    return _say(found.records, found.fresh, found.head, str(found.address), as_json=as_json)


@click.command()
@case_argument
@as_json_option
def sync(case: Path, as_json: bool) -> int:
    """Bring the copy of CASE up to the shared record; every line is verified first.

    Exit 3 if a line does not verify, or if the copy and the database say different things.
    """
    from safetycase.ledger.sync import pull

    found = pull(find_case(case) / "ledger")
    if found is None:
        raise click.ClickException(
            "the record of this case is in its folder: nothing to fetch; "
            "`safetycase record home set ADDRESS` joins the record of a team"
        )
    return _say(found.records, found.fresh, found.head, str(found.address), as_json=as_json)


def _begin(ledger: Path) -> None:
    """A record is named after its first line: an empty one gets the key of whoever shares it."""
    from safetycase.ledger import default_key_path, load_or_create
    from safetycase.ledger.home import LOG_NAME
    from safetycase.ledger.settings import read_settings
    from safetycase.ledger.writer import Writer

    path = ledger / LOG_NAME
    there = path.exists() and path.stat().st_size > 0
    if there or read_settings(ledger).record is not None:  # a copy that is yet to be fetched
        return
    key = load_or_create(default_key_path(os.environ), getpass.getuser())
    with Writer(ledger, key) as writer:
        body = key.introduction() | {"nonce": secrets.token_hex(16)}
        writer.append("key", body, at=stamp(datetime.now(UTC)))


def _say(records: int, fresh: int, head: str | None, address: str, *, as_json: bool) -> int:
    if as_json:
        echo_json({"record": address, "records": records, "fresh": fresh, "head": head})
        return Exit.HOLDS
    click.echo(f"{records} records, {fresh} of them new here, head {(head or 'none')[:16]}…")
    click.echo(f"record: {printable(address)}")
    return Exit.HOLDS
