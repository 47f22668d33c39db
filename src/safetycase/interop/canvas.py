"""JSON Canvas 1.0: boxes and arrows to arrange by hand.

Source: JSON Canvas 1.0 (jsoncanvas.org/spec/1.0, 2024-03-11).
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Any

from safetycase.argument.structure import Part, PartType, Structure
from safetycase.interop.graph import Edge, Graph, graph_of, heading, lost
from safetycase.interop.markup import one_line, plain
from safetycase.interop.placement import place
from safetycase.plugin.formats import Format, Writing

__all__ = ["FORMAT"]

_WIDTH, _GAP, _ROW_GAP, _MARGIN = 320, 80, 100, 40
_LINE, _PADDING, _LETTERS = 24, 40, 34
_COLOURS: dict[PartType, str] = {
    "goal": "5",
    "strategy": "4",
    "solution": "6",
    "context": "3",
    "assumption": "2",
    "justification": "2",
    "module": "#8a8f98",
    "contract": "#5b6070",
}
_CHALLENGE = "1"
_MARKDOWN = re.compile(r"([\\`*_\[\]<>#|~=$%^!&{}])")
_LIST = re.compile(r"^(\s*)([-+]|\d+(?=[.)]))", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Box:
    x: int
    y: int
    width: int
    height: int


def escape(text: str) -> str:
    """Text that Markdown shows as it is: no links, pictures, markup or lists."""
    marked = _MARKDOWN.sub(r"\\\1", plain(text))
    return _LIST.sub(_unlisted, marked)


def _unlisted(found: re.Match[str]) -> str:
    space, mark = found.groups()
    return f"{space}\\{mark}" if mark in "-+" else f"{space}{mark}\\"


def write_canvas(structure: Structure, stem: str) -> Writing:
    """One canvas: a text node per part, coloured by type, its id in the first line."""
    graph = graph_of(structure, split=False)
    boxes, groups = _boxes(structure, graph)
    nodes: list[dict[str, Any]] = [
        {
            "id": f"m{number}",
            "type": "group",
            **_sides(box),
            "label": one_line(name),
        }
        for number, (name, box) in enumerate(groups.items(), start=1)
    ]
    for key, node in graph.nodes.items():
        part = structure.parts[key]
        text = _text(part, graph.points.get(key, ()))
        colour = _CHALLENGE if part.counter else _COLOURS[part.type]
        nodes.append(
            {"id": node, "type": "text", **_sides(boxes[node]), "color": colour, "text": text}
        )
    edges = [_edge(edge) for edge in graph.edges]
    text = json.dumps({"nodes": nodes, "edges": edges}, ensure_ascii=False, indent=1) + "\n"
    losses = (*graph.losses, *lost(structure, frozenset()))
    return Writing(files={f"{stem}.canvas": text}, losses=losses)


def _text(part: Part, points: tuple[str, ...]) -> str:
    lines = [f"**{escape(heading(part, points))}**", f"*{part.type}*"]
    lines += [escape(part.text)] if part.text else []
    lines += [escape(one_line(part.url))] if part.url else []
    return "\n".join(lines)


def _sides(box: _Box) -> dict[str, int]:
    return {"x": box.x, "y": box.y, "width": box.width, "height": box.height}


def _edge(edge: Edge) -> dict[str, Any]:
    scope = edge.kind == "in context of"
    words = [edge.label] if edge.label else []
    words += [edge.kind] if edge.kind != "supported by" else []
    drawn: dict[str, Any] = {
        "id": edge.key,
        "fromNode": edge.source,
        "fromSide": "right" if scope else "bottom",
        "toNode": edge.target,
        "toSide": "left" if scope else "top",
        "toEnd": "arrow",
    }
    if edge.kind == "challenges":
        drawn |= {"fromSide": "left", "toSide": "right", "color": _CHALLENGE}
    if words:
        drawn["label"] = ", ".join(words)
    return drawn


def _height(part: Part, points: tuple[str, ...]) -> int:
    lines = [heading(part, points), part.type, *plain(part.text).split("\n"), part.url]
    return _PADDING + _LINE * sum(math.ceil(len(line) / _LETTERS) or 1 for line in lines if line)


def _boxes(structure: Structure, graph: Graph) -> tuple[dict[str, _Box], dict[str, _Box]]:
    """Boxes by node, and around each named module; modules stand side by side."""
    boxes: dict[str, _Box] = {}
    groups: dict[str, _Box] = {}
    left = 0
    for name in dict.fromkeys(part.module for part in structure.parts.values()):
        inside = [key for key, part in structure.parts.items() if part.module == name]
        drawn = _module(structure, graph, inside, left)
        boxes |= drawn
        right = max(box.x + box.width for box in drawn.values())
        bottom = max(box.y + box.height for box in drawn.values())
        if name:
            groups[name] = _Box(
                x=left - _MARGIN,
                y=-_MARGIN,
                width=right - left + 2 * _MARGIN,
                height=bottom + 2 * _MARGIN,
            )
        left = right + 2 * _MARGIN + _GAP
    return boxes, groups


def _module(structure: Structure, graph: Graph, inside: list[str], left: int) -> dict[str, _Box]:
    below: dict[str, list[str]] = {}
    beside: dict[str, list[str]] = {}
    of_link = {link.id: link for link in structure.links if link.id}
    members = set(inside)
    for link in structure.links:
        aim = of_link[link.target_link].source if link.target_link in of_link else link.target
        if link.kind == "challenges":
            ends, ways = (aim, link.source), beside
        else:
            ends = (link.source, link.target)
            ways = below if link.kind == "supported by" else beside
        if members.issuperset(ends):
            ways.setdefault(ends[0], []).append(ends[1])
    places = place(inside, below, beside)
    heights = {key: _height(structure.parts[key], graph.points.get(key, ())) for key in inside}
    tallest: dict[int, int] = {}
    for key, spot in places.items():
        tallest[spot.layer] = max(tallest.get(spot.layer, 0), heights[key])
    tops, top = {}, 0
    for layer in sorted(tallest):
        tops[layer] = top
        top += tallest[layer] + _ROW_GAP
    return {
        graph.nodes[key]: _Box(
            x=left + round(spot.column * (_WIDTH + _GAP)),
            y=tops[spot.layer],
            width=_WIDTH,
            height=heights[key],
        )
        for key, spot in places.items()
    }


FORMAT = Format(
    name="json-canvas",
    title="JSON Canvas",
    source="JSON Canvas 1.0, jsoncanvas.org/spec/1.0",
    extensions=(".canvas",),
    write=write_canvas,
    limits=(
        "a drawing: tags, ids of links and what a module says of itself are left out",
        "a challenge of a relation points at the element that the relation starts from",
    ),
)
