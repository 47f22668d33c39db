"""The live part of `watch`: a server on a thread of its own, and one loop that judges and signs."""

from __future__ import annotations

import contextlib
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from safetycase.cli.common import Exit, printable, stderr
from safetycase.cli.run_stop import Asked, listening
from safetycase.cli.watch_show import Shown
from safetycase.ledger.record import stamp
from safetycase.monitor.service import Reported, Service, signal_of
from safetycase.monitor.signing import Signer
from safetycase.monitor.store import Store
from safetycase.workspace.monitored import Monitored, changed, monitored

if TYPE_CHECKING:
    from safetycase.monitor.outbox import Outbox
    from safetycase.monitor.tail import Tail
    from safetycase.monitor.webhook import Hook

__all__ = ["Wanted", "hook_of", "live"]

_TICK_SECONDS: Final = 0.5
_GATHER_SECONDS: Final = 0.02
"""Between the first event that is there and the step, so that a burst is judged at once."""

_AHEAD_SECONDS: Final = 300.0
_LOOK_SECONDS: Final = 1.0
_POLL_SECONDS: Final = 0.2
_START_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What was asked for on the command line."""

    host: str
    port: int
    token: str | None
    follow: tuple[Path, ...]
    hook: Hook | None
    as_json: bool


def hook_of(url: str | None, secret: Path | None) -> Hook | None:
    """Where signals are sent, signed with the secret in a file."""
    if url is None and secret is None:
        return None
    if url is None or secret is None:
        raise click.UsageError("--notify and --notify-secret go together: what is sent is signed")
    from safetycase.monitor.webhook import Hook

    try:
        return Hook(url=url, secret=secret.read_bytes().strip())
    except ValueError as error:
        raise click.UsageError(f"--notify: {error}") from None


def live(found: Monitored, store: Store, signer: Signer, wanted: Wanted) -> int:
    """Serve, judge and sign until a signal to stop; exits 0 then."""
    for package in ("starlette", "uvicorn"):
        if find_spec(package) is None:
            raise click.ClickException(
                f"listening needs {package}: pip install 'safetycase[watch]' "
                "(a replay needs neither)"
            )
    with contextlib.ExitStack() as stack:
        asked = stack.enter_context(listening())
        show = stack.enter_context(Shown(found, as_json=wanted.as_json))
        outbox = stack.enter_context(_outbox(found, store, wanted))

        def report(one: Reported) -> None:
            show.signal(one)
            if outbox is not None and one.state != "quiet":
                outbox.post(signal_of(one.body), time.time())

        service = Service(
            store, found.indicators, signer, now=time.time(), report=report, root=store.root
        )
        _refuse_the_future(service)
        watch = _Watch(found, store, service, show)
        with _listening_socket(wanted.host, wanted.port) as place:
            show.begin()
            with watch.serving(place, wanted), watch.following(wanted.follow):
                show.say(f"listening at {_address(place)}, Ctrl-C ends it")
                asked.gentle = True
                watch.loop(asked)
        service.close()
        if service.waiting:
            show.say(
                f"{len(service.waiting)} signal(s) wait to be signed: {service.problem}; "
                "the next `watch` signs them"
            )
    return Exit.HOLDS


def _refuse_the_future(service: Service) -> None:
    """Refuse to go on from a time that is still to come, as a replay may have left it."""
    ahead = service.now - time.time()
    if ahead > _AHEAD_SECONDS:
        at = stamp(datetime.fromtimestamp(service.now, UTC))
        raise click.ClickException(
            f"this case was watched up to {at}, which this machine's clock has not reached: set "
            "the clock, or watch a copy of the case without its `live` folder"
        )


class _Watch:
    """The loop, and what it shares with the server."""

    def __init__(self, found: Monitored, store: Store, service: Service, show: Shown) -> None:
        self.found = found
        self.store = store
        self.service = service
        self.show = show
        self.news = threading.Event()
        self._status = dict(service.status())
        self._looked = 0.0
        self._failed: list[str] = []

    def loop(self, asked: Asked) -> None:
        """Step when something came, and now and then anyway, since silence is reported too."""
        while not asked.stop and not self._failed:
            if self.news.wait(_TICK_SECONDS):
                time.sleep(_GATHER_SECONDS)
            self.news.clear()
            self._look()
            self.service.step(time.time())
            self._status = dict(self.service.status())
            self.show.problem(self.service.problem)
            self.show.progress(self._told())
        if self._failed:
            raise click.ClickException(f"the server ended: {printable(self._failed[0])}")

    @contextlib.contextmanager
    def serving(self, place: socket.socket, wanted: Wanted) -> Iterator[None]:
        """Serve on a thread; at the end what senders were told is stored has been taken in."""
        from safetycase.monitor.server import application, server_of

        app = application(
            self.store, notify=self.news.set, status=lambda: self._status, token=wanted.token
        )
        server = server_of(app, host=wanted.host, port=wanted.port, token=wanted.token)

        def run() -> None:
            try:
                server.run(sockets=[place])
            except BaseException as error:  # whatever ends it has to end the watch too
                self._failed.append(f"{type(error).__name__}: {error}")
            else:
                if not server.should_exit:
                    self._failed.append("it stopped by itself")

        thread = threading.Thread(target=run, name="server", daemon=True)
        thread.start()
        try:
            self._wait_for(server)
            yield
        finally:
            server.should_exit = True
            thread.join(_START_SECONDS)
            with contextlib.suppress(Exception):
                self.service.step(time.time())

    @contextlib.contextmanager
    def following(self, paths: tuple[Path, ...]) -> Iterator[None]:
        """Read the files that are followed, on a thread; what is whole in them at the end too."""
        if not paths:
            yield
            return
        ended = threading.Event()
        thread = threading.Thread(
            target=self._follow, args=(paths, ended), name="tails", daemon=True
        )
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join(_START_SECONDS)

    def _follow(self, paths: tuple[Path, ...], ended: threading.Event) -> None:
        from safetycase.monitor.tail import Tail

        failed: dict[Path, str] = {}
        with contextlib.ExitStack() as stack:
            tails = [stack.enter_context(Tail(path, self.store)) for path in paths]
            last = False
            while not last:
                last = ended.is_set()  # one more round after the end was asked for
                read = [self._one_step(tail, failed) for tail in tails]
                if any(read):
                    self.news.set()
                    last = False
                elif not last:
                    ended.wait(_POLL_SECONDS)

    def _one_step(self, tail: Tail, failed: dict[Path, str]) -> bool:
        """Whether there was something; what cannot be read is said once, and tried again."""
        try:
            added = tail.step(time.time())
        except (OSError, sqlite3.Error) as error:
            why = str(error)
            if failed.get(tail.path) != why:
                failed[tail.path] = why
                self.show.say(f"{tail.path} cannot be read now: {why}")
            return False
        if failed.pop(tail.path, None):
            self.show.say(f"{tail.path} is read again")
        return added is not None

    def _wait_for(self, server: Any) -> None:
        until = time.monotonic() + _START_SECONDS
        while not server.started and not self._failed and time.monotonic() < until:
            time.sleep(0.01)
        if not server.started:
            why = self._failed[0] if self._failed else "it did not start"
            raise click.ClickException(f"the server cannot start: {printable(why)}")

    def _look(self) -> None:
        """Take up a changed case file; one that cannot be read changes nothing, and is said so."""
        now = time.monotonic()
        if now - self._looked < _LOOK_SECONDS:
            return
        self._looked = now
        if not changed(self.found):
            return
        fresh = monitored(self.found.folder, self.found.mark)
        if fresh.problem or not fresh.indicators:
            why = fresh.problem or "it declares no monitor any more"
            for finding in fresh.findings[:3]:
                self.show.say(f"{finding.span}: {finding.code} {finding.message}")
            self.show.say(
                f"the case was changed and cannot be taken up: {why}; watched as it was before"
            )
            self.found = replace(self.found, mark=fresh.mark)
            return
        self.found = self.show.found = fresh
        anew = self.service.redefine(fresh.indicators, time.time())
        self.show.say(
            "the case was changed and is taken up"
            + (f"; begun anew: {', '.join(anew)}" if anew else "; every monitor goes on")
        )

    def _told(self) -> str:
        waiting = f", {len(self.service.waiting)} to be signed" if self.service.waiting else ""
        return f"{self.service.row} events{waiting}"


@contextlib.contextmanager
def _outbox(found: Monitored, store: Store, wanted: Wanted) -> Iterator[Outbox | None]:
    """What sends signals on; None if nobody is to be told."""
    if wanted.hook is None or found.case is None:
        yield None
        return
    from safetycase.monitor.outbox import Outbox

    outbox = Outbox(store, wanted.hook, case=found.case.header.case)
    outbox.start()
    try:
        yield outbox
    finally:
        outbox.stop()
        if waiting := outbox.counts()["waiting"]:
            stderr(f"{waiting} notification(s) are not delivered yet; the next `watch` sends them")


@contextlib.contextmanager
def _listening_socket(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that is bound before anything else happens, so that a taken port is said at once."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    place = socket.socket(family, socket.SOCK_STREAM)
    try:
        place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            place.bind((host, port))
        except OSError as error:
            raise click.ClickException(
                f"cannot listen at {printable(host)} port {port}: {error.strerror or error}; "
                "name another with --port"
            ) from None
        yield place
    finally:
        place.close()


def _address(place: socket.socket) -> str:
    host, port = place.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
