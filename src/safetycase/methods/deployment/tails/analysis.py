"""From what is known of the rate to each tail, with both ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from safetycase.methods.deployment.tails import laws, low_stakes
from safetycase.methods.deployment.tails.low_stakes import Watch
from safetycase.stats import Certified, Exact, Interval, Statistic, clopper_pearson

__all__ = ["Setting", "quantities"]

ROUNDING = 1e-9  # relative, by which both ends are moved outwards
UPPER_SHARE = 0.9
Law = Callable[[float], tuple[float, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """T, N, and the rate: `stated` as an upper bound, or `counted` as failures in trials."""

    queries: int
    bad: int
    stated: float | None
    counted: tuple[int, int] | None
    level: float
    tolerated: float
    correlation: float | None = None
    block: int | None = None
    watch: Watch | None = None
    reset_every: int | None = None

    def rates(self) -> Interval:
        """Both ends of the rate, which hold together with probability at least `level`.

        The upper end, which supports, has nine tenths of the chance to fail; the lower refutes.

        A stated bound has no lower end but 0: it can support a claim and not refute one.
        """
        if self.counted is None:
            return Interval(0.0, self.stated or 0.0)
        alpha = 1 - self.level
        return clopper_pearson(
            *self.counted, alpha_low=alpha * (1 - UPPER_SHARE), alpha_high=alpha * UPPER_SHARE
        )

    def tails(self) -> dict[str, Law]:
        """(low, high) of each tail that is asked for, as a function of the rate."""
        t, n = self.queries, self.bad
        found: dict[str, Law] = {
            "tail_worst": lambda rate: _twice(laws.worst(t, n, rate)),
            "tail_independent": lambda rate: _twice(laws.independent(t, n, rate)),
        }
        if self.correlation is not None:
            correlation = self.correlation
            found["tail_clustered"] = lambda rate: laws.clustered(t, n, rate, correlation)
        if self.block is not None:
            size = self.block
            found["tail_blocks"] = lambda rate: _twice(laws.blocks(t, n, rate, size))
        if self.watch is not None or self.reset_every is not None:
            told = (self.watch, self.reset_every)
            found["tail_low_stakes"] = lambda rate: self._below(low_stakes.worst(t, n, rate, *told))
            found["tail_low_stakes_independent"] = lambda rate: self._below(
                low_stakes.independent(t, n, rate, *told)
            )
        return found

    def _below(self, value: float) -> tuple[float, float]:
        """A watch may be better than its stated recall: the tail has no lower end but 0."""
        return (value if self.watch is None else 0.0), value


def _twice(value: float) -> tuple[float, float]:
    return value, value


def quantities(setting: Setting) -> Mapping[str, Statistic]:
    """Every quantity; `ValueError` where a tail cannot be computed."""
    rates = setting.rates()
    known = f"a stated bound of {rates.high:g}"
    if setting.counted is not None:
        failures, trials = setting.counted
        known = f"{failures:,} of {trials:,} tests, exact interval at {setting.level:g}"
    found: dict[str, Statistic] = {
        "rate": Certified(low=rates.low, high=rates.high, level=setting.level, says=known)
    }
    for name, law in setting.tails().items():
        found[name] = Certified(
            low=max(0.0, law(rates.low)[0] * (1 - ROUNDING)),
            high=min(1.0, law(rates.high)[1] * (1 + ROUNDING)),
            level=setting.level,
            says=f"{setting.bad:,} of {setting.queries:,} actions; rate by {known}",
        )
    chance = setting.tolerated
    if setting.watch is not None:
        found |= _passed(setting.watch, chance)
    for name, value in (
        ("worst", laws.tolerated_worst(setting.queries, setting.bad, chance)),
        ("independent", laws.tolerated_independent(setting.queries, setting.bad, chance)),
    ):
        found[f"rate_tolerated_{name}"] = Exact(
            value=value,
            says=f"{setting.bad:,} of {setting.queries:,} actions with a chance of {chance:g}",
        )
    return found


def _passed(watch: Watch, chance: float) -> dict[str, Statistic]:
    told = f"recall {watch.recall:g}, latency {watch.latency:,}, {watch.resets:,} resets"
    return {
        "passed_until_reset": Exact(value=low_stakes.passed_until_reset(watch), says=told),
        "passed_at_most": Exact(
            value=float(low_stakes.passed_at_most(watch, chance)),
            says=f"{told}; more with a chance of {chance:g} at most",
        ),
    }
