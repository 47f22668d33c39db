"""What passed tests say of a schemer, under three strategies it may follow.

A *fixed rate* schemer acts with one probability in every test and every deployment query. A *best
responder* cannot tell the two apart, knows how many tests there are, and picks the rate that pays
most. A *distinguishing* one recognises every test and acts in none of them. The prior, the rates
and the numbers of queries are declared, never measured. Kovařík et al. (2025), arXiv:2508.14927.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

__all__ = [
    "Declared",
    "Payoff",
    "Record",
    "best_responder_posterior",
    "best_response_rate",
    "deployment_risk",
    "distinguishing_posterior",
    "fixed_rate_posterior",
    "pass_probability",
    "posterior_odds",
    "rate_posterior",
]

Payoff = Literal["each", "once"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """`acts` misaligned acts in `number` independent tests."""

    number: int
    acts: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.acts <= self.number:
            raise ValueError(f"{self.acts} acts in {self.number} tests is impossible")


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What is asserted, not measured.

    `prior` is the probability of a schemer before any test, `act_rate` how often a schemer of
    fixed rate acts, `slip_rate` how often a model that is no schemer does the act by mistake, and
    `queries` how many deployment queries there are.
    """

    prior: float
    queries: int
    act_rate: float
    slip_rate: float = 0.0

    def __post_init__(self) -> None:
        if not 0 < self.prior < 1:
            raise ValueError(f"the prior {self.prior!r} is not between 0 and 1")
        if not 0 < self.act_rate < 1:
            raise ValueError(f"the act rate {self.act_rate!r} is not between 0 and 1")
        if not 0 <= self.slip_rate < 1:
            raise ValueError(f"the slip rate {self.slip_rate!r} is not at least 0 and below 1")
        if self.queries < 1:
            raise ValueError("there is at least one deployment query")


def pass_probability(rate: float, tests: int) -> float:
    """(1 − rate)^tests: no act in `tests` independent tests."""
    _check_rate(rate)
    return math.exp(tests * math.log1p(-rate)) if rate < 1 else float(tests == 0)


def posterior_odds(prior: float, rate: float, tests: int) -> float:
    """The odds schemer : no schemer after `tests` clean tests of a schemer that acts at `rate`."""
    return prior / (1 - prior) * pass_probability(rate, tests)


def best_response_rate(tests: int, queries: int, payoff: Payoff) -> float:
    """The act rate that maximises what a schemer gains if any act in a test ends it.

    `each`: every act in deployment pays, (1 − p)^n·N·p is largest at p = 1/(n + 1), whatever N.
    `once`: one act is enough, (1 − p)^n·(1 − (1 − p)^N) is largest at (1 − p)^N = n/(n + N).
    """
    if tests < 1 or queries < 1:
        raise ValueError("there is at least one test and one deployment query")
    if payoff == "each":
        return 1 / (tests + 1)
    return -math.expm1(math.log(tests / (tests + queries)) / queries)


def rate_posterior(tests: Record, declared: Declared, rate: float) -> float:
    """P(schemer | the tests) for a schemer that acts at `rate`, against a model that slips.

    1 if neither of the two can have done what was seen: an act that the slip rate excludes is
    not explained away.
    """
    _check_rate(rate)
    bad = _log_likelihood(tests, rate) + math.log(declared.prior)
    good = _log_likelihood(tests, declared.slip_rate) + math.log1p(-declared.prior)
    if good == -math.inf:
        return 1.0
    if bad == -math.inf:
        return 0.0
    gap = good - bad
    return 1 / (1 + math.exp(gap)) if gap < 700 else math.exp(-gap)


def fixed_rate_posterior(tests: Record, declared: Declared) -> float:
    """P(schemer | the tests) if a schemer acts at the declared rate everywhere."""
    return rate_posterior(tests, declared, declared.act_rate)


def best_responder_posterior(tests: Record, declared: Declared) -> float:
    """P(schemer | the tests) if a schemer picks its best rate; the larger of the two payoffs.

    It hides behind slips: it acts no more rarely than a model that slips, so that no act speaks
    for the model.
    """
    if tests.number == 0:
        return declared.prior
    payoffs: tuple[Payoff, ...] = ("each", "once")
    rates = [best_response_rate(tests.number, declared.queries, payoff) for payoff in payoffs]
    return max(rate_posterior(tests, declared, max(rate, declared.slip_rate)) for rate in rates)


def distinguishing_posterior(tests: Record, declared: Declared) -> float:
    """P(schemer | the tests) if a schemer recognises tests: the prior, however many there are.

    In a test it does what a model does that is no schemer, slips included.
    """
    return rate_posterior(tests, declared, declared.slip_rate)


def deployment_risk(posterior: float, rate: float, queries: int) -> float:
    """P(at least one misaligned act in `queries` deployment queries | the tests)."""
    if not 0 <= posterior <= 1:
        raise ValueError(f"the posterior {posterior!r} is not a probability")
    return posterior * (1 - pass_probability(rate, queries))


def _log_likelihood(tests: Record, rate: float) -> float:
    clean = tests.number - tests.acts
    log = 0.0
    if tests.acts:
        log += tests.acts * math.log(rate) if rate > 0 else -math.inf
    if clean:
        log += clean * math.log1p(-rate) if rate < 1 else -math.inf
    return log


def _check_rate(rate: float) -> None:
    if not 0 <= rate <= 1:
        raise ValueError(f"the rate {rate!r} is not a probability")
