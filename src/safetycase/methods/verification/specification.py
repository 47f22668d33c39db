"""What a network is to do on every input: linear properties of its output over boxes of inputs."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from safetycase.methods.case_code import own_object
from safetycase.methods.verification.network import Network
from safetycase.plugin.contract import MethodError

__all__ = ["Linear", "Problem", "Property", "answers", "problem_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Linear:
    """`coefficients` · v + `offset`, of a vector v."""

    coefficients: tuple[float, ...]
    offset: float = 0.0

    def __post_init__(self) -> None:
        if not all(math.isfinite(n) for n in (*self.coefficients, self.offset)):
            raise ValueError("a coefficient or an offset is no finite number")

    def at(self, vector: Sequence[Fraction]) -> Fraction:
        """Its exact value."""
        terms = zip(self.coefficients, vector, strict=True)
        return sum((Fraction(c) * v for c, v in terms), Fraction(self.offset))


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """For every input of the box for which `given` holds, each of `holds` is above zero.

    `low` and `high` are the ends of the box, both within it; `given` are linear in the input and
    at least zero; `holds` are linear in the output. With `whole` the inputs are whole numbers.
    """

    name: str
    low: tuple[float, ...]
    high: tuple[float, ...]
    holds: tuple[Linear, ...]
    given: tuple[Linear, ...] = ()
    whole: bool = False

    def __post_init__(self) -> None:
        where = f"the property `{self.name}`"
        if len(self.low) != len(self.high) or not self.low:
            raise ValueError(f"{where}: `low` and `high` have one number for each input")
        for low, high in zip(self.low, self.high, strict=True):
            if not (math.isfinite(low) and math.isfinite(high) and low <= high):
                raise ValueError(f"{where}: [{low}, {high}] is no interval of finite numbers")
            if self.whole and not (float(low).is_integer() and float(high).is_integer()):
                raise ValueError(f"{where}: the ends of a box of whole numbers are whole")
        if not self.holds:
            raise ValueError(f"{where} says nothing: `holds` is empty")
        if any(len(row.coefficients) != len(self.low) for row in self.given):
            raise ValueError(f"{where}: a row of `given` has one coefficient for each input")

    def contains(self, x: Sequence[Fraction]) -> bool:
        """Whether the property says something of x."""
        inside = len(x) == len(self.low) and all(
            low <= value <= high for low, value, high in zip(self.low, x, self.high, strict=True)
        )
        if not inside or (self.whole and any(value.denominator != 1 for value in x)):
            return False
        return all(row.at(x) >= 0 for row in self.given)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A network, and all that it is to do."""

    network: Network
    properties: tuple[Property, ...]

    def __post_init__(self) -> None:
        if not self.properties:
            raise ValueError("a problem has at least one property: nothing is not proved")
        names = [p.name for p in self.properties]
        if len(set(names)) != len(names):
            raise ValueError("two properties have one name")
        for p in self.properties:
            if len(p.low) != self.network.inputs:
                raise ValueError(
                    f"the property `{p.name}` is of {len(p.low)} inputs; the network has "
                    f"{self.network.inputs}"
                )
            if any(len(row.coefficients) != self.network.outputs for row in p.holds):
                raise ValueError(
                    f"the property `{p.name}`: a row of `holds` has one coefficient for each of "
                    f"the {self.network.outputs} outputs"
                )
        if self.network.quantised and not all(p.whole for p in self.properties):
            raise ValueError("a quantised network takes whole numbers: say `whole=True`")

    @property
    def digest(self) -> str:
        """The SHA-256 of the network and the properties."""
        rows = [
            [p.name, p.whole]
            + [[float(n).hex() for n in ends] for ends in (p.low, p.high)]
            + [
                [[float(n).hex() for n in (*row.coefficients, row.offset)] for row in rows]
                for rows in (p.holds, p.given)
            ]
            for p in self.properties
        ]
        return hashlib.sha256(json.dumps([self.network.digest, rows]).encode()).hexdigest()

    @property
    def obligations(self) -> tuple[tuple[int, int], ...]:
        """Each property and row of its `holds`, by their places: what is proved one by one."""
        return tuple((i, j) for i, p in enumerate(self.properties) for j in range(len(p.holds)))


def answers(label: int, count: int) -> tuple[Linear, ...]:
    """The rows that say: of `count` outputs that of `label` is above every other."""
    if not 0 <= label < count:
        raise ValueError(f"{label} is no answer of {count}, which are numbered from 0")
    return tuple(
        Linear(coefficients=tuple(float(k == label) - float(k == other) for k in range(count)))
        for other in range(count)
        if other != label
    )


def problem_of(folder: Path, spec: str) -> Problem:
    """The problem that `file.py@name` of the case is; `MethodError` if it is none."""
    found = own_object(folder, spec)
    if not isinstance(found, Problem):
        raise MethodError(
            f"`{spec}` is a {type(found).__name__}; a proof by bounds or by a solver needs a "
            "`safetycase.methods.verification.specification.Problem`"
        )
    return found
