"""Ratings of players from their games: Bradley–Terry by maximum likelihood, on the Elo scale.

P(i beats j) = 1 / (1 + 10^((R_j − R_i)/400)). A draw is half a win for both. Where one group of
players never lost to the others the likelihood has no maximum: that is said, not fitted.

Bradley & Terry 1952, Biometrika 39:324; Ford 1957, Amer. Math. Monthly 64(8):28 (when the maximum
exists); Elo 1978 (the scale).
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = [
    "ELO",
    "Game",
    "NoRating",
    "Rating",
    "apart",
    "bootstrap",
    "elo_of_rate",
    "fit",
    "profile",
]

ELO = 400 / math.log(10)
"""Elo points of one unit of log odds."""
_CHI_SQUARE_95 = 3.841458820694124  # its 0.95 quantile at one degree of freedom
_TOLERANCE = 1e-11


class NoRating(ValueError):
    """The games do not determine the ratings; the message says between whom."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Game:
    """What `first` scored against `second` on one item: 1 a win, 1/2 a draw, 0 a loss."""

    item: str
    first: str
    second: str
    score: float

    def __post_init__(self) -> None:
        if self.score not in (0.0, 0.5, 1.0) or self.first == self.second:
            raise ValueError("a game has two players, and a score of 0, 1/2 or 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """A player's rating above that of the reference, with the ends of its interval, in Elo."""

    player: str
    low: float
    elo: float
    high: float


def elo_of_rate(rate: float) -> float:
    """The rating difference at which a player scores `rate`; infinite at 0 and at 1."""
    if rate <= 0 or rate >= 1:
        return -math.inf if rate <= 0 else math.inf
    return ELO * (math.log(rate) - math.log1p(-rate))


def fit(games: Sequence[Game], reference: str) -> dict[str, float]:
    """Each player's rating above that of `reference`, in Elo; `NoRating` if there is none."""
    players, wins = _table(games, reference)
    problem = apart(games)
    if problem:
        raise NoRating(problem)
    return {p: ELO * t for p, t in zip(players, _maximum(wins, {0: 0.0}), strict=True)}


def apart(games: Sequence[Game]) -> str:
    """Who never lost to the rest, in words; empty if the ratings exist.

    They exist if and only if every player is reached from every other over wins (Ford 1957).
    """
    beats: dict[str, set[str]] = {}
    for game in games:
        for player, score in ((game.first, game.score), (game.second, 1 - game.score)):
            other = game.second if player == game.first else game.first
            beats.setdefault(player, set())
            if score > 0:
                beats[player].add(other)
    everybody = set(beats)
    for player in sorted(beats):
        below = _reached(player, beats)
        if below != everybody:
            missing = ", ".join(sorted(everybody - below))
            return (
                f"{', '.join(sorted(below))} never won or drew against {missing}: the rating "
                "difference has no upper limit"
            )
    return ""


def _reached(start: str, beats: Mapping[str, set[str]]) -> set[str]:
    found, todo = {start}, [start]
    while todo:
        for other in beats[todo.pop()] - found:
            found.add(other)
            todo.append(other)
    return found


def profile(games: Sequence[Game], reference: str) -> list[Rating]:
    """Ratings with profile-likelihood intervals at 95 %, which take the games as independent.

    `NoRating` if the maximum does not exist.
    """
    ratings = fit(games, reference)
    players, wins = _table(games, reference)
    best = [ratings[p] / ELO for p in players]
    top = _likelihood(wins, best)
    found = []
    for number, player in enumerate(players):
        ends = [0.0, 0.0]
        if number:
            ends = [_end(wins, number, best[number], top, sign) for sign in (-1.0, 1.0)]
        found.append(
            Rating(player=player, low=ELO * ends[0], elo=ratings[player], high=ELO * ends[1])
        )
    return found


def _end(wins: list[list[float]], player: int, at: float, top: float, sign: float) -> float:
    """Where twice the fall of the profile likelihood reaches its quantile, by bisection."""

    def fallen(value: float) -> bool:
        held = _maximum(wins, {0: 0.0, player: value})
        return 2 * (top - _likelihood(wins, held)) > _CHI_SQUARE_95

    step = 1.0
    while not fallen(at + sign * step):
        step *= 2
    inside, outside = at, at + sign * step
    for _ in range(40):
        middle = (inside + outside) / 2
        inside, outside = (inside, middle) if fallen(middle) else (middle, outside)
    return (inside + outside) / 2


def bootstrap(games: Sequence[Game], reference: str, seed: int, draws: int = 400) -> list[Rating]:
    """Ratings with percentile intervals at 95 % over resampled items.

    Games on one item may depend on each other. A resample without ratings counts as infinite at
    either end. `NoRating` if the games themselves have none. Approximate, as every bootstrap is;
    few items make it too narrow.
    """
    ratings = fit(games, reference)
    by_item: dict[str, list[Game]] = {}
    for game in games:
        by_item.setdefault(game.item, []).append(game)
    names, draw = sorted(by_item), random.Random(seed)  # noqa: S311 - a resample, no secret
    drawn: dict[str, list[tuple[float, float]]] = {player: [] for player in ratings}
    for _ in range(draws):
        sample = [game for name in draw.choices(names, k=len(names)) for game in by_item[name]]
        try:
            again = fit(sample, reference)
        except NoRating:
            again = {}
        for player in ratings:
            known = again.get(player)
            drawn[player].append((-math.inf, math.inf) if known is None else (known, known))
    cut = int(0.025 * draws)
    return [
        Rating(
            player=player,
            low=sorted(low for low, _ in drawn[player])[cut],
            elo=value,
            high=sorted((high for _, high in drawn[player]), reverse=True)[cut],
        )
        if player != reference
        else Rating(player=player, low=0.0, elo=0.0, high=0.0)
        for player, value in ratings.items()
    ]


def _table(games: Sequence[Game], reference: str) -> tuple[list[str], list[list[float]]]:
    """The players, `reference` first, and the points of each against each."""
    others = {p for game in games for p in (game.first, game.second)}
    if reference not in others:
        raise NoRating(f"`{reference}` played no game")
    players = [reference, *sorted(others - {reference})]
    place = {player: number for number, player in enumerate(players)}
    wins = [[0.0] * len(players) for _ in players]
    for game in games:
        one, two = place[game.first], place[game.second]
        wins[one][two] += game.score
        wins[two][one] += 1 - game.score
    return players, wins


def _maximum(wins: list[list[float]], held: Mapping[int, float]) -> list[float]:
    """The log strengths of greatest likelihood with those of `held` fixed.

    One player after the other is moved to the root of its own score equation; the likelihood is
    concave, so that this ends at its maximum.
    """
    strengths = [held.get(n, 0.0) for n in range(len(wins))]
    free = [n for n in range(len(wins)) if n not in held]
    for _ in range(20_000):
        moved = 0.0
        for n in free:
            step = _newton(wins, strengths, n)
            strengths[n] += step
            moved = max(moved, abs(step))
        if moved < _TOLERANCE:
            break
    return strengths


def _newton(wins: list[list[float]], strengths: list[float], n: int) -> float:
    slope, bend = 0.0, 0.0
    for other, mine in enumerate(wins[n]):
        played = mine + wins[other][n]
        if played:
            p = 1 / (1 + math.exp(strengths[other] - strengths[n]))
            slope += mine - played * p
            bend += played * p * (1 - p)
    return max(-1.0, min(1.0, slope / max(bend, 1e-12)))


def _likelihood(wins: list[list[float]], strengths: list[float]) -> float:
    return -sum(
        points * math.log1p(math.exp(strengths[j] - strengths[i]))
        for i, row in enumerate(wins)
        for j, points in enumerate(row)
        if points
    )
