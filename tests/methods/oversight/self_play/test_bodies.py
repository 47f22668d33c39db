"""Weights that make policies: tables, and networks that information sets share."""

from __future__ import annotations

import numpy as np
import pytest
from tests.methods.oversight.self_play.games import arena_of, gap, policies, trained

from safetycase.methods.games.extensive.poker import Kuhn
from safetycase.methods.oversight.self_play.bodies import Body, Network, Table, words
from safetycase.methods.oversight.self_play.records import Recipe, fresh, networks, tables
from safetycase.methods.oversight.self_play.training import train


def bodies(game: str) -> list[Body]:
    arena = arena_of(game)
    return [*tables(arena), *networks(arena, 5)]


def test_what_is_seen_is_read_part_by_part_with_its_place() -> None:
    assert list(words(("a", ("b", 1)))) == [((0,), "'a'"), ((1, 0), "'b'"), ((1, 1), "1")]
    assert list(words("a")) == [((), "'a'")]


def test_two_information_sets_never_look_alike_to_a_network() -> None:
    for game in ("conceding-debate", "consultancy", Kuhn()):
        arena = arena_of(game)
        for body in networks(arena, 2):
            assert isinstance(body, Network)
            shown = body.inputs[body.side.valid.ravel()]
            assert len(np.unique(shown, axis=0)) == len(shown)


@pytest.mark.parametrize("which", range(4))
def test_the_gradient_by_weights_is_that_of_finite_differences(which: int) -> None:
    body = bodies("consultancy")[which]
    generator = np.random.default_rng(0)
    weights = body.fresh(1, generator, 1.0)
    slope = np.where(body.side.valid, generator.normal(size=body.side.index.shape), 0.0)[None]
    found = body.pull(weights, slope)
    flat = weights.ravel()
    for place in range(flat.size):
        ends = []
        for sign in (1, -1):
            moved = flat.copy()
            moved[place] += sign * 1e-6
            ends.append((body.logits(moved.reshape(weights.shape)) * slope).sum())
        assert found.ravel()[place] == pytest.approx((ends[0] - ends[1]) / 2e-6, abs=1e-6)


@pytest.mark.parametrize("which", range(4))
def test_directions_have_length_one_and_lie_in_all_in_a_group_or_in_one(which: int) -> None:
    body = bodies("conceding-debate")[which]
    generator = np.random.default_rng(0)
    sizes = []
    for number in range(3):
        noise = body.direction(30, number, generator).reshape(30, -1)
        assert (noise**2).sum(axis=1) == pytest.approx(np.ones(30))
        sizes.append((noise != 0).sum(axis=1))
    used = int(body.side.valid.sum()) if isinstance(body, Table) else len(noise[0])
    assert (sizes[0] == used).all()
    assert (sizes[1] > 1).all()
    assert (sizes[1] < used).all()
    assert (sizes[2] == 1).all()


def test_weights_like_a_policy_play_it() -> None:
    arena = arena_of("conceding-debate")
    for player, shown in enumerate(policies(arena, rows=2)):
        table, network = tables(arena)[player], networks(arena, 16)[player]
        start = network.fresh(2, np.random.default_rng(1), 1.0)
        assert table.side.policy(table.logits(table.like(shown, shown))) == pytest.approx(shown)
        near = network.side.policy(network.logits(network.like(shown, start)))
        before = network.side.policy(network.logits(start))
        assert abs(near - shown).max() < 0.15 < abs(before - shown).max()


def test_common_parts_of_a_tables_weights_have_no_length() -> None:
    table = tables(arena_of("two-leaf-check"))[0]
    assert table.length(np.array([[[1e9, 1e9]]])) == pytest.approx(2**0.5)
    assert table.length(np.array([[[30.0, -30.0]]])) == pytest.approx(30 * 2**0.5)


@pytest.mark.slow
def test_networks_learn_the_debate_with_an_entropy_bonus() -> None:
    arena = arena_of("conceding-debate")
    recipe = Recipe(steps=600, optimiser="sgd", entropy=0.2, rate=2.0)
    one = trained(arena, recipe, hidden=16)
    assert gap(arena, one).max() < 0.1
    assert gap(arena, trained(arena, Recipe(steps=5, optimiser="sgd"), hidden=16)).min() > 0.2


def test_a_network_has_no_natural_gradient() -> None:
    arena = arena_of("two-leaf-check")
    generator = np.random.default_rng(0)
    start = fresh(arena, 1, generator, bodies=networks(arena, 2))
    with pytest.raises(ValueError, match="`natural` is for tables"):
        train(arena, Recipe(), start, generator)
