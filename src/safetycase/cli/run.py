"""`run`: the only verb that executes evidence; it shows progress and keeps what is finished."""

from __future__ import annotations

import contextlib
import getpass
import os
import signal
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

import click

from safetycase.cli.common import (
    Exit,
    as_json_option,
    case_argument,
    echo_json,
    now_option,
    print_findings,
    printable,
    stderr,
)
from safetycase.cli.show import print_status, write_report
from safetycase.evidence import schedule
from safetycase.evidence.schedule import (
    AttemptEnded,
    AttemptStarted,
    ControlsEnded,
    ControlsStarted,
    Event,
    Progressed,
    ServerStarted,
)
from safetycase.ledger import default_key_path, load_or_create, open_writer
from safetycase.workspace.folder import Workspace, open_case
from safetycase.workspace.paths import NoCase, find_case


@click.command()
@case_argument
@now_option
@as_json_option
@click.option("--only", multiple=True, metavar="ID", help="Run only this leaf (repeatable).")
@click.option(
    "--exploratory",
    is_flag=True,
    help="Record the runs as exploratory: they never count. Leaves run even when nothing is due.",
)
@click.option(
    "--time-limit",
    type=float,
    default=1800.0,
    show_default=True,
    help="Seconds after which an attempt is stopped.",
)
@click.option("--dry-run", is_flag=True, help="Say what would run and why; run nothing.")
def run(
    case: Path,
    now: datetime,
    as_json: bool,
    only: tuple[str, ...],
    exploratory: bool,
    time_limit: float,
    dry_run: bool,
) -> int:
    """Run the evidence of CASE that is due, record every attempt, and print the verdict tree.

    Exits 0 when every attempt ended in a record, whatever the verdict; `status` carries that.
    """
    from safetycase.ledger.sync import pull

    folder = find_case(case)
    pull(folder / "ledger")  # what others of a team recorded may be what is due here
    space = open_case(folder, now, trust_cache=False)
    if space.errors or space.case is None:
        print_findings(space.findings)
        stderr("nothing was run: the case has findings that block")
        return Exit.FINDINGS
    due = _due(space, only, exploratory)
    if dry_run:
        for name, why in due.items():
            click.echo(f"{name}: {why}")
        click.echo(f"{len(due)} due")
        return Exit.HOLDS
    ended = _execute(space, due, time_limit, exploratory) if due else []
    space = open_case(folder, now if not due else _clock(), trust_cache=True)
    assessment = space.assess()
    path = write_report(space, assessment, None)
    if as_json:
        echo_json(
            {
                "ended": [
                    {
                        "evidence": e.evidence,
                        "attempt": e.attempt,
                        "outcome": e.outcome,
                        "reason": e.reason,
                    }
                    for e in ended
                ],
                "verdict": assessment.verdict,
                "report": str(path),
            }
        )
        return Exit.HOLDS
    if not due:
        click.echo("Nothing is due: every leaf has its result in the record.\n")
    print_status(assessment)
    click.echo(f"\nReport: {path}")
    return Exit.HOLDS


def _clock() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _due(space: Workspace, only: tuple[str, ...], exploratory: bool) -> Mapping[str, str]:
    from safetycase.argument.findings import did_you_mean

    for name in only:
        if name not in space.recipes:
            hint = did_you_mean(name, space.recipes)
            raise NoCase(f"`{name}` is no evidence of this case" + (f"; {hint}" if hint else ""))
    due = dict(space.assess().due)
    if exploratory:
        due = dict.fromkeys(space.recipes, "exploratory")
    problems = {n: r.problem for n, r in space.recipes.items() if r.recipe is None}
    for name, problem in problems.items():
        if not only or name in only:
            raise NoCase(f"{name} cannot be run: {problem}")
    return {name: why for name, why in due.items() if not only or name in only}


def _execute(
    space: Workspace, due: Mapping[str, str], time_limit: float, exploratory: bool
) -> list[AttemptEnded]:
    key = load_or_create(default_key_path(os.environ), getpass.getuser())
    assert space.case is not None
    setting = schedule.Setting(
        case=space.case,
        folder=space.folder,
        history=space.history,
        now=_clock,
        time_limit=time_limit,
        exploratory=exploratory,
    )
    ended: list[AttemptEnded] = []
    with open_writer(space.folder / "ledger", key) as writer, _terminate_as_interrupt():
        lost = schedule.sweep(setting, writer)
        if lost:
            stderr(f"{lost} unfinished attempt(s) of an earlier run are recorded as lost")
        show = _Shown()
        try:
            with contextlib.closing(schedule.run(setting, space.jobs(due), writer)) as events, show:
                for event in events:
                    show(event)
                    if isinstance(event, AttemptEnded):
                        ended.append(event)
        except KeyboardInterrupt:
            stderr(
                f"\ninterrupted: {len(ended)} finished attempt(s) are kept; "
                "`safetycase run` goes on with the rest"
            )
            raise click.exceptions.Exit(Exit.INTERRUPTED) from None
    return ended


@contextlib.contextmanager
def _terminate_as_interrupt() -> Iterator[None]:
    """Treat a polite kill like Ctrl-C, so that the attempt gets its end in the record."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class _Shown:
    """Progress bars on a terminal, one line per event elsewhere; always on standard error."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        self.console = Console(stderr=True, highlight=False, markup=False)
        self.progress: Any = (
            Progress(
                TextColumn("{task.description}", markup=False),
                BarColumn(bar_width=24),
                TextColumn("{task.completed}/{task.total}"),
                TimeElapsedColumn(),
                console=self.console,
                transient=True,
            )
            if self.console.is_terminal
            else None
        )
        self.task: Any = None

    def __enter__(self) -> _Shown:
        if self.progress:
            self.progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.progress:
            self.progress.stop()

    def __call__(self, event: Event) -> None:
        if isinstance(event, ServerStarted):
            self.say(f"model `{event.model}` answers at {event.url}")
        elif isinstance(event, ControlsStarted):
            self.say(f"planted controls of {event.method} …")
        elif isinstance(event, ControlsEnded) and event.reason:
            self.say(f"planted controls of {event.method} failed: {event.reason}")
        elif isinstance(event, AttemptStarted):
            self.say(f"[{event.position}/{event.of}] {event.evidence}: {event.because}")
            if self.progress:
                self.task = self.progress.add_task(event.evidence, total=None)
        elif isinstance(event, Progressed) and self.progress and self.task is not None:
            self.progress.update(
                self.task,
                completed=event.done,
                total=event.total or None,
                description=f"{event.evidence} {printable(event.note)}",
            )
        elif isinstance(event, AttemptEnded):
            if self.progress and self.task is not None:
                self.progress.remove_task(self.task)
                self.task = None
            reason = f" — {printable(event.reason)}" if event.reason else ""
            self.say(f"      {event.evidence}: {event.outcome} in {event.seconds:.1f} s{reason}")

    def say(self, text: str) -> None:
        self.console.print(printable(text))
