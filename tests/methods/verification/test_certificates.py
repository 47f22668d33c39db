"""The checker: bounds that hold, and certificates that do not show what they say."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from typing import Any

import pytest

from safetycase.methods.verification.bounds import relax, search
from safetycase.methods.verification.bounds.search import Effort
from safetycase.methods.verification.boxes import box_of, halves
from safetycase.methods.verification.certificate import Broken, certificate_of, check
from safetycase.methods.verification.exact import Choice, Scaled, lower_bound
from safetycase.methods.verification.network import Network
from safetycase.methods.verification.planted import absolute, known, random_network, silent
from safetycase.methods.verification.rounding import GRID, tanh_within
from safetycase.methods.verification.specification import Linear, Problem, Property

EFFORT = Effort(nodes=500, split="auto", tolerance=0.0, seed=0)


def proof(problem: Problem, effort: Effort = EFFORT) -> tuple[str, list[Any]]:
    trees = [search.search(problem, one, effort, silent).nodes for one in problem.obligations]
    return certificate_of(problem, effort.tolerance, trees), trees


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_no_input_is_below_an_exact_bound_whatever_is_chosen(activation: Any) -> None:
    draw = random.Random(1)
    for seed in range(6):
        layers = random_network((2, 4, 4, 2), seed).layers
        network = Network(layers=layers, activation=activation)
        holds = Linear(coefficients=(1.0, -0.3), offset=0.1)
        low = [draw.uniform(-1, 1) for _ in range(2)]
        ends = tuple((Fraction(v), Fraction(v + draw.uniform(0, 1))) for v in low)
        units = [(k, u) for k in range(2) for u in range(4)]
        choice = Choice(
            slopes={u: draw.randrange(-(2**33), 2**33) for u in units}, phases={}, given=()
        )
        bound = lower_bound(Scaled.of(network), ends, {}, holds, (), choice)
        assert bound is not None
        for _ in range(40):
            x = [float(a) + draw.random() * float(b - a) for a, b in ends]
            values = x
            for number, layer in enumerate(layers):
                squash = math.tanh if activation == "tanh" else lambda v: max(v, 0.0)
                values = [squash(v) for v in values] if number else values
                values = [
                    sum(w * v for w, v in zip(row, values, strict=True)) + b
                    for row, b in zip(layer.weights, layer.bias, strict=True)
                ]
            assert values[0] - 0.3 * values[1] + 0.1 >= float(bound) - 1e-12


def test_tanh_lies_within_its_bounds() -> None:
    for z in range(-25 * 2**GRID, 25 * 2**GRID, 2**GRID // 3):
        low, high = tanh_within(z)
        value = math.tanh(z / 2**GRID) * 2**GRID
        assert low <= value + 1e-6
        assert value - 1e-6 <= high
        assert high - low <= 2


def test_both_halves_make_the_whole() -> None:
    box = ((Fraction(0), Fraction(3)), (Fraction(0), Fraction(1)))
    assert halves(box, 0, 1, whole=True)[1][0] == (2, 3)
    assert halves(box, 0, 1.5, whole=False)[1][0] == (Fraction(3, 2), 3)
    for place, at in ((0, 3), (0, -1), (2, 1), (0, 1.5)):
        with pytest.raises(ValueError, match=r"leaves nothing|no input|at a whole"):
            halves(box, place, at, whole=True)


PROBLEM = known(3, kind="clean").problem


TEXT = cache(lambda: proof(PROBLEM)[0])


def changed(change: Callable[[dict[str, Any]], None]) -> str:
    read = json.loads(TEXT())
    change(read)
    return json.dumps(read)


def tree(read: dict[str, Any]) -> list[Any]:
    found: list[Any] = read["obligations"][0]
    return found


def bare(read: dict[str, Any]) -> None:
    read["obligations"][0] = [["p", [], [], []]]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda r: r.update(problem="0" * 64), "of another network"),
        (lambda r: r.update(format="x@1"), "another format"),
        (lambda r: r.update(tolerance=-1), "at least 0"),
        (lambda r: r.update(tolerance=0.6), "is said to be proved, and its bound"),
        (lambda r: r["obligations"].append([["o"]]), "1 obligations there are"),
        (lambda r: tree(r).pop(), "a node is missing"),
        (lambda r: tree(r).append(["o"]), "nodes follow"),
        (bare, "is said to be proved, and its bound is -"),
        (lambda r: r.update(obligations=[[["c", ["0", "0", "0"]]]]), "keeps the property"),
        (lambda r: r.update(obligations=[[["c", ["9", "0", "0"]]]]), "no input that it speaks of"),
        (lambda r: r.update(obligations=[[["c", ["1/2", "0", "0"]]]]), "no input that it speaks"),
        (lambda r: r.update(obligations=[[["c", ["0", "0"]]]]), "no input that it speaks of"),
        (lambda r: r.update(obligations=[[["i", 0, 7.0], ["o"], ["o"]]]), "leaves nothing"),
        (lambda r: r.update(obligations=[[["r", 5, 0], ["o"], ["o"]]]), "no hidden unit 0"),
        (lambda r: r.update(obligations=[[["z"]]]), "no node `z`"),
        (lambda r: r.update(obligations=[[["p", 1]]]), "is none"),
        (lambda r: r.update(obligations=[[["p", [[0, 0, 0.5]], [], []]]]), "no whole number"),
        (lambda r: r.update(obligations=[[["i", 0, 1.0]] * 400]), "deep|leaves nothing"),
    ],
)
def test_a_certificate_that_was_changed_is_refused(change: Any, says: str) -> None:
    with pytest.raises(Broken, match=says):
        check(PROBLEM, changed(change))


def test_what_is_no_json_is_no_certificate() -> None:
    for text in ("", "[]", '{"format": 1}'):
        with pytest.raises(Broken):
            check(PROBLEM, text)


def test_an_open_leaf_proves_nothing_and_halves_add_up() -> None:
    text, trees = proof(PROBLEM)
    assert check(PROBLEM, text)[1][0].holds
    leaf = max(i for i, node in enumerate(trees[0]) if node[0] == "p")
    trees[0][leaf] = ["o"]
    found = check(PROBLEM, certificate_of(PROBLEM, 0.0, trees))[1][0]
    assert (found.holds, found.open) == (False, 1)
    assert 0 <= found.proved < 1


def test_a_tree_that_is_too_deep_is_refused_before_the_interpreter_gives_up() -> None:
    problem = absolute(0.5)
    nodes: list[Any] = [["i", 0, 2.0**-k] for k in range(1, 300)]
    with pytest.raises(Broken, match="200 deep"):
        check(problem, certificate_of(problem, 0.0, [nodes]))


def test_a_proof_under_assumptions_counts_only_where_both_hold() -> None:
    problem = absolute(0.5)
    good = ["p", [], [], []]
    trees = [[["r", 0, 0], good, ["o"]]]
    found = check(problem, certificate_of(problem, 0.0, trees))[1][0]
    assert found.proved == 0
    with pytest.raises(Broken, match=r"its bound is -0\.5"):
        check(problem, certificate_of(problem, 0.0, [[["r", 0, 0], good, good]]))
    on = ["p", [], [[0, 0, 2**GRID]], []]  # less 1·x, which is not below zero where the unit is on
    trees = [[["r", 0, 0], good, on]]
    assert check(problem, certificate_of(problem, 0.0, trees))[1][0].holds


@pytest.mark.parametrize("layer", ["chord", "bias"])
def test_an_unsound_bound_is_caught(monkeypatch: pytest.MonkeyPatch, layer: str) -> None:
    """The search drops a term and believes itself; the checker does not."""
    problem = known(2, kind="broken").problem
    sound, margin = relax._relu, search.margin

    def dropped(low: Any, high: Any) -> Any:
        below, (steep, offset) = sound(low, high)
        return below, (steep, offset * 0.0)

    def lifted(*given: Any) -> Any:
        bound, slopes, costs = margin(*given)
        return bound + 1.0, slopes, costs

    def believed(self: Any, node: Any, picked: Any) -> bool:
        node.kind = ["p", [], [], []]
        return True

    if layer == "chord":
        monkeypatch.setattr(relax, "_relu", dropped)
    else:
        monkeypatch.setattr(search, "margin", lifted)
    monkeypatch.setattr(search._Search, "_prove", believed)
    monkeypatch.setattr(search._Search, "trying", lambda self, x: None)
    text, trees = proof(problem)
    assert any(node[0] == "p" for node in trees[0])
    with pytest.raises(Broken, match="is said to be proved"):
        check(problem, text)


def test_the_box_of_a_property_is_exact() -> None:
    spec = Property(name="p", low=(0.1,), high=(0.3,), holds=(Linear(coefficients=(1.0,)),))
    assert box_of(spec) == ((Fraction(0.1), Fraction(0.3)),)
