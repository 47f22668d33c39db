"""`record duties` and `record done`: clocks that recorded events start, and what ends them."""

from __future__ import annotations

import getpass
import os
from collections.abc import Mapping
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
from safetycase.ledger.duties import NOTE, OF_AN_EVENT, OF_AN_INCIDENT, STEPS
from safetycase.ledger.record import is_instant
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
    _about(step, about, at, events)
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


def _about(
    step: str, about: int | None, at: datetime, events: Mapping[int, EventRecord]
) -> None:  # fmt: skip
    """Refuse a step that would be recorded and end no clock, or the clock of something later."""
    incident = step in OF_AN_INCIDENT
    fit = {n: e for n, e in events.items() if not incident or e.event == "serious-incident"}
    listed = ", ".join(f"{seq} ({e.event})" for seq, e in fit.items()) or "none"
    kind = "serious incident" if incident else "event"
    if about is None and step in OF_AN_EVENT:
        raise click.UsageError(
            f"`{step}` is about one {kind}: say which with --about; those of this record: {listed}"
        )
    if about is not None and about not in fit:
        raise click.BadParameter(
            f"record {about} is no {kind} of this record; those it has: {listed}",
            param_hint="--about",
        )
    known = events[about].body.get("known_at") if about is not None else None
    if is_instant(known) and at < datetime.fromisoformat(str(known)):
        raise click.BadParameter(f"record {about} was known only at {known}", param_hint="--on")
