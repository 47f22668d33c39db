"""The application: addresses to pages, news to open pages, and the few things that change anything.

A page is asked of `report` and kept while it is the newest. Only forms change anything, only by
POST, and only those that the server was started with.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from safetycase.assess.records import Assessment
from safetycase.monitor.bodies import Gone, Receive, Rejected, Room, Scope, Send
from safetycase.report.site import Live, Source, element_path, render
from safetycase.web import frames
from safetycase.web.forms import Fields, form_of
from safetycase.web.guard import Door, Guarded
from safetycase.web.pages import Broken, Pages
from safetycase.web.runs import Busy
from safetycase.web.shared import Shared, Wanted
from safetycase.workspace.folder import Workspace
from safetycase.workspace.reporting import source_of
from safetycase.workspace.samples import drawn_samples

__all__ = ["Wanted", "application"]

_STREAMS: Final = 64
_ALIVE_SECONDS: Final = 15.0
_SWITCH_SECONDS: Final = 0.0005
"""How long a thread that reads the case anew holds up those who read pages, each time."""

Answer = Callable[[Request], Awaitable[Response]]


class Application(Guarded):
    """The whole, behind its door; `bell` is closed when the server ends."""

    def __init__(self, inner: Starlette, door: Door, shared: Shared) -> None:
        super().__init__(inner, door, frames.refusal, frames.welcome)
        self.shared, self.bell = shared, shared.bell

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or take one message of the server."""
        self.shared.keeper.asked = time.monotonic()
        await super().__call__(scope, receive, send)


def application(wanted: Wanted) -> Application:
    """The application for one case folder, which is read here for the first time."""
    shared = Shared(wanted, _made)
    door = Door(token=wanted.token, secret=wanted.secret, names=wanted.names, cookie=wanted.cookie)
    desk = _Desk(shared, door)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        keeping = asyncio.create_task(shared.keeper.keep())
        before = sys.getswitchinterval()
        sys.setswitchinterval(_SWITCH_SECONDS)
        try:
            yield
        finally:
            sys.setswitchinterval(before)
            keeping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await keeping
            if shared.runs is not None:
                await shared.runs.close()

    app = Starlette(routes=desk.routes(), lifespan=lifespan)
    app.router.redirect_slashes = False
    app.add_exception_handler(HTTPException, desk.failed)
    app.add_exception_handler(Rejected, desk.failed)
    app.add_exception_handler(Broken, desk.failed)
    app.add_exception_handler(Exception, desk.failed)
    return Application(app, door, shared)


def _made(space: Workspace, assessment: Assessment) -> Source:
    """What the pages are made of, but for the ranking, which is worked out when it is asked for."""
    drawn = drawn_samples(space, assessment)
    source = replace(source_of(space, assessment), transcripts=drawn)
    _warm(source)
    return source


def _warm(source: Source) -> None:
    """Work out here what pages share, their templates included, and not while a reader waits.

    One page of each sort is made: the first of its kind needs 0.1 s more than those after it.
    """
    a, live = source.assessment, Live(csrf="", allow_run=False, may_review=False, state="")
    sorts = {(s.kind, s.support, s.confidence is None): name for name, s in a.states.items()}
    for name in (a.case.root, *sorts.values()):
        render(source, element_path(source, name), live=live)


class _News(StreamingResponse):
    """A stream of news; it counts from when it is promised, so that many at once are seen."""

    def __init__(self, shared: Shared) -> None:
        super().__init__(self._told(), media_type="text/event-stream")
        self._shared = shared
        shared.streams += 1

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Tell until the page is closed."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._shared.streams -= 1

    async def _told(self) -> AsyncIterator[bytes]:
        shared, last = self._shared, ""
        while not shared.bell.closed:
            run = str(shared.runs.number) if shared.runs else ""
            news = json.dumps({"state": str(shared.reading.number), "run": run})
            if news != last:
                yield f"event: state\ndata: {news}\n\n".encode()
                last = news
            elif not await shared.bell.wait(_ALIVE_SECONDS):
                yield b": still here\n\n"


class _Desk:
    """What answers each address."""

    def __init__(self, shared: Shared, door: Door) -> None:
        self.shared, self.door = shared, door
        self.pages = Pages(shared, door.secret)
        self.room = Room(8 * 2**20)

    def routes(self) -> list[Route]:
        """Every address that there is."""
        gets: dict[str, Answer] = {
            "/": self.pages.outline,
            "/claim/{name:path}": self.pages.element,
            "/review/checklist": self.pages.checklist,
            "/api/case.json": self.pages.data,
            "/static/{name}": self.pages.static,
            "/favicon.ico": self.pages.static,
            "/events": self.events,
            "/{view}": self.pages.view,
        }
        posts: dict[str, Answer] = {}
        if self.shared.runs is not None:
            gets = {"/run": self.run_page, **gets}
            posts |= {"/run": self.run, "/run/cancel": self.cancel}
        if self.shared.wanted.may_review:
            from safetycase.web.reviewing import Reviewing

            self.reviewing = Reviewing(self.pages)
            gets["/review/{verb}"] = self.reviewing.form
            posts["/review/{verb}"] = self.review
        routes = [Route(path, answer, methods=["POST"]) for path, answer in posts.items()]
        return routes + [Route(path, answer, methods=["GET"]) for path, answer in gets.items()]

    async def failed(self, _: Request, error: Exception) -> Response:
        """A refusal, an address that is none, or our own defect, as a page."""
        if isinstance(error, Broken):
            return self.pages.broken()
        if isinstance(error, Rejected):
            return self.pages.refused(error.status, error.reason)
        if isinstance(error, HTTPException):
            says = (
                "There is no page at this address."
                if error.status_code == 404
                else ("This address is not for that.")
            )
            return self.pages.refused(error.status_code, says)
        return self.pages.refused(
            500, "The terminal of the server says more; the record is not touched by it."
        )

    async def events(self, _: Request) -> Response:
        """News for one open page, until it is closed."""
        if self.shared.streams >= _STREAMS:
            raise Rejected(503, "Too many pages are open; this one does not follow the case.")
        return _News(self.shared)

    async def _form(self, request: Request) -> Fields:
        try:
            return await form_of(request, self.door, self.room)
        except Gone:
            raise Rejected(400, "The form did not arrive whole.") from None

    async def run_page(self, _: Request) -> Response:
        """The run that goes on, or the last one, and what is due."""
        return self.pages.run()

    async def run(self, request: Request) -> Response:
        """Start a run."""
        fields = await self._form(request)
        assert self.shared.runs is not None
        reading, given = self.shared.reading, fields["evidence"]
        wanted = given and (self.pages.named(given) or given)
        if reading.space is None or reading.space.errors:
            raise Rejected(409, "The case has findings that block, so nothing was run.")
        if wanted and wanted not in reading.space.recipes:
            raise Rejected(404, "The case has no such evidence, so nothing was run.")
        try:
            await self.shared.runs.start(wanted)
        except Busy:
            raise Rejected(
                409, "A run goes on already, and one goes at a time: see `/run`."
            ) from None
        except OSError as error:
            raise Rejected(503, f"The run cannot be started: {error.strerror}.") from None
        return RedirectResponse("/run", status_code=303)

    async def review(self, request: Request) -> Response:
        """A filled form of a review."""
        return await self.reviewing.post(request, await self._form(request))

    async def cancel(self, request: Request) -> Response:
        """Ask the run to end."""
        await self._form(request)
        assert self.shared.runs is not None
        self.shared.runs.cancel()
        return RedirectResponse("/run", status_code=303)
