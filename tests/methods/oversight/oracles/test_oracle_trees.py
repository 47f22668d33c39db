"""Oracle trees: their answers by enumeration, and a Lipschitz constant nothing exceeds."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest

from safetycase.methods.oversight.domains.oracle_trees import (
    OracleTree,
    answer_probability,
    extremes,
    graded_tree,
    lipschitz,
    moved,
    uniform_tree,
)
from safetycase.methods.oversight.protocols.doubly_efficient.attacks import LEFT, chain_lipschitz


def distance(a: OracleTree, b: OracleTree) -> float:
    return max(
        abs(p - r)
        for x, y in zip(a.levels, b.levels, strict=True)
        for p, r in zip(x, y, strict=True)
    )


def by_enumeration(tree: OracleTree) -> float:
    total = 0.0
    for bits in itertools.product((0, 1), repeat=len(tree.levels)):
        chance, y = 1.0, 0
        for level, bit in zip(tree.levels, bits, strict=True):
            chance *= level[y] if bit else 1 - level[y]
            y = 2 * y + bit
        total += chance * bits[-1]
    return total


@pytest.mark.parametrize("steps", [0, 1, 4, 7])
def test_the_answer_is_that_of_all_bit_strings(steps: int) -> None:
    tree = uniform_tree(steps, 3)
    assert answer_probability(tree) == pytest.approx(by_enumeration(tree), abs=1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_no_oracle_moves_the_answer_by_more_than_the_constant(seed: int) -> None:
    tree = uniform_tree(1 + seed % 4, seed)
    found, answer = lipschitz(tree), answer_probability(tree)
    assert found.high <= 1.01 * found.low
    draw = random.Random(seed)
    ratios = []
    for _ in range(200):
        e = 10 ** draw.uniform(-5, 0)
        sign = draw.choice((-1, 1, 0))
        other = OracleTree(
            tuple(
                tuple(min(1.0, max(0.0, p + e * (sign or draw.uniform(-1, 1)))) for p in level)
                for level in tree.levels
            )
        )
        ratios.append(abs(answer_probability(other) - answer) / distance(tree, other))
    for e in 10 ** np.linspace(-6, 0, 60):
        for up in (True, False):
            other = moved(tree, float(e), up=up)
            ratios.append(abs(answer_probability(other) - answer) / float(e))
    assert found.low * 0.99 <= max(ratios) <= found.high


@pytest.mark.parametrize("seed", range(4))
def test_the_extremes_are_those_of_all_corners(seed: int) -> None:
    tree, e = uniform_tree(2, seed), 0.2
    flat = [p for level in tree.levels for p in level]
    answers = []
    for signs in itertools.product((-e, e), repeat=len(flat)):
        p = [min(1.0, max(0.0, x + s)) for x, s in zip(flat, signs, strict=True)]
        answers.append(answer_probability(OracleTree((tuple(p[:1]), tuple(p[1:3]), tuple(p[3:])))))
    low, high = extremes(tree, np.array([e]))[0]
    assert (low[0, 0], high[0, 0]) == pytest.approx((min(answers), max(answers)), abs=1e-12)
    assert answer_probability(moved(tree, e, up=True)) == pytest.approx(max(answers), abs=1e-12)
    assert answer_probability(moved(tree, e, up=False)) == pytest.approx(min(answers), abs=1e-12)


@pytest.mark.parametrize("size", [1, 2, 5, 8])
def test_the_constant_of_a_conjunction_is_its_formula(size: int) -> None:
    o = LEFT ** (1 / size)
    levels = [tuple(o if y == 2**n - 1 else 0.0 for y in range(2**n)) for n in range(size)]
    # The formula holds where the answer off the path is 0 whatever the oracle says there.
    found = lipschitz(OracleTree(tuple(levels)))
    assert found.high >= chain_lipschitz(size) * (1 - 1e-9)


@pytest.mark.slow
def test_graded_trees_keep_what_they_promise() -> None:
    for size, truth in itertools.product((1, 3, 4), (True, False)):
        tree = graded_tree(size, 11, truth=truth, margin=0.7, most=1.9)
        answer = answer_probability(tree)
        assert (answer if truth else 1 - answer) >= 0.7
        assert lipschitz(tree).high <= 1.9
    with pytest.raises(ValueError, match="no tree of 3 steps"):
        graded_tree(3, 0, truth=True, margin=0.99, most=0.5)


@pytest.mark.parametrize(
    ("levels", "says"),
    [
        ((), "from 1 to"),
        (((0.5,), (0.5,)), "level 1 has 1"),
        (((float("nan"),),), "no probability"),
        (((1.5,),), "no probability"),
    ],
)
def test_what_is_no_tree_is_refused(levels: tuple[tuple[float, ...], ...], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        OracleTree(levels)
