"""From attempts at abilities to upper bounds, and from those to a bound on the root."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from safetycase.methods import counted
from safetycase.methods.counted import Options, Row
from safetycase.methods.scheming.attempts.records import (
    Attempt,
    instrument,
    padded,
    row_of,
)
from safetycase.methods.scheming.capabilities.graph import Bounded, Needs, bounded, named_cuts
from safetycase.plugin.contract import Bar, Intervals, Measure, Measurement, MethodError, Raised
from safetycase.stats import Certified, Interval, Statistic, bounds, describe

__all__ = ["MEASURES", "Reading", "Weighed", "analyse", "weigh"]

OPTIONS = Options(scorer=None, pass_at=1.0, chance=None, cluster_by="", arms=())
MEASURES = (
    Measure(
        name="capability",
        unit="probability",
        safer="lower",
        says="success rate at the root, at most what the abilities that it needs allow",
    ),
    Measure(
        name="missing_sets",
        unit="sets of abilities",
        safer="higher",
        says="sets of abilities, without all of which the root is impossible, whose every ability "
        "is at most at `absent_at`",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How attempts become a bound; see the parameters of the method."""

    level: float
    absent_at: float
    attempts: int
    instrument_min: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """The interval of each ability, the bound on the root, and the quantities."""

    intervals: Mapping[str, Interval]
    bound: Bounded
    missing: tuple[tuple[str, ...], ...]
    quantities: Mapping[str, Statistic]


def analyse(
    needs: Needs,
    attempts: Sequence[Attempt],
    reading: Reading,
    *,
    seed: int,
    artefacts: Mapping[str, str],
    diagnostics: Mapping[str, str],
) -> Measurement:
    """The measurement; `MethodError` if an ability has no score and is not declared unknown."""
    tried = [a for a in attempts if not a.answered]
    rows = _rows(needs, tried, reading.attempts)
    rates = {n: counted.quantities(mine, OPTIONS)["pass_rate"] for n, mine in rows.items()}
    weighed = weigh(needs, rates, reading)
    every = [row for mine in rows.values() for row in mine]
    return Measurement(
        quantities=weighed.quantities,
        counts={
            **{k: v for k, v in counted.counts(every).items() if k != "clusters"},
            "abilities": len(needs.abilities),
            "abilities unknown": len(needs.abilities) - len(rates),
        },
        effort={"attempts at each ability": str(reading.attempts)},
        instrument=(instrument(attempts, [(n,) for n in rates], reading.instrument_min),),
        raises=_refuted(needs, rates, weighed),
        plots=(_picture(needs, rates, weighed, reading),),
        transcripts=counted.transcripts([r for r in every if r.prompt or r.output], seed),
        diagnostics={**diagnostics, **_words(needs, rates, weighed, reading)},
        artefacts=dict(artefacts),
    )


def weigh(needs: Needs, rates: Mapping[str, Statistic], reading: Reading) -> Weighed:
    """Bounds that hold together with probability `level`: one an ability, one more for the root."""
    alpha = (1 - reading.level) / (len(rates) + (needs.root in rates))
    intervals = {name: Interval(0.0, 1.0) for name in needs.abilities}
    for name, rate in rates.items():
        intervals[name] = bounds(rate, alpha_low=alpha, alpha_high=alpha)
    bound = bounded(needs, {name: i.high for name, i in intervals.items()})
    own = intervals[needs.root]
    high = max(bound.high, own.low)  # more than its needs allow: then they are not all needed
    missing = tuple(
        cut for cut in bound.cuts if all(intervals[n].high <= reading.absent_at for n in cut)
    )
    quantities: dict[str, Statistic] = {
        "capability": Certified(
            low=own.low,
            high=high if high == bound.high else own.high,
            level=reading.level,
            says=f"bound from {len(rates)} measured abilities under any dependence",
        ),
        "missing_sets": Certified(
            low=float(len(missing)),
            high=float(len(bound.cuts)) if bound.complete else float("inf"),
            level=reading.level,
            says=f"{len(missing)} of {len(bound.cuts)} sets shown to be missing",
        ),
    }
    return Weighed(intervals=intervals, bound=bound, missing=missing, quantities=quantities)


def _refuted(needs: Needs, rates: Mapping[str, Statistic], weighed: Weighed) -> tuple[Raised, ...]:
    """A doubt for every ability that is shown more often than what it is said to need."""
    found = []
    highs = {name: interval.high for name, interval in weighed.intervals.items()}
    for name, ability in needs.abilities.items():
        if name not in rates or not ability.needs:
            continue
        allowed = bounded(replace(needs, root=name), {**highs, name: 1.0}).high
        if weighed.intervals[name].low > allowed:
            found.append(
                Raised(
                    name="needs-refuted",
                    says=f"`{name}` succeeds at a rate of at least "
                    f"{weighed.intervals[name].low:.3g}, and what it is said to need allows "
                    f"{allowed:.3g}: it does without, or a test is harder than the need.",
                )
            )
    return tuple(found)


def _rows(needs: Needs, tried: Sequence[Attempt], planned: int) -> dict[str, list[Row]]:
    """The rows of every ability that is measured, the missing ones among them."""
    found: dict[str, list[Row]] = {}
    for name, ability in needs.abilities.items():
        rows = [row_of(a) for a in tried if a.of == (name,)]
        if ability.unknown and rows:
            raise MethodError(f"`{name}` is declared unknown and has attempts; take one out")
        if ability.unknown:
            continue
        if all(row.passed is None for row in rows):
            raise MethodError(
                f"the ability `{name}` has no attempt with a score; attempt it, or declare it "
                "`unknown: true`, which bounds nothing"
            )
        found[name] = padded(rows, planned, len(rows), f"the ability `{name}`")
    if not found:
        raise MethodError("every ability is unknown: nothing is bounded; measure one of them")
    return found


def _picture(
    needs: Needs, rates: Mapping[str, Statistic], weighed: Weighed, reading: Reading
) -> Intervals:
    bars = [counted.bar(name, rate, weighed.intervals[name]) for name, rate in rates.items()]
    root = weighed.quantities["capability"]
    assert isinstance(root, Certified)
    bars.append(
        Bar(
            label=f"{needs.root}, by what it needs",
            low=root.low,
            point=root.high,
            high=root.high,
            note="upper bound",
        )
    )
    return Intervals(
        title="Abilities, all together at the level of the method",
        unit="success rate",
        bars=tuple(bars),
        threshold=reading.absent_at,
    )


def _words(
    needs: Needs, rates: Mapping[str, Statistic], weighed: Weighed, reading: Reading
) -> dict[str, str]:
    bound = weighed.bound
    cut = bound.cuts[0] if bound.cuts else ()
    total = sum(weighed.intervals[name].high for name in cut)
    found = {
        "bound on the root": f"at most {bound.high:.4g}; a joint law that fits reaches "
        f"{bound.reached:.4g}",
        "cheapest cut": f"{named_cuts([cut])}, bounds add up to {total:.4g}" if cut else "none",
        "missing": named_cuts(weighed.missing)
        or f"no set is shown to be missing at {reading.absent_at:g}",
        "minimal cut sets": named_cuts(bound.cuts),
    }
    for name in needs.abilities:
        interval = weighed.intervals[name]
        known = describe(rates[name]) if name in rates else "unknown"
        found[f"ability {name}"] = f"{known}: [{interval.low:.4g}, {interval.high:.4g}]"
    return found
