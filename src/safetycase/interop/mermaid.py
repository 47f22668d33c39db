"""Mermaid flowcharts with the shapes of GSN, as Markdown pages show them.

Source: Mermaid flowchart syntax (mermaid.js.org/syntax/flowchart.html).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from safetycase.argument.structure import Loss, Part, PartType, Structure
from safetycase.interop.graph import Edge, Graph, graph_of, heading, lost
from safetycase.interop.markup import one_line, plain
from safetycase.plugin.formats import Format, Writing

__all__ = ["FORMAT"]

_SHAPES: dict[PartType, tuple[str, str]] = {
    "goal": ("[", "]"),
    "strategy": ("[/", "/]"),
    "solution": ("((", "))"),
    "context": ("(", ")"),
    "assumption": ("([", "])"),
    "justification": ("([", "])"),
    "module": ("[[", "]]"),
    "contract": ("{{", "}}"),
}
_LETTER: dict[PartType, str] = {"assumption": "A", "justification": "J"}
_CLASSES = {
    "goal": "fill:#ffffff,stroke:#222222,color:#111111",
    "strategy": "fill:#f4f4f4,stroke:#222222,color:#111111",
    "solution": "fill:#ffffff,stroke:#222222,color:#111111",
    "context": "fill:#eef3fb,stroke:#33507a,color:#111111",
    "assumption": "fill:#fdf6e3,stroke:#7a5c00,color:#111111",
    "justification": "fill:#f1f8f1,stroke:#2f6b2f,color:#111111",
    "module": "fill:#f0eef8,stroke:#4b3f8f,color:#111111",
    "contract": "fill:#f0eef8,stroke:#4b3f8f,color:#111111",
    "joint": "fill:#222222,stroke:#222222",
    "defeated": "stroke:#b00020,stroke-width:3px,stroke-dasharray:6 3",
}
_ARROWS = {"supported by": "-->", "in context of": "--o", "challenges": "-.->"}
_LINES = {"supported by": "---", "in context of": "---", "challenges": "-.-"}
_SPECIAL = re.compile(r"[^\w ,.?!'/+*=\-\u0080-\U0010ffff]|--+")
_LIST = re.compile(r"^(?:[-+*]|\d+(?=[.)]))")


def escape(text: str) -> str:
    """Text for a quoted label: whatever could end it, start markup or a directive as `#NN;`.

    Mermaid reads `#NN;` as the character of that number. A line that begins like a list item is
    refused by newer versions, so its first characters are written so, too.
    """
    return _LIST.sub(_coded, _SPECIAL.sub(_coded, text))


def _coded(found: re.Match[str]) -> str:
    return "".join(f"#{ord(letter)};" for letter in found.group())


def write_mermaid(structure: Structure, stem: str) -> Writing:
    """One flowchart; each module is a subgraph."""
    graph = graph_of(structure)
    text = "\n".join(_lines(structure, graph)) + "\n"
    losses = (*graph.losses, *lost(structure, frozenset()), *_urls(structure))
    return Writing(files={f"{stem}.mmd": text}, losses=losses)


def _urls(structure: Structure) -> Iterator[Loss]:
    for part in structure.parts.values():
        if part.url:
            says = f"left out: {one_line(part.url)[:200]}"
            yield Loss(about=part.id, what="url", says=says)


def _lines(structure: Structure, graph: Graph) -> Iterator[str]:
    yield "flowchart TD"
    modules = dict.fromkeys(part.module for part in structure.parts.values())
    for number, name in enumerate(modules):
        if name:
            yield f'  subgraph m{number}["{escape(one_line(name))}"]'
        for key, node in graph.nodes.items():
            part = structure.parts[key]
            if part.module == name:
                yield f"  {'  ' if name else ''}{_node(node, part, graph.points.get(key, ()))}"
        if name:
            yield "  end"
    for joint in graph.joints:
        yield f'  {joint.key}((" "))'
    for edge in graph.edges:
        yield f"  {_edge(edge)}"
    yield from _classes(structure, graph)


def _node(node: str, part: Part, points: tuple[str, ...]) -> str:
    left, right = _SHAPES[part.type]
    lines = [heading(part, points)]
    lines += [one_line(line) for line in plain(part.text).split("\n") if line.strip()]
    lines += [_LETTER[part.type]] if part.type in _LETTER else []
    label = "<br>".join(escape(line) for line in lines)
    return f'{node}{left}"{label}"{right}'


def _edge(edge: Edge) -> str:
    line = _ARROWS[edge.kind] if edge.arrow else _LINES[edge.kind]
    words = [word for word in (edge.label, _spoken(edge)) if word]
    label = f'|"{escape(", ".join(words))}"|' if words else ""
    return f"{edge.source} {line}{label} {edge.target}"


def _spoken(edge: Edge) -> str:
    return "challenges" if edge.kind == "challenges" and edge.arrow else ""


def _classes(structure: Structure, graph: Graph) -> Iterator[str]:
    groups: dict[str, list[str]] = {name: [] for name in _CLASSES}
    for key, node in graph.nodes.items():
        groups[structure.parts[key].type].append(node)
        if structure.parts[key].defeated:
            groups["defeated"].append(node)
    groups["joint"] = [joint.key for joint in graph.joints]
    for name, members in groups.items():
        if members:
            yield f"  classDef {name} {_CLASSES[name]}"
            yield f"  class {','.join(members)} {name}"


FORMAT = Format(
    name="mermaid",
    title="Mermaid flowchart",
    source="Mermaid flowchart syntax, mermaid.js.org/syntax/flowchart.html",
    extensions=(".mmd", ".mermaid"),
    write=write_mermaid,
    limits=(
        "a drawing: tags, addresses, ids of links and what a module says of itself are left out",
        "decorators of GSN stand as words in the box; scope is an arrow that ends in a circle",
    ),
)
