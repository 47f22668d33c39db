"""`record resolve`: what a reviewer says of an alarm of a live monitor, signed."""

from __future__ import annotations

import dataclasses
import getpass
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import click

from safetycase.assess.records import Assessment
from safetycase.cli.common import Exit, ask_to_sign, case_options, echo_json, printable
from safetycase.cli.show import opened, print_problems
from safetycase.cli.would import changes_json, show_changes
from safetycase.ledger import SigningKey, default_key_path, load_or_create, open_writer
from safetycase.ledger.fold import ResolutionRecord, SignalRecord
from safetycase.ledger.record import stamp
from safetycase.ledger.vocabulary import RESOLUTIONS
from safetycase.review.would import would_change
from safetycase.workspace.folder import Workspace

__all__ = ["resolve"]

_NEW_KEY = (
    "`safetycase record keys init --role reviewer` makes a key for this record, an author lets it "
    "in with `record keys add`, and SAFETYCASE_KEY names its file"
)


@click.command(
    epilog="OUTCOME is one of " + "; ".join(f"{word}: {says}" for word, says in RESOLUTIONS.items())
)
@click.argument("signal", type=click.IntRange(min=1))
@case_options
@click.option(
    "--as", "outcome", type=click.Choice(tuple(RESOLUTIONS)), required=True, help="What it was."
)
@click.option("--reason", required=True, metavar="TEXT", help="Why, in a sentence.")
@click.option("--by", metavar="NAME", help="Who says so (default: the owner of the key).")
@click.option("--yes", is_flag=True, help="Do not ask before it is signed.")
def resolve(
    signal: int,
    case: Path,
    now: datetime,
    as_json: bool,
    outcome: str,
    reason: str,
    by: str | None,
    yes: bool,
) -> int:
    """Record what the alarm in record SIGNAL was; nothing else ends an alarm.

    For a reviewer who is no author of the case, with a key that neither signed the alarm nor
    belongs to who did. A later resolution replaces an earlier one, and all of them stay in the
    record.
    """
    space, before = opened(case, now)
    print_problems(space)
    alarm = _alarm(space, signal)
    _not_again(space, alarm, outcome)
    key, owner = _reviewer(space, alarm)
    who = _said(by, "--by") if by is not None else owner
    body = {
        "signal": signal,
        "outcome": outcome,
        "by": who,
        "reason": _said(reason, "--reason"),
    }
    record = ResolutionRecord(
        seq=len(space.log.records) + 1,
        at=stamp(now),
        signal=signal,
        outcome=outcome,
        by=who,
        reason=reason,
        keyid=key.keyid,
    )
    history = dataclasses.replace(space.history, resolutions=(*space.history.resolutions, record))
    after = dataclasses.replace(space, history=history).assess()
    changes = would_change(before, after)
    if not as_json:
        _show(alarm, changes, after)
    ask_to_sign(as_json=as_json, yes=yes)
    with open_writer(space.folder / "ledger", key) as writer:
        written = writer.append("resolution", body, at=stamp(datetime.now(UTC)))
    if as_json:
        echo_json(
            {
                "record": written.seq,
                "kind": "resolution",
                "body": body,
                "monitor": alarm.monitor,
                "changes": changes_json(changes),
                "standing": _standing(after, alarm),
            }
        )
    else:
        click.echo(f"Recorded as resolution {written.seq}.")
    return Exit.HOLDS


def _alarm(space: Workspace, number: int) -> SignalRecord:
    """The alarm in a record; says what is there instead."""
    found = next((s for s in space.history.signals if s.seq == number), None)
    if found is not None and found.state == "alarm":
        return found
    way = "`safetycase record log --kind signal` lists what monitors reported"
    records = space.log.records
    if number > len(records):
        raise click.ClickException(
            f"there is no record {number}: the last one is {len(records)}; {way}"
        )
    if found is not None:
        raise click.ClickException(
            f"record {number} is no alarm: it says that {printable(found.monitor)} was "
            f"{found.state}, and only an alarm is resolved; {way}"
        )
    kind = records[number - 1].kind
    if kind == "signal":
        raise click.ClickException(
            f"record {number} counts for nothing, so there is nothing to resolve: "
            "`safetycase verify` says why"
        )
    raise click.ClickException(f"record {number} is no alarm but of the kind `{kind}`; {way}")


def _not_again(space: Workspace, alarm: SignalRecord, outcome: str) -> None:
    said = [r for r in space.history.resolutions if r.signal == alarm.seq]
    if said and said[-1].outcome == outcome:
        last = said[-1]
        raise click.ClickException(
            f"the alarm in record {alarm.seq} was resolved so already: record {last.seq} of "
            f"{last.at[:10]}, {last.outcome} by {printable(last.by)} ({printable(last.reason)})"
        )


def _reviewer(space: Workspace, alarm: SignalRecord) -> tuple[SigningKey, str]:
    """The key that signs, and its owner; says why it may not."""
    path = default_key_path(os.environ)
    if not path.exists():
        raise click.ClickException(
            f"there is no key {printable(str(path))}, and an alarm is resolved with that of a "
            f"reviewer: {_NEW_KEY}"
        )
    key = load_or_create(path, getpass.getuser())
    keys = {each.keyid: each for each in space.history.keys}
    known, raised = keys.get(key.keyid), keys.get(alarm.keyid)
    if known is None:
        raise click.ClickException(
            f"this record does not know the key {key.keyid[:16]}…, and an alarm is resolved with "
            f"that of a reviewer: {_NEW_KEY}"
        )
    if key.keyid == alarm.keyid or (raised and raised.owner and raised.owner == known.owner):
        whose = "this key" if key.keyid == alarm.keyid else f"a key of {printable(known.owner)}"
        raise click.ClickException(
            f"{whose} signed the alarm in record {alarm.seq}; somebody else has to resolve it, "
            "with the key of a reviewer: set SAFETYCASE_KEY to its file"
        )
    if "reviewer" not in known.roles:
        raise click.ClickException(
            f"the key {printable(known.short)} is for {', '.join(known.roles)} and not a "
            f"reviewer's: {_NEW_KEY}"
        )
    if known.revoked is not None:
        raise click.ClickException(
            f"record {known.revoked.seq} revoked the key {printable(known.short)}"
        )
    if not known.valid_at(stamp(datetime.now(UTC))):
        raise click.ClickException(
            f"the key {printable(known.short)} is valid from {known.not_before or 'ever'} to "
            f"{known.not_after or 'ever'}"
        )
    return key, known.owner or getpass.getuser()


def _said(text: str, option: str) -> str:
    if not text.strip():
        raise click.UsageError(f"{option} says nothing")
    return text


def _standing(after: Assessment, alarm: SignalRecord) -> list[int]:
    """The records of the alarms of the same monitor that would still stand."""
    watched = after.monitors.get(alarm.monitor)
    return [each.report.record for each in watched.open] if watched else []


def _show(alarm: SignalRecord, changes: Mapping[str, tuple[str, str]], after: Assessment) -> None:
    """Say which alarm it is, what would change, and what would go on standing."""
    click.echo(
        f"{printable(alarm.monitor)}, {alarm.since} to {alarm.until}: {printable(alarm.says)}"
    )
    show_changes(changes)
    standing = _standing(after, alarm)
    if standing:
        records = ", ".join(map(str, standing))
        click.echo(f"Of {printable(alarm.monitor)} this stands: record {records}.")
    watched = after.monitors.get(alarm.monitor)
    said = [r for each in watched.alarms if each.report.record == alarm.seq
            for r in each.resolutions] if watched else []  # fmt: skip
    if said and not said[-1].counts:
        click.echo(f"It will not count: {printable(said[-1].because)}.")
    if watched is not None and watched.blocks:
        click.echo(f"{printable(watched.id)} is {watched.state}: {printable(watched.because)}")
