"""`watch`: takes in the events of a deployment, and signs what the monitors of the case report."""

from __future__ import annotations

import contextlib
import gc
import getpass
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click

from safetycase.cli.common import (
    Exit,
    as_json_option,
    case_argument,
    instant,
    print_findings,
    printable,
    stderr,
)
from safetycase.cli.run_stop import listening
from safetycase.cli.watch_show import Shown
from safetycase.ledger import default_key_path, load_or_create
from safetycase.ledger.record import stamp
from safetycase.monitor.replay import Replayed, StreamRefused, first_instant, pace, replay
from safetycase.monitor.service import Service, StateUnread
from safetycase.monitor.signing import Signer
from safetycase.monitor.store import Store, StoreBusy, StoreDoubtful
from safetycase.workspace.monitored import Monitored, monitored
from safetycase.workspace.paths import find_case

__all__ = ["watch"]

HOW_TO = """\
nothing to watch: the case declares no monitor that says what it measures. One looks so:
  monitors:
    - monitor: M-RECALL
      says: The monitor catches attacks that were put in on purpose.
      owner: control team
      conditions: [CONTROL]
      alarm_when: recall < 0.80
      window: 1 day
      silent_after: 2 days
      answer_within: 3 days"""

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command(
    epilog="Events come by POST to /events (JSON), /v1/logs (OTLP/HTTP JSON) and /alerts "
    "(Alertmanager), and from the files that are followed. GET /status says how things stand."
)
@case_argument
@as_json_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=4318, show_default=True, help="The port."
)
@click.option("--token-file", type=_FILE, metavar="FILE", help="Holds the token that senders show.")
@click.option(
    "--follow",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Take events from this JSONL file as it grows (repeatable).",
)
@click.option("--notify", metavar="URL", help="POST each signal but quiet ones there, signed.")
@click.option(
    "--notify-secret", type=_FILE, metavar="FILE", help="Holds the secret that signs them."
)
@click.option(
    "--replay", "stream", type=_FILE, metavar="FILE", help="Replay this JSONL by its own clock."
)
@click.option(
    "--speed", type=click.FloatRange(0, min_open=True), metavar="N", help="Replay N times as fast."
)
@click.option("--at-once", is_flag=True, help="Replay without waiting (the default).")
@click.option(
    "--now",
    "until",
    metavar="TIME",
    help="Of a replay: let its clock go on to this time (UTC) after the last event.",
)
def watch(
    case: Path,
    as_json: bool,
    host: str,
    port: int,
    token_file: Path | None,
    follow: tuple[Path, ...],
    notify: str | None,
    notify_secret: Path | None,
    stream: Path | None,
    speed: float | None,
    at_once: bool,
    until: str | None,
) -> int:
    """Watch the deployment that CASE is about: events in, signed signals into its record.

    An alarm challenges the claims that its monitor conditions, until a reviewer resolves it;
    silence makes them unknown. Prompts and replies are never stored. Ends with Ctrl-C.
    """
    if stream is None and (speed is not None or at_once or until is not None):
        raise click.UsageError("--speed, --at-once and --now are for --replay")
    if speed is not None and at_once:
        raise click.UsageError("--speed and --at-once exclude each other")
    if stream is not None and (follow or token_file or notify or notify_secret):
        raise click.UsageError("a replay takes its events from one file, and notifies nobody")
    found = _found(find_case(case))
    end = instant(until, "--now").timestamp() if until is not None else None
    gc.enable()  # `main` turned it off for what only reads; this may take months
    with _opened(found, live=stream is None) as store:
        if stream is not None:
            return _replay(found, store, stream, speed=speed, until=end, as_json=as_json)
        from safetycase.cli.watch_live import Wanted, hook_of, live

        wanted = Wanted(
            host=host,
            port=port,
            token=_token(token_file, host),
            follow=follow,
            hook=hook_of(notify, notify_secret),
            as_json=as_json,
        )
        return live(found, store, signer_of(found.folder), wanted)


def signer_of(folder: Path) -> Signer:
    """Signs into the record of the case with the key of this user; refuses a key that may not."""
    key = load_or_create(default_key_path(os.environ), getpass.getuser())
    signer = Signer(folder / "ledger", key, lambda: datetime.now(UTC))
    signer.check()
    return signer


def _found(folder: Path) -> Monitored:
    found = monitored(folder)
    if found.problem:
        print_findings(found.findings, err=True)
        raise click.ClickException(f"nothing is watched: {printable(found.problem)}")
    if not found.indicators:
        raise click.ClickException(HOW_TO)
    return found


@contextlib.contextmanager
def _opened(found: Monitored, *, live: bool) -> Iterator[Store]:
    """The events of the case, in `<case>/live`, which git does not keep."""
    folder = found.folder / "live"
    folder.mkdir(exist_ok=True)
    ignore = folder / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", "utf-8")
    try:
        store = Store(folder / "events.sqlite", durable="power" if live else "process")
    except StoreBusy:
        raise click.ClickException(
            f"{printable(str(found.folder))} is being watched by another process: stop it first"
        ) from None
    except StoreDoubtful as error:
        raise click.ClickException(printable(str(error))) from None
    with store:
        try:
            yield store
        except (StateUnread, StoreDoubtful) as error:
            raise click.ClickException(printable(str(error))) from None


def _token(path: Path | None, host: str) -> str | None:
    """The token of senders; without one nobody but this machine is listened to."""
    if path is None:
        if host not in ("127.0.0.1", "::1", "localhost"):
            raise click.UsageError(
                f"--host {printable(host)} lets other machines in: give --token-file too"
            )
        return None
    token = path.read_text("utf-8").strip()
    if len(token) < 16 or not token.isascii() or not token.isprintable() or " " in token:
        raise click.UsageError(
            f"{printable(str(path))} holds no token: at least 16 printable characters, such as "
            "`python -c 'import secrets; print(secrets.token_urlsafe())'` prints"
        )
    return token


def _replay(
    found: Monitored,
    store: Store,
    stream: Path,
    *,
    speed: float | None,
    until: float | None,
    as_json: bool,
) -> int:
    with stream.open("rb") as lines:
        first = first_instant(lines)
    if first is None:
        raise click.ClickException(f"{printable(str(stream))}: no line of it is an event")
    if until is not None and until < first:
        raise click.UsageError("--now lies before the first event of the stream")
    seconds = pace(found.indicators) if speed is None else min(pace(found.indicators), speed / 4)
    with Shown(found, as_json=as_json) as show, listening() as asked:
        asked.gentle = True
        show.begin()
        service = Service(
            store, found.indicators, signer_of(found.folder), now=first,
            report=show.signal, root=store.root, save_every=86400,
        )  # fmt: skip

        def pause(passed: float) -> bool:
            show.progress(f"{_utc(service.now)}  row {service.row}")
            left = 0.0 if speed is None else passed / speed
            while left > 0 and not asked.stop:
                time.sleep(min(left, 0.2))
                left -= 0.2
            return asked.stop

        try:
            done = replay(stream, store, service, seconds=seconds, until=until, pause=pause)
        except StreamRefused as error:
            raise click.ClickException(printable(str(error))) from None
        service.close()
        return _concluded(service, done, show, stopped=asked.stop)


def _concluded(service: Service, done: Replayed, show: Shown, *, stopped: bool) -> int:
    if show.as_json:
        counted = {"accepted": done.accepted, "known": done.known, "refused": done.refused}
        times = {"first": _utc(done.first), "last": _utc(done.last)}
        show.json({"replayed": {**counted, **times, "waiting": len(service.waiting)}})
    else:
        click.echo(
            f"{done.accepted} events ({done.known} known before, {done.refused} lines refused), "
            f"{_utc(done.first)} to {_utc(done.last)}."
        )
    if service.waiting:
        stderr(
            f"{len(service.waiting)} signal(s) wait to be signed: {service.problem}; "
            "the next `watch` signs them"
        )
        return Exit.UNKNOWN
    if stopped:
        stderr("interrupted: the same replay goes on from here")
        return Exit.INTERRUPTED
    return Exit.HOLDS


def _utc(at: float) -> str:
    return stamp(datetime.fromtimestamp(at, UTC))
