from __future__ import annotations

import math

import numpy as np
import pytest
from tests.methods.games.extensive.written import Choice, Luck, Written, ends, matrix, rand, seeds

from safetycase.methods.games.extensive.poker import Kuhn, Leduc
from safetycase.methods.games.extensive.sequence import SequenceForm
from safetycase.methods.games.extensive.tree import CHANCE, END, FIRST, SECOND, GameError, flatten


def test_kuhn_by_hand():
    tree = flatten(Kuhn())
    assert len(tree) == 1 + 6 * 9
    assert [int((tree.turn == kind).sum()) for kind in (FIRST, SECOND, CHANCE, END)] == [
        12,
        12,
        1,
        30,
    ]
    assert sorted(each.name for each in tree.infosets[0]) == ["J", "Jpb", "K", "Kpb", "Q", "Qpb"]
    assert sorted(each.name for each in tree.infosets[1]) == ["Jb", "Jp", "Kb", "Kp", "Qb", "Qp"]
    assert all(tree.parent[1:] < np.arange(1, len(tree)))
    assert tree.reach[tree.ends].sum() == pytest.approx(5)
    assert tree.constant_sum == 0
    lost = [n for n in tree.ends if tree.history(int(n)) == ("JK", "bet", "bet")]
    assert [float(tree.first[list(tree.ends).index(n)]) for n in lost] == [-2]


def test_leduc_has_the_size_of_the_usual_tree():
    tree = flatten(Leduc())
    assert (len(tree), len(tree.ends)) == (9457, 5520)
    assert [len(sets) for sets in tree.infosets] == [468, 468]
    form = SequenceForm.of(tree)
    assert form.payoff_first.shape == (1093, 1093)
    # What two even players win, as open-spiel 2.0.2 counts it.
    even = form.value(form.first.uniform(), form.payoff_first, form.second.uniform())
    assert even == pytest.approx(-0.078125, abs=1e-12)


def test_imperfect_recall_names_the_set_and_both_histories():
    inner = {move: Choice("first", "forgot", {"x": ends(1), "y": ends(0)}) for move in "lr"}
    with pytest.raises(GameError, match=r"no perfect recall.*forgot.*\(l\) and \(r\)"):
        flatten(Written(Choice("first", "top", inner)))


def test_one_set_twice_on_a_path_is_no_perfect_recall():
    inner = Choice("first", "road", {"on": ends(1), "off": ends(4)})
    with pytest.raises(GameError, match=r"no perfect recall.*road.*the start and \(on\)"):
        flatten(Written(Choice("first", "road", {"on": inner, "off": ends(0)})))


def test_the_same_moves_in_another_order_are_the_same_moves():
    left = Choice("second", "s", {"a": ends(1), "b": ends(2)})
    right = Choice("second", "s", {"b": ends(4), "a": ends(3)})
    form = SequenceForm.of(flatten(Written(Choice("first", "t", {"l": left, "r": right}))))
    assert form.payoff_first.dense()[1:, 1:].tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("root", "says"),
    [
        (Luck({"a": (0.5, ends(1)), "b": (0.4, ends(0))}), "add up to 1"),
        (Luck({"a": (1.5, ends(1)), "b": (-0.5, ends(0))}), "add up to 1"),
        (Luck({"a": (math.nan, ends(1)), "b": (0.5, ends(0))}), "add up to 1"),
        (Choice("first", "s", {}), "no move after the start"),
        (Choice("first", "s", {"a": ends(math.nan)}), r"after \(a\) has first = nan"),
        (Choice("first", "s", {"a": ends(0, math.inf)}), r"after \(a\) has second = inf"),
        (Choice("first", "s", {"a": ends(0, wrong=1.5)}), "probability"),
        (
            Luck(
                {
                    "a": (0.5, Choice("first", "s", {"x": ends(1)})),
                    "b": (0.5, Choice("first", "s", {"y": ends(1)})),
                }
            ),
            r"information set s of the first player the moves differ after \(a\) and \(b\)",
        ),
        (Choice("third", "s", {"a": ends(0)}), "turn is 'third'"),  # type: ignore[arg-type]
    ],
)
def test_what_is_no_game_is_refused(root, says):
    with pytest.raises(GameError, match=says):
        flatten(Written(root))


def test_two_moves_of_one_name_are_refused():
    class Twice(Kuhn):
        def moves(self, position):
            return [*super().moves(position), *super().moves(position)]

    with pytest.raises(GameError, match="one name"):
        flatten(Twice())


def test_more_nodes_than_the_limit_are_refused():
    assert len(flatten(Kuhn(), limit=55)) == 55
    with pytest.raises(GameError, match="more than 54 nodes"):
        flatten(Kuhn(), limit=54)


def test_sequence_form_of_a_matrix_game_is_the_matrix():
    a, b = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [[0.0, 1.0, 0.0], [1.0, 0.0, 1.0]]
    form = SequenceForm.of(flatten(matrix(a, b)))
    assert form.payoff_first.dense()[1:, 1:].tolist() == a
    assert form.payoff_second.dense()[1:, 1:].tolist() == b
    assert form.E.dense().tolist() == [[1, 0, 0], [-1, 1, 1]]
    assert form.F.dense().tolist() == [[1, 0, 0, 0], [-1, 1, 1, 1]]
    assert form.e.tolist() == [1, 0]
    assert form.constant_sum is None
    assert form.second.names == (
        ("", ""),
        ("column", "c0"),
        ("column", "c1"),
        ("column", "c2"),
    )


@pytest.mark.parametrize("seed", seeds(8, 20))
def test_plans_and_behaviour_are_one_thing(seed):
    """The value of plans is the sum over ends of the product of all probabilities there."""
    rules = rand(seed, zero_sum=False)
    tree = flatten(rules)
    form = SequenceForm.of(tree)
    rng = np.random.default_rng(seed)
    laws, plans = [], []
    for side in (form.first, form.second):
        law = [tuple(rng.dirichlet([1.0] * len(each.moves))) for each in side.infosets]
        plan = side.plan(law)
        assert np.allclose(side.constraints @ plan, side.right)
        assert np.allclose(
            np.concatenate([*side.behaviour(plan), [0]]), np.concatenate([*law, [0]])
        )
        laws.append(law)
        plans.append(plan)
    expected = dict.fromkeys(("first", "second", "wrong"), 0.0)
    for place, end in enumerate(tree.ends):
        node, p = int(end), 1.0
        while node > 0:
            above, move = int(tree.parent[node]), int(tree.move[node])
            who = int(tree.turn[above])
            p *= tree.chance[node] if who == CHANCE else laws[who][tree.infoset[above]][move]
            node = above
        for name in expected:
            expected[name] += p * float(getattr(tree, name)[place])
    x, y = plans
    assert form.value(x, form.payoff_first, y) == pytest.approx(expected["first"])
    assert form.value(x, form.payoff_second, y) == pytest.approx(expected["second"])
    assert form.value(x, form.wrong, y) == pytest.approx(expected["wrong"])
    assert form.payoff_first.transposed.dense().tolist() == form.payoff_first.dense().T.tolist()
    assert np.allclose(form.payoff_first.left(x), x @ form.payoff_first.dense())


def test_laws_that_are_none_are_refused():
    side = SequenceForm.of(flatten(matrix([[1.0, 0.0], [0.0, 1.0]]))).first
    for law in ([(0.5, 0.4)], [(1.5, -0.5)], [(1.0,)], [], [(math.nan, 0.5)]):
        with pytest.raises(GameError):
            side.plan(law)
