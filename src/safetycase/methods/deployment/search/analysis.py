"""From outputs and tests to what a mechanism leaves open, beside what the others would."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from safetycase.methods.deployment.search.excesses import (
    Excess,
    entropy_excesses,
    game_excesses,
    hash_excesses,
)
from safetycase.methods.deployment.search.game import (
    Game,
    Solved,
    certificate,
    solve,
    solve_exact,
)
from safetycase.methods.deployment.search.space import Space
from safetycase.plugin.contract import Progress

__all__ = ["MECHANISMS", "Found", "Setting", "analyse"]

Mechanism = Literal["reference-game", "twin-game", "entropy", "hash"]
MECHANISMS: tuple[Mechanism, ...] = ("reference-game", "twin-game", "entropy", "hash")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What is asked of a space. `slack` is α, `distance` and `apart` are d and δ of the twins."""

    mechanism: Mechanism
    tolerance: float
    slack: float
    distance: str
    apart: int
    entropy_weight: float
    hash_bits: int
    solver: Literal["exact", "no-regret"]
    draws: int
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The games with their certificates, and what each mechanism leaves to each objective.

    `untwinned` is the largest share of the reference that has a trait of the class and no twin
    without it.
    """

    games: Mapping[str, tuple[Game, Solved]]
    certified: Mapping[str, tuple[float, float]]
    untwinned: float
    excesses: Mapping[str, tuple[Excess, ...]]


def analyse(space: Space, setting: Setting, progress: Progress) -> Found:
    """Solve both games, check their certificates, and push every objective in each mechanism.

    `ValueError` where a game cannot be solved to the tolerance, or a mechanism allows no output.
    """
    progress(0, 4, "twins")
    twin, untwinned = space.twin_game(
        distance=setting.distance, most=setting.apart, slack=setting.slack
    )
    games = {"reference-game": space.reference_game(), "twin-game": twin}
    solved: dict[str, tuple[Game, Solved]] = {}
    certified: dict[str, tuple[float, float]] = {}
    for done, (name, game) in enumerate(games.items(), 1):
        progress(done, 4, name)
        solved[name] = (game, _solved(game, space, setting))
        certified[name] = certificate(game, solved[name][1])
    progress(3, 4, "objectives")
    excesses: dict[str, tuple[Excess, ...]] = {}
    for mechanism in ("reference-game", "twin-game"):
        limit = certified[mechanism][1] + setting.tolerance
        excesses[mechanism] = game_excesses(space, *solved[mechanism], limit)
    excesses["entropy"] = entropy_excesses(
        space, setting.entropy_weight, setting.tolerance * math.log(len(space.outputs))
    )
    excesses["hash"] = hash_excesses(space, setting.hash_bits)
    if not excesses[setting.mechanism]:
        raise ValueError(
            f"no output meets a hash of {setting.hash_bits} bits; take fewer `hash_bits`"
        )
    return Found(games=solved, certified=certified, untwinned=untwinned, excesses=excesses)


def _solved(game: Game, space: Space, setting: Setting) -> Solved:
    if setting.solver == "exact":
        return solve_exact(game)
    found = solve(
        game,
        gap=setting.tolerance / 2,
        drawn=setting.draws,
        seed=setting.seed,
        law=space.reference,
        steps=20_000,
    )
    if found.gap > setting.tolerance:
        raise ValueError(
            f"the game is solved to {found.gap:.3g} only, and the tolerance is "
            f"{setting.tolerance:g}; raise `draws` or the tolerance"
        )
    return found
