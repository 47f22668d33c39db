"""A structure as nodes and edges, for the notations that know nothing else.

A challenge may aim at a relation, which an edge cannot; such a relation is split by a joint, a
node of its own that the challenge points at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from safetycase.argument.structure import Link, LinkKind, Loss, Part, Structure
from safetycase.interop.markup import one_line

__all__ = ["Edge", "Graph", "Joint", "edge_label", "graph_of", "heading", "lost"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """From node to node, by their keys; `arrow` is false on the way to a joint."""

    key: str
    source: str
    target: str
    kind: LinkKind
    link: Link
    label: str = ""
    arrow: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Joint:
    """The node in the middle of a relation that is challenged."""

    key: str
    link: Link


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """Nodes by part id, joints, edges; `points` gives the claim points of each part."""

    nodes: Mapping[str, str] = field(default_factory=dict)
    joints: tuple[Joint, ...] = ()
    edges: tuple[Edge, ...] = ()
    points: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    losses: tuple[Loss, ...] = ()


def graph_of(structure: Structure, *, split: bool = True) -> Graph:
    """The graph of a structure; links to what is not there are lost.

    Without `split` there are no joints: a challenge of a relation points at the element that the
    relation starts from, and that is a loss.
    """
    nodes = {key: f"n{number}" for number, key in enumerate(structure.parts, start=1)}
    drawn, losses = _drawn(structure)
    by_id: dict[str, int] = {}
    for number, link in drawn.items():
        if link.id:
            by_id.setdefault(link.id, number)
    aims = {x.target_link: by_id[x.target_link] for x in drawn.values() if x.target_link}
    aimed = set(aims.values())
    joints = {
        number: Joint(key=f"j{number}", link=link)
        for number, link in drawn.items()
        if split and number in aimed
    }
    ends = {name: joints[n].key if split else nodes[drawn[n].source] for name, n in aims.items()}
    on_links: dict[str, list[str]] = {}
    on_parts: dict[str, list[str]] = {}
    for point in structure.points:
        for name in point.on_links:
            on_links.setdefault(name, []).append(point.id)
        on_parts.setdefault(point.on_part, []).append(point.id)
    edges: list[Edge] = []
    for number, link in drawn.items():
        label = edge_label(link, tuple(on_links.get(link.id, ())) if link.id else ())
        target = ends[link.target_link] if link.target_link else nodes[link.target]
        edges.extend(_edges(number, link, nodes[link.source], target, joints.get(number), label))
    return Graph(
        nodes=nodes,
        joints=tuple(joints.values()),
        edges=tuple(edges),
        points={key: tuple(ids) for key, ids in on_parts.items() if key},
        losses=(*losses, *(() if split else map(_moved, aims))),
    )


def _moved(name: str) -> Loss:
    says = "an arrow cannot end at an arrow; the challenge points at where the relation starts"
    return Loss(about=name, what="challenge of a relation", says=says)


def _edges(
    number: int, link: Link, source: str, target: str, joint: Joint | None, label: str
) -> Iterator[Edge]:
    if joint is None:
        yield Edge(
            key=f"e{number}", source=source, target=target, kind=link.kind, link=link, label=label
        )
        return
    yield Edge(
        key=f"e{number}a",
        source=source,
        target=joint.key,
        kind=link.kind,
        link=link,
        label=label,
        arrow=False,
    )
    yield Edge(key=f"e{number}b", source=joint.key, target=target, kind=link.kind, link=link)


def _drawn(structure: Structure) -> tuple[dict[int, Link], tuple[Loss, ...]]:
    """The links whose ends are there, by number, and the others as losses."""
    drawn: dict[int, Link] = {}
    for number, link in enumerate(structure.links, start=1):
        aims_at_part = link.target in structure.parts and not link.target_link
        if link.source in structure.parts and (aims_at_part or link.target_link):
            drawn[number] = link
    _strike(drawn)
    losses = tuple(
        Loss(
            about=link.id or link.source,
            what="relation",
            says=f"an end of `{link.kind}` from {link.source} is not there; left out",
        )
        for number, link in enumerate(structure.links, start=1)
        if number not in drawn
    )
    return drawn, losses


def _strike(drawn: dict[int, Link]) -> None:
    """Take out each challenge at a relation that is not drawn, and what aims at it in turn."""
    left = Counter(link.id for link in drawn.values() if link.id)
    aims: dict[str, list[int]] = {}
    for number, link in drawn.items():
        if link.target_link:
            aims.setdefault(link.target_link, []).append(number)
    missing = [name for name in aims if not left[name]]
    while missing:
        for number in aims.get(missing.pop(), ()):
            name = drawn.pop(number).id
            left[name] -= 1
            if name and not left[name]:
                missing.append(name)


def edge_label(link: Link, points: tuple[str, ...]) -> str:
    """What a drawing writes beside a link."""
    words = [*points]
    if link.multiplicity:
        words.append(link.multiplicity)
    if link.optional:
        words.append("optional")
    if link.choice:
        words.append(f"choice {link.choice}" + (f": {link.choose}" if link.choose else ""))
    if link.defeated:
        words.append("defeated")
    return one_line(", ".join(words))


def heading(part: Part, points: tuple[str, ...] = ()) -> str:
    """The first line of a box: the name, and the marks that GSN draws as symbols."""
    words = [part.id]
    if part.name and part.name != part.id:
        words.append(f"({part.name})")
    marks = [
        word
        for word, marked in (
            ("undeveloped", part.undeveloped),
            ("uninstantiated", part.uninstantiated),
            ("public", part.public),
            ("by contract", part.by_contract),
            ("defeated", part.defeated),
            ("counter", part.counter),
            (part.declaration, part.declaration != "asserted"),
            (f"away: {part.away}", bool(part.away)),
            *((point, True) for point in points),
        )
        if marked
    ]
    return one_line(" ".join(words) + (f" [{', '.join(marks)}]" if marks else ""))


def lost(structure: Structure, kept: frozenset[str]) -> Iterator[Loss]:
    """What a drawing leaves out, but for the fields in `kept`."""
    for part in structure.parts.values():
        if part.tags and "tags" not in kept:
            yield _left_out(part.id, "tags", ", ".join(sorted(part.tags)))
    for link in structure.links:
        about = link.id or link.source
        if link.tags and "tags" not in kept:
            yield _left_out(about, "tags", ", ".join(sorted(link.tags)))
        if link.inference and "inference" not in kept:
            yield _left_out(about, "inference", link.inference)
        if link.id and "link id" not in kept:
            yield _left_out(about, "link id", link.id)
    for point in structure.points:
        if point.argued_by and "argued by" not in kept:
            yield _left_out(point.id, "argued by", point.argued_by)
    for name, info in structure.modules.items():
        if info.title or info.brief or info.uses or info.extends or info.tags or info.contract:
            yield _left_out(name, "module", "what the module says of itself")
    if structure.tags:
        yield _left_out("", "tags", ", ".join(sorted(structure.tags)))


def _left_out(about: str, what: str, was: str) -> Loss:
    return Loss(about=about, what=what, says=f"left out: {one_line(was)[:200]}")
