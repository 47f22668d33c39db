"""The graph of the Trustable Software Framework: `.dotstop.dot` and its Markdown items.

Source: Eclipse Trustable, tool trudag: items are statements, an edge leads from the supported to
the supporting one, and a hash on each says what was reviewed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from safetycase.argument.findings import Span
from safetycase.argument.structure import Link, Part, PartType, Structure
from safetycase.interop.dotstop_graph import Edge, Graph, Node, read_graph
from safetycase.interop.dotstop_item import Item, Reference, read_item
from safetycase.interop.notes import Notes, shown, text_of
from safetycase.interop.outline import loop
from safetycase.plugin.formats import Format, Reading, Source

__all__ = ["FORMAT", "read_dotstop"]

_UNREVIEWED: Mapping[str, str] = {"dotstop.review": "unreviewed"}
_HEAD = re.compile(rb"(?:\s|#[^\n]*\n)*+digraph\b[^{]*\{")


def read_dotstop(sources: Sequence[Source], more: Callable[[str], bytes | None]) -> Reading:
    """The structure of a graph and its items.

    Items may be given as further sources (`ID.md`, in any folder) or lie where `more` finds them:
    beside the graph, under `items/`, or under the folder that their id starts with. Findings: F050
    to F053 and F059 what cannot be read, F055 an edge to no item or an item without a file, F056 an
    item given twice, F057 an unknown key, F058 a hash or score out of its range, F060 a circle.
    """
    graphs = [s for s in sources if not s.name.endswith(".md")] or list(sources[:1])
    notes = Notes(graphs[0].name if graphs else "")
    if not graphs:
        notes.find("F050", 1, "there is no graph to read")
        return Reading(structure=None, findings=tuple(notes.findings))
    for other in graphs[1:]:
        message = "the graph is one file; this one is not read"
        notes.find("F050", 1, message, file=other.name, severity="warning")
    text = text_of(graphs[0], notes)
    graph = read_graph(text, notes) if text is not None else None
    if graph is None:
        return Reading(structure=None, findings=tuple(notes.findings))
    files = {_stem(s.name): s for s in sources if s.name.endswith(".md")}
    structure = _Build(graph, notes).run(lambda name: files.get(name) or _fetch(name, more))
    says = (
        "how the hashes are made is not published; whether a text or link changed since its "
        "review is not checked, and those with a hash count as reviewed"
    )
    notes.lose("", "review", says)
    return Reading(structure=structure, findings=tuple(notes.findings), losses=tuple(notes.losses))


def _stem(name: str) -> str:
    return name.replace("\\", "/").rsplit("/", 1)[-1].removesuffix(".md")


def _fetch(name: str, more: Callable[[str], bytes | None]) -> Source | None:
    """The file of an item from one of the places where it may lie."""
    if not re.fullmatch(r"[\w.\- ]+", name) or name.startswith("."):
        return None  # a name with a slash in it could lead anywhere
    for path in (f"{name}.md", f"items/{name}.md", f"{name.split('-')[0]}/{name}.md"):
        data = more(path)
        if data is not None:
            return Source(name=path, data=data)
    return None


class _Build:
    """Makes parts of items and links of edges."""

    def __init__(self, graph: Graph, notes: Notes) -> None:
        self.graph = graph
        self.notes = notes
        self.parts: dict[str, Part] = {}
        self.links: list[Link] = []

    def run(self, fetch: Callable[[str], Source | None]) -> Structure:
        above = {edge.source for edge in self.graph.edges}
        for node in self.graph.nodes.values():
            source = fetch(node.name)
            item = Item()
            if source is None:
                message = f"no file holds the item `{shown(node.name)}`; it has no text"
                hint = f"give `{shown(node.name)}.md` as a further source"
                self.notes.find("F055", node.line, message, hint, severity="warning")
            else:
                item = read_item(source, self.notes)
            self._part(node, item, node.name in above, source)
        for edge in self.graph.edges:
            self._link(edge)
        found = loop(self.links)
        if found:
            names = " -> ".join(shown(name) for name in found[:12])
            self.notes.find("F060", 1, f"support goes in a circle: {names}")
        return Structure(parts=self.parts, links=tuple(self.links), source=self.notes.file)

    def _part(self, node: Node, item: Item, above: bool, source: Source | None) -> None:
        tags = {"dotstop.sha": node.sha} if node.sha else dict(_UNREVIEWED)
        tags |= item.tags
        kind: PartType = "goal" if item.normative else "context"
        place = source.name if source else self.notes.file
        span = Span(file=place, line=1 if source else node.line, column=1)
        shown_by = [r for r in item.references if not r.items]
        self.parts[node.name] = Part(
            id=node.name,
            type=kind,
            text=item.text,
            undeveloped=kind == "goal" and not above and not shown_by,
            tags=tags,
            span=span,
        )
        for number, reference in enumerate(item.references, 1):
            self._reference(node.name, kind, number, reference, span)

    def _reference(
        self, owner: str, kind: PartType, number: int, reference: Reference, span: Span
    ) -> None:
        """An artefact that an item names; a reference to items only repeats other artefacts."""
        if reference.items:
            says = f"it names what other items rest on: {', '.join(map(shown, reference.items))}"
            self.notes.lose(owner, "reference to items", says)
            return
        name = f"{owner}/reference-{number}"
        if name in self.graph.nodes:
            name = f"{name}#"
        self.parts[name] = Part(
            id=name,
            type="solution" if kind == "goal" else "context",
            text=reference.text,
            url=reference.url,
            tags=reference.tags,
            span=span,
        )
        word = "supported by" if kind == "goal" else "in context of"
        self.links.append(
            Link(kind=word, source=owner, target=name, span=span)  # type: ignore[arg-type]
        )

    def _link(self, edge: Edge) -> None:
        for end in (edge.source, edge.target):
            if end not in self.parts:
                message = f"the link names `{shown(end)}`, which is no item of the graph"
                self.notes.find("F055", edge.line, message, "declare it as a node")
                return
        scope = self.parts[edge.target].type == "context"
        self.links.append(
            Link(
                kind="in context of" if scope else "supported by",
                source=edge.source,
                target=edge.target,
                tags={"dotstop.sha": edge.sha} if edge.sha else _UNREVIEWED,
                span=Span(file=self.notes.file, line=edge.line, column=1),
            )
        )


def _sniff(name: str, head: bytes) -> bool:
    if name.endswith(".dotstop.dot"):
        return True
    return name.endswith(".dot") and b"dotstop" in head and _HEAD.match(head) is not None


FORMAT = Format(
    name="dotstop",
    title="Trustable Software Framework graph (dotstop)",
    source="Eclipse Trustable, trudag 2025.7",
    extensions=(".dotstop.dot",),
    read=read_dotstop,
    sniff=_sniff,
    limits=(
        "read only",
        "whether a text or link changed since its review cannot be told: the preimage of the "
        "hashes is not published; an item or link without a hash is tagged `unreviewed`",
        "scores and validators are kept as tags and never become confidence or support",
        "items lie in any folder of a project: give those that are not beside the graph, under "
        "`items/` or under the first word of their id as further files",
    ),
)
