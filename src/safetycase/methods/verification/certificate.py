"""A proof as data: cuts of the input box down to leaves, each with what bounds it; and its checker.

`check` goes through the cuts itself, so that no part of a box can be left out, and computes the
bound of every leaf anew in exact arithmetic. It trusts nothing of the search but its suggestions.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from safetycase.methods.verification.boxes import Box, box_of, halves, refutes, size_of
from safetycase.methods.verification.exact import Choice, Scaled, Unit, lower_bound
from safetycase.methods.verification.specification import Problem, Property
from safetycase.plugin.contract import MethodError

__all__ = ["FORMAT", "Broken", "Found", "certificate_of", "check"]

FORMAT = "safetycase/network-proof@1"
DEEPEST = 200  # three frames of the interpreter each, of its thousand
LONGEST = 5_000_000


class Broken(MethodError):
    """A certificate that does not show what it says; the message says where."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a certificate shows of one obligation: row `row` of the property `name`.

    `proved` is the share of the box that is proved to keep it, and `lower` what the margin is not
    below there. `counterexamples` are inputs at which it was checked to be broken. `open` counts
    leaves without either, `proofs` those with a bound.
    """

    name: str
    row: int
    proved: Fraction
    lower: Fraction | None
    counterexamples: tuple[tuple[Fraction, ...], ...]
    open: int
    proofs: int

    @property
    def holds(self) -> bool:
        """Whether it is proved for every input of the box."""
        return not self.open and not self.counterexamples and self.proved == 1


@dataclass(slots=True, kw_only=True)
class _Tally:
    lower: Fraction | None = None
    counterexamples: list[tuple[Fraction, ...]]
    open: int = 0
    proofs: int = 0


def certificate_of(problem: Problem, tolerance: float, trees: Sequence[list[Any]]) -> str:
    """The text of a certificate: for each obligation in order, its nodes before their branches.

    `["i", k, v]` cuts input k at v (below, then above; whole numbers: v belongs below);
    `["r", layer, unit]` assumes a ReLU off, then on; `["p", slopes, phases, given]` is a proved
    leaf; `["c", x]` a counterexample; `["o"]` an open one. Numbers are as `exact` has them.
    """
    return json.dumps(
        {
            "format": FORMAT,
            "problem": problem.digest,
            "tolerance": tolerance,
            "obligations": [list(tree) for tree in trees],
        },
        separators=(",", ":"),
    )


def check(problem: Problem, text: str) -> tuple[float, tuple[Found, ...]]:
    """(tolerance, what is shown of each obligation); `Broken` if a leaf does not show it.

    A leaf is proved if its margin is above the tolerance at every input. The time is about that of
    one exact bound for each leaf.
    """
    try:
        read = json.loads(text)
        same = read["format"] == FORMAT and read["problem"] == problem.digest
        tolerance, trees = float(read["tolerance"]), read["obligations"]
    except (ValueError, KeyError, TypeError) as error:
        raise Broken(f"the certificate cannot be read: {error!r}") from error
    if not same:
        raise Broken("the certificate is of another network or specification, or of another format")
    if not (math.isfinite(tolerance) and tolerance >= 0):
        raise Broken("the tolerance of a certificate is finite and at least 0")
    obligations = problem.obligations
    if not isinstance(trees, list) or len(trees) != len(obligations):
        raise Broken(f"the certificate is not of the {len(obligations)} obligations there are")
    scaled = Scaled.of(problem.network)
    found = []
    for (place, row), tree in zip(obligations, trees, strict=True):
        walk = _Walk(problem, scaled, problem.properties[place], row, Fraction(tolerance))
        found.append(walk.through(tree))
    return tolerance, tuple(found)


class _Walk:
    """One obligation, from its whole box to its leaves."""

    def __init__(
        self, problem: Problem, scaled: Scaled, spec: Property, row: int, tolerance: Fraction
    ) -> None:
        self.network = problem.network
        self.scaled = scaled
        self.spec = spec
        self.row = row
        self.tolerance = tolerance
        self.tally = _Tally(counterexamples=[])

    def through(self, tree: Any) -> Found:
        """What the tree shows; `Broken` for one that is no tree."""
        if not isinstance(tree, list) or not 0 < len(tree) <= LONGEST:
            raise Broken(f"{self.where}: there is no tree of 1 to {LONGEST} nodes")
        nodes = iter(tree)
        box = box_of(self.spec)
        volume = size_of(box, whole=self.spec.whole)
        proved = self._node(nodes, box, {}, 0)
        if next(nodes, None) is not None:
            raise Broken(f"{self.where}: nodes follow the end of the tree")
        tally = self.tally
        return Found(
            name=self.spec.name,
            row=self.row,
            proved=proved / volume,
            lower=tally.lower,
            counterexamples=tuple(tally.counterexamples),
            open=tally.open,
            proofs=tally.proofs,
        )

    @property
    def where(self) -> str:
        """Which obligation this is."""
        return f"the property `{self.spec.name}`, row {self.row + 1}"

    def _node(
        self, nodes: Iterator[Any], box: Box, assumed: Mapping[Unit, bool], depth: int
    ) -> Fraction:
        """How much of the box is proved, in its own measure."""
        node = next(nodes, None)
        if depth > DEEPEST or not isinstance(node, list) or not node:
            raise Broken(f"{self.where}: a node is missing, is none, or is {DEEPEST} deep")
        try:
            kind, *rest = node
            if kind == "i":
                return self._cut(nodes, box, assumed, depth, *rest)
            if kind == "r":
                return self._assume(nodes, box, assumed, depth, *rest)
            if kind == "p":
                return self._proved(box, assumed, *rest)
            if kind == "c":
                return self._refuted(*rest)
        except (TypeError, ValueError, IndexError, ZeroDivisionError, OverflowError) as error:
            raise Broken(f"{self.where}: the node {str(node)[:80]} is none: {error}") from error
        if kind != "o":
            raise Broken(f"{self.where}: there is no node `{kind}`")
        self.tally.open += 1
        return Fraction(0)

    def _cut(
        self,
        nodes: Iterator[Any],
        box: Box,
        assumed: Mapping[Unit, bool],
        depth: int,
        place: int,
        at: float,
    ) -> Fraction:
        pieces = halves(box, place, at, whole=self.spec.whole)
        return sum((self._node(nodes, piece, assumed, depth + 1) for piece in pieces), Fraction(0))

    def _assume(
        self,
        nodes: Iterator[Any],
        box: Box,
        assumed: Mapping[Unit, bool],
        depth: int,
        layer: int,
        unit: int,
    ) -> Fraction:
        """Both together prove at least what each leaves of the other."""
        self._known(layer, unit)
        if self.network.activation != "relu" or (layer, unit) in assumed:
            raise Broken(f"{self.where}: unit {unit} of layer {layer} cannot be assumed off or on")
        off = self._node(nodes, box, {**assumed, (layer, unit): False}, depth + 1)
        on = self._node(nodes, box, {**assumed, (layer, unit): True}, depth + 1)
        return max(Fraction(0), off + on - size_of(box, whole=self.spec.whole))

    def _known(self, layer: int, unit: int) -> Unit:
        layers = self.network.layers
        within = 0 <= layer < len(layers) - 1 and 0 <= unit < len(layers[layer].weights)
        if not within:
            raise Broken(f"{self.where}: there is no hidden unit {unit} in layer {layer}")
        return layer, unit

    def _proved(
        self,
        box: Box,
        assumed: Mapping[Unit, bool],
        slopes: list[list[int]],
        phases: list[list[int]],
        given: list[int],
    ) -> Fraction:
        choice = Choice(
            slopes={self._known(k, u): _whole(v) for k, u, v in slopes},
            phases={(k, u): _whole(v) for k, u, v in phases if (k, u) in assumed},
            given=[_whole(v) for v in given],
        )
        lower = lower_bound(
            self.scaled, box, assumed, self.spec.holds[self.row], self.spec.given, choice
        )
        self.tally.proofs += 1
        if lower is not None:
            if lower <= self.tolerance:
                raise Broken(
                    f"{self.where}: leaf {self.tally.proofs} is said to be proved, and its bound "
                    f"is {float(lower):.6g}"
                )
            known = self.tally.lower
            self.tally.lower = lower if known is None else min(lower, known)
        return size_of(box, whole=self.spec.whole)

    def _refuted(self, written: list[str]) -> Fraction:
        x = tuple(Fraction(value) for value in written)
        if not self.spec.contains(x):
            raise Broken(f"{self.where}: the counterexample is no input that it speaks of")
        if not refutes(self.network, x, self.spec.holds[self.row], self.tolerance):
            raise Broken(f"{self.where}: the counterexample keeps the property")
        self.tally.counterexamples.append(x)
        return Fraction(0)


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise ValueError(f"{value!r} is no whole number")
    return value
