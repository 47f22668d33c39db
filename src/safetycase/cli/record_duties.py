"""`record duties` and `record done`: clocks that recorded events start, and what ends them."""

from __future__ import annotations

import getpass
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from safetycase.argument.findings import did_you_mean
from safetycase.cli.common import (
    Exit,
    ask_to_sign,
    case_options,
    echo_json,
    instant,
    printable,
)
from safetycase.ledger.duties import NOTE, STEPS
from safetycase.workspace.paths import find_case

if TYPE_CHECKING:
    from safetycase.ledger.fold import EventRecord

__all__ = ["done", "duties", "show_duties"]


@click.command()
@case_options
def duties(case: Path, now: datetime, as_json: bool) -> int:
    """List what has to be reported, to whom and until when, by what was recorded.

    Clocks of the EU Code of Practice for general-purpose AI and of California SB 53. Exit 2 if one
    has run out.
    """
    return show_duties(find_case(case), now, as_json=as_json)


def show_duties(folder: Path, now: datetime, *, as_json: bool) -> int:
    """Print the deadlines of the record in a case folder; the exit code of `record duties`."""
    from safetycase.assess.duties import duties as computed
    from safetycase.assess.duties import unheard
    from safetycase.cli.show import width
    from safetycase.ledger import fold, read
    from safetycase.report.duties_text import CAVEAT, deadline_json, duty_lines

    log = read(folder / "ledger")
    history = fold(log)
    found, idle = computed(history, now), unheard(history)
    if as_json:
        echo_json(
            {
                "at": now.isoformat(),
                "deadlines": [deadline_json(each) for each in found],
                "unheard": [
                    {"record": each.step.seq, "step": each.step.step, "because": each.because}
                    for each in idle
                ],
                "overdue": sum(each.state == "overdue" for each in found),
                "says": CAVEAT,
            }
        )
    else:
        for line in duty_lines(found, now, width(), idle):
            click.echo(printable(line))
    if log.problems:
        click.secho("record: it does not verify; see `safetycase verify`", fg="red", err=True)
        return Exit.RECORD
    return Exit.FINDINGS if any(each.state == "overdue" for each in found) else Exit.HOLDS


@click.command(epilog="STEP is one of " + "; ".join(f"{w}: {says}" for w, says in STEPS.items()))
@click.argument("step")
@case_options
@click.option(
    "--about", type=click.IntRange(min=1), metavar="RECORD", help="The event it is about."
)
@click.option("--on", metavar="TIME", help="When it was done (UTC; default: now).")
@click.option("--says", default="", metavar="TEXT", help="What was done, in a sentence.")
@click.option("--yes", is_flag=True, help="Do not ask before it is signed.")
def done(
    step: str,
    case: Path,
    now: datetime,
    as_json: bool,
    about: int | None,
    on: str | None,
    says: str,
    yes: bool,
) -> int:
    """Record that STEP was taken, so that its clock stops; `record duties` lists the clocks.

    With the key of an author or a reviewer: the first of the record, or one that an author let in.
    """
    from safetycase.assess.duties import may_say_done
    from safetycase.ledger import default_key_path, fold, load_or_create, open_writer, read
    from safetycase.ledger.record import stamp

    if step not in STEPS:
        hint = did_you_mean(step, STEPS)
        raise click.UsageError(
            f"`{printable(step)}` is no step" + (f"; {hint}" if hint else f": {', '.join(STEPS)}")
        )
    folder = find_case(case)
    at = now if on is None else instant(on, "--on")
    if at > now:
        raise click.BadParameter("what is still ahead is not done", param_hint="--on")
    history = fold(read(folder / "ledger"))
    events = {event.seq: event for event in history.events}
    if about is not None and about not in events:
        listed = ", ".join(f"{seq} ({e.event})" for seq, e in events.items()) or "none"
        raise click.BadParameter(
            f"record {about} is no event of this record; its events: {listed}", param_hint="--about"
        )
    if about is not None:
        _not_before(events[about], at)
    key = load_or_create(default_key_path(os.environ), getpass.getuser())
    because = may_say_done(history.keys, key.keyid) if history.keys else ""
    if because:
        raise click.ClickException(
            printable(f"it would end no clock: {because}; an author lets a key in with `record "
                      "keys add`, and SAFETYCASE_KEY names its file")
        )  # fmt: skip
    if about is not None and not as_json:
        click.echo(printable(f"{step}, about record {about}: {events[about].says}"))
    ask_to_sign(as_json=as_json, yes=yes)
    body = {"note": NOTE, "step": step, "on": stamp(at), "about": about, "says": says}
    with open_writer(folder / "ledger", key) as writer:
        record = writer.append("note", body, at=stamp(datetime.now(UTC)))
    if as_json:
        echo_json({"record": record.seq, "body": body})
    else:
        click.echo(f"Recorded as note {record.seq}.")
    return Exit.HOLDS


def _not_before(event: EventRecord, at: datetime) -> None:
    """Refuse a step from before its event was known."""
    known = event.body.get("known_at")
    if isinstance(known, str) and instant(known) > at:
        raise click.BadParameter(
            f"what record {event.seq} tells of was known only at {known}", param_hint="--on"
        )
