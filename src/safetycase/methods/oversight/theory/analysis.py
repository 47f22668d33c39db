"""From a protocol, its constants and measured inputs to the bound that its statement gives."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from safetycase.plugin.contract import (
    Bar,
    Curve,
    InstrumentCheck,
    Intervals,
    Measure,
    Measurement,
    MethodError,
    Plot,
)
from safetycase.plugin.protocols import Bound, Domain, OversightProtocol, Played
from safetycase.stats import SURE, Certified, Exact, Statistic

__all__ = ["MEASURES", "JudgeError", "Row", "analyse", "play_all", "stated"]

MEASURES = (
    Measure(
        name="disagreement_bound",
        unit="probability",
        safer="lower",
        says="what the statement gives for the probability that the verdict is not M's, at every "
        "profile with this equilibrium gap; its lower end is 0, since a bound refutes nothing",
    ),
    Measure(
        name="cost_ratio",
        unit="ratio",
        safer="lower",
        says="counted steps of the honest side divided by the bound of the statement, largest over "
        "the plays",
    ),
    Measure(
        name="judge_cost_ratio",
        unit="ratio",
        safer="lower",
        says="counted queries of the judge divided by the bound of the statement, largest over the "
        "plays",
    ),
    Measure(
        name="played_error",
        unit="probability",
        safer="lower",
        says="probability of a wrong verdict at the equilibrium that the solver returned, largest "
        "over the plays: a lower bound on that of all equilibria",
    ),
)
Step = Callable[[int, int, str], None]
_STEPS = 40
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeError:
    """An upper bound on the rate at which the human input is wrong, and what it rests on."""

    high: float
    level: float
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One play on one instance, and what the statement allows there."""

    domain: str
    size: int
    seed: int
    unit: str
    played: Played
    bound: Bound

    @property
    def name(self) -> str:
        """The instance in words."""
        return f"{self.domain}, size {self.size}, seed {self.seed}"

    @property
    def breaks(self) -> str:
        """How the play breaks the statement; empty if it keeps it."""
        for what, got, most in (
            ("error", self.played.error_high, self.bound.disagreement),
            ("honest cost", self.played.honest_cost, self.bound.honest_cost),
            ("judge cost", self.played.judge_cost, self.bound.judge_cost),
        ):
            allowed = most + _ROUNDING * max(1.0, abs(most))
            if not got <= allowed:  # so that what is no number breaks it, too
                return f"{self.name}: {what} {got:.4g}, allowed {most:.4g}"
        return ""


def play_all(
    found: OversightProtocol,
    domains: Sequence[Domain],
    seeds: int,
    step: Step = lambda _done, _total, _note: None,
) -> tuple[Row, ...]:
    """Play every domain at each of its sizes, with the default constants."""
    constants = found.constants()
    todo = [
        (domain, size, seed) for domain in domains for size in domain.sizes for seed in range(seeds)
    ]
    rows = []
    for done, (domain, size, seed) in enumerate(todo):
        step(done, len(todo), f"{domain.name}, size {size}")
        played = domain.play(size, seed)
        bound = stated(found, constants, 0.0, played.gap)
        rows.append(
            Row(
                domain=domain.name,
                size=size,
                seed=seed,
                unit=domain.unit,
                played=played,
                bound=bound,
            )
        )
    return tuple(rows)


def stated(found: OversightProtocol, constants: Any, judge_error: float, gap: float) -> Bound:
    """What the statement gives; `MethodError` where that is no bound at all.

    A gap above 1 of the payoff range is no larger than 1.
    """
    try:
        bound = found.theory(constants, judge_error, min(gap, 1.0))
    except ArithmeticError as error:
        raise MethodError(
            f"the statement of `{found.name}` cannot be computed with {constants}: {error}; lower "
            "the constants that are too large"
        ) from error
    costs = bound.honest_cost, bound.opponent_cost, bound.judge_cost
    if not 0 <= bound.disagreement <= 1 or any(math.isnan(cost) or cost < 0 for cost in costs):
        raise MethodError(
            f"the statement of `{found.name}` gives {bound.disagreement:g} as a probability and "
            f"{', '.join(f'{cost:g}' for cost in costs)} as costs with {constants}; its `theory` "
            "has to give a probability, and costs of at least 0"
        )
    return bound


def analyse(
    found: OversightProtocol,
    constants: Any,
    judge: JudgeError,
    gap: float,
    rows: Sequence[Row],
    corrupted: Sequence[Row],
) -> Measurement:
    """The bound at the measured inputs; the plays show that the statement is about this game.

    `rows` are plays of the protocol, `corrupted` of the same protocol with its planted flaw: they
    must break the statement, or the plays could not have told.
    """
    if not rows:
        raise MethodError("nothing was played: name a domain and at least one seed")
    bound = stated(found, constants, judge.high, gap)
    quantities: dict[str, Statistic] = {
        "disagreement_bound": Certified(
            low=0.0,
            high=bound.disagreement,
            level=judge.level,
            says=f"{found.name}: judge error at most {judge.high:.4g} ({judge.says}), "
            f"equilibrium gap {gap:.4g}",
        ),
        "played_error": Certified(
            low=max(row.played.error_low for row in rows),
            high=max(row.played.error_high for row in rows),
            level=SURE,
            says=f"largest of {len(rows)} plays",
        ),
    }
    diagnostics = _diagnostics(found, bound, rows)
    for name, ratio in _ratios(rows).items():
        if ratio is None:
            diagnostics[f"without {name}"] = "the statement bounds no such cost"
        else:
            quantities[name] = Exact(value=ratio, says=f"largest of {len(rows)} plays")
    return Measurement(
        quantities=quantities,
        counts={"plays": len(rows), "corrupted plays": len(corrupted)},
        effort={"largest instance": f"size {max(row.size for row in rows)}"},
        instrument=_checks(bound, rows, corrupted),
        plots=(_propagation(found, constants, judge, gap), *_played(rows)),
        diagnostics=diagnostics,
    )


def _checks(
    bound: Bound, rows: Sequence[Row], corrupted: Sequence[Row]
) -> tuple[InstrumentCheck, ...]:
    within = [row for row in rows if all(c.holds for c in row.bound.conditions)]
    broken = next((row.breaks for row in within if row.breaks), "")
    caught = next((row.breaks for row in corrupted if row.breaks), "")
    return (
        *(
            InstrumentCheck(name=f"condition: {c.name}", passed=c.holds, detail=c.says)
            for c in bound.conditions
        ),
        InstrumentCheck(
            name="plays keep the statement",
            passed=bool(within) and not broken,
            detail=broken or f"{len(within)} of {len(rows)} plays are in its range and keep it",
        ),
        InstrumentCheck(
            name="a corrupted protocol breaks it",
            passed=bool(caught),
            detail=caught or f"none of {len(corrupted)} plays of it broke the statement",
        ),
    )


def _ratios(rows: Sequence[Row]) -> Mapping[str, float | None]:
    pairs = {
        "cost_ratio": [(r.played.honest_cost, r.bound.honest_cost) for r in rows],
        "judge_cost_ratio": [(r.played.judge_cost, r.bound.judge_cost) for r in rows],
    }
    return {
        name: max(_share(cost, most) for cost, most in both)
        if all(math.isfinite(most) for _, most in both)
        else None
        for name, both in pairs.items()
    }


def _share(cost: float, most: float) -> float:
    if most > 0:
        return cost / most
    return 0.0 if cost == 0 else 1e12  # a cost where the statement allows none


def _diagnostics(found: OversightProtocol, bound: Bound, rows: Sequence[Row]) -> dict[str, str]:
    told = {
        "statement": found.statement,
        "order of play": found.order,
        "human input": found.human_input,
        "bounds of cost": f"honest side {bound.honest_cost:.4g}, opponent {bound.opponent_cost:.4g}"
        f", judge {bound.judge_cost:.4g}",
    }
    told |= {f"assumes {a.name}": a.says for a in found.assumes}
    if found.reconstruction:
        told["our reconstruction"] = found.reconstruction
    for domain in dict.fromkeys(row.domain for row in rows):
        last = max((r for r in rows if r.domain == domain), key=lambda r: r.size)
        told[f"domain {domain}"] = (
            f"size {last.size}: honest side {last.played.honest_cost:.4g}, opponent "
            f"{last.played.opponent_cost:.4g}, judge {last.played.judge_cost:.4g} {last.unit}; "
            f"{last.played.certificate}"
        )
    return told


def _propagation(found: OversightProtocol, constants: Any, judge: JudgeError, gap: float) -> Plot:
    top = max(0.2, min(1.0, 2 * judge.high))
    x = tuple(top * i / _STEPS for i in range(_STEPS + 1))
    y, exact = (tuple(stated(found, constants, e, g).disagreement for e in x) for g in (gap, 0.0))
    return Curve(
        title="What the statement gives, by judge error",
        x_label="judge error",
        y_label="bound on disagreement with M",
        x=x,
        y=y,
        low=y,
        high=y,
        line=f"equilibrium gap {gap:.3g}",
        lines={"exact equilibrium": exact},
        marks={"measured": judge.high},
    )


def _played(rows: Sequence[Row]) -> tuple[Plot, ...]:
    bars = []
    for domain, size in dict.fromkeys((row.domain, row.size) for row in rows):
        some = [r.played for r in rows if (r.domain, r.size) == (domain, size)]
        low, high = max(p.error_low for p in some), max(p.error_high for p in some)
        bars.append(
            Bar(
                label=f"{domain}, size {size}",
                low=low,
                point=high,
                high=high,
                note=f"{len(some)} instances",
            )
        )
    return (Intervals(title="Error at the solver's equilibrium", unit="", bars=tuple(bars)),)
