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
from safetycase.confidence.graph import ALL, ANY, EVENT, NOT, Graph

__all__ = ["Verdict", "check"]

STEPS = 20_000_000
"""Edges that the search for a counterexample may visit unless told otherwise."""

_UNIT = 1 << 80
"""Prices are counted in this fraction, rounded down: never to the favour of the certificate."""

_INF = 1 << 200


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
                return _Search(read, steps).verdict()
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
        room = Fraction(graph.high[event]) if holds else 1 - Fraction(graph.low[event])
        total += Fraction(price) * room
    for at, price in read.pairs:
        total += Fraction(price) * Fraction(read.caps[at].limit)
    if total > Fraction(read.doubt) and read.doubt < 1:
        return f"the prices add up to {float(total)!r}"
    return ""


class _Search:
    """Looks for an assignment under which the node fails and that is charged less than 1.

    A task is `2 * i` (node i must hold) or `2 * i + 1` (must fail). The cost of a task is bounded
    from below by letting every user of a shared task pay an equal share of it.
    """

    def __init__(self, read: Certificate, steps: int) -> None:
        graph = read.graph
        self._graph, self._node, self._left = graph, read.node, steps
        self._price = [0] * (2 * len(graph))
        for event, holds, price in read.prices:
            self._price[2 * event + (not holds)] = int(Fraction(price) * _UNIT)
        self._pairs: list[tuple[int, int, int]] = []
        for at, price in read.pairs:
            a, b = read.caps[at].events
            self._pairs.append((a, b, int(Fraction(price) * _UNIT)))
        self._target = _UNIT - int(Fraction(read.z) * _UNIT)
        self._trivial = read.doubt >= 1
        self._order, self._parts, self._need, self._uses = self._tasks()
        self._edges = len(self._order) + sum(map(len, self._parts.values()))

    def verdict(self) -> Verdict:
        if self._trivial or self._target <= 0:
            return Verdict(state="checked")
        stack: list[dict[int, bool]] = [{}]
        while stack:
            given = stack.pop()
            self._left -= self._edges
            if self._left < 0:
                return Verdict(state="unchecked", reason="the budget of the search is spent")
            paid = self._paid(given)
            cost = self._bounds(given)
            if paid + cost[self._order[-1]] >= self._target:
                continue
            literals = self._cheapest(cost)
            clash = [e for e, wanted in literals.items() if len(wanted) > 1]
            if not clash:
                flat = {e: True in wanted for e, wanted in literals.items()}
                if self._paid({**given, **flat}) < self._target:
                    return self._found({**given, **flat})
            free = clash or [e for e in literals if e not in given]
            if not free:
                continue
            event = max(free, key=self._rank)
            stack.append({**given, event: True})
            stack.append({**given, event: False})
        return Verdict(state="checked")

    def _found(self, given: dict[int, bool]) -> Verdict:
        """The counterexample, evaluated again: a rejection is never a slip of the search."""
        assert _values(self._graph, given)[self._node] is False
        charged = self._paid(given) + _UNIT - self._target
        names = [self._graph.names[e] for e, holds in given.items() if not holds][:3]
        reason = f"a failure is charged only {charged / _UNIT!r}: {', '.join(names)} ..."
        return Verdict(state="rejected", reason=reason)

    def _rank(self, event: int) -> tuple[int, int, int]:
        uses = self._uses.get(2 * event, 0) + self._uses.get(2 * event + 1, 0)
        return min(uses, 2), max(self._price[2 * event : 2 * event + 2]), uses

    def _tasks(
        self,
    ) -> tuple[list[int], dict[int, tuple[int, ...]], dict[int, int], dict[int, int]]:
        """What "the node fails" can come down to, parts first, and how often each is a part."""
        graph = self._graph
        order: list[int] = []
        parts: dict[int, tuple[int, ...]] = {}
        need: dict[int, int] = {}
        uses: dict[int, int] = {}
        stack = [2 * self._node + 1]
        while stack:
            task = stack.pop()
            if task < 0:
                order.append(~task)
                continue
            if task in parts:
                continue
            i, fails = task >> 1, task & 1
            below, op = graph.parts[i], graph.ops[i]
            k = len(below) if op == ALL else 1 if op == ANY else graph.k[i]
            need[task] = 1 if op == NOT else len(below) - k + 1 if fails else k
            parts[task] = tuple(2 * p + (fails ^ (op == NOT)) for p in below)
            stack.append(~task)
            for part in parts[task]:
                uses[part] = uses.get(part, 0) + 1
                stack.append(part)
        return order, parts, need, uses

    def _paid(self, given: dict[int, bool]) -> int:
        total = sum(self._price[2 * e + (not holds)] for e, holds in given.items())
        for a, b, price in self._pairs:
            if given.get(a) is False and given.get(b) is False:
                total += price
        return total

    def _bounds(self, given: dict[int, bool]) -> dict[int, int]:
        """A lower bound on what each task costs beyond what `given` has paid, in shares."""
        cost: dict[int, int] = {}
        for task in self._order:
            i, need = task >> 1, self._need[task]
            if self._graph.ops[i] == EVENT:
                if i in given:
                    value = 0 if given[i] is not bool(task & 1) else _INF
                else:
                    value = self._price[task]
            elif need <= 0:
                value = 0
            elif need > len(self._parts[task]):
                value = _INF
            else:
                below = [cost[p] for p in self._parts[task]]
                value = min(below) if need == 1 else sum(sorted(below)[:need])
            uses = self._uses.get(task, 1)
            cost[task] = _INF if value >= _INF else value // uses
        return cost

    def _cheapest(self, cost: dict[int, int]) -> dict[int, set[bool]]:
        """The event literals that the cheapest tasks come down to."""
        literals: dict[int, set[bool]] = {}
        seen: set[int] = set()
        stack = [self._order[-1]]
        while stack:
            task = stack.pop()
            if task in seen:
                continue
            seen.add(task)
            if self._graph.ops[task >> 1] == EVENT:
                literals.setdefault(task >> 1, set()).add(not task & 1)
            elif self._need[task] > 0:
                ordered = sorted(self._parts[task], key=cost.__getitem__)
                stack += ordered[: self._need[task]]
        return literals
