"""The report as pages: one for each view and each element, for a folder or for a server.

`paths` names the pages of a case and `render` makes one. Everything is given: the report asks no
file, no clock and no chance. The single file (`page.render_html`) is the same views in one.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from safetycase.report.confidence_view import ConfidenceView, confidence_view
from safetycase.report.contents import base_context, content
from safetycase.report.environment import environment, script, style
from safetycase.report.filters import chosen_of, matching
from safetycase.report.links import VIEWS, Links, slugs
from safetycase.report.monitor_view import monitors_view
from safetycase.report.rows import Rows
from safetycase.report.seal import verifier_source
from safetycase.report.source import Live, Source
from safetycase.report.tree_map import has_map, map_svg
from safetycase.report.view import Page, View, markup

if TYPE_CHECKING:
    from markupsafe import Markup

__all__ = [
    "Live",
    "NoPage",
    "Source",
    "assets",
    "element_of",
    "element_path",
    "frame",
    "paths",
    "render",
]


class NoPage(LookupError):
    """The report has no page of this path."""


_PARTS: Mapping[str, tuple[str, ...]] = {
    "index": ("decision.html", "doubts.html", "outline.html"),
    "map": ("map.html",),
    "confidence": ("confidence.html",),
    "evidence": ("evidence_list.html",),
    "attempts": ("attempts.html",),
    "agenda": ("agenda.html",),
    "monitors": ("monitors.html",),
    "review": ("review.html",),
    "findings": ("findings.html",),
    "changes": ("changes.html",),
    "record": ("record.html",),
    "help": ("legend.html", "keys.html"),
}


def paths(source: Source) -> tuple[str, ...]:
    """The pages of a case, as paths within one folder; `index.html` is the first."""
    return _site(source).paths


def assets() -> Mapping[str, str]:
    """The files that the pages of a folder share, by their path beside `index.html`."""
    return {"style.css": style(), "app.js": script(), "verify.js": verifier_source()}


def element_path(source: Source, name: str) -> str:
    """The page of an element; `NoPage` if the case has none of this id."""
    slug = _site(source).slug.get(name)
    if slug is None:
        raise NoPage(f"the case has no element `{name}`")
    return f"claim/{slug}.html"


def element_of(source: Source, path: str) -> str | None:
    """The element whose page this is, by its path or by the name in it; None if there is none."""
    slug = path.removeprefix("claim/").removesuffix(".html")
    return _site(source).ids.get(slug)


def render(source: Source, path: str, *, live: Live | None = None) -> str:
    """One page; the same source, path and live state give the same text.

    Raises `NoPage` for a path that is not among `paths`.
    """
    return _site(source).page(path, live)


def frame(source: Source, title: str, body: str, *, live: Live) -> str:
    """A page of the server's own in the frame of the others; `body` is trusted markup."""
    return _site(source).framed(title, markup(body), live)


@lru_cache(maxsize=4)
def _site(source: Source) -> _Site:
    return _Site(source)


class _Site:
    """The pages of one source; what they share is worked out once."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.view = View(source.assessment)
        self.slug = slugs(self.view.sections())
        self.ids = {slug: name for name, slug in self.slug.items()}
        self.monitors = monitors_view(source.assessment)
        own = source.assessment.findings
        self.findings = own if source.findings is None else source.findings

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """Every page."""
        return (
            *(f"{key}.html" for key in _PARTS),
            *(f"claim/{slug}.html" for slug in self.slug.values()),
            *(f"map/{slug}.html" for name, slug in self.slug.items() if has_map(self.view, name)),
        )

    def page(self, path: str, live: Live | None) -> str:
        """One page of the report."""
        key, _, rest = path.removesuffix(".html").partition("/")
        if key == "claim" and rest in self.ids:
            return self._element(self.ids[rest], live)
        if key == "map":
            return self._map(rest or (live.query.get("focus", "") if live else ""), live)
        if rest or key not in _PARTS:
            raise NoPage(f"the report has no page `{path[:200]}`")
        page = Page(self.view, self._links(live))
        more = content(self.source, page, key)
        if key == "index":
            more |= self._outline(page, live)
        word = "" if key == "index" else VIEWS[key]
        return self._render(page, key, live, parts=_PARTS[key], title=word, **more)

    def framed(self, title: str, body: Markup, live: Live) -> str:
        """A body of the server in our frame."""
        page = Page(self.view, self._links(live))
        return self._render(page, "", live, parts=(), title=title, body=body)

    def _element(self, name: str, live: Live | None) -> str:
        page = Page(self.view, self._links(live, up="../"))
        below = markup(Rows(page).below(name))
        parts = ("element_page.html",)
        of_it = {"name": name, "below": below, "level": "h1", "number_of": self._number}
        return self._render(page, "claim", live, parts=parts, title=name, **of_it)

    def _number(self, name: str) -> ConfidenceView | None:
        """What the number of a claim is made of."""
        return confidence_view(self.source.breakdown(name))

    def _map(self, slug: str, live: Live | None) -> str:
        """The map around an element, or around the root where none is named."""
        slug = self.slug.get(slug, slug)
        if slug and slug not in self.ids:
            raise NoPage(f"the report has no map `{slug[:200]}`")
        name = self.ids[slug] if slug else self.source.assessment.case.root
        page = Page(self.view, self._links(live, up="../" if slug and not live else ""))
        maps = [(name, markup(map_svg(page, name, key="map")))]
        return self._render(
            page, "map", live, parts=_PARTS["map"], title=f"Map of {name}", focus=name, maps=maps
        )

    def _outline(self, page: Page, live: Live | None) -> dict[str, Any]:
        chosen = chosen_of(live.query if live else {})
        only, found = matching(self.view, chosen) if chosen.any else (None, 0)
        rows = Rows(page, only=only)
        noun = "element" if found == 1 else "elements"
        return {
            "outline": markup(rows.whole()),
            "chosen": chosen,
            "found": f"{found:,} {noun}" if chosen.any else "",
        }

    def _links(self, live: Live | None, up: str = "") -> Links:
        if live is not None:
            return Links(form="server", slug=self.slug, base=live.base)
        return Links(form="folder", slug=self.slug, up=up)

    def _render(
        self, page: Page, key: str, live: Live | None, *, parts: tuple[str, ...], **more: Any
    ) -> str:
        where = f"{live.base}/static/" if live else page.links.up or "./"
        policy = (
            "default-src 'none'; style-src 'self'; script-src 'self'; img-src data:; "
            "base-uri 'none'; form-action 'none'"
        )
        context = {
            **base_context(self.source, page, self.monitors, live),
            "here": key,
            "live": live,
            "parts": parts,
            "assets": where,
            "policy": "" if live else policy,
            "nav": self._nav(),
            "body": None,
            "title": "",
            "number": 0,
            "top": "h1",
            **more,
        }
        if context["title"]:
            context["title"] = f"{context['title']} · "
        return environment().get_template("page.html").render(context)

    def _nav(self) -> list[tuple[str, str, int | None]]:
        """(view, words, count) of the navigation."""
        counts = {
            "agenda": len(self.view.problems),
            "monitors": len(self.monitors.monitors) if self.monitors else 0,
            "findings": len(self.findings),
            "evidence": len(self.source.assessment.leaves),
            "attempts": len(self.source.assessment.attempts),
            "review": len(self.source.assessment.review.standing),
        }
        return [(key, word, counts.get(key)) for key, word in VIEWS.items() if key in _PARTS]
