"""Answers that are known, and mechanisms of which it is known whether they keep choices free."""

from __future__ import annotations

import itertools
import math
import random

from safetycase.methods.deployment.search.excess import (
    most_at_optimum,
    most_by_entropy,
    most_through_hash,
)
from safetycase.methods.deployment.search.excesses import (
    entropy_excesses,
    game_excesses,
    hash_excesses,
)
from safetycase.methods.deployment.search.game import certificate, solve, solve_exact
from safetycase.methods.deployment.search.limits import entropy_share_kept, hash_constraint_met
from safetycase.methods.deployment.search.space import Output, Space, free_choices, space_of
from safetycase.plugin.contract import Controls, OracleResult, Planted

__all__ = ["CRITERION", "TOLERANCE", "controls", "drawn_space", "passes", "self_check"]

TOLERANCE, CRITERION, RUNS = 0.05, 0.1, 20
PUBLISHED = "our computation; recorded before this method"
CLOSED = "closed form"


def self_check() -> tuple[OracleResult, ...]:
    """Values and largest excesses with a closed form, by exact programs and by learning."""
    space = space_of(free_choices(8, "pairs"), slack=0.0)
    game, twin = space.reference_game(), space.twin_game(distance="hamming", most=1, slack=0.0)[0]
    found = [
        _oracle("value of the reference game", 0.0, solve_exact(game).high),
        _oracle("value of the twin game where every flip is a twin", 0.5, solve_exact(twin).high),
    ]
    learnt = solve(twin, gap=0.01, drawn=100, seed=1)
    low, high = certificate(twin, learnt)
    found.append(_oracle("the same learnt", 0.5, (low + high) / 2, slip=0.005))
    t = 0.01
    for name, most in {
        "one choice": 0.5 + t,
        "two that differ": 0.5 + t,
        "two made": 0.25 + 1.5 * t,
        "three, odd": 1.0,
    }.items():
        got = most_at_optimum(game, space.objectives[name], t)
        found.append(_oracle(f"most of `{name}` at {t}, by tests of pairs", most, got[1]))
    linear = space_of(free_choices(6, "bits"), slack=0.0)
    blind = most_at_optimum(linear.reference_game(), linear.objectives["two that differ"], t)
    found.append(_oracle("most of `two that differ`, by tests of single choices", 1.0, blind[1]))
    every = space_of(free_choices(10, "bits"), slack=0.0)
    fifth = most_by_entropy(every.reference, every.objectives["one choice"], math.log(2))
    found.append(_oracle("one bit of entropy buys one choice", 1.0, fifth))
    through = most_through_hash(every.outputs, every.objectives["three, odd"], bits=4, key=b"k")
    found.append(_oracle("through a hash", 1.0, through[1] if through else math.nan))
    found += [
        _oracle("hash met by search", 0.9999999, hash_constraint_met(12, 8), 5e-8, PUBLISHED),
        _oracle(
            "entropy that full steering costs", 0.2, 1 - entropy_share_kept(15, 3), 1e-12, PUBLISHED
        ),
    ]
    return tuple(found)


def _oracle(
    name: str, expected: float, got: float, slip: float = 1e-9, source: str = CLOSED
) -> OracleResult:
    return OracleResult(name=name, expected=expected, got=got, tolerance=slip, source=source)


def drawn_space(seed: int, *, twins: bool) -> Space:
    """All choices of 7 with rewards drawn near each other, and 12 drawn tests of up to 3 choices.

    Without twins only outputs with an even number of choices made are there: a flip of one choice
    leads to none, and no output has a twin.
    """
    rng = random.Random(seed)  # noqa: S311
    groups = [rng.sample(range(7), rng.choice((1, 2, 3))) for _ in range(12)]
    outputs = []
    for choices in map("".join, itertools.product("01", repeat=7)):
        if not twins and choices.count("1") % 2:
            continue
        tests = {
            f"test {i}": sum(choices[k] == "1" for k in group) % 2 for i, group in enumerate(groups)
        }
        outputs.append(
            Output(
                text=choices,
                reward=rng.uniform(0.95, 1.0),
                reference=1.0,
                tests=tests,
                objectives={"hidden": float(tests["test 0"])},
            )
        )
    return space_of(outputs, slack=0.05)


def passes(space: Space, mechanism: str, tolerance: float = TOLERANCE) -> bool:
    """Whether the claim `largest_excess <= CRITERION` passes."""
    if mechanism == "entropy":
        found = entropy_excesses(space, 1.0, tolerance * math.log(len(space.outputs)))
    elif mechanism == "hash":
        found = hash_excesses(space, 3)
    else:
        game = space.reference_game()
        if mechanism == "twin-game":
            game = space.twin_game(distance="hamming", most=1, slack=0.05)[0]
        solved = solve_exact(game)
        limit = certificate(game, solved)[1] + tolerance
        found = game_excesses(space, game, solved, limit)
    return max(excess.high for excess in found if excess.in_class) <= CRITERION


def controls() -> Controls:
    """A purpose of the class, in each mechanism; the truth follows from its construction."""
    t, early = TOLERANCE, 0.25
    subjects = (
        ("reference game", "reference-game", t, True, True, "keeps every test to its tolerance"),
        ("twin game, symmetric", "twin-game", t, True, True, "every trait can be flipped away"),
        ("reference game, early", "reference-game", early, True, False, f"is {early} from it"),
        ("twin game, early", "twin-game", early, True, False, f"is {early} from its optimum"),
        ("twin game, no twins", "twin-game", t, False, False, "no output has a twin"),
        ("entropy bonus", "entropy", t, True, False, "a twentieth of the entropy buys a test"),
        ("hash constraint", "hash", t, True, False, "an output with any trait meets it"),
    )
    planted = []
    for name, mechanism, tolerance, twins, truth, says in subjects:
        hits = sum(
            passes(drawn_space(seed, twins=twins), mechanism, tolerance) for seed in range(RUNS)
        )
        planted.append(Planted(name=name, claim_is_true=truth, passes=hits, runs=RUNS, says=says))
    return Controls(
        criterion=f"largest_excess <= {CRITERION} at a tolerance of {TOLERANCE}",
        planted=tuple(planted),
    )
