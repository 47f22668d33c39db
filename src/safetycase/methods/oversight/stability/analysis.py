"""From named arguments to the statistics, pictures and checks of `oversight/stability`."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass

from safetycase.methods.oversight.stability.combiners import (
    Leaf,
    Node,
    Threshold,
    leaves_of,
    truth,
)
from safetycase.methods.oversight.stability.critical import Ratio, critical_ratio, modulus
from safetycase.methods.oversight.stability.dependence import dependent_ratio
from safetycase.plugin.contract import (
    Bar,
    Curve,
    InstrumentCheck,
    Intervals,
    Measurement,
    MethodError,
    Plot,
    Progress,
)
from safetycase.stats import SURE, Certified, Proportion, Statistic

__all__ = ["Setting", "analyse", "enumerated"]


SHOWN, LINES, STEPS, ENUMERATED, WORK = 30, 5, 40, 12, 5_000
MARGIN = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """The error of a leaf at which the modulus is stated, and the stake Λ of a leaf."""

    error: float
    stake: float


@dataclass(frozen=True, slots=True)
class _Found:
    node: Node
    ratio: Ratio
    modulus: float


def analyse(arguments: Mapping[str, Node], setting: Setting, progress: Progress) -> Measurement:
    """Every argument's ratio and modulus; the largest of each, with what shows it."""
    found: dict[str, _Found] = {}
    for done, (name, node) in enumerate(arguments.items()):
        progress(done, len(arguments), name)
        try:
            found[name] = _Found(node, critical_ratio(node), modulus(node, setting.error))
        except ValueError as error:
            raise MethodError(f"the argument `{name}`: {error}") from error
    progress(len(arguments), len(arguments), "")
    quantities, diagnostics = _quantities(found, setting)
    return Measurement(
        quantities=quantities,
        counts={"planned": len(found), "scored": len(found), "unscored": 0, "failed": 0},
        effort={"arguments": str(len(found))},
        instrument=(_check(found, setting.error),),
        plots=_pictures(found, setting),
        diagnostics=diagnostics,
    )


def _quantities(
    found: Mapping[str, _Found], setting: Setting
) -> tuple[dict[str, Statistic], dict[str, str]]:
    worst = max(found, key=lambda name: found[name].ratio.high)
    bent = max(found, key=lambda name: found[name].modulus)
    low = max(one.ratio.low for one in found.values())
    ratio, value = found[worst].ratio, found[bent].modulus
    shown = f"an error of {ratio.at:.4g}" if ratio.at else "ever smaller errors"
    quantities: dict[str, Statistic] = {
        "critical_ratio": Certified(
            low=low,
            high=ratio.high,
            level=SURE,
            says=f"the largest of {len(found)}, that of `{worst}`; {shown} of each leaf shows the "
            "lower end, branch and bound over all errors the upper one",
        ),
        "modulus": Certified(
            low=max(0.0, value * (1 - MARGIN)),
            high=min(1.0, value * (1 + MARGIN)),
            level=SURE,
            says=f"the largest of {len(found)}, that of `{bent}`, at the worst errors of at most "
            f"{setting.error:g} in each leaf",
        ),
        "accepted_share": Proportion(
            successes=sum(one.ratio.high <= setting.stake * (1 + MARGIN) for one in found.values()),
            trials=len(found),
        ),
    }
    try:
        most = {name: dependent_ratio(one.node) for name, one in found.items()}
    except ValueError as error:
        return quantities, {"without dependent_ratio": str(error)}
    quantities["dependent_ratio"] = Certified(
        low=low,
        high=max(low, *most.values()) * (1 + MARGIN),
        level=SURE,
        says=f"the largest of {len(found)}; independent errors show the lower end, the packing of "
        "the sets of leaves that break the argument the upper one",
    )
    return quantities, {}


def enumerated(node: Node, error: float) -> float:
    """ρ(error) by going through all corners of the box and all bits of the leaves: slow, simple."""
    leaves = leaves_of(node)
    holds = truth(node)
    worst = 0.0
    for moved in itertools.product((0.0, error), repeat=len(leaves)):
        chances = {
            id(leaf): 1 - e if leaf.claimed else e for leaf, e in zip(leaves, moved, strict=True)
        }
        worst = max(worst, abs(_expected(node, chances) - holds))
    return worst


def _expected(node: Node, chances: Mapping[int, float]) -> float:
    """E_H of a node by summing over the bits of its own parts."""
    if isinstance(node, Leaf):
        return chances[id(node)]
    parts = [_expected(part, chances) for part in node.parts]
    total = 0.0
    for bits in itertools.product((False, True), repeat=len(parts)):
        if isinstance(node, Threshold):
            holds = sum(w for bit, w in zip(bits, node.weights, strict=True) if bit) >= node.needed
        else:
            holds = node.rows[sum(2**i for i, bit in enumerate(bits) if bit)]
        if holds:
            total += math.prod(p if bit else 1 - p for bit, p in zip(bits, parts, strict=True))
    return total


def _check(found: Mapping[str, _Found], error: float) -> InstrumentCheck:
    """The modulus of a small argument once more, by a slower and simpler way."""
    name = "the modulus is that of full enumeration"
    small = [
        (label, one)
        for label, one in found.items()
        if len(leaves_of(one.node)) <= ENUMERATED // 2 and _work(one.node) <= WORK
    ]
    if not small:
        fixed = _sample()
        gap = abs(enumerated(fixed, error) - modulus(fixed, error))
        says = "no argument is small enough; shown on 2 of 3 and (some of 2)"
        return InstrumentCheck(name=name, passed=gap <= MARGIN, detail=f"{says}: {gap:.2g} apart")
    gaps = {label: abs(enumerated(one.node, error) - one.modulus) for label, one in small[:20]}
    label = max(gaps, key=lambda key: gaps[key])
    detail = f"{len(gaps)} compared, at most {gaps[label]:.2g} apart (`{label}`)"
    return InstrumentCheck(name=name, passed=gaps[label] <= MARGIN, detail=detail)


def _work(node: Node) -> int:
    """About how many steps one enumeration of the bits takes."""
    if isinstance(node, Leaf):
        return 1
    below: int = 2 ** min(60, len(node.parts)) * len(node.parts)
    for part in node.parts:
        below += _work(part)
        if below > WORK:
            break
    return below


def _sample() -> Node:
    a, b, c, d = (Leaf(name) for name in "abcd")
    return Threshold((a, b, Threshold((c, d), (1, 1), 1)), (1, 1, 1), 2)


def _pictures(found: Mapping[str, _Found], setting: Setting) -> tuple[Plot, ...]:
    ranked = sorted(found, key=lambda name: -found[name].ratio.high)
    bars = tuple(
        Bar(
            label=name,
            low=found[name].ratio.low,
            point=found[name].ratio.low,
            high=found[name].ratio.high,
            note=f"{len(leaves_of(found[name].node))} leaves",
        )
        for name in ranked[:SHOWN]
    )
    title = "How far each argument lets errors grow"
    if len(ranked) > SHOWN:
        title += f" (the {SHOWN} worst of {len(ranked)})"
    intervals = Intervals(title=title, unit="doubt per doubt", bars=bars, threshold=setting.stake)
    x = tuple(i / STEPS for i in range(STEPS + 1))
    lines = {name: tuple(modulus(found[name].node, e) for e in x) for name in ranked[:LINES]}
    first = lines.pop(ranked[0])
    curve = Curve(
        title="The error at the top by the error of each leaf",
        x_label="error of each leaf",
        y_label="error at the top",
        x=x,
        y=first,
        low=first,
        high=first,
        line=ranked[0],
        lines=lines,
        marks={"stated error": setting.error},
    )
    return (intervals, curve)
