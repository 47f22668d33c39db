"""What all rivals of debate have in common: games with perfect recall, bounds that only rise."""

from __future__ import annotations

import itertools
import random
from collections.abc import Hashable
from typing import Any

import pytest

from safetycase.methods.oversight.protocols.amplification import PROTOCOL as AMPLIFICATION
from safetycase.methods.oversight.protocols.amplification import Constants as Amplified
from safetycase.methods.oversight.protocols.consultancy import PROTOCOL as CONSULTANCY
from safetycase.methods.oversight.protocols.consultancy.protocol import Constants as Consulted
from safetycase.methods.oversight.protocols.market_making import PROTOCOL as MARKET
from safetycase.methods.oversight.protocols.market_making import Constants as Marketed
from safetycase.methods.oversight.protocols.nested_oversight import PROTOCOL as NESTED
from safetycase.methods.oversight.protocols.nested_oversight import Constants as Chained
from safetycase.methods.oversight.protocols.weak_to_strong import PROTOCOL as WEAK
from safetycase.plugin.protocols import OversightProtocol

ALL = (CONSULTANCY, MARKET, WEAK, AMPLIFICATION, NESTED)
GAMES = [
    (protocol, size)
    for protocol in ALL
    for domain in protocol.domains
    for size in domain.small
    if domain.rules is not None
]


@pytest.mark.parametrize(("protocol", "size"), GAMES, ids=lambda x: getattr(x, "name", str(x)))
def test_games_have_perfect_recall_and_end(protocol: OversightProtocol, size: int) -> None:
    """Positions that a player cannot tell apart: same moves, and the same own past."""
    build = protocol.domains[0].rules
    assert build is not None
    rules = build(size, 0)
    known: dict[tuple[str, Hashable], tuple[object, object]] = {}
    ends = 0
    waiting: list[tuple[Any, dict[str, tuple[object, ...]]]] = [
        (rules.start(), {"first": (), "second": ()})
    ]
    while waiting:
        position, past = waiting.pop()
        turn = rules.turn(position)
        if turn == "end":
            ends += 1
            assert 0 <= rules.end(position).wrong <= 1
            continue
        moves = rules.moves(position)
        names = tuple(move.name for move in moves)
        assert len(set(names)) == len(names) > 0
        if turn != "chance":
            seen = rules.sees(position)
            assert known.setdefault((turn, seen), (names, past[turn])) == (names, past[turn])
        for move in moves:
            own = past if turn == "chance" else past | {turn: (*past[turn], (seen, move.name))}
            waiting.append((rules.after(position, move.name), own))
    assert ends > 1


def _drawn(rng: random.Random) -> list[tuple[OversightProtocol, Any]]:
    features, width = rng.randint(1, 9), rng.choice((3, 5, 7))
    arguments = rng.randint(1, 9)
    return [
        (
            CONSULTANCY,
            Consulted(
                features=features,
                shown=rng.randint(1, features),
                judge_learns=rng.random() < 0.8,
                rule_error=rng.uniform(0, 0.5),
                judge_commits=rng.random() < 0.5,
            ),
        ),
        (
            MARKET,
            Marketed(
                arguments=arguments,
                unheard=rng.randrange(arguments),
                strength=rng.uniform(0, 2),
                margin=rng.uniform(0, 4),
            ),
        ),
        (
            AMPLIFICATION,
            Amplified(
                combiner=rng.choice(("any", "majority")),
                width=width,
                depth=rng.randint(1, 5),
                agreeing=rng.randint(0, width),
                answer_error=rng.random() ** 3,
                independent=rng.random() < 0.5,
            ),
        ),
        (NESTED, Chained(gap=rng.uniform(0, 400), independent=rng.random() < 0.5, most_steps=6)),
    ]


def test_bounds_are_probabilities_and_rise_in_both_arguments() -> None:
    rng = random.Random(0)
    errors, gaps = (0.0, 0.03, 0.3, 1.0), (0.0, 0.02, 0.2, 1.0)
    for _ in range(60):
        for protocol, constants in _drawn(rng):
            bound = [[protocol.theory(constants, e, g) for g in gaps] for e in errors]
            table = [[one.disagreement for one in row] for row in bound]
            assert all(0 <= value <= 1 for row in table for value in row)
            for row in (*table, *map(list, zip(*table, strict=True))):
                assert all(b >= a - 1e-12 for a, b in itertools.pairwise(row))
            for one in itertools.chain.from_iterable(bound):
                if not all(condition.holds for condition in one.conditions):
                    assert one.disagreement == 1.0


def test_every_protocol_says_what_is_ours_and_what_it_assumes() -> None:
    for protocol in ALL:
        assert protocol.reconstruction
        assert len(protocol.assumes) >= 2
        assert len({attack.name for attack in protocol.attacks}) == len(protocol.attacks)


def test_attacks_get_no_worse_with_a_larger_budget() -> None:
    """Exactly where the rate is exact; up to the spread of 200 trials where it is simulated."""
    for protocol in ALL:
        for attack in protocol.attacks:
            found = [attack.run(attack.sizes[0], b, 200, 2) for b in (0.0, 0.5, 1.0, 3.0)]
            rates = [one.successes / 200 if one.exact is None else one.exact for one in found]
            slack = 0.1 if found[0].exact is None else 0.0
            assert all(b >= a - slack for a, b in itertools.pairwise(rates)), attack.name
            assert rates[-1] > rates[0] or attack.name == "placed-errors"
