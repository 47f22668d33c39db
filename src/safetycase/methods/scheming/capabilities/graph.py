"""What the harm needs: abilities, each with the others it cannot do without.

A JSON or YAML file `{"root": NAME, "abilities": [...]}`. Each ability has `id` and, where they
apply, `says`, `all` (every one of these is needed), `any` (at least one of these is needed) and
`unknown: true` if nothing was measured of it, so that its rate lies anywhere in [0, 1].
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetycase.methods.imported import strict
from safetycase.methods.imported.documents import check_keys, document
from safetycase.plugin.contract import MethodError

__all__ = ["Ability", "Bounded", "Needs", "bounded", "named_cuts", "parse_needs"]

_CUT, _CUTS = 4, 2000
_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Ability:
    """One ability: all of `every` and one of `some` (if any are named) are necessary for it."""

    id: str
    says: str = ""
    every: tuple[str, ...] = ()
    some: tuple[str, ...] = ()
    unknown: bool = False

    @property
    def needs(self) -> tuple[str, ...]:
        """All that it names."""
        return self.every + self.some


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """The abilities by name, each after those it needs; `root` is the last."""

    root: str
    abilities: Mapping[str, Ability]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounded:
    """The largest probability of the root that fits upper bounds on the abilities.

    `high` holds under every dependence, and some joint law reaches `reached` ≤ `high`. `cuts` are
    the minimal sets of abilities without all of which the root is impossible, those with the
    smallest sum of bounds first; `complete` is false if larger sets were not looked for.
    """

    high: float
    reached: float
    cuts: tuple[tuple[str, ...], ...]
    complete: bool


def parse_needs(path: Path) -> Needs:
    """The graph in the file; `MethodError` if it has a cycle, a loose end or an unknown name."""
    place = f"`{path.name}`"
    top = check_keys(document(path), place, needed=("root", "abilities"))
    entries = strict.listed(top["abilities"], place, "`abilities`")
    found: dict[str, Ability] = {}
    for number, entry in enumerate(entries, start=1):
        ability = _ability(entry, f"{place} ability {number}")
        if ability.id in found:
            raise MethodError(f"{place}: the ability `{ability.id}` is given twice")
        found[ability.id] = ability
    for ability in found.values():
        for name in ability.needs:
            if name not in found:
                raise MethodError(f"{place}: `{ability.id}` needs `{name}`, which is not listed")
    root = strict.text(top["root"], place, "`root`")
    if root not in found:
        raise MethodError(f"{place}: the root `{root}` is not among the abilities")
    order = _order(found, root, place)
    if loose := sorted(set(found) - set(order)):
        raise MethodError(
            f"{place}: the root `{root}` does not need `{loose[0]}`; take it out, or say what does"
        )
    return Needs(root=root, abilities={name: found[name] for name in order})


def _ability(value: Any, place: str) -> Ability:
    row = check_keys(value, place, needed=("id",), optional=("says", "all", "any", "unknown"))
    name = strict.text(row["id"], place, "`id`")
    if not name or "/" in name:
        raise MethodError(f"{place}: `id` is a name without `/`")
    unknown = row.get("unknown", False)
    if not isinstance(unknown, bool):
        raise MethodError(f"{place}: `unknown` is true or false")
    parts = {}
    for key in ("all", "any"):
        names = strict.listed(row.get(key, []), place, f"`{key}`")
        parts[key] = tuple(strict.text(part, place, f"a name in `{key}`") for part in names)
        if key in row and not names:
            raise MethodError(f"{place}: `{key}` of `{name}` is empty; leave it out")
    if len(set(parts["all"] + parts["any"])) != len(parts["all"] + parts["any"]):
        raise MethodError(f"{place}: `{name}` names a need twice")
    return Ability(
        id=name,
        says=strict.text(row.get("says", ""), place, "`says`"),
        every=parts["all"],
        some=parts["any"],
        unknown=unknown,
    )


def _order(found: Mapping[str, Ability], root: str, place: str) -> list[str]:
    """The abilities below the root, each after its needs; refuses a cycle and names it."""
    done: list[str] = []
    finished: set[str] = set()
    path: list[str] = []
    stack = [(root, False)]
    while stack:
        name, left = stack.pop()
        if left:
            path.pop()
            finished.add(name)
            done.append(name)
            continue
        if name in finished:
            continue
        if name in path:
            cycle = " → ".join((*path[path.index(name) :], name))
            raise MethodError(f"{place}: the needs go in a circle: {cycle}")
        path.append(name)
        stack.append((name, True))
        stack += [(part, False) for part in found[name].needs]
    return done


def bounded(needs: Needs, upper: Mapping[str, float]) -> Bounded:
    """The bound on the root from an upper bound on the rate of each ability.

    Each ability is an event of at most that probability; the root needs what it names, at every
    level. The largest probability over all joint laws is a linear program over the ways to have
    the root, whose dual is a fractional cut.
    """
    from safetycase.confidence.cutsets import deciding_sets
    from safetycase.confidence.graph import Builder
    from safetycase.confidence.packing import worst

    builder = Builder()
    node: dict[str, int] = {}
    event: dict[int, str] = {}
    for name, ability in needs.abilities.items():
        own = builder.event(name, 0.0, upper[name])
        event[own] = name
        parts = [own, *(node[part] for part in ability.every)]
        if ability.some:
            parts.append(builder.any([node[part] for part in ability.some]))
        node[name] = builder.all(parts)
    lacking = builder.negate(node[needs.root])
    graph = builder.freeze()
    found = worst(graph, lacking)
    sets = deciding_sets(graph, node[needs.root], value=False, size=_CUT, limit=_CUTS)
    cuts = [tuple(sorted(event[literal] for literal, _ in cut)) for cut in sets.sets]
    cuts.sort(key=lambda cut: (sum(upper[name] for name in cut), len(cut), cut))
    return Bounded(
        high=min(1.0, found.doubt),
        reached=found.at_least,
        cuts=tuple(cuts),
        complete=sets.complete and len(needs.abilities) <= _CUT,
    )


def named_cuts(cuts: Sequence[Sequence[str]]) -> str:
    """Cut sets in words."""
    more = f"; and {len(cuts) - _SHOWN} more" if len(cuts) > _SHOWN else ""
    return "; ".join("{" + ", ".join(cut) + "}" for cut in cuts[:_SHOWN]) + more
