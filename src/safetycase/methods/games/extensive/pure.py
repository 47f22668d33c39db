"""All pure strategies of a small game, each once: the reduced normal form."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

from safetycase.methods.games.extensive.errors import GameError
from safetycase.methods.games.extensive.sequence import Plans, SequenceForm

if TYPE_CHECKING:
    from safetycase.methods.games.extensive.sparse import Floats

__all__ = ["count_pure", "normal_form", "pure_plans"]


def count_pure(plans: Plans) -> int:
    """How many pure plans there are; strategies that differ only off their own path are one."""
    count = [1] * len(plans)
    for place in range(len(plans.infosets) - 1, -1, -1):
        moves = _moves(plans, place)
        count[plans.infosets[place].parent] *= sum(count[s] for s in moves)
    return count[0]


def pure_plans(plans: Plans, limit: int = 4096) -> Floats:
    """Every pure realisation plan as a row; `GameError` for more than `limit` of them."""
    import numpy as np

    count = count_pure(plans)
    if count > limit:
        size = str(count) if count < 10**9 else f"10^{math.log10(count):.0f}"
        raise GameError(
            f"there are {size} pure plans, more than {limit}: take a smaller game or raise limit"
        )
    after = _after(plans)

    def below(sequence: int) -> list[tuple[int, ...]]:
        parts = [
            [(s, *more) for s in _moves(plans, place) for more in below(s)]
            for place in after.get(sequence, ())
        ]
        return [tuple(itertools.chain(*choice)) for choice in itertools.product(*parts)]

    found = np.zeros((count, len(plans)))
    for row, chosen in enumerate(below(0)):
        found[row, [0, *chosen]] = 1.0
    return found


def normal_form(form: SequenceForm, limit: int = 4096) -> tuple[Floats, Floats, Floats, Floats]:
    """Payoffs of both players (K × L) and their pure plans (K × m and L × n).

    The limit holds for each player alone.
    """
    import numpy as np

    rows, columns = pure_plans(form.first, limit), pure_plans(form.second, limit)
    first = np.array([form.payoff_first.left(row) for row in rows]) @ columns.T
    second = np.array([form.payoff_second.left(row) for row in rows]) @ columns.T
    return first, second, rows, columns


def _after(plans: Plans) -> dict[int, list[int]]:
    after: dict[int, list[int]] = {}
    for place, each in enumerate(plans.infosets):
        after.setdefault(each.parent, []).append(place)
    return after


def _moves(plans: Plans, place: int) -> range:
    each = plans.infosets[place]
    return range(each.start, each.start + len(each.moves))
