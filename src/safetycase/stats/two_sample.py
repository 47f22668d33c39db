"""Do two samples come from the same distribution? Tests whose level is exact at every n.

Under the null every split of the pooled values is as likely as the one seen. A small number of
splits is listed; otherwise seeded splits are drawn, and the p-value counts the observed split as
one of them, so that it is exact and not an estimate of one.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from safetycase.stats.designs import PValues
from safetycase.stats.statistics import Proportion

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    Splits = NDArray[np.int64]

__all__ = [
    "Alternative",
    "EProcess",
    "PermutationTest",
    "RankTest",
    "fisher_exact",
    "mann_whitney",
    "mmd_test",
    "permutation_test",
    "two_sample_e_value",
]

Alternative = Literal["greater", "less", "two-sided"]

_LISTED = 50_000  # splits that are listed one by one
_BATCH = 1_000_000  # numbers held at once
_RANKED = 80  # values up to which all rank sums are counted
_GONE = 1e-300  # relative to the likeliest term; denormal numbers would never reach 0
_KERNEL = 3_000  # points whose pairwise kernel is held in memory (72 MB)


@dataclass(frozen=True, slots=True, kw_only=True)
class PermutationTest:
    """`p_value` of `statistic`; from all splits if `listed`, else from `splits` drawn ones."""

    statistic: float
    p_value: float
    listed: bool
    splits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RankTest:
    """`superiority` estimates P(a > b) + ½P(a = b); `listed` if the p-values count all splits."""

    superiority: float
    p: PValues
    listed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EProcess:
    """An e-value at the last block, the largest on the way, and min(1, 1/largest)."""

    e_value: float
    largest: float
    anytime_p: float


def permutation_test(
    a: Sequence[float],
    b: Sequence[float],
    *,
    alternative: Alternative = "two-sided",
    seed: int,
    draws: int = 9_999,
    enough: int = 50,
) -> PermutationTest:
    """Test exchangeability by mean(a) − mean(b).

    Up to 50,000 splits are listed. Beyond, splits are drawn until `enough` of them reach the
    statistic or `draws` are done: p = h/l after the h-th at draw l, else (g + 1)/(draws + 1),
    valid at every level (Besag & Clifford 1991, Biometrika 78:301). Pitman (1937), Suppl. JRSS
    4:119.
    """
    import numpy as np

    pooled = np.array(_finite(a, b))
    total, sign = float(pooled.sum()), -1.0 if alternative == "less" else 1.0
    _check_alternative(alternative)

    def difference(splits: Splits) -> Numbers:
        first = pooled[splits].sum(axis=1)
        values: Numbers = first / len(a) - (total - first) / len(b)
        return np.abs(values) if alternative == "two-sided" else sign * values

    noise = 1e-12 * float(np.abs(pooled).max())
    found = _by_splits(difference, (len(a), len(b)), noise, seed, draws, enough)
    seen = math.fsum(a) / len(a) - math.fsum(b) / len(b)
    return PermutationTest(
        statistic=seen, p_value=found.p_value, listed=found.listed, splits=found.splits
    )


def mmd_test(
    a: Sequence[Sequence[float]],
    b: Sequence[Sequence[float]],
    *,
    seed: int,
    draws: int = 999,
    enough: int = 50,
) -> PermutationTest:
    """Test two samples of vectors by the maximum mean discrepancy, against any difference.

    The squared distance of the mean embeddings under a sum of Gaussian kernels of ½, 1 and 2
    times the median distance of the pooled points; that choice does not look at the split, so
    that the permutation p-value stays exact. At most 3,000 points (`ValueError`).
    Gretton et al. (2012), JMLR 13:723.
    """
    import numpy as np

    kernel = _kernel(a, b)

    def discrepancy(splits: Splits) -> Numbers:
        weights = np.full((len(splits), len(a) + len(b)), -1 / len(b))
        np.put_along_axis(weights, splits, 1 / len(a), axis=1)
        values: Numbers = ((weights @ kernel) * weights).sum(axis=1)
        return values

    return _by_splits(discrepancy, (len(a), len(b)), 1e-12, seed, draws, enough)


def fisher_exact(a: Proportion, b: Proportion) -> PValues:
    """The exact test of equal rates of two independent samples, given the number of successes.

    `greater`: a's rate is no higher than b's. The two-sided p-value is twice the smaller one
    (central; Fay 2010, Biostatistics 11:373). Missing items count against the alternative.
    Fisher (1935), JRSS 98:39.
    """
    greater = _hypergeometric_tail(
        a.successes, a.trials + a.missing, b.successes + b.missing, b.trials + b.missing
    )
    less = _hypergeometric_tail(
        b.successes, b.trials + b.missing, a.successes + a.missing, a.trials + a.missing
    )
    return PValues(greater=greater, less=less, two_sided=min(1.0, 2 * min(greater, less)))


def mann_whitney(
    a: Sequence[float], b: Sequence[float], *, seed: int = 0, draws: int = 9_999
) -> RankTest:
    """The rank-sum test with ties at their mean rank, exact at every n.

    Up to 80 values every split is counted (Kronecker's substitution packs the generating
    function of the rank sums into whole numbers); beyond, `draws` seeded splits. Mann & Whitney
    (1947), Ann. Math. Stat. 18:50; Lehmann (1975), Nonparametrics, §1.4 for ties.
    """
    ranks = _doubled_ranks(_finite(a, b))
    own = sum(ranks[: len(a)])
    least = len(a) * (len(a) + 1)
    superiority = (own - least) / (2 * len(a) * len(b))
    if len(ranks) <= _RANKED:
        counts = _rank_sums(ranks, len(a))
        total = math.comb(len(ranks), len(a))
        greater = sum(n for value, n in counts if value >= own) / total
        less = sum(n for value, n in counts if value <= own) / total
    else:
        greater, less = _drawn_rank_tails(ranks, len(a), own, seed, draws)
    p = PValues(greater=greater, less=less, two_sided=min(1.0, 2 * min(greater, less)))
    return RankTest(superiority=superiority, p=p, listed=len(ranks) <= _RANKED)


def two_sample_e_value(
    a: Sequence[int], b: Sequence[int], *, alternative: Alternative = "greater"
) -> EProcess:
    """Evidence, block by block, that a succeeds more often than b; valid at any stopping time.

    Block i is (a[i], b[i]), each 0 or 1; what is longer on one side is left out. Each factor is
    the likelihood ratio of a guess made before the block, (s + ½)/(i + 1) a side, to the mean
    of the two guesses: its expectation is at most 1 whenever rate a ≤ rate b. "two-sided" is
    the mean of both directions. Turner, Ly & Grünwald (2024), J. Stat. Plan. Inference 230:106116.
    """
    _check_alternative(alternative)
    if any(x not in (0, 1) for x in itertools.chain(a, b)):
        raise ValueError("outcomes are 0 or 1")
    up, down = _log_wealth(a, b), _log_wealth(b, a)
    paths = {
        "greater": up,
        "less": down,
        "two-sided": [_log_mean(x, y) for x, y in zip(up, down, strict=True)],
    }
    path = paths[alternative]
    best = max(path)
    return EProcess(
        e_value=math.exp(min(path[-1], 700.0)),
        largest=math.exp(min(best, 700.0)),
        anytime_p=math.exp(-best),
    )


def _by_splits(
    statistic: Callable[[Splits], Numbers],
    sizes: tuple[int, int],
    noise: float,
    seed: int,
    draws: int,
    enough: int,
) -> PermutationTest:
    """The p-value of a statistic of the rows of indices that form the first sample.

    Two values of it within `noise` of each other are a tie, which counts as reached.
    """
    import numpy as np

    if draws < 1 or enough < 1:
        raise ValueError(f"{draws} draws and {enough} hits: at least one of each")
    n, n_a = sum(sizes), sizes[0]
    own = float(statistic(np.arange(n_a)[None, :])[0])
    total = math.comb(n, n_a)
    if total <= _LISTED:
        reached = [statistic(rows) >= own - noise for rows in _all_splits(n, n_a)]
        hits = sum(int(np.count_nonzero(each)) for each in reached)
        return PermutationTest(statistic=own, p_value=hits / total, listed=True, splits=total)
    rng = np.random.default_rng(seed)
    hits = done = 0
    while done < draws:
        rows = np.tile(np.arange(n), (min(draws - done, max(1, min(256, _BATCH // n))), 1))
        at = np.flatnonzero(statistic(rng.permuted(rows, axis=1)[:, :n_a]) >= own - noise)
        if hits + len(at) >= enough:
            last = done + int(at[enough - hits - 1]) + 1
            return PermutationTest(statistic=own, p_value=enough / last, listed=False, splits=last)
        hits, done = hits + len(at), done + len(rows)
    p_value = (hits + 1) / (draws + 1)
    return PermutationTest(statistic=own, p_value=p_value, listed=False, splits=draws)


def _all_splits(n: int, n_a: int) -> Iterator[Splits]:
    import numpy as np

    rows = itertools.combinations(range(n), n_a)
    while chunk := list(itertools.islice(rows, max(1, min(4096, _BATCH // n)))):
        yield np.array(chunk, dtype=np.int64)


def _kernel(a: Sequence[Sequence[float]], b: Sequence[Sequence[float]]) -> Numbers:
    """The pooled kernel matrix; `ValueError` for points that are not vectors of one length."""
    import numpy as np

    if not a or not b or len({len(point) for point in itertools.chain(a, b)}) != 1:
        raise ValueError("two samples of at least one vector each, all of one length")
    if len(a) + len(b) > _KERNEL:
        raise ValueError(f"{len(a) + len(b)} points are more than {_KERNEL:,}; draw fewer")
    points = np.array([*a, *b], dtype=np.float64)
    if not np.isfinite(points).all():
        raise ValueError("a coordinate is not a finite number")
    points = points - points.mean(axis=0)
    norms = (points**2).sum(axis=1)
    squares = np.maximum(norms[:, None] + norms[None, :] - 2 * points @ points.T, 0.0)
    apart = squares[np.triu_indices(len(points), 1)]
    middle = float(np.median(apart[apart > 0])) if bool((apart > 0).any()) else 1.0
    kernel: Numbers = np.zeros_like(squares)
    for width in (0.25, 1.0, 4.0):
        kernel += np.exp(-squares / (2 * width * middle))
    return kernel


def _hypergeometric_tail(hits: int, n: int, other_hits: int, other_n: int) -> float:
    """P(X ≥ hits) where `hits + other_hits` successes fall on n + other_n items at random.

    From the likeliest count outwards, by ratios, until the terms vanish: about 37 standard
    deviations each way, whatever the number of items.
    """
    successes, total = hits + other_hits, n + other_n
    low, high = max(0, successes - other_n), min(n, successes)
    spare = total - successes - n
    mode = min(high, max(low, (successes + 1) * (n + 1) // (total + 2)))
    terms, reached = [1.0], [1.0] if mode >= hits else []
    term = 1.0
    for k in range(mode, high):
        term *= (successes - k) * (n - k) / ((k + 1) * (spare + k + 1))
        if term < _GONE:
            break
        terms.append(term)
        if k + 1 >= hits:
            reached.append(term)
    term = 1.0
    for k in range(mode, low, -1):
        term *= k * (spare + k) / ((successes - k + 1) * (n - k + 1))
        if term < _GONE:
            break
        terms.append(term)
        if k - 1 >= hits:
            reached.append(term)
    return min(1.0, max(_GONE, math.fsum(reached) / math.fsum(terms)))


def _doubled_ranks(values: Sequence[float]) -> list[int]:
    """Twice the mean rank of each value, a whole number."""
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks, start = [0] * len(values), 0
    for _, group in itertools.groupby(order, key=values.__getitem__):
        members = list(group)
        for member in members:
            ranks[member] = 2 * start + len(members) + 1
        start += len(members)
    return ranks


def _rank_sums(ranks: Sequence[int], size: int) -> list[tuple[int, int]]:
    """(sum, number of subsets of `size` with it), one whole number holding a polynomial."""
    width = 8 * (len(ranks) // 8 + 1)
    packed = [1] + [0] * size
    for done, rank in enumerate(ranks):
        for j in range(min(size, done + 1), 0, -1):
            packed[j] += packed[j - 1] << (width * rank)
    step = width // 8
    data = packed[size].to_bytes((packed[size].bit_length() + 7) // 8 + step, "little")
    cells = (data[i : i + step] for i in range(0, len(data), step))
    return [(i, n) for i, cell in enumerate(cells) if (n := int.from_bytes(cell, "little"))]


def _drawn_rank_tails(
    ranks: Sequence[int], n_a: int, own: int, seed: int, draws: int
) -> tuple[float, float]:
    import numpy as np

    if draws < 1:
        raise ValueError(f"{draws} draws: at least one is needed")
    rng, pool = np.random.default_rng(seed), np.array(ranks, dtype=np.int64)
    above = below = 1
    for start in range(0, draws, batch := max(1, _BATCH // len(ranks))):
        rows = np.tile(pool, (min(batch, draws - start), 1))
        sums = rng.permuted(rows, axis=1)[:, :n_a].sum(axis=1)
        above += int(np.count_nonzero(sums >= own))
        below += int(np.count_nonzero(sums <= own))
    return above / (draws + 1), below / (draws + 1)


def _log_wealth(a: Sequence[int], b: Sequence[int]) -> list[float]:
    """The path of the log e-value that a exceeds b, from 0 before the first block."""
    path, hits_a, hits_b = [0.0], 0, 0
    for i, (x, y) in enumerate(zip(a, b, strict=False)):
        guess_a, guess_b = (hits_a + 0.5) / (i + 1), (hits_b + 0.5) / (i + 1)
        middle, step = (guess_a + guess_b) / 2, 0.0
        if guess_a > guess_b:  # otherwise there is nothing to bet on
            step += math.log(guess_a / middle if x else (1 - guess_a) / (1 - middle))
            step += math.log(guess_b / middle if y else (1 - guess_b) / (1 - middle))
        path.append(path[-1] + step)
        hits_a, hits_b = hits_a + x, hits_b + y
    return path


def _log_mean(x: float, y: float) -> float:
    most = max(x, y)
    return most + math.log((math.exp(x - most) + math.exp(y - most)) / 2)


def _finite(a: Sequence[float], b: Sequence[float]) -> list[float]:
    if not a or not b:
        raise ValueError(f"samples of {len(a)} and {len(b)}: each needs at least one value")
    values = [float(value) for value in itertools.chain(a, b)]
    if not all(math.isfinite(value) for value in values):
        raise ValueError("a value is not a finite number")
    return values


def _check_alternative(alternative: str) -> None:
    if alternative not in ("greater", "less", "two-sided"):
        raise ValueError(f"alternative {alternative!r} is not greater, less or two-sided")
