"""The domains of the protocol: instances, how they are played, and what certifies each play."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from functools import lru_cache

from safetycase.methods.oversight.domains.primes import (
    pollard_rho,
    semiprime,
    shown_composite,
)
from safetycase.methods.oversight.domains.trees import Tree
from safetycase.methods.oversight.protocols.prover_estimator.one_round import (
    Leaves,
    Solved,
    hidden_false,
    looked_at,
    solve,
)
from safetycase.methods.oversight.protocols.prover_estimator.orders import estimator_leads
from safetycase.methods.oversight.protocols.prover_estimator.rounds import play_tree
from safetycase.methods.oversight.protocols.prover_estimator.rules import (
    GridGame,
    World,
    own_grid,
)
from safetycase.methods.oversight.protocols.prover_estimator.switches import Switches
from safetycase.methods.oversight.protocols.prover_estimator.theory import payoff_range
from safetycase.plugin.protocols import Domain, Played, Rules

__all__ = [
    "INTERVALS",
    "Looks",
    "best_win",
    "domains",
    "hidden",
    "informed_share",
    "matched_win",
    "worth_of_search",
]

INTERVALS, SAMPLE = 64, 40
CLOSE = 1e-9


def domains(tree: Tree, switches: Switches) -> tuple[Domain, ...]:
    """The domains, with the rule of the tree and a reading of the protocol."""
    plays = _Plays(tree, switches)
    return (
        Domain(
            name="stable trees",
            says="Trees of one rule whose leaves both sides know; the size is the number of "
            "rounds. The claim is true or false by the seed.",
            unit="operations",
            sizes=(1, 2, 3),
            play=plays.stable,
        ),
        Domain(
            name="small arguments",
            says="More than half of a few leaves that both sides know, with all numbers on a grid; "
            "the size is the number of leaves. The claim is true or false by the seed.",
            unit="operations",
            sizes=(2, 3),
            play=plays.small,
            small=(2, 3),
            rules=plays.small_rules,
        ),
        Domain(
            name="hidden false leaf",
            says="A conjunction with exactly one false leaf, that neither side can tell; the size "
            "is the number of leaves. The claim is false.",
            unit="operations",
            sizes=(2, 5, 10, 30, 101),
            play=plays.hidden,
            small=(2, 3),
            rules=plays.hidden_rules,
        ),
        Domain(
            name="prime intervals",
            says=f"That a product of two primes is prime, split into {INTERVALS} intervals without "
            "a divisor; the size is the number of bits. The claim is false.",
            unit="operations",
            sizes=(20, 30, 40, 50),
            play=plays.primes,
        ),
    )


@dataclass(frozen=True, slots=True)
class _Plays:
    tree: Tree
    switches: Switches

    def stable(self, size: int, seed: int) -> Played:
        tree = Tree(
            inputs=self.tree.inputs,
            needed=self.tree.needed,
            dissent=self.tree.dissent,
            depth=size,
            truth=_truth("stable", size, seed),
        )
        found = play_tree(tree, self.switches)
        honest = self.switches.reward(1.0 if tree.truth else 0.0)
        spread = payoff_range(size, self.switches)
        return _played(
            tree.truth,
            (found.root_low, found.root_high),
            gap=max(0.0, honest - found.value - CLOSE) / spread,
            certificate="backward induction over numbers on a grid that holds the truth; that no "
            "other numbers do better follows where the weights outgrow the errors",
            cost=float(tree.leaves),
            judge=size + 1.0,
        )

    def small(self, size: int, seed: int) -> Played:
        game = self._game(size, seed)
        found = estimator_leads(game)
        return _played(
            sum(game.worlds[0].leaves) >= game.needed,
            (found.root_low, found.root_high),
            gap=found.gap,
            certificate="all numbers of the grid, with the prover's best calls to each",
            cost=float(size),
            judge=2.0,
        )

    def small_rules(self, size: int, seed: int) -> Rules:
        return self._game(size, seed)

    def hidden(self, size: int, _seed: int) -> Played:
        found = hidden(size, 0.0, self.switches)
        return _played(
            False,
            (found.root_low, found.root_high),
            gap=_left(size, self.switches),
            certificate="a convex cost over the leaf's number, least within a bracket of 1e-12",
            cost=float(size),
            judge=2.0,
        )

    def hidden_rules(self, size: int, _seed: int) -> Rules:
        """Neither side is told which leaf is false; the calibrated number is on the grid."""
        worlds = tuple(
            World(probability=1 / size, leaves=tuple(j != i for j in range(size)))
            for i in range(size)
        )
        return self._grid(worlds, size, tuple(sorted({0.0, 1 - 1 / size, 1.0})))

    def primes(self, size: int, seed: int) -> Played:
        n = semiprime(size, seed).n
        shown = shown_composite(n)
        found = hidden(INTERVALS, informed_share(size, shown.operations), self.switches)
        return _played(
            False,
            (found.root_low, found.root_high),
            gap=_left(INTERVALS, self.switches),
            certificate="Miller-Rabin shows a factor to exist; then a convex cost over the leaf's "
            "number, least within a bracket of 1e-12",
            cost=float(shown.operations),
            judge=2.0,
        )

    def _game(self, size: int, seed: int) -> GridGame:
        truth = _truth("small", size, seed)
        worlds = (World(probability=1.0, leaves=(truth,) * size),)
        return self._grid(worlds, size // 2 + 1, (0.0, 0.5, 1.0))

    def _grid(self, worlds: tuple[World, ...], needed: int, grid: tuple[float, ...]) -> GridGame:
        def game(root: tuple[float, ...]) -> GridGame:
            return GridGame(
                worlds=worlds,
                needed=needed,
                root_grid=root,
                leaf_grid=grid,
                first=self.switches.weight(0),
                stake=self.switches.weight(1),
                flawed=self.switches.root == "loses",
            )

        return game(own_grid(game((0.0, 1.0))))


def hidden(count: int, informed: float, switches: Switches) -> Solved:
    """The one-round game on a hidden false leaf, with the weights of two rounds."""
    return _hidden(count, round(informed, 6), switches)


@lru_cache(maxsize=512)
def _hidden(count: int, informed: float, switches: Switches) -> Solved:
    return _solved(hidden_false(count, informed=informed), switches)


def _solved(leaves: Leaves, switches: Switches, rounds: int = 1) -> Solved:
    """A conjunction; p^n and the calls are convex in p where calls are paid by their gaps."""
    return solve(
        leaves,
        stake=switches.weight(rounds),
        first=switches.weight(0),
        switches=switches,
        convex=switches.root == "number" and switches.payoff == "linear",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """At how many leaves each side looks before the numbers are given.

    With `private` looks the sides draw their leaves independently and neither sees what the other
    saw. Otherwise the estimator can run whatever the prover runs at his own compute: all his
    looks are among hers, or hers among his, and only what she has beyond him is private.
    """

    prover: int
    estimator: int
    private: bool = True


@lru_cache(maxsize=4096)
def matched_win(count: int, looks: Looks, switches: Switches, rounds: int = 1) -> float:
    """How often a false claim with a hidden leaf is accepted after looks at the leaves.

    The estimator rejects it when he meets the false leaf, or has seen all others. If not, his best
    consistent numbers decide; he knows at how many leaves the prover looked. `rounds` sets what a
    leaf weighs: the conjunction may be cut into that many rounds.
    """
    prover, estimator = min(looks.prover, count), looks.estimator
    if estimator >= count - 1:
        return 0.0
    if looks.private:
        leaves = looked_at(count, prover, estimator)
    else:
        leaves = looked_at(count - estimator, max(0, prover - estimator), 0)
    found = _solved(leaves, switches, rounds)
    return (1 - estimator / count) * (found.root_high >= 0.5)


def best_win(count: int, looks: Looks, switches: Switches, rounds: int = 1) -> float:
    """The same where the prover chooses at how many leaves to look, up to the number given."""
    most = min(looks.prover, count)
    tried = {0, most, *range(min(most, 12) + 1), *(most * i // 16 for i in range(16))}
    if not looks.private:
        tried = {max(n, min(most, looks.estimator)) for n in tried}
    return max(
        matched_win(count, replace(looks, prover=n), switches, rounds) for n in sorted(tried)
    )


@lru_cache(maxsize=256)
def informed_share(bits: int, operations: int) -> float:
    """How often Pollard's rho finds the factor within so many operations, on a sample."""
    return worth_of_search(bits, operations, SAMPLE, 10_000) / SAMPLE


def worth_of_search(bits: int, operations: int, trials: int, seed: int) -> int:
    """On how many of so many products rho finds the factor within so many operations."""
    found = 0
    for i in range(trials):
        n = semiprime(bits, seed + i).n
        found += pollard_rho(n, operations, seed + i).found > 0
    return found


def _truth(what: str, size: int, seed: int) -> bool:
    return random.Random(f"{what} {size} {seed}").random() < 0.5  # noqa: S311 - an instance


def _left(count: int, switches: Switches) -> float:
    """What the bracket of the search leaves open, as a share of the payoff range."""
    return 1e-12 * (count + switches.weight(1)) / payoff_range(1, switches)


def _played(
    truth: bool,
    root: tuple[float, float],
    *,
    gap: float,
    certificate: str,
    cost: float,
    judge: float,
) -> Played:
    """The verdict accepts from a root number of 1/2 on; a tie leaves it between its ends."""
    wrong = sorted(float((number >= 0.5) != truth) for number in root)
    return Played(
        truth=truth,
        error_low=wrong[0],
        error_high=wrong[-1],
        gap=gap,
        certificate=certificate,
        honest_cost=cost,
        opponent_cost=cost,
        judge_cost=judge,
    )
