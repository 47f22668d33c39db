"""A bound on every coin-aware attacker of a game with few audits, by branch and bound.

A box gives each number of audits left an interval of attack rates. What no policy of the box
exceeds is the value of an attacker that may pick, at each number of tasks left, any rate of the
interval: the recursion with the better end. It is tight for small boxes; the box with the highest
bound is halved until no bound exceeds the best policy found by the tolerance (Land & Doig 1960,
Econometrica 28:497).
"""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass
from typing import Any

__all__ = ["BoxBound", "box_bound"]

Steps = tuple[Any, Any, Any]
CELLS, STEPS = 4000, 30_000


@dataclass(frozen=True, slots=True, eq=False)
class BoxBound:
    """The best rates by audits left that were met, their risk, and what no rates exceed."""

    rates: Any
    low: float
    high: float


def box_bound(tasks: int, steps: Steps, start: Any, low: float, tolerance: float) -> BoxBound:
    """Bound the class from the policy `start`, whose risk is `low`.

    `steps` are the audit, defer and pass probabilities by audits left, 0 .. audits; the rate at 0
    is 1. Boxes are halved along sin²φ. Work is limited: the bound holds wherever it stops, and is
    within `tolerance` of `low` if it stops by itself.
    """
    import numpy as np

    size = len(start)
    first = np.zeros((1, size, 2))
    first[0, :, 1] = math.pi / 2
    first[0, 0, 0] = math.pi / 2
    best, kept, count = start, low, 0
    queue = [(-float(_exceeds_none(tasks, steps, first)[0]), count, first[0])]
    batch = max(1, CELLS // (2 * size))
    for _ in range(STEPS // tasks):
        if not queue or -queue[0][0] <= kept + tolerance:
            break
        taken = [heapq.heappop(queue)[2] for _ in range(min(batch, len(queue)))]
        halves = _halved(np.array(taken))
        middle = np.sin(halves.mean(axis=2)) ** 2
        risks = _risks(tasks, steps, middle)
        if risks.max() > kept:
            kept, best = float(risks.max()), middle[int(risks.argmax())]
        for bound, box in zip(_exceeds_none(tasks, steps, halves).tolist(), halves, strict=True):
            if bound > kept + tolerance:
                count += 1
                heapq.heappush(queue, (-bound, count, box))
    ceiling = -queue[0][0] if queue else kept + tolerance
    return BoxBound(best, kept, max(kept + tolerance, ceiling))


def _halved(boxes: Any) -> Any:
    """Both halves of each box (k, size, 2), cut where it is widest in φ."""
    import numpy as np

    rows = np.arange(len(boxes))
    widest = (boxes[:, :, 1] - boxes[:, :, 0]).argmax(axis=1)
    middle = boxes[rows, widest].mean(axis=1)
    lower, upper = boxes.copy(), boxes.copy()
    lower[rows, widest, 1] = middle
    upper[rows, widest, 0] = middle
    return np.concatenate([lower, upper])


def _exceeds_none(tasks: int, steps: Steps, boxes: Any) -> Any:
    """The bound of each box."""
    import numpy as np

    rates = np.sin(boxes) ** 2
    return _walked(tasks, steps, rates[:, :, 0], rates[:, :, 1])


def _risks(tasks: int, steps: Steps, rates: Any) -> Any:
    return _walked(tasks, steps, rates, rates)


def _walked(tasks: int, steps: Steps, least: Any, most: Any) -> Any:
    import numpy as np

    audit, deferred, passes = steps
    left = np.zeros((len(least), least.shape[1] + 1))
    now, fewer = left[:, 1:], left[:, :-1]
    for _ in range(tasks):
        wait = now + audit * (fewer - now)
        gain = passes + deferred * now - wait
        now[:] = wait + np.where(gain > 0, most, least) * gain
    return now[:, -1].copy()
