"""The HTTP side of `watch`: events in, counts out, and every refusal said and counted.

`application` is an ASGI application; `server_of` runs it with uvicorn, on this machine alone unless
it has a token. No answer repeats what was sent, and none that says that something was stored
leaves before it is on disk.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from safetycase.monitor import desk
from safetycase.monitor.bodies import Gone, Limits, Receive, Rejected, Scope, Send, header
from safetycase.monitor.desk import Desk, Reply
from safetycase.monitor.events import Reading
from safetycase.monitor.intake import Intake
from safetycase.monitor.metrics import exposition, report
from safetycase.monitor.store import Store
from safetycase.monitor.webhook import is_loopback

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from uvicorn import Server

__all__ = ["Limits", "application", "server_of"]

Answering = Callable[[Scope, Receive], Awaitable[Reply]]


def application(
    store: Store,
    *,
    notify: Callable[[], None],
    status: Callable[[], Mapping[str, Any]],
    limits: Limits = Limits(),  # noqa: B008 - frozen
    reading: Reading = Reading(),  # noqa: B008 - frozen
    token: str | None = None,
    hosts: frozenset[str] = frozenset(),
    clock: Callable[[], float] = time.time,
) -> Starlette:
    """The application that puts what it is sent into `store`.

    `notify` is called, on another thread, when new events are on disk; `status` gives what
    `GET /status` adds to the counts. With a `token` all but `/health` asks for it as a bearer.
    Without one only requests to a name of this machine, or of `hosts`, are answered: a page in a
    browser cannot reach the server under a name of its own. `clock` is in seconds since 1970.
    """
    from starlette.applications import Starlette
    from starlette.routing import Route

    intake = Intake(store, notify, queue=limits.queue)
    at = Desk(intake, limits, reading, clock)
    guard = _Guard(token, hosts)

    async def shown(_: Scope, __: Receive) -> Reply:
        counts, more = await asyncio.to_thread(lambda: (store.counts(), status()))
        body = {"ingest": report(counts, intake.waiting), **more}
        return Reply(body=json.dumps(body).encode())

    async def measured(_: Scope, __: Receive) -> Reply:
        counts = await asyncio.to_thread(store.counts)
        text = exposition(counts, intake.waiting)
        return Reply(body=text.encode(), kind="text/plain; version=0.0.4; charset=utf-8")

    async def well(_: Scope, __: Receive) -> Reply:
        return Reply(body=b'{"status": "ok"}')

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        intake.start()
        try:
            yield
        finally:
            await asyncio.to_thread(intake.stop)

    posts = {"/events": desk.objects, "/v1/logs": desk.logs, "/alerts": desk.alerts}
    gets: dict[str, Answering] = {"/status": shown, "/metrics": measured}
    routes = [
        Route(path, _Endpoint(partial(at.take, form=form), guard), methods=["POST"])
        for path, form in posts.items()
    ]
    routes += [Route(path, _Endpoint(get, guard), methods=["GET"]) for path, get in gets.items()]
    routes.append(Route("/health", _Endpoint(well, None), methods=["GET"]))
    app = Starlette(routes=routes, lifespan=lifespan)
    app.state.turn_away = partial(intake.count, "", "connection: too many were open")
    return app


@dataclass(frozen=True, slots=True)
class _Guard:
    """Who is answered: who knows the token; without a token, who asks for this machine."""

    token: str | None
    hosts: frozenset[str]

    def check(self, scope: Scope) -> None:
        if self.token is not None:
            kind, _, given = header(scope, b"authorization").partition(" ")
            known = hmac.compare_digest(given.strip().encode(), self.token.encode())
            if kind.casefold() != "bearer" or not known:
                raise Rejected(401, "send Authorization: Bearer TOKEN")
            return
        host = header(scope, b"host")
        name = host if host.endswith("]") else host.rpartition(":")[0] or host
        if not is_loopback(name) and name.casefold() not in self.hosts:
            raise Rejected(403, "this server answers to names of its own machine only")


class _Endpoint:
    """An ASGI application for one route, without the cost of request and response objects."""

    def __init__(self, answer: Answering, guard: _Guard | None) -> None:
        self._answer, self._guard = answer, guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if self._guard is not None:
                self._guard.check(scope)
            reply = await self._answer(scope, receive)
        except Rejected as rejected:
            body = json.dumps({"message": rejected.reason}).encode()
            reply = Reply(status=rejected.status, body=body, after=rejected.after)
        except Gone:
            return
        headers = [
            (b"content-type", reply.kind.encode()),
            (b"content-length", str(len(reply.body)).encode()),
            (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"),
        ]
        if reply.after is not None:
            headers.append((b"retry-after", str(reply.after).encode()))
        if reply.status == 401:
            headers.append((b"www-authenticate", b"Bearer"))
        body = b"" if scope["method"] == "HEAD" else reply.body
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def server_of(
    app: Starlette,
    *,
    host: str = "127.0.0.1",
    port: int = 4318,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    token: str | None = None,
) -> Server:
    """The application in a uvicorn server, not yet running: call its `run`.

    Raises `ValueError` for a `host` that other machines reach while there is no `token`: the one
    that the application was made with.
    """
    import uvicorn

    from safetycase.monitor.patience import protocol

    if token is None and not is_loopback(host):
        raise ValueError(f"a server at {host} needs a token: other machines can reach it")
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=protocol(limits.seconds, limits.connections, app.state.turn_away),
        ws="none",
        lifespan="on",
        log_level="error",  # a warning a bad request would fill the disk
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=5,
        backlog=1024,
    )
    return uvicorn.Server(config)
