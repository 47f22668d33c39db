"""`run`: the only verb that executes evidence; it shows progress and keeps what is finished."""

from __future__ import annotations

import contextlib
import gc
import getpass
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from safetycase.assess.records import Assessment
from safetycase.checks.criterion import equal_share
from safetycase.cli.common import (
    Exit,
    as_json_option,
    case_argument,
    echo_json,
    now_option,
    print_findings,
    rebound_option,
    stderr,
    worst,
)
from safetycase.cli.run_choice import Choice, choose, plan_json, plan_lines
from safetycase.cli.run_executor import limits, opened
from safetycase.cli.run_show import Shown
from safetycase.cli.run_stop import Asked, listening
from safetycase.cli.show import (
    current_report,
    print_failures,
    print_problems,
    print_status,
    texts_with,
    write_report,
)
from safetycase.evidence import schedule
from safetycase.evidence.events import AttemptEnded, AttemptStarted, ControlsStarted
from safetycase.evidence.registering import register
from safetycase.evidence.setting import Setting
from safetycase.ledger import Writer, default_key_path, fold, load_or_create, open_writer
from safetycase.plugin.executors import Limits
from safetycase.workspace.folder import Workspace, open_case
from safetycase.workspace.paths import find_case


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """What was asked for on the command line."""

    only: tuple[str, ...]
    exploratory: bool
    executor: str
    address: str | None
    workers: int | None
    options: tuple[str, ...]
    limits: Limits
    retries: int
    register_only: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Done:
    """What came of it."""

    ended: tuple[AttemptEnded, ...] = ()
    registered: tuple[str, ...] = ()
    used_up: tuple[tuple[str, str], ...] = ()
    interrupted: bool = False


@click.command()
@case_argument
@now_option
@as_json_option
@rebound_option
@click.option(
    "--only",
    multiple=True,
    metavar="ID",
    help="Run only this leaf, or the leaves below this claim (repeatable).",
)
@click.option(
    "--exploratory",
    is_flag=True,
    help="Record the runs as exploratory: they never count. Leaves run even when nothing is due.",
)
@click.option(
    "--executor",
    default="subprocess",
    show_default=True,
    metavar="NAME",
    help="Where attempts run.",
)
@click.option("--address", metavar="ADDRESS", help="The cluster to run on, for an executor of one.")
@click.option(
    "--workers", type=click.IntRange(1), metavar="N", help="How many attempts run at a time."
)
@click.option(
    "--executor-option",
    "options",
    multiple=True,
    metavar="NAME=VALUE",
    help="An option of the executor (repeatable).",
)
@click.option(
    "--time-limit",
    type=float,
    default=1800.0,
    show_default=True,
    help="Seconds after which an attempt is stopped.",
)
@click.option(
    "--memory-limit", metavar="SIZE", help="Memory of one attempt, such as 2G. [default: none]"
)
@click.option(
    "--output-limit",
    metavar="SIZE",
    help="Result, log and files of one attempt; `none` for no limit. [default: 1G]",
)
@click.option(
    "--retries",
    type=click.IntRange(0),
    default=1,
    show_default=True,
    help="How often a lost attempt is started again, as an attempt of its own.",
)
@click.option("--dry-run", is_flag=True, help="Say what would run, why and at what cost.")
@click.option(
    "--register-only",
    is_flag=True,
    help="Register what is due and start nothing, so that somebody can countersign first.",
)
def run(
    case: Path,
    now: datetime,
    as_json: bool,
    only: tuple[str, ...],
    exploratory: bool,
    executor: str,
    address: str | None,
    workers: int | None,
    options: tuple[str, ...],
    time_limit: float,
    memory_limit: str | None,
    output_limit: str | None,
    retries: int,
    dry_run: bool,
    register_only: bool,
    rebound: tuple[str, ...],
) -> int:
    """Run the evidence of CASE that is due, record every attempt, and print the verdict tree.

    Exits 0 when every attempt ended in a record, whatever the verdict; `status` carries that.
    Exits 3 when the record is damaged.
    """
    from safetycase.ledger.sync import pull

    wanted = _Wanted(
        only=only,
        exploratory=exploratory,
        executor=executor,
        address=address,
        workers=workers,
        options=options,
        limits=limits(time_limit, memory_limit, output_limit),
        retries=retries,
        register_only=register_only,
    )
    folder = find_case(case)
    pull(folder / "ledger")  # what others of a team recorded may be what is due here
    space = open_case(
        folder, now, trust_cache=False, texts=texts_with(folder, rebound), rebound=rebound
    )
    if space.errors or space.case is None:
        print_findings(space.findings)
        stderr("nothing was run: the case has findings that block")
        return Exit.FINDINGS
    choice = choose(space, only, exploratory=exploratory)
    if dry_run:
        return _show_plan(space, choice, wanted, as_json=as_json)
    done = _Done(used_up=choice.used_up)
    unfinished = any(attempt.outcome is None for attempt in space.history.attempts)
    if choice.jobs or unfinished:
        done = _execute(space, choice, wanted)
    elif space.log.errors:
        _hold(space)
    for name, why in done.used_up:
        stderr(f"{name} is not run again: {why}")
    if done.interrupted:
        return Exit.INTERRUPTED
    same = not choice.jobs and not unfinished and not space.log.errors
    if same and choice.assessment is not None:
        return _show(space, choice.assessment, done, as_json=as_json)
    now = now if not choice.jobs else _clock()
    space = open_case(folder, now, trust_cache=True, texts=space.texts, rebound=space.rebound)
    return _show(space, space.assess(), done, as_json=as_json)


def _show_plan(space: Workspace, choice: Choice, wanted: _Wanted, *, as_json: bool) -> int:
    setting = _setting(space, wanted)
    print_problems(space)
    if as_json:
        echo_json(plan_json(setting, choice, wanted.executor))
    else:
        for line in plan_lines(setting, choice):
            click.echo(line)
    return _code(space)


def _code(space: Workspace) -> int:
    """That of a damaged record, since nothing that is due or not can be told from one."""
    return Exit.RECORD if space.log.errors else Exit.HOLDS


def _show(space: Workspace, assessment: Assessment, done: _Done, *, as_json: bool) -> int:
    """The case as it stands after the run, on the screen and as a page.

    A page that was made of the same state is left as it is.
    """
    path, code = _reported(space, assessment)
    print_problems(space)
    if as_json:
        echo_json(
            {
                "ended": [_ended_json(event) for event in done.ended],
                "registered": list(done.registered),
                "used_up": [{"evidence": name, "because": why} for name, why in done.used_up],
                "verdict": assessment.verdict,
                "report": None if path is None else str(path),
            }
        )
        return code
    if done.registered:
        click.echo(
            f"{len(done.registered)} registered, nothing started. Somebody else can sign now that "
            "it was there first: `safetycase record countersign`; then `safetycase run`\n"
        )
    elif not done.ended and not done.used_up:
        click.echo("Nothing is due: every leaf has its result in the record.\n")
    print_status(assessment)
    print_failures(space)
    if path is not None:
        click.echo(f"\nReport: {path}")
    return code


def _reported(space: Workspace, assessment: Assessment) -> tuple[Path | None, int]:
    """The page of this state and the exit code: that no page can be written ends no run."""
    try:
        path = current_report(space, assessment) or write_report(space, assessment, None)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        stderr(f"safetycase: {where}{error.strerror or error}")
        stderr("    → the record has what was run; `safetycase report --out FILE` writes elsewhere")
        return None, worst([_code(space), Exit.FINDINGS])
    return path, _code(space)


def _ended_json(event: AttemptEnded) -> Mapping[str, Any]:
    return {
        "evidence": event.evidence,
        "attempt": event.attempt,
        "outcome": event.outcome,
        "reason": event.reason,
    }


def _clock() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _setting(space: Workspace, wanted: _Wanted) -> Setting:
    assert space.case is not None
    return Setting(
        case=space.case,
        folder=space.folder,
        history=space.history,
        now=_clock,
        limits=wanted.limits,
        exploratory=wanted.exploratory,
        retries=wanted.retries,
        share=equal_share(space.case),
    )


def _execute(space: Workspace, choice: Choice, wanted: _Wanted) -> _Done:
    gc.enable()  # `main` turned it off for what only reads; this may take days
    key = load_or_create(default_key_path(os.environ), getpass.getuser())
    with contextlib.ExitStack() as stack:
        asked = stack.enter_context(listening())
        writer = stack.enter_context(open_writer(space.folder / "ledger", key))
        if len(writer.log.records) != len(space.log.records):
            # Somebody else's run ended while the case was read: what is due may have changed.
            space = open_case(
                space.folder, space.now, trust_cache=False, texts=space.texts, rebound=space.rebound
            )
            choice = choose(space, wanted.only, exploratory=wanted.exploratory)
        setting = replace(_setting(space, wanted), history=fold(writer.log), stop=asked)
        history, lost = schedule.sweep(setting, writer)
        setting = replace(setting, history=history)
        if lost:
            stderr(f"{lost} unfinished attempt(s) of an earlier run are recorded as lost")
            space = open_case(
                space.folder, space.now, trust_cache=False, texts=space.texts, rebound=space.rebound
            )
            choice = choose(space, wanted.only, exploratory=wanted.exploratory)
        if not choice.jobs:
            return _Done(used_up=choice.used_up)
        if wanted.register_only:
            return _Done(used_up=choice.used_up, registered=_registered(setting, choice, writer))
        executor = stack.enter_context(
            opened(
                wanted.executor,
                workers=wanted.workers,
                address=wanted.address,
                options=wanted.options,
            )
        )
        setting = replace(setting, margin=executor.margin)
        events = stack.enter_context(
            contextlib.closing(schedule.run(setting, choice.jobs, writer, executor))
        )
        return _follow(events, choice, asked)


def _hold(space: Workspace) -> None:
    """Refuse what is amiss with the record as a writer would, though nothing is to be added to it.

    An unfinished end is no reason to refuse: it is set aside.
    """
    key = load_or_create(default_key_path(os.environ), getpass.getuser())
    with open_writer(space.folder / "ledger", key):
        pass


def _registered(setting: Setting, choice: Choice, writer: Writer) -> tuple[str, ...]:
    """Register what is due and start nothing: the ids of the leaves that are registered now."""
    for job in choice.jobs:
        standing, new = register(setting, job, writer)
        word = "registered in" if new else "stands already in"
        stderr(f"{job.evidence.id}: {word} record {standing.seq}")
    return tuple(job.evidence.id for job in choice.jobs)


def _follow(events: Any, choice: Choice, asked: Asked) -> _Done:
    ended: list[AttemptEnded] = []
    try:
        with Shown() as show:
            for event in events:
                if isinstance(event, AttemptStarted | ControlsStarted):
                    asked.gentle = True
                show(event)
                if isinstance(event, AttemptEnded):
                    ended.append(event)
    except KeyboardInterrupt:
        asked.stop = True
    if asked.stop:
        kept = sum(event.outcome in ("completed", "failed") for event in ended)
        with contextlib.suppress(OSError):  # its terminal may be what has gone
            stderr(
                f"\ninterrupted: {kept} finished attempt(s) are kept; "
                "`safetycase run` goes on with the rest"
            )
    return _Done(ended=tuple(ended), used_up=choice.used_up, interrupted=asked.stop)
