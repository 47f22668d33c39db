"""Graphviz DOT with the shapes of GSN.

Source: the DOT language (graphviz.org/doc/info/lang.html); shapes by the GSN Community Standard v3.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from safetycase.argument.structure import Part, PartType, Structure
from safetycase.interop.graph import Edge, Graph, graph_of, heading, lost
from safetycase.interop.markup import one_line, plain
from safetycase.plugin.formats import Format, Writing

__all__ = ["FORMAT"]

_WIDTH = 36
_SHAPES: dict[PartType, str] = {
    "goal": "shape=box",
    "strategy": "shape=parallelogram",
    "solution": "shape=circle",
    "context": "shape=box, style=rounded",
    "assumption": "shape=ellipse",
    "justification": "shape=ellipse",
    "module": "shape=tab",
    "contract": "shape=hexagon",
}
_LETTER: dict[PartType, str] = {"assumption": "A", "justification": "J"}
_ARROWS = {
    "supported by": "arrowhead=normal",
    "in context of": "arrowhead=onormal",
    "challenges": "arrowhead=normal, style=dashed",
}
_KEPT: frozenset[str] = frozenset()


def write_dot(structure: Structure, stem: str) -> Writing:
    """One digraph; each module is a cluster."""
    graph = graph_of(structure)
    text = "\n".join(_lines(structure, graph)) + "\n"
    return Writing(files={f"{stem}.dot": text}, losses=(*graph.losses, *lost(structure, _KEPT)))


def quote(lines: list[str]) -> str:
    r"""A quoted string of these lines.

    A backslash starts an escape in labels (`\N`, `\G`, `\l`), so it is doubled.
    """
    escaped = (line.replace("\\", "\\\\").replace('"', '\\"') for line in lines)
    return '"' + "\\n".join(escaped) + '"'


def label(part: Part, points: tuple[str, ...]) -> list[str]:
    """The lines of a box, wrapped."""
    lines = textwrap.wrap(heading(part, points), _WIDTH)
    for paragraph in plain(part.text).split("\n"):
        lines += textwrap.wrap(paragraph, _WIDTH)
    lines += [one_line(part.url)] if part.url else []
    return [*lines, _LETTER[part.type]] if part.type in _LETTER else lines


def _lines(structure: Structure, graph: Graph) -> Iterator[str]:
    yield "digraph argument {"
    yield f"  label={quote([one_line(structure.title)])};"
    yield '  rankdir=TB; node [fontname="sans-serif"]; edge [fontname="sans-serif"];'
    for number, name in enumerate(_modules(structure)):
        indent = "    " if name else "  "
        if name:
            yield f'  subgraph "cluster_{number}" {{'
            yield f"    label={quote([one_line(name)])};"
        for key, node in graph.nodes.items():
            part = structure.parts[key]
            if part.module == name:
                said = f"label={quote(label(part, graph.points.get(key, ())))}, "
                yield f'{indent}"{node}" [{said}{_look(part)}];'
        if name:
            yield "  }"
    for joint in graph.joints:
        yield f'  "{joint.key}" [shape=point];'
    for edge in graph.edges:
        yield _edge(edge)
    yield "}"


def _modules(structure: Structure) -> list[str]:
    return list(dict.fromkeys(part.module for part in structure.parts.values()))


def _look(part: Part) -> str:
    shape = _SHAPES[part.type]
    if part.defeated:
        return f"{shape}, color=red, fontcolor=red"
    return f"{shape}, peripheries=2" if part.away else shape


def _edge(edge: Edge) -> str:
    look = _ARROWS[edge.kind] if edge.arrow else "arrowhead=none"
    words = f", label={quote([edge.label])}" if edge.label else ""
    colour = ", color=red" if edge.link.defeated else ""
    return f'  "{edge.source}" -> "{edge.target}" [{look}{words}{colour}];'


FORMAT = Format(
    name="dot",
    title="Graphviz DOT",
    source="The DOT language, graphviz.org/doc/info/lang.html",
    extensions=(".dot", ".gv"),
    write=write_dot,
    limits=(
        "a drawing: tags, ids of links and what a module says of itself are left out",
        "decorators of GSN stand as words in the box",
    ),
)
