"""The report as pages: one for each view and each element, for a folder or for a server.

`paths` names the pages of a case and `render` makes one. Everything is given: the report asks no
file, no clock and no chance. The single file (`page.render_html`) is the same views in one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from safetycase.argument.changes import Difference
from safetycase.argument.findings import Finding
from safetycase.assess.breakdown import Breakdown
from safetycase.assess.records import Assessment
from safetycase.report.confidence_view import confidence_view
from safetycase.report.environment import environment, script, style
from safetycase.report.filters import FILTERS, chosen_of, matching
from safetycase.report.links import VIEWS, Links, slugs
from safetycase.report.marks import CHANNELS, OUTCOME, POSED
from safetycase.report.monitor_marks import MONITOR
from safetycase.report.monitor_view import monitors_view
from safetycase.report.rows import Rows
from safetycase.report.seal import Seal
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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Source:
    """What the pages are made of; two sources are the same only if they are one object.

    `breakdown` gives what the number of a claim is made of, or None. `findings` are all of the
    case, with those of its evidence and record. `agenda` is the ranking of what is open as plain
    data, `difference` what changed since the version called `since`. `seal` is the record that the
    assessment was made from, whose last digest is `record_head`. `transcripts` are those drawn by
    lot, by evidence. Each is empty or None where there is none.
    """

    assessment: Assessment
    version: str
    breakdown: Callable[[str], Breakdown | None] = field(default=lambda _name: None)
    findings: tuple[Finding, ...] | None = None
    agenda: Mapping[str, Any] | None = None
    difference: Difference | None = None
    since: str = ""
    seal: Seal | None = None
    record_head: str | None = None
    transcripts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """What only a server has.

    `base` stands before every address, `csrf` goes with every form, `state` is the version that
    is shown (a page reloads when the server has another). `query` are the parameters of the
    address: `q`, `kind`, `status`, `fresh` of the outline, `focus` of the map. `notice` is a
    sentence to show at the top.
    """

    base: str = ""
    csrf: str = ""
    allow_run: bool = False
    may_review: bool = False
    state: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    notice: str = ""


_PARTS: Mapping[str, tuple[str, ...]] = {
    "index": ("decision.html", "doubts.html", "outline.html"),
    "confidence": ("confidence.html",),
    "agenda": ("agenda.html",),
    "monitors": ("monitors.html",),
    "findings": ("findings.html",),
    "record": ("record.html",),
    "help": ("legend.html",),
}


def paths(source: Source) -> tuple[str, ...]:
    """The pages of a case, as paths within one folder; `index.html` is the first."""
    site = _site(source)
    return (
        *(f"{key}.html" for key in _PARTS),
        *(f"claim/{slug}.html" for slug in site.slug.values()),
    )


def assets() -> Mapping[str, str]:
    """The files that the pages of a folder share, by their path beside `index.html`."""
    return {"style.css": style(), "app.js": script()}


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

    def page(self, path: str, live: Live | None) -> str:
        """One page of the report."""
        key, _, rest = path.removesuffix(".html").partition("/")
        if key == "claim" and rest in self.ids:
            return self._element(self.ids[rest], live)
        if rest or key not in _PARTS:
            raise NoPage(f"the report has no page `{path[:200]}`")
        links = self._links(live)
        page = Page(self.view, links)
        more: dict[str, Any] = {}
        if key == "index":
            more = self._outline(page, live)
        elif key == "confidence":
            root = self.source.assessment.case.root
            more = {"confidence": confidence_view(self.source.breakdown(root))}
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
        return self._render(page, "claim", live, parts=parts, title=name, name=name, below=below)

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
            **base_context(self.source, page, self.monitors),
            "here": key,
            "live": live,
            "parts": parts,
            "assets": where,
            "policy": "" if live else policy,
            "nav": self._nav(),
            "body": None,
            "title": "",
            "number": 0,
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
            "findings": len(self.source.assessment.findings),
        }
        return [(key, word, counts.get(key)) for key, word in VIEWS.items() if key in _PARTS]


def base_context(source: Source, page: Page, monitors: Any) -> dict[str, Any]:
    """What every page of every form gives its templates."""
    a = source.assessment
    return {
        "a": a,
        "case": a.case,
        "header": a.case.header,
        "view": page,
        "version": source.version,
        "seal": source.seal,
        "channels": CHANNELS,
        "POSED": POSED,
        "OUTCOME": OUTCOME,
        "monitors": monitors,
        "monitor_marks": MONITOR,
        "filters": FILTERS,
        "chosen": chosen_of({}),
        "found": "",
        "bare": 0,
        "confidence": None,
        "live": None,
        "scripts": (),
        "own_script": False,
    }
