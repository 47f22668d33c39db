"""Declared limits on how probable it is that two events fail together."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

from safetycase.confidence.graph import EVENT, Declaration, Graph

__all__ = ["Cap", "Caps", "caps_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """P(both `events` fail) <= `limit`; `declared` is the id of the declaration that says so."""

    events: tuple[int, int]
    limit: float
    declared: str = ""

    def __post_init__(self) -> None:
        if self.events[0] == self.events[1] or not 0 <= self.limit <= 1:
            raise ValueError("a cap is a number from 0 to 1 on two different events")


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """The caps that declarations make, and why some of them make none (by declaration)."""

    caps: tuple[Cap, ...]
    refused: dict[str, str]


def caps_of(graph: Graph, declarations: Iterable[Declaration]) -> Caps:
    """The caps of the declarations of kind `pairwise cap` and `exclusive`; others are passed over.

    A declaration about a node that is no event is refused: the cap of a combination is not the
    cap of its events.
    """
    caps: dict[tuple[int, int], Cap] = {}
    refused: dict[str, str] = {}
    for declaration in declarations:
        if declaration.kind not in ("pairwise cap", "exclusive"):
            continue
        among = sorted(set(declaration.among))
        combined = [graph.names[i] for i in among if graph.ops[i] != EVENT]
        limit = 0.0 if declaration.kind == "exclusive" else declaration.number
        if combined:
            refused[declaration.id] = f"`{combined[0]}` is a combination, not one event"
        elif len(among) < 2 or limit is None:
            what = "two different events" if len(among) < 2 else "the number"
            refused[declaration.id] = f"{what} of the cap is missing"
        else:
            for pair in itertools.combinations(among, 2):
                if pair not in caps or limit < caps[pair].limit:
                    caps[pair] = Cap(events=pair, limit=limit, declared=declaration.id)
    return Caps(caps=tuple(caps.values()), refused=refused)
