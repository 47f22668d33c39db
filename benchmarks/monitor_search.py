"""The games of unexploitable search on a million outputs and a thousand tests, beside plain draws.

    PYTHONPATH=src python benchmarks/monitor_search.py

Outputs are the 10⁶ of highest reward among all texts of 20 digits 0 and 1. The reward is a sum over
digits and over 60 drawn half-spaces. The tests are the 20 digits, the 190 pairs of digits that
differ, 395 conjunctions of three digits or their negations, and 395 half-spaces; each also stands
for its complement. Twins differ in one digit, with rewards within α. CPU seconds of one thread.
"""

from __future__ import annotations

import itertools
import resource
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "src"))

from safetycase.methods.deployment.search import game as games
from safetycase.methods.deployment.search.game import Game, certificate, payoffs, solve
from safetycase.methods.deployment.search.packed import Packed, pack_blocks
from safetycase.methods.deployment.search.twins import flips, stacked

DIGITS, OUTPUTS, DRAWN_TESTS = 20, 10**6, 395
GAP, PLAIN, SEEDS, REPEATS = 0.01, 38_000, (0,), 5
DRAWS = {"twin game": (250, 500), "reference game": (1000, 1500)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One way to play one game, on one drawn space. `gap` is above the certified lower bound.

    `seconds` is CPU time: of solving for weighed draws; `check` that of the certificate.
    """

    seed: int
    game: str
    how: str
    draws: int
    outputs: int
    low: float
    high: float
    seconds: float
    check: float

    @property
    def gap(self) -> float:
        """By how much the policy is off the value at most."""
        return self.high - self.low


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """Both games of a drawn space, and the CPU seconds that they took to build."""

    games: dict[str, Game]
    seconds: dict[str, float]


def build(seed: int) -> Built:
    """All tests of all texts, the twins, and the games on the outputs that are good enough."""
    start = time.process_time()
    rng = np.random.default_rng(seed)
    digits = ((np.arange(2**DIGITS)[:, None] >> np.arange(DIGITS)) & 1).astype(np.float32)
    reward = digits @ rng.normal(size=DIGITS) * 0.3
    reward += (digits @ rng.normal(size=(DIGITS, 60)) > 0) @ rng.normal(size=60)
    kept = np.sort(np.argsort(reward, kind="stable")[-OUTPUTS:])
    slack = float(reward.max() - reward[kept].min())
    tests = _tests(digits, rng)
    spent = {"outputs and tests": time.process_time() - start}
    start = time.process_time()
    wins = stacked(tests, flips(tests, DIGITS, 1, reward, slack), kept)
    twin = Game(bits=wins, offsets=np.zeros(wins.rows), signed=False)
    spent["twins"] = time.process_time() - start
    start = time.process_time()
    own = Packed(words=np.ascontiguousarray(tests.words[:, kept]), rows=tests.rows)
    reference = games.reference_game(own, own.means())
    spent["means of the reference"] = time.process_time() - start
    return Built(games={"twin game": twin, "reference game": reference}, seconds=spent)


def _tests(digits: Any, rng: np.random.Generator) -> Packed:
    pairs = list(itertools.combinations(range(DIGITS), 2))
    threes = [rng.choice(DIGITS, 3, replace=False) for _ in range(DRAWN_TESTS)]
    signs = rng.integers(0, 2, size=(DRAWN_TESTS, 3)).astype(bool)
    weights = rng.normal(size=(DIGITS, DRAWN_TESTS)).astype(np.float32)
    middle = weights.sum(axis=0) / 2

    def block(start: int, stop: int) -> Any:
        part = digits[start:stop]
        on = part > 0
        differ = np.stack([on[:, i] ^ on[:, j] for i, j in pairs], axis=1)
        both = [
            (on[:, three] ^ sign).all(axis=1) for three, sign in zip(threes, signs, strict=True)
        ]
        return np.concatenate([on, differ, np.stack(both, axis=1), part @ weights > middle], axis=1)

    rows = DIGITS + len(pairs) + 2 * DRAWN_TESTS
    return pack_blocks(2**DIGITS, rows, block)


def weighed(seed: int, name: str, game: Game, draws: int) -> tuple[Row, games.Solved]:
    """The game solved from `draws` outputs, and its certificate."""
    start = time.process_time()
    solved = solve(game, gap=GAP, drawn=draws, seed=seed, steps=10_000)
    middle = time.process_time()
    low, high = certificate(game, solved)
    row = Row(
        seed=seed,
        game=name,
        how="weighed",
        draws=draws,
        outputs=len(solved.support),
        low=low,
        high=high,
        seconds=middle - start,
        check=time.process_time() - middle,
    )
    return row, solved


def plain(
    seed: int, name: str, game: Game, low: float, draws: int, policy: games.Solved | None = None
) -> Row:
    """Draws of the reference (or of a solved policy) that count alike: the median of `REPEATS`."""
    start = time.process_time()
    highs = []
    for repeat in range(REPEATS):
        if policy is None:
            rng = np.random.default_rng((seed, repeat))
            drawn = rng.integers(0, game.bits.outputs, draws)
        else:
            drawn = games.draw(policy, draws, seed=repeat)
        chosen, counts = np.unique(drawn, return_counts=True)
        highs.append(float(payoffs(game, chosen, counts / draws).max()))
    return Row(
        seed=seed,
        game=name,
        how="plain draws of " + ("the reference" if policy is None else "the policy"),
        draws=draws,
        outputs=draws,
        low=low,
        high=float(np.median(highs)),
        seconds=(time.process_time() - start) / REPEATS,
        check=0.0,
    )


def enough(seed: int, name: str, game: Game, low: float, policy: games.Solved | None) -> Row:
    """The fewest plain draws, in steps of 1,000, whose median gap is at most `GAP`.

    40,000 where none of fewer is: the gap of the row then says whether those are enough.
    """
    below, above = 0, 40
    while above - below > 1:
        middle = (below + above) // 2
        if plain(seed, name, game, low, 1000 * middle, policy).gap <= GAP:
            above = middle
        else:
            below = middle
    return plain(seed, name, game, low, 1000 * above, policy)


def rows(seed: int, built: Built) -> list[Row]:
    """Every row of one space."""
    found = []
    for name, game in built.games.items():
        solved = []
        for draws in DRAWS[name]:
            row, policy = weighed(seed, name, game, draws)
            found.append(row)
            solved.append((row, policy))
        low = max(row.low for row, _ in solved)
        found.append(plain(seed, name, game, low, PLAIN))
        best = min((pair for pair in solved), key=lambda pair: pair[0].gap)[1]
        if name == "twin game":
            found.append(plain(seed, name, game, low, PLAIN, best))
            found.append(enough(seed, name, game, low, best))
        else:
            found.append(enough(seed, name, game, low, None))
    return found


def table(found: list[Row]) -> str:
    """The rows as Markdown."""
    lines = [
        "| space | game | outputs are | draws | outputs used | value at least | policy at most "
        "| gap | CPU s | certificate, CPU s |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.seed} | {row.game} | {row.how} | {row.draws:,} | {row.outputs:,} | {row.low:.4f} "
        f"| {row.high:.4f} | {row.gap:.4f} | {row.seconds:.1f} "
        f"| {f'{row.check:.1f}' if row.check else ''} |"
        for row in found
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure every space and print the tables."""
    found: list[Row] = []
    print("## Unexploitable search: a million outputs, a thousand tests\n")
    for seed in SEEDS:
        built = build(seed)
        spent = "; ".join(f"{name} {seconds:.1f}" for name, seconds in built.seconds.items())
        print(f"Space {seed}: {spent} CPU s.")
        found += rows(seed, built)
        del built
    print("\n" + table(found))
    print(f"\n{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.1f} GB at most.")


if __name__ == "__main__":
    main()
