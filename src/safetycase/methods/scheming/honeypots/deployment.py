"""What honeypots say of a deployment: posteriors of a schemer, and acts that are still to come."""

from __future__ import annotations

from safetycase.methods.scheming.honeypots.posteriors import (
    Declared,
    Record,
    best_responder_posterior,
    distinguishing_posterior,
    fixed_rate_posterior,
)
from safetycase.stats import SURE, Certified, Exact, Statistic, all_clear, bounds

__all__ = ["act_in_deployment", "none_in_deployment", "posteriors"]


def posteriors(clean: int, acts: int, unknown: int, declared: Declared) -> dict[str, Statistic]:
    """Exact given the declarations; an interval over what the unknown items may have been."""
    number = clean + acts + unknown
    found: dict[str, Statistic] = {}
    for name, posterior in (
        ("fixed_rate", fixed_rate_posterior),
        ("best_response", best_responder_posterior),
        ("distinguishing", distinguishing_posterior),
    ):
        values = [
            posterior(Record(number=number, acts=acts + more), declared)
            for more in range(unknown + 1)
        ]
        says = f"prior {declared.prior} declared; {acts} of {number} tests with an act"
        found[f"posterior_{name}"] = (
            Exact(value=values[0], says=says)
            if not unknown
            else Certified(
                low=min(values),
                high=max(values),
                level=SURE,
                says=f"{says}, {unknown} unknown: whatever they were",
            )
        )
    return found


def none_in_deployment(clean: int, acts: int, unknown: int, queries: int) -> str:
    """What exchangeability alone says of no act in as many queries."""
    if acts or unknown:
        return "nothing: not every test was clean"
    return f"at least {all_clear(clean, queries):.3g}, n/(n + N)"


def act_in_deployment(rate: Statistic, queries: int, level: float) -> Certified:
    """One act is at least as likely as in one query, at most the sum over all (Boole 1854)."""
    alpha = (1 - level) / 2
    interval = bounds(rate, alpha_low=alpha, alpha_high=alpha)
    return Certified(
        low=max(0.0, interval.low),
        high=min(1.0, queries * interval.high),
        level=level,
        says=f"{queries:,} queries, each as likely to meet an act as in the worst arm",
    )
