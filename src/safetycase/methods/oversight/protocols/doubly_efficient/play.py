"""Whole debates on oracle trees, by backward induction over prefixes.

A liar's best move at a prefix depends on the prefix alone, and what a claim or a challenge leads
to is known, so that the induction is exact for every liar, randomised and unbounded ones included.
"""

from __future__ import annotations

from collections.abc import Callable

from safetycase.methods.oversight.domains.oracle_trees import (
    OracleTree,
    answer_probability,
    graded_tree,
)
from safetycase.methods.oversight.protocols.doubly_efficient.constants import Constants
from safetycase.methods.oversight.protocols.doubly_efficient.node import SLACK, Flaw, node
from safetycase.plugin.protocols import Played

__all__ = [
    "Step",
    "fold",
    "honest_alice",
    "honest_alice_hoeffding",
    "honest_bob",
    "honest_bob_hoeffding",
    "informed",
    "instance",
    "player",
]

Step = Callable[[float, float, float], float]


def fold(tree: OracleTree, step: Step) -> float:
    """Backward induction: `step(o, value after 1, value after 0)` at every prefix."""
    after = [float(y % 2) for y in range(2 ** len(tree.levels))]
    for level in reversed(tree.levels):
        after = [step(p, after[2 * y + 1], after[2 * y]) for y, p in enumerate(level)]
    return after[0]


def honest_alice(tree: OracleTree, constants: Constants, flaw: Flaw = "") -> float:
    """P(honest Alice wins) against the worst Bob, with the exact laws of all estimates."""
    return fold(tree, lambda o, one, zero: node(o, constants, flaw).worst_bob(one, zero))


def honest_bob(tree: OracleTree, constants: Constants, flaw: Flaw = "") -> float:
    """P(honest Bob wins) against the worst Alice, with the exact laws of all estimates."""
    return 1 - fold(tree, lambda o, one, zero: node(o, constants, flaw).worst_alice(one, zero))


def informed(tree: OracleTree, constants: Constants, flaw: Flaw = "") -> float:
    """P(Alice wins) at the equilibrium of debaters who both know the oracle."""
    return fold(tree, lambda o, one, zero: node(o, constants, flaw).informed(one, zero))


def honest_alice_hoeffding(tree: OracleTree, constants: Constants) -> float:
    """The same as `honest_alice` for the worst estimators that keep what the theorem uses.

    Her claim is anywhere within c of the oracle, or anywhere at all with probability q; the
    verifier rejects claims within c with probability v, and any others always.
    """
    c, q, v = constants.c, constants.q, constants.v

    def step(o: float, one: float, zero: float) -> float:
        low, high = max(0.0, o - c), min(1.0, o + c)
        worst = min(p * one + (1 - p) * zero for p in (low, high))
        return (1 - q) * min(worst, 1 - v)

    return fold(tree, step)


def honest_bob_hoeffding(tree: OracleTree, constants: Constants) -> float:
    """The same as `honest_bob` for the worst estimators that keep what the theorem uses.

    He challenges claims up to s away with probability at most q, and from b on with at least
    1 − q; the verifier accepts claims from s on with probability at most v. In all other cases
    both do what suits Alice.
    """
    s, b, q, v = constants.s, constants.b, constants.q, constants.v

    def step(o: float, one: float, zero: float) -> float:
        def best(reach: float) -> float:
            ends = max(0.0, o - reach), min(1.0, o + reach)
            return max(p * one + (1 - p) * zero for p in ends)

        small = (1 - q) * best(s) + q
        middle = max(best(b), v)
        large = q * max(one, zero) + (1 - q) * v
        return max(small, middle, large)

    return 1 - fold(tree, step)


def instance(size: int, seed: int, constants: Constants) -> tuple[bool, OracleTree]:
    """(truth, tree) of that many steps; the truth alternates with size and seed."""
    truth = (size + seed) % 2 == 0
    tree = graded_tree(size, seed, truth=truth, margin=constants.margin, most=constants.lipschitz)
    return truth, tree


def player(flaw: Flaw) -> Callable[[int, int], Played]:
    """`play` of the domain: the honest side against the liar who is worst for it."""

    def play(size: int, seed: int) -> Played:
        constants = Constants()
        truth, tree = instance(size, seed, constants)
        alice = informed(tree, constants, flaw)
        if truth:
            low, high = 1 - alice, 1 - honest_alice(tree, constants, flaw)
            cost = constants.alice_samples
        else:
            low, high = alice, 1 - honest_bob(tree, constants, flaw)
            cost = constants.bob_samples
        return Played(
            truth=truth,
            error_low=max(0.0, min(low, high) - SLACK),
            error_high=min(1.0, high + SLACK),
            gap=0.0,
            certificate="backward induction: the upper end is the error of the honest strategy "
            "against its worst opponent, with the exact laws of all estimates; the lower end that "
            f"of debaters who know the oracle. M answers 1 with {answer_probability(tree):.4f}",
            honest_cost=float((size + 1) * cost),
            opponent_cost=float(2 ** (size + 1) - 1),
            judge_cost=float(constants.vera_samples),
        )

    return play
