"""An oversight protocol of another package: the judge reads the bit that is named."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Hashable, Sequence
from typing import Any

from safetycase.plugin.protocols import (
    Assumed,
    Attack,
    Attacked,
    Bound,
    Condition,
    Domain,
    End,
    Move,
    OversightProtocol,
    Played,
    Turn,
)

MISREADS = 0.02


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Constants:
    """The numbers of the toy: how many bits the judge may read."""

    bits: int = 8


class Naming:
    """The first player names a bit, and is paid if the judge, who reads it, agrees."""

    def __init__(self, bit: int) -> None:
        self.bit = bit

    def start(self) -> Hashable:
        return ""

    def turn(self, position: Any) -> Turn:
        return "end" if position else "first"

    def moves(self, position: Any) -> Sequence[Move]:
        return (Move(name="0"), Move(name="1"))

    def after(self, position: Any, move: str) -> Hashable:
        return move

    def sees(self, position: Any) -> Hashable:
        return position

    def end(self, position: Any) -> End:
        right = position == str(self.bit)
        return End(first=float(right), second=-float(right), wrong=0.0 if right else 1.0)


def play(size: int, seed: int, *, broken: bool = False) -> Played:
    truth = bool(random.Random(f"{size} {seed}").randrange(2))
    return Played(
        truth=truth,
        error_low=float(broken),
        error_high=float(broken),
        gap=0.0,
        certificate="the one player names the bit the judge will read",
        honest_cost=1.0,
        opponent_cost=0.0,
        judge_cost=float(size),
    )


def theory(constants: Constants, judge_error: float, gap: float) -> Bound:
    return Bound(
        disagreement=min(1.0, MISREADS + judge_error + gap),
        honest_cost=1.0,
        opponent_cost=0.0,
        judge_cost=float(constants.bits),
        conditions=(Condition(name="bits", holds=constants.bits > 0, says="8 bits > 0"),),
    )


def made(*, broken: bool = False) -> OversightProtocol:
    return OversightProtocol(
        name="toy/naming",
        version="1.0.0",
        says="The judge reads what is named.",
        source="a closed form",
        statement="Naming the bit that is there is optimal.",
        human_input="the bit",
        order="simultaneous",
        assumes=(Assumed(name="reads", says="The judge can read the bit."),),
        constants=Constants,
        theory=theory,
        domains=(
            Domain(
                name="bits",
                says="One bit in a string.",
                unit="bits read",
                sizes=(1, 8),
                play=lambda size, seed: play(size, seed, broken=broken),
                small=(1,),
                rules=lambda size, seed: Naming(int(play(size, seed).truth)),
            ),
        ),
        attacks=(
            Attack(
                name="misprint",
                says="The bit is misprinted.",
                domain="bits",
                sizes=(1,),
                run=lambda size, budget, trials, seed: Attacked(
                    successes=random.Random(seed).randrange(trials), trials=trials
                ),
            ),
        ),
        corrupted=lambda: made(broken=True),
        limits=("One bit.",),
    )


NAMING = made()
