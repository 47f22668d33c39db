"""What each view gives its template beside what all have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from safetycase.assess.reviewed import Challenged, Dissented, Overridden, SignedOff
from safetycase.report.confidence_view import ConfidenceView, confidence_view
from safetycase.report.environment import environment
from safetycase.report.filters import FILTERS, chosen_of
from safetycase.report.intervals_svg import intervals_svg
from safetycase.report.keys import KEYS, LETTERS
from safetycase.report.marks import CHANNELS, OUTCOME, POSED
from safetycase.report.monitor_marks import MONITOR
from safetycase.report.source import Live, Source
from safetycase.report.timeline_svg import timeline_svg
from safetycase.report.tree_map import has_map
from safetycase.report.view import Page, markup

__all__ = ["base_context", "content"]

MOST_ATTEMPTS = 2_000
MOST_ITEMS = 100
FINE = "|".join(
    word
    for _channel, _title, marks in CHANNELS
    for word, mark in marks.items()
    if mark.tone in ("good", "taken", "quiet")
)
"""The words that are as one would wish."""
_EFFECTS = {"loosens": 0, "": 1, "tightens": 2}
_SEVERITIES = {"critical": 0, "major": 1, "minor": 2}


def base_context(
    source: Source, page: Page, monitors: Any, live: Live | None = None
) -> dict[str, Any]:
    """What every page of every form gives its templates."""
    a = source.assessment
    # In a folder and on a server the outline is on the first page.
    letters = LETTERS if page.links.form == "single" else LETTERS | {"index": "o"}
    whole = {
        "a": a,
        "case": a.case,
        "header": a.case.header,
        "view": page,
        "version": source.version,
        "seal": source.seal,
        "transcripts": source.transcripts,
        "channels": CHANNELS,
        "POSED": POSED,
        "OUTCOME": OUTCOME,
        "monitors": monitors,
        "monitor_marks": MONITOR,
        "filters": FILTERS,
        "chosen": chosen_of({}),
        "found": "",
        "fine": FINE,
        "keys": KEYS,
        "letters": letters,
        "bare": 0,
        "confidence": None,
        "findings": a.findings if source.findings is None else source.findings,
        "live": live,
        "scripts": (),
        "own_script": False,
        "level": "h3",
        "top": "h2",
        "number_of": None,
        "maps_of": partial(has_map, page),
        "remarks": partial(remarks, page),
        "weakest": partial(weakest, page),
    }
    # The remarks are a module of macros, which the views share: made once a page, not once a part.
    whole["said"] = environment().get_template("said.html").make_module(whole)
    return whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Remarks:
    """What was said in review of one element; `covered` are sign-offs of what stands above it."""

    challenges: Sequence[Challenged]
    dissents: Sequence[Dissented]
    sign_offs: Sequence[SignedOff]
    overrides: Sequence[Overridden]
    covered: Sequence[SignedOff]

    @property
    def any(self) -> bool:
        """Whether anything was said of the element itself."""
        return bool(self.challenges or self.dissents or self.sign_offs or self.overrides)


def remarks(page: Page, name: str) -> Remarks:
    """What was said in review of an element."""
    review = page.a.review
    # What somebody said since is no part of what was signed.
    inside = bool(review.sign_offs) and name in page.a.case.elements
    above = frozenset(page.path(name)[:-1]) if inside else frozenset()
    return Remarks(
        challenges=[c for c in review.challenges if name in (c.element, c.doubt)],
        dissents=[d for d in review.dissents if d.element == name],
        sign_offs=[s for s in review.sign_offs if s.element == name],
        overrides=[o for o in review.overrides if o.element == name],
        covered=[s for s in review.sign_offs if s.counts and s.element in above],
    )


def weakest(page: Page, confidence: ConfidenceView | None) -> tuple[str, ...]:
    """The path from the root to what weakens it most.

    With a number, to the link whose doubt costs most; without one, along the first reasons.
    """
    links = confidence.links() if confidence else []
    known = [link.id for link, _words in links if page.known(link.id)]
    if known:
        return tuple(n for n in page.path(known[0]) if not page.is_step(n))
    found: dict[str, None] = {}
    at: str | None = page.a.case.root
    while at is not None and at not in found:
        found[at] = None
        at = next((r.about for r in page.reasons(at) if r.about and page.known(r.about)), None)
    return tuple(found)


def content(source: Source, page: Page, key: str) -> dict[str, Any]:
    """What one view needs; nothing for a view that needs no more than all."""
    made = _CONTENTS.get(key)
    return made(source, page) if made else {}


def _confidence(source: Source, _page: Page) -> dict[str, Any]:
    root = source.assessment.case.root
    return {"confidence": confidence_view(source.breakdown(root))}


def _evidence(source: Source, _page: Page) -> dict[str, Any]:
    a = source.assessment
    pictures = [
        ("All measurements against their criteria", intervals_svg(a, alone=False)),
        ("Until when everything counts", timeline_svg(a, alone=False)),
    ]
    drawn = [(title, markup(svg)) for title, svg in pictures]
    return {"leaves": list(a.leaves.items()), "pictures": drawn if a.leaves else []}


def _attempts(source: Source, _page: Page) -> dict[str, Any]:
    latest = sorted(source.assessment.attempts, key=lambda t: -t.seq)
    return {"attempts": latest[:MOST_ATTEMPTS], "most_attempts": MOST_ATTEMPTS}


def _agenda(source: Source, _page: Page) -> dict[str, Any]:
    return {"ranking": source.agenda, "most_items": MOST_ITEMS}


def _changes(source: Source, _page: Page) -> dict[str, Any]:
    found = source.difference
    changed = sorted(found.changes, key=lambda c: _EFFECTS[c.direction]) if found else []
    return {"difference": found, "changed": changed[:500], "since": source.since}


def _review(source: Source, _page: Page) -> dict[str, Any]:
    """The challenges that stand first, the most severe of them at the top."""
    challenges = sorted(
        source.assessment.review.challenges,
        key=lambda c: (not c.stands, _SEVERITIES.get(c.severity, 3), c.record),
    )
    return {"challenges": challenges}


_CONTENTS = {
    "index": _confidence,
    "confidence": _confidence,
    "evidence": _evidence,
    "attempts": _attempts,
    "agenda": _agenda,
    "changes": _changes,
    "review": _review,
}
