"""Twins: outputs near each other of similar reward, and the tests that tell them apart.

In the twin game Bob wins with (f, y′) against y iff f(y) = 1, f(y′) = 0, d(y, y′) ≤ δ and
|R(y) − R(y′)| ≤ α. That every output with a flaw has a twin without it is the assumption of
symmetric solutions; `untwinned` says where it fails.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from safetycase.methods.deployment.search.packed import WORD, Packed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Indices = NDArray[np.int64]
    Words = NDArray[np.uint16]

__all__ = [
    "MOST_DISTANCE",
    "edit_distance",
    "flips",
    "hamming_distance",
    "twin_pairs",
    "twin_tests",
    "untwinned",
]

MOST_DISTANCE = 3
MOST_VARIANTS = MOST_PAIRS = 20_000_000


def hamming_distance(one: str, other: str) -> float:
    """Places at which they differ; infinite for strings of two lengths."""
    if len(one) != len(other):
        return math.inf
    return sum(a != b for a, b in zip(one, other, strict=True))


def edit_distance(one: str, other: str) -> float:
    """Insertions, deletions and replacements of a character (Levenshtein 1966)."""
    above = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            row.append(min(above[j] + 1, row[-1] + 1, above[j - 1] + (a != b)))
        above = row
    return above[-1]


DISTANCES: dict[str, Callable[[str, str], float]] = {
    "hamming": hamming_distance,
    "edit": edit_distance,
}


def twin_pairs(
    outputs: Sequence[str], rewards: Sequence[float], *, distance: str, most: int, slack: float
) -> tuple[tuple[int, int], ...]:
    """All pairs (i, j), i < j, of different outputs at most `most` apart, rewards within `slack`.

    Outputs that are within k edits have a string in common that is left of each by deleting k
    characters or fewer; only such pairs are compared. `ValueError` where these are too many.
    """
    if distance not in DISTANCES:
        raise ValueError(f"`{distance}` is no distance; there are {', '.join(DISTANCES)}")
    if not 0 <= most <= MOST_DISTANCE:
        raise ValueError(f"a distance from 0 to {MOST_DISTANCE}")
    sizes = sum(sum(math.comb(len(text), k) for k in range(most + 1)) for text in outputs)
    if sizes > MOST_VARIANTS:
        raise ValueError(
            f"{sizes:,} shortened outputs are more than {MOST_VARIANTS:,}; take a smaller "
            "distance, shorter outputs, or fewer"
        )
    measure = DISTANCES[distance]
    bins: dict[str, list[int]] = {}
    for number, text in enumerate(outputs):
        for variant in set(_shortened(text, most)):
            bins.setdefault(variant, []).append(number)
    compared = sum(math.comb(len(held), 2) for held in bins.values())
    if compared > MOST_PAIRS:
        raise ValueError(
            f"{compared:,} pairs to compare are more than {MOST_PAIRS:,}; take a smaller "
            "distance, or fewer outputs"
        )
    candidates = {pair for held in bins.values() for pair in itertools.combinations(held, 2)}
    return tuple(
        sorted(
            (i, j)
            for i, j in candidates
            if abs(rewards[i] - rewards[j]) <= slack and measure(outputs[i], outputs[j]) <= most
        )
    )


def _shortened(text: str, most: int) -> Iterator[str]:
    for count in range(min(most, len(text)) + 1):
        for gone in itertools.combinations(range(len(text)), count):
            left, start = "", 0
            for place in gone:
                left += text[start:place]
                start = place + 1
            yield left + text[start:]


def twin_tests(tests: Packed, pairs: Sequence[tuple[int, int]], outputs: Indices) -> Packed:
    """The rows of the twin game on `outputs`: those of F, then those of the complements.

    Row f is 1 at y where f(y) = 1 and a twin has f = 0. Twins may be outputs that are not among
    `outputs`, for a twin need not be near-optimal, only similar. Both halves are padded to whole
    words with rows that are 0 everywhere and pay nothing.
    """
    import numpy as np

    every = tests.words
    some, all_ = np.zeros_like(every), np.full_like(every, 0xFFFF)
    if pairs:
        ends = np.array(pairs, dtype=np.int64)
        for to, other in (ends.T, ends.T[::-1]):
            for word in range(len(every)):
                np.bitwise_or.at(some[word], to, every[word][other])
                np.bitwise_and.at(all_[word], to, every[word][other])
    return _stacked(tests, some, all_, outputs)


def flips(
    tests: Packed, bits: int, most: int, rewards: NDArray[np.float64], slack: float
) -> tuple[Words, Words]:
    """(some twin has it, all twins have it), word by word, for outputs 0, …, 2^`bits` − 1.

    The twins are those at Hamming distance 1 to `most` in binary with a reward within `slack`.
    """
    import numpy as np

    if tests.outputs != 2**bits:
        raise ValueError(f"{tests.outputs:,} outputs are not all strings of {bits} bits")
    numbers = np.arange(2**bits)
    some, all_ = np.zeros_like(tests.words), np.full_like(tests.words, 0xFFFF)
    for count in range(1, most + 1):
        for places in itertools.combinations(range(bits), count):
            other = numbers ^ sum(1 << place for place in places)
            near = np.abs(rewards[other] - rewards) <= slack
            mask = np.where(near, 0xFFFF, 0).astype(np.uint16)
            for word, row in enumerate(tests.words):
                seen = row[other]
                some[word] |= seen & mask
                all_[word] &= seen | ~mask
    return some, all_


def _stacked(tests: Packed, some: Words, all_: Words, outputs: Indices) -> Packed:
    """F and not all twins have f; then: not f and some twin has f. Padded to whole words."""
    import numpy as np

    own = tests.words[:, outputs]
    words = np.concatenate([own & ~all_[:, outputs], ~own & some[:, outputs]])
    return Packed(words=words, rows=WORD * len(words))


def stacked(tests: Packed, near: tuple[Words, Words], outputs: Indices) -> Packed:
    """The rows of the twin game, as `twin_tests` gives them, from what `flips` found."""
    return _stacked(tests, *near, outputs)


def untwinned(tests: Packed, wins: Packed, outputs: Indices) -> NDArray[np.bool_]:
    """Where an output has the trait and no twin without it, (outputs, 2·tests): Bob cannot win.

    Columns as those of the twin game: f, then complements. Where an output has no twin that a test
    tells apart from it, Alice is free to serve that test.
    """
    import numpy as np

    own, won = tests.columns(outputs), wins.columns(np.arange(len(outputs)))
    half = wins.rows // 2
    lost: NDArray[np.bool_] = np.concatenate(
        [own & ~won[:, : tests.rows], ~own & ~won[:, half : half + tests.rows]], axis=1
    )
    return lost
