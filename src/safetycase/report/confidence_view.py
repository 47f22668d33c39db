"""What the page's section on confidence asks for: the breakdown with its pictures and words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from safetycase.assess.breakdown import Breakdown, Flip, Link, Part, Scenario, Step, Way
from safetycase.report.confidence_svg import waterfall_svg, ways_svg
from safetycase.report.confidence_text import (
    CAVEAT,
    KINDS,
    SHOWN,
    asked,
    gap_rows,
    headline,
    inside,
    link_words,
    step_words,
    way_cells,
    words_used,
)
from safetycase.report.doubt_sum import DoubtSum, doubt_sum
from safetycase.report.probability import nearest

if TYPE_CHECKING:
    from markupsafe import Markup

__all__ = ["ConfidenceView", "confidence_view"]


def confidence_view(breakdown: Breakdown | None) -> ConfidenceView | None:
    """The view of a breakdown, or None where there is no number to take apart."""
    if breakdown is None or breakdown.no_number_because:
        return None
    return ConfidenceView(breakdown)


class ConfidenceView:
    """One breakdown, ready for the template; lists are cut to what a reader takes in."""

    def __init__(self, b: Breakdown) -> None:
        self.b = b
        self.headline = headline(b)
        self.asked = asked(b)
        self.words = words_used(b)
        self.caveat = CAVEAT
        self.sum: DoubtSum = doubt_sum(b)
        self.gap: Sequence[tuple[Part, str, str]] = gap_rows(b)
        self.kinds = KINDS
        self.hidden_reference = b.reference is not None and not inside(b)

    def waterfall(self) -> Markup:
        """The picture of the doubts, in the page's own classes."""
        return _drawn(waterfall_svg(self.b, key="confidence-doubts", alone=False))

    def readings(self) -> Markup:
        """The picture of the three readings."""
        return _drawn(ways_svg(self.b, key="confidence-ways", alone=False))

    def cells(self, way: Way) -> tuple[str, str, str]:
        """At least, at most, the single value."""
        return way_cells(way)

    def amount(self, number: float) -> str:
        """A probability that bounds nothing."""
        return nearest(number)

    def links(self) -> list[tuple[Link, str]]:
        """The weakest links, the one whose doubt costs most first."""
        found = sorted((x for x in self.b.links if x.price > 0), key=lambda x: -x.price * x.doubt)
        return [(link, link_words(link)) for link in found[:SHOWN]]

    def story(self) -> list[Scenario]:
        """The parts of the worst story, the likeliest first."""
        return sorted((s for s in self.b.story if s.mass > 0), key=lambda s: -s.mass)[:SHOWN]

    def flips(self) -> Sequence[Flip]:
        """The smallest sets that change the answer."""
        return self.b.flips[:SHOWN]

    def steps(self) -> list[tuple[Step, str]]:
        """The steps, the most brittle first."""
        found = sorted(self.b.steps, key=lambda s: -s.lambda_crit)
        return [(step, step_words(step).partition(": ")[2]) for step in found[:SHOWN]]

    def first(self, ids: Sequence[str]) -> Sequence[str]:
        """As many ids as are named one by one."""
        return ids[:SHOWN]

    def more(self, ids: Sequence[str]) -> int:
        """How many ids are not named."""
        return max(len(ids) - SHOWN, 0)


def _drawn(svg: str) -> Markup:
    from markupsafe import Markup

    return Markup(svg)  # noqa: S704 - a drawing of ours, whose every text is escaped
