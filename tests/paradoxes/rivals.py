"""The criticised schemes as functions of a trial; the point schemes are told the exact chances."""

from __future__ import annotations

from collections.abc import Mapping

from tests.paradoxes import schemes
from tests.paradoxes.worlds import Scheme, Trial

from safetycase.confidence.graph import EVENT


def _opinions(one: Trial, *, support_only: bool) -> dict[int, schemes.Opinion]:
    graph = one.graph
    return {
        i: schemes.opinion(graph.low[i], 1.0 if support_only else graph.high[i])
        for i, op in enumerate(graph.ops)
        if op == EVENT
    }


def multiplied(one: Trial) -> float:
    """Independence at every node."""
    return schemes.product(one.graph, one.node, one.chances)


def weakest(one: Trial) -> float:
    """Minimum and maximum."""
    return schemes.weakest_link(one.graph, one.node, one.chances)


def averaged(one: Trial) -> float:
    """The mean at every node."""
    return schemes.averaging(one.graph, one.node, one.chances)


def subjective(one: Trial) -> float:
    """The belief (not the projected probability) of subjective logic, from the intervals."""
    opinions = _opinions(one, support_only=False)
    return schemes.subjective_logic(one.graph, one.node, opinions).b


def pooled(one: Trial) -> float:
    """The belief of Dempster-Shafer, from the intervals."""
    opinions = _opinions(one, support_only=False)
    return schemes.dempster_shafer(one.graph, one.node, opinions).b


def pooled_support(one: Trial) -> float:
    """The belief of Dempster-Shafer where a leg that fails says nothing."""
    opinions = _opinions(one, support_only=True)
    return schemes.dempster_shafer(one.graph, one.node, opinions).b


RIVALS: Mapping[str, Scheme] = {
    "product rule": multiplied,
    "weakest link": weakest,
    "averaging": averaged,
    "Dempster–Shafer": pooled,
    "Dempster–Shafer, support only": pooled_support,
    "subjective logic": subjective,
}
