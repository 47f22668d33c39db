"""Rates that are known, and planted settings in which a lie gets through or does not."""

from __future__ import annotations

import math
from dataclasses import replace

from safetycase.methods.oversight.obfuscation.analysis import Plan, analyse
from safetycase.methods.oversight.obfuscation.primes import Primes, play_primes
from safetycase.methods.oversight.obfuscation.rates import (
    Name,
    Setting,
    dishonest_obfuscated,
    judge_cost,
)
from safetycase.methods.oversight.protocols.prover_estimator.one_round import (
    all_true,
    conjunction_numbers,
    hidden_false,
    solve,
)
from safetycase.methods.oversight.protocols.prover_estimator.switches import Switches
from safetycase.plugin.contract import Controls, OracleResult, Planted
from safetycase.stats import bounds

__all__ = ["controls", "passes", "self_check"]

OURS = "closed form"
DEBATE, PRICE = "Barnes & Christiano 2020; 1 − 1/leaves", "arXiv:2311.14125, Lean constants"
SETTING = Setting(
    width=4, stable_width=5, looks=0, attacker=1.0, private=False, growth=2.5, judge_error=0.0
)
PRIMES = Primes(trials=60, effort=1.0, attacker=1.0, trial_division=False, growth=2.5, seed=1)
LOW, HIGH, ALPHA = 0.1, 0.9, 0.05


def self_check() -> tuple[OracleResult, ...]:
    """Closed forms of the three protocols, and the plays on primes at both ends of the work."""
    ten = replace(SETTING, width=10)
    blind = solve(hidden_false(101), stake=2.5, first=2.5)
    calm = solve(hidden_false(101), stake=2.5, first=2.5, switches=Switches(root="none"))
    rich = play_primes(24, replace(PRIMES, effort=400.0, trials=30))
    poor = play_primes(40, replace(PRIMES, effort=0.1, trials=30))
    rows = (
        ("debate, width 10, depth 4", 0.9999, dishonest_obfuscated("debate", 4, ten), DEBATE),
        (
            "debate, 7 looks of 64",
            1 - 8 / 64,
            dishonest_obfuscated("debate", 3, replace(SETTING, looks=7)),
            DEBATE,
        ),
        (
            "verifier at K = 16",
            106_000 * 256 + 1,
            judge_cost("doubly-efficient", 2, SETTING, stable=False),
            PRICE,
        ),
        ("estimator, 101 leaves, one false", 0.0238536, blind.root_high, OURS),
        ("the same without a root reward", (1 - 1 / 101) ** 101, calm.root_high, OURS),
        (
            "estimator, 101 true leaves",
            conjunction_numbers(101, 2.5)[1],
            solve(all_true(101, 101), stake=2.5, first=2.5).root_low,
            OURS,
        ),
        ("limit of a hidden leaf", math.exp(-1), _limit(), OURS),
        ("primes, factors in reach: wins", 0, rich.wins["debate"], "Pollard 1975"),
        ("primes, no search: factors", 0, poor.factored, OURS),
    )
    return tuple(
        OracleResult(name=name, expected=want, got=got, tolerance=1e-5, source=source)
        for name, want, got, source in rows
    )


def _limit() -> float:
    found = solve(
        hidden_false(200_000), stake=3e5, first=2.5, switches=Switches(root="none"), convex=True
    )
    return found.root_high


def passes(protocol: Name, setting: Setting, depths: tuple[int, ...]) -> bool:
    """Whether lies are shown to fail, and stable truths to pass, through the method's own code."""
    plan = Plan(protocol=protocol, depths=depths, bits=(24,), setting=setting, primes=PRIMES)
    found = analyse(plan, lambda *_: None).quantities
    alphas = {"alpha_low": ALPHA, "alpha_high": ALPHA}
    lies = max(
        bounds(found[name], **alphas).high for name in ("attack_success", "prime_attack_success")
    )
    return lies <= LOW and bounds(found["honest_success_stable"], **alphas).low >= HIGH


def controls() -> Controls:
    """Protocols that obfuscation beats, and settings in which it does not."""
    shared, private = replace(SETTING, looks=2), replace(SETTING, looks=2, private=True)
    brittle = replace(SETTING, looks=2, growth=1.05, stable_width=101)
    bad: tuple[tuple[Name, Setting, tuple[int, ...]], ...] = (
        ("debate", shared, (2, 3)),
        ("debate", replace(shared, looks=30), (3,)),
        ("doubly-efficient", shared, (2, 3)),
        ("prover-estimator", private, (2, 3)),
        ("prover-estimator", replace(shared, attacker=8.0), (3,)),
        ("prover-estimator", brittle, (2,)),
    )
    good: tuple[tuple[Name, Setting, tuple[int, ...]], ...] = (
        ("prover-estimator", SETTING, (1, 2, 3)),
        ("prover-estimator", shared, (2, 4)),
        ("prover-estimator", replace(shared, judge_error=0.05), (2,)),
        ("prover-estimator", replace(private, width=10), (2, 3)),
    )
    return Controls(
        criterion=f"lies are shown to win at most {LOW:.0%} of the time, on hidden leaves and on "
        f"products of primes, and stable truths to pass at least {HIGH:.0%}",
        planted=(
            Planted(
                name="one path of debate, challenged steps, or a prover who knows more",
                claim_is_true=False,
                passes=sum(passes(*one) for one in bad),
                runs=len(bad),
            ),
            Planted(
                name="an estimator who knows no less than the prover",
                claim_is_true=True,
                passes=sum(passes(*one) for one in good),
                runs=len(good),
            ),
        ),
    )
