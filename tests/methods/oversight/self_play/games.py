"""What several tests of self-play need: games ready for training, and policies for them."""

from __future__ import annotations

from typing import Any

import numpy as np

from safetycase.methods.games.extensive.tree import flatten
from safetycase.methods.oversight.self_play.arena import Arena
from safetycase.methods.oversight.self_play.evidence import Search
from safetycase.methods.oversight.self_play.games import GAMES, MatrixGame
from safetycase.methods.oversight.self_play.records import Recipe, Trained, fresh, networks, tables
from safetycase.methods.oversight.self_play.training import train
from safetycase.plugin.protocols import Rules

QUICK = Search(further_steps=300, directions=16)
PENNIES = MatrixGame(payoffs=((1.0, -1.0), (-1.0, 1.0)))


def arena_of(rules: Rules | str) -> Arena:
    return Arena.of(flatten(GAMES[rules] if isinstance(rules, str) else rules))


def policies(arena: Arena, rows: int = 2, seed: int = 0) -> tuple[Any, Any]:
    generator = np.random.default_rng(seed)
    weights = fresh(arena, rows, generator).weights
    return arena.sides[0].policy(weights[0]), arena.sides[1].policy(weights[1])


def trained(arena: Arena, recipe: Recipe, rows: int = 4, seed: int = 0, hidden: int = 0) -> Trained:
    generator = np.random.default_rng(seed)
    bodies = networks(arena, hidden) if hidden else tables(arena)
    return train(arena, recipe, fresh(arena, rows, generator, bodies=bodies), generator)


def gap(arena: Arena, one: Trained) -> Any:
    """NashConv of each row."""
    return arena.gaps(arena.plans(one.policies)).sum(axis=0)
