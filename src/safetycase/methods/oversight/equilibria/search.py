"""The largest error over a set of profiles: branch and bound between a witness and a proof."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from safetycase.methods.games.extensive.errors import GameError
from safetycase.methods.oversight.equilibria.certificate import Box, Certificate
from safetycase.methods.oversight.equilibria.concepts import Concept
from safetycase.methods.oversight.equilibria.profile import Profile, exact_plan, expected
from safetycase.methods.oversight.equilibria.program import Program
from safetycase.methods.oversight.equilibria.relaxation import (
    Level,
    Relaxation,
    kept_pairs,
    least_entries,
)
from safetycase.methods.oversight.equilibria.witness import climb, scattered

__all__ = ["Budget", "Found", "largest_error"]

SELDOM = 1e-6
LARGEST = 20_000_000
MIXES = tuple(Fraction(1, 10**k) for k in (10, 9, 8, 6, 4))


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """When to stop: the ends are `tolerance` apart, or `nodes` boxes were bounded.

    A large relaxation gets fewer boxes, `work` / (entries of its matrices)² at most, which keeps a
    gap to some seconds; and the finest level is taken whose entries are within `entries`.
    """

    tolerance: float = 1e-3
    nodes: int = 200
    work: int = 4 * 10**9
    entries: tuple[tuple[Level, int], ...] = (
        ("products", 8_000),
        ("slackness", 200_000),
        ("pairs", 100_000),
    )
    starts: int = 6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Found:
    """The largest error lies in [low, high]: `witness` has error `low`, `proofs` show `high`.

    `proofs` holds for every program the certificates of boxes that together cover its plans.
    `closed` says that the ends are within the tolerance; otherwise the budget was spent.
    `level` says which relaxation it was. `low` is 0 and `witness` None where none was found.
    """

    low: float
    high: float
    witness: Profile | None
    nodes: int
    level: Level
    closed: bool
    proofs: tuple[tuple[Program, Certificate], ...]


def largest_error(
    concept: Concept,
    budget: Budget | None = None,
    tried: tuple[Profile, ...] = (),
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Found:
    """The largest probability of a wrong verdict over the set, between two proven ends.

    `tried` are profiles that may lie in the set, such as witnesses of smaller gaps.
    """
    return _Search(concept, budget or Budget(), progress).run(tried)


@dataclass(slots=True, eq=False)
class _Node:
    bound: float
    place: int
    box: Box
    points: Any
    certificate: Certificate


def _laid_out(concept: Concept, budget: Budget) -> tuple[Level, list[Relaxation]]:
    """The finest relaxation that is small enough; `GameError` where none is."""
    plans = concept.plans or (concept.game.first, concept.game.second)
    pairs = max(math.prod(each.width) for each in concept.programs)
    for level, most in budget.entries if pairs <= LARGEST else ():
        if max(least_entries(each, level) for each in concept.programs) > most:
            continue
        made = [Relaxation(each, kept_pairs(each, plans, level)) for each in concept.programs]
        if max(each.size for each in made) <= most:
            return level, made
    raise GameError(
        f"a game of {len(plans[0]):,} and {len(plans[1]):,} sequences is too large to bound: take "
        "a smaller instance"
    )


class _Search:
    def __init__(
        self, concept: Concept, budget: Budget, progress: Callable[[int, int], None]
    ) -> None:
        self.concept, self.budget, self.progress = concept, budget, progress
        self.low, self.nodes = 0.0, 0
        self.witness: Profile | None = None
        self.level, self.relaxations = _laid_out(concept, budget)
        size = max(each.size for each in self.relaxations)
        self.most = max(len(self.relaxations), min(budget.nodes, budget.work // size**2))
        self.queue: list[tuple[float, int, _Node]] = []
        self.done: list[_Node] = []

    def run(self, tried: tuple[Profile, ...]) -> Found:
        for profile in (*tried, *((self.concept.start,) if self.concept.start else ())):
            self._offer(profile)
        for place in range(len(self.relaxations)):
            self._bound(place, Box(), None)
        self._scatter()
        while self.queue and self.nodes + 2 <= self.most:
            if -self.queue[0][0] - self.low <= self.budget.tolerance:
                break
            node = heapq.heappop(self.queue)[2]
            halves = self._halves(node)
            if not halves:
                self.done.append(node)
            for box in halves:
                self._bound(node.place, box, node)
            self.progress(self.nodes, self.most)
        self.done += [each[2] for each in self.queue]
        return self._found()

    def _found(self) -> Found:
        high = min(1.0, max(self.low, *(node.bound for node in self.done)))
        programs = self.concept.programs
        return Found(
            low=self.low,
            high=high,
            witness=self.witness,
            nodes=self.nodes,
            level=self.level,
            closed=high - self.low <= self.budget.tolerance,
            proofs=tuple((programs[each.place], each.certificate) for each in self.done),
        )

    def _bound(self, place: int, box: Box, parent: _Node | None) -> None:
        """Bound one box; the parent's proof covers it too, and stays where it is better."""
        relaxation = self.relaxations[place]
        self.nodes += 1
        relaxed = relaxation.at(box, self.low)
        if relaxed.points is not None:
            self._climb(place, relaxed.points[0], relaxed.points[1])
        node = _Node(relaxed.bound, place, box, relaxed.points, relaxed.certificate)
        if parent is not None and parent.bound < node.bound:
            node.bound, node.certificate = parent.bound, parent.certificate
        if relaxed.points is None or node.bound <= self.low + self.budget.tolerance:
            self.done.append(node)
        else:
            heapq.heappush(self.queue, (-node.bound, self.nodes, node))

    def _halves(self, node: _Node) -> tuple[Box, ...]:
        """Cut where the products of plans are furthest from what the plans say."""
        import numpy as np

        program = self.relaxations[node.place].program
        xi, psi, products = node.points
        own, reply = xi[: program.m], psi[: program.n]
        apart = products - np.outer(own, reply)
        off = np.zeros(apart.shape)
        for matrix in (program.objective, *program.couplings):
            off += np.maximum(matrix[: program.m, : program.n].toarray() * apart, 0)
        scores = off.sum(axis=1), off.sum(axis=0)
        player = 0 if scores[0][1:].max(initial=0) >= scores[1][1:].max(initial=0) else 1
        if scores[player][1:].max(initial=0) <= 1e-9:
            return ()
        sequence = 1 + int(np.argmax(scores[player][1:]))
        low, high = node.box.of(player, sequence)
        point = 0.7 * float((own, reply)[player][sequence]) + 0.15 * (low + high)
        margin = 0.05 * (high - low)
        return node.box.cut(player, sequence, min(max(point, low + margin), high - margin))

    def _scatter(self) -> None:
        """Climb from random corners of the set, reached from the solver's equilibrium."""
        import numpy as np

        generator = np.random.default_rng(0)
        for _ in range(self.budget.starts):
            node = (*[each[2] for each in self.queue], *self.done)[0]
            program = self.concept.inner[node.place]
            if node.points is None or self.low >= node.bound - self.budget.tolerance:
                return
            psi = scattered(program, node.points[1], generator)
            if psi is not None:
                self._climb(node.place, None, psi)

    def _climb(self, place: int, xi: Any, psi: Any) -> None:
        climbed = climb(self.concept.inner[place], xi, psi)
        if climbed is None or climbed[0] <= self.low:
            return
        plans = self.concept.game.first, self.concept.game.second
        profile, plainer = (
            Profile(*(exact_plan(*each, least) for each in zip(plans, climbed[1:], strict=True)))
            for least in (0.0, SELDOM)
        )
        # Rounding may leave the set by a hair, or a tie stand in the way: a little further in.
        inside = self.concept.insides[place] if self.concept.insides else None
        middles = [Profile(inside, profile.second)] if inside else []
        middles += [self.concept.start] if self.concept.start else []
        mixes = (profile.mixed(middle, share) for middle in middles for share in MIXES)
        any(self._offer(each) for each in (profile, plainer, *mixes))

    def _offer(self, profile: Profile) -> bool:
        """Take the profile as the witness if it is in the set and errs more; whether it is in."""
        if not self.concept.admits(profile):
            return False
        error = expected(self.concept.game.wrong, profile)
        if self.witness is None or float(error) > self.low:
            self.low, self.witness = float(error), profile
        return True
