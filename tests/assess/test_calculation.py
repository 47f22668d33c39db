"""Steps that calculate: a criterion on computed intervals, by the known interval arithmetic."""

from __future__ import annotations

import pytest
from tests.conftest import HEADER

from safetycase.argument.expression import parse, parse_formula
from safetycase.argument.graph import attackers
from safetycase.argument.load import load
from safetycase.argument.model import Argument, Assumption, Claim, Defeater, Element, Evidence
from safetycase.assess.logic import Facts, solve

STEP = Argument(
    id="STEP",
    kind="calculation",
    because="b",
    rule="calculate",
    premises=("RATE", "VOLUME"),
    computes={"bad": parse_formula("rate * samples")},
)


def value(
    bound: str,
    rate: tuple[float, float] | None = (0.001, 0.003),
    step: Argument = STEP,
    *more: Element,
    blocked: frozenset[str] = frozenset(),
) -> bool | None:
    elements: list[Element] = [
        Claim(id="FEW", says="s", by="STEP", holds_when=parse(bound)),
        step,
        Claim(id="RATE", says="s", by="E", holds_when=parse("rate <= 0.0001")),
        Evidence(id="E", method="toy/coin", because="b"),
        Claim(id="VOLUME", says="s", by="F", holds_when=parse("samples <= 20000")),
        Evidence(id="F", method="toy/coin", because="b"),
        *more,
    ]
    table = {e.id: e for e in elements}
    shape = type("Shape", (), {"elements": table})()
    ranges = {"VOLUME": {"samples": (10000.0, 12000.0)}}
    if rate is not None:
        ranges["RATE"] = {"rate": rate}
    facts = Facts(
        elements=table,
        leaves={"E": None, "F": True},
        assumed={"A": True},
        blocked=blocked,
        attacks=attackers(shape),
        accepted=frozenset(),
        silent=frozenset(),
        ranges=ranges,
    )
    return solve(facts)["FEW"]


def test_the_interval_of_a_product() -> None:
    # [0.001, 0.003] x [10000, 12000] = [10, 36]
    assert value("bad <= 36") is True
    assert value("bad <= 35.9") is None
    assert value("bad <= 9") is None  # false on all of it, and the step is not exact


def test_an_exact_calculation_refutes() -> None:
    import dataclasses

    exact = dataclasses.replace(STEP, exact=True)
    assert value("bad <= 9", step=exact) is False
    assert value("bad <= 20", step=exact) is None


def test_a_missing_or_blocked_quantity_is_unknown() -> None:
    assert value("bad <= 36", rate=None) is None
    assert value("bad <= 36", blocked=frozenset({"RATE"})) is None
    assert value("bad <= 36", blocked=frozenset({"STEP"})) is None


@pytest.mark.parametrize("target", ["RATE", "E", "STEP", "FEW"])
def test_a_standing_doubt_takes_the_quantity_away(target: str) -> None:
    doubt = Defeater(id="D", against=target, says="d")
    assert value("bad <= 36", (0.001, 0.003), STEP, doubt) is None
    answered = Defeater(id="D", against=target, says="d", answered_by=("A",))
    given = Assumption(id="A", says="a", owner="o")
    assert value("bad <= 36", (0.001, 0.003), STEP, answered, given) is True


def test_a_premise_that_gives_no_quantity_must_hold() -> None:
    import dataclasses

    step = dataclasses.replace(STEP, premises=("RATE", "VOLUME", "A"))
    assert value("bad <= 36", (0.001, 0.003), step, Assumption(id="A", says="a")) is True
    step = dataclasses.replace(STEP, premises=("RATE", "VOLUME", "OTHER"))
    assert value("bad <= 36", (0.001, 0.003), step, Claim(id="OTHER", says="o")) is None


def test_the_file_says_it_with_computes() -> None:
    text = """\
root:
  claim: FEW
  says: Few are bad.
  holds_when: bad <= 36
  by:
    argument: STEP
    kind: calculation
    rule: calculate
    computes: {bad: rate * 12000}
    because: Every bad sample is one of so many.
    premises: [RATE]
claims:
  - {claim: RATE, says: r, holds_when: rate <= 0.1}
"""
    loaded = load(HEADER + text)
    assert loaded.findings == ()
    assert loaded.case is not None
    step = loaded.case.elements["STEP"]
    assert isinstance(step, Argument)
    assert step.computes["bad"].on({"rate": (0.001, 0.003)}) == (12.0, 36.0)
    wrong = load(HEADER + text.replace("rate * 12000", "rate <= 3"))
    assert [f.code for f in wrong.findings] == ["F024"]
