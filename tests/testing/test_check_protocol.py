"""The conformance suite refuses a protocol for each thing that can be wrong with it."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import pytest

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
from safetycase.testing import check_protocol


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
        disagreement=min(1.0, judge_error + gap),
        honest_cost=1.0,
        opponent_cost=0.0,
        judge_cost=float(constants.bits),
        conditions=(Condition(name="bits", holds=constants.bits > 0, says="8 bits > 0"),),
    )


def made(*, broken: bool = False) -> OversightProtocol:
    return OversightProtocol(
        name="naming",
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


def test_a_whole_protocol_passes() -> None:
    check_protocol(made(), module="safetycase.plugin.protocols")


def changed(**fields: Any) -> Callable[[], OversightProtocol]:
    return lambda: dataclasses.replace(made(), **fields)


def of_domain(**fields: Any) -> Callable[[], OversightProtocol]:
    domain = made().domains[0]
    return changed(domains=(dataclasses.replace(domain, **fields),))


def bounded(error: Callable[[float, float], float], *, holds: bool = True) -> Callable[..., Bound]:
    def given(constants: Constants, judge_error: float, gap: float) -> Bound:
        return dataclasses.replace(
            theory(constants, judge_error, gap),
            disagreement=error(judge_error, gap),
            conditions=(Condition(name="bits", holds=holds, says="x"),),
        )

    return given


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (changed(version="1"), "semantic version"),
        (changed(statement=" "), "`statement` is empty"),
        (changed(limits=()), "does not show"),
        (changed(assumes=()), "needs nothing"),
        (changed(domains=()), "no domain"),
        (changed(attacks=()), "no attack"),
        (changed(corrupted=made), "cannot fail"),
        (changed(theory=bounded(lambda e, g: 1 - e)), "falls when the judge error"),
        (changed(theory=bounded(lambda e, g: 1 - g)), "falls when the equilibrium gap"),
        (changed(theory=bounded(lambda e, g: 2.0)), "no probability"),
        (changed(theory=bounded(lambda e, g: 0.5, holds=False)), "a bound is given"),
        (of_domain(play=lambda size, seed: play(size, seed, broken=True)), "break its statement"),
        (of_domain(sizes=()), "has no size"),
        (of_domain(sizes=(8, 1)), "the sizes"),
        (of_domain(sizes=(1, 9)), "judge cost 9"),
        (of_domain(small=()), "no small size"),
        (of_domain(play=lambda size, seed: dataclasses.replace(play(size, seed), gap=-1)), "gap"),
        (
            of_domain(
                play=lambda size, seed: dataclasses.replace(
                    play(size, seed), judge_cost=random.random()
                )
            ),
            "gives another play",
        ),
        (changed(attacks=(dataclasses.replace(made().attacks[0], domain="other"),)), "no domain"),
        (
            changed(
                attacks=(
                    dataclasses.replace(made().attacks[0], run=lambda s, b, t, seed: Attacked()),
                )
            ),
            "neither rate nor trials",
        ),
    ],
)
def test_what_is_wrong_is_named(broken: Callable[[], OversightProtocol], why: str) -> None:
    with pytest.raises(AssertionError, match=why):
        check_protocol(broken())
