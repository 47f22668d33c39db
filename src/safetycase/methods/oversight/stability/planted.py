"""Ratios that have a closed form, and arguments planted to be brittle or stable."""

from __future__ import annotations

import random

from safetycase.methods.oversight.stability.analysis import Setting, analyse, enumerated
from safetycase.methods.oversight.stability.combiners import (
    Leaf,
    Node,
    Table,
    Threshold,
    all_of,
    any_of,
    at_least,
    majority,
)
from safetycase.methods.oversight.stability.critical import critical_ratio, modulus
from safetycase.methods.oversight.stability.dependence import dependent_ratio
from safetycase.plugin.contract import Controls, OracleResult, Planted
from safetycase.stats import bounds

__all__ = ["controls", "passes", "self_check"]

SOURCE = "closed form: max_e (1 − E_H(1 − e))/e"
CRITERION, RUNS, ALPHA = 2.0, 12, 0.05


def alike(count: int) -> tuple[Node, ...]:
    """That many leaves with one number."""
    return (Leaf("leaf"),) * count


def self_check() -> tuple[OracleResult, ...]:
    """Closed forms, a quadratic solved by hand, the law of large numbers, and enumeration."""
    return (*_ratios(), *_others())


def _ratios() -> tuple[OracleResult, ...]:
    tree: Node = Leaf("leaf")
    for _ in range(4):
        tree = majority((tree,) * 5)
    wanted = (
        ("all of 2", all_of(alike(2)), 2.0, 1e-6),
        ("all of 101", all_of(alike(101)), 101.0, 1e-5),
        ("some of 7: at worst all fail", any_of(alike(7)), 1.0, 1e-5),
        ("2 of 3: 3e − 2e² at e = 3/4", majority(alike(3)), 1.125, 1e-5),
        ("majority of 101", majority(alike(101)), 1.638, 5e-4),
        ("majority of 1001", majority(alike(1001)), 1.845, 5e-4),
        ("majorities of 5, four deep, fourth root", tree, 1.147**4, 3e-3),
    )
    return tuple(
        OracleResult(
            name=f"critical ratio: {name}",
            expected=expected,
            got=(found.low + found.high) / 2,
            tolerance=tolerance,
            source=SOURCE,
        )
        for name, node, expected, tolerance in wanted
        for found in [critical_ratio(node)]
    )


def _others() -> tuple[OracleResult, ...]:
    a, b, c = Leaf("a"), Leaf("b", claimed=False), Leaf("c")
    odd = Table((a, b), (False, True, True, False))
    mixed = all_of((at_least(2, (a, b, c)), Threshold((Leaf("d"), Leaf("e")), (2, 1), 2)))
    return (
        OracleResult(
            name="modulus of one of two but not both, at 0.1: 2 · 0.1 · 0.9",
            expected=0.18,
            got=modulus(odd, 0.1),
            tolerance=1e-12,
            source="closed form",
        ),
        OracleResult(
            name="modulus of a mixed argument",
            expected=enumerated(mixed, 0.07),
            got=modulus(mixed, 0.07),
            tolerance=1e-12,
            source="all corners and all bits, enumerated",
        ),
        OracleResult(
            name="dependent ratio of 51 of 101: 101/51",
            expected=101 / 51,
            got=dependent_ratio(majority(alike(101))),
            tolerance=1e-5,
            source="n/(n − k + 1): Markov's inequality, attained",
        ),
    )


def passes(argument: Node) -> bool:
    """Whether the method shows that errors grow at most twofold."""
    setting = Setting(error=0.05, stake=CRITERION)
    ratio = analyse({"planted": argument}, setting, lambda *_: None).quantities["critical_ratio"]
    return bounds(ratio, alpha_low=ALPHA, alpha_high=ALPHA).high <= CRITERION


def controls() -> Controls:
    """Brittle arguments hide a conjunction or a parity; stable ones are made of majorities."""
    draw = random.Random(7)  # noqa: S311 - planted, repeatable
    brittle = [_brittle(draw) for _ in range(RUNS)]
    parities = [_parity(count) for count in (3, 4, 5)]
    stable = [_stable(draw) for _ in range(RUNS)]
    return Controls(
        criterion=f"the critical ratio is shown to be at most {CRITERION:g}",
        planted=(
            Planted(
                name="a conjunction of 3 to 8, alone or under a majority that is sound",
                claim_is_true=False,
                passes=sum(passes(node) for node in brittle),
                runs=len(brittle),
            ),
            Planted(
                name="a parity of 3 to 5 leaves",
                claim_is_true=False,
                passes=sum(passes(node) for node in parities),
                runs=len(parities),
            ),
            Planted(
                name="majorities of 3 to 7, one to three deep",
                claim_is_true=True,
                passes=sum(passes(node) for node in stable),
                runs=len(stable),
            ),
        ),
    )


def _brittle(draw: random.Random) -> Node:
    conjunction = all_of(alike(draw.randint(3, 8)))
    if draw.random() < 0.5:
        return conjunction
    return all_of((majority(alike(5)), conjunction, Leaf("premise")))


def _parity(count: int) -> Node:
    leaves = tuple(Leaf(f"leaf {i}") for i in range(count))
    return Table(leaves, tuple(row.bit_count() % 2 == 1 for row in range(2**count)))


def _stable(draw: random.Random) -> Node:
    node: Node = Leaf("leaf")
    for _ in range(draw.randint(1, 3)):
        node = majority((node,) * draw.choice((3, 5, 7)))
    return node
