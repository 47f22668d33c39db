"""GraphML 1.0: the graph with all of its data, for tools that compute on graphs.

Source: GraphML primer and schema (graphml.graphdrawing.org, 2004).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from safetycase.argument.structure import Link, Loss, Part, Structure
from safetycase.interop.graph import Graph, graph_of, lost
from safetycase.interop.markup import clean_xml, xml_quote, xml_text
from safetycase.plugin.formats import Format, Writing

__all__ = ["FORMAT"]

_FLAGS = ("undeveloped", "uninstantiated", "public", "by_contract", "defeated", "counter")
_NODE: Mapping[str, str] = {
    "id": "string",
    "type": "string",
    "text": "string",
    "name": "string",
    "module": "string",
    "away": "string",
    "declaration": "string",
    "url": "string",
    "acp": "string",
    "tags": "string",
    **dict.fromkeys(_FLAGS, "boolean"),
}
_EDGE: Mapping[str, str] = {
    "kind": "string",
    "id": "string",
    "inference": "string",
    "multiplicity": "string",
    "choice": "string",
    "choose": "string",
    "acp": "string",
    "tags": "string",
    "defeated": "boolean",
    "optional": "boolean",
}
_KEPT = frozenset({"tags", "inference", "link id"})


def write_graphml(structure: Structure, stem: str) -> Writing:
    """One directed graph; node ids are `n1`, `n2`, ..., the ids of the parts stand in `id`."""
    graph = graph_of(structure)
    losses: list[Loss] = [*graph.losses, *lost(structure, _KEPT)]
    lines = []
    for line, about in _lines(structure, graph):
        clean = clean_xml(line)
        if clean != line:
            says = "it holds characters that XML cannot; U+FFFD stands in their place"
            losses.append(Loss(about=about, what="character", says=says))
        lines.append(clean)
    return Writing(files={f"{stem}.graphml": "\n".join(lines) + "\n"}, losses=tuple(losses))


def _lines(structure: Structure, graph: Graph) -> Iterator[tuple[str, str]]:
    yield '<?xml version="1.0" encoding="UTF-8"?>', ""
    yield '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">', ""
    yield ' <key id="title" for="graph" attr.name="title" attr.type="string"/>', ""
    for scope, keys in (("node", _NODE), ("edge", _EDGE)):
        for name, kind in keys.items():
            said = f'id="{scope}.{name}" for="{scope}" attr.name="{name}" attr.type="{kind}"'
            yield f" <key {said}/>", ""
    yield ' <graph id="argument" edgedefault="directed">', ""
    yield f'  <data key="title">{xml_text(structure.title)}</data>', ""
    for key, node in graph.nodes.items():
        told = _of_part(structure.parts[key], graph.points.get(key, ()))
        yield from _element("node", f"id={xml_quote(node)}", "node", told, key)
    for joint in graph.joints:
        told = {"type": "relation", "id": joint.link.id}
        yield from _element("node", f"id={xml_quote(joint.key)}", "node", told, joint.link.id)
    for edge in graph.edges:
        ends = f'id="{edge.key}" source="{edge.source}" target="{edge.target}"'
        points = [p.id for p in structure.points if edge.link.id and edge.link.id in p.on_links]
        second = edge.key.endswith("b")
        told = {"kind": edge.kind} if second else _of_link(edge.link, points)
        yield from _element("edge", ends, "edge", told, edge.link.id or edge.link.source)
    yield " </graph>", ""
    yield "</graphml>", ""


def _element(
    tag: str, attributes: str, scope: str, said: Mapping[str, str], about: str
) -> Iterator[tuple[str, str]]:
    yield f"  <{tag} {attributes}>", about
    for key, value in said.items():
        if value:
            yield f'   <data key="{scope}.{key}">{xml_text(value)}</data>', about
    yield f"  </{tag}>", about


def _of_part(part: Part, points: tuple[str, ...]) -> dict[str, str]:
    said = {name: getattr(part, name) for name in ("id", "type", "text", "name", "module", "away")}
    said |= {"declaration": part.declaration, "url": part.url, "acp": _listed(points)}
    said |= {name: "true" if getattr(part, name) else "" for name in _FLAGS}
    return said | {"tags": _tags(part.tags)}


def _of_link(link: Link, points: list[str]) -> dict[str, str]:
    names = ("kind", "id", "inference", "multiplicity", "choice", "choose")
    said = {name: getattr(link, name) for name in names} | {"acp": _listed(points)}
    said |= {name: "true" if getattr(link, name) else "" for name in ("defeated", "optional")}
    return said | {"tags": _tags(link.tags)}


def _listed(words: tuple[str, ...] | list[str]) -> str:
    return json.dumps(list(words), ensure_ascii=False) if words else ""


def _tags(tags: Mapping[str, str]) -> str:
    return json.dumps(dict(tags), ensure_ascii=False, sort_keys=True) if tags else ""


FORMAT = Format(
    name="graphml",
    title="GraphML",
    source="GraphML 1.0, graphml.graphdrawing.org",
    extensions=(".graphml",),
    write=write_graphml,
    limits=(
        "what a module says of itself is left out; the module of a part is kept",
        "an edge cannot end at an edge: a challenged relation is split by a node of type relation",
    ),
)
