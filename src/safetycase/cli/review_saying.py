"""What the verbs of `review` share: whose key signs, what would change, asking, signing."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import click

from safetycase.assess.records import Assessment
from safetycase.cli.common import Exit, ask_to_sign, echo_json, printable
from safetycase.cli.would import changes_json, show_changes
from safetycase.ledger.record import stamp
from safetycase.ledger.trust import SIGNS
from safetycase.review.entries import Entry, ReviewRefused, with_entry
from safetycase.review.would import would_change
from safetycase.workspace.folder import Workspace
from safetycase.workspace.signing import CannotSign, Signer, may_sign, sign, signer_of

__all__ = ["by_option", "made", "record_it", "signer", "yes_option"]

yes_option = click.option("--yes", is_flag=True, help="Do not ask before it is signed.")
by_option = click.option("--by", metavar="NAME", help="Who says so (default: the key's owner).")

_NEW_KEY = (
    "`safetycase record keys init --role reviewer` makes a key for this record, an author lets it "
    "in with `record keys add`, and SAFETYCASE_KEY names its file"
)


def signer(space: Workspace, kind: str) -> Signer:
    """Whose key signs a record of this kind; says why it may not."""
    try:
        found = signer_of(space)
    except CannotSign as error:
        raise click.ClickException(printable(str(error))) from None
    roles, known = SIGNS[kind], found.known
    if not set(roles) & set(known.roles):
        article = "an" if kind[0] in "aeiou" else "a"
        raise click.ClickException(
            f"the key {printable(known.short)} is for {', '.join(known.roles)}, and {article} "
            f"{kind} is signed with one for {' or '.join(roles)}: {_NEW_KEY}"
        )
    return found


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
    who: Signer,
    *,
    as_json: bool,
    yes: bool,
    tell: Callable[[Assessment], list[str]],
    may: str = "",
) -> int:
    """Say what an entry would change, ask, and sign it.

    `tell` gives lines on the case after it; `may` says who may sign it, for whoever may not.
    """
    try:
        may_sign(space, entry.kind, entry.body, who, datetime.now(UTC))
    except CannotSign as error:
        hint = f" ({may})" if may else ""
        raise click.ClickException(printable(f"{error}{hint}")) from None
    history = with_entry(
        space.history,
        entry,
        seq=len(space.log.records) + 1,
        at=stamp(space.now),
        keyid=who.key.keyid,
    )
    after = dataclasses.replace(space, history=history).assess()
    changes = would_change(before, after)
    lines = tell(after)
    if not as_json:
        for line in lines:
            click.echo(printable(line))
        show_changes(changes)
    ask_to_sign(as_json=as_json, yes=yes)
    head = space.log.records[-1].digest if space.log.records else ""
    try:
        number = sign(space.folder, entry.kind, entry.body, who, datetime.now(UTC), after=head)
    except CannotSign as error:
        raise click.ClickException(printable(str(error))) from None
    if as_json:
        told: dict[str, Any] = {
            "record": number,
            "kind": entry.kind,
            "body": dict(entry.body),
            "changes": changes_json(changes),
            "says": lines,
        }
        echo_json(told)
    else:
        click.echo(f"Recorded as {entry.kind} {number}.")
    return Exit.HOLDS
