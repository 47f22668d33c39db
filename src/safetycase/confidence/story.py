"""The worst joint story: which events fail together, with what mass, to reach the bound."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from safetycase.confidence.nnf import Reduced

__all__ = ["Scenario", "tell"]

_MOST = 200_000
"""Literals that a story may name in all; a longer one is not told to its end."""

_Piece = tuple[float, tuple[int, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """With probability `mass` the events of `literals` are as stated, and the node fails."""

    mass: float
    literals: tuple[tuple[int, bool], ...]


class _TooLong(Exception):
    """The story names more than `_MOST` literals."""


def tell(reduced: Reduced, masses: Iterable[tuple[float, Sequence[int]]]) -> tuple[Scenario, ...]:
    """Scenarios over events, largest first, for masses of leaf literals of the reduced graph.

    No literal is used with more mass than its event may have. Empty if the story is too long.
    """
    streams: dict[int, list[_Piece]] = {}
    told: dict[tuple[int, ...], float] = {}
    left = [_MOST]
    try:
        for mass, literals in masses:
            for literal in literals:
                _stream(reduced, literal, streams, left)
            cuts = [_cut(streams[x], mass) for x in literals]
            for part, names in _zip(cuts, mass, left):
                told[names] = told.get(names, 0.0) + part
    except _TooLong:
        return ()
    return tuple(
        Scenario(
            mass=mass, literals=tuple((reduced.event[x >> 1], not x & 1) for x in sorted(names))
        )
        for names, mass in sorted(told.items(), key=lambda item: (-item[1], item[0]))
    )


def _stream(
    reduced: Reduced, literal: int, streams: dict[int, list[_Piece]], left: list[int]
) -> None:
    """How a leaf literal comes about with all the mass it may have; reversed, for `_cut`."""
    stack = [literal]
    while stack:
        here = stack[-1]
        if here in streams:
            stack.pop()
            continue
        if reduced.event[here >> 1] >= 0:
            streams[here] = [(reduced.cap[here], (here,))]
            continue
        needed, parts = reduced.needs(here)
        waiting = [p for p in parts if p not in streams]
        if waiting:
            stack += waiting
            continue
        streams[here] = _wrap(reduced, here, needed, parts, streams, left)


def _wrap(
    reduced: Reduced,
    literal: int,
    needed: int,
    parts: tuple[int, ...],
    streams: dict[int, list[_Piece]],
    left: list[int],
) -> list[_Piece]:
    """McNaughton's rule: the parts end to end, folded into `needed` layers of equal length."""
    length = reduced.cap[literal]
    line: list[_Piece] = []
    for part in parts:
        line += _cut(list(streams[part]), min(length, reduced.cap[part]))
    line.reverse()
    layers = [_cut(line, length) for _ in range(needed)]
    return list(reversed(_zip(layers, length, left)))


def _cut(pieces: list[_Piece], mass: float) -> list[_Piece]:
    """Take `mass` from the end of `pieces` (which is the front of the stream)."""
    taken: list[_Piece] = []
    while pieces and mass > 1e-15:
        size, names = pieces.pop()
        if size > mass:
            pieces.append((size - mass, names))
            size = mass
        taken.append((size, names))
        mass -= size
    return taken


def _zip(layers: list[list[_Piece]], mass: float, left: list[int]) -> list[_Piece]:
    """The pieces in which every layer is of one kind."""
    for layer in layers:
        layer.reverse()
    result: list[_Piece] = []
    while mass > 1e-15 and all(layers):
        size = min(mass, *(layer[-1][0] for layer in layers)) if layers else mass
        names = tuple(name for layer in layers for name in layer[-1][1])
        left[0] -= len(names) + 1
        if left[0] < 0:
            raise _TooLong
        result.append((size, names))
        mass -= size
        for layer in layers:
            if layer[-1][0] <= size:
                layer.pop()
            else:
                layer[-1] = (layer[-1][0] - size, layer[-1][1])
        if not layers:
            break
    return result
