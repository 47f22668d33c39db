"""What is measured of trained policies: every gain is a share of the payoff range, row by row.

A row is one training. Each gain is that of one player against the other one as deployed, and exact:
policies are evaluated on the whole tree. So each is a lower bound on exploitability, which is
computed beside them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from safetycase.methods.oversight.self_play.bodies import Body, Table
from safetycase.methods.oversight.self_play.learners import OPTIMISERS
from safetycase.methods.oversight.self_play.records import Recipe, Start, Trained, fresh
from safetycase.methods.oversight.self_play.training import train

if TYPE_CHECKING:
    import numpy as np

    from safetycase.methods.oversight.self_play.arena import Arena, Flags, Floats

__all__ = [
    "ELICITORS",
    "SCALES",
    "Found",
    "Search",
    "elicited",
    "further",
    "look",
    "perturbed",
    "retrained",
]

SCALES = (0.25, 0.5, 1.0, 2.0, 4.0)
TEMPERATURES = (2.0, 5.0, 20.0)
ELICITORS = ("temperature", "entropy bonus", "random demonstrations")
RESTARTS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """How hard is searched: steps of further optimisation, and directions for each scale."""

    further_steps: int
    directions: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Found:
    """What was found of B trainings; arrays of B.

    `exploitability` is the larger exact gain of a best response and `nash_conv` the sum of both;
    `further` the largest gain of further optimisation by any optimiser, `retrained` that of a best
    response trained from fresh weights, `perturbed` over all directions, `elicited` over all
    elicitors; `error` is P(wrong).
    """

    exploitability: Floats
    nash_conv: Floats
    error: Floats
    further: Floats
    retrained: Floats
    perturbed: Floats
    elicited: Floats
    by_optimiser: dict[str, Floats]
    by_elicitor: dict[str, Floats]

    def first(self, rows: int) -> Found:
        """What was found of the first trainings."""
        return Found(
            exploitability=self.exploitability[:rows],
            nash_conv=self.nash_conv[:rows],
            error=self.error[:rows],
            further=self.further[:rows],
            retrained=self.retrained[:rows],
            perturbed=self.perturbed[:rows],
            elicited=self.elicited[:rows],
            by_optimiser={name: gain[:rows] for name, gain in self.by_optimiser.items()},
            by_elicitor={name: gain[:rows] for name, gain in self.by_elicitor.items()},
        )


def look(
    arena: Arena,
    trained: Trained,
    recipe: Recipe,
    search: Search,
    generator: np.random.Generator,
    said: Callable[[str], None] = lambda _note: None,
) -> Found:
    """Everything, for every row."""
    import numpy as np

    plans = arena.plans(trained.policies)
    gaps = arena.gaps(plans)
    said("further optimisation")
    by_optimiser = further(arena, trained, recipe, search, generator)
    said("retraining best responses")
    again = retrained(arena, trained, search, generator)
    said("perturbing weights")
    noise = perturbed(arena, trained, search, generator)
    said("eliciting")
    by_elicitor = elicited(arena, trained, search, generator)
    return Found(
        exploitability=gaps.max(axis=0),
        nash_conv=gaps.sum(axis=0),
        error=arena.errors(plans),
        further=np.max(list(by_optimiser.values()), axis=0),
        retrained=again,
        perturbed=noise,
        elicited=np.max(list(by_elicitor.values()), axis=0),
        by_optimiser=by_optimiser,
        by_elicitor=by_elicitor,
    )


def further(
    arena: Arena,
    trained: Trained,
    recipe: Recipe,
    search: Search,
    generator: np.random.Generator,
) -> dict[str, Floats]:
    """The gain of each player trained on alone from its weights, by optimiser, larger of the two.

    It sees what training saw: sampled episodes if training was sampled, and no move that the
    policy never plays while it is trained.
    """
    import numpy as np

    tried = [o for o in OPTIMISERS if o != "natural" or trained.bodies[0].exact_policies]
    rows, many = len(trained), len(tried)
    again = Recipe(
        learner="reinforce" if recipe.learner == "reinforce" else "policy-gradient",
        steps=search.further_steps,
        batch=recipe.batch,
    )
    wide = trained.repeated(many)
    named = tuple(one for one in tried for _ in range(rows))
    found = []
    for player in (0, 1):
        start = _alone(wide, player, wide.bodies[player], wide.weights[player])
        start = dataclasses.replace(start, optimisers=named, never=_held(wide, player))
        found.append(_gain(arena, wide, player, train(arena, again, start, generator)))
    gains = np.max(found, axis=0).reshape(many, rows)
    return dict(zip(tried, gains, strict=True))


def retrained(
    arena: Arena,
    trained: Trained,
    search: Search,
    generator: np.random.Generator,
) -> Floats:
    """The gain of a best response that starts afresh, as a table, by exact natural gradients."""
    import numpy as np

    again = Recipe(steps=search.further_steps)
    wide = trained.repeated(RESTARTS)
    new = fresh(arena, len(wide), generator)
    found = []
    for player in (0, 1):
        start = _alone(wide, player, new.bodies[player], new.weights[player])
        found.append(_gain(arena, wide, player, train(arena, again, start, generator)))
    return np.asarray(np.max(found, axis=0).reshape(RESTARTS, len(trained)).max(axis=0))


def elicited(
    arena: Arena,
    trained: Trained,
    search: Search,
    generator: np.random.Generator,
) -> dict[str, Floats]:
    """The gain of each elicitor, larger of the two players.

    `temperature` plays the weights hotter; `entropy bonus` trains on with one, as far as the
    policy lets itself be trained; `random demonstrations` mixes in play by chance, as supervised
    training on such play does, and reinforces from there: what is demonstrated is sampled.
    """
    import numpy as np

    rows = len(trained)
    best = {name: np.full(rows, -np.inf) for name in ELICITORS}
    exact = trained.bodies[0].exact_policies
    shorter = Recipe(
        steps=max(1, search.further_steps // 2), optimiser="natural" if exact else "adam"
    )
    wide = trained.repeated(2)
    for player, side in enumerate(arena.sides):
        body, weights = trained.bodies[player], trained.weights[player]
        logits = body.logits(weights)
        for heat in TEMPERATURES:
            gain = _gain_of(arena, trained, player, side.policy(logits / heat))
            best["temperature"] = np.maximum(best["temperature"], gain)
        mixed = 0.8 * trained.policies[player] + 0.2 * side.policy(np.zeros_like(logits))
        both = np.concatenate((weights, body.like(mixed, weights)))
        start = _alone(wide, player, body, both)
        held = [np.array(never) for never in _held(wide, player)]
        held[player][rows:] = False
        start = dataclasses.replace(
            start, entropy=np.repeat((0.2, 0.0), rows), never=(held[0], held[1])
        )
        gains = _gain(arena, wide, player, train(arena, shorter, start, generator))
        for name, gain in zip(ELICITORS[1:], (gains[:rows], gains[rows:]), strict=True):
            best[name] = np.maximum(best[name], gain)
    return best


def perturbed(
    arena: Arena, trained: Trained, search: Search, generator: np.random.Generator
) -> Floats:
    """The largest gain over random directions in weight space, at several distances.

    By turns a direction lies in all weights, in those of one information set or hidden unit, and in
    one weight alone. Its length is a multiple of that of the player's weights: no policy escapes
    by larger weights. No basis is known to be canonical.
    """
    import numpy as np

    best = np.full(len(trained), -np.inf)
    for player, side in enumerate(arena.sides):
        if not len(side.index):
            continue
        gain = arena.gain(player, arena.sides[1 - player].plan(trained.policies[1 - player]))
        base = (side.plan(trained.policies[player]) * gain).sum(axis=1)
        body, weights = trained.bodies[player], trained.weights[player]
        length = body.length(weights).reshape(-1, *(1,) * (weights.ndim - 1))
        for scale in SCALES:
            for number in range(search.directions):
                noise = body.direction(len(trained), number, generator)
                moved = side.policy(body.logits(weights + scale * length * noise))
                best = np.maximum(best, (side.plan(moved) * gain).sum(axis=1) - base)
    return best


def _alone(trained: Trained, player: int, body: Body, weights: Floats) -> Start:
    """A training of one player, by `body`, against the other one as it is deployed."""
    import numpy as np

    rows, other = len(trained), 1 - player
    fixed = Table(trained.bodies[other].side)
    policy = trained.policies[other]
    yes, no = np.ones(rows, bool), np.zeros(rows, bool)
    played = fixed.like(policy, policy)
    return Start(
        bodies=(body, fixed) if player == 0 else (fixed, body),
        weights=(weights, played) if player == 0 else (played, weights),
        never=_free(trained),
        learns=(yes, no) if player == 0 else (no, yes),
        entropy=np.zeros(rows),
        stop=np.full(rows, 1 << 60),
    )


def _free(trained: Trained) -> tuple[Flags, Flags]:
    import numpy as np

    return np.zeros_like(trained.never[0]), np.zeros_like(trained.never[1])


def _held(trained: Trained, player: int) -> tuple[Flags, Flags]:
    """What the player never plays while it is trained; the other one is as deployed."""
    free = _free(trained)
    return (trained.never[0], free[1]) if player == 0 else (free[0], trained.never[1])


def _gain(arena: Arena, trained: Trained, player: int, after: Trained) -> Floats:
    return _gain_of(arena, trained, player, after.policies[player])


def _gain_of(arena: Arena, trained: Trained, player: int, policy: Floats) -> Floats:
    """What the player gets more with that policy, the other one as deployed."""
    import numpy as np

    side = arena.sides[player]
    gain = arena.gain(player, arena.sides[1 - player].plan(trained.policies[1 - player]))
    now = (side.plan(trained.policies[player]) * gain).sum(axis=1)
    return np.asarray((side.plan(policy) * gain).sum(axis=1) - now)
