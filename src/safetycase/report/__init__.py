"""The report: an assessment as a terminal tree, an explanation, a page and JSON.

Pure: no file of a case is read, no clock, no randomness. Statuses are drawn here and decided
nowhere in this room.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from safetycase.assess.records import Assessment
from safetycase.report.as_json import to_json
from safetycase.report.text import verdict_lines
from safetycase.report.why import UnknownElement, why_lines

if TYPE_CHECKING:
    from safetycase.assess.breakdown import Breakdown
    from safetycase.report.seal import Seal

__all__ = [
    "UnknownElement",
    "breakdown_lines",
    "render_html",
    "to_json",
    "verdict_lines",
    "why_lines",
]


def breakdown_lines(b: Breakdown, width: int = 100) -> list[str]:
    """The number of `b.claim` and what it is made of, in lines of at most `width` columns."""
    from safetycase.report.confidence_text import breakdown_lines as lines  # only when asked for

    return lines(b, width)


def render_html(
    assessment: Assessment,
    *,
    version: str,
    breakdown: Breakdown | None = None,
    seal: Seal | None = None,
) -> str:
    """The assessment as one static, self-contained HTML document.

    With the `breakdown` of the root claim's confidence the page shows what the number is made of;
    with the `seal` of the record its reader can check a bundle of the record in the page.
    """
    from safetycase.report.page import render_html as render  # with Jinja, only when asked for

    return render(assessment, version=version, breakdown=breakdown, seal=seal)
