"""The questions of a reviewer as a page, element by element."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from typing import Final

from safetycase.report.outline import says_of
from safetycase.review.checklist import checklist
from safetycase.web import frames
from safetycase.web.keeper import Reading

__all__ = ["MOST", "body"]

MOST: Final = 400
"""Questions on one page."""


def body(reading: Reading, element: str, address: Callable[[str], str]) -> str:
    """The body of the page; an empty `element` asks for the whole case.

    `address` gives that of an element, empty where it has none.
    """
    assessment, space = reading.assessment, reading.space
    assert assessment is not None
    assert space is not None
    asked = checklist(assessment, space.history, element=element or None)
    parts = []
    for name, questions in groupby(asked[:MOST], key=lambda q: q.element):
        found = list(questions)
        part = {"element": name, "kind": found[0].kind, "questions": found}
        says = says_of(assessment, name) if name else ""
        parts.append({**part, "says": says, "address": address(name) if name else ""})
    return frames.body_of(
        "checklist.html",
        element=element,
        total=len(asked),
        shown=min(len(asked), MOST),
        marked=sum(q.found for q in asked),
        parts=parts,
    )
