"""A problem as formulas of real and whole numbers, and what z3 says of them."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from safetycase.methods.verification.network import Network
from safetycase.methods.verification.outcome import says_nothing
from safetycase.methods.verification.specification import Linear, Problem, Property
from safetycase.plugin.contract import MethodError

__all__ = ["Answer", "answered", "require_z3"]

EXTRA = "pip install 'safetycase[smt]'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the solver says of one obligation: no input breaks it, this one does, or nothing.

    `text` is the question in SMT-LIB 2, for any solver; `work` what z3 counts as its effort.
    """

    verdict: Literal["proved", "refuted", "unknown"]
    x: tuple[Fraction, ...]
    text: str
    work: int
    reason: str


def require_z3() -> None:
    """`MethodError` that names the extra where z3 is missing."""
    if importlib.util.find_spec("z3") is None:
        raise MethodError(f"a proof by a solver needs z3: {EXTRA}")


def answered(problem: Problem, obligation: tuple[int, int], tolerance: float, work: int) -> Answer:
    """Ask whether an input of the box has a margin of at most the tolerance.

    `work` is a limit that z3 counts itself, so that an answer does not depend on the machine.
    """
    require_z3()
    import z3

    if problem.network.activation != "relu":
        raise MethodError("the solver takes ReLU networks; for tanh use `verification/bounds`")
    place, row = obligation
    spec = problem.properties[place]
    solver = z3.SolverFor("QF_LIRA")
    solver.set("rlimit", work)
    if spec.given:
        alone = z3.SolverFor("QF_LIRA")  # of its own, so that the question is asked as a fresh one
        alone.set("rlimit", work)
        _inputs(z3, alone, spec)
        if alone.check() == z3.unsat:
            raise MethodError(says_nothing(spec.name))
    x = _inputs(z3, solver, spec)
    ends = [(Fraction(low), Fraction(high)) for low, high in zip(spec.low, spec.high, strict=True)]
    outputs = _outputs(z3, solver, problem.network, x, ends)
    holds = spec.holds[row]
    solver.add(_linear(z3, holds, outputs) <= _number(z3, Fraction(tolerance)))
    text = solver.to_smt2()
    result = solver.check()
    spent = next((int(v) for k, v in solver.statistics() if k == "rlimit count"), 0)
    if result == z3.unsat:
        return Answer(verdict="proved", x=(), text=text, work=spent, reason="")
    if result == z3.sat:
        found = _point(solver.model(), x)
        return Answer(verdict="refuted", x=found, text=text, work=spent, reason="")
    reason = solver.reason_unknown()
    return Answer(verdict="unknown", x=(), text=text, work=spent, reason=reason)


def _inputs(z3: Any, solver: Any, spec: Property) -> list[Any]:
    kind = z3.Int if spec.whole else z3.Real
    found = []
    for number, (low, high) in enumerate(zip(spec.low, spec.high, strict=True)):
        x = kind(f"x{number}")
        solver.add(
            x >= _number(z3, Fraction(low), whole=spec.whole),
            x <= _number(z3, Fraction(high), whole=spec.whole),
        )
        found.append(z3.ToReal(x) if spec.whole else x)
    for row in spec.given:
        solver.add(_linear(z3, row, found) >= 0)
    return found


def _outputs(
    z3: Any,
    solver: Any,
    network: Network,
    values: list[Any],
    ends: list[tuple[Fraction, Fraction]],
) -> list[Any]:
    """The outputs as terms; a unit that is on, or off, over the whole box needs no cases."""
    for number, layer in enumerate(network.layers):
        if number:
            values, ends = _relu(z3, solver, number, values, ends)
        rows = [
            Linear(coefficients=row, offset=bias)
            for row, bias in zip(layer.weights, layer.bias, strict=True)
        ]
        values, ends = [_linear(z3, row, values) for row in rows], [_span(r, ends) for r in rows]
        if layer.shift:
            values = [
                _rounded(z3, solver, f"q{number}_{unit}", value, layer.shift)
                for unit, value in enumerate(values)
            ]
            ends = [
                (Fraction(low // 2**layer.shift), Fraction(high // 2**layer.shift))
                for low, high in ends
            ]
    return values


def _relu(
    z3: Any, solver: Any, number: int, values: list[Any], ends: list[tuple[Fraction, Fraction]]
) -> tuple[list[Any], list[tuple[Fraction, Fraction]]]:
    found = []
    for unit, (z, (low, high)) in enumerate(zip(values, ends, strict=True)):
        if low >= 0:
            found.append(z)
        elif high <= 0:
            found.append(z3.RealVal(0))
        else:
            a = z3.Real(f"a{number}_{unit}")
            off, on = z3.And(z <= 0, a == 0), z3.And(z >= 0, a == z)
            solver.add(z3.Or(off, on), a <= _number(z3, high))
            found.append(a)
    zero = Fraction(0)
    return found, [(max(low, zero), max(high, zero)) for low, high in ends]


def _rounded(z3: Any, solver: Any, name: str, value: Any, shift: int) -> Any:
    """floor(value / 2**shift) of a whole value."""
    whole = z3.Int(name)
    real = z3.ToReal(whole)
    step = z3.RealVal(2**shift)
    solver.add(real * step <= value, value < (real + 1) * step)
    return real


def _span(row: Linear, ends: Sequence[tuple[Fraction, Fraction]]) -> tuple[Fraction, Fraction]:
    terms = [
        (Fraction(c) * low, Fraction(c) * high)
        for c, (low, high) in zip(row.coefficients, ends, strict=True)
    ]
    offset = Fraction(row.offset)
    return sum(map(min, terms), offset), sum(map(max, terms), offset)


def _linear(z3: Any, row: Linear, values: Sequence[Any]) -> Any:
    terms = [
        _number(z3, Fraction(c)) * value
        for c, value in zip(row.coefficients, values, strict=True)
        if c
    ]
    return z3.Sum([_number(z3, Fraction(row.offset)), *terms])


def _number(z3: Any, value: Fraction, *, whole: bool = False) -> Any:
    return z3.IntVal(int(value)) if whole else z3.Q(value.numerator, value.denominator)


def _point(model: Any, x: Sequence[Any]) -> tuple[Fraction, ...]:
    found = []
    for term in x:
        value = model.eval(term, model_completion=True)
        found.append(Fraction(value.numerator_as_long(), value.denominator_as_long()))
    return tuple(found)
