"""What the verbs of `review` share: whose key signs, what would change, asking, signing."""

from __future__ import annotations

import dataclasses
import getpass
import os
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import click

from safetycase.assess.records import Assessment
from safetycase.cli.common import Exit, ask_to_sign, echo_json, printable
from safetycase.cli.would import changes_json, show_changes, would_change
from safetycase.ledger import SigningKey, default_key_path, load_or_create, open_writer
from safetycase.ledger.record import stamp
from safetycase.ledger.trust import SIGNS
from safetycase.review.entries import Entry, ReviewRefused, with_entry
from safetycase.workspace.folder import Workspace

__all__ = ["by_option", "made", "record_it", "signer", "yes_option"]

yes_option = click.option("--yes", is_flag=True, help="Do not ask before it is signed.")
by_option = click.option("--by", metavar="NAME", help="Who says so (default: the key's owner).")

_NEW_KEY = (
    "`safetycase record keys init --role reviewer` makes a key for this record, an author lets it "
    "in with `record keys add`, and SAFETYCASE_KEY names its file"
)


def signer(space: Workspace, kind: str) -> tuple[SigningKey, str]:
    """The key that signs a record of this kind, and its owner; says why it may not."""
    roles, path = SIGNS[kind], default_key_path(os.environ)
    article = "an" if kind[0] in "aeiou" else "a"
    if not path.exists():
        raise click.ClickException(
            f"there is no key {printable(str(path))}, and {article} {kind} is signed with one that "
            f"the record knows: {_NEW_KEY}"
        )
    key = load_or_create(path, getpass.getuser())
    known = next((k for k in space.history.keys if k.keyid == key.keyid), None)
    if known is None:
        # A key that lets itself in is an author's, and its owner could never sign off the case.
        raise click.ClickException(
            f"this record does not know the key {key.keyid[:16]}…, and {article} {kind} is signed "
            f"with one that it knows: {_NEW_KEY}"
        )
    if not set(roles) & set(known.roles):
        raise click.ClickException(
            f"the key {printable(known.short)} is for {', '.join(known.roles)}, and {article} "
            f"{kind} is signed with one for {' or '.join(roles)}: {_NEW_KEY}"
        )
    if known.revoked is not None:
        raise click.ClickException(
            f"record {known.revoked.seq} revoked the key {printable(known.short)}; sign with "
            "another: SAFETYCASE_KEY names its file"
        )
    if not known.valid_at(stamp(datetime.now(UTC))):
        raise click.ClickException(
            f"the key {printable(known.short)} is valid from {known.not_before or 'ever'} to "
            f"{known.not_after or 'ever'}"
        )
    return key, known.owner or getpass.getuser()


def made(make: Callable[[], Entry]) -> Entry:
    """The entry that `make` gives; what it refuses is said in a sentence."""
    try:
        return make()
    except ReviewRefused as error:
        raise click.ClickException(printable(str(error))) from None


def record_it(
    space: Workspace,
    before: Assessment,
    entry: Entry,
    key: SigningKey,
    *,
    as_json: bool,
    yes: bool,
    tell: Callable[[Assessment], list[str]] = lambda _after: [],
) -> int:
    """Say what an entry would change, ask, and sign it; `tell` adds lines on the case after it."""
    history = with_entry(
        space.history,
        entry,
        seq=len(space.log.records) + 1,
        at=stamp(space.now),
        keyid=key.keyid,
    )
    after = dataclasses.replace(space, history=history).assess()
    changes = would_change(before, after)
    lines = tell(after)
    if not as_json:
        for line in lines:
            click.echo(printable(line))
        show_changes(changes)
    ask_to_sign(as_json=as_json, yes=yes)
    with open_writer(space.folder / "ledger", key) as writer:
        written = writer.append(entry.kind, entry.body, at=stamp(datetime.now(UTC)))
    if as_json:
        told: dict[str, Any] = {
            "record": written.seq,
            "kind": entry.kind,
            "body": dict(entry.body),
            "changes": changes_json(changes),
            "says": lines,
        }
        echo_json(told)
    else:
        click.echo(f"Recorded as {entry.kind} {written.seq}.")
    return Exit.HOLDS
