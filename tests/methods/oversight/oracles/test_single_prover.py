"""Single-prover proofs: no prover does better than the bounds, by enumeration."""

from __future__ import annotations

import itertools
import random
from fractions import Fraction
from functools import cache
from typing import Any

import pytest

from safetycase.methods.oversight.domains.polynomials import (
    Polynomial,
    interpolated,
    is_prime,
    random_polynomial,
)
from safetycase.methods.oversight.domains.robust import Computation, conjunction, robust_instance
from safetycase.methods.oversight.protocols.single_prover import PROTOCOL
from safetycase.methods.oversight.protocols.single_prover.attacks import (
    ATTACKS,
    one_answer,
    one_point,
)
from safetycase.methods.oversight.protocols.single_prover.constants import Constants, theory
from safetycase.methods.oversight.protocols.single_prover.sampling import missed
from safetycase.methods.oversight.protocols.single_prover.sum_check import (
    best_liar,
    honest,
    survives,
    verify,
)
from safetycase.testing.protocols import check_protocol


@pytest.mark.parametrize(("group", "each", "most"), [(1, 1, 5), (3, 2, 2), (3, 1, 3), (9, 4, 1)])
def test_the_fewest_changes_are_those_of_all_changes(group: int, each: int, most: int) -> None:
    computation = Computation(9, group, each, most)
    draw = random.Random(group)
    for _ in range(12):
        answers = [draw.random() < 0.5 for _ in range(9)]
        flip = computation.flip(answers)
        changed = [a != (i in flip) for i, a in enumerate(answers)]
        assert computation.run(changed) != computation.run(answers)
        for count in range(len(flip)):
            for places in itertools.combinations(range(9), count):
                other = [a != (i in places) for i, a in enumerate(answers)]
                assert computation.run(other) == computation.run(answers)


@pytest.mark.parametrize("changed", [0, 1, 3, 6])
def test_what_sampling_misses_is_a_count_of_samples(changed: int) -> None:
    clean = sum(min(s) >= changed for s in itertools.combinations(range(8), 3))
    assert missed(8, changed, 3, "random places") == Fraction(clean, 56)
    assert missed(8, changed, 3, "random places") <= (1 - Fraction(changed, 8)) ** 3
    assert missed(8, changed, 3, "the first places") == (changed <= 5)
    assert missed(8, changed, 9, "random places") == (changed == 0)


@pytest.mark.parametrize("delta", [0.0, 0.03, 0.08])
def test_a_human_who_is_wrong_where_it_suits_the_liar_costs_what_the_bound_says(
    delta: float,
) -> None:
    bound = theory(Constants(), delta, 0.0)
    for seed in range(10):
        computation, answers = robust_instance(400, seed, truth=False, borne=0.1)
        flip = computation.flip(answers)
        human = list(answers)
        for place in flip[: int(delta * 400)]:
            human[place] = not human[place]
        assert computation.run(human) == computation.run(answers)
        left = computation.flip(human)
        assert len(left) == len(flip) - int(delta * 400)
        assert missed(400, len(left), 40, "random places") <= bound.disagreement
    assert all(c.holds for c in bound.conditions) == (bound.disagreement < 0.5)


def best_by_enumeration(g: Polynomial, claim: int, bad: frozenset[tuple[int, ...]]) -> Fraction:
    """The largest P(accepted) over all provers; a human wrong at `bad` says what suits them."""
    p, d = g.field, g.degree
    every = list(itertools.product(range(p), repeat=d + 1))
    at = {values: [interpolated(p, values, r) for r in range(p)] for values in every}

    @cache
    def value(prefix: tuple[int, ...], claim: int) -> Fraction:
        if len(prefix) == g.variables:
            return Fraction(int(prefix in bad or g.at(prefix) == claim))
        best = Fraction(0)
        for values in every:
            if (values[0] + values[1] - claim) % p == 0:
                total = sum((value((*prefix, r), at[values][r]) for r in range(p)), Fraction(0))
                best = max(best, total / p)
        return best

    return value((), claim)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("field", "degree", "variables"), [(3, 1, 2), (5, 1, 3), (5, 2, 2), (7, 1, 2), (3, 2, 2)]
)
def test_no_prover_beats_the_best_liar(field: int, degree: int, variables: int) -> None:
    exact = 1 - (1 - Fraction(degree, field)) ** variables
    for seed in range(2):
        g = random_polynomial(field, degree, variables, seed)
        total = g.cube_sum()
        assert best_by_enumeration(g, total, frozenset()) == 1
        for lie in {(total + k) % field for k in range(1, field)}:
            assert best_by_enumeration(g, lie, frozenset()) == exact
            assert survives(g, lie, best_liar(g), seed) == exact
            accepted = sum(
                verify(g.at, g, lie, best_liar(g), challenges).accepted
                for challenges in itertools.product(range(field), repeat=variables)
            )
            assert Fraction(accepted, field**variables) == exact
            assert exact <= Fraction(variables * degree, field)


def test_a_human_wrong_at_some_points_adds_no_more_than_their_share() -> None:
    draw = random.Random(5)
    points = list(itertools.product(range(5), repeat=2))
    for seed in range(6):
        g = random_polynomial(5, 1, 2, seed)
        bad = frozenset(draw.sample(points, 3))
        lie = (g.cube_sum() + 1) % 5
        found = best_by_enumeration(g, lie, bad)
        assert found <= Fraction(2, 5) + Fraction(3, 25)
        assert found >= best_by_enumeration(g, lie, frozenset())


def test_an_honest_proof_passes_for_every_challenge_and_costs_one_query() -> None:
    g = random_polynomial(5, 2, 3, 0)
    for challenges in itertools.product(range(5), repeat=3):
        shown = verify(g.at, g, g.cube_sum(), honest(g), challenges)
        assert (shown.accepted, shown.queries) == (True, 1)
    assert not verify(g.at, g, g.cube_sum() + 1, honest(g), (1, 2, 3)).accepted
    assert not verify(g.at, g, g.cube_sum(), lambda *_: (0,), (1, 2, 3)).accepted


def test_sums_and_values_are_those_of_the_points() -> None:
    g = random_polynomial(11, 2, 3, 4)
    cube = itertools.product((0, 1), repeat=3)
    assert g.cube_sum() == sum(g.at(x) for x in cube) % 11
    for i, point in enumerate(itertools.product(range(3), repeat=3)):
        assert g.at(point) == g.table[i]
    # Along a line through a coordinate the values are those of a quadratic: third differences 0.
    line = [g.at((4, x, 7)) for x in range(11)]
    for x in range(8):
        assert (line[x + 3] - 3 * line[x + 2] + 3 * line[x + 1] - line[x]) % 11 == 0
    assert [n for n in range(30) if is_prime(n)] == [2, 3, 5, 7, 11, 13, 17, 19, 23, 29]


def plays(protocol: Any) -> list[tuple[float, float, float]]:
    return [
        (play.error_high, play.honest_cost, play.judge_cost)
        for domain in protocol.domains
        for size in domain.sizes
        for seed in (0, 1)
        for play in [domain.play(size, seed)]
    ]


@pytest.mark.slow
def test_plays_stay_within_the_statement_and_corrupted_ones_do_not() -> None:
    bound = theory(Constants(), 0.0, 0.0)
    found = plays(PROTOCOL)
    assert max(error for error, _, _ in found) <= bound.disagreement
    assert max(error for error, _, _ in found) >= bound.disagreement / 2
    assert max(cost for _, cost, _ in found) <= bound.honest_cost
    assert max(judge for _, _, judge in found) <= bound.judge_cost
    for domain in PROTOCOL.corrupted().domains:
        worst = max(domain.play(s, seed).error_high for s in domain.sizes for seed in (0, 1))
        assert worst == 1.0 > bound.disagreement


@pytest.mark.parametrize("seed", [0, 1])
def test_the_finite_game_has_the_error_of_the_play(seed: int) -> None:
    domain = PROTOCOL.domains[0]
    rules: Any = domain.rules(100, seed)
    found = []
    for move in rules.moves(rules.start()):
        said = rules.after(rules.start(), move.name)
        ends = [(m.probability, rules.end(rules.after(said, m.name))) for m in rules.moves(said)]
        assert sum(p for p, _ in ends) == pytest.approx(1)
        found.append((sum(p * e.first for p, e in ends), sum(p * e.wrong for p, e in ends)))
    best = max(first for first, _ in found)
    play = domain.play(100, seed)
    assert {wrong for first, wrong in found if first == best} == {play.error_high}
    for first, wrong in found:
        limit = theory(Constants(), 0.0, best - first).disagreement
        assert wrong <= limit or limit == 1.0


@pytest.mark.slow
def test_it_is_a_protocol() -> None:
    check_protocol(PROTOCOL, module="safetycase.methods.oversight.protocols.single_prover")


def test_one_answer_or_one_point_is_enough_outside_the_statement() -> None:
    assert [one_answer(t, 1.0, 1, 0).exact for t in (100, 400, 1600)] == [0.6, 0.9, 0.975]
    assert len(conjunction(100).flip([True] * 99 + [False])) == 1
    assert one_point(3, 1.0, 1, 0).exact > 0.999
    for attack in ATTACKS:
        rates = [attack.run(attack.sizes[0], b, 1, 1).exact for b in (0.0, 0.5, 1.0, 4.0)]
        assert rates == sorted(rates)
        assert rates[0] == 0.0


def test_the_bound_never_falls_and_says_which_condition_fails() -> None:
    grid = [0.0, 0.01, 0.05, 0.09, 0.2, 1.0]
    table = [[theory(Constants(), d, e).disagreement for e in grid] for d in grid]
    for row in (*table, *zip(*table, strict=True)):
        assert list(row) == sorted(row)
    failed = {
        name: [c.name for c in theory(constants, 0.0, 0.0).conditions if not c.holds]
        for name, constants in {
            "composite": Constants(field=10_005),
            "small": Constants(field=7, degree=9),
            "few": Constants(sampled=1),
        }.items()
    }
    assert failed["composite"] == ["the field is one"]
    assert failed["small"] == ["the degree is low", "better than a coin"]
    assert failed["few"] == ["better than a coin"]
    assert theory(Constants(sampled=1), 0.0, 0.0).disagreement == 1.0


@pytest.mark.parametrize(
    "wrong",
    [{"sampled": 0}, {"sampled": 401}, {"borne": 0.0}, {"field": 1}, {"degree": 0}],
)
def test_constants_that_cannot_be_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="`"):
        Constants(**wrong)


def test_what_is_no_polynomial_or_computation_is_refused() -> None:
    with pytest.raises(ValueError, match="prime"):
        Polynomial(6, 1, 1, (0, 1))
    with pytest.raises(ValueError, match="2 values"):
        Polynomial(5, 2, 1, (0, 1))
    with pytest.raises(ValueError, match="outside"):
        Polynomial(5, 1, 1, (0, 5))
    with pytest.raises(ValueError, match="too many"):
        random_polynomial(10_007, 9, 7, 0)
    with pytest.raises(ValueError, match="coordinates"):
        random_polynomial(5, 1, 2, 0).at((1,))
    with pytest.raises(ValueError, match="groups"):
        Computation(10, 3, 1, 1)
    with pytest.raises(ValueError, match="threshold"):
        Computation(9, 3, 4, 1)
    with pytest.raises(ValueError, match="bears a share"):
        robust_instance(20, 0, truth=True, borne=0.9)
