"""`record artefacts`: where the files of a record are kept, and how to share or take out one."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from safetycase.cli.common import (
    Exit,
    as_json_option,
    case_argument,
    echo_json,
    printable,
    stderr,
)
from safetycase.ledger.record import stamp
from safetycase.workspace.paths import find_case

if TYPE_CHECKING:
    from safetycase.ledger import Log, Record
    from safetycase.ledger.stores import CachedStore

__all__ = ["artefacts"]


@click.group()
def artefacts() -> None:
    """Share the artefacts of a record, fetch them, or take one out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What the record names, what is here, and what is shared; all are SHA-256."""

    named: frozenset[str]
    here: frozenset[str]
    shared: frozenset[str]
    redacted: frozenset[str]


@artefacts.command()
@case_argument
@as_json_option
def status(case: Path, as_json: bool) -> int:
    """Say where the artefacts of CASE are and which are missing. Exit 3 if any is nowhere.

    Nothing is re-hashed: `verify` does that.
    """
    ledger = find_case(case) / "ledger"
    address, asked = _ask(ledger)
    nowhere = asked.named - asked.here - asked.shared - asked.redacted
    unshared = (asked.named & asked.here) - asked.shared if address else frozenset()
    if as_json:
        echo_json(
            {
                "shared_at": address,
                "named": len(asked.named),
                "here": len(asked.named & asked.here),
                "shared": len(asked.named & asked.shared),
                "redacted": sorted(asked.named & asked.redacted),
                "not_shared": sorted(unshared),
                "missing": sorted(nowhere),
            }
        )
    else:
        click.echo(f"shared at {address}" if address else "kept in the folder of the case only")
        line = f"{len(asked.named)} named by the record, {len(asked.named & asked.here)} here"
        click.echo(line + (f", {len(asked.named & asked.shared)} shared" if address else ""))
        if asked.redacted:
            click.echo(f"{len(asked.named & asked.redacted)} redacted")
        if unshared:
            click.echo(f"{len(unshared)} not shared yet: `safetycase record artefacts push`")
        for digest in sorted(nowhere):
            click.secho(f"missing: {digest}", fg="red")
    return Exit.RECORD if nowhere else Exit.HOLDS


@artefacts.command()
@case_argument
def push(case: Path) -> int:
    """Put what the record of CASE names and only this folder has into the shared store."""
    ledger = find_case(case) / "ledger"
    store, (_, asked) = _sharing(ledger), _ask(ledger)
    todo = sorted((asked.named & asked.here) - asked.shared)
    for digest in _progress(todo, "pushed"):
        store.share(digest)
    click.echo(f"{len(todo)} pushed")
    return Exit.HOLDS


@artefacts.command()
@case_argument
def pull(case: Path) -> int:
    """Fetch what the record of CASE names and only the shared store has; heal what is damaged."""
    ledger = find_case(case) / "ledger"
    store, (_, asked) = _sharing(ledger), _ask(ledger)
    from safetycase.ledger.errors import ObjectDamaged, ObjectMissing, ObjectRedacted

    fetched, bad = 0, []
    for digest in _progress(sorted(asked.named - asked.redacted), "looked at"):
        if digest in asked.here and _sound(store, digest):
            continue
        try:
            store.fetch(digest)
        except ObjectRedacted:
            continue
        except (ObjectMissing, ObjectDamaged) as error:
            bad.append(str(error))
        else:
            fetched += 1
    for says in bad:
        click.secho(printable(says), fg="red", err=True)
    click.echo(f"{fetched} fetched" + (f", {len(bad)} not to be had" if bad else ""))
    return Exit.RECORD if bad else Exit.HOLDS


@artefacts.command(name="set")
@click.argument("url")
@case_argument
def set_(url: str, case: Path) -> int:
    """Share the artefacts of CASE at URL: s3://BUCKET/PREFIX or file:///FOLDER.

    A server that speaks S3 elsewhere than at AWS: s3://BUCKET/PREFIX?endpoint=https://HOST. The
    word `folder` ends the sharing. Keys come from the environment and are never stored.
    """
    from safetycase.ledger.settings import read_settings, write_settings
    from safetycase.ledger.stores import plain_address

    ledger = find_case(case) / "ledger"
    address = None if url == "folder" else plain_address(url)
    write_settings(ledger, replace(read_settings(ledger), artefacts=address))
    if address is None:
        click.echo("artefacts are kept in the folder of the case only")
    else:
        click.echo(f"artefacts are shared at {address}; what is here: `record artefacts push`")
    return Exit.HOLDS


@artefacts.command()
@click.argument("digest")
@case_argument
@click.option("--reason", help="Why it is taken out; it enters the record for good.")
def redact(digest: str, case: Path, reason: str | None) -> int:
    """Take the bytes of the artefact DIGEST (SHA-256) out of CASE, and say so in the record.

    The record keeps the digest and gains a signed note; a tombstone takes the place of the bytes,
    here and in the shared store. Copies elsewhere, and versions that a bucket keeps, stay with you.
    """
    from safetycase.ledger import open_store, read
    from safetycase.ledger.artefacts import named, redactions

    ledger = find_case(case) / "ledger"
    log = read(ledger)
    if digest not in {each.digest for each in named(log.records)}:
        raise click.ClickException(
            f"the record names no artefact {printable(digest)}: give all 64 characters"
        )
    note = redactions(log.records).get(digest)
    if note is None:
        note = _note(ledger, digest, reason)
    store = open_store(ledger)
    store.redact(digest, note.body["reason"])
    click.echo(f"redacted {digest}, record {note.seq}: {printable(note.body['reason'])}")
    return Exit.HOLDS


def _note(ledger: Path, digest: str, reason: str | None) -> Record:
    """Say in the record, before the bytes go, that they will."""
    from safetycase.ledger import default_key_path, load_or_create, open_writer

    if reason is None or not reason.strip():
        raise click.ClickException("say why it is taken out: --reason TEXT")
    key = load_or_create(default_key_path(os.environ), getpass.getuser())
    now = stamp(datetime.now(UTC))
    with open_writer(ledger, key) as writer:
        return writer.append(
            "note",
            {"note": "redaction", "sha256": digest, "reason": reason},
            at=now,
            subjects=(("redacted", digest),),
        )


def _ask(ledger: Path) -> tuple[str | None, _Asked]:
    """The address of the shared store, and which artefact is where."""
    from safetycase.ledger import ObjectStore, read
    from safetycase.ledger.artefacts import named, redactions
    from safetycase.ledger.settings import read_settings
    from safetycase.ledger.stores import shared_store

    log: Log = read(ledger)
    address = read_settings(ledger).artefacts
    return address, _Asked(
        named=frozenset(each.digest for each in named(log.records)),
        here=ObjectStore(ledger).digests(),
        shared=shared_store(address).digests() if address else frozenset(),
        redacted=frozenset(redactions(log.records)),
    )


def _sharing(ledger: Path) -> CachedStore:
    from safetycase.ledger import open_store
    from safetycase.ledger.stores import CachedStore

    store = open_store(ledger)
    if not isinstance(store, CachedStore):
        raise click.ClickException(
            "the artefacts of this case are shared nowhere: `safetycase record artefacts set URL`"
        )
    return store


def _sound(store: CachedStore, digest: str) -> bool:
    from safetycase.ledger.errors import ObjectDamaged, ObjectMissing, ObjectRedacted

    try:
        store.local.check(digest)
    except (ObjectMissing, ObjectDamaged) as error:
        return isinstance(error, ObjectRedacted)
    return True


def _progress(digests: Iterable[str], done: str) -> Iterator[str]:
    """The digests one by one, with a line on stderr now and then."""
    wanted = list(digests)
    for number, digest in enumerate(wanted, start=1):
        yield digest
        if number % 50 == 0 and number < len(wanted):
            stderr(f"{number} of {len(wanted)} {done}")
