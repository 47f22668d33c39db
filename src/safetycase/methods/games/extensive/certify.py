"""Certificates of a solution as JSON, and a checker that shares no code with the solvers.

The checker walks the rules themselves, in plain Python and in fractions if asked to. It uses no
tree, no sequence form, no array and no linear program.
"""

from __future__ import annotations

import json
import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from safetycase.methods.games.extensive.exact import fraction
from safetycase.methods.games.extensive.tree import GameError
from safetycase.plugin.protocols import Rules

if TYPE_CHECKING:
    from safetycase.methods.games.extensive.sequence import SequenceForm
    from safetycase.methods.games.extensive.sparse import Floats

__all__ = ["BadCertificate", "Checked", "certificate", "check"]

VERSION = "extensive-game-certificate/1"
Law = Mapping[str, Any]
Bag = list[tuple[Any, Any]]


class BadCertificate(GameError):
    """A certificate that does not show what it says; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a certificate's two strategies were found to do; fractions where they were asked for.

    `first` and `second` are the expected payoffs, `best_first` and `best_second` what each player
    could get at most against the other's strategy, `wrong` the probability of a wrong verdict.
    In a zero-sum game the value to the first lies between `low` and `high`.
    """

    first: Any
    second: Any
    wrong: Any
    best_first: Any
    best_second: Any

    @property
    def gap(self) -> Any:
        """NashConv: what both players could gain, added up."""
        return (self.best_first - self.first) + (self.best_second - self.second)

    @property
    def low(self) -> Any:
        """What the first strategy secures if the payoffs are each other's negatives."""
        return -self.best_second

    @property
    def high(self) -> Any:
        """What the second strategy allows."""
        return self.best_first


def certificate(
    form: SequenceForm, x: Floats, y: Floats, *, denominators: int | None = None
) -> str:
    """Plans of both players with what they are worth and NashConv, as JSON to keep or hand on.

    With `denominators` every probability is first moved to the nearest fraction with a denominator
    of at most that, and written as one: a solution of small fractions is then an exact one, and
    `check(exact=True)` finds a gap of 0.
    """
    from safetycase.methods.games.extensive.best_response import gains

    laws = (form.first.by_name(x), form.second.by_name(y))
    written: list[Mapping[str, Law]] = list(laws)
    if denominators is not None:
        rounded = [_rounded(named, denominators) for named in laws]
        written = [
            {name: {move: str(p) for move, p in law.items()} for name, law in named.items()}
            for named in rounded
        ]
        x, y = (
            side.plan([[float(p) for p in law.values()] for law in named.values()])
            for side, named in zip((form.first, form.second), rounded, strict=True)
        )
    found = gains(form, x, y)
    return json.dumps(
        {
            "version": VERSION,
            "first": found.first,
            "second": found.second,
            "gap": found.nash_conv,
            "plans": {"first": written[0], "second": written[1]},
        },
        sort_keys=True,
    )


def _rounded(named: Mapping[str, Mapping[str, float]], most: int) -> dict[str, dict[str, Fraction]]:
    near = {
        name: {move: Fraction(p).limit_denominator(most) for move, p in law.items()}
        for name, law in named.items()
    }
    return {
        name: {move: p / sum(law.values()) for move, p in law.items()} for name, law in near.items()
    }


def check(rules: Rules, text: str, *, tolerance: float = 1e-6, exact: bool = False) -> Checked:
    """Work out again what a certificate says of a game, from the game's rules.

    With `exact` every number is a fraction: probabilities and payoffs are read as the simplest
    fractions that round to them and laws are divided by their sums, so that `best_first` and
    `best_second` are proofs without rounding. `BadCertificate` where the text is no certificate,
    a law is missing or no law, or a payoff or the gap differs by more than `tolerance` from what
    is found here.
    """
    said = _read(text)
    walker = _Walker(rules, said["plans"], exact)
    try:
        first, second, wrong = walker.played(rules.start())
        best = tuple(
            walker.best([(rules.start(), walker.number(1))], player)
            for player in ("first", "second")
        )
    except RecursionError as error:
        raise GameError("the game is too deep for this checker, about 300 moves") from error
    found = Checked(
        first=first, second=second, wrong=wrong, best_first=best[0], best_second=best[1]
    )
    for name, value in (("first", first), ("second", second), ("gap", found.gap)):
        if not abs(said[name] - float(value)) <= tolerance:
            raise BadCertificate(
                f"the certificate says {name} = {said[name]}, but it is {float(value):.9g}"
            )
    return found


def _read(text: str) -> dict[str, Any]:
    try:
        said = json.loads(text)
    except json.JSONDecodeError as error:
        raise BadCertificate(f"the certificate is no JSON: {error}") from error
    if not isinstance(said, dict) or said.get("version") != VERSION:
        raise BadCertificate(f"the certificate has no version {VERSION!r}")
    for name in ("first", "second", "gap"):
        value = said.get(name)
        if not isinstance(value, int | float) or not math.isfinite(value):
            raise BadCertificate(f"the certificate has no number {name!r}")
    plans = said.get("plans")
    if not isinstance(plans, dict) or not all(
        isinstance(plans.get(player), dict) for player in ("first", "second")
    ):
        raise BadCertificate("the certificate has no plans of the first and the second player")
    return said


class _Walker:
    def __init__(self, rules: Rules, plans: Mapping[str, Mapping[str, Law]], exact: bool) -> None:
        self.rules, self.plans, self.exact = rules, plans, exact

    def number(self, value: Any) -> Any:
        return fraction(value) if self.exact else float(value)

    def steps(self, position: Any) -> list[tuple[Any, Any]]:
        """Where chance or a strategy leads, with probabilities above zero that add up to 1."""
        turn, moves = self.rules.turn(position), self.rules.moves(position)
        if turn == "chance":
            odds = {move.name: self.number(move.probability) for move in moves}
        else:
            sees = self.rules.sees(position)
            odds = self._law(turn, sees, [move.name for move in moves])
        total = sum(odds.values())
        if any(not p >= 0 for p in odds.values()) or not abs(total - 1) <= 1e-9:
            raise BadCertificate(
                f"the probabilities of {turn} at {position!r} are not ones that add up to 1: "
                f"{ {name: float(p) for name, p in odds.items()} }"
            )
        return [(self.rules.after(position, name), p / total) for name, p in odds.items() if p > 0]

    def _law(self, turn: str, sees: Hashable, moves: list[str]) -> dict[str, Any]:
        name = sees if isinstance(sees, str) else repr(sees)
        law = self.plans[turn].get(name)
        if not isinstance(law, Mapping) or sorted(law) != sorted(moves):
            raise BadCertificate(
                f"the plan of the {turn} player has no law over {moves} at {name}: it has {law}"
            )
        if any(isinstance(p, bool) or not isinstance(p, int | float | str) for p in law.values()):
            raise BadCertificate(f"the law of the {turn} player at {name} is no numbers: {law}")
        return {move: self.number(p) for move, p in law.items()}

    def outcome(self, position: Any, name: str) -> Any:
        return self.number(getattr(self.rules.end(position), name))

    def played(self, position: Any) -> tuple[Any, ...]:
        """The expected payoffs and error when both strategies are played."""
        if self.rules.turn(position) == "end":
            return tuple(self.outcome(position, name) for name in ("first", "second", "wrong"))
        zero = self.number(0)
        total: tuple[Any, ...] = (zero, zero, zero)
        for after, p in self.steps(position):
            below = self.played(after)
            total = tuple(a + p * b for a, b in zip(total, below, strict=True))
        return total

    def best(self, bag: Bag, player: str) -> Any:
        """The most the player gets from positions that all follow the same own sequence.

        `bag` holds positions with the probability that chance and the other player lead there.
        Each is followed to an end or to the next own decision; decisions of one information set
        are taken together, each move once for all of them.
        """
        total = self.number(0)
        decisions: dict[Hashable, Bag] = {}
        waiting = list(bag)
        while waiting:
            position, weight = waiting.pop()
            turn = self.rules.turn(position)
            if turn == "end":
                total += weight * self.outcome(position, player)
            elif turn == player:
                decisions.setdefault(self.rules.sees(position), []).append((position, weight))
            else:
                waiting.extend((after, weight * p) for after, p in self.steps(position))
        for together in decisions.values():
            moves = [move.name for move in self.rules.moves(together[0][0])]
            total += max(
                self.best([(self.rules.after(at, move), w) for at, w in together], player)
                for move in moves
            )
        return total
