from __future__ import annotations

import itertools
import random
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from scipy.optimize import linprog
from tests.methods.games.extensive.written import Choice, Luck, Written, ends, matrix, rand, seeds

from safetycase.methods.games.extensive import best_response, certify, zero_sum
from safetycase.methods.games.extensive.best_response import gains, respond
from safetycase.methods.games.extensive.certify import certificate, check
from safetycase.methods.games.extensive.poker import Kuhn, Leduc
from safetycase.methods.games.extensive.pure import count_pure, normal_form
from safetycase.methods.games.extensive.sequence import SequenceForm
from safetycase.methods.games.extensive.tree import GameError, flatten
from safetycase.methods.games.extensive.zero_sum import solve

LEDUC = -0.085606424078  # open-spiel 2.0.2, its sequence-form program


def form_of(rules) -> SequenceForm:
    return SequenceForm.of(flatten(rules))


def kuhn_family(form: SequenceForm, alpha: float):
    """Kuhn's equilibria: the first bluffs with probability alpha in [0, 1/3]."""
    bets = {"J": alpha, "Q": 0.0, "K": 3 * alpha, "Jpb": 0.0, "Qpb": alpha + 1 / 3, "Kpb": 1.0}
    calls = {"Jb": 0.0, "Qb": 1 / 3, "Kb": 1.0, "Jp": 1 / 3, "Qp": 0.0, "Kp": 1.0}
    x = form.first.plan([(1 - bets[each.name], bets[each.name]) for each in form.first.infosets])
    y = form.second.plan(
        [(1 - calls[each.name], calls[each.name]) for each in form.second.infosets]
    )
    return x, y


def by_brute_force(rules: Written) -> tuple[np.ndarray, float]:
    """The normal form, every pure strategy played through the rules, and its value by SciPy."""
    known: dict[str, dict] = {"first": {}, "second": {}}

    def look(position):
        turn = rules.turn(position)
        if turn == "end":
            return
        if turn != "chance":
            known[turn][rules.sees(position)] = [move.name for move in rules.moves(position)]
        for move in rules.moves(position):
            look(rules.after(position, move.name))

    def worth(position, chosen) -> float:
        turn = rules.turn(position)
        if turn == "end":
            return rules.end(position).first
        if turn == "chance":
            return sum(
                move.probability * worth(rules.after(position, move.name), chosen)
                for move in rules.moves(position)
            )
        return worth(rules.after(position, chosen[turn][rules.sees(position)]), chosen)

    look(rules.start())
    pure = {
        who: [dict(zip(sets, choice, strict=True)) for choice in itertools.product(*sets.values())]
        for who, sets in known.items()
    }
    table = np.array(
        [
            [worth(rules.start(), {"first": one, "second": two}) for two in pure["second"]]
            for one in pure["first"]
        ]
    )
    return table, matrix_value(table)


def matrix_value(table: np.ndarray) -> float:
    rows = len(table)
    found = linprog(
        np.append(np.zeros(rows), -1.0),
        A_ub=np.column_stack((-table.T, np.ones(table.shape[1]))),
        b_ub=np.zeros(table.shape[1]),
        A_eq=[np.append(np.ones(rows), 0.0)],
        b_eq=[1.0],
        bounds=[(0, None)] * rows + [(None, None)],
    )
    return -found.fun


def test_kuhn_is_minus_one_eighteenth():
    form = form_of(Kuhn())
    solved = solve(form)
    assert solved.value == pytest.approx(-1 / 18, abs=1e-12)
    assert solved.low <= solved.value <= solved.high
    assert solved.gap <= 1e-12


@pytest.mark.parametrize("alpha", [0.0, 0.1, 0.25, 1 / 3])
def test_the_whole_family_of_kuhn_is_at_equilibrium(alpha):
    form = form_of(Kuhn())
    found = gains(form, *kuhn_family(form, alpha))
    assert found.first == pytest.approx(-1 / 18, abs=1e-12)
    assert found.nash_conv <= 1e-12


def test_outside_the_family_there_is_something_to_gain():
    form = form_of(Kuhn())
    x, y = kuhn_family(form, 0.2)
    laws = list(form.first.behaviour(x))
    queen = [each.name for each in form.first.infosets].index("Qpb")
    laws[queen] = (0.3, 0.7)  # calls more often than 0.2 + 1/3
    assert gains(form, form.first.plan(laws), y).nash_conv > 1e-2


@pytest.mark.parametrize("solver", ["choose", "simplex", "ipm", "ipm without crossover"])
def test_leduc_has_the_published_value(solver):
    solved = solve(form_of(Leduc()), solver=solver)
    assert solved.value == pytest.approx(LEDUC, abs=1e-8)
    assert solved.low - 1e-8 <= LEDUC <= solved.high + 1e-8
    assert solved.gap <= 1e-8


def test_even_play_of_leduc_can_be_exploited_as_open_spiel_counts_it():
    form = form_of(Leduc())
    even = gains(form, form.first.uniform(), form.second.uniform())
    assert even.nash_conv == pytest.approx(4.747222222222222, abs=1e-12)
    assert even.exploitability == even.nash_conv / 2


def test_closed_forms():
    pennies = solve(form_of(matrix([[1, -1], [-1, 1]])))
    assert pennies.value == pytest.approx(0, abs=1e-12)
    assert pennies.x == pytest.approx([1, 0.5, 0.5])
    # Rock, paper, scissors whose three wins pay a, b and c: play each by the win of the others.
    a, b, c = 1.0, 2.0, 5.0  # rock beats scissors, paper beats rock, scissors beat paper
    table = [[0, -b, a], [b, 0, -c], [-a, c, 0]]
    weighted = solve(form_of(matrix(table)))
    assert weighted.value == pytest.approx(0, abs=1e-12)
    assert weighted.x[1:] == pytest.approx([c / 8, a / 8, b / 8])
    two = solve(form_of(matrix([[3, 0], [1, 2]])))  # (ad − bc) / (a + d − b − c)
    assert two.value == pytest.approx(6 / 4)


def test_constant_sums_other_than_zero():
    solved = solve(form_of(matrix([[3, 0], [1, 2]], [[7, 10], [9, 8]])))
    assert solved.value == pytest.approx(1.5)


def test_one_payoff_everywhere():
    assert solve(form_of(matrix([[2.0, 2.0], [2.0, 2.0]]))).value == 2.0


def test_a_game_that_one_player_never_moves_in():
    solved = solve(form_of(Written(Choice("second", "s", {"a": ends(3), "b": ends(1)}))))
    assert (solved.value, solved.x.tolist(), solved.y.tolist()) == (1.0, [1.0], [1.0, 0.0, 1.0])
    assert solve(form_of(Written(Luck({"a": (0.25, ends(4)), "b": (0.75, ends(0))})))).value == 1.0


@pytest.mark.parametrize("seed", seeds(8, 30))
def test_random_games_against_all_their_pure_strategies(seed):
    rules = rand(seed)
    table, value = by_brute_force(rules)
    form = form_of(rules)
    solved = solve(form)
    assert solved.value == pytest.approx(value, abs=1e-7)
    assert solved.low - 1e-9 <= value <= solved.high + 1e-9
    first, second, rows, columns = normal_form(form)
    assert first.shape[0] == count_pure(form.first) == len(rows)
    assert first.shape[1] == count_pure(form.second) == len(columns)
    assert matrix_value(first) == pytest.approx(value, abs=1e-9)
    assert set(np.round(first, 9).ravel() + 0.0) == set(np.round(table, 9).ravel() + 0.0)
    assert np.allclose(first, -second)


@pytest.mark.parametrize("seed", seeds(8, 20))
def test_weak_duality_and_exploitability(seed):
    """Any two plans bound the value from both sides; what both could gain is never negative."""
    form = form_of(rand(seed))
    solved = solve(form)
    rng = np.random.default_rng(seed)
    for _ in range(5):
        x, y = (
            side.plan([tuple(rng.dirichlet([1.0] * len(each.moves))) for each in side.infosets])
            for side in (form.first, form.second)
        )
        found = gains(form, x, y)
        assert -found.best_second <= solved.value + 1e-9
        assert found.best_first >= solved.value - 1e-9
        assert found.nash_conv >= 0
    assert gains(form, solved.x, solved.y).nash_conv <= 1e-7


def renamed(node, rng, names):
    """The same game with other names and another order of moves."""
    if isinstance(node, Luck):
        moves = list(node.moves.items())
        rng.shuffle(moves)
        return Luck({"x" + name: (p, renamed(to, rng, names)) for name, (p, to) in moves})
    if isinstance(node, Choice):
        moves = list(node.moves.items())
        rng.shuffle(moves)
        sees = names.setdefault((node.who, node.sees), f"set {len(names)}")
        return Choice(node.who, sees, {"x" + name: renamed(to, rng, names) for name, to in moves})
    return node


def split(node):
    """The same game with chance made in two draws: one move or another, then the rest."""
    if isinstance(node, Luck):
        (name, (p, to)), *rest = node.moves.items()
        others = {n: (q / (1 - p), split(t)) for n, (q, t) in rest}
        return Luck({name: (p, split(to)), "others": (1 - p, Luck(others))})
    if isinstance(node, Choice):
        return Choice(node.who, node.sees, {name: split(to) for name, to in node.moves.items()})
    return node


@pytest.mark.parametrize("seed", seeds(8, 20))
def test_names_and_the_way_chance_is_drawn_do_not_matter(seed):
    rules = rand(seed)
    value = solve(form_of(rules)).value
    other = Written(renamed(rules.root, random.Random(seed), {}))
    assert solve(form_of(other)).value == pytest.approx(value, abs=1e-8)
    assert solve(form_of(Written(split(rules.root)))).value == pytest.approx(value, abs=1e-8)


def test_general_sums_have_no_value():
    with pytest.raises(GameError, match="add up to one constant"):
        solve(form_of(matrix([[1, 2]], [[3, 5]])))


def test_wrong_plans_from_the_program_are_noticed(monkeypatch):
    """The proof does not rest on the linear program: spoil its answer and it fails."""
    good = zero_sum.within

    def spoiled(**words):
        found = good(**words)
        return replace(found, variables=found.variables[::-1].copy())

    monkeypatch.setattr(zero_sum, "within", spoiled)
    with pytest.raises(GameError, match="prove the value only to"):
        solve(form_of(Kuhn()))


def test_best_responses_break_ties_as_asked():
    side = form_of(matrix([[0, 0], [0, 0], [0, 0]])).first
    worth, then = np.array([0, 1.0, 2.0, 2.0 - 1e-12]), np.array([0, 9.0, 1.0, 3.0])
    assert respond(side, worth).plan.tolist() == [1, 0, 1, 0]
    assert respond(side, worth, then).plan.tolist() == [1, 0, 1, 0]
    assert respond(side, worth, then, 1e-9).plan.tolist() == [1, 0, 0, 1]
    assert respond(side, worth, -then, 1e-9).plan.tolist() == [1, 0, 1, 0]


class TestCertificates:
    def test_the_checker_finds_the_same(self):
        for rules in (Kuhn(), *(rand(seed) for seed in range(8))):
            form = form_of(rules)
            solved = solve(form)
            found = check(rules, certificate(form, solved.x, solved.y))
            assert found.first == pytest.approx(solved.value, abs=1e-7)
            assert found.low == pytest.approx(solved.low, abs=1e-9)
            assert found.high == pytest.approx(solved.high, abs=1e-9)

    def test_kuhn_without_rounding(self):
        form = form_of(Kuhn())
        solved = solve(form)
        found = check(Kuhn(), certificate(form, solved.x, solved.y, denominators=100), exact=True)
        assert (found.low, found.first, found.high) == (Fraction(-1, 18),) * 3
        assert found.gap == 0

    @pytest.mark.slow
    def test_a_proof_without_rounding_of_leduc(self):
        form = form_of(Leduc())
        solved = solve(form)
        found = check(Leduc(), certificate(form, solved.x, solved.y), exact=True)
        assert isinstance(found.low, Fraction)
        assert found.low <= found.first <= found.high
        assert float(found.high - found.low) < 1e-12
        assert float(found.low) == pytest.approx(LEDUC, abs=1e-9)

    def test_general_sums_too(self):
        for seed in range(8):
            rules = rand(seed, zero_sum=False)
            form = form_of(rules)
            x, y = form.first.uniform(), form.second.uniform()
            found, mine = check(rules, certificate(form, x, y)), gains(form, x, y)
            assert found.second == pytest.approx(mine.second)
            assert found.best_first == pytest.approx(mine.best_first)
            assert found.best_second == pytest.approx(mine.best_second)
            assert found.wrong == pytest.approx(form.value(x, form.wrong, y))

    @pytest.mark.parametrize(
        ("old", "new", "says"),
        [
            ('"gap": ', '"gap": 0.1, "was": ', "gap = 0.1, but it is"),
            ('"first": -0.0', '"first": 0.0', "first = 0.0555"),
            ('"Kb": {"bet": 1.0, "pass": 0.0}', '"Kb": {"bet": 0.5, "pass": 0.5}', "but it is"),
            ('"Kb": {"bet": 1.0, "pass": 0.0}', '"Kb": {"bet": 0.9, "pass": 0.0}', "add up to 1"),
            ('"Kb": {"bet": 1.0, "pass": 0.0}', '"Kb": {"bet": 2, "pass": -1}', "add up to 1"),
            ('"Kb": {"bet": 1.0, "pass": 0.0}', '"Kb": {"bet": 1.0}', "no law over"),
            ('"Kb": {"bet": 1.0, "pass": 0.0}', '"Kc": {"bet": 1.0, "pass": 0.0}', "no law over"),
            ('"Kb": {"bet": 1.0, "pass": 0.0}', '"Kb": {"bet": null, "pass": 0.0}', "no numbers"),
            ('"Kb": {"bet": 1.0, "pass": 0.0}', '"Kb": {"bet": "x", "pass": 0.0}', "'x'"),
            ("certificate/1", "certificate/2", "version"),
            ('"gap": ', '"gap": null, "was": ', "no number 'gap'"),
            ('"gap": ', '"gap": NaN, "was": ', "no number 'gap'"),
            ('"plans": ', '"plans": {}, "was": ', "no plans"),
            ("{", "", "no JSON"),
        ],
    )
    def test_what_was_tampered_with_is_refused(self, old, new, says):
        form = form_of(Kuhn())
        text = certificate(form, *kuhn_family(form, 0.2))
        assert text.count(old) >= 1, text
        with pytest.raises(GameError, match=says):
            check(Kuhn(), text.replace(old, new, 1), exact="x" in new)

    def test_of_another_game_it_is_refused(self):
        class Dearer(Kuhn):
            def end(self, position):
                end = super().end(position)
                return replace(end, first=end.first * 1.1, second=end.second * 1.1)

        form = form_of(Kuhn())
        text = certificate(form, *kuhn_family(form, 0.2))
        assert check(Kuhn(), text).gap == pytest.approx(0, abs=1e-12)
        with pytest.raises(certify.BadCertificate, match="but it is"):
            check(Dearer(), text)

    def test_a_broken_best_response_is_found_out(self, monkeypatch):
        """A solver that sees no gain anywhere writes a gap that the checker does not confirm."""
        form = form_of(Kuhn())
        x, y = form.first.uniform(), form.second.uniform()
        real = best_response.respond
        monkeypatch.setattr(
            best_response,
            "respond",
            lambda plans, worth: replace(real(plans, worth), value=float(worth @ plans.uniform())),
        )
        text = certificate(form, x, y)
        with pytest.raises(certify.BadCertificate, match=r"gap = 0\.0, but it is 0\.91666"):
            check(Kuhn(), text)
