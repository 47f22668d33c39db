"""All the ways to force one literal of a reduced graph, and a cheap one under given weights.

A *proof* of a literal is a set of leaf literals under which three-valued evaluation makes it
happen. The cheapest proof pays each leaf literal once however often it is used, which makes the
problem as hard as set cover; on what is read once the costs simply add up.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass

from safetycase.confidence.nnf import Reduced

__all__ = ["Proofs", "Weighing", "all_proofs", "build", "costs", "search", "spread"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proofs:
    """A directed graph of literals, parts first; the last slot is the goal.

    Slot s happens when `need[s]` of the slots `kids[s]` do; a leaf has no kids and stands for the
    literal `literal[s]`. `uses[s]` counts the parents, `other[s]` is the slot of the opposite leaf
    literal or -1, `leaves` are the leaf slots.
    """

    literal: tuple[int, ...]
    need: tuple[int, ...]
    kids: tuple[tuple[int, ...], ...]
    uses: tuple[int, ...]
    other: tuple[int, ...]
    leaves: tuple[int, ...]

    @property
    def edges(self) -> int:
        """The work of one pass."""
        return len(self.need) + sum(map(len, self.kids))


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighing:
    """The cheapest proof found, its weight, and what no proof weighs less than."""

    bound: float
    weight: float
    slots: frozenset[int]
    more: tuple[frozenset[int], ...] = ()


def all_proofs(reduced: Reduced, goal: int) -> Proofs:
    """The proofs of the literal `goal`, which is not a constant."""
    slot: dict[int, int] = {}
    needs: dict[int, tuple[int, tuple[int, ...]]] = {}
    order: list[int] = []
    stack = [goal]
    while stack:
        literal = stack[-1]
        if literal in slot:
            stack.pop()
        elif reduced.leaf[literal >> 1]:
            slot[literal] = len(order)
            order.append(literal)
        elif literal not in needs:
            needs[literal] = reduced.needs(literal)
            stack += (p for p in needs[literal][1] if p not in slot)
        else:
            slot[literal] = len(order)
            order.append(literal)
    uses = [0] * len(order)
    kids = [tuple(slot[p] for p in needs[x][1]) if x in needs else () for x in order]
    for below in kids:
        for s in below:
            uses[s] += 1
    leaf = [x not in needs for x in order]
    return Proofs(
        literal=tuple(order),
        need=tuple(needs[x][0] if x in needs else 0 for x in order),
        kids=tuple(kids),
        uses=tuple(max(1, u) for u in uses),
        other=tuple(slot.get(x ^ 1, -1) if leaf[s] else -1 for s, x in enumerate(order)),
        leaves=tuple(s for s in range(len(order)) if leaf[s]),
    )


def costs(proofs: Proofs, weight: Sequence[float], *, split: bool = False) -> list[float]:
    """What each slot costs, `weight[s]` being that of a leaf.

    Plain: the sum over the tree of a proof, so that what is used twice is paid twice; no less
    than the true cost of the proof it stands for. With `split` each slot is paid in equal shares
    by its parents: no more than the cost of the cheapest proof, whatever is shared.
    """
    cost = list(weight)
    uses = proofs.uses
    for s, (need, kids) in enumerate(zip(proofs.need, proofs.kids, strict=True)):
        if kids:
            if need == 1:
                cost[s] = min([cost[p] for p in kids])
            elif need == len(kids):
                cost[s] = sum([cost[p] for p in kids])
            else:
                cost[s] = sum(sorted([cost[p] for p in kids])[:need])
        if split and uses[s] > 1:
            cost[s] /= uses[s]
    return cost


def build(
    proofs: Proofs, cost: Sequence[float], forced: dict[int, int] | None = None
) -> frozenset[int] | None:
    """The leaf slots of the proof that takes the cheapest parts; None if it contradicts itself.

    `forced[s]` is a part that slot s must take.
    """
    seen: set[int] = set()
    leaves: set[int] = set()
    stack = [len(proofs.need) - 1]
    while stack:
        s = stack.pop()
        if s in seen:
            continue
        seen.add(s)
        kids, need = proofs.kids[s], proofs.need[s]
        if not kids:
            if cost[s] == math.inf:
                return None
            leaves.add(s)
        elif need == len(kids):
            stack += kids
        else:
            must = forced.get(s) if forced else None
            if must is not None:
                stack.append(must)
                need -= 1
            if must is None and need == 1:
                stack.append(min(kids, key=cost.__getitem__))
            elif need:  # fewer others than needed are copies of the part that counts so often
                others = [p for p in kids if p != must]
                stack += heapq.nsmallest(need, others, key=cost.__getitem__)
    other = proofs.other
    if any(other[s] in leaves for s in leaves):
        return None
    return frozenset(leaves)


def spread(proofs: Proofs, weight: Sequence[float], count: int) -> list[frozenset[int]]:
    """Up to `count` different cheap proofs, each the cheapest (as a tree) through some leaf."""
    cost = costs(proofs, weight)
    goal = len(cost) - 1
    total = [math.inf] * len(cost)
    parent = [-1] * len(cost)
    total[goal] = cost[goal]
    for s in range(goal, -1, -1):
        kids, need = proofs.kids[s], proofs.need[s]
        if not kids or total[s] == math.inf:
            continue
        chosen = sorted([cost[p] for p in kids])[need - 1]
        for p in kids:
            through = total[s] + max(0.0, cost[p] - chosen)
            if through < total[p]:
                total[p], parent[p] = through, s
    found: dict[frozenset[int], None] = {}
    for leaf in heapq.nsmallest(count, proofs.leaves, key=total.__getitem__):
        forced, s = {}, leaf
        while parent[s] >= 0:
            forced[parent[s]] = s
            s = parent[s]
        proof = build(proofs, cost, forced)
        if proof is not None:
            found[proof] = None
    return list(found)


def search(proofs: Proofs, weight: Sequence[float], limit: int) -> Weighing:
    """The cheapest proof by branch and bound over at most `limit` passes.

    The bound pays shared slots in shares; branching pays a leaf in full or forbids it. With the
    limit spent the bound is that of the open branches.
    """
    best, slots, found = math.inf, frozenset[int](), dict[frozenset[int], None]()
    heap: list[tuple[float, int, dict[int, bool]]] = [(0.0, 0, {})]
    steps = 0
    while heap and heap[0][0] < best:
        if steps == limit:
            break
        _, _, decided = heapq.heappop(heap)
        steps += 1
        now, paid = list(weight), 0.0
        for s, taken in decided.items():
            if taken:
                now[s] = 0.0
                paid += weight[s]
            else:
                now[s] = math.inf
        bound = paid + costs(proofs, now, split=True)[-1]
        if bound >= best or bound == math.inf:
            continue
        proof, branch = _candidate(proofs, now, decided, weight)
        if proof is not None:
            true = sum(weight[s] for s in proof)
            found[proof] = None
            if true < best:
                best, slots = true, proof
        if branch < 0 or (proof is not None and paid + sum(now[s] for s in proof) <= bound):
            continue
        for taken in (True, False):
            state = {**decided, branch: taken}
            if taken and proofs.other[branch] >= 0:
                state[proofs.other[branch]] = False
            heapq.heappush(heap, (bound, 2 * steps + taken, state))
    bound = min([best, *(h[0] for h in heap)]) if steps == limit else best
    return Weighing(bound=bound, weight=best, slots=slots, more=tuple(found))


def _candidate(
    proofs: Proofs, now: Sequence[float], decided: dict[int, bool], weight: Sequence[float]
) -> tuple[frozenset[int] | None, int]:
    """A proof under the decisions, and the leaf to decide next (-1: none is left)."""
    cost = costs(proofs, now)
    proof = build(proofs, cost)
    if proof is None:
        leaves = [s for s in proofs.leaves if s not in decided]
        leaves = [s for s in leaves if proofs.other[s] >= 0] or leaves
    else:
        leaves = [s for s in proof if s not in decided]
    if not leaves:
        return proof, -1
    return proof, max(leaves, key=lambda s: (proofs.uses[s] > 1, weight[s], -s))
