"""Bradley–Terry ratings against closed forms, a published table, and the case without a maximum."""

from __future__ import annotations

import math
import random

import pytest

from safetycase.methods.oversight.live.planted import LEAGUE, WINS
from safetycase.methods.oversight.live.ratings import (
    ELO,
    Game,
    NoRating,
    apart,
    bootstrap,
    elo_of_rate,
    fit,
    profile,
)


def matches(first: str, second: str, wins: int, losses: int, draws: int = 0) -> list[Game]:
    scores = [1.0] * wins + [0.0] * losses + [0.5] * draws
    return [
        Game(item=f"{first} {second} {n}", first=first, second=second, score=score)
        for n, score in enumerate(scores)
    ]


def test_two_players_have_the_log_odds() -> None:
    assert fit(matches("a", "b", 30, 10), "b")["a"] == pytest.approx(ELO * math.log(3), abs=1e-7)
    assert fit(matches("a", "b", 5, 5, 4), "b")["a"] == pytest.approx(0, abs=1e-7)
    assert fit(matches("a", "b", 2, 0, 2), "b")["a"] == pytest.approx(elo_of_rate(0.75), abs=1e-7)


def test_the_published_league_is_reproduced() -> None:
    games = [
        game
        for i, row in enumerate(WINS)
        for j, wins in enumerate(row)
        for game in matches(LEAGUE[i], LEAGUE[j], wins, 0)
    ]
    published = (1.581, 1.436, 1.294, 1.248, 1.108, 0.684, 0.0)
    found = fit(games, "Baltimore")
    for team, value in zip(LEAGUE, published, strict=True):
        assert found[team] / ELO == pytest.approx(value, abs=5e-4)


def test_ratings_do_not_depend_on_order_names_sides_or_reference() -> None:
    games = matches("a", "b", 6, 3) + matches("b", "c", 5, 4) + matches("c", "a", 2, 5, 2)
    found = fit(games, "a")
    turned = [Game(item=g.item, first=g.second, second=g.first, score=1 - g.score) for g in games]
    random.Random(1).shuffle(turned)
    for other in (
        fit(turned, "a"),
        {p: r - fit(games, "c")["a"] for p, r in fit(games, "c").items()},
    ):
        assert other == pytest.approx(found, abs=1e-6)
    twice = fit(games * 2, "a")
    assert twice == pytest.approx(found, abs=1e-6)
    wide, narrow = profile(games, "a")[1], profile(games * 4, "a")[1]
    assert narrow.high - narrow.low < 0.6 * (wide.high - wide.low)


def test_a_player_that_never_loses_has_no_rating_and_it_says_so() -> None:
    games = matches("a", "b", 4, 0) + matches("b", "c", 2, 2)
    with pytest.raises(NoRating, match="b, c never won or drew against a"):
        fit(games, "b")
    assert "no upper limit" in apart(games)
    with pytest.raises(NoRating, match="`d` played no game"):
        fit(games, "d")
    with pytest.raises(NoRating, match="never won or drew against"):  # two that never met others
        fit(matches("a", "b", 1, 1) + matches("c", "d", 1, 1), "a")
    assert elo_of_rate(1.0) == math.inf
    assert elo_of_rate(0.0) == -math.inf


def test_the_bootstrap_is_of_items_and_counts_resamples_without_a_rating_as_infinite() -> None:
    games = matches("a", "b", 30, 10)
    one, two = bootstrap(games, "b", 3), bootstrap(games, "b", 3)
    assert one == two
    rated = one[1]
    assert rated.low < rated.elo < rated.high < math.inf
    same_item = [
        Game(item=str(n % 8), first="a", second="b", score=g.score) for n, g in enumerate(games)
    ]
    clumped = [
        Game(item=str(n // 5), first="a", second="b", score=g.score) for n, g in enumerate(games)
    ]
    assert width(clumped) > 1.5 * width(same_item)  # games of one item are not independent
    few = bootstrap(matches("a", "b", 5, 1), "b", 3)[1]
    assert few.high == math.inf
    assert few.low == -math.inf


def width(games: list[Game]) -> float:
    rated = bootstrap(games, "b", 3)[1]
    return rated.high - rated.low


def test_profile_intervals_cover() -> None:
    """Of 300 pairs of players 100 Elo apart, 60 games each: about 95 % of the intervals."""
    draw, held = random.Random(5), 0
    p = 1 / (1 + 10 ** (-100 / 400))
    for _ in range(300):
        wins = sum(draw.random() < p for _ in range(60))
        rated = profile(matches("a", "b", wins, 60 - wins), "b")[1]
        held += rated.low <= 100 <= rated.high
    assert 0.91 * 300 <= held <= 0.985 * 300


def test_a_game_has_a_score_and_two_players() -> None:
    for first, score in (("b", 1.0), ("a", 0.7)):
        with pytest.raises(ValueError, match="two players"):
            Game(item="x", first=first, second="b", score=score)
