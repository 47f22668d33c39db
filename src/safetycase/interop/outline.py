"""A structure as an outline: what hangs under what, where it starts, and what a target loses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from safetycase.argument.structure import Declaration, Link, Loss, Part, Structure

__all__ = ["Outline", "general_losses", "loop", "outline", "status_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """The links of a structure by their ends, dangling ones left out.

    `below` maps a part to the links that lead from it to its support and context, `against` a part
    to the challenges aimed at it. `supported` holds the parts that something rests on. `roots` are
    the parts that nothing rests on and that challenge nothing, in file order; if all are in loops,
    the first part.
    """

    below: Mapping[str, tuple[Link, ...]]
    against: Mapping[str, tuple[Link, ...]]
    dangling: tuple[Link, ...]
    roots: tuple[str, ...]


def outline(structure: Structure) -> Outline:
    """The outline of a structure, in linear time."""
    below: dict[str, list[Link]] = {}
    against: dict[str, list[Link]] = {}
    dangling: list[Link] = []
    hangs: set[str] = set()
    parts = structure.parts
    for link in structure.links:
        aims = link.target in parts or (link.kind == "challenges" and link.target_link)
        if link.source not in parts or not aims:
            dangling.append(link)
        elif link.kind == "challenges":
            hangs.add(link.source)
            against.setdefault(link.target, []).append(link)
        else:
            hangs.add(link.target)
            below.setdefault(link.source, []).append(link)
    roots = tuple(name for name in parts if name not in hangs)
    return Outline(
        below={name: tuple(links) for name, links in below.items()},
        against={name: tuple(links) for name, links in against.items()},
        dangling=tuple(dangling),
        roots=roots or tuple(parts)[:1],
    )


def loop(links: Iterable[Link]) -> tuple[str, ...] | None:
    """One loop of `supported by`, its first id repeated at the end, or None."""
    edges: dict[str, list[str]] = {}
    for link in links:
        if link.kind == "supported by":
            edges.setdefault(link.source, []).append(link.target)
    done: set[str] = set()
    for start in edges:
        if start in done:
            continue
        trail, inside = [start], {start}
        stack: list[Iterator[str]] = [iter(edges[start])]
        while stack:
            part = next(stack[-1], None)
            if part is None:
                stack.pop()
                done.add(trail[-1])
                inside.discard(trail.pop())
            elif part in inside:
                return (*trail[trail.index(part) :], part)
            elif part not in done:
                trail.append(part)
                inside.add(part)
                stack.append(iter(edges.get(part, ())))
    return None


def status_of(part: Part) -> tuple[Declaration, tuple[str, ...]]:
    """The one assertion status that stands for a part's flags, and the traits it cannot hold.

    Defeat comes first, then what is declared, then that support is needed.
    """
    status: Declaration = part.declaration
    if part.defeated:
        status = "defeated"
    elif part.undeveloped and status == "asserted":
        status = "needs support"
    lost = ["declaration"] if part.declaration not in ("asserted", status) else []
    if part.undeveloped and status != "needs support":
        lost.append("undeveloped")
    return status, tuple(lost)


_PARTS: tuple[tuple[str, Callable[[Part], bool], str], ...] = (
    ("uninstantiated", lambda p: p.uninstantiated, "it is marked as uninstantiated"),
    ("public", lambda p: p.public, "it is public to other modules"),
    ("by contract", lambda p: p.by_contract, "it is to be supported by a contract"),
    ("defeated", lambda p: p.defeated, "the source marks it as defeated"),
    ("undeveloped", lambda p: p.undeveloped, "it is marked as undeveloped"),
    ("away", lambda p: bool(p.away), "it cites an element of another module"),
    ("name", lambda p: bool(p.name) and p.name != p.id, "the file calls it by another name"),
    ("url", lambda p: bool(p.url), "it names an artefact"),
)
_LINKS: tuple[tuple[str, Callable[[Link], bool], str], ...] = (
    ("defeated relation", lambda k: k.defeated, "the source marks this relation as defeated"),
    ("optional", lambda k: k.optional, "the relation is optional"),
    ("multiplicity", lambda k: bool(k.multiplicity), "the relation has a multiplicity"),
    ("choice", lambda k: bool(k.choice or k.choose), "the relation is one leg of a choice"),
    ("inference", lambda k: bool(k.inference), "several relations are one inference"),
    (
        "challenge on a relation",
        lambda k: bool(k.target_link),
        "the challenge aims at a relation",
    ),
)


def general_losses(
    structure: Structure, carried: frozenset[str], target: str, prefix: str
) -> Iterator[Loss]:
    """One loss for each trait that `target` (a format's name) has no place for.

    `carried` names the traits it does carry, by the words of `Loss.what`; of the tags it carries
    those that start with `prefix`.
    """
    no_place = f"{target} has no place for that and it is left out"
    for about, what, says in _traits(structure, prefix):
        if what not in carried:
            yield Loss(about=about, what=what, says=f"{says}; {no_place}")


def _traits(structure: Structure, prefix: str) -> Iterator[tuple[str, str, str]]:
    """(what it is about, the word of the trait, what is there) of everything special."""
    for about, keys in _tags(structure, prefix):
        yield about, "tags", f"there are tags: {keys}"
    for part in structure.parts.values():
        for what, on_part, says in _PARTS:
            if on_part(part):
                yield part.id, what, says
    for module in {part.module: None for part in structure.parts.values() if part.module}:
        yield module, "module of a part", "parts belong to this module"
    for link in structure.links:
        for what, on_link, says in _LINKS:
            if on_link(link):
                yield link.id or f"{link.source} -> {link.target or link.target_link}", what, says
    for point in structure.points:
        yield point.id, "claim point", "an assurance claim point stands here"
    for name in structure.modules:
        yield name, "module", "the interface of this module is stated"
    if structure.title:
        yield "", "title", "the argument has a title"


def _tags(structure: Structure, prefix: str) -> Iterator[tuple[str, str]]:
    """(what carries them, their keys) of all tags that do not start with `prefix`."""
    carriers = [("", structure.tags)]
    carriers += [(part.id, part.tags) for part in structure.parts.values() if part.tags]
    carriers += [
        (link.id or f"{link.source} -> {link.target}", link.tags)
        for link in structure.links
        if link.tags
    ]
    for about, tags in carriers:
        lost = sorted(key for key in tags if not key.startswith(prefix))
        if lost:
            yield about, ", ".join(lost)
