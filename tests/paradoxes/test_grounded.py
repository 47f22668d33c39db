"""Attack and reinstatement are grounded semantics, on every framework of up to four arguments.

The oracle does not iterate: it lists all 3^n labellings, keeps the complete ones (an argument is
in exactly when all its attackers are out, and out exactly when one is in) and takes the one that
is in for least (Caminada 2006, JELIA; Dung 1995, Artif. Intell. 77:321).
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from safetycase.argument.model import Assumption, Claim, Defeater, Element
from safetycase.assess.logic import Facts, solve

Value = bool | None


def oracle(n: int) -> np.ndarray:
    """`found[f, i]`: 1 in, -1 out, 0 undecided; bit n*i+j of `f` says that j attacks i."""
    frameworks = np.arange(2 ** (n * n))
    attackers = np.stack([(frameworks >> (n * i)) & (2**n - 1) for i in range(n)], axis=1)
    found = np.full((len(frameworks), n), 9, dtype=np.int8)
    least = np.full(len(frameworks), n + 1)
    for labels in itertools.product((1, -1, 0), repeat=n):
        ins = sum(1 << i for i, v in enumerate(labels) if v == 1)
        outs = sum(1 << i for i, v in enumerate(labels) if v == -1)
        complete = np.ones(len(frameworks), dtype=bool)
        for i, label in enumerate(labels):
            is_in = (attackers[:, i] & ~outs) == 0
            is_out = (attackers[:, i] & ins) != 0
            complete &= (is_in == (label == 1)) & (is_out == (label == -1))
        better = complete & (labels.count(1) < least)
        found[better], least[better] = labels, labels.count(1)
    return found


def solved(n: int, framework: int) -> list[Value]:
    elements: dict[str, Element] = {
        f"D{i}": Defeater(id=f"D{i}", against="C", says="d") for i in range(n)
    }
    facts = Facts(
        elements=elements,
        leaves={},
        assumed={},
        blocked=frozenset(),
        attacks={
            f"D{i}": tuple(f"D{j}" for j in range(n) if framework >> (n * i + j) & 1)
            for i in range(n)
        },
        accepted=frozenset(),
        silent=frozenset(),
    )
    values = solve(facts)
    return [values[f"D{i}"] for i in range(n)]


def agree(n: int, step: int = 1) -> None:
    word: dict[int, Value] = {1: True, -1: False, 0: None}
    labels = oracle(n)
    for framework in range(0, 2 ** (n * n), step):
        expected = [word[int(v)] for v in labels[framework]]
        assert solved(n, framework) == expected, (n, framework)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_every_framework_of_up_to_three(n: int) -> None:
    agree(n)


@pytest.mark.slow
def test_every_framework_of_four() -> None:
    agree(4)


def test_a_sample_of_four() -> None:
    agree(4, step=61)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_claim_counts_when_all_its_attackers_are_out(n: int) -> None:
    """The same frameworks, each argument in turn attacking a claim on good ground."""
    labels = oracle(n)
    for framework, target in itertools.product(range(0, 2 ** (n * n), 3), range(n)):
        elements: dict[str, Element] = {
            "C": Claim(id="C", says="c", by="G"),
            "G": Assumption(id="G", says="g", owner="o"),
        }
        elements |= {f"D{i}": Defeater(id=f"D{i}", against="C", says="d") for i in range(n)}
        attacks = {
            f"D{i}": tuple(f"D{j}" for j in range(n) if framework >> (n * i + j) & 1)
            for i in range(n)
        }
        attacks["C"] = (f"D{target}",)
        facts = Facts(
            elements=elements,
            leaves={},
            assumed={"G": True},
            blocked=frozenset(),
            attacks=attacks,
            accepted=frozenset(),
            silent=frozenset(),
        )
        expected = True if labels[framework, target] == -1 else None
        assert solve(facts)["C"] is expected
