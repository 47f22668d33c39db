"""Who was seen, counted by structure, and the smallest planted probability that was."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from safetycase.methods.convergence.exploration.study import LADDER, Examined, Study, alarms
from safetycase.stats import Clustered

__all__ = ["clustered", "detected"]


def clustered(examined: Sequence[Examined], seen: Callable[[Examined], bool]) -> Clustered:
    """How many are seen, those of one structure together as one unit."""
    counted: dict[str, list[int]] = {}
    for one in examined:
        hits = counted.setdefault(one.structure, [0, 0])
        hits[0] += bool(seen(one))
        hits[1] += 1
    return Clustered(clusters=tuple((hits, trials, 0) for hits, trials in counted.values()))


def detected(
    rungs: Mapping[float, tuple[Examined, ...]],
    names: Sequence[str],
    study: Study,
    gap: float,
    budget: float | None = None,
    *,
    every: bool = True,
) -> float | None:
    """The smallest planted ε seen: by some of the tests, at it and at every larger one.

    With `every`, all organisms of a rung must be seen; without, one.
    """
    smallest = None
    for epsilon in LADDER:
        hits = [
            any(
                alarms(e.traces[name], study.thresholds, gap, budget)
                for name in names
                if name in e.traces
            )
            for e in rungs[epsilon]
        ]
        if not (all(hits) if every else any(hits)):
            break
        smallest = epsilon
    return smallest
