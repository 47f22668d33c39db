from __future__ import annotations

import itertools
import random
from dataclasses import dataclass
from fractions import Fraction

import pytest
from tests.methods.games.extensive.written import Choice, Luck, Written, ends, seeds

from safetycase.methods.games.extensive import backward as module
from safetycase.methods.games.extensive.backward import backward
from safetycase.methods.games.extensive.best_response import gains
from safetycase.methods.games.extensive.confirm import confirmed
from safetycase.methods.games.extensive.exact import fraction
from safetycase.methods.games.extensive.poker import Kuhn
from safetycase.methods.games.extensive.sequence import SequenceForm
from safetycase.methods.games.extensive.tree import GameError, flatten
from safetycase.methods.games.extensive.zero_sum import solve
from safetycase.plugin.protocols import End, Move


@dataclass(frozen=True)
class TicTacToe:
    """Noughts and crosses: a draw."""

    def start(self):
        return "........."

    def lines(self, board):
        rows = [board[i : i + 3] for i in (0, 3, 6)] + [board[i::3] for i in range(3)]
        return [*rows, board[::4], board[2:7:2]]

    def turn(self, board):
        if {"xxx", "ooo"} & set(self.lines(board)) or "." not in board:
            return "end"
        return "first" if board.count(".") % 2 else "second"

    def moves(self, board):
        return [Move(name=str(i)) for i in range(9) if board[i] == "."]

    def after(self, board, move):
        mark = "x" if self.turn(board) == "first" else "o"
        return board[: int(move)] + mark + board[int(move) + 1 :]

    def sees(self, board):
        return board

    def end(self, board):
        won = ("xxx" in self.lines(board)) - ("ooo" in self.lines(board))
        return End(first=won, second=-won, wrong=0)


@dataclass(frozen=True)
class Nim:
    """Take any number from one heap; the last to take wins."""

    heaps: tuple[int, ...]

    def start(self):
        return (0, self.heaps)

    def turn(self, position):
        return "end" if not any(position[1]) else ("first", "second")[position[0]]

    def moves(self, position):
        return [Move(name=f"{i} {n}") for i, h in enumerate(position[1]) for n in range(1, h + 1)]

    def after(self, position, move):
        i, n = map(int, move.split())
        who, heaps = position
        return (1 - who, (*heaps[:i], heaps[i] - n, *heaps[i + 1 :]))

    def sees(self, position):
        return position

    def end(self, position):
        won = 1 if position[0] == 1 else -1
        return End(first=won, second=-won, wrong=0)


def perfect(seed: int, depth: int = 4, zero_sum: bool = True) -> Written:
    """A random game of perfect information in fractions."""
    rng = random.Random(seed)

    def grow(level: int, path: tuple[str, ...]):
        if level == depth:
            first = Fraction(rng.randint(-20, 20), rng.randint(1, 6))
            second = -first if zero_sum else Fraction(rng.randint(-20, 20), 3)
            return End(first=first, second=second, wrong=Fraction(rng.randint(0, 4), 4))
        below = {n: grow(level + 1, (*path, n)) for n in "abc"[: rng.randint(1, 3)]}
        who = rng.choice(["first", "second", "chance"])
        if who == "chance":
            return Luck({n: (Fraction(1, len(below)), to) for n, to in below.items()})
        return Choice(who, path, below)

    return Written(grow(0, ()))


@pytest.mark.slow
def test_noughts_and_crosses_is_a_draw():
    found = backward(TicTacToe())
    assert (found.outcome.first, found.positions, found.exact) == (0, 5478, True)


def test_nim_is_won_by_the_sum_of_bouton():
    for heaps in itertools.product(range(4), repeat=3):
        if any(heaps):
            won = backward(Nim(heaps)).outcome.first == 1
            assert won == bool(heaps[0] ^ heaps[1] ^ heaps[2])


@dataclass(frozen=True)
class Ladder:
    """3,000 rungs, one or two at a time; who has to step past the end loses. 10^600 histories."""

    rungs: int = 3000

    def start(self):
        return (0, 0)

    def turn(self, position):
        return "end" if position[1] >= self.rungs else ("first", "second")[position[0]]

    def moves(self, position):
        return [Move(name="1"), Move(name="2")]

    def after(self, position, move):
        return (1 - position[0], position[1] + int(move))

    def sees(self, position):
        return position

    def end(self, position):
        won = 1 if position[0] else -1
        return End(first=won, second=-won, wrong=0)


@pytest.mark.slow
def test_a_game_that_one_cannot_lay_out():
    """The first player loses exactly where the rungs are a multiple of three."""
    assert backward(Ladder()).outcome.first == -1
    assert backward(Ladder(3001)).outcome.first == 1
    assert backward(Ladder(3002)).outcome.first == 1


@pytest.mark.parametrize("seed", seeds(8, 25))
def test_it_agrees_with_the_linear_program_and_is_exact(seed):
    rules = perfect(seed)
    found = backward(rules)
    assert found.exact
    assert isinstance(found.outcome.first, Fraction | int)
    assert found.outcome.second == -found.outcome.first
    form = SequenceForm.of(flatten(rules))
    assert float(found.outcome.first) == pytest.approx(solve(form).value, abs=1e-7)


@pytest.mark.parametrize("seed", seeds(8, 25))
def test_in_a_general_sum_game_nobody_gains_by_another_strategy(seed):
    rules = perfect(seed, zero_sum=False)
    for ties in ("listed", "right", "wrong", "kind", "spiteful"):
        found = backward(rules, ties=ties)
        form = SequenceForm.of(flatten(rules))
        plans = []
        for side in (form.first, form.second):
            laws = [
                [float(found.best[each.sees] == move) for move in each.moves]
                for each in side.infosets
            ]
            plans.append(side.plan(laws))
        both = gains(form, *plans)
        assert both.nash_conv <= 1e-12
        assert both.first == pytest.approx(float(found.outcome.first))
        assert both.second == pytest.approx(float(found.outcome.second))


def test_ties_decide_what_payoffs_do_not():
    here = {
        "a": ends(1, 5, wrong=0.5),
        "b": ends(1, 7, wrong=0.2),
        "c": ends(1, 3, wrong=0.9),
        "d": ends(0, 9, wrong=1.0),
    }
    rules = Written(Choice("first", "s", here))
    chosen = {
        ties: backward(rules, ties=ties).best[()]
        for ties in ("listed", "right", "wrong", "kind", "spiteful")
    }
    assert chosen == {"listed": "a", "right": "b", "wrong": "c", "kind": "b", "spiteful": "c"}


@pytest.mark.parametrize("seed", seeds(8, 25))
def test_the_extremes_of_the_error_over_all_subgame_perfect_equilibria(seed):
    """Every choice among the best moves is tried, on small games with many ties."""
    rng = random.Random(seed)

    def grow(level, path):
        if level == 3:
            won = rng.randint(0, 1)
            return End(first=won, second=-won, wrong=Fraction(rng.randint(0, 9), 9))
        return Choice(
            ("first", "second")[level % 2], path, {n: grow(level + 1, path + n) for n in "ab"}
        )

    def all_of(node):
        if isinstance(node, End):
            return [node]
        below = [all_of(to) for to in node.moves.values()]
        found = []
        for choice in itertools.product(*below):
            most = max(getattr(end, node.who) for end in choice)
            found += [end for end in choice if getattr(end, node.who) == most]
        return found

    root = grow(0, "")
    every = [end.wrong for end in all_of(root)]
    assert backward(Written(root), ties="wrong").outcome.wrong == max(every)
    assert backward(Written(root), ties="right").outcome.wrong == min(every)


@pytest.mark.parametrize("seed", seeds(8, 25))
def test_play_is_confirmed_position_by_position(seed):
    for zero_sum in (True, False):
        rules = perfect(seed, zero_sum=zero_sum)
        found = backward(rules, ties="wrong")
        again = confirmed(rules, found.best, fraction)
        assert (again.first, again.second) == (found.outcome.first, found.outcome.second)
        assert again.wrong == found.outcome.wrong
        assert again.gap == 0
        form = SequenceForm.of(flatten(rules))
        worst = {sees: moves[-1] for sees, moves in _moves(form).items()}
        plans = [
            side.plan([[float(worst[each.sees] == move) for move in each.moves] for each in sets])
            for side, sets in (
                (form.first, form.first.infosets),
                (form.second, form.second.infosets),
            )
        ]
        other, mine = confirmed(rules, worst), gains(form, *plans)
        assert other.first == pytest.approx(mine.first)
        assert other.best_first == pytest.approx(mine.best_first)
        assert other.best_second == pytest.approx(mine.best_second)


def _moves(form):
    return {each.sees: each.moves for side in (form.first, form.second) for each in side.infosets}


@pytest.mark.slow
def test_large_games_are_confirmed_and_false_moves_refused():
    for rules in (TicTacToe(), Ladder(3001)):
        found = backward(rules)
        again = confirmed(rules, found.best)
        assert (again.gap, again.first) == (0, found.outcome.first)
    wrong = {**found.best, (0, 0): "2"}  # leaves a number of rungs that the other wins
    assert confirmed(rules, wrong).gap == 2
    with pytest.raises(GameError, match="no move of"):
        confirmed(rules, {**found.best, (0, 0): "3"})
    with pytest.raises(GameError, match="no move of"):
        confirmed(rules, {})
    with pytest.raises(GameError, match="do not add up"):
        confirmed(Written(Luck({"a": (0.5, ends(1))})), {})


def test_floats_stay_floats():
    rules = Written(Luck({"a": (0.3, ends(0.1)), "b": (0.7, ends(0.2))}))
    found = backward(rules)
    assert not found.exact
    assert found.outcome.first == pytest.approx(0.17)


def test_thirds_stored_as_floats_are_thirds():
    third = 1 / 3
    rules = Written(Luck({n: (third, ends(k)) for k, n in enumerate("abc")}))
    assert backward(rules).outcome.first == 1


def test_hidden_information_is_refused():
    with pytest.raises(GameError, match=r"player cannot tell .* apart.*sequence form"):
        backward(Kuhn())


def test_a_circle_is_refused():
    class Circle(Nim):
        def after(self, position, move):
            return (1 - position[0], position[1])

    with pytest.raises(GameError, match="play comes back"):
        backward(Circle((2,)))
    with pytest.raises(GameError, match="play comes back"):
        confirmed(Circle((2,)), {(who, (2,)): "0 1" for who in (0, 1)})


def test_what_is_no_game_is_refused():
    with pytest.raises(GameError, match="no move at"):
        backward(Written(Choice("first", "s", {})))
    with pytest.raises(GameError, match="do not add up"):
        backward(Written(Luck({"a": (0.5, ends(1))})))
    with pytest.raises(GameError, match="not finite"):
        backward(Written(Choice("first", "s", {"a": ends(float("nan"))})))
    with pytest.raises(GameError, match="more than 100 positions"):
        backward(TicTacToe(), limit=100)


def test_a_broken_induction_is_found_out(monkeypatch):
    """An induction that takes the worst of all moves does not give the program's value."""
    games = [perfect(seed) for seed in range(5)]
    values = [solve(SequenceForm.of(flatten(rules))).value for rules in games]
    monkeypatch.setattr(module, "max", min, raising=False)
    apart = [
        abs(float(backward(rules).outcome.first) - value)
        for rules, value in zip(games, values, strict=True)
    ]
    assert max(apart) > 1
