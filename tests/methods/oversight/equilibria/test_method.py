"""`oversight/equilibria` as a method: contract, errors, what it measures and tells."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from safetycase.methods.oversight import named
from safetycase.methods.oversight.equilibria.method import METHOD, Parameters
from safetycase.methods.oversight.equilibria.planted import Debate, Indifferent
from safetycase.plugin.contract import Context, Curve, Measurement, MethodError
from safetycase.plugin.protocols import (
    BrokenProtocol,
    Domain,
    End,
    Move,
    OversightProtocol,
    Played,
    Rules,
)
from safetycase.stats import Certified, Exact
from safetycase.testing import check_method
from safetycase.testing.methods import check_measurement


class Forgetful(Indifferent):
    """The second move of the first player cannot tell its first: no perfect recall."""

    def turn(self, position: object) -> str:  # type: ignore[override]
        return ("first", "first", "end")[len(position)]  # type: ignore[arg-type]


class Coordination:
    """Both name a truth at once, and are paid alike where they agree: not zero-sum."""

    def start(self) -> tuple[str, ...]:
        return ()

    def turn(self, position: tuple[str, ...]) -> str:
        return ("first", "second", "end")[len(position)]

    def moves(self, position: tuple[str, ...]) -> list[Move]:
        return [Move(name="true"), Move(name="false")]

    def after(self, position: tuple[str, ...], move: str) -> tuple[str, ...]:
        return (*position, move)

    def sees(self, position: tuple[str, ...]) -> str:
        return f"move {len(position)}"

    def end(self, position: tuple[str, ...]) -> End:
        agree = float(position[0] == position[1])
        return End(first=agree, second=agree, wrong=float(position[0] == "false"))


def play(_size: int, _seed: int) -> Played:
    raise AssertionError("the method plays games, not instances")


def offered(*games: Rules, order: str = "simultaneous") -> OversightProtocol:
    """A protocol whose one domain has those games, the seed choosing."""
    domain = Domain(
        name="planted",
        says="planted games",
        unit="queries",
        sizes=(1,),
        play=play,
        small=(1, 2),
        rules=lambda size, seed: games[(size - 1 + seed) % len(games)],
    )
    bare = dataclasses.replace(domain, name="bare", small=(), rules=None)
    return OversightProtocol(
        name="planted",
        version="1.0.0",
        says="planted",
        source="none",
        statement="none",
        human_input="none",
        order=order,  # type: ignore[arg-type]
        assumes=(),
        constants=Parameters,
        theory=lambda *_: None,  # type: ignore[arg-type, return-value]
        domains=(bare, domain),
        attacks=(),
        corrupted=lambda: offered(*games),
        limits=("planted",),
    )


def measured(
    monkeypatch: pytest.MonkeyPatch, protocol: OversightProtocol, **given: object
) -> Measurement:
    """A run of the method on that protocol."""
    monkeypatch.setattr(named, "protocol", lambda _name: protocol)
    context = Context(
        case_folder=Path(),
        scratch=Path(),
        seed=0,
        model=None,
        models={},
        progress=lambda *_: None,
    )
    parameters = Parameters(protocol="planted", **given)  # type: ignore[arg-type]
    found = METHOD.run((), parameters, context)
    assert isinstance(found, Measurement)
    return found


@pytest.mark.slow
def test_the_method_meets_the_contract() -> None:
    check_method(METHOD, module="safetycase.methods.oversight.equilibria.method")


@pytest.mark.slow
def test_a_debate_is_measured_between_its_witness_and_its_proof(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    protocol = offered(Debate(0.1), Debate(0.2))
    found = measured(monkeypatch, protocol, size=1, seeds=2, gap=0.05, gaps=(0.0, 0.1))
    worst = found.quantities["worst_error"]
    assert isinstance(worst, Certified)
    assert worst.low == pytest.approx(0.2, abs=1.1e-3)
    assert worst.high == pytest.approx(0.2, abs=1.1e-3)
    solver = found.quantities["solver_error"]
    assert isinstance(solver, Exact)
    assert solver.value == pytest.approx(0.15)
    assert "a lower bound" in solver.says
    value, spent = found.quantities["value"], found.quantities["nash_conv_of_solver"]
    assert isinstance(value, Certified)
    assert isinstance(spent, Exact)
    assert value.low == pytest.approx(0.85, abs=1e-9)
    assert value.low <= value.high <= value.low + 1e-9
    assert 0 <= spent.value <= 1e-9
    assert all(check.passed for check in found.instrument)
    (curve,) = found.plots
    assert isinstance(curve, Curve)
    assert curve.x == (0.0, 0.05, 0.1)
    assert curve.high == pytest.approx((0.15, 0.2, 0.25), abs=1.1e-3)
    assert curve.lines["the solver's equilibrium"] == pytest.approx((0.15, 0.15, 0.15))
    assert "seed 1" in found.diagnostics["worst instance"]
    assert "at true: honest" in found.diagnostics["profile: first player"]
    assert "concede" in found.diagnostics["profile: second player"]


def test_the_solver_alone_would_have_passed_what_the_method_refutes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = measured(monkeypatch, offered(Indifferent()), seeds=1, gap=0.0, gaps=())
    worst, solver = found.quantities["worst_error"], found.quantities["solver_error"]
    assert isinstance(worst, Certified)
    assert (worst.low, worst.high) == (1.0, 1.0)
    assert isinstance(solver, Exact)
    assert solver.value == 0
    assert "lie 1" in found.diagnostics["profile: first player"]


@pytest.mark.slow
def test_a_game_that_is_not_zero_sum_is_searched_and_not_solved(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = measured(monkeypatch, offered(Coordination()), seeds=1, gap=0.0, gaps=())
    worst = found.quantities["worst_error"]
    assert isinstance(worst, Certified)
    assert worst.low == pytest.approx(1.0, abs=1e-6)
    assert set(found.quantities) == {"worst_error"}
    assert "not zero-sum" in found.diagnostics["without solver_error"]
    led = measured(
        monkeypatch, offered(Coordination(), order="first leads"), seeds=1, gap=0.0, gaps=()
    )
    assert set(led.quantities) == {"worst_error", "solver_error", "value"}
    assert "nobody commits" in led.diagnostics["without nash_conv_of_solver"]
    assert led.quantities["value"].low == pytest.approx(1.0)  # type: ignore[union-attr]


@pytest.mark.slow
def test_too_few_boxes_widen_the_interval_and_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    class Pennies(Coordination):
        def end(self, position: tuple[str, ...]) -> End:
            agree = 2.0 * (position[0] == position[1]) - 1
            return End(first=agree, second=-agree, wrong=float(position == ("true", "true")))

    found = measured(
        monkeypatch, offered(Pennies()), seeds=1, gap=0.3, gaps=(), nodes=1, tolerance=1e-6
    )
    worst = found.quantities["worst_error"]
    assert isinstance(worst, Certified)
    assert worst.low == pytest.approx(0.4225, abs=1e-6)
    assert worst.high > 0.45
    assert "further apart" in found.effort["ends"]


def test_what_cannot_be_had_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    protocol = offered(Debate(0.1))
    with pytest.raises(MethodError, match="no domain `elsewhere` with whole games; there: `plant"):
        measured(monkeypatch, protocol, domain="elsewhere")
    with pytest.raises(MethodError, match="no domain `bare` with whole games"):
        measured(monkeypatch, protocol, domain="bare")
    with pytest.raises(MethodError, match="no whole game of size 7; `size` is one of 1, 2"):
        measured(monkeypatch, protocol, size=7)
    with pytest.raises(MethodError, match="seed 0: no perfect recall"):
        measured(monkeypatch, offered(Forgetful()))  # type: ignore[arg-type]
    with pytest.raises(MethodError, match="gives no game of size 2 and seed 0"):
        measured(monkeypatch, offered())
    with pytest.raises(MethodError, match=r"`scores\.jsonl` is not read"):
        METHOD.run(("scores.jsonl",), Parameters(protocol="planted"), None)  # type: ignore[arg-type]

    def missing(_name: str) -> OversightProtocol:
        raise BrokenProtocol("no installed package offers `x`")

    monkeypatch.setattr(named, "protocol", missing)
    with pytest.raises(MethodError, match="no installed package offers"):
        METHOD.run((), Parameters(protocol="x"), None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"protocol": ""}, "names an oversight protocol"),
        ({"seeds": 0}, "between 1 and 1000"),
        ({"gap": -0.1}, "between 0 and 2"),
        ({"gaps": (0.1, float("nan"))}, "between 0 and 2"),
        ({"tolerance": 0.0}, "tolerance"),
        ({"nodes": 0}, "number of boxes"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(given: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Parameters(**{"protocol": "debate", **given})  # type: ignore[arg-type]


def test_it_names_the_protocol_as_part_of_the_instrument() -> None:
    assert METHOD.plugins(Parameters(protocol="debate")) == ("safetycase.protocols:debate",)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    protocol = offered(Debate(0.05))
    check_measurement(
        METHOD, lambda: measured(monkeypatch, protocol, seeds=1, gap=0.1, gaps=(0.0,))
    )
