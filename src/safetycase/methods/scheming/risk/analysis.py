"""From factors with intervals to the risk with its structure, and other readings of the same."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from safetycase.methods.scheming.risk.tree import (
    Node,
    common_cause,
    joined,
    leaf,
    lines,
    shown,
    through,
)
from safetycase.plugin.contract import Bar, Curve, Intervals, Measure, Measurement, Plot
from safetycase.stats import SURE, Certified, Exact, Interval, Statistic
from safetycase.stats.inputs import probability, whole

__all__ = [
    "MEASURES",
    "CommonCause",
    "Factor",
    "Stage",
    "analyse",
    "check_parts",
    "parts_of",
    "tree_of",
]

STAGES = "stages"
_STEPS = 40
MEASURES = (
    Measure(
        name="risk",
        unit="probability",
        safer="lower",
        says="probability of the harm, with every factor in its interval, under any dependence "
        "that was not declared",
    ),
    Measure(
        name="all_arguments_fail",
        unit="probability",
        safer="lower",
        says="probability that all arguments fail, with the largest shared cause declared",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """One factor: its probability lies in [low, high], says `source`, with probability `level`.

    `given` names the factors before it that it is conditional on. A `level` of 1 is an assumption.
    """

    name: str
    low: float
    high: float
    source: str
    given: tuple[str, ...] = ()
    level: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One check that should stop the harm, and the interval of the share that it misses.

    `given_stopped_before` says that this was measured on what the stages before it stop.
    """

    name: str
    miss_low: float
    miss_high: float
    source: str
    given_stopped_before: bool = False
    level: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CommonCause:
    """`arguments` arguments that each fail with probability `failure`, `shared` of it in common."""

    arguments: int
    failure: float
    shared: tuple[float, ...]

    def __post_init__(self) -> None:
        whole(self.arguments, "`arguments`", least=1)
        probability(self.failure, "`failure`")
        if not self.shared:
            raise ValueError("`shared` names a probability, for example 0")
        for shared in self.shared:
            common_cause(self.failure, shared, self.arguments)


def parts_of(factors: Sequence[Factor], stages: Sequence[Stage]) -> tuple[Factor | Stage, ...]:
    """All that has an interval, in order."""
    return (*factors, *stages)


def check_parts(
    factors: Sequence[Factor], stages: Sequence[Stage], stages_given: Sequence[str]
) -> None:
    """`ValueError` with the name of the part that is not complete or no probability."""
    names = [part.name for part in parts_of(factors, stages)]
    if not factors or len(set(names)) != len(names) or STAGES in names or "" in names:
        raise ValueError(
            f"`factors` has a factor, and each factor and stage a name of its own, not `{STAGES}`"
        )
    for part in parts_of(factors, stages):
        low, high = (
            (part.low, part.high) if isinstance(part, Factor) else (part.miss_low, part.miss_high)
        )
        probability(low, f"the lower end of `{part.name}`")
        probability(high, f"the upper end of `{part.name}`")
        if low > high:
            raise ValueError(f"`{part.name}`: the interval [{low}, {high}] has no inside")
        if not 0 < part.level <= 1:
            raise ValueError(f"`{part.name}`: the level {part.level!r} is not above 0 and up to 1")
        if not part.source.strip():
            raise ValueError(f"`{part.name}`: say in `source` where its interval is from")
    if stages_given and not stages:
        raise ValueError("`stages_given` is there without `stages`")


def tree_of(
    factors: Sequence[Factor], stages: Sequence[Stage], stages_given: Sequence[str]
) -> Node:
    """The tree of the risk; `ValueError` if a factor is given what is not a whole before it."""
    parts = [(leaf(f.name, _said(f), f.low, f.high), frozenset(f.given)) for f in factors]
    if stages:
        passed = [
            (
                leaf(s.name, f"{s.name} [{s.source}]", s.miss_low, s.miss_high),
                s.given_stopped_before,
            )
            for s in stages
        ]
        parts.append((through(STAGES, passed), frozenset(stages_given)))
    return joined(parts)


def _said(factor: Factor) -> str:
    given = f" given {', '.join(factor.given)}" if factor.given else ""
    return f"{factor.name}{given} [{factor.source}]"


def analyse(
    factors: Sequence[Factor],
    stages: Sequence[Stage],
    stages_given: Sequence[str],
    cause: CommonCause | None,
) -> Measurement:
    """The risk, its structure as text, and other readings of the same numbers."""
    tree = tree_of(factors, stages, stages_given)
    levels = [part.level for part in parts_of(factors, stages)]
    quantities: dict[str, Statistic] = {"risk": _statistic(tree.range, levels)}
    plots: list[Plot] = [_bars(factors, stages, tree)]
    if cause is not None:
        worst = max(cause.shared)
        quantities["all_arguments_fail"] = Exact(
            value=common_cause(cause.failure, worst, cause.arguments),
            says=f"{cause.arguments} arguments at {cause.failure:g}, {worst:g} of it shared",
        )
        plots.append(_curve(cause))
    return Measurement(
        quantities=quantities,
        counts={"factors": len(factors), "stages": len(stages)},
        plots=tuple(plots),
        diagnostics={
            "structure": "\n".join(lines(tree)),
            **_alternatives(factors, stages, tree),
            **_causes(cause),
            "assumed, without a level": ", ".join(
                part.name for part in parts_of(factors, stages) if part.level == 1
            )
            or "none",
        },
    )


def _statistic(interval: Interval, levels: Sequence[float]) -> Statistic:
    doubt = math.fsum(1 - level for level in levels)
    if doubt == 0 and interval.low == interval.high:
        return Exact(value=interval.low, says="from factors that are assumed exactly")
    return Certified(
        low=interval.low,
        high=interval.high,
        level=1 - doubt if doubt else SURE,
        says="from the intervals of its factors, which hold together"
        if doubt
        else "from intervals that hold by assumption",
    )


def _alternatives(factors: Sequence[Factor], stages: Sequence[Stage], tree: Node) -> dict[str, str]:
    """Other ways to put the same upper ends together, so that nobody takes them for this one."""
    highs = [f.high for f in factors]
    product = math.prod(highs)
    found = {
        "result, upper end": f"{tree.range.high:.6g}",
        "other reading: product of all factors, as if independent": f"{product:.6g}",
        "other reading: smallest factor, as if nothing were conditional": f"{min(highs):.6g}",
    }
    if stages:
        misses = [s.miss_high for s in stages]
        union = 1 - math.prod(1 - miss for miss in misses)
        found |= {
            "other reading: all stages must miss, independent": f"{math.prod(misses):.6g}",
            "other reading: some stage misses, without the factors": f"{union:.6g}",
            "other reading: mean of the miss rates": f"{math.fsum(misses) / len(misses):.6g}",
        }
    return found


def _causes(cause: CommonCause | None) -> dict[str, str]:
    if cause is None:
        return {}
    return {
        f"all {cause.arguments} arguments fail, {shared:g} of {cause.failure:g} shared": (
            f"{common_cause(cause.failure, shared, cause.arguments):.4g}"
        )
        for shared in cause.shared
    }


def _bars(factors: Sequence[Factor], stages: Sequence[Stage], tree: Node) -> Intervals:
    parts = [
        *((f.name, f.low, f.high, f.source) for f in factors),
        *((f"{s.name}, missed", s.miss_low, s.miss_high, s.source) for s in stages),
        ("risk", tree.range.low, tree.range.high, shown(tree.range)),
    ]
    return Intervals(
        title="Factors and the risk",
        unit="probability",
        bars=tuple(
            Bar(label=name, low=low, point=high, high=high, note=note)
            for name, low, high, note in parts
        ),
    )


def _curve(cause: CommonCause) -> Curve:
    x = tuple(cause.failure * i / _STEPS for i in range(_STEPS + 1))
    y = tuple(common_cause(cause.failure, shared, cause.arguments) for shared in x)
    return Curve(
        title=f"What a shared cause leaves of {cause.arguments} arguments",
        x_label="probability of the shared cause",
        y_label="probability that all fail",
        x=x,
        y=y,
        low=y,
        high=y,
        line=f"each fails at {cause.failure:g}",
        marks={f"declared: {shared:g}": shared for shared in cause.shared},
    )
