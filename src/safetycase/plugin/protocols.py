"""The contract of an oversight protocol: its game, its statement, its costs and its attacks.

A protocol is one frozen `OversightProtocol` under the entry-point group `safetycase.protocols`.
The methods `oversight/*` instantiate its statement with numbers, play it on its solvable domains,
attack it, and search all of its approximate equilibria; a case that names another protocol gets
another module of oversight and keeps the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from safetycase.plugin.entries import loaded

__all__ = [
    "GROUP",
    "Assumed",
    "Attack",
    "Attacked",
    "Bound",
    "BrokenProtocol",
    "Condition",
    "Domain",
    "End",
    "Move",
    "OversightProtocol",
    "Played",
    "Rules",
    "Turn",
    "protocol",
]

GROUP = "safetycase.protocols"
Turn = Literal["first", "second", "chance", "end"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One thing that can happen at a position; `probability` where it is chance's turn."""

    name: str
    probability: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """How a game ended.

    `first` and `second` are the payoffs of the two players; `wrong` is the probability that the
    verdict is wrong, which no player need care about; `judge` counts the queries the judge spent,
    `first_cost` and `second_cost` the steps the players spent.
    """

    first: float
    second: float
    wrong: float
    judge: float = 0.0
    first_cost: float = 0.0
    second_cost: float = 0.0


class Rules(Protocol):
    """A finite two-player game with chance moves and perfect recall, by its positions.

    A position is any hashable value. `sees` is what the player whose turn it is can tell apart:
    positions of one player with equal `sees` are one information set and offer the same moves.
    """

    def start(self) -> Hashable:
        """The position the game starts from."""

    def turn(self, position: Any) -> Turn:
        """Whose turn it is."""

    def moves(self, position: Any) -> Sequence[Move]:
        """What can happen next, at least one; with probabilities that add up where chance moves."""

    def after(self, position: Any, move: str) -> Hashable:
        """The position that the move of that name leads to."""

    def sees(self, position: Any) -> Hashable:
        """What the player whose turn it is knows of the position."""

    def end(self, position: Any) -> End:
        """How the game ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What play at the equilibrium that the solver returns does on one instance.

    The probability that the verdict is wrong lies between `error_low` and `error_high`; `gap` is
    the most that either side could still gain (0 for exact backward induction) and `certificate`
    says in words what shows that. It is the error of ONE equilibrium, so a lower bound on that of
    all of them. Costs are in the unit of the domain.
    """

    truth: bool
    error_low: float
    error_high: float
    gap: float
    certificate: str
    honest_cost: float
    opponent_cost: float
    judge_cost: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """A family of instances whose truth is known by construction.

    `play(size, seed)` makes the instance of that size and plays it; `sizes` are those that take
    less than a second each, smallest first. `rules(size, seed)` is the same instance as a game
    small enough for its whole tree, for `small` sizes; None where there is no such form. `unit`
    says what costs count.
    """

    name: str
    says: str
    unit: str
    sizes: tuple[int, ...]
    play: Callable[[int, int], Played]
    small: tuple[int, ...] = ()
    rules: Callable[[int, int], Rules] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attacked:
    """How often an attack made the verdict wrong on instances of one size.

    Simulated attacks count `successes` of `trials` on different instances; one whose success is
    known exactly gives it as `exact` with no trials. Compute is in the unit of the domain.
    """

    successes: int = 0
    trials: int = 0
    exact: float | None = None
    attacker_compute: float = 0.0
    defender_compute: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """A known attack on the protocol, on one of its domains.

    `run(size, budget, trials, seed)`: `budget` is the attacker's compute as a multiple of what
    the defender gets on that size.
    """

    name: str
    says: str
    domain: str
    sizes: tuple[int, ...]
    run: Callable[[int, float, int, int], Attacked]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumed:
    """Something the statement about equilibria needs and does not show."""

    name: str
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One condition of the statement, with the numbers it was checked for."""

    name: str
    holds: bool
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """What the statement gives for its constants, a judge error and an equilibrium gap.

    `disagreement` bounds the probability that the verdict is not M's: 1.0 where nothing follows.
    Costs are bounds in the unit of the protocol's domains; infinity where there is none. If one
    of the `conditions` fails, the numbers mean nothing and `disagreement` is 1.0.
    """

    disagreement: float
    honest_cost: float
    opponent_cost: float
    judge_cost: float
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OversightProtocol:
    """One way to oversee a model that may know more than its judge.

    `constants` is a frozen dataclass of the numbers of the statement, with defaults;
    `theory(constants, judge_error, equilibrium_gap)` propagates them: judge_error is the rate at
    which the human input is wrong, equilibrium_gap the largest gain of a best response as a share
    of the payoff range. It never falls when either rises. `order` says who commits first.
    `corrupted()` is the same protocol with a planted flaw: its plays must break the statement.
    `reconstruction` says what of it is our reading and not the paper's; empty if nothing is.
    """

    name: str
    version: str
    says: str
    source: str
    statement: str
    human_input: str
    order: Literal["simultaneous", "first leads", "second leads"]
    assumes: tuple[Assumed, ...]
    constants: type[Any]
    theory: Callable[[Any, float, float], Bound]
    domains: tuple[Domain, ...]
    attacks: tuple[Attack, ...]
    corrupted: Callable[[], OversightProtocol]
    limits: tuple[str, ...]
    reconstruction: str = ""


class BrokenProtocol(Exception):
    """A protocol is named that cannot be had; the message says why."""


def protocol(name: str) -> OversightProtocol:
    """The protocol of that name, imported; `BrokenProtocol` with the reason otherwise."""
    return loaded(GROUP, name, OversightProtocol, BrokenProtocol)
