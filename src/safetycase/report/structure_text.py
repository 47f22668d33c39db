"""An argument as an indented outline for the terminal, whatever file it came from.

Doubts and context come above support, as in the outline of a case. A part is opened where it
first stands; later places refer to it. Text from a file is shown with control characters visible.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from safetycase.argument.structure import Link, Part, Structure
from safetycase.report.clean import columns, one_line, wrap

__all__ = ["structure_lines"]

_WORDS = {
    "goal": "Goal",
    "strategy": "Strategy",
    "solution": "Solution",
    "context": "Context",
    "assumption": "Assumption",
    "justification": "Justification",
    "module": "Module",
    "contract": "Contract",
}
_ORDER = {"challenges": 0, "in context of": 1, "supported by": 2}


@dataclass(frozen=True, slots=True)
class _Branch:
    """One place of a part: how it hangs on what is above it, and how deep."""

    name: str
    role: str
    depth: int
    trunk: str
    last: bool


@dataclass(slots=True)
class _Graph:
    """Who hangs on whom: `below` in the order shown, and which parts stand at the top."""

    below: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    lower: set[str] = field(default_factory=set)
    scope: set[str] = field(default_factory=set)
    points: dict[str, list[str]] = field(default_factory=dict)


def structure_lines(
    structure: Structure, *, width: int = 100, root: str | None = None, depth: int | None = None
) -> list[str]:
    """The outline in lines of at most `width` columns (24 at least), top parts first.

    With `root`, only what hangs on that part (nothing, if there is none); with `depth`, at most
    that many levels below a top, and a note of what is folded. Takes linear time at any depth.
    """
    width = max(width, 24)
    graph = _graph(structure)
    lines = wrap(structure.title, width) if structure.title else []
    tops = [n for n in structure.parts if n not in graph.lower] if root is None else [root]
    seen: set[str] = set()
    for top in tops if root is not None else [*tops, *structure.parts]:
        if top in structure.parts and top not in seen:
            if lines:
                lines.append("")
            lines += _tree(structure, graph, top, seen, width, depth)
    return lines


def _graph(structure: Structure) -> _Graph:
    graph = _Graph()
    ids = {link.id: link for link in structure.links if link.id}
    for link in sorted(structure.links, key=lambda k: _ORDER[k.kind]):
        above, name, role = _hang(link, ids.get(link.target_link))
        if above in structure.parts and name in structure.parts:
            graph.below.setdefault(above, []).append((name, role))
            graph.lower.add(name)
            if link.kind == "in context of":
                graph.scope.add(name)
    for point in structure.points:
        on = [ids[name].target for name in point.on_links if name in ids]
        for name in (point.on_part, *on):
            graph.points.setdefault(name, []).append(one_line(point.id, limit=60))
    return graph


def _hang(link: Link, aimed: Link | None) -> tuple[str, str, str]:
    """Above, below, and the word between them."""
    tail = ", defeated" if link.defeated else ""
    if link.kind == "challenges":
        if aimed is not None:
            other = aimed.source if aimed.kind == "challenges" else aimed.target
            where = aimed.target if aimed.kind == "challenges" else aimed.source
            return where, link.source, f"doubts the step to {one_line(other, limit=80)}{tail}: "
        return link.target, link.source, f"challenged by{tail} "
    if link.kind == "in context of":
        said = "premise" if link.tags.get("sc.premise") else ""
        said += tail if said else tail.removeprefix(", ")
        return link.source, link.target, f"({said}) " if said else ""
    return link.source, link.target, _support_words(link, tail)


def _support_words(link: Link, tail: str) -> str:
    """Plain support needs no word; what a pattern or the case says of it does."""
    words = [
        "side condition" if link.tags.get("sc.side") else "",
        "in support" if link.tags.get("sc.in_support") else "",
        "optional" if link.optional else "",
        f"× {one_line(link.multiplicity, limit=20)}" if link.multiplicity else "",
        f"choose {one_line(link.choose, limit=20) or '1'}" if link.choice else "",
        tail.removeprefix(", "),
    ]
    said = ", ".join(word for word in words if word)
    return f"({said}) " if said else ""


def _tree(
    structure: Structure,
    graph: _Graph,
    top: str,
    seen: set[str],
    width: int,
    depth: int | None,
) -> Iterator[str]:
    """One top part and everything under it, depth first without recursion."""
    stack = [_Branch(top, "", 0, "", True)]
    while stack:
        at = stack.pop()
        again = at.name in seen
        seen.add(at.name)
        children = [] if again else graph.below.get(at.name, [])
        folded = len(children) if depth is not None and at.depth >= depth else 0
        part = structure.parts[at.name]
        turn = "" if at.depth == 0 else "└─ " if at.last else "├─ "
        trunk = at.trunk + ("" if at.depth == 0 else "   " if at.last else "│  ")
        first, rest = at.trunk + turn, trunk
        if columns(rest) > width // 3:  # very deep: the depth as a number, and no more trunks
            first, rest, trunk = f"⋯{at.depth} ", "  ", at.trunk
        if children and not folded:
            rest += "│  " if columns(rest) < width // 3 else " "
        elif at.depth or not children:
            rest += "   "
        role = at.role
        if not role and part.type in ("goal", "module") and at.name in graph.scope:
            role = "in context of "  # the type does not say so
        head = role + _head(part, graph.points.get(at.name, ()), again=again, folded=folded)
        text = "" if again else one_line(part.text)
        yield from wrap(f"{head}: {text}" if text else head, width, first=first, rest=rest)
        if folded:
            continue
        for number in range(len(children) - 1, -1, -1):
            name, role = children[number]
            stack.append(_Branch(name, role, at.depth + 1, trunk, number == len(children) - 1))


def _head(part: Part, points: list[str] | tuple[()], *, again: bool, folded: int) -> str:
    """The type, the id and what is marked on it."""
    word = _WORDS[part.type]
    if part.counter:
        word = f"Counter {word.lower()}"
    if part.away:
        word = f"Away {word.lower()}"
    marks = [
        mark
        for mark, holds in (
            ("◇ undeveloped", part.undeveloped),
            ("△ uninstantiated", part.uninstantiated),
            ("✕ defeated", part.defeated),
            ("to be supported by contract", part.by_contract),
            ("public", part.public),
            (f"{folded} folded", folded > 0),
        )
        if holds
    ]
    if again:
        marks = ["shown above"]
    rule = part.tags.get("sc.rule", "all")
    if rule != "all" and not again:
        marks.insert(0, f"{part.tags.get('sc.k', '?')} of n" if rule == "k of n" else rule)
    marks += [f"■ {point}" for point in points if not again]
    tail = f" [{', '.join(marks)}]" if marks else ""
    name = one_line(part.away or part.id, limit=200)
    return f"{word} {name}{tail}"
