"""An argument drawn in the Goal Structuring Notation, as one SVG without scripts.

Source: GSN Community Standard v3 (SCSC-141C, 2021). SupportedBy ends in a full head, InContextOf
in a hollow one; a challenge is a dashed line with an open head.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from safetycase.argument.structure import Link, Part, Structure
from safetycase.report.clean import one_line
from safetycase.report.gsn_shapes import WORDS, shape_of
from safetycase.report.layout import Placement, arrange
from safetycase.report.notation import (
    Statuses,
    Stroke,
    document,
    escaped,
    lines_of,
    selected,
    shown_of,
    strokes,
)
from safetycase.report.text_width import text_width

__all__ = ["render_gsn"]

_SUPPORT = Stroke(name="l", head="full")
_SHOWN = Stroke(name="l dot", head="full")
_SCOPE = Stroke(name="l", head="hollow")
_CHALLENGE = Stroke(name="l dash", head="open")


def render_gsn(
    structure: Structure,
    *,
    statuses: Statuses | None = None,
    root: str | None = None,
    depth: int | None = None,
) -> str:
    """The picture of `structure`, or of what hangs on the part `root`, `depth` links deep.

    `statuses` maps a part's id to a status word and the character of its shape; both are drawn.
    At most 50,000 parts are drawn; a part of which support is left out says how much.
    """
    parts, links, hidden = selected(structure, root, depth)
    states = statuses or {}
    shapes = {
        part.id: shape_of(part, status=states.get(part.id), hidden=hidden.get(part.id, 0))
        for part in parts
    }
    placement = arrange({name: shape.size for name, shape in shapes.items()}, lines_of(links))
    under = strokes(
        (route, _stroke(link)) for route, link in zip(placement.routes, links, strict=True)
    )
    over = "".join(
        [
            *_on_links(links, placement),
            *_choices(links, placement),
            *_points(structure, links, placement),
        ]
    )
    return document(
        placement,
        shapes,
        title=structure.title,
        says=_says(structure, parts, links),
        under=under,
        over=over,
    )


def _says(structure: Structure, parts: Sequence[Part], links: Sequence[Link]) -> str:
    counts: dict[str, int] = {}
    for part in parts:
        word = WORDS[part.type].lower()
        counts[word] = counts.get(word, 0) + 1
    many = ", ".join(f"{n} {word}{'' if n == 1 else 's'}" for word, n in counts.items())
    doubts = sum(link.kind == "challenges" for link in links)
    tops = {part.id for part in parts} - {
        link.target for link in links if link.kind != "challenges"
    }
    top = next((part for part in parts if part.id in tops and not part.counter), None)
    start = f" It starts from {top.id}: {one_line(top.text, limit=300)}" if top else ""
    of = shown_of(structure, parts)
    return f"A goal structure of {many or 'nothing'}, with {doubts} challenges.{of}{start}"


def _stroke(link: Link) -> Stroke:
    if link.kind == "challenges":
        return _CHALLENGE
    if link.kind == "in context of":
        return _SCOPE
    return _SHOWN if link.tags.get("sc.in_support") else _SUPPORT


def _on_links(links: Sequence[Link], placement: Placement) -> list[str]:
    """Balls of patterns and crosses of defeated relations, on the last stretch of a line."""
    marks = []
    for link, route in zip(links, placement.routes, strict=True):
        if len(route) < 2:
            continue
        x, y = _late(route)
        if link.optional or link.multiplicity:
            kind = "h" if link.optional and not link.multiplicity else "f"
            marks.append(f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="4"/>')
            label = one_line(link.multiplicity, limit=20)
            if link.optional and link.multiplicity:
                label += " (optional)"
            if label:
                marks.append(
                    f'<text class="q" x="{x + 8:.1f}" y="{y + 4:.1f}">{escaped(label)}</text>'
                )
        if link.defeated:
            marks.append(
                f'<path class="x" d="M{x - 6:.1f} {y - 6:.1f}l12 12m0-12l-12 12">'
                "<title>Defeated relation</title></path>"
            )
    return marks


def _late(route: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """A point on the last stretch of a line, clear of its head."""
    (ax, ay), (bx, by) = route[-2:]
    length = abs(ax - bx) + abs(ay - by) or 1.0
    part = max(length - 17.0, length * 0.4) / length
    return ax + (bx - ax) * part, ay + (by - ay) * part


def _choices(links: Sequence[Link], placement: Placement) -> list[str]:
    """A solid diamond where the lines of one choice part, and how many of them to take."""
    groups: dict[tuple[str, str], list[int]] = {}
    for index, link in enumerate(links):
        if link.choice and placement.routes[index]:
            groups.setdefault((link.source, link.choice), []).append(index)
    marks = []
    for indexes in groups.values():
        link, route = links[indexes[0]], placement.routes[indexes[0]]
        x, y = route[0][0], route[0][1] + 9
        of = one_line(link.choose, limit=20) or "1"
        label = of if "of" in of else f"{of} of {len(indexes)}"
        marks.append(
            f'<path class="f" d="M{x:.1f} {y - 8:.1f}l8 8l-8 8l-8-8z"/>'
            f'<text class="q" x="{x + 12:.1f}" y="{y:.1f}">{escaped(label)}</text>'
        )
    return marks


def _points(structure: Structure, links: Sequence[Link], placement: Placement) -> list[str]:
    """Assurance claim points: a black square on a line or on the corner of a part."""
    numbers: Mapping[str, int] = {link.id: i for i, link in enumerate(links) if link.id}
    marks, used = [], {}  # type: list[str], dict[tuple[float, float], int]
    for point in structure.points:
        places: list[tuple[float, float, float]] = []
        box = placement.boxes.get(point.on_part)
        if box is not None:
            off = box.width * (0.36 if box.ellipse else 0.5)
            places.append((box.cx + off, box.y + (box.height * 0.14 if box.ellipse else 4), 8.0))
        for name in point.on_links:
            route = placement.routes[numbers[name]] if name in numbers else ()
            if len(route) > 1:
                places.append((*_late(route), 0.0))
        label = one_line(point.id, limit=40)
        before = -8 - text_width(label, 10.5)
        for x, y, after in places:
            shift = used.get((x, y), 0)
            used[x, y] = shift + 1
            y -= 12.0 * shift
            marks.append(
                f'<g><title>Assurance claim point {escaped(label)}</title><rect class="f" '
                f'x="{x - 4.5:.1f}" y="{y - 4.5:.1f}" width="9" height="9"/>'
                f'<text class="q" x="{x + (after or before):.1f}" y="{y - 1:.1f}">'
                f"{escaped(label)}</text></g>"
            )
    return marks
