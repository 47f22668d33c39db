"""The conformance suite refuses a protocol for each thing that can be wrong with it."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable
from typing import Any

import pytest
from toy_protocols import Constants, made, play, theory

from safetycase.plugin.protocols import Attacked, Bound, Condition, OversightProtocol
from safetycase.testing import check_protocol


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
