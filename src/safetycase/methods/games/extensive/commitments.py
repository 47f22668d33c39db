"""Certificates of commitments as JSON, and a checker that shares no code with the solver."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from safetycase.methods.games.extensive.certify import BadCertificate, lookup, read, rounded
from safetycase.methods.games.extensive.errors import GameError
from safetycase.methods.games.extensive.exact import fraction
from safetycase.methods.games.extensive.plain import Walker
from safetycase.plugin.protocols import Rules

if TYPE_CHECKING:
    from safetycase.methods.games.extensive.sequence import Plans, SequenceForm
    from safetycase.methods.games.extensive.sparse import Floats
    from safetycase.methods.games.extensive.stackelberg import Stackelberg

__all__ = ["Commitment", "check_commitment", "commitment_certificate"]

VERSION = "commitment-certificate/1"
Reply = Mapping[str, str]
Pair = tuple[Any, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Commitment:
    """What a leader's strategy was found to get, and what none exceeds.

    `kind` and `spiteful` are what the leader gets when the follower's best reply is the best and
    the worst for it, `follower` what the follower gets. With ties for the leader the best
    commitment is worth between `kind` and `high`.
    """

    kind: Any
    spiteful: Any
    follower: Any
    high: Any


def commitment_certificate(
    form: SequenceForm, found: Stackelberg, *, leader: str, denominators: int | None = None
) -> str:
    """The best commitment with ties for the leader, and why there is no better one, as JSON.

    With `denominators` all probabilities are moved to the nearest such fractions, which keeps ties
    that rounding would break.
    """
    own, other = (form.first, form.second) if leader == "first" else (form.second, form.first)

    def law(plans: Plans, plan: Floats) -> Mapping[str, Mapping[str, Any]]:
        named = plans.by_name(plan)
        if denominators is None:
            return named
        near = rounded(named, denominators)
        return {n: {move: str(p) for move, p in law.items()} for n, law in near.items()}

    bounds = [
        {
            "reply": _reply(other, bound.reply),
            "price": bound.price,
            "against": law(other, bound.against),
        }
        for bound in found.bounds
    ]
    said = {
        "version": VERSION,
        "leader": leader,
        "kind": found.strong.kind,
        "high": found.strong_high,
        "plan": law(own, found.strong.plan),
        "bounds": bounds,
    }
    return json.dumps(said, sort_keys=True)


def _reply(plans: Plans, plan: Floats) -> Reply:
    """The moves of a pure plan where it gets, by the names of its information sets."""
    return {
        each.name: each.moves[k]
        for each in plans.infosets
        for k in range(len(each.moves))
        if plan[each.start + k] > 0.5
    }


def check_commitment(
    rules: Rules, text: str, *, tolerance: float = 1e-6, exact: bool = False
) -> Commitment:
    """Work out again what a certificate says of a commitment, from the rules in plain Python.

    The follower's best replies to the plan are found, replies within `tolerance` of each other
    counting as equal, or exactly equal ones with `exact`. The pure strategies of the follower are
    listed from the rules, and the certificate must hold a bound for each: the leader's payoff
    against it plus a price, at least 0, times how much better for the follower it is than some
    other strategy, at the leader's best. `BadCertificate` where that fails or `kind` or `high`
    differ by more than `tolerance`.
    """
    said = read(text, VERSION, ("kind", "high"))
    leader, plan, bounds = said.get("leader"), said.get("plan"), said.get("bounds")
    if leader not in ("first", "second") or not isinstance(plan, dict):
        raise BadCertificate("the certificate has no leader or no plan of the leader")
    if not isinstance(bounds, list) or not all(isinstance(bound, dict) for bound in bounds):
        raise BadCertificate("the certificate has no list of bounds")
    number: Callable[[Any], Any] = fraction if exact else float
    try:
        checker = _Checker(rules, leader, number, 0 if exact else tolerance * 1e-3)
        found = checker.checked(plan, bounds)
    except RecursionError as error:
        raise GameError("the game is too deep for plain recursion, about 300 moves") from error
    for name, value in (("kind", found.kind), ("high", found.high)):
        if not abs(said[name] - float(value)) <= tolerance:
            raise BadCertificate(
                f"the certificate says {name} = {said[name]}, but it is {float(value):.9g}"
            )
    return found


class _Checker:
    def __init__(
        self, rules: Rules, leader: str, number: Callable[[Any], Any], slack: float
    ) -> None:
        self.rules, self.leader, self.number, self.slack = rules, leader, number, slack
        self.follower = "second" if leader == "first" else "first"
        self.own = 0 if leader == "first" else 1

    def checked(self, plan: Mapping[str, Any], bounds: list[dict[str, Any]]) -> Commitment:
        walker = Walker(self.rules, lookup({self.leader: plan}), self.number)
        start = (self.rules.start(), self.number(1))
        follower, kind = self.reply(walker, [start], 1)
        _, spiteful = self.reply(walker, [start], -1)
        known = {_key(bound.get("reply")): bound for bound in bounds}
        high = None
        for reply in self.pure([self.rules.start()]):
            bound = known.get(_key(reply))
            if bound is None:
                raise BadCertificate(f"the certificate has no bound for the reply {reply}")
            top = self.bounded(reply, bound)
            high = top if high is None else max(high, top)
        return Commitment(kind=kind, spiteful=-spiteful, follower=follower, high=high)

    def reply(self, walker: Walker, bag: list[Pair], sign: int) -> Pair:
        """What the best reply gets, and `sign` times what the leader then gets at most."""
        worth = lead = self.number(0)
        decisions: dict[Hashable, dict[str, list[Pair]]] = {}
        waiting = list(bag)
        while waiting:
            position, weight = waiting.pop()
            turn = walker.turn(position)
            if turn == "end":
                end = walker.end(position)
                worth, lead = worth + weight * end[1 - self.own], lead + weight * end[self.own]
            elif turn == self.follower:
                bags = decisions.setdefault(self.rules.sees(position), {})
                for move in self.rules.moves(position):
                    to = self.rules.after(position, move.name)
                    bags.setdefault(move.name, []).append((to, weight))
            else:
                waiting.extend([(to, weight * p) for _, to, p in walker.steps(position) if p])
        lead = sign * lead
        for bags in decisions.values():
            found = [self.reply(walker, below, sign) for below in bags.values()]
            best = max(pair[0] for pair in found)
            worth += best
            lead += max(pair[1] for pair in found if pair[0] >= best - self.slack)
        return worth, lead

    def pure(self, positions: list[Any]) -> list[dict[str, str]]:
        """The follower's pure strategies from positions that it cannot tell from outside apart."""
        together: dict[Hashable, dict[str, list[Any]]] = {}
        waiting = list(positions)
        while waiting:
            position = waiting.pop()
            turn = self.rules.turn(position)
            if turn == "end":
                continue
            below = {m.name: self.rules.after(position, m.name) for m in self.rules.moves(position)}
            if turn != self.follower:
                waiting.extend(below.values())
                continue
            bags = together.setdefault(self.rules.sees(position), {move: [] for move in below})
            for move, after in below.items():
                bags[move].append(after)
        found: list[dict[str, str]] = [{}]
        for sees, bags in together.items():
            name = sees if isinstance(sees, str) else repr(sees)
            here = [
                {name: move, **rest} for move, below in bags.items() for rest in self.pure(below)
            ]
            found = [{**one, **two} for one in found for two in here]
        return found

    def bounded(self, reply: Reply, bound: Mapping[str, Any]) -> Any:
        """The most the leader gets by one bound."""
        price, against = bound.get("price"), bound.get("against")
        if isinstance(price, bool) or not isinstance(price, int | float) or not price >= 0:
            raise BadCertificate(f"the price of the bound for {reply} is no number of at least 0")
        if not isinstance(against, Mapping):
            raise BadCertificate(f"the bound for {reply} has no strategy to compare with")
        walker = Walker(self.rules, lookup({self.follower: against}), self.number)
        one = self.number(1)
        worth = _Worth(self, walker, reply, self.number(price))
        return worth.best([(self.rules.start(), one, one)])


class _Worth:
    """The leader's payoff against a reply, plus the price of the follower's advantage."""

    def __init__(self, checker: _Checker, walker: Walker, reply: Reply, price: Any) -> None:
        self.checker, self.walker, self.reply, self.price = checker, walker, reply, price

    def best(self, bag: list[tuple[Any, Any, Any]]) -> Any:
        """`bag` holds positions, how often the reply leads there and how often the other plan."""
        checker, walker, rules = self.checker, self.walker, self.checker.rules
        total, own = checker.number(0), checker.own
        decisions: dict[Hashable, dict[str, list[tuple[Any, Any, Any]]]] = {}
        waiting = list(bag)
        while waiting:
            position, by_reply, by_other = waiting.pop()
            turn = walker.turn(position)
            if turn == "end":
                end = walker.end(position)
                total += by_reply * end[own] + self.price * (by_reply - by_other) * end[1 - own]
            elif turn == checker.leader:
                bags = decisions.setdefault(rules.sees(position), {})
                for move in rules.moves(position):
                    to = rules.after(position, move.name)
                    bags.setdefault(move.name, []).append((to, by_reply, by_other))
            else:
                waiting.extend(self.steps(position, turn, by_reply, by_other))
        for bags in decisions.values():
            total += max([self.best(below) for below in bags.values()])
        return total

    def steps(
        self, position: Any, turn: str, by_reply: Any, by_other: Any
    ) -> list[tuple[Any, Any, Any]]:
        steps = self.walker.steps(position)
        if turn == "chance":
            return [(to, by_reply * p, by_other * p) for _, to, p in steps]
        sees = self.checker.rules.sees(position)
        chosen = self.reply.get(sees if isinstance(sees, str) else repr(sees))
        zero = self.checker.number(0)
        return [(to, by_reply if move == chosen else zero, by_other * p) for move, to, p in steps]


def _key(reply: Any) -> frozenset[tuple[str, str]]:
    if not isinstance(reply, Mapping):
        raise BadCertificate("a bound has no reply")
    return frozenset((str(name), str(move)) for name, move in reply.items())
