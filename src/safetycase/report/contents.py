"""What each view gives its template beside what all have."""

from __future__ import annotations

from typing import Any

from safetycase.report.confidence_view import confidence_view
from safetycase.report.environment import environment
from safetycase.report.filters import FILTERS, chosen_of
from safetycase.report.keys import KEYS, LETTERS
from safetycase.report.marks import CHANNELS, OUTCOME, POSED
from safetycase.report.monitor_marks import MONITOR
from safetycase.report.source import Source
from safetycase.report.view import Page

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


def base_context(source: Source, page: Page, monitors: Any) -> dict[str, Any]:
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
        "live": None,
        "scripts": (),
        "own_script": False,
    }
    # The remarks are a module of macros, which the views share: made once a page, not once a part.
    whole["said"] = environment().get_template("said.html").make_module(whole)
    return whole


def content(source: Source, page: Page, key: str) -> dict[str, Any]:
    """What one view needs; nothing for a view that needs no more than all."""
    made = _CONTENTS.get(key)
    return made(source, page) if made else {}


def _confidence(source: Source, _page: Page) -> dict[str, Any]:
    root = source.assessment.case.root
    return {"confidence": confidence_view(source.breakdown(root))}


def _evidence(source: Source, _page: Page) -> dict[str, Any]:
    return {"leaves": list(source.assessment.leaves.items()), "pictures": []}


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
    "confidence": _confidence,
    "evidence": _evidence,
    "attempts": _attempts,
    "agenda": _agenda,
    "changes": _changes,
    "review": _review,
}
