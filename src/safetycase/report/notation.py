"""What the drawings of GSN and CAE share: shapes with text, lines with heads, one style.

A shape is made before the layout knows where it goes; its markup starts at its own upper left
corner. All text is made visible, measured and escaped here. Nothing is told by colour alone.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from safetycase.argument.structure import Link, Part, Structure
from safetycase.report.clean import one_line
from safetycase.report.layout import Line, Placement, Size
from safetycase.report.text_width import BOLD, fit, text_width, wrapped

__all__ = [
    "LINE",
    "Content",
    "Shape",
    "Statuses",
    "Stroke",
    "content_of",
    "document",
    "escaped",
    "lines_of",
    "safe_href",
    "selected",
    "shown_of",
    "strokes",
    "text_block",
]

Statuses = Mapping[str, tuple[str, str]]
"""Element id -> (status word, the shape that goes with it as one character)."""

FONT, SMALL, LINE = 12.0, 10.5, 15.0
MOST_TEXT, MOST_LINES, MOST_PARTS, MOST_HEAD = 1_200, 24, 50_000, 250.0
RADIUS = 6.0
_SPECIAL = re.compile("[&<>\"'\ufffe\uffff]")
Point = tuple[float, float]

STYLE = (
    ".sc-arg{--paper:#fff;--ink:#1c1d20;--quiet:#565b63;--goal:#fff;--step:#f2f0ea;--leaf:#eef3f9;"
    "--scope:#fff;--doubt:#fbf1e7;--line:#3b3e44;font-family:'DejaVu Sans',Verdana,'Segoe UI',"
    "Helvetica,Arial,sans-serif;font-size:12px;background:var(--paper)}"
    "@media (prefers-color-scheme:dark){.sc-arg{--paper:#16181b;--ink:#e6e4df;--quiet:#a4a8ae;"
    "--goal:#1f2328;--step:#2a2924;--leaf:#1d2733;--scope:#16181b;--doubt:#33271a;--line:#b9bcc2}}"
    ".sc-arg text{fill:var(--ink)}.sc-arg .o{stroke:var(--line);stroke-width:1.3;fill:var(--goal)}"
    ".sc-arg .step{fill:var(--step)}.sc-arg .leaf{fill:var(--leaf)}.sc-arg .scope{"
    "fill:var(--scope)}.sc-arg .doubt{fill:var(--doubt)}.sc-arg .i{font-weight:bold}"
    ".sc-arg .q,.sc-arg text.q{fill:var(--quiet);font-size:10.5px}.sc-arg .m{text-anchor:middle}"
    ".sc-arg .n{font-weight:normal;font-style:italic}.sc-arg .l{fill:none;stroke:var(--line);"
    "stroke-width:1.3}.sc-arg .dash{stroke-dasharray:6 4}.sc-arg .dot{stroke-dasharray:2 3}"
    ".sc-arg .f{fill:var(--line);stroke:var(--line);stroke-width:1.1}.sc-arg .h{fill:var(--paper);"
    "stroke:var(--line);stroke-width:1.2}.sc-arg .v{fill:none;stroke:var(--line);stroke-width:1.5}"
    ".sc-arg .x{fill:none;stroke:var(--ink);stroke-width:1.8;opacity:.6}"
    ".sc-arg .b{fill:var(--paper);stroke:var(--line);stroke-width:.8}"
    "@media print{.sc-arg{--paper:#fff;--ink:#000;--line:#000;--goal:#fff}}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """The text of one part: a head line and the wrapped statement, with what they need."""

    head: str
    note: str
    lines: list[str]
    badge: str
    width: float
    height: float


@dataclass(slots=True, kw_only=True)
class Shape:
    """A part ready to be placed: its size and its markup from (0, 0); `says` is its title."""

    size: Size
    body: str
    says: str
    href: str = ""


def content_of(
    part: Part, *, room: float, note: str = "", status: tuple[str, str] | None = None
) -> Content:
    """The statement of `part` in lines of at most `room`, under its id and an italic `note`."""
    name = one_line(part.away or part.id, limit=120)
    widest = max(room, MOST_HEAD)
    head = fit(name, widest / BOLD, FONT)
    width = text_width(head, FONT) * BOLD
    if note:
        note = one_line(note, limit=80)
        note = fit(note, max(widest - width - 8, 0), FONT) if width + 40 < widest else ""
        width += text_width(note, FONT) + 8 if note else 0.0
    room = max(room, width)
    lines, widest = wrapped(one_line(part.text, limit=MOST_TEXT), room, FONT, MOST_LINES)
    width = max(width, widest)
    badge = ""
    if status:
        badge = fit(one_line(f"{status[1]} {status[0]}", limit=60), room - 12, SMALL)
        width = max(width, text_width(badge, SMALL) + 12)
    height = LINE * (1 + len(lines)) + (LINE + 4 if badge else 0.0)
    return Content(head=head, note=note, lines=lines, badge=badge, width=width, height=height)


def text_block(content: Content, x: float, y: float, *, middle: bool = False) -> str:
    """The text with its first line's top at `y`; `x` is its left edge, or its middle."""
    kind = ' class="m"' if middle else ""
    # The blank that parts the lines for a screen reader counts when a line is centred.
    shift = [x + (1.9 if middle else 0.0)] * len(content.lines) + [x]
    parts = [
        f'<text x="{shift[0]:.5g}" y="{y + 11.5:.5g}"{kind}>'
        f'<tspan class="i">{escaped(content.head)}</tspan>'
    ]
    if content.note:
        parts.append(f'<tspan class="n" dx="5">{escaped(content.note)}</tspan>')
    parts += [
        f' <tspan x="{at:.5g}" dy="15">{escaped(line)}</tspan>'
        for at, line in zip(shift[1:], content.lines, strict=True)
    ]
    parts.append("</text>")
    if content.badge:
        wide = text_width(content.badge, SMALL) + 12
        left = x - wide / 2 if middle else x
        top = y + LINE * (1 + len(content.lines)) + 2
        parts.append(
            f'<rect class="b" x="{left:.4g}" y="{top:.4g}" width="{wide:.4g}" height="15" '
            f'rx="7.5"/><text class="q" x="{left + 6:.4g}" y="{top + 11:.4g}">'
            f"{escaped(content.badge)}</text>"
        )
    return "".join(parts)


def escaped(text: str) -> str:
    """Text that is already on one line, safe in XML."""
    if not _SPECIAL.search(text):
        return text
    return html.escape(text.replace("\ufffe", "[U+FFFE]").replace("\uffff", "[U+FFFF]"))


# Which parts, and how they hang together.


def selected(
    structure: Structure, root: str | None, depth: int | None
) -> tuple[list[Part], list[Link], dict[str, int]]:
    """The parts to draw, their links, and how much support and doubt of each is left out.

    With `root`, only what hangs on that part; with `depth`, at most that many links of support
    or doubt below the tops. Context comes with its element. An unknown root selects nothing.
    """
    if root is None and depth is None and len(structure.parts) <= MOST_PARTS:
        kept = set(structure.parts)
    else:
        kept = set(_reached(structure, root, depth))
    parts = [part for name, part in structure.parts.items() if name in kept]
    ids = {link.id: link for link in structure.links if link.id}
    links: list[Link] = []
    hidden: dict[str, int] = {}
    for link in structure.links:
        aim = ids.get(link.target_link)
        ends = (aim.source, aim.target) if aim else (link.target,)
        if link.source in kept and all(end in kept for end in ends):
            links.append(link)
        elif link.kind == "challenges":
            upper = next((end for end in ends if end in kept), None)
            if upper is not None and link.source in structure.parts:
                hidden[upper] = hidden.get(upper, 0) + 1
        elif link.source in kept and link.kind == "supported by" and link.target in structure.parts:
            hidden[link.source] = hidden.get(link.source, 0) + 1
    return parts, links, hidden


def shown_of(structure: Structure, parts: Sequence[Part]) -> str:
    """A sentence that says how much is left out, if anything is."""
    whole = len(structure.parts)
    return f" {len(parts):,} of {whole:,} parts are shown." if len(parts) < whole else ""


def _reached(structure: Structure, root: str | None, depth: int | None) -> dict[str, int]:
    """Ids by distance from the root or the tops, breadth first."""
    below: dict[str, list[str]] = {}
    beside: dict[str, list[str]] = {}
    lower: set[str] = set()
    ids = {link.id: link.source for link in structure.links if link.id}
    for link in structure.links:
        if link.kind == "in context of":
            beside.setdefault(link.source, []).append(link.target)
            lower.add(link.target)
        elif link.kind == "supported by":
            below.setdefault(link.source, []).append(link.target)
            lower.add(link.target)
        else:
            target = ids.get(link.target_link, link.target)
            below.setdefault(target, []).append(link.source)
            lower.add(link.source)
    tops = [root] if root is not None else [n for n in structure.parts if n not in lower]
    found = dict.fromkeys((n for n in tops if n in structure.parts), 0)
    queue = list(found)
    for name in queue:
        if len(found) >= MOST_PARTS:
            break
        deeper = found[name] + 1
        near = [(other, found[name]) for other in beside.get(name, ())]
        if depth is None or deeper <= depth:
            near += [(other, deeper) for other in below.get(name, ())]
        for other, distance in near:
            if other not in found and other in structure.parts:
                found[other] = distance
                queue.append(other)
    return found


def lines_of(links: Sequence[Link], *, side_beside: bool = False) -> list[Line]:
    """The links as lines to route; with `side_beside`, side conditions stand beside their step."""
    numbers = {link.id: index for index, link in enumerate(links) if link.id}
    lines = []
    for link in links:
        if link.kind == "challenges":
            on = numbers.get(link.target_link, -1)
            lines.append(
                Line(kind="up", source=link.source, target=link.target, on=on, marked=link.defeated)
            )
        elif link.kind == "in context of" or (side_beside and link.tags.get("sc.side")):
            lines.append(Line(kind="beside", source=link.source, target=link.target))
        else:
            marked = bool(link.multiplicity or link.optional or link.defeated or link.id)
            lines.append(Line(kind="down", source=link.source, target=link.target, marked=marked))
    return lines


# Markup.


def path(points: Sequence[Point], *, cut: float = 0.0, radius: float = RADIUS) -> str:
    """The points as path data with rounded corners; the last `cut` of it is left to the head."""
    if len(points) < 2:
        return ""
    *rest, (bx, by), (ex, ey) = points
    if cut:
        ex, ey = _towards((ex, ey), (bx, by), cut)
    whole = [*rest, (bx, by), (ex, ey)]
    parts = [f"M{whole[0][0]:.1f} {whole[0][1]:.1f}"]
    for before, corner, after in zip(whole, whole[1:], whole[2:], strict=False):
        ax, ay = _towards(corner, before, radius)
        cx, cy = _towards(corner, after, radius)
        parts.append(f"L{ax:.1f} {ay:.1f}Q{corner[0]:.1f} {corner[1]:.1f} {cx:.1f} {cy:.1f}")
    parts.append(f"L{ex:.1f} {ey:.1f}")
    return "".join(parts)


def _towards(start: Point, end: Point, by: float) -> Point:
    """The point `by` away from `start`, at most half-way to `end`."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = abs(dx) + abs(dy)  # lines run along the axes
    if length == 0:
        return start
    part = min(by / length, 0.5)
    return start[0] + dx * part, start[1] + dy * part


def head(points: Sequence[Point], *, open_: bool = False) -> str:
    """An arrow head at the last point, as path data; an open one is two strokes."""
    (bx, by), (ex, ey) = points[-2:]
    dx, dy = ex - bx, ey - by
    length = (dx * dx + dy * dy) ** 0.5 or 1.0
    ux, uy = dx / length, dy / length
    left = (ex - 9 * ux - 4 * uy, ey - 9 * uy + 4 * ux)
    right = (ex - 9 * ux + 4 * uy, ey - 9 * uy - 4 * ux)
    end = "" if open_ else "Z"
    return f"M{left[0]:.1f} {left[1]:.1f}L{ex:.1f} {ey:.1f}L{right[0]:.1f} {right[1]:.1f}{end}"


@dataclass(slots=True)
class _Heads:
    """All arrow heads of one kind, drawn as one path."""

    full: list[str] = field(default_factory=list)
    hollow: list[str] = field(default_factory=list)
    strokes: list[str] = field(default_factory=list)


Head = Literal["full", "hollow", "open", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stroke:
    """How a link is drawn: its class, its head, and whether the head is at its source."""

    name: str
    head: Head
    at_source: bool = False


def strokes(routes: Iterable[tuple[Sequence[Point], Stroke]]) -> str:
    """All lines with their heads; the heads of a kind are one path.

    What lines of one kind have in common is drawn once, so that it is not darker than the rest.
    """
    heads, parts = _Heads(), []
    drawn: dict[tuple[str, Point, int, bool], float] = {}
    for points, stroke in routes:
        if len(points) < 2:
            continue
        cut = 0.0 if stroke.head in ("open", "none") else 7.0
        rest = _undrawn(points, stroke.name, drawn)
        way = points[::-1] if stroke.at_source else points
        if stroke.at_source:
            rest, cut = (rest[::-1], cut) if rest[0] == points[0] else (rest[::-1], 0.0)
        parts.append(f'<path class="{stroke.name}" d="{path(rest, cut=cut)}"/>')
        if stroke.head == "full":
            heads.full.append(head(way))
        elif stroke.head == "hollow":
            heads.hollow.append(head(way))
        elif stroke.head == "open":
            heads.strokes.append(head(way, open_=True))
    for name, paths in (("f", heads.full), ("h", heads.hollow), ("v", heads.strokes)):
        if paths:
            parts.append(f'<path class="{name}" d="{"".join(paths)}"/>')
    return "".join(parts)


def _undrawn(
    points: Sequence[Point], name: str, drawn: dict[tuple[str, Point, int, bool], float]
) -> Sequence[Point]:
    """The part of a line that no line before it has drawn; at least its last stretch."""
    start = 0
    begin = points[0]
    last = len(points) - 2
    shared = True
    for index in range(last + 1):
        (ax, ay), (bx, by) = points[index : index + 2]
        across = 0 if abs(bx - ax) > abs(by - ay) else 1
        length = bx - ax if across == 0 else by - ay
        key = (name, points[index], across, length > 0)
        before = drawn.get(key)
        drawn[key] = max(before or 0.0, abs(length))
        if not shared:
            continue
        if before is None or index == last:
            shared = False
        elif before >= abs(length) - 0.5:
            start, begin = index + 1, points[index + 1]
        else:
            part = max(before - 2 * RADIUS, 0.0) / abs(length)
            start, begin = index, (ax + (bx - ax) * part, ay + (by - ay) * part)
            shared = False
    return (begin, *points[start + 1 :])


def document(
    placement: Placement,
    shapes: Mapping[str, Shape],
    *,
    title: str,
    says: str,
    under: str,
    over: str = "",
) -> str:
    """The whole picture: lines beneath, then the parts, then what lies on lines and parts."""
    pad = 12.0
    wide, tall = placement.width + 2 * pad, placement.height + 2 * pad
    name = escaped(one_line(title, limit=300)) or "Argument"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="sc-arg" width="{wide:.0f}" '
        f'height="{tall:.0f}" viewBox="{-pad:g} {-pad:g} {wide:.0f} {tall:.0f}" '
        f'role="graphics-document document" aria-label="{name}">',
        f"<title>{name}</title><desc>{escaped(one_line(says))}</desc><style>{STYLE}</style>",
        f'<rect x="{-pad:g}" y="{-pad:g}" width="{wide:.0f}" height="{tall:.0f}" '
        'style="fill:var(--paper)"/>',
        under,
    ]
    for key, shape in shapes.items():
        box = placement.boxes[key]
        body = f"<title>{escaped(shape.says)}</title>{shape.body}"
        if shape.href:
            body = f'<a href="{escaped(shape.href)}">{body}</a>'
        parts.append(
            f'<g role="graphics-symbol" transform="translate({box.x:.1f} {box.y:.1f})">{body}</g>'
        )
    return "\n".join(filter(None, [*parts, over, "</svg>"])) + "\n"


def safe_href(url: str) -> str:
    """A web address that may be followed from the picture, or nothing."""
    clean = one_line(url, limit=2_000) if url else ""
    return clean if clean.startswith(("https://", "http://")) and " " not in clean else ""
