"""Enumeration, bounds and the solver decide alike, on networks none of them was made for."""

from __future__ import annotations

import pytest

from safetycase.methods.verification.bounds.prove import prove
from safetycase.methods.verification.bounds.search import Effort
from safetycase.methods.verification.exhaustive.grid import grid_of
from safetycase.methods.verification.exhaustive.planted import tried
from safetycase.methods.verification.planted import known, silent
from safetycase.methods.verification.smt.encode import answered

SEEDS = range(1000, 1017)
EFFORT = Effort(nodes=5000, split="auto", tolerance=0.0, seed=0)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["clean", "planted", "broken"])
def test_three_ways_agree_on_seventeen_networks_of_each_kind(kind: str) -> None:
    for seed in SEEDS:
        subject = known(seed, kind=kind, side=3)
        problem = subject.problem
        counted = tried(grid_of(problem, 0.0))
        proof = prove(problem, EFFORT, silent).found[0]
        told = answered(problem, (0, 0), 0.0, 50_000_000)
        assert counted.least == subject.least
        assert (counted.bad > 0, bool(proof.counterexamples), told.verdict == "refuted") == (
            (not subject.kept,) * 3
        )
        assert (proof.holds, told.verdict == "proved") == ((subject.kept,) * 2)
        if kind == "planted":
            assert counted.bad == 1
            assert proof.counterexamples[0] == told.x
        elif subject.kept:
            assert proof.lower is not None
            assert 0 < proof.lower <= subject.least
