"""Claims of primality on real integers: how often the false one wins, with work counted.

The claim that n = p·q is prime is split into intervals without a divisor. The honest side shows n
composite by Miller-Rabin, and may then search for the factor with `effort` times the operations
that took. In debate and in doubly-efficient debate it has to name the interval: by the factor if it
found it, by a guess otherwise. In prover-estimator debate it gives numbers.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from safetycase.methods.oversight.domains.primes import (
    intervals,
    leaf_of,
    pollard_rho,
    semiprime,
    shown_composite,
    trial_division,
)
from safetycase.methods.oversight.obfuscation.rates import Name
from safetycase.methods.oversight.protocols.prover_estimator.plays import INTERVALS, hidden
from safetycase.methods.oversight.protocols.prover_estimator.switches import Switches
from safetycase.stats import Certified, Proportion, Statistic, clopper_pearson

__all__ = ["Primes", "Work", "passed", "play_primes"]

SELDOM = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Primes:
    """How many products, how hard each side searches, and by what.

    `effort` is the honest side's search as a multiple of the operations that showed n composite,
    `attacker` the liar's search as a multiple of that.
    """

    trials: int
    effort: float
    attacker: float
    trial_division: bool
    growth: float
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Of the products of one size: wins of the liar by protocol, factors found, operations.

    `shown` and `searched` are means of modular operations of the honest side; `factored` counts its
    factors found, `informed` the liar's.
    """

    wins: dict[Name, int]
    factored: int
    informed: int
    shown: float
    searched: float


def play_primes(bits: int, setting: Primes) -> Work:
    """Play every protocol on the same products of that many bits."""
    factored = informed = named = 0
    shown = searched = 0
    for trial in range(setting.trials):
        instance = semiprime(bits, setting.seed * 100_003 + trial)
        witness = shown_composite(instance.n)
        allowed = int(setting.effort * witness.operations)
        found, used = _search(instance.n, allowed, trial, setting)
        informed += _search(instance.n, int(allowed * setting.attacker), trial + 1, setting)[0] > 0
        shown, searched = shown + witness.operations, searched + used
        factored += found == instance.factor
        guess = random.Random(f"guess {instance.n} {setting.seed}")  # noqa: S311 - a simulation
        right = leaf_of(instance, INTERVALS)
        named += found == instance.factor or guess.randrange(INTERVALS) == right
    switches = Switches(growth=setting.growth)
    accepted = hidden(INTERVALS, informed / setting.trials, switches).root_high >= 0.5
    missed = setting.trials - named
    return Work(
        wins={
            "debate": missed,
            "doubly-efficient": missed,
            "prover-estimator": setting.trials * accepted,
        },
        factored=factored,
        informed=informed,
        shown=shown / setting.trials,
        searched=searched / setting.trials,
    )


def passed(work: Work, setting: Primes, name: Name) -> Statistic:
    """How often products pass as prime.

    An estimator gives all of them one number, by the share whose factor the liar finds: that is one
    decision and not a trial for each product. It is taken at both ends of that share's interval.
    """
    trials = setting.trials
    if name != "prover-estimator":
        return Proportion(successes=work.wins[name], trials=trials)
    span = clopper_pearson(work.informed, trials, alpha_low=SELDOM / 2, alpha_high=SELDOM / 2)
    switches = Switches(growth=setting.growth)
    shares = (span.low, work.informed / trials, span.high)
    passes = [float(hidden(INTERVALS, share, switches).root_high >= 0.5) for share in shares]
    return Certified(
        low=min(passes),
        high=max(passes),
        level=1 - SELDOM,
        says=f"one number for every product, the liar finding {work.informed} of {trials} factors",
    )


def _search(n: int, allowed: int, seed: int, setting: Primes) -> tuple[int, int]:
    """The factor if it is found within that many operations (0 if not), and those used."""
    if not setting.trial_division:
        done = pollard_rho(n, allowed, seed)
        return done.found, done.operations
    low, width = intervals(n, 1)
    draw = random.Random(f"start {n} {seed} {setting.seed}")  # noqa: S311 - a simulation
    start = low + draw.randrange(max(1, int(width)))
    done = trial_division(n, start, allowed)
    if done.found or done.operations >= allowed:
        return done.found, done.operations
    again = trial_division(n, low, min(allowed - done.operations, (start - low) // 2 + 1))
    return again.found, done.operations + again.operations
