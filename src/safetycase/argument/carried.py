"""What an element says that no notation has a place for, as tags under `sc.`.

A tag is text: numbers and dates as they are written in a case file, lists joined by `, `.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from safetycase.argument.graph import rule_of
from safetycase.argument.model import (
    Argument,
    Assumption,
    Case,
    Claim,
    Credence,
    Defeater,
    Dependence,
    Element,
    Evidence,
    Hazard,
    Monitor,
    Problem,
)
from safetycase.argument.scalars import show

__all__ = ["case_tags", "note_tags", "tags_of"]


def tags_of(element: Element) -> dict[str, str]:
    """The tags of a claim, argument, evidence, assumption or defeater; none for the others."""
    writer = _WRITERS.get(type(element))
    return writer(element) if writer else {}


def note_tags(element: Problem | Monitor | Hazard | Dependence) -> dict[str, str]:
    """What only speaks of others, as tags of the whole structure: `sc.problem.ID` and so on."""
    prefix = f"sc.{type(element).__name__.lower()}.{element.id}"
    tags = {prefix: element.says}
    if isinstance(element, Problem):
        more: Iterable[tuple[str, object]] = (
            ("blocks", element.blocks),
            ("closed_when", element.closed_when),
            ("kind", element.kind),
            ("instance_of", element.instance_of),
            ("who", element.who),
            ("proxy", element.proxy),
            ("shots", element.shots),
        )
    elif isinstance(element, Monitor):
        more = _monitor(element)
    elif isinstance(element, Dependence):
        more = (
            ("kind", element.kind),
            ("among", element.among),
            ("because", element.because),
            ("owner", element.owner),
            ("beta", element.beta),
            ("at_most", element.at_most),
            ("weights", tuple(f"{w:g}" for w in element.weights)),
            ("expires", element.expires),
        )
    else:
        more = (
            ("covered_by", element.covered_by),
            ("excluded_because", element.excluded_because),
            ("combines", element.combines),
        )
    return tags | _filled((f"{prefix}.{name}", value) for name, value in more)


def _monitor(element: Monitor) -> Iterable[tuple[str, object]]:
    """What a monitor measures, by the keys of the case file; defaults are left out."""
    yield from (
        ("owner", element.owner),
        ("conditions", element.conditions),
        ("alarm_when", element.alarm_when),
    )
    usual = {f.name: f.default for f in dataclasses.fields(Monitor)}
    for name in _MEASURED:
        value = getattr(element, name)
        if value != usual[name]:
            yield name, value if isinstance(value, bool) else show(value)
    if element.canaries:
        for item in dataclasses.fields(element.canaries):
            value = getattr(element.canaries, item.name)
            yield f"canaries.{item.name}", None if value is None else show(value)


_MEASURED = (
    "metric",
    "kind",
    "detector",
    "alternative",
    "budget",
    "run_length",
    "weight_at_most",
    "warns_only",
    "reference",
    "window",
    "heartbeat",
    "silent_after",
    "loss",
    "answer_within",
)


def case_tags(case: Case) -> dict[str, str]:
    """The header of a case: what is deployed where, against which harm, for which decision."""
    header = case.header
    tags = {
        "sc.case": header.case,
        "sc.root": case.root,
        "sc.maturity": header.maturity,
        "sc.target": f"{header.target:g}",
        "sc.decision": header.decision.supports,
        "sc.decision.owner": header.decision.owner,
        "sc.decision.expires": header.decision.expires.isoformat(),
        "sc.harm": header.harm.what,
        "sc.harm.mistake": header.harm.mistake,
        "sc.system": f"{header.system.model}, {header.system.scaffold}",
        "sc.deployment.users": header.deployment.users.text,
        "sc.deployment.volume": header.deployment.volume.text,
        "sc.deployment.horizon": header.deployment.horizon.text,
        "sc.deployment.distribution": header.deployment.distribution,
    }
    for name, use in case.uses.items():
        tags[f"sc.use.{name}"] = f"{use.template}@{use.version}"
    return tags


def _filled(pairs: Iterable[tuple[str, object]]) -> dict[str, str]:
    """Only what says something; a truth is `1`."""
    tags: dict[str, str] = {}
    for name, value in pairs:
        if value is None or value is False or value == () or value == "":
            continue
        if value is True:
            tags[name] = "1"
        else:
            tags[name] = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return tags


def _claim(claim: Claim) -> dict[str, str]:
    if not (claim.holds_when or claim.because or claim.argues or claim.reconstructed):
        return {}  # most claims of a large case
    return _filled(
        (
            ("sc.holds_when", claim.holds_when),
            ("sc.because", claim.because),
            ("sc.argues", claim.argues),
            ("sc.reconstructed", claim.reconstructed),
        )
    )


def _argument(step: Argument) -> dict[str, str]:
    tags: dict[str, str] = {"sc.kind": step.kind, "sc.rule": rule_of(step)}
    if step.k is not None:
        tags["sc.k"] = str(step.k)
    if step.exact:
        tags["sc.exact"] = "1"
    if step.concludes:
        tags["sc.concludes"] = step.concludes
    tags |= {f"sc.computes.{name}": str(formula) for name, formula in step.computes.items()}
    tags |= {f"sc.despite.{leg}": why for leg, why in step.despite.items()}
    return tags | _credence(step.credence)


def _evidence(leaf: Evidence) -> dict[str, str]:
    plan = leaf.plan
    pairs: tuple[tuple[str, object], ...] = (
        ("sc.method", leaf.method),
        ("sc.because", leaf.because),
        ("sc.type", leaf.type),
        ("sc.statistic", leaf.statistic),
        ("sc.valid_for", leaf.valid_for and leaf.valid_for.text),
        ("sc.level", leaf.level),
        ("sc.model", leaf.model),
        ("sc.distribution", leaf.distribution),
        ("sc.inputs", leaf.inputs),
        ("sc.stale_when", leaf.stale_when),
        ("sc.plan.n", plan and plan.n),
        ("sc.plan.clusters", plan and plan.clusters),
        ("sc.planned", leaf.method is None and leaf.artefact is None),
        ("sc.reconstructed", leaf.reconstructed),
    )
    reads = ((f"sc.reads.{name}", measured) for name, measured in leaf.reads.items())
    return _filled(pairs) | _filled(reads) | _credence(leaf.credence)


def _assumption(taken: Assumption) -> dict[str, str]:
    pairs: tuple[tuple[str, object], ...] = (
        ("sc.owner", taken.owner),
        ("sc.expires", taken.expires and taken.expires.isoformat()),
        ("sc.monitor", taken.monitor),
        ("sc.because", taken.because),
        ("sc.reconstructed", taken.reconstructed),
    )
    return _filled(pairs) | _credence(taken.credence)


def _defeater(doubt: Defeater) -> dict[str, str]:
    tags = {"sc.defeater": "1"}
    if doubt.mandatory:
        tags["sc.mandatory"] = "1"
    if doubt.accepted:
        tags["sc.accepted.doubt"] = f"{doubt.accepted.doubt:g}"
        tags["sc.accepted.because"] = doubt.accepted.because
        tags["sc.accepted.owner"] = doubt.accepted.owner
        tags["sc.accepted.expires"] = doubt.accepted.expires.isoformat()
    return tags


def _credence(credence: Credence | None) -> dict[str, str]:
    if credence is None:
        return {}
    return {
        "sc.credence": f"{credence.at_least:g}..{credence.at_most:g}",
        "sc.credence.owner": credence.owner,
        "sc.credence.because": credence.because,
    }


_WRITERS: Mapping[type, Callable[[Any], dict[str, str]]] = {
    Claim: _claim,
    Argument: _argument,
    Evidence: _evidence,
    Assumption: _assumption,
    Defeater: _defeater,
}
