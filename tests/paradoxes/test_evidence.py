"""The paradoxes that are about what a result is worth, leaf by leaf.

P10 a silent test without power, P11 too good to be true, P12 looking early, P13 the best of many
re-runs, P16 a hundred tests at 5 %, P24 doubted independence, P25 a prior that asserts nothing,
P28 validity before the data times confidence from the data.
"""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.paradoxes import schemes
from tests.paradoxes.engine import bel

from safetycase.confidence.graph import Builder
from safetycase.stats.assay import doubt_after_silence, silent_assay
from safetycase.stats.binomial import rate_confidence
from safetycase.stats.conservative import Feature, worst_doubted_independence, worst_posterior
from safetycase.stats.instrument import after_passes
from safetycase.stats.multiplicity import all_true, average_e, best_of, e_to_doubt, holm
from safetycase.stats.sequential import anytime_doubt, clean_trials, log_e_below, looks_of

RATE, ALPHA = 0.01, 0.05


def fixed_doubt(failures: int, trials: int) -> float:
    """The doubt of the exact test that was planned for this n and looks once."""
    return 1 - rate_confidence(failures, trials, RATE)[0]


def test_p10_silence_is_worth_the_power_of_the_test() -> None:
    assert doubt_after_silence(0.5, 0.05) == pytest.approx(0.487, abs=1e-3)
    assert doubt_after_silence(0.5, 0.0) == 0.5
    # With the power known only from planted failures there is less still: 1 of 20 found.
    assert silent_assay(1, 20, controls=(20, 20), prior=0.5, alpha=0.05).doubt > 0.487
    # A pass rate knows nothing of power: 300 silent runs read as near certainty.
    assert fixed_doubt(0, 300) < 0.05
    assert schemes.uniform_prior(300, 300) > 0.99


@given(st.floats(0.01, 0.99), st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=60)
def test_p10_more_power_never_leaves_more_doubt(prior: float, a: float, b: float) -> None:
    low, high = sorted((a, b))
    assert doubt_after_silence(prior, high) <= doubt_after_silence(prior, low) + 1e-12
    assert doubt_after_silence(prior, low) <= 1 - prior + 1e-12


def test_p11_too_good_to_be_true() -> None:
    found = after_passes(5000, prior=0.5, validity=0.95, power=0.01, independent=True)
    assert found.safe == pytest.approx(0.952, abs=1e-3)
    assert found.valid == pytest.approx(0.905, abs=1e-3)
    # Beyond some point passes say nothing more about the system.
    more = after_passes(50_000, prior=0.5, validity=0.95, power=0.01, independent=True)
    assert more.safe == pytest.approx(found.safe, abs=1e-6)
    # A trusted instrument (Laplace, or the exact interval) is certain.
    assert schemes.uniform_prior(5000, 5000) > 0.9997
    assert fixed_doubt(0, 5000) < 1e-20


def peeked(generator: random.Random, trials: int) -> tuple[bool, bool]:
    """Whether a developer who looks after every trial ever sees a doubt of 5 % or less."""
    exact = eager = False
    failures = 0
    for n in range(1, trials + 1):
        failures += generator.random() < RATE
        eager = eager or CERTIFIED[failures] <= n
        exact = exact or PAID[failures] <= n
    return eager, exact


def _first(failures: int, most: int, enough: object) -> int:
    """The fewest trials with that many failures after which the doubt is 5 % or less."""
    assert callable(enough)
    low, high = failures, most + 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(failures, middle) else (middle + 1, high)
    return low


TRIALS = 2000
CERTIFIED = [_first(k, TRIALS, lambda k, n: fixed_doubt(k, n) <= ALPHA) for k in range(80)]
PAID = [
    _first(k, TRIALS, lambda k, n: log_e_below(k, n, RATE) >= -math.log(ALPHA)) for k in range(80)
]


@pytest.mark.slow
def test_p12_looking_early_is_paid_for() -> None:
    """The rate is exactly the threshold, so each certificate is a false one."""
    generator, runs = random.Random(12), 2000
    found = [peeked(generator, TRIALS) for _ in range(runs)]
    eager, paid = (sum(column) / runs for column in zip(*found, strict=True))
    noise = 3 * math.sqrt(ALPHA * (1 - ALPHA) / runs)
    assert paid <= ALPHA + noise
    assert eager > 0.15


def test_p12_the_same_looks_by_example() -> None:
    assert CERTIFIED[0] == 299
    assert PAID[0] == clean_trials(RATE, ALPHA) == 330
    record = [False] * 299
    assert fixed_doubt(0, 299) <= ALPHA < anytime_doubt(looks_of(record), RATE)
    # What was seen once is not lost, and not improved by looking again.
    looks = looks_of([False] * 330)
    assert anytime_doubt([*looks, looks[-1]], RATE) == anytime_doubt(looks, RATE) <= ALPHA


def test_p13_the_best_of_twenty_reruns_is_charged_as_twenty() -> None:
    best = 0.03
    assert best_of(best, 20) == pytest.approx(0.6)
    # Reporting the best alone finds 5 % in nearly two of three null cases.
    assert 1 - (1 - ALPHA) ** 20 > 0.64
    assert schemes.noisy_or([ALPHA] * 20) == pytest.approx(1 - (1 - ALPHA) ** 20)
    # As e-values: one run that speaks at 33 among nineteen that say nothing.
    assert e_to_doubt(average_e([1 / best] + [1.0] * 19)) == pytest.approx(0.3819, abs=1e-3)
    assert e_to_doubt(average_e([1 / best] + [0.0] * 19)) == pytest.approx(0.6)


def test_p16_a_hundred_passed_tests_are_not_one_at_95_percent() -> None:
    assert all_true(100, prior=0.5, alpha=ALPHA, power=1.0) == pytest.approx(0.0076, abs=2e-4)
    # As leaves of a case the doubts add up: nothing is left of the conjunction.
    build = Builder()
    node = build.all([build.event(f"test{i}", 1 - ALPHA) for i in range(100)])
    graph = build.freeze()
    assert bel(graph, node) == 0
    assert min(holm([0.04] * 100)) == 1.0
    # "All at 5 %", read as 95 %: the intersection-union test, and the weakest link.
    chances = dict.fromkeys(range(100), 1 - ALPHA)
    assert schemes.weakest_link(graph, node, chances) == 0.95
    assert schemes.averaging(graph, node, chances) == pytest.approx(0.95)


def test_p24_passes_that_may_all_be_one_pass() -> None:
    """With independence in doubt more passes saturate, and then lower the confidence."""
    level = Feature(goal=0.0, prior=0.5)
    sizes = (10, 100, 1_000, 10_000, 100_000)
    flat = [worst_doubted_independence(n, RATE, level, doubt=0.1) for n in sizes]
    assert flat[-1] == pytest.approx(flat[-2], abs=1e-9)
    assert flat[-1] < 0.84
    small = Feature(goal=1e-4, prior=0.5)
    falling = [worst_doubted_independence(n, RATE, small, doubt=0.1) for n in sizes]
    assert max(falling) > falling[-1] + 0.5
    # Counting each pass as one more independent trial goes to certainty.
    assert worst_posterior(0, sizes[-1], RATE, level) > 1 - 1e-9
    assert schemes.uniform_prior(sizes[-1], sizes[-1]) > 1 - 1e-4


@given(st.integers(0, 10_000), st.integers(0, 3))
@settings(max_examples=40)
def test_p25_a_prior_that_asserts_nothing_stays_vacuous(trials: int, failures: int) -> None:
    silent = Feature(goal=0.001, prior=0.0, floor=0.0001)
    assert worst_posterior(min(failures, trials), trials, RATE, silent) == 0
    assert worst_doubted_independence(trials, RATE, silent, doubt=0.1) == 0


def test_p25_a_uniform_prior_is_an_opinion() -> None:
    # Nothing was asserted, and yet: an even chance before the first run, .99 after a hundred.
    assert schemes.uniform_prior(0, 0) == 0.5
    assert schemes.uniform_prior(100, 100) > 0.99


def test_p28_validity_before_the_data_is_not_validity_after_them() -> None:
    found = after_passes(100_000, prior=0.1, validity=0.95, power=0.05, independent=True)
    assert found.safe == pytest.approx(0.69, abs=5e-3)
    # Validity as first believed, times a confidence that the data have driven to one.
    naive = 0.95 * (1 - fixed_doubt(0, 100_000))
    assert naive == pytest.approx(0.95)
    assert schemes.product_of([0.95, 1.0]) > found.safe + 0.25
    # Without a declared independence of the two there is less, never more.
    less = after_passes(100_000, prior=0.1, validity=0.95, power=0.05, independent=False)
    assert less.safe <= found.safe
    assert less.safe_and_valid <= found.safe_and_valid
