"""An order of variables in which the parts of each gate stand near one another."""

from __future__ import annotations

from safetycase.confidence.modules import Module

__all__ = ["by_force"]

_ROUNDS = 100
_PATIENCE = 15  # rounds without a smaller span


def by_force(module: Module) -> tuple[int, ...]:
    """The variables of a module, arranged by the forces between them.

    Each gate and its parts pull one another to their common centre; of some rounds, the one with
    the least total span is kept (Aloul, Markov & Sakallah 2003, GLSVLSI, 116-119).
    """
    place = {unit: float(i) for i, unit in enumerate(module.small_first)}
    groups: list[list[int]] = []
    for unit, gate in module.gates:
        parts = list({part >> 1 for part in gate.parts})
        place[unit] = sum(place[p] for p in parts) / len(parts)
        groups.append([unit, *parts])
    shares = dict.fromkeys(place, 0)
    for group in groups:
        for unit in group:
            shares[unit] += 1
    best, least, since = place, float("inf"), 0
    for _ in range(_ROUNDS):
        ranked = sorted(place, key=place.__getitem__)
        place = {unit: float(i) for i, unit in enumerate(ranked)}
        pull = dict.fromkeys(place, 0.0)
        span = 0.0
        for group in groups:
            at = [place[unit] for unit in group]
            span += max(at) - min(at)
            centre = sum(at) / len(at)
            for unit in group:
                pull[unit] += centre
        since += 1
        if span < least:
            best, least, since = place, span, 0
        if since > _PATIENCE:
            break
        place = {unit: pull[unit] / shares[unit] for unit in place}
    return tuple(sorted(module.variables, key=best.__getitem__))
