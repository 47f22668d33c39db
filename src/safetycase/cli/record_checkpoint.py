"""`record checkpoint` and `record countersign`: what others can hold the record against."""

from __future__ import annotations

import getpass
import os
from datetime import datetime
from pathlib import Path

import click

from safetycase.cli.common import (
    Exit,
    as_json_option,
    case_argument,
    echo_json,
    now_option,
    printable,
)
from safetycase.cli.writing import own
from safetycase.ledger import (
    Held,
    Kept,
    LedgerDamaged,
    Log,
    Seen,
    SigningKey,
    default_key_path,
    default_seen_folder,
    fold,
    load_or_create,
    read,
)
from safetycase.ledger.checkpoints import (
    PIN_NAME,
    checkpoint_path,
    cosigner_name,
    hold,
    merged,
    roots,
    save,
)
from safetycase.ledger.note import Checkpoint, NoteError, open_note
from safetycase.ledger.trust import origin_of
from safetycase.workspace.paths import find_case

__all__ = ["checkpoint", "countersign"]


@click.command()
@case_argument
@as_json_option
@click.option("--pin", is_flag=True, help=f"Put the newest one into {PIN_NAME} of the case.")
@click.option(
    "--add",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Take in a checkpoint that somebody countersigned, once it is checked.",
)
@click.option("--forget", is_flag=True, help="Forget what this user has seen of the record.")
def checkpoint(case: Path, as_json: bool, pin: bool, add: Path | None, forget: bool) -> int:
    """Show the newest checkpoint of the record of CASE, and who signed it.

    A checkpoint is the number of records and one hash over all of them. Whoever keeps one sees
    later whether the record was cut, put back or written anew: pin it and put the file under
    version control, or have somebody countersign it. A run leaves one behind; this command makes
    one if the last run could not.
    """
    folder = find_case(case)
    ledger = folder / "ledger"
    if forget:
        return _forget(ledger)
    log = _sound(ledger)
    for problem in Seen(folder=default_seen_folder(os.environ)).problems(log):
        raise LedgerDamaged(str(problem))
    if add is not None:
        _add(ledger, log, add)
        log = _sound(ledger)
    held = _newest(ledger, log)
    if pin:
        save(folder / PIN_NAME, held.checkpoint)
        click.echo(f"pinned in {folder / PIN_NAME}: put it under version control", err=as_json)
    if as_json:
        echo_json(
            {
                "origin": held.checkpoint.origin,
                "size": held.size,
                "root": held.checkpoint.root.hex(),
                "signers": [
                    {"keyid": s.key.keyid, "owner": s.key.owner, "kind": s.kind, "time": s.time}
                    for s in held.signers
                ],
                "text": held.checkpoint.text().decode(),
            }
        )
        return Exit.HOLDS
    click.echo(held.checkpoint.text().decode(), nl=False)
    for signer in held.signers:
        when = f" at {signer.time}" if signer.time else ""
        what = "countersigned" if signer.kind == "cosigner" else "signed"
        click.echo(f"{what} by {printable(signer.key.short)}{when}")
    return Exit.HOLDS


@click.command()
@case_argument
@now_option
@click.option(
    "--key",
    "file",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="FILE",
    help="The key to sign with (default: that of this user).",
)
@click.option(
    "--checkpoint",
    "given",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Sign this checkpoint, sent to you without the record.",
)
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Where to write the signed checkpoint (default: the file it came from).",
)
def countersign(
    case: Path, now: datetime, file: Path | None, given: Path | None, out: Path | None
) -> int:
    """Sign, as somebody else than its author, that you have seen the record of CASE as it is now.

    Done before a run, it shows that the criterion was there first. CASE is your own copy, which
    is verified; send the signed checkpoint back, and the author takes it in with `record
    checkpoint --add FILE`. The author has to introduce your key first (`record keys`).
    """
    key = _existing(file)
    if now.timestamp() < 1:
        raise click.ClickException("a countersignature needs a time after 1970")
    if out is not None:
        own(out, b"safetycase/", "a checkpoint")
    seen = Seen(folder=default_seen_folder(os.environ))
    if given is not None:
        note, target = _read_note(given), out or given
        _not_less_than_seen(seen, note)
        click.echo("note: you sign the checkpoint alone; the record was not looked at", err=True)
    else:
        note, target = _verified(find_case(case) / "ledger", seen, key, out)
    name = cosigner_name(key.keyid)
    if any(line.name == name for line in note.signatures):
        click.echo(f"the checkpoint over {note.size} records has your countersignature already")
        return Exit.HOLDS
    signed = note.cosigned(name, key.public_key, key.sign, int(now.timestamp()))
    save(target.absolute(), signed)
    click.echo(f"countersigned: {note.size} records of {note.origin}, with the key {key.keyid}")
    click.echo(f"{target}: `safetycase record checkpoint --add FILE` takes it into the record")
    return Exit.HOLDS


def _forget(ledger: Path) -> int:
    """Work on a record that was refused, too: only its first line is needed."""
    records = read(ledger).records
    seen = Seen(folder=default_seen_folder(os.environ))
    if records and seen.forget(origin_of(records[0])):
        click.echo("what this user had seen of the record is forgotten: it counts as it is now")
    else:
        click.echo("this user had seen nothing of the record")
    return Exit.HOLDS


def _sound(ledger: Path) -> Log:
    log = read(ledger, thorough=True)
    if log.errors:
        raise LedgerDamaged(str(log.errors[0]))
    if not log.records:
        raise click.ClickException(f"{ledger.parent} has no record yet: `safetycase run` starts it")
    return log


def _newest(ledger: Path, log: Log) -> Held:
    """The checkpoint over all records, made and kept if there is none."""
    size = len(log.records)
    found = [held for held in log.checkpoints if held.size == size]
    if found:
        return found[0]
    key = load_or_create(default_key_path(os.environ), getpass.getuser())
    known = {each.keyid: each for each in fold(log).keys}
    if key.keyid not in known or "log" not in known[key.keyid].roles:
        raise click.ClickException(
            f"the record has no checkpoint of its {size} records, and your key {key.keyid[:16]}… "
            "may not sign one: somebody whose key has the role `log` runs this command, or "
            "`safetycase record keys init` lets your key into the record"
        )
    note = Checkpoint(
        origin=origin_of(log.records[0]), size=size, root=roots(log.records, {size})[size]
    )
    signed = note.signed(note.origin, key.public_key, key.sign)
    (held,) = _held(log, signed, "over the whole record")
    save(checkpoint_path(ledger, size), signed)
    return held


def _held(log: Log, note: Checkpoint, name: str) -> tuple[Held, ...]:
    held, problems = hold(log, [Kept(name=name, data=note.text())], thorough=True)
    wrong = [problem for problem in problems if problem.severity == "error"]
    if wrong:
        raise click.ClickException(printable(str(wrong[0])))
    return held


def _add(ledger: Path, log: Log, path: Path) -> None:
    """Take in the signatures of a checkpoint that came back, if all of them verify."""
    note = _read_note(path)
    _held(log, note, f"in {path.name}")
    place = checkpoint_path(ledger, note.size)
    there = open_note(place.read_bytes()) if place.exists() else None
    both = note if there is None else merged(there, note)
    save(place, both)
    new = len(both.signatures) - (0 if there is None else len(there.signatures))
    click.echo(f"taken in: {new} new signature(s) of the first {note.size} records", err=True)


def _read_note(path: Path) -> Checkpoint:
    try:
        return open_note(path.read_bytes())
    except NoteError as error:
        raise click.ClickException(f"{path} is no checkpoint: {error}") from error


def _existing(file: Path | None) -> SigningKey:
    path = file or default_key_path(os.environ)
    if not path.exists():
        raise click.ClickException(
            f"there is no key {path}: `safetycase record keys init --request FILE` makes one and "
            "asks the author of the record to introduce it"
        )
    return load_or_create(path, getpass.getuser())


def _not_less_than_seen(seen: Seen, note: Checkpoint) -> None:
    last = seen.last(note.origin)
    if last is None:
        return
    if note.size < last.size or (note.size == last.size and note.root != last.root):
        raise LedgerDamaged(
            f"you have seen {last.size} records of {note.origin}, and this checkpoint over "
            f"{note.size} does not go on from there: ask for the whole record"
        )


def _verified(
    ledger: Path, seen: Seen, key: SigningKey, out: Path | None
) -> tuple[Checkpoint, Path]:
    """The newest checkpoint of a record that verifies and that somebody else wrote."""
    from safetycase.ledger import verify

    found = verify(ledger, seen=seen)
    wrong = [problem for problem in found.problems if problem.severity == "error"]
    if wrong:
        raise LedgerDamaged(str(wrong[0]))
    newest = [held for held in found.checkpoints if held.size == found.records]
    if not newest:
        raise click.ClickException(
            "the record has no checkpoint over all of its records: its author makes one with "
            "`safetycase record checkpoint`"
        )
    known = _somebody_else(ledger, key)
    if not known and out is None:
        raise click.ClickException(
            "the record does not introduce your key yet, and takes your countersignature only "
            "then: ask its author with `safetycase record keys init --request FILE`, or write the "
            "signed checkpoint elsewhere with `--out FILE`"
        )
    return newest[0].checkpoint, out or checkpoint_path(ledger, found.records)


def _somebody_else(ledger: Path, key: SigningKey) -> bool:
    """Whether the record introduces the key; refuses one that signed what is in the record."""
    log = read(ledger)
    aside = ("key", "waiver", "resolution", "event", "note")  # what a second pair of eyes signs
    wrote = {record.keyid for record in log.records if record.kind not in aside}
    if key.keyid in wrote:
        raise click.ClickException(
            f"the key {key.keyid[:16]}… signed this record itself: somebody else has to "
            "countersign it"
        )
    return any(each.keyid == key.keyid for each in fold(log).keys)
