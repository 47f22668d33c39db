"""Checks a certificate without the engine that made it.

Nothing of the solver is imported: only the records of the graph and the strict reader. The
arithmetic is exact (whole numbers and fractions), so that no tolerance is involved. A proof set
is checked by one walk over the graph. A dual point is checked by looking for an implicant of "the
node fails" that the prices charge less than 1, with a search of its own; when its budget is spent
the answer is `unchecked`, never `checked`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from safetycase.confidence.caps import Cap
from safetycase.confidence.certificate import (
    Certificate,
    CertificateError,
    read_certificate,
    restrict,
)
from safetycase.confidence.checker_search import Spent, cheapest_failure
from safetycase.confidence.graph import ALL, ANY, EVENT, NOT, Graph

__all__ = ["Verdict", "check"]

STEPS = 20_000_000
"""Edges that the search for a counterexample may visit unless told otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`checked` (the bound holds), `rejected` or `unchecked`, and why."""

    state: Literal["checked", "rejected", "unchecked"]
    reason: str = ""


def check(
    certificate: Certificate | bytes,
    *,
    graph: Graph | None = None,
    node: int | None = None,
    caps: Sequence[Cap] = (),
    steps: int = STEPS,
) -> Verdict:
    """Whether P(not node) <= doubt follows from what the certificate says, and it says the truth.

    With `graph` and `node` the certificate must be about exactly that node of that graph. Its caps
    must be among `caps` (events of `graph`, or of the certificate's own graph without one), no
    lower. `steps` bounds the work on a dual point.
    """
    try:
        read = read_certificate(
            certificate.to_json() if isinstance(certificate, Certificate) else certificate
        )
    except (CertificateError, UnicodeEncodeError) as error:
        return Verdict(state="rejected", reason=str(error))
    reason = _differs(read, graph, node, caps)
    if not reason:
        if read.proof is not None:
            reason = _proof(read)
        else:
            reason = _sum(read)
            if not reason:
                return _dual(read, steps)
    return Verdict(state="rejected", reason=reason) if reason else Verdict(state="checked")


def _differs(read: Certificate, graph: Graph | None, node: int | None, caps: Sequence[Cap]) -> str:
    """How the certificate differs from what it should be about; empty if it does not."""
    new = {i: i for i in range(len(read.graph))}
    if graph is not None:
        if node is None or not 0 <= node < len(graph):
            return "no node of the graph is named"
        expected, new = restrict(graph, node)
        if new[node] != read.node:
            return "it is about another node"
        for field in ("names", "ops", "parts", "k", "low", "high"):
            if getattr(expected, field) != getattr(read.graph, field):
                return f"the graph differs in its {field}"
    declared: dict[frozenset[int], float] = {}
    for cap in caps:
        if all(e in new for e in cap.events):
            key = frozenset(new[e] for e in cap.events)
            declared[key] = min(cap.limit, declared.get(key, 1.0))
    for cap in read.caps:
        if declared.get(frozenset(cap.events), 2.0) > cap.limit:
            return "a cap is used that nobody declared"
    return ""


def _proof(read: Certificate) -> str:
    graph, proof = read.graph, dict(read.proof or ())
    if len(proof) < len(read.proof or ()):
        return "an event both holds and fails in the proof"
    total = Fraction(0)
    for event, holds in proof.items():
        total += 1 - Fraction(graph.low[event]) if holds else Fraction(graph.high[event])
    if total > Fraction(read.doubt) and read.doubt < 1:
        return f"the doubts of the proof add up to {float(total)!r}"
    if read.doubt < 1 and _values(graph, proof)[read.node] is not True:
        return "the literals do not force the node"
    return ""


def _values(graph: Graph, given: dict[int, bool]) -> list[bool | None]:
    """Three-valued evaluation of every node."""
    values: list[bool | None] = []
    for i, op in enumerate(graph.ops):
        parts = [values[p] for p in graph.parts[i]]
        if op == EVENT:
            values.append(given.get(i))
        elif op == NOT:
            values.append(None if parts[0] is None else not parts[0])
        else:
            need = len(parts) if op == ALL else 1 if op == ANY else graph.k[i]
            held = sum(p is True for p in parts)
            open_ = sum(p is None for p in parts)
            values.append(True if held >= need else None if held + open_ >= need else False)
    return values


def _sum(read: Certificate) -> str:
    graph, total = read.graph, Fraction(read.z)
    for event, holds, price in read.prices:
        total += price * (Fraction(graph.high[event]) if holds else 1 - Fraction(graph.low[event]))
    for at, price in read.pairs:
        total += price * Fraction(read.caps[at].limit)
    if total > Fraction(read.doubt) * read.unit and read.doubt < 1:
        return f"the prices add up to {float(total / read.unit)!r}"
    return ""


def _dual(read: Certificate, steps: int) -> Verdict:
    """Look for a failure that the prices charge less than a unit."""
    if read.doubt >= 1:
        return Verdict(state="checked")
    graph = read.graph
    price = [0] * (2 * len(graph))
    for event, holds, y in read.prices:
        price[2 * event + (not holds)] = y
    pairs = [(*read.caps[at].events, y) for at, y in read.pairs]
    try:
        bound, given = cheapest_failure(graph, read.node, price, pairs, read.unit - read.z, [steps])
    except Spent:
        return Verdict(state="unchecked", reason="the budget of the search is spent")
    if bound >= read.unit - read.z:
        return Verdict(state="checked")
    # Evaluated again, so that a rejection is never a slip of the search.
    charged = read.z + sum(price[2 * e + (not holds)] for e, holds in given.items())
    charged += sum(y for a, b, y in pairs if given.get(a) is False and given.get(b) is False)
    assert charged < read.unit
    assert _values(graph, given)[read.node] is False
    names = [graph.names[e] for e, holds in sorted(given.items()) if not holds]
    reason = f"a failure is charged only {charged / read.unit!r}: {', '.join(names[:3])}"
    return Verdict(state="rejected", reason=reason)
