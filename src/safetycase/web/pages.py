"""Each address as a page: of the report, kept while it is the newest, or of the server's own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, cast
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from safetycase.argument.plain_json import plain_json
from safetycase.report import site
from safetycase.report.site import Live, Source
from safetycase.web import frames
from safetycase.web.keeper import Reading
from safetycase.web.shared import Shared
from safetycase.web.static_files import static_files
from safetycase.web.words import LONGEST, ended, nearest, outcome, query_of, unread
from safetycase.workspace.reporting import with_ranking

__all__ = ["Broken", "Pages"]

_HTML: Final = "text/html; charset=utf-8"


class Pages:
    """The pages of one server. Used on its loop alone; what takes long is made on a thread."""

    def __init__(self, shared: Shared, secret: str) -> None:
        self.shared, self._secret = shared, secret
        self._ranked: tuple[int, Source] | None = None

    def live(self, query: Mapping[str, str] | None = None, notice: str = "") -> Live:
        """What the server adds to a page as it is shown now."""
        wanted = self.shared.wanted
        return Live(
            csrf=self._secret,
            allow_run=wanted.run_command is not None,
            may_review=wanted.may_review,
            state=str(self.shared.reading.number),
            query=query or {},
            notice=" ".join(filter(None, (notice, self._warning()))),
        )

    def _warning(self) -> str:
        """What every page says while something is wrong with the case or its record."""
        reading, good = self.shared.reading, self.shared.good
        if good is None or good.space is None:
            return ""
        if reading.assessment is None:
            return (
                "The case file cannot be read as it is now: this is the case as it was at "
                f"{good.at:%H:%M:%S} UTC. The first page says what is wrong."
            )
        problems = (*good.space.log.problems, *good.space.history.problems)
        if problems:
            return f"The record is damaged: {problems[0].says}. `safetycase verify` says more."
        return ""

    def shown(self) -> tuple[Reading, Source]:
        """The newest reading that was a case; raises `Broken` if none ever was."""
        good = self.shared.good
        if good is None:
            raise Broken
        return good, cast("Source", good.made)

    async def outline(self, request: Request) -> Response:
        """`/`: the decision and the outline, or what a filter lets through, or what is wrong."""
        query = query_of(request)
        if self.shared.broken and "last" not in query:
            return self.broken()
        key = ("index", tuple(sorted(query.items())))
        return await self._kept(key, "index.html", query, unread(query))

    async def view(self, request: Request) -> Response:
        """`/map`, `/agenda` and the other views."""
        key, query = request.path_params["view"], query_of(request)
        if f"{key}.html" not in site.paths(self.shown()[1]) or key == "index":
            return self.refused(404, f"There is no view `{key[:100]}`.", self._near_view(key))
        if key == "findings" and self.shared.broken:
            return self.broken()
        if key == "changes":
            return await self.changes(query)
        if key == "map" and "focus" in query:
            name = self.named(query["focus"])
            if name is None:
                return self._no_element(query["focus"])
            path = site.element_path(self.shown()[1], name)
            query["focus"] = path.removeprefix("claim/").removesuffix(".html")
        source = await self._ranking() if key == "agenda" else None
        asked = (key, tuple(sorted(query.items())))
        return await self._kept(asked, f"{key}.html", query, source=source)

    async def element(self, request: Request) -> Response:
        """`/claim/ID`: the page of an element."""
        given = request.path_params["name"]
        _, source = self.shown()
        name = site.element_of(source, f"claim/{given}.html")
        if name is None:
            known = self.named(given)
            if known is None:
                return self._no_element(given)
            return RedirectResponse(self.address(known), status_code=307)
        path = f"claim/{given}.html"
        # Made here: a page of one element takes less time than handing it to a thread.
        page = self.shared.kept().get(path, lambda: site.render(source, path, live=self.live()))
        return Response(page, media_type=_HTML)

    async def changes(self, query: Mapping[str, str]) -> Response:
        """`/changes?since=REV`: what changed since a revision of git."""
        from safetycase.web.since import NoVersion, since

        word = query.get("since", "").strip()[:LONGEST]
        reading, source = self.shown()
        live = self.live(query)

        def made() -> str:
            try:
                return site.render(since(reading, source, word), "changes.html", live=live)
            except NoVersion as error:
                told = replace(live, notice=f"{error}. {live.notice}".strip())
                return site.render(source, "changes.html", live=told)

        page = await self.shared.kept().later(("changes", word), made)
        return Response(page, media_type=_HTML)

    async def checklist(self, request: Request) -> Response:
        """`/review/checklist?for=ID`: the questions of a reviewer."""
        from safetycase.web.checklist import body

        word = query_of(request).get("for", "").strip()
        name = self.named(word) if word else ""
        if name is None:
            return self._no_element(word)
        reading, source = self.shown()
        live = self.live()

        def address(of: str) -> str:
            return self.address(of) if self.named(of) else ""

        def made() -> str:
            title = f"Questions to ask{f' of {name}' if name else ''}"
            return site.frame(source, title, body(reading, name, address), live=live)

        page = await self.shared.kept().later(("checklist", name), made)
        return Response(page, media_type=_HTML)

    async def data(self, _: Request) -> Response:
        """`/api/case.json`: the assessment as data."""
        from safetycase.web.data import case_data

        reading = self.shared.reading
        if reading.assessment is None:
            return Response(json.dumps(case_data(reading)), 503, media_type="application/json")

        def made() -> str:
            return plain_json(case_data(reading), indent=None)

        page = await self.shared.kept().later("case.json", made)
        return Response(page, media_type="application/json")

    async def static(self, request: Request) -> Response:
        """`/static/NAME`: one of a few files, by its name."""
        found = static_files().get(request.path_params.get("name", "icon.svg"))
        if found is None:
            return self.refused(404, "There is no such file.")
        return Response(found[1], media_type=found[0])

    def run(self) -> Response:
        """`/run`: what runs or ran, and what is due."""
        runs = self.shared.runs
        assert runs is not None
        _, source = self.shown()
        a = source.assessment
        names = [*a.due, *a.leaves, *(str(e.get("evidence")) for e in ended(runs.latest))]
        body = frames.body_of(
            "run.html",
            run=runs.latest,
            number=runs.number,
            outcome=outcome(runs.latest),
            due=a.due,
            addresses={n: self.address(n) for n in names if self.named(n)},
            live=self.live(),
        )
        return self.framed("Run", body)

    def broken(self) -> Response:
        """What is wrong with the file."""
        reading, good = self.shared.reading, self.shared.good
        body = frames.body_of(
            "broken.html",
            framed=False,
            findings=reading.findings,
            problem=reading.problem,
            good=good,
        )
        page = frames.plain("The case file cannot be read now", body, state=str(reading.number))
        return Response(page, media_type=_HTML)

    def refused(self, status: int, reason: str, near: tuple[tuple[str, str], ...] = ()) -> Response:
        """A page that says why there is nothing here, and what there is nearby."""
        context = {"reason": reason, "near": near, "home": True}
        if self.shared.good is None:
            body = frames.body_of("refused.html", heading="", **context)
            page = frames.plain(frames.title_of(status), body)
            return Response(page, status, media_type=_HTML)
        body = frames.body_of("refused.html", heading=frames.title_of(status), **context)
        return self.framed(frames.title_of(status), body, status)

    def framed(self, title: str, body: str, status: int = 200, notice: str = "") -> Response:
        """A body of the server's own in the frame of the other pages."""
        page = site.frame(self.shown()[1], title, body, live=self.live(notice=notice))
        return Response(page, status, media_type=_HTML)

    async def _kept(
        self,
        key: Any,
        path: str,
        query: Mapping[str, str],
        notice: str = "",
        source: Source | None = None,
    ) -> Response:
        """A page of the report, from the cache if it is there; made on a thread if not."""
        source = source or self.shown()[1]
        live = self.live(query, notice)
        page = await self.shared.kept().later(key, lambda: site.render(source, path, live=live))
        return Response(page, media_type=_HTML)

    async def _ranking(self) -> Source:
        """The source with what is open ranked, which is worked out once for a reading."""
        import asyncio

        reading, source = self.shown()
        if self._ranked is None or self._ranked[0] != reading.serial:
            assert reading.space is not None
            ranked = await asyncio.to_thread(with_ranking, source, reading.space)
            self._ranked = reading.serial, ranked
        return self._ranked[1]

    def named(self, word: str) -> str | None:
        """The id of an element by itself, or by the name in its address."""
        _, source = self.shown()
        try:
            site.element_path(source, word)
        except site.NoPage:
            return site.element_of(source, f"claim/{word}.html")
        return word

    def address(self, name: str) -> str:
        """Where the page of an element is; raises `site.NoPage` if it has none."""
        path = site.element_path(self.shown()[1], name).removesuffix(".html")
        return f"/{quote(path, safe='/~')}"

    def _no_element(self, word: str) -> Response:
        _, source = self.shown()
        near = nearest(word, source.assessment.states)
        found = tuple((n, self.address(n)) for n in near if self.named(n))
        return self.refused(404, f"The case has no element `{word[:100]}`.", found)

    def _near_view(self, word: str) -> tuple[tuple[str, str], ...]:
        _, source = self.shown()
        if (name := self.named(word)) is not None:
            return ((name, self.address(name)),)
        views = [p.removesuffix(".html") for p in site.paths(source) if "/" not in p]
        near = nearest(word, views)
        return tuple((n, f"/{n}") for n in near if n != "index")


class Broken(Exception):
    """There is nothing to show: the file could never be read since the server started."""
