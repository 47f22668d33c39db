"""The map: what an element rests on, two levels of it, and the way from the root to it.

A tidy tree from left to right (`tidy`). Steps are not boxes: their rule stands where the lines
part, and what hangs on a step hangs on its conclusion. Each box is a link that goes one level
deeper, so that the map is walked without a script; what a box hides is counted in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape

from safetycase.report.clean import one_line
from safetycase.report.mark_classes import mark_class
from safetycase.report.outline import ROLE_WORDS
from safetycase.report.text_width import fit, wrapped
from safetycase.report.tidy import tidy
from safetycase.report.view import Page, View

__all__ = ["BOX", "boxes_in", "has_map", "map_svg"]

WIDE, GAP, ROOM = 256.0, 60.0, 10.0
PATH_WIDE, PATH_GAP = 112.0, 18.0
LINE, TEXT, SMALL = 15.0, 12.0, 11.0
LINES = 3
BOX = 900
"""Characters that a box takes in the text of a map, about."""
ASIDE = ("problem", "monitor")
"""How that hangs on an element which it does not rest on."""
MOST_CHILDREN, MOST_BOXES, MOST_PATH = 40, 70, 3


@dataclass(slots=True)
class _Box:
    """One element as a box; `rule` is that of its step, `hidden` how many are not shown below."""

    name: str
    role: str
    depth: int
    lines: Sequence[str] = ()
    counts: str = ""
    rule: str = ""
    hidden: int = 0
    again: bool = False
    below: list[int] = field(default_factory=list)

    @property
    def tall(self) -> float:
        """The height of the box."""
        rows = 1 + len(self.lines) + bool(self.counts) + bool(self.hidden)
        return rows * LINE + 10.0


def has_map(view: View | Page, name: str) -> bool:
    """Whether an element rests on anything, or is doubted, so that its map would show something.

    A step has none: it is part of the map of its conclusion.
    """
    if view.is_step(name):
        return False
    return any(role not in ASIDE for _name, role in _below(view, name)[1])


def boxes_in(view: View | Page, name: str) -> int:
    """How many boxes the map around an element has, at most."""
    children = _below(view, name)[1][:MOST_CHILDREN]
    deeper = sum(len(_below(view, child)[1]) for child, _role in children)
    return 1 + len(children) + (deeper if deeper <= MOST_BOXES else 0)


def _below(view: View | Page, name: str) -> tuple[str, list[tuple[str, str]]]:
    """The rule of the step into an element, and what hangs on either, doubts first."""
    rule = ""
    doubts: list[tuple[str, str]] = []
    rest: list[tuple[str, str]] = []
    for child, role in view.children.get(name, ()):
        if role == "step" and view.is_step(child):
            rule = view.step(child)
            for part, how in view.children.get(child, ()):
                (doubts if how == "doubt" else rest).append((part, how))
        elif role == "doubt":
            doubts.append((child, role))
        else:
            rest.append((child, role))
    return rule, [pair for pair in (*doubts, *rest) if pair[1] not in ("context", "declared")]


def map_svg(page: Page, focus: str, *, key: str) -> str:
    """The map around `focus` as SVG in the classes of the page; `key` makes its ids unique."""
    boxes = _boxes(page, focus)
    left = [(box.tall + ROOM) / 2 for box in boxes]  # the axis of the tree runs down the page
    ends = [(box.depth + 1) * (WIDE + GAP) for box in boxes]
    middles = tidy([box.below for box in boxes], ends, left, left)
    top = min(m - box.tall / 2 for m, box in zip(middles, boxes, strict=True))
    bottom = max(m + box.tall / 2 for m, box in zip(middles, boxes, strict=True))
    path = _path(page, focus)
    start = sum(PATH_WIDE + PATH_GAP for _ in path)
    wide = start + max(ends) - GAP + 4
    shift = 4 - top
    parts = [*_path_parts(page, path, middles[0] + shift)]
    for index, box in enumerate(boxes):
        x = start + box.depth * (WIDE + GAP)
        parts += _lines(box, boxes, x, middles, shift, index)
        parts.append(_drawn(page, box, x, middles[index] + shift, focus))
    tall = bottom - top + 8
    says = _told(page, focus, boxes)
    return (
        f'<svg class="map" viewBox="0 0 {wide:.0f} {tall:.0f}" width="{wide:.0f}" '
        f'height="{tall:.0f}" role="group" aria-labelledby="{key}-t {key}-d">'
        f'<title id="{key}-t">Map around {escape(one_line(focus, limit=120))}</title>'
        f'<desc id="{key}-d">{escape(says)}</desc>{"".join(parts)}</svg>'
    )


def _boxes(page: Page, focus: str) -> list[_Box]:
    """The focus, what hangs on it, and what hangs on that where there is room; parents first."""
    boxes = [_box(page, focus, "", 0, LINES + 2)]
    seen = {focus}
    rule, children = _below(page, focus)
    boxes[0].rule = rule
    boxes[0].hidden = max(len(children) - MOST_CHILDREN, 0)
    for name, role in children[:MOST_CHILDREN]:
        boxes[0].below.append(len(boxes))
        boxes.append(_box(page, name, role, 1, LINES))
    first = [index for index in boxes[0].below if boxes[index].name not in seen]
    wanted = sum(len(_below(page, boxes[index].name)[1]) for index in first)
    for index in first:
        box = boxes[index]
        if box.name in seen:
            box.again = True
            continue
        seen.add(box.name)
        rule, children = _below(page, box.name)
        if wanted > MOST_BOXES or not children:
            box.hidden = len(children)
            continue
        box.rule = rule
        for name, role in children:
            box.below.append(len(boxes))
            inner = _box(page, name, role, 2, LINES - 1)
            inner.hidden = 0 if name in seen else len(_below(page, name)[1])
            boxes.append(inner)
    return boxes


def _box(page: Page, name: str, role: str, depth: int, most: int) -> _Box:
    lines, _ = wrapped(one_line(page.says(name), limit=400), WIDE - 20, TEXT, most)
    row = page.rows[page.first[name]] if name in page.first else None
    counts = str(row.below) if row and depth else ""
    if row and row.kind == "evidence":
        counts = page.number(name) or page.fresh(row.state).word
    return _Box(name=name, role=role, depth=depth, lines=lines, counts=counts)


def _path(page: Page, focus: str) -> list[str]:
    """The elements above the focus that are shown, steps left out, the root first."""
    above = [n for n in page.path(focus)[:-1] if not page.is_step(n)]
    return above if len(above) <= MOST_PATH else [above[0], "", *above[1 - MOST_PATH :]]


def _path_parts(page: Page, path: Sequence[str], y: float) -> Iterator[str]:
    for number, name in enumerate(path):
        x = number * (PATH_WIDE + PATH_GAP)
        yield f'<path class="edge" d="M{x + PATH_WIDE:.0f} {y:.1f}h{PATH_GAP:.0f}"/>'
        if not name:
            yield f'<text class="small mid" x="{x + PATH_WIDE / 2:.0f}" y="{y + 4:.1f}">…</text>'
            continue
        yield (
            f'<a href="{escape(page.links.map(name))}"><rect class="box" x="{x:.0f}" '
            f'y="{y - 15:.1f}" width="{PATH_WIDE:.0f}" height="30"/>{_mark(page, name, x + 6, y)}'
            f'<text class="id" x="{x + 22:.0f}" y="{y + 4:.1f}">'
            f"{escape(fit(one_line(name, limit=80), PATH_WIDE - 30, TEXT * 1.08))}</text></a>"
        )


def _lines(
    box: _Box,
    boxes: Sequence[_Box],
    x: float,
    middles: Sequence[float],
    shift: float,
    index: int,
) -> Iterator[str]:
    """The lines from a box to those below it, and the rule where they part."""
    if not box.below:
        return
    y, end = middles[index] + shift, x + WIDE
    trunk = end + GAP * 0.7
    for child in box.below:
        at, role = middles[child] + shift, boxes[child].role
        kind = f"edge {role.split()[0]}" if role in ("doubt", "in support") else "edge"
        yield f'<path class="{kind}" d="M{end:.0f} {y:.1f}H{trunk:.1f}V{at:.1f}H{end + GAP:.0f}"/>'
    if box.rule:
        yield f'<text class="rule" x="{end + 3:.1f}" y="{y - 4:.1f}">{escape(box.rule)}</text>'


def _drawn(page: Page, box: _Box, x: float, middle: float, focus: str) -> str:
    y = middle - box.tall / 2
    mark = page.mark(box.name)
    deeper = box.name != focus and not box.again and has_map(page, box.name)
    href = page.links.map(box.name) if deeper else page.links.element(box.name)
    word = "" if page.kind(box.name) == "context" else mark.word
    posed = page.a.states.get(box.name)
    dashed = " unposed" if posed is not None and posed.posed == "not ready" else ""
    role = ROLE_WORDS.get(box.role, "")
    head = f"{role} " if role else ""
    room = WIDE - 30 - len(head) * 5.6 - len(word) * 6.4
    rows = [
        f'<text class="id" x="{x + 24:.1f}" y="{y + 15:.1f}">'
        + (f'<tspan class="role">{escape(head)}</tspan>' if head else "")
        + f"{escape(fit(one_line(box.name, limit=120), max(room, 40), TEXT * 1.08))}</text>",
        f'<text class="word {mark_class(mark, page.channel(mark))}" x="{x + WIDE - 8:.1f}" '
        f'y="{y + 15:.1f}">{escape(word)}</text>',
    ]
    at = y + 15
    for line in box.lines:
        at += LINE
        rows.append(f'<text x="{x + 10:.1f}" y="{at:.1f}">{escape(line)}</text>')
    tails = [box.counts, _more(box)]
    for tail in filter(None, tails):
        at += LINE
        shown = escape(fit(tail, WIDE - 20, SMALL))
        rows.append(f'<text class="small" x="{x + 10:.1f}" y="{at:.1f}">{shown}</text>')
    corner = f"M{x + 4:.1f} {y + box.tall + 3:.1f}h{WIDE - 1:.1f}v-{box.tall:.1f}"
    stack = f'<path class="stack" d="{corner}"/>' if box.hidden else ""
    kind = " focus" if box.name == focus else ""
    label = f"{page.kind(box.name)} {one_line(box.name, limit=120)}, {word or 'context'}"
    return (
        f'<a href="{escape(href)}" aria-label="{escape(label)}">{stack}'
        f'<rect class="box{kind}{dashed}" x="{x:.1f}" y="{y:.1f}" width="{WIDE:.0f}" '
        f'height="{box.tall:.1f}"/>{_mark(page, box.name, x + 8, y + 11)}{"".join(rows)}</a>'
    )


def _more(box: _Box) -> str:
    return f"▸ {box.hidden:,} more below" if box.hidden else ""


def _mark(page: Page, name: str, x: float, middle: float) -> str:
    """The shape of an element's status, drawn where the box begins."""
    mark = page.mark(name)
    name = mark_class(mark, page.channel(mark))
    return (
        f'<svg class="mark {name}" x="{x:.1f}" y="{middle - 6:.1f}" width="12" height="12" '
        f'viewBox="0 0 16 16" aria-hidden="true">{mark.draw}</svg>'
    )


def _told(page: Page, focus: str, boxes: Sequence[_Box]) -> str:
    """The map in a sentence."""
    first = [boxes[i] for i in boxes[0].below]
    words = [f"{one_line(b.name, limit=60)} ({page.mark(b.name).word})" for b in first[:12]]
    more = f" and {len(first) - 12} more" if len(first) > 12 else ""
    hangs = f"On it hang {', '.join(words)}{more}." if first else "Nothing hangs on it."
    return f"{one_line(focus, limit=120)} is {page.mark(focus).word}. {hangs}"
