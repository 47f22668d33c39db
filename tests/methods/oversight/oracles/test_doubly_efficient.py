"""Doubly-efficient debate: the theorem on random trees, its costs, and what breaks it."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest

from safetycase.methods.oversight.domains.oracle_trees import (
    OracleTree,
    answer_probability,
    lipschitz,
    moved,
    uniform_tree,
)
from safetycase.methods.oversight.protocols.doubly_efficient import PROTOCOL
from safetycase.methods.oversight.protocols.doubly_efficient.attacks import (
    ATTACKS,
    chain,
    chain_lipschitz,
    hidden_step,
)
from safetycase.methods.oversight.protocols.doubly_efficient.constants import (
    Constants,
    samples,
    theory,
)
from safetycase.methods.oversight.protocols.doubly_efficient.node import Flaw, node, tally
from safetycase.methods.oversight.protocols.doubly_efficient.play import (
    honest_alice,
    honest_alice_hoeffding,
    honest_bob,
    honest_bob_hoeffding,
    informed,
)
from safetycase.methods.oversight.protocols.doubly_efficient.protocol import corrupted
from safetycase.stats.binomial import at_most
from safetycase.testing.protocols import check_protocol, statement_breaks

COARSE = Constants(
    lipschitz=1.0,
    alice_within=0.15,
    vera_catches=0.4,
    bob_catches=0.7,
    estimate_fails=0.3,
    vera_fails=0.4,
)


def complete(c: Constants, answer: float, steps: int, delta: float = 0.0) -> float:
    return (1 - c.v) * (answer - c.lipschitz * (c.c + delta) - c.q * (steps + 1))


def sound(c: Constants, answer: float, steps: int, delta: float = 0.0) -> float:
    return (1 - c.v) * (1 - c.q * (steps + 1)) * (1 - answer - c.lipschitz * (c.b + delta))


def published(tree: OracleTree) -> Constants:
    return Constants(lipschitz=lipschitz(tree).high, steps=tree.steps)


def test_the_published_thresholds_give_three_fifths() -> None:
    bound = theory(Constants(lipschitz=1.0, steps=100), 0.0, 0.0)
    assert all(condition.holds for condition in bound.conditions)
    assert 1 - bound.disagreement == pytest.approx(0.99 * 0.99 * (2 / 3 - 0.05))
    assert 1 - bound.disagreement >= 3 / 5
    c = Constants(lipschitz=3.0, steps=9)
    assert (c.c, c.s, c.b) == pytest.approx((1 / 300, 2 / 300, 5 / 300))
    assert (c.q, c.v) == pytest.approx((1 / 1000, 1 / 100))


@pytest.mark.parametrize("k", [0.5, 1.0, 2.02, 7.0])
def test_the_verifiers_work_does_not_grow_and_the_debaters_is_by_the_formula(k: float) -> None:
    counts = set()
    for t in (0, 3, 6, 100, 10**6):
        c = Constants(lipschitz=k, steps=t)
        counts.add(c.vera_samples)
        log = math.log(200 * (t + 1))
        assert c.alice_samples <= 5000 * k**2 * log + 1
        assert c.bob_samples <= 20000 / 9 * k**2 * log + 1
        assert c.alice_samples >= 5000 * k**2 * log - 1
        assert c.bob_samples >= 20000 / 9 * k**2 * log - 1
        bound = theory(c, 0.0, 0.0)
        assert bound.honest_cost == (t + 1) * c.alice_samples
        assert bound.judge_cost == c.vera_samples
    assert len(counts) == 1
    assert counts.pop() <= 106000 * k**2 + 1


@pytest.mark.parametrize(
    "steps", [1, 2, 3, *(pytest.param(n, marks=pytest.mark.slow) for n in (4, 5))]
)
def test_the_honest_side_wins_as_often_as_the_theorem_says(steps: int) -> None:
    for seed in range(8 if steps < 5 else 3):
        tree = uniform_tree(steps, seed)
        c, answer = published(tree), answer_probability(tree)
        alice, bob = honest_alice(tree, c), honest_bob(tree, c)
        assert complete(c, answer, steps) <= honest_alice_hoeffding(tree, c) <= alice
        assert sound(c, answer, steps) <= honest_bob_hoeffding(tree, c) <= bob
        assert alice <= informed(tree, c) + 1e-9 <= 1 - bob + 2e-9


@pytest.mark.slow
def test_a_tree_like_the_published_run_has_its_numbers() -> None:
    """t = 3, P = .421, K = 2.02 and the bound .397; the worst estimators keep .406 of it."""
    near = []
    for seed in range(6000):
        tree = uniform_tree(3, seed)
        if abs(answer_probability(tree) - 0.421) < 0.002:
            k = lipschitz(tree).high
            if abs(k - 2.02) < 0.02:
                near.append(tree)
    assert near
    for tree in near:
        c, answer = published(tree), answer_probability(tree)
        assert complete(c, answer, 3) == pytest.approx(0.397, abs=0.0025)
        assert honest_alice_hoeffding(tree, c) == pytest.approx(0.406, abs=0.004)
        assert honest_alice(tree, c) == pytest.approx(answer, abs=0.001)


@pytest.mark.slow
def test_six_steps_like_the_published_run() -> None:
    """t = 6 with the bound .452, so P = .4766 whatever K is; its run kept .459."""
    for seed in range(400):
        tree = uniform_tree(6, seed)
        if abs(answer_probability(tree) - 0.4766) < 0.002:
            break
    else:
        pytest.fail("no such tree")
    c = published(tree)
    assert complete(c, answer_probability(tree), 6) == pytest.approx(0.452, abs=0.0025)
    assert honest_alice_hoeffding(tree, c) == pytest.approx(0.459, abs=0.006)
    assert honest_alice(tree, c) >= 0.452


@pytest.mark.slow
@pytest.mark.parametrize("flaw", ["no challenge", "verifier follows the claim"])
def test_a_corrupted_debate_breaks_the_soundness_bound(flaw: Flaw) -> None:
    broken = 0
    for seed in range(10):
        tree = uniform_tree(3, seed)
        c = published(tree)
        assert honest_bob(tree, c, flaw) == pytest.approx(0.0, abs=1e-9)
        broken += honest_bob(tree, c, flaw) < sound(c, answer_probability(tree), 3)
    assert broken == 10
    plays = [corrupted(flaw).domains[0].play(3, seed) for seed in (0, 1)]
    limit = theory(Constants(), 0.0, 0.0).disagreement
    assert max(play.error_high for play in plays) > limit


@pytest.mark.slow
@pytest.mark.parametrize("delta", [0.005, 0.02, 0.08])
def test_a_human_who_is_wrong_costs_no_more_than_k_delta(delta: float) -> None:
    for seed in range(6):
        tree = uniform_tree(3, seed)
        c, answer = published(tree), answer_probability(tree)
        worse, better = moved(tree, delta, up=False), moved(tree, delta, up=True)
        assert honest_alice(worse, c) >= complete(c, answer, 3, delta)
        assert honest_bob(better, c) >= sound(c, answer, 3, delta)
        # Without the term for the human's error the bound does not hold on all of them.
    c = published(uniform_tree(3, 0))
    assert honest_alice(moved(uniform_tree(3, 0), 0.08, up=False), c) < complete(
        c, answer_probability(uniform_tree(3, 0)), 3
    )


@pytest.mark.parametrize("size", PROTOCOL.domains[0].sizes)
@pytest.mark.parametrize("seed", [0, 1])
def test_plays_stay_within_the_statement(size: int, seed: int) -> None:
    play = PROTOCOL.domains[0].play(size, seed)
    bound = theory(Constants(), 0.0, play.gap)
    assert 0 <= play.error_low <= play.error_high <= bound.disagreement < 0.5
    assert play.honest_cost <= bound.honest_cost
    assert play.judge_cost <= bound.judge_cost
    assert play.truth == ((size + seed) % 2 == 0)


def test_the_bound_never_falls_and_says_which_condition_fails() -> None:
    grid = [0.0, 0.01, 0.03, 0.1, 0.5, 1.0]
    table = [[theory(Constants(), d, e).disagreement for e in grid] for d in grid]
    for row in (*table, *zip(*table, strict=True)):
        assert list(row) == sorted(row)
    failed = [c.name for c in theory(Constants(), 0.5, 0.0).conditions if not c.holds]
    assert "better than a coin" in failed
    assert "room for lies that go unchallenged" in failed
    unequal = theory(Constants(estimate_fails=0.1, vera_fails=0.01, steps=1), 0.0, 0.0)
    assert unequal.disagreement == 1.0
    assert not unequal.conditions[1].holds


@pytest.mark.parametrize(
    "wrong",
    [
        {"lipschitz": 0.0},
        {"lipschitz": math.inf},
        {"steps": -1},
        {"margin": 0.0},
        {"vera_fails": 2.0},
        {"alice_within": 0.9},
        {"alice_within": math.nan},
    ],
)
def test_constants_that_cannot_be_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="`"):
        Constants(**wrong)


def _binomial(n: int, p: float) -> list[float]:
    return [math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)]


@pytest.mark.slow
@pytest.mark.parametrize("o", [0.0, 0.2, 0.55, 1.0])
def test_a_round_is_that_of_all_outcomes_of_few_draws(o: float) -> None:
    c = COARSE
    assert (c.alice_samples, c.bob_samples, c.vera_samples) == (43, 43, 52)
    alice, bob, vera = (_binomial(n, o) for n in (43, 43, 52))
    near, far = (c.c + c.s) / 2, (c.s + c.b) / 2
    law = node(o, c, "")

    def agrees(p: float) -> float:
        return sum(w for k, w in enumerate(vera) if abs(p - k / 52) < near - 1e-13)

    def doubts(p: float) -> float:
        return sum(w for k, w in enumerate(bob) if abs(p - k / 43) >= far - 1e-13)

    for one, zero in ((1.0, 0.0), (0.3, 0.9), (0.5, 0.5), (0.0, 0.0)):

        def follows(p: float, one: float = one, zero: float = zero) -> float:
            return p * one + (1 - p) * zero

        claims = [(k / 43, w) for k, w in enumerate(alice)]
        worst = sum(w * min(follows(p), agrees(p)) for p, w in claims)
        assert law.worst_bob(one, zero) == pytest.approx(worst, abs=1e-12)
        both = sum(w * (doubts(p) * agrees(p) + (1 - doubts(p)) * follows(p)) for p, w in claims)
        assert law.honest(one, zero) == pytest.approx(both, abs=1e-12)
        grid = [i / 4000 for i in range(4001)]
        best = max((1 - doubts(p)) * follows(p) + doubts(p) * agrees(p) for p in grid)
        assert best - 1e-12 <= law.worst_alice(one, zero) <= best + 3e-4
        best = max(min(follows(p), agrees(p)) for p in grid)
        assert best - 1e-12 <= law.informed(one, zero) <= best + 3e-4


def test_the_law_of_many_draws_is_the_binomial_one() -> None:
    law = tally(400_000, 0.3)
    assert law.weights.sum() == pytest.approx(1.0, abs=1e-12)
    for place in (0, 1500, 3000):
        below = at_most(law.first + place - 1, 400_000, 0.3)
        assert law.below[place] == pytest.approx(below, abs=1e-12)
    assert samples(0.005, 0.01) == math.ceil(math.log(200) / 2 / 0.005**2)
    with pytest.raises(ValueError, match="too large"):
        tally(10**9, 0.5)


def test_small_lies_add_up_where_the_constant_is_wrong() -> None:
    rates = [chain(size, 1.0, 0, 0).exact for size in (4, 16, 64)]
    assert rates == sorted(rates)
    assert rates[-1] > theory(Constants(steps=64), 0.0, 0.0).disagreement
    assert rates[-1] > 0.8
    for size in (4, 16, 64):
        honest = theory(Constants(steps=size, lipschitz=chain_lipschitz(size)), 0.0, 0.0)
        assert chain(size, 0.0, 0, 0).exact == pytest.approx(0.3, abs=1e-6)
        assert honest.disagreement < 0.5  # with the right constant the debate is sound, and dearer
        assert honest.judge_cost > 7 * 106000
    budgets = [chain(64, b, 0, 0).exact for b in (0.0, 0.3, 0.6, 1.0, 3.0)]
    assert budgets == sorted(budgets)


def test_hidden_steps_win_as_often_as_the_search_is_out_of_reach() -> None:
    for budget in (0.0, 1.0, 4.0):
        found = hidden_step(4, budget, 800, 1)
        expected = budget / (1 + budget)
        assert found.successes / found.trials == pytest.approx(expected, abs=0.06)
    assert {attack.domain for attack in ATTACKS} == {PROTOCOL.domains[0].name}


def _walk(rules: Any, position: Any, first: Any, second: Any) -> tuple[float, float]:
    """(payoff of the first, P(wrong)); a policy is a function of the position, or best reply."""
    turn = rules.turn(position)
    if turn == "end":
        end = rules.end(position)
        assert end.second == -end.first
        return end.first, end.wrong
    moves = rules.moves(position)
    found = [_walk(rules, rules.after(position, m.name), first, second) for m in moves]
    policy = {"first": first, "second": second}.get(turn)
    if turn == "chance":
        weights = [m.probability for m in moves]
    elif policy is None:
        best = (max if turn == "first" else min)(found, key=lambda pair: pair[0])
        weights = [float(pair is best) for pair in found]
    else:
        weights = policy(position, len(moves))
    assert sum(weights) == pytest.approx(1.0)
    return tuple(sum(w * pair[i] for w, pair in zip(weights, found, strict=True)) for i in (0, 1))


def _near(rules: Any, seed: int, share: float) -> Any:
    """The reply of backward induction, and with that share anything at random."""

    def chosen(position: Any, count: int) -> list[float]:
        draw = random.Random(f"{seed} {position}")
        sign = 1 if rules.turn(position) == "first" else -1
        after = [rules.after(position, m.name) for m in rules.moves(position)]
        worth = [sign * _walk(rules, each, None, None)[0] for each in after]
        noise = [draw.random() for _ in range(count)]
        best = worth.index(max(worth))
        return [(1 - share) * (i == best) + share * n / sum(noise) for i, n in enumerate(noise)]

    return chosen


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_profiles_of_the_finite_game_err_no_more_than_their_gap_allows(seed: int) -> None:
    rules: Any = PROTOCOL.domains[0].rules(1, seed)
    value, wrong = _walk(rules, rules.start(), None, None)
    play = PROTOCOL.domains[0].play(1, seed)
    assert play.error_low - 0.01 <= wrong <= play.error_high + 1e-9
    informative = 0
    for one in range(6):
        share = 0.03 * one
        first, second = _near(rules, 2 * one, share), _near(rules, 2 * one + 1, share)
        got, wrong = _walk(rules, rules.start(), first, second)
        up, _ = _walk(rules, rules.start(), None, second)
        down, _ = _walk(rules, rules.start(), first, None)
        assert down - 1e-12 <= value <= up + 1e-12
        bound = theory(Constants(), 0.0, max(up - got, got - down)).disagreement
        assert wrong <= bound + 1e-9
        informative += bound < 0.9
    assert informative >= 4


@pytest.mark.slow
def test_it_is_a_protocol_and_both_planted_flaws_break_its_statement() -> None:
    check_protocol(PROTOCOL, module="safetycase.methods.oversight.protocols.doubly_efficient")
    for flaw in ("no challenge", "verifier follows the claim"):
        assert "error 1" in (statement_breaks(corrupted(flaw)) or "")
