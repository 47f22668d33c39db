"""The layout of an argument: boxes that do not overlap, and lines that find their way.

It is our own: a tidy tree on the spanning tree of the graph (`tidy`), in rows (`layered`), so that
every further line finds a way between the boxes of a row (`routing`). Context stands beside its
element, a doubt beneath what it challenges, and many leaves under one parent in columns
(`placing`). Nothing is random: the order of the lines is the order from left to right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from safetycase.report.placing import Box, Layout, Line, Placement, Size
from safetycase.report.routing import route

__all__ = ["Box", "Line", "Placement", "Size", "arrange"]


def arrange(sizes: Mapping[str, Size], lines: Sequence[Line]) -> Placement:
    """Place every box of `sizes`, and route every line whose ends are among them.

    A line that cannot be drawn has no points. Takes time linear in both, but for sorting.
    """
    return route(Layout(sizes, lines))
