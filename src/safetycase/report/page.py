"""The assessment as one static page: self-contained, nothing fetched, readable without scripts.

The scripts it holds are the one of the pages (search, keys, folding) and, with a seal, the one
that checks a bundle of the record that the reader chooses. Their digests are in the page's policy,
so that no other can run, and the policy forbids every connection.

Templates are package data and are escaped throughout; every string shown also passes
`clean.visible`, so that text from a case or a model can neither act nor hide.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from safetycase.argument.model import Assumption, Claim, Defeater, Evidence, Monitor, Problem
from safetycase.assess.breakdown import Breakdown
from safetycase.assess.records import Assessment
from safetycase.report.contents import base_context, content
from safetycase.report.environment import digest, environment, script, style
from safetycase.report.links import Links
from safetycase.report.monitor_view import monitors_view
from safetycase.report.rows import Rows
from safetycase.report.seal import Seal, verifier_source
from safetycase.report.source import Source
from safetycase.report.tree_map import BOX, boxes_in, has_map, map_svg
from safetycase.report.view import Page, View, markup

__all__ = ["render_html", "render_single"]

MOST = 1_450_000
"""Characters that a page may have before elements are left with their row alone."""
MAPS = 120_000
ATTEMPTS = 300
ROW = 155
"""Characters of a row of the outline, besides its sentence."""
FIRST = (Defeater, Assumption, Evidence, Problem, Monitor)


def render_html(
    assessment: Assessment,
    *,
    version: str,
    breakdown: Breakdown | None = None,
    seal: Seal | None = None,
) -> str:
    """The report of an assessment alone; the same assessment gives the same bytes.

    `breakdown` is that of the root claim's confidence; without it the page has no such section.
    `seal` is the record that it was made from; without it the page checks no bundle.
    """
    root = assessment.case.root

    def of(name: str) -> Breakdown | None:
        return breakdown if name == root else None

    return render_single(Source(assessment=assessment, version=version, breakdown=of, seal=seal))


def render_single(source: Source) -> str:
    """All views of a source as one HTML document."""
    return _Single(source).render()


class _Single:
    """One document while it is made."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.view = View(source.assessment)
        self.mapped = self._mapped()
        self.page = Page(self.view, Links(form="single", mapped=frozenset(self.mapped)))
        self.monitors = monitors_view(source.assessment)
        self.context = self._context()

    def render(self) -> str:
        """The document."""
        maps = self._maps()
        sections = dict(self._sections(MOST - sum(len(m) for _, m in maps)))
        names = [name for name in self.view.sections() if name in sections]
        bare = frozenset(self.view.first) - frozenset(sections)
        scripts = [script(), *([verifier_source()] if self.source.seal else [])]
        hashes = " ".join(f"'sha256-{digest(text)}'" for text in scripts)
        policy = (
            f"default-src 'none'; style-src 'sha256-{digest(style())}'; script-src {hashes}; "
            "img-src data:; base-uri 'none'; form-action 'none'"
        )
        context = {
            **self.context,
            "policy": policy,
            "style": markup(style()),
            "scripts": [markup(text) for text in scripts],
            "own_script": True,
            "nav": list(self._nav()),
            "parts": list(self._parts()),
            "maps": maps,
            "outline": markup(Rows(self.page, bare=bare).whole()),
            "bare": len(bare),
            "sections": markup("\n".join(sections[name] for name in names)),
        }
        return environment().get_template("page.html").render(context)

    def _context(self) -> dict[str, Any]:
        """What the views need, all in one; their names do not clash."""
        context = base_context(self.source, self.page, self.monitors)
        for key in ("confidence", "evidence", "attempts", "agenda", "changes", "review"):
            context |= content(self.source, self.page, key)
        context["attempts"] = context["attempts"][:ATTEMPTS]
        context["most_attempts"] = ATTEMPTS
        return context | {"here": "index", "title": "", "assets": "", "body": None, "focus": ""}

    def _mapped(self) -> dict[str, None]:
        """The elements with a map: the nearer to the root the sooner, as long as there is room."""
        rows = sorted(
            (row.depth, index, row.id)
            for index, row in enumerate(self.view.rows)
            if not row.reference and row.kind in ("claim", "defeater")
        )
        root = self.source.assessment.case.root
        wanted = [root, *(name for _depth, _index, name in rows if has_map(self.view, name))]
        kept: dict[str, None] = {}
        room = MAPS
        for name in dict.fromkeys(wanted):
            room -= BOX * boxes_in(self.view, name)
            if kept and room < 0:
                break
            kept[name] = None
        return kept

    def _maps(self) -> list[tuple[str, Any]]:
        return [
            (name, markup(map_svg(self.page, name, key=f"map{number}")))
            for number, name in enumerate(self.mapped)
        ]

    def _sections(self, room: int) -> Iterator[tuple[str, str]]:
        """The sections of the elements, those with the most to say first, while there is room."""
        rows = self.view.rows
        room -= len(style()) + len(script()) + ROW * len(rows) + sum(len(r.says) for r in rows)
        template = environment().get_template("element.html")
        numbers = {name: number for number, name in enumerate(self.view.sections(), 1)}
        for name in self._by_weight:
            text = template.render({**self.context, "name": name, "number": numbers[name]})
            room -= len(text)
            if room < 0 and name != self.source.assessment.case.root:
                return
            yield name, text

    @cached_property
    def _by_weight(self) -> list[str]:
        elements = self.source.assessment.case.elements
        names = list(self.view.sections())
        doubts = [n for n in names if n not in elements or isinstance(elements[n], FIRST)]
        root = self.source.assessment.case.root
        about = [c.about for c in self.view.changes if c.about in self.view.first]
        claims = [n for n in names if isinstance(elements.get(n), Claim)]
        return list(dict.fromkeys([root, *about[:200], *doubts, *claims, *names]))

    def _parts(self) -> Iterator[str]:
        yield "decision.html"
        if self.context["confidence"]:
            yield "confidence.html"
        yield "doubts.html"
        if self.monitors:
            yield "monitors.html"
        yield from ("outline.html", "map.html", "evidence_list.html", "agenda.html")
        yield from ("review.html", "findings.html")
        if self.source.since:
            yield "changes.html"
        yield from ("elements.html", "attempts.html", "record.html", "legend.html", "keys.html")

    def _nav(self) -> Iterator[tuple[str, str, int | None]]:
        """(section, words, count) in the order of the page."""
        a = self.source.assessment
        yield "index", "Decision", None
        if self.context["confidence"]:
            yield "confidence", "Confidence", None
        yield "doubts", "Doubts", len(self.view.doubts)
        yield "assumptions", "Assumptions", len(self.view.assumptions)
        if self.monitors:
            yield "monitors", "Monitors", len(self.monitors.monitors)
        yield "outline", "Outline", None
        yield "map", "Map", None
        yield "evidence", "Evidence", len(a.leaves)
        yield "agenda", "Open problems", len(self.view.problems)
        yield "review", "Review", len(a.review.standing)
        yield "findings", "Findings", len(self.context["findings"])
        if self.source.since:
            yield "changes", "Changes", None
        yield "elements", "Every element", None
        yield "attempts", "Attempts", len(a.attempts)
        yield "record", "Record", None
        yield "help", "Legend", None
