"""The symbols of GSN, one function each: from a part to a shape with its text in it.

Source: GSN Community Standard v3 (SCSC-141C, 2021), Part 1: core elements in clause 1:2, patterns
in 1:3, modules in 1:4, the defeated decorator in 1:6.
"""

from __future__ import annotations

import math
from dataclasses import replace

from safetycase.argument.structure import Part
from safetycase.report.clean import one_line
from safetycase.report.layout import Size
from safetycase.report.notation import (
    LINE,
    Content,
    Shape,
    content_of,
    escaped,
    safe_href,
    text_block,
)
from safetycase.report.text_width import fit, text_width

__all__ = ["WORDS", "defeated_cross", "shape_of"]

WORDS = {
    "goal": "Goal",
    "strategy": "Strategy",
    "solution": "Solution",
    "context": "Context",
    "assumption": "Assumption",
    "justification": "Justification",
    "module": "Module",
    "contract": "Contract",
}
PAD, SLANT, BAR, MARK = 11.0, 16.0, 22.0, 15.0
_MARKS = (
    ("undeveloped", "undeveloped"),
    ("uninstantiated", "uninstantiated"),
    ("public", "public"),
    ("by_contract", "to be supported by contract"),
    ("defeated", "defeated"),
)
_RULES = {"any": "any of", "calculate": "calculated"}


def shape_of(part: Part, *, status: tuple[str, str] | None = None, hidden: int = 0) -> Shape:
    """The symbol of `part`; `hidden` parts below it are said to be left out of the picture."""
    if part.away and part.type not in ("module", "contract"):
        shape = _away(part, status)
    elif part.type in ("solution", "assumption", "justification"):
        shape = _round(part, status)
    else:
        shape = _box(part, status)
    _decorate(shape, part, hidden)
    shape.says = one_line(_says(part, status, hidden), limit=400)
    shape.href = safe_href(part.url)
    return shape


def _says(part: Part, status: tuple[str, str] | None, hidden: int) -> str:
    """What the symbol and its decorators mean, in words."""
    words = [WORDS[part.type]]
    if part.away:
        words.insert(0, "Away")
    if part.counter:
        words.insert(0, "Counter")
    marks = [word for field, word in _MARKS if getattr(part, field)]
    if hidden:
        marks.append(f"{hidden} parts below not shown")
    if status:
        marks.append(status[0])
    tail = f" ({', '.join(marks)})" if marks else ""
    return f"{' '.join(words).capitalize()} {part.away or part.id}{tail}"


def _room(text: str) -> float:
    """How wide the lines of a rectangle may be: wider for long texts."""
    return 172.0 if len(text) <= 110 else 220.0 if len(text) <= 260 else 300.0


def _note(part: Part) -> str:
    if part.type != "strategy":
        return ""
    rule = part.tags.get("sc.rule", "")
    return f"{part.tags.get('sc.k', '')} of n" if rule == "k of n" else _RULES.get(rule, "")


def _box(part: Part, status: tuple[str, str] | None) -> Shape:
    """Goals, strategies, contexts, modules and contracts: text from the left."""
    content = content_of(part, room=_room(part.text), note=_note(part), status=status)
    slant = SLANT if part.type == "strategy" else 0.0
    side = 16.0 if part.type == "context" else PAD + slant
    wide = max(content.width + 2 * side, 96.0 if part.type != "strategy" else 120.0)
    tab = 11.0 if part.type in ("module", "contract") else 0.0
    end = tab if part.type == "contract" else 0.0
    tall = content.height + 2 * 9.0 + tab + end
    kind = {"strategy": "o step", "context": "o scope"}.get(part.type, "o")
    if part.counter:
        kind = "o doubt"
    outline = _outline(part.type, wide, tall, tab)
    body = f'<path class="{kind}" d="{outline}"/>' + text_block(content, side, tab + 8.0)
    size = Size(width=wide, height=tall, slant=slant / 2)
    return Shape(size=size, body=body, says="")


def _outline(kind: str, w: float, h: float, tab: float) -> str:
    if kind == "strategy":
        return f"M{SLANT:g} 0H{w:.1f}L{w - SLANT:.1f} {h:.1f}H0Z"
    if kind == "context":
        r = min(h / 2, 24.0)
        arc = f"A{r:.1f} {r:.1f} 0 0 1"
        return (
            f"M{r:.1f} 0H{w - r:.1f}{arc} {w:.1f} {r:.1f}V{h - r:.1f}{arc} {w - r:.1f} {h:.1f}"
            f"H{r:.1f}{arc} 0 {h - r:.1f}V{r:.1f}{arc} {r:.1f} 0Z"
        )
    if kind == "module":
        return f"M0 {tab:g}V0H{w * 0.6:.1f}V{tab:g}H{w:.1f}V{h:.1f}H0ZM0 {tab:g}H{w * 0.6:.1f}"
    if kind == "contract":
        low, cut = h - tab, w * 0.4
        return (
            f"M0 {tab:g}V0H{w * 0.6:.1f}V{tab:g}H{w:.1f}V{h:.1f}H{cut:.1f}V{low:.1f}H0Z"
            f"M0 {tab:g}H{w * 0.6:.1f}M{cut:.1f} {low:.1f}H{w:.1f}"
        )
    return f"M0 0H{w:.1f}V{h:.1f}H0Z"


def _block(part: Part, status: tuple[str, str] | None, widest: float) -> Content:
    """Text for a round shape: about as wide as it is tall."""
    area = text_width(one_line(part.text), 12.0) * LINE
    flat = 1.3 if part.type == "solution" else 1.75
    room = min(max(math.sqrt(area) * flat, 92.0), widest)
    return content_of(part, room=room, status=status)


def _round(part: Part, status: tuple[str, str] | None) -> Shape:
    """Solutions in a circle, or an ellipse if there is much to say; A and J beside an ellipse."""
    scope = part.type != "solution"
    content = _block(part, status, 210.0 if scope else 240.0)
    w, h = content.width + 8, content.height + 6
    wide, tall = w * math.sqrt(2), h * math.sqrt(2)
    if not scope and max(wide, tall) <= 190:
        wide = tall = max(math.hypot(w, h), 76.0)
    elif scope:  # flatter: the corners of the text touch the same ellipse
        tall = h * 1.5
        wide = w / math.sqrt(1 - (h / tall) ** 2)
    letter = part.type[0].upper() if scope else ""
    kind = "o scope" if scope else "o leaf"
    if part.counter:
        kind = "o doubt"
    body = (
        f'<ellipse class="{kind}" cx="{wide / 2:.1f}" cy="{tall / 2:.1f}" rx="{wide / 2:.1f}" '
        f'ry="{tall / 2:.1f}"/>'
    )
    body += text_block(content, wide / 2, (tall - content.height) / 2, middle=True)
    if letter:
        body += f'<text class="i" x="{wide * 0.9:.1f}" y="{tall:.1f}">{letter}</text>'
    size = Size(width=wide, height=tall, ellipse=True)
    return Shape(size=size, body=body, says="")


def _away(part: Part, status: tuple[str, str] | None) -> Shape:
    """An element of another module: the upper half of its symbol over a bar with the module."""
    arch = part.type in ("solution", "assumption", "justification")
    content = content_of(part, room=_room(part.text), status=status)
    wide = max(content.width + 2 * (20.0 if arch else PAD), 110.0)
    top = 24.0 if arch else 8.0
    low = top + content.height + 7.0
    tall = low + BAR
    if arch:
        start = f"M0 {tall:.1f}V26A{wide / 2:.1f} 26 0 0 1 {wide:.1f} 26V{tall:.1f}Z"
    elif part.type == "context":
        start = f"M0 {tall:.1f}V22A22 22 0 0 1 22 0H{wide - 22:.1f}A22 22 0 0 1 {wide:.1f} 22"
        start += f"V{tall:.1f}Z"
    else:
        start = f"M0 0H{wide:.1f}V{tall:.1f}H0Z"
    kind = "o doubt" if part.counter else {"solution": "o leaf"}.get(part.type, "o")
    where = part.away.rpartition("/")[0] or "main case"
    module = fit(one_line(where, limit=120), wide - 52, 10.5)
    body = (
        f'<path class="{kind}" d="{start}M0 {low:.1f}H{wide:.1f}"/>'
        + _module_icon(8, low + 5)
        + f'<text class="q" x="27" y="{low + 15:.1f}">{escaped(module)}</text>'
        + text_block(content, wide / 2 if arch else PAD, top, middle=arch)
    )
    if part.type in ("assumption", "justification"):
        x, letter = wide - 17, part.type[0].upper()
        body += f'<text class="i" x="{x:.1f}" y="{low + 16:.1f}">{letter}</text>'
    return Shape(size=Size(width=wide, height=tall, round=arch), body=body, says="")


def _module_icon(x: float, y: float) -> str:
    return f'<path class="h" d="M{x:g} {y + 3:.1f}v-3h6v3h8v9h-14zm0 0h6"/>'


def defeated_cross(wide: float, tall: float) -> str:
    """The cross over a defeated element."""
    right, low = wide - 3, tall - 3
    return f'<path class="x" d="M3 3L{right:.1f} {low:.1f}M{right:.1f} 3L3 {low:.1f}"/>'


def _decorate(shape: Shape, part: Part, hidden: int) -> None:
    """Decorators on the outline; those below it make the shape taller."""
    wide, tall = shape.size.width, shape.size.height
    middle = wide / 2
    marks = []
    if part.undeveloped:
        d = f"M{middle:.1f} {tall:.1f}l8 7.5l-8 7.5l-8-7.5z"
        cross = f"M{middle - 8:.1f} {tall + 7.5:.1f}h16" if part.uninstantiated else ""
        marks.append(f'<path class="h" d="{d}{cross}"/>')
    elif part.uninstantiated:
        marks.append(f'<path class="h" d="M{middle:.1f} {tall:.1f}l8 13h-16z"/>')
    elif part.by_contract:
        x, y = middle - 9, tall
        marks.append(
            f'<path class="h" d="M{x:.1f} {y + 3:.1f}v-3h7v3h11v11h-7v-3h-11zm0 0h7m4 8h7"/>'
        )
    elif hidden:
        words = f"▾ {hidden} more"
        marks.append(f'<text class="q m" x="{middle:.1f}" y="{tall + 12:.1f}">{words}</text>')
    if part.public:
        body = _module_icon(wide - 20, -5)
        shape.body += body
    if part.defeated:
        shape.body += defeated_cross(wide, tall)
    if marks:
        shape.body += "".join(marks)
        size = shape.size
        shape.size = replace(size, height=tall + MARK, foot=MARK)
