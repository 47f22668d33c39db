"""An argument drawn in Claims-Arguments-Evidence notation, as one SVG without scripts.

Claims are ellipses, arguments rounded boxes named after their building block, evidence boxes;
lines point upwards, from what supports to what is supported. A side condition stands beside the
argument that owes it. Source: Bloomfield and Netkachova 2014, "Building blocks for assurance
cases" (ISSREW 2014); Bishop and Bloomfield 1998, "A methodology for safety case development".
CAE has no symbols of its own for scope and doubt: context and assumptions are dashed, a doubt
points at what it challenges with a dashed line.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from safetycase.argument.structure import Link, Part, Structure
from safetycase.report.clean import one_line
from safetycase.report.gsn_shapes import defeated_cross
from safetycase.report.layout import Size, arrange
from safetycase.report.notation import (
    LINE,
    Shape,
    Statuses,
    Stroke,
    content_of,
    document,
    lines_of,
    safe_href,
    selected,
    shown_of,
    strokes,
    text_block,
)
from safetycase.report.text_width import text_width

__all__ = ["render_cae"]

_SUPPORT = Stroke(name="l", head="full", at_source=True)
_SHOWN = Stroke(name="l dot", head="full", at_source=True)
_SIDE = Stroke(name="l", head="full", at_source=True)
_SCOPE = Stroke(name="l dot", head="none")
_CHALLENGE = Stroke(name="l dash", head="open")
_WORDS: Mapping[str, str] = {
    "goal": "claim",
    "strategy": "argument",
    "solution": "evidence",
    "context": "context",
    "assumption": "assumption",
    "justification": "justification",
    "module": "module",
    "contract": "contract",
}


def render_cae(
    structure: Structure,
    *,
    statuses: Statuses | None = None,
    root: str | None = None,
    depth: int | None = None,
) -> str:
    """The picture of `structure`; the arguments are those of `render_gsn`."""
    parts, links, hidden = selected(structure, root, depth)
    states = statuses or {}
    sides = {link.target for link in links if link.tags.get("sc.side")}
    counters = {part.id for part in parts if part.counter}
    doubts = {link.source for link in links if link.kind == "challenges"}
    answers = {k.source for k in links if k.kind == "challenges" and k.target in counters}
    shapes = {
        part.id: _shape(
            part,
            status=states.get(part.id),
            hidden=hidden.get(part.id, 0),
            role="side condition"
            if part.id in sides
            else "answer"
            if part.id in answers
            else "doubt"
            if part.id in doubts
            else "",
        )
        for part in parts
    }
    lines = lines_of(links, side_beside=True)
    placement = arrange({name: shape.size for name, shape in shapes.items()}, lines)
    under = strokes(
        (route, _stroke(link)) for route, link in zip(placement.routes, links, strict=True)
    )
    return document(
        placement, shapes, title=structure.title, says=_says(structure, parts, links), under=under
    )


def _says(structure: Structure, parts: Sequence[Part], links: Sequence[Link]) -> str:
    counts: dict[str, int] = {}
    for part in parts:
        counts[_WORDS[part.type]] = counts.get(_WORDS[part.type], 0) + 1
    many = ", ".join(f"{word} × {n}" for word, n in counts.items())
    doubts = sum(link.kind == "challenges" for link in links)
    of = shown_of(structure, parts)
    return f"Claims, arguments and evidence: {many or 'nothing'}; doubts × {doubts}.{of}"


def _stroke(link: Link) -> Stroke:
    if link.kind == "challenges":
        return _CHALLENGE
    if link.tags.get("sc.side"):
        return _SIDE
    if link.kind == "in context of":
        # An assumption that stands as a premise supports; GSN has to draw it as scope.
        return _SUPPORT if link.tags.get("sc.premise") else _SCOPE
    return _SHOWN if link.tags.get("sc.in_support") else _SUPPORT


def _note(part: Part, role: str) -> str:
    """The word under which a part is known: its building block, or what sets it apart."""
    if part.type == "strategy":
        rule = part.tags.get("sc.rule", "")
        kind = part.tags.get("sc.kind", "argument")
        if rule == "k of n":
            return f"{kind}, {part.tags.get('sc.k', '?')} of n"
        return kind if rule in ("", "all") or kind == "alternatives" else f"{kind}, {rule}"
    if role:
        return role
    return "" if part.type in ("goal", "solution") else _WORDS[part.type]


def _shape(part: Part, *, status: tuple[str, str] | None, hidden: int, role: str) -> Shape:
    note = _note(part, role)
    if part.type in ("goal", "assumption"):
        shape = _ellipse(part, note, status)
    else:
        shape = _box(part, note, status)
    if part.defeated:
        shape.body += defeated_cross(shape.size.width, shape.size.height)
    below = f"▾ {hidden} more" if hidden else "no support yet" if _open(part) else ""
    if below:
        size = shape.size
        shape.body += (
            f'<text class="q m" x="{size.width / 2:.1f}" y="{size.height + 12:.1f}">{below}</text>'
        )
        shape.size = replace(size, height=size.height + 15.0, foot=15.0)
    words = [_WORDS[part.type]]
    words += [word for word in (note, below, status[0] if status else "") if word]
    words += ["defeated"] if part.defeated else []
    name = part.away or part.id
    shape.says = one_line(f"{name}: {', '.join(dict.fromkeys(words))}", limit=400)
    shape.href = safe_href(part.url)
    return shape


def _open(part: Part) -> bool:
    return (part.undeveloped or part.by_contract) and not part.tags.get("sc.defeater")


def _ellipse(part: Part, note: str, status: tuple[str, str] | None) -> Shape:
    """A claim: an ellipse that the corners of its text touch."""
    area = text_width(one_line(part.text), 12.0) * LINE
    room = min(max(math.sqrt(area) * 1.6, 110.0), 260.0)
    content = content_of(part, room=room, note=note, status=status)
    w, h = content.width + 6, content.height + 4
    tall = h * 1.45
    wide = w / math.sqrt(1 - (h / tall) ** 2)
    kind = "o doubt" if part.counter else "o"
    dash = ' stroke-dasharray="5 3"' if part.type == "assumption" else ""
    body = (
        f'<ellipse class="{kind}"{dash} cx="{wide / 2:.1f}" cy="{tall / 2:.1f}" '
        f'rx="{wide / 2:.1f}" ry="{tall / 2:.1f}"/>'
    )
    body += text_block(content, wide / 2, (tall - content.height) / 2, middle=True)
    return Shape(size=Size(width=wide, height=tall, ellipse=True), body=body, says="")


def _box(part: Part, note: str, status: tuple[str, str] | None) -> Shape:
    """Arguments with round corners, evidence with square ones, context in a dashed box."""
    room = 172.0 if len(part.text) <= 110 else 220.0 if len(part.text) <= 260 else 300.0
    content = content_of(part, room=room, note=note, status=status)
    wide, tall = max(content.width + 24.0, 96.0), content.height + 18.0
    step = part.type == "strategy"
    scope = part.type in ("context", "justification")
    kind = "o step" if step else "o leaf" if part.type == "solution" else "o scope"
    if part.counter:
        kind = "o doubt"
    dash = ' stroke-dasharray="5 3"' if scope else ""
    corner = ' rx="14"' if step else ""
    body = (
        f'<rect class="{kind}"{dash}{corner} x="0" y="0" width="{wide:.1f}" height="{tall:.1f}"/>'
    )
    return Shape(
        size=Size(width=wide, height=tall),
        body=body + text_block(content, 12.0, 8.0),
        says="",
    )
