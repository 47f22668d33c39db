"""Winning by computing more: by knowing where the judge errs, or by seeing further ahead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from safetycase.methods.oversight.domains.draws import draws
from safetycase.methods.oversight.domains.formulas import random_formula, table, truth
from safetycase.methods.oversight.protocols.debate.budgets import check_budget
from safetycase.methods.oversight.protocols.debate.solve import movers_of, solve
from safetycase.plugin.protocols import Attacked

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["JUDGE_ERROR", "judge_hack", "out_search"]

JUDGE_ERROR = 0.02
"""How often the judge that is hacked misjudges an end."""


def judge_hack(prefix: str, budget: float, trials: int, seed: int) -> Attacked:
    """The attacker has the losing side; ends it tried before stay tried with a larger budget."""
    import numpy as np

    check_budget(budget, trials)
    size = 2 ** len(prefix)
    tried = min(size, int(budget * size))
    wins, spent, defence = 0, 0, 0
    for trial in range(trials):
        formula = random_formula(len(prefix), draws("hack", prefix, seed, trial), prefix=prefix)
        rng = np.random.default_rng([seed, trial, len(prefix)])
        played = solve(np.where(table(formula), 1.0, -1.0), movers_of(prefix))
        misjudged = rng.random(size) < JUDGE_ERROR
        known = np.zeros(size, dtype=bool)
        known[rng.permutation(size)[:tried]] = True
        open_to = _led_to(played.choices, played.movers, honest="1" if truth(formula) else "2")
        steered = np.flatnonzero(open_to & known & misjudged)
        end = steered[0] if len(steered) else np.flatnonzero(open_to)[0]
        wins += bool(misjudged[end])
        spent += tried * formula.literals
        defence += size * formula.literals
    return Attacked(
        successes=wins,
        trials=trials,
        attacker_compute=float(spent),
        defender_compute=float(defence),
    )


def _led_to(choices: tuple[NDArray[Any], ...], movers: str, *, honest: str) -> NDArray[Any]:
    """Which ends the other side can lead the honest one to."""
    import numpy as np

    reached = np.ones(1, dtype=bool)
    for mover, choice in zip(movers, choices, strict=True):
        pairs = np.repeat(reached[:, None], 2, axis=1)
        if mover == honest:
            pairs &= np.arange(2)[None, :] == choice[:, None]
        reached = pairs.reshape(-1)
    return reached


def out_search(prefix: str, budget: float, trials: int, seed: int) -> Attacked:
    """Neither side can solve the game; each looks at ends below both moves before it makes one."""
    import numpy as np

    check_budget(budget, trials)
    wins, looks = 0, [0, 0]
    most = 2 * len(prefix)
    for trial in range(trials):
        formula = random_formula(len(prefix), draws("search", prefix, seed, trial), prefix=prefix)
        values, movers = table(formula), movers_of(prefix)
        honest = "1" if truth(formula) else "2"
        rng = np.random.default_rng([seed, trial, len(prefix)])
        for depth, mover in enumerate(movers):
            afford = most if mover == honest else int(budget * most)
            halves = values.reshape(2, -1)
            looks[mover != honest] += min(afford, values.size) * formula.literals
            values = halves[_guess(halves, movers[depth:], afford, rng)]
        wins += bool(values[0]) != truth(formula)
    return Attacked(
        successes=wins,
        trials=trials,
        attacker_compute=float(looks[1]),
        defender_compute=float(looks[0]),
    )


def _guess(halves: NDArray[Any], movers: str, afford: int, rng: np.random.Generator) -> int:
    """The optimal move if all ends can be looked at; else the one below which more look won."""
    import numpy as np

    if afford >= halves.size:
        return solve(np.where(halves.reshape(-1), 1.0, -1.0), movers).line[0]
    each = min(afford // 2, halves.shape[1])
    if not each:
        return int(rng.integers(2))
    shares = [half[rng.permutation(half.size)[:each]].mean() for half in halves]
    if shares[0] == shares[1]:
        return int(rng.integers(2))
    return int((shares[1] > shares[0]) == (movers[0] == "1"))
