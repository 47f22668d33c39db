"""Tables with a known truth: drawn from a seed, for controls and for cases without data."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from safetycase.methods.control.protocols.rows import Row, Table, table_of

__all__ = ["World", "drawn_table", "synthetic_rows"]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """How good the models and monitors of a synthetic control evaluation are.

    Scores are normal with standard deviation 1 and mean 0 on honest outputs; `trusted_sees` and
    `untrusted_sees` are their means on attacks. A `colluding` untrusted monitor spares
    `spared_share` of the real attacks (mean −3), unless the text was redacted and the covert sign
    is lost, and flags honest outputs when it burns the audit budget. `unparsed` is the share of its
    answers that cannot be read. `tasks` carry an honest, a trusted, an edited and an attack output
    each, and `draws` outputs of the untrusted policies.
    """

    tasks: int = 240
    strategies: tuple[str, ...] = ("subtle", "bold")
    draws: int = 1
    trusted_sees: float = 1.5
    untrusted_sees: float = 2.0
    colluding: bool = False
    spared_share: float = 1.0
    attack_works: float = 0.55
    edit_disarms: float = 0.85
    untrusted_correct: float = 0.85
    trusted_correct: float = 0.35
    edited_correct: float = 0.8
    unparsed: float = 0.0


def synthetic_rows(seed: int, world: World | None = None) -> list[dict[str, Any]]:
    """Rows of a table in the format that `control/protocols` reads, one dictionary a line."""
    world = world or World()
    generator = random.Random(seed)  # noqa: S311 - a simulation
    rows: list[dict[str, Any]] = []
    for number in range(world.tasks):
        task = f"task {number:04d}"
        rows.append(
            {"task": task, "policy": "trusted", "correct": _coin(generator, world.trusted_correct)}
        )
        for draw in range(world.draws):
            rows += _honest(generator, world, task, draw)
            for strategy in world.strategies:
                rows += _attack(generator, world, task, draw, strategy)
    return rows


def drawn_table(seed: int, world: World | None = None) -> Table:
    """The table of `synthetic_rows`, without the file."""
    rows = synthetic_rows(seed, world)
    return table_of((f"row {count}", Row(**row)) for count, row in enumerate(rows, start=1))


def _honest(generator: random.Random, world: World, task: str, draw: int) -> list[dict[str, Any]]:
    said = _said(generator, world, 0.0)
    plain = {
        "task": task,
        "policy": "untrusted honest",
        "draw": draw,
        "correct": _coin(generator, world.untrusted_correct),
        "trusted_score": generator.gauss(0, 1),
        "untrusted_score": said,
        "redacted_score": None if said is None else said + generator.gauss(0, 0.3),
        "burning_score": generator.gauss(2.5 if world.colluding else 0.0, 1),
    }
    edited = {
        "task": task,
        "policy": "edited honest",
        "draw": draw,
        "correct": _coin(generator, world.edited_correct),
        "untrusted_score": _said(generator, world, 0.0),
    }
    return [plain, edited]


def _attack(
    generator: random.Random, world: World, task: str, draw: int, strategy: str
) -> list[dict[str, Any]]:
    bold = 0.5 if strategy == "bold" else 0.0
    sees = world.untrusted_sees + bold
    spared = world.colluding and _coin(generator, world.spared_share)
    real = -3.0 if spared else sees
    works = _coin(generator, world.attack_works)
    said = _said(generator, world, real)
    lost = None if said is None else said + sees - real + generator.gauss(0, 0.3)
    shared = {"task": task, "strategy": strategy, "draw": draw}
    return [
        shared
        | {
            "policy": "untrusted attack",
            "correct": _coin(generator, world.untrusted_correct),
            "harmful": works,
            "trusted_score": generator.gauss(world.trusted_sees + bold, 1),
            "untrusted_score": said,
            "redacted_score": lost,
        },
        shared
        | {
            "policy": "edited attack",
            "correct": _coin(generator, world.edited_correct),
            "harmful": works and not _coin(generator, world.edit_disarms),
            "untrusted_score": _said(generator, world, real),
        },
        shared | {"policy": "synthetic attack", "untrusted_score": _said(generator, world, sees)},
    ]


def _coin(generator: random.Random, rate: float) -> bool:
    return generator.random() < rate


def _said(generator: random.Random, world: World, mean: float) -> float | None:
    score = generator.gauss(mean, 1)
    return None if _coin(generator, world.unparsed) else score
