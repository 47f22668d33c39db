from __future__ import annotations

import json
from fractions import Fraction

import pytest
from tests.methods.games.extensive.written import Choice, Written, ends, matrix, rand, seeds

from safetycase.methods.games.extensive.best_response import gains
from safetycase.methods.games.extensive.certify import BadCertificate
from safetycase.methods.games.extensive.commitments import (
    check_commitment,
    commitment_certificate,
)
from safetycase.methods.games.extensive.plain import even, played_out
from safetycase.methods.games.extensive.poker import Kuhn
from safetycase.methods.games.extensive.sequence import SequenceForm
from safetycase.methods.games.extensive.stackelberg import stackelberg
from safetycase.methods.games.extensive.tree import GameError, flatten

EXAMPLE = matrix([[2, 4], [1, 3]], [[1, 0], [0, 1]])


def certified(rules: Written | Kuhn, leader: str, denominators: int | None = None):
    form = SequenceForm.of(flatten(rules))
    found = stackelberg(form, leader)
    return found, commitment_certificate(form, found, leader=leader, denominators=denominators)


def test_the_example_of_conitzer_and_sandholm_without_rounding():
    _, text = certified(EXAMPLE, "first", 100)
    found = check_commitment(EXAMPLE, text, exact=True)
    assert (found.kind, found.spiteful, found.follower, found.high) == (
        Fraction(7, 2),
        Fraction(3, 2),
        Fraction(1, 2),
        Fraction(7, 2),
    )


@pytest.mark.parametrize("leader", ["first", "second"])
@pytest.mark.parametrize("seed", seeds(6, 30))
def test_the_checker_finds_the_same(seed, leader):
    rules = rand(seed, zero_sum=False)
    found, text = certified(rules, leader)
    again = check_commitment(rules, text)
    assert again.kind == pytest.approx(found.strong.kind, abs=1e-8)
    assert again.high == pytest.approx(found.strong_high, abs=1e-8)
    assert again.spiteful == pytest.approx(found.strong.spiteful, abs=1e-6)
    assert again.follower == pytest.approx(found.strong.follower, abs=1e-8)


@pytest.mark.slow
def test_kuhn_in_both_orders():
    for leader, value in (("first", -1 / 18), ("second", 1 / 18)):
        again = check_commitment(Kuhn(), certified(Kuhn(), leader)[1])
        assert again.kind == pytest.approx(value)
        assert again.high == pytest.approx(value)


def test_a_reply_that_is_never_best_has_a_bound_too():
    rules = matrix([[0, 1, 10], [0, 1, 10]], [[0, 1, 0.4], [1, 0, 0.4]])
    _, text = certified(rules, "first", 100)
    assert len(json.loads(text)["bounds"]) == 3
    assert check_commitment(rules, text).high == pytest.approx(1)


def test_the_order_of_the_moves_does_not_matter():
    """In one information set the two histories list the moves in opposite orders."""
    left = Choice("second", "s", {"a": ends(1, 2), "b": ends(2, 0)})
    right = Choice("second", "s", {"b": ends(4, 5), "a": ends(3, 1)})
    rules = Written(Choice("first", "t", {"l": left, "r": right}))
    form = SequenceForm.of(flatten(rules))
    assert played_out(rules, even).gap == pytest.approx(
        gains(form, form.first.uniform(), form.second.uniform()).nash_conv
    )
    for leader in ("first", "second"):
        found, text = certified(rules, leader)
        assert check_commitment(rules, text).high == pytest.approx(found.strong.kind)


def changed(text: str, **fields) -> str:
    return json.dumps({**json.loads(text), **fields})


def test_what_was_tampered_with_is_refused():
    _, text = certified(EXAMPLE, "first")
    said = json.loads(text)
    first, second = said["bounds"]
    even = {"row": {"r0": 0.4, "r1": 0.6}}
    for bad, says in (
        (changed(text, kind=3.6), r"kind = 3\.6, but it is 3\.5"),
        (changed(text, high=3.4), r"high = 3\.4, but it is 3\.5"),
        (changed(text, plan=even), r"kind = 3\.5, but it is 3\.4"),
        (changed(text, bounds=[first]), "no bound for the reply"),
        (changed(text, bounds=[first, {**second, "price": -1}]), "at least 0"),
        (changed(text, bounds=[first, {**second, "price": None}]), "at least 0"),
        (changed(text, bounds=[first, {**second, "price": 0}]), "high = 3.5, but it is 4"),
        (changed(text, bounds=[first, {**second, "against": None}]), "no strategy to compare"),
        (changed(text, bounds=[first, {**second, "against": {}}]), "has no law"),
        (changed(text, bounds=[first, {**second, "reply": 3}]), "has no reply"),
        (changed(text, bounds=7), "no list of bounds"),
        (changed(text, leader="third"), "no leader"),
        (changed(text, version="x"), "version"),
    ):
        with pytest.raises(BadCertificate, match=says):
            check_commitment(EXAMPLE, bad)
    other = matrix([[2, 5], [1, 3]], [[1, 0], [0, 1]])
    with pytest.raises(GameError, match="but it is 4"):
        check_commitment(other, text)
