"""The assessment as one static page: self-contained, nothing fetched, readable without scripts.

The scripts it holds are the one of the pages (search, keys, folding) and, with a seal, the one
that checks a bundle of the record that the reader chooses. Their digests are in the page's policy,
so that no other can run, and the policy forbids every connection.

Templates are package data and are escaped throughout; every string shown also passes
`clean.visible`, so that text from a case or a model can neither act nor hide.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from safetycase.assess.breakdown import Breakdown
from safetycase.assess.records import Assessment
from safetycase.report.confidence_view import confidence_view
from safetycase.report.environment import digest, environment, script, style
from safetycase.report.links import Links
from safetycase.report.monitor_view import monitors_view
from safetycase.report.rows import Rows
from safetycase.report.seal import Seal, verifier_source
from safetycase.report.site import Source, base_context
from safetycase.report.view import Page, View, markup

__all__ = ["render_html", "render_single"]


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
    a = source.assessment
    page = Page(View(a), Links(form="single"))
    monitors = monitors_view(a)
    confidence = confidence_view(source.breakdown(a.case.root))
    names = list(page.sections())
    scripts = [script(), *([verifier_source()] if source.seal else [])]
    hashes = " ".join(f"'sha256-{digest(text)}'" for text in scripts)
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest(style())}'; script-src {hashes}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    context = {
        **base_context(source, page, monitors),
        "here": "index",
        "title": "",
        "policy": policy,
        "style": markup(style()),
        "assets": "",
        "scripts": [markup(text) for text in scripts],
        "own_script": True,
        "nav": list(_nav(page, bool(confidence), monitors)),
        "parts": list(_parts(bool(confidence), bool(monitors))),
        "body": None,
        "confidence": confidence,
        "outline": markup(Rows(page).whole()),
        "sections": names,
    }
    return environment().get_template("page.html").render(context)


def _parts(confidence: bool, monitors: bool) -> Iterator[str]:
    yield "decision.html"
    if confidence:
        yield "confidence.html"
    yield "doubts.html"
    if monitors:
        yield "monitors.html"
    yield from (
        "outline.html",
        "agenda.html",
        "findings.html",
        "elements.html",
        "record.html",
        "legend.html",
    )


def _nav(page: Page, confidence: bool, monitors: object) -> Iterator[tuple[str, str, int | None]]:
    watched: Sequence[object] = getattr(monitors, "monitors", ())
    yield "index", "Decision", None
    if confidence:
        yield "confidence", "Confidence", None
    yield "doubts", "Doubts", len(page.doubts)
    yield "assumptions", "Assumptions", len(page.assumptions)
    if watched:
        yield "monitors", "Monitors", len(watched)
    yield "outline", "Outline", None
    yield "agenda", "Open problems", len(page.problems)
    yield "findings", "Findings", len(page.a.findings)
    yield "elements", "Every element", None
    yield "record", "Record", None
    yield "help", "Legend", None
