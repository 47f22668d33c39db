"""The two games: values with a closed form, certificates, and twins by every pair."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest

from safetycase.methods.deployment.search import game as games
from safetycase.methods.deployment.search import twins
from safetycase.methods.deployment.search.game import (
    Game,
    certificate,
    draw,
    payoffs,
    reference_game,
    solve,
    solve_exact,
)
from safetycase.methods.deployment.search.packed import (
    Packed,
    pack,
    pack_blocks,
    plain_scores,
    scores,
)
from safetycase.methods.deployment.search.pseudo_random import (
    advantage,
    mean_sampled_advantage,
    sampled_advantage,
)
from safetycase.methods.deployment.search.twins import (
    DISTANCES,
    edit_distance,
    flips,
    hamming_distance,
    stacked,
    twin_pairs,
    twin_tests,
    untwinned,
)


def table(tests: int, outputs: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 2, size=(tests, outputs)).astype(bool)


@pytest.mark.parametrize("tests", [1, 15, 16, 17, 40])
def test_packed_tests_are_those_that_were_packed(tests: int) -> None:
    given = table(tests, 70)
    packed = pack(given)
    assert (packed.outputs, packed.rows) == (70, tests)
    assert (packed.columns(np.arange(70)) == given.T).all()
    assert (packed.columns([3, 3, 69]) == given.T[[3, 3, 69]]).all()
    law = np.random.default_rng(1).dirichlet(np.ones(70))
    assert packed.means(law) == pytest.approx(given @ law)
    assert packed.means() == pytest.approx(given.mean(axis=1))
    weights = np.random.default_rng(2).normal(size=tests)
    assert scores(packed, weights) == pytest.approx(weights @ given)
    assert plain_scores(packed, weights) == pytest.approx(weights @ given)


def test_a_table_is_packed_block_by_block(monkeypatch: pytest.MonkeyPatch) -> None:
    given = table(20, 100)
    monkeypatch.setattr("safetycase.methods.deployment.search.packed.BLOCK", 32)
    packed = pack_blocks(100, 20, lambda start, stop: given.T[start:stop])
    assert (packed.words == pack(given).words).all()
    assert packed.means() == pytest.approx(given.mean(axis=1))


@pytest.mark.slow
def test_the_reference_game_has_the_value_0_and_a_small_policy() -> None:
    given = table(8, 300)
    packed = pack(given)
    u = np.random.default_rng(4).dirichlet(np.ones(300))
    solved = solve_exact(reference_game(packed, packed.means(u)))
    assert solved.low == 0.0
    assert solved.high == pytest.approx(0.0, abs=1e-9)
    assert len(solved.support) <= 9
    policy = np.zeros(300)
    policy[list(solved.support)] = solved.weights
    assert advantage(given, u, policy) == pytest.approx(solved.high, abs=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_learning_finds_the_value_that_the_linear_program_finds(seed: int) -> None:
    wins = table(10, 60, seed) & table(10, 60, seed + 50)
    given = Game(bits=pack(wins), offsets=np.zeros(10), signed=False)
    exact = solve_exact(given)
    assert exact.gap < 1e-9
    learnt = solve(given, gap=0.01, drawn=8, seed=seed, steps=20_000)
    assert learnt.gap <= 0.01
    low, high = certificate(given, learnt)
    assert low <= exact.high + 1e-9
    assert high >= exact.low - 1e-9
    assert low == pytest.approx(learnt.low, abs=1e-9)
    assert high == pytest.approx(learnt.high, abs=1e-6)
    assert learnt == solve(given, gap=0.01, drawn=8, seed=seed, steps=20_000)


def test_the_value_is_that_of_a_game_of_two_by_two() -> None:
    """Payoffs 1 0 / 0 1 with a third output that loses always: the value is one half."""
    given = Game(bits=pack([[1, 0, 1], [0, 1, 1]]), offsets=np.zeros(2), signed=False)
    found = solve_exact(given)
    assert (found.low, found.high) == pytest.approx((0.5, 0.5))
    assert found.support == (0, 1)
    assert found.row_weights == pytest.approx((0.5, 0.5))


def test_a_certificate_does_not_believe_what_it_checks() -> None:
    given = Game(bits=pack(table(6, 40)), offsets=np.zeros(6), signed=False)
    solved = solve_exact(given)
    lying = replace(solved, low=0.9, high=0.1)
    assert certificate(given, lying) == certificate(given, solved)
    uniform = replace(solved, row_weights=(1.0,) * 6)
    assert certificate(given, uniform)[0] <= certificate(given, solved)[0]
    single = replace(solved, support=(0,), weights=(2.0,))
    assert certificate(given, single)[1] == pytest.approx(1.0)
    for wrong in (
        replace(solved, weights=(-1.0,) * len(solved.weights)),
        replace(solved, row_weights=(-1.0,) + (0.5,) * 5),
        replace(solved, row_weights=(0.0,) * 6),
        replace(solved, row_weights=(math.nan,) * 6),
    ):
        with pytest.raises(ValueError, match="no law"):
            certificate(given, wrong)


def test_a_game_too_large_for_a_linear_program_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(games, "LARGEST_EXACT", 100)
    given = Game(bits=pack(table(6, 40)), offsets=np.zeros(6), signed=False)
    with pytest.raises(ValueError, match="`solve` is for those"):
        solve_exact(given)
    with pytest.raises(ValueError, match="at least"):
        solve(given, gap=0.1, drawn=0, seed=0)


def test_a_policy_is_sampled_from_by_its_weights() -> None:
    given = Game(bits=pack([[1, 0, 1], [0, 1, 1]]), offsets=np.zeros(2), signed=False)
    drawn = draw(solve_exact(given), 4000, seed=3)
    assert set(drawn.tolist()) == {0, 1}
    assert np.mean(drawn == 0) == pytest.approx(0.5, abs=0.03)
    assert payoffs(given, np.array([0, 1]), np.array([0.25, 0.75])) == pytest.approx([0.25, 0.75])


def test_weighed_draws_are_closer_than_plain_ones() -> None:
    """The policy on 400 draws that are weighed, and 400 draws that count alike."""
    packed = pack(table(100, 5000))
    given = reference_game(packed, packed.means())
    solved = solve(given, gap=0.01, drawn=400, seed=0)
    assert solved.gap <= 0.01
    assert len(solved.support) <= 400 + solved.added
    drawn = np.random.default_rng(0).choice(5000, 400)
    plain = payoffs(given, drawn, np.full(400, 1 / 400)).max()
    assert 0.02 < plain < sampled_advantage(100, 400, 1e-6)
    assert mean_sampled_advantage(100, 400) > 8 * solved.high


TEXTS = ["", "a", "b", "ab", "ba", "abc", "abd", "xbc", "abcd", "bcda", "aaaa", "abab", "äbc"]


@pytest.mark.parametrize("most", [0, 1, 2, 3])
@pytest.mark.parametrize("distance", list(DISTANCES))
def test_twins_are_those_of_every_pair(distance: str, most: int) -> None:
    rng = np.random.default_rng(7)
    texts = TEXTS + sorted({"".join(rng.choice(list("01"), 5)) for _ in range(20)})
    rewards = rng.random(len(texts)).tolist()
    expected = tuple(
        (i, j)
        for i, j in itertools.combinations(range(len(texts)), 2)
        if DISTANCES[distance](texts[i], texts[j]) <= most and abs(rewards[i] - rewards[j]) <= 0.5
    )
    assert twin_pairs(texts, rewards, distance=distance, most=most, slack=0.5) == expected


def test_distances() -> None:
    assert edit_distance("kitten", "sitting") == 3
    assert edit_distance("", "abc") == 3
    assert hamming_distance("0110", "0011") == 2
    assert hamming_distance("01", "011") == math.inf


@pytest.mark.parametrize("most", [1, 2])
def test_bob_wins_with_a_trait_that_a_twin_lacks(most: int) -> None:
    bits, given = 4, table(18, 16, 3)
    rewards = np.random.default_rng(1).random(16)
    kept = np.flatnonzero(rewards >= 0.3)
    texts = [format(y, f"0{bits}b") for y in range(16)]
    pairs = twin_pairs(texts, rewards.tolist(), distance="hamming", most=most, slack=0.4)
    packed = pack(given)
    wins = twin_tests(packed, pairs, kept)
    fast = stacked(packed, flips(packed, bits, most, rewards, 0.4), kept)
    assert (wins.words == fast.words).all()
    near = {y: [] for y in range(16)}
    for i, j in pairs:
        near[i].append(j)
        near[j].append(i)
    found = wins.columns(np.arange(len(kept)))
    lost = untwinned(packed, wins, kept)
    half = wins.rows // 2
    for at, y in enumerate(kept):
        for f in range(18):
            for complement in (0, 1):
                has = bool(given[f, y]) != bool(complement)
                without = any(bool(given[f, z]) == bool(complement) for z in near[y])
                assert found[at, f + half * complement] == (has and without)
                assert lost[at, f + 18 * complement] == (has and not without)
    assert not found[:, 18:half].any()


def test_what_cannot_be_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="0 or 1"):
        pack([[0, 2]])
    with pytest.raises(ValueError, match="no distance"):
        twin_pairs(["a"], [0.0], distance="cosine", most=1, slack=0)
    with pytest.raises(ValueError, match="from 0 to 3"):
        twin_pairs(["a"], [0.0], distance="edit", most=4, slack=0)
    with pytest.raises(ValueError, match="shortened outputs"):
        twin_pairs(["a" * 2000], [0.0], distance="edit", most=3, slack=0)
    monkeypatch.setattr(twins, "MOST_PAIRS", 10)
    with pytest.raises(ValueError, match="pairs to compare"):
        twin_pairs(TEXTS, [0.0] * len(TEXTS), distance="edit", most=2, slack=0)
    with pytest.raises(ValueError, match="not all strings"):
        flips(Packed(words=np.zeros((1, 3), dtype=np.uint16), rows=1), 2, 1, np.zeros(3), 0.0)
