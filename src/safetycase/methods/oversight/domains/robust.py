"""Computations that bear wrong answers: votes, and votes of votes, over many oracle answers.

What a computation bears is exact: the smallest number of answers whose change flips its output.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Computation", "conjunction", "robust_instance"]

GROUP = 5
NOISE = (0.05, 0.4)  # share of answers that disagree with the truth, drawn between these
_DRAWS = 40


@dataclass(frozen=True, slots=True)
class Computation:
    """1 iff at least `most` groups say 1; a group does iff at least `each` of its answers do.

    The answers are cut into groups of `group` in their order; their number is a multiple of it.
    """

    answers: int
    group: int
    each: int
    most: int

    def __post_init__(self) -> None:
        if self.group < 1 or self.answers < 1 or self.answers % self.group:
            raise ValueError(f"{self.answers} answers cannot be cut into groups of {self.group}")
        if not 1 <= self.each <= self.group or not 1 <= self.most <= self.answers // self.group:
            raise ValueError("a threshold is from 1 to the number of votes")

    def groups(self, answers: Sequence[bool]) -> list[Sequence[bool]]:
        """The answers of each group."""
        return [answers[i : i + self.group] for i in range(0, self.answers, self.group)]

    def run(self, answers: Sequence[bool]) -> bool:
        """The output on these answers."""
        return sum(sum(part) >= self.each for part in self.groups(answers)) >= self.most

    def flip(self, answers: Sequence[bool]) -> list[int]:
        """Places of the fewest answers whose change flips the output.

        Groups do not share answers, so that the cheapest groups, each flipped as cheaply as it
        can be, are an optimum.
        """
        output = self.run(answers)
        said = [sum(part) >= self.each for part in self.groups(answers)]
        needed = sum(said) - self.most + 1 if output else self.most - sum(said)
        costs = []
        for index, part in enumerate(self.groups(answers)):
            if said[index] == output:
                count = sum(part)
                few = count - self.each + 1 if output else self.each - count
                places = [index * self.group + i for i, a in enumerate(part) if a == output]
                costs.append(places[:few])
        costs.sort(key=len)
        return [place for places in costs[:needed] for place in places]


def conjunction(answers: int) -> Computation:
    """1 iff every answer is 1: one changed answer is enough."""
    return Computation(answers=answers, group=1, each=1, most=answers)


def robust_instance(
    size: int, seed: int, *, truth: bool, borne: float
) -> tuple[Computation, tuple[bool, ...]]:
    """A vote, or a vote of votes, and answers of which more than that share must change.

    Of those among forty draws that bear as much, the one that bears least. `ValueError` if there
    is none.
    """
    draw = random.Random(f"{size} {seed} {truth}")  # noqa: S311
    found = None
    least = size + 1
    for _ in range(_DRAWS):
        group = draw.choice((1, GROUP)) if size % GROUP == 0 else 1
        votes = size // group
        computation = Computation(size, group, group // 2 + 1, votes // 2 + 1)
        noise = draw.uniform(*NOISE)
        answers = tuple((draw.random() >= noise) == truth for _ in range(size))
        flips = len(computation.flip(answers))
        if computation.run(answers) == truth and borne * size < flips < least:
            found, least = (computation, answers), flips
    if found is None:
        raise ValueError(
            f"no computation on {size} answers bears a share of {borne:g} of wrong ones"
        )
    return found
