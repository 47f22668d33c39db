"""All protocols on one picture: what safety and what usefulness each of them gives."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from safetycase.methods.control.protocols.evaluate import Result, Setting, evaluate, under
from safetycase.methods.control.protocols.frontier import frontier, one_definition
from safetycase.methods.control.protocols.game import by_attacker
from safetycase.methods.control.protocols.outcomes import Split, audits
from safetycase.methods.control.protocols.records import Protocol
from safetycase.plugin.contract import Bar, Frontier, Intervals, MethodError, Plot
from safetycase.stats import Certified, Interval, Statistic, bounds

__all__ = ["Pictures", "family", "grid", "pictures"]

WATCHING = ("trusted-monitoring", "untrusted-monitoring", "trusted-editing", "resample")
AUDITING = ("upfront-auditing", *WATCHING)
ADAPTIVE_SHARES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    """The plots, and what is to be told about them."""

    plots: tuple[Plot, ...]
    told: dict[str, str]


def pictures(data: Split, parameters: Any, chosen: Result) -> Pictures:
    """The frontier of all protocols that the table allows, and the interval of each safety."""
    setting = parameters.setting()
    results: dict[str, Result] = {}
    left_out: dict[str, str] = {}
    for protocol in grid(parameters):
        name = f"{family(protocol)}: {protocol.name}"
        try:
            results[name] = (
                chosen if protocol == chosen.protocol else evaluate(data, protocol, setting)
            )
        except MethodError as error:
            left_out.setdefault(family(protocol), str(error))
    one_definition({name: result.safety for name, result in results.items()})
    points = {
        name: (result.useful.point, result.safety.point)
        for name, result in results.items()
        if math.isfinite(result.useful.point) and math.isfinite(result.safety.point)
    }
    told = {f"not on the picture: {name}": why for name, why in left_out.items()}
    if points:
        told["not dominated, by plain estimates"] = "; ".join(frontier(points))
    plots: list[Plot] = [_bars(results, setting)]
    if points:
        plots.insert(0, _frontier(data, setting, results, points))
    if chosen.protocol.kind in WATCHING:
        plots += _attackers(data, setting, chosen)
    return Pictures(plots=tuple(plots), told=told)


def grid(parameters: Any) -> Iterator[Protocol]:
    """Every protocol at the audit share and at each replace share of the picture."""
    audit = parameters.audit_share
    shares = sorted({s for s in parameters.frontier_shares if s > audit})
    chosen = parameters.chosen()
    found = [chosen, Protocol(kind="trusted-only", audit_share=0.0)]
    if audit:
        found.append(Protocol(kind="upfront-auditing", audit_share=audit))
    for share in (0.0, *shares):
        found.append(Protocol(kind="trusted-monitoring", audit_share=audit, replace_share=share))
        found.append(
            Protocol(
                kind="untrusted-monitoring",
                monitor="untrusted",
                audit_share=audit,
                replace_share=share,
            )
        )
    for share in shares:
        plain = Protocol(kind="trusted-editing", audit_share=audit, replace_share=share)
        again = dataclasses.replace(
            plain, kind="resample", monitor=parameters.monitor, resamples=parameters.resamples or 1
        )
        # An attacker that does not attack in resamples is a family of its own.
        found += [plain, again, dataclasses.replace(again, attacks_in_resamples=False)]
        if share in shares[:ADAPTIVE_SHARES]:  # each takes seconds
            found.append(
                dataclasses.replace(plain, kind="adaptive-deployment", monitor=parameters.monitor)
            )
    yield from dict.fromkeys(found)


def family(protocol: Protocol) -> str:
    """The name of a family of protocols on the picture."""
    words = protocol.kind.replace("-", " ")
    if protocol.kind == "resample":
        return words if protocol.attacks_in_resamples else f"{words} (1 attack)"
    if protocol.kind == "adaptive-deployment" and protocol.monitor == "untrusted":
        return f"{words}, untrusted monitor"
    return words


def _frontier(
    data: Split,
    setting: Setting,
    results: dict[str, Result],
    points: dict[str, tuple[float, float]],
) -> Frontier:
    series: dict[str, dict[str, tuple[float, float]]] = {}
    worst: dict[str, float] = {}
    strongest = dataclasses.replace(setting, definition="full_information")
    for name, point in points.items():
        protocol = results[name].protocol
        series.setdefault(family(protocol), {})[protocol.name] = point
        if protocol.kind in AUDITING and setting.definition != "full_information":
            worst[name] = under(data, results[name], strongest).point
    return Frontier(
        title="Safety and usefulness of all protocols, plain estimates"
        + (f"; full information: {setting.tasks} tasks, {setting.audits} audits" if worst else ""),
        x_label="usefulness, rescaled",
        y_label=f"safety: {setting.declared().says}",
        series=series,
        worst={name: y for name, y in worst.items() if math.isfinite(y)},
        worst_says="full information" if worst else "",
    )


def _attackers(data: Split, setting: Setting, chosen: Result) -> list[Plot]:
    """What the attacker knows, and what that leaves of the safety of the chosen protocol."""
    cells = {strategy: tuple(tasks.values()) for strategy, tasks in chosen.tallies.items()}
    audited = audits(data.held_out, chosen.protocol, chosen.limits)
    values = by_attacker(cells, audited, setting.tasks, setting.audits)
    bars = tuple(
        Bar(label=name, low=low, point=(low + high) / 2, high=high, note="found and certified")
        for name, (low, high) in values.items()
    )
    title = (
        f"Safety by what the attacker knows, at plain estimates: {setting.tasks} tasks, "
        f"{setting.audits} audits"
    )
    return [Intervals(title=title, unit="probability", bars=bars)] if bars else []


def _interval(statistic: Statistic, level: float) -> Interval:
    """The interval that holds as a whole with probability `level`."""
    if isinstance(statistic, Certified):
        return Interval(statistic.low, statistic.high)
    alpha = (1 - level) / 2
    return bounds(statistic, alpha_low=alpha, alpha_high=alpha)


def _bars(results: dict[str, Result], setting: Setting) -> Intervals:
    bars = []
    for name, result in sorted(results.items()):
        ends = _interval(result.safety.statistic, setting.level)
        point = result.safety.point
        if math.isfinite(point) and math.isfinite(ends.low):
            bars.append(Bar(label=name, low=ends.low, point=point, high=ends.high))
    return Intervals(
        title=f"Safety by protocol, at {100 * setting.level:.4g} %: {setting.declared().says}",
        unit="probability",
        bars=tuple(bars),
    )
