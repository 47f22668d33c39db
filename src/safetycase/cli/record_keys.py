"""`record keys`: make, list, introduce and revoke the keys that sign a record."""

from __future__ import annotations

import getpass
import os
import shlex
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from safetycase.cli.common import (
    Exit,
    as_json_option,
    case_argument,
    echo_json,
    instant,
    now_option,
    printable,
)
from safetycase.cli.writing import own
from safetycase.ledger import (
    ROLES,
    Key,
    LedgerDamaged,
    Log,
    SigningKey,
    canonical,
    default_key_path,
    fold,
    load_or_create,
    open_writer,
    read,
)
from safetycase.ledger.record import stamp
from safetycase.ledger.trust import Revocation, origin_of
from safetycase.workspace.paths import find_case

__all__ = ["keys"]

key_option = click.option(
    "--file",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The key to use (default: that of this user, made if there is none).",
)


@click.group()
def keys() -> None:
    """Make, list, introduce and revoke the keys that sign a record."""


@keys.command()
@case_argument
@now_option
@key_option
@click.option("--owner", help="Whose key it is (default: the name of this user).")
@click.option(
    "--role",
    "roles",
    multiple=True,
    type=click.Choice(ROLES),
    help="What it may sign (repeatable; default: author, runner and log).",
)
@click.option("--from", "first", metavar="TIME", help="It is valid from this time on (UTC).")
@click.option("--until", "last", metavar="TIME", help="It is valid until this time (UTC).")
@click.option("--public", is_flag=True, help="What it countersigns is published by its owner.")
@click.option(
    "--request",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write a request for an author of the record to introduce the key; add nothing.",
)
@click.option(
    "--origin", help="With --request: the record, as `verify` names it, if CASE is not here."
)
def init(
    case: Path,
    now: datetime,
    file: Path | None,
    owner: str | None,
    roles: tuple[str, ...],
    first: str | None,
    last: str | None,
    public: bool,
    request: Path | None,
    origin: str | None,
) -> int:
    """Make a key if there is none, and introduce it to the record of CASE.

    A key that introduces itself may not be a reviewer's nor public. With --request it asks an
    author of the record instead, whose `record keys add FILE` vouches for it.
    """
    key = _key(file, owner)
    limits = {"not_before": _instant("--from", first), "not_after": _instant("--until", last)}
    if request is not None:
        own(request, b'{"key":', "a request of a key")
        named = origin or _origin(find_case(case))
        body = key.introduction(roles=roles, public=public, origin=named, **limits)
        request.write_bytes(canonical.dumps({"origin": named, "key": body}) + b"\n")
        name, words = printable(str(request)), printable(shlex.quote(str(request)))
        click.echo(f"key {key.keyid} ({printable(key.owner) or 'no owner'})")
        click.echo(f"{name}: an author introduces it with `safetycase record keys add {words}`")
        return Exit.HOLDS
    folder = find_case(case)
    ledger = folder / "ledger"
    known = {each.keyid: each for each in fold(_sound(ledger)).keys}
    if key.keyid in known:
        click.echo(f"key {key.keyid} was introduced by record {known[key.keyid].seq}")
        return Exit.HOLDS
    body = key.introduction(roles=roles, public=public, **limits)
    with open_writer(ledger, key) as writer:
        record = writer.append("key", body, at=_at(now))
    owner = printable(key.owner) or "no owner"
    click.echo(f"key {key.keyid} ({owner}) is introduced by record {record.seq}")
    return Exit.HOLDS


@keys.command("list")
@case_argument
@as_json_option
def list_(case: Path, as_json: bool) -> int:
    """List the keys of the record of CASE: owner, roles, validity, and who vouches for them."""
    log = read(find_case(case) / "ledger")
    found = fold(log).keys
    signed = {key.keyid: sum(r.keyid == key.keyid for r in log.records) for key in found}
    if as_json:
        echo_json([key_json(key) | {"records": signed[key.keyid]} for key in found])
    else:
        for key in found:
            click.echo(f"{printable(key_line(key))}, {signed[key.keyid]} records")
        if not found:
            click.echo("no keys: the record is empty")
    for problem in log.errors:
        click.secho(f"error: {printable(problem.says)}", fg="red", err=True)
    return Exit.RECORD if log.errors else Exit.HOLDS


@keys.command()
@click.argument("request", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@case_argument
@now_option
@key_option
def add(request: Path, case: Path, now: datetime, file: Path | None) -> int:
    """Introduce to the record of CASE the key that asks for it in REQUEST, and vouch for it.

    REQUEST is a text: read whose key it is and which roles it asks for before you add it, and make
    sure by another way that it came from its owner.
    """
    ledger = find_case(case) / "ledger"
    _sound(ledger)
    origin, body = _request(request)
    here = _origin(ledger.parent)
    if origin != here:
        raise click.ClickException(
            f"{request} asks for another record ({printable(origin)}) than this one ({here}): "
            "have its holder ask again, for this record"
        )
    with open_writer(ledger, _key(file, None)) as writer:
        record = writer.append("key", body, at=_at(now))
    (key,) = [each for each in fold(read(ledger)).keys if each.seq == record.seq]
    click.echo(f"{printable(key_line(key))}: introduced by record {record.seq}")
    return Exit.HOLDS


@keys.command()
@click.argument("keyid")
@case_argument
@now_option
@key_option
@click.option("--because", required=True, metavar="TEXT", help="Why; every reader sees it.")
@click.option(
    "--since",
    type=click.IntRange(min=1),
    metavar="N",
    help="From which record on nothing it signed counts (default: all of it).",
)
def revoke(
    keyid: str, case: Path, now: datetime, file: Path | None, because: str, since: int | None
) -> int:
    """Record that the key KEYID, or the one that begins so, is not to be trusted any more."""
    ledger = find_case(case) / "ledger"
    known = fold(_sound(ledger)).keys
    found = [each for each in known if keyid and each.keyid.startswith(keyid.rstrip("…"))]
    if len(found) != 1:
        what = "more than one key begins" if found else "no key of the record begins"
        raise click.ClickException(
            f"{what} with `{printable(keyid)}`; `safetycase record keys list` shows them"
        )
    (key,) = found
    body = {
        "event": "key-revoked",
        "says": because,
        "about": {"keyid": [key.keyid]},
        "since": since,
    }
    with open_writer(ledger, _key(file, None)) as writer:
        record = writer.append("event", body, at=_at(now))
    history = fold(read(ledger))
    for note in history.notes:
        if note.seq == record.seq:
            click.echo(printable(note.says))
    return Exit.HOLDS


def key_json(key: Key) -> dict[str, Any]:
    """A key as `--json` shows it."""
    return {
        "keyid": key.keyid,
        "owner": key.owner,
        "roles": list(key.roles),
        "record": key.seq,
        "vouched": key.vouched,
        "introduced_by": key.introduced_by,
        "not_before": key.not_before,
        "not_after": key.not_after,
        "public": key.public,
        "revoked": None if key.revoked is None else _revocation_json(key.revoked),
    }


def key_line(key: Key) -> str:
    """A key in one line: id, owner, roles, and what limits it."""
    parts = [f"{key.keyid[:16]}… {key.owner or 'no owner'}: {', '.join(key.roles)}"]
    if key.public:
        parts.append("public")
    if key.not_before is not None or key.not_after is not None:
        parts.append(f"valid from {key.not_before or 'ever'} to {key.not_after or 'ever'}")
    if key.seq > 1:
        vouched = f"vouched for by {key.introduced_by[:16]}…"
        parts.append(vouched if key.vouched else "nobody vouches for it")
    if key.revoked is not None:
        parts.append(f"REVOKED by record {key.revoked.seq}: {key.revoked.says}")
    return "; ".join(parts)


def _revocation_json(revocation: Revocation) -> dict[str, Any]:
    return {
        "record": revocation.seq,
        "since": revocation.since,
        "by": revocation.by,
        "says": revocation.says,
        "through": revocation.through,
    }


def _key(file: Path | None, owner: str | None) -> SigningKey:
    return load_or_create(file or default_key_path(os.environ), owner or getpass.getuser())


def _request(path: Path) -> tuple[str, dict[str, Any]]:
    try:
        found = canonical.loads(path.read_bytes())
        origin, body = found["origin"], found["key"]
        if not isinstance(origin, str) or not isinstance(body, dict):
            raise TypeError
    except (canonical.CanonicalError, KeyError, TypeError) as error:
        raise click.ClickException(
            f"{path} is no request of a key: its holder makes one with "
            "`safetycase record keys init --request FILE`"
        ) from error
    return origin, body


def _sound(ledger: Path) -> Log:
    log = read(ledger)
    if log.errors:
        raise LedgerDamaged(str(log.errors[0]))
    return log


def _origin(folder: Path) -> str:
    log = _sound(folder / "ledger")
    if not log.records:
        raise click.ClickException(
            f"{folder} has no record yet, so that nobody can ask to be introduced to it: its "
            "author starts it with `safetycase record keys init` or `safetycase run`"
        )
    return origin_of(log.records[0])


def _instant(option: str, text: str | None) -> str | None:
    return None if text is None else _at(instant(text, option))


def _at(now: datetime) -> str:
    return stamp(now)
