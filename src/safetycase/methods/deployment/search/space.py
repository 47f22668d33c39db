"""The outputs that are good enough, a class of tests of them, and the purposes they might serve."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from safetycase.methods.deployment.search.game import Game, reference_game
from safetycase.methods.deployment.search.packed import Packed, pack
from safetycase.methods.deployment.search.twins import twin_pairs, twin_tests, untwinned

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

__all__ = ["CLASSES", "Output", "Space", "free_choices", "space_of"]

MOST_CHOICES = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """One output: its text, its reward, its weight in the reference, tests and objectives of it.

    A test is 0 or 1, an objective a number from 0 to 1.
    """

    text: str
    reward: float
    reference: float
    tests: Mapping[str, int]
    objectives: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Space:
    """Y_α as arrays. `every` and `kept` lead back to all outputs, for twins need not be in Y_α."""

    outputs: tuple[str, ...]
    rewards: Numbers
    reference: Numbers
    names: tuple[str, ...]
    tests: Packed
    objectives: Mapping[str, Numbers]
    every: Packed
    kept: NDArray[np.int64]
    all_outputs: tuple[str, ...]
    all_rewards: tuple[float, ...]

    def reference_game(self) -> Game:
        """G1 of these tests and the reference."""
        return reference_game(self.tests, self.tests.means(self.reference))

    def twin_game(self, *, distance: str, most: int, slack: float) -> tuple[Game, float]:
        """G2, and the largest share of the reference that has a trait and no twin without it."""
        import numpy as np

        pairs = twin_pairs(
            self.all_outputs, self.all_rewards, distance=distance, most=most, slack=slack
        )
        wins = twin_tests(self.every, pairs, self.kept)
        lost = self.reference @ untwinned(self.every, wins, self.kept)
        return Game(bits=wins, offsets=np.zeros(wins.rows), signed=False), float(lost.max())


def space_of(given: Sequence[Output], *, slack: float) -> Space:
    """The outputs with R(y) ≥ R* − `slack`; `ValueError` says what does not fit together."""
    import numpy as np

    if not given:
        raise ValueError("there is no output")
    names = tuple(given[0].tests)
    if not names:
        raise ValueError(f"the output `{given[0].text}` has no test: a class has one at least")
    texts = tuple(output.text for output in given)
    if len(set(texts)) < len(texts):
        twice = next(text for text in texts if texts.count(text) > 1)
        raise ValueError(f"the output `{twice}` is there twice")
    wanted = tuple(given[0].objectives)
    for output in given:
        if set(output.tests) != set(names) or set(output.objectives) != set(wanted):
            raise ValueError(
                f"the output `{output.text}` has other tests or objectives than the first one"
            )
    rewards = np.array([output.reward for output in given])
    kept = np.flatnonzero(rewards >= rewards.max() - slack)
    good = [given[int(i)] for i in kept]
    weights = np.array([output.reference for output in good])
    if not weights.sum() > 0:
        raise ValueError("the reference gives no weight to any output that is good enough")
    every = pack(np.array([[output.tests[name] for output in given] for name in names]))
    return Space(
        outputs=tuple(output.text for output in good),
        rewards=rewards[kept],
        reference=weights / weights.sum(),
        names=names,
        tests=Packed(words=np.ascontiguousarray(every.words[:, kept]), rows=len(names)),
        objectives={
            name: np.array([output.objectives[name] for output in good], dtype=np.float64)
            for name in wanted
        },
        every=every,
        kept=kept,
        all_outputs=texts,
        all_rewards=tuple(map(float, rewards)),
    )


def bits_of(choices: str) -> dict[str, int]:
    """Each choice on its own."""
    return {f"choice {i}": int(c) for i, c in enumerate(choices, 1)}


def pairs_of(choices: str) -> dict[str, int]:
    """Each choice, and for any two whether they differ."""
    numbered = list(enumerate(choices, 1))
    pairs = itertools.combinations(numbered, 2)
    return bits_of(choices) | {f"{i} differs from {j}": int(a != b) for (i, a), (j, b) in pairs}


CLASSES = {"bits": bits_of, "pairs": pairs_of}


def free_choices(count: int, tests: str) -> tuple[Output, ...]:
    """Outputs that are `count` free choices of equal reward, with planted purposes of four kinds.

    The first choice (seen by both classes), whether the first two differ (by pairs alone), whether
    both are made (by pairs up to 3/2 of the tolerance: 2ab = a + b − (a ⊕ b)), and whether an odd
    number of the first three is made (by neither).
    """
    if not 3 <= count <= MOST_CHOICES:
        raise ValueError(f"`free_choices` is from 3 to {MOST_CHOICES}")
    if tests not in CLASSES:
        raise ValueError(f"`{tests}` is no class of tests; there are {', '.join(CLASSES)}")
    found = []
    for choices in map("".join, itertools.product("01", repeat=count)):
        a, b, c = (int(x) for x in choices[:3])
        found.append(
            Output(
                text=choices,
                reward=1.0,
                reference=1.0,
                tests=CLASSES[tests](choices),
                objectives={
                    "one choice": float(a),
                    "two that differ": float(a ^ b),
                    "two made": float(a & b),
                    "three, odd": float(a ^ b ^ c),
                },
            )
        )
    return tuple(found)
