"""A graph cut into independent modules: read-once gates, and cores where events are shared.

A module is a part of the graph whose events occur nowhere else. Found in one walk after Dutuit &
Rauzy (1996), IEEE Trans. Reliab. 45:422. What is read once needs no decision diagram: its
probability is a product.

Inside this file a *literal* is `2 * unit + negated`. Unit 0 is the constant true. A gate is "at
least k of its literals"; k = number of literals is a conjunction, and a disjunction is a negated
conjunction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from safetycase.confidence.graph import ALL, ANY, AT_LEAST, EVENT, NOT, Graph

__all__ = ["Gate", "Module", "Modules", "modules"]

_TRUE, _FALSE = 0, 1
_MANY = 1 << 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """At least `k` of the literals `parts` are true; a conjunction if `k` is their number."""

    k: int
    parts: tuple[int, ...]

    @property
    def conjunction(self) -> bool:
        """All of the parts are needed."""
        return self.k == len(self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """The gates of one module, parts before wholes; the last is the unit of the module itself.

    `variables` are the units it is a function of (events or other modules), in the order of a
    walk from the top that takes the parts of a gate as they are given; `small_first` the same
    units in the order of a walk that takes the part with the fewest events first. With one gate
    whose parts are distinct the module is read-once.
    """

    unit: int
    gates: tuple[tuple[int, Gate], ...]
    variables: tuple[int, ...]
    small_first: tuple[int, ...]

    @property
    def read_once(self) -> bool:
        """No variable is used twice."""
        return len(self.gates) == 1 and len(self.variables) == len(self.gates[0][1].parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Modules:
    """`top` is a literal and `event[u]` the event of unit u or −1; parts stand before wholes.

    `signs[u]` has bit 1 if unit u occurs unnegated below the top, and bit 2 if negated.
    """

    top: int
    event: tuple[int, ...]
    signs: tuple[int, ...]
    modules: tuple[Module, ...]


def modules(graph: Graph, node: int) -> Modules:
    """The modules that `node` of the graph is made of."""
    units = _Units()
    top = units.simplify(graph, node)
    units.flatten(top >> 1)
    isolated = units.group(top >> 1)
    found = units.cut(top >> 1, isolated)
    signs = _signs(top, len(units.event), found)
    return Modules(top=top, event=tuple(units.event), signs=signs, modules=found)


def _signs(top: int, size: int, found: Sequence[Module]) -> tuple[int, ...]:
    signs = [0] * size
    signs[top >> 1] = 2 if top & 1 else 1
    for module in reversed(found):
        for unit, gate in reversed(module.gates):
            own = signs[unit]
            turned = (own & 1) << 1 | own >> 1
            for part in gate.parts:
                signs[part >> 1] |= turned if part & 1 else own
    return tuple(signs)


class _Units:
    def __init__(self) -> None:
        self.event: list[int] = [-1]
        self.gates: list[Gate | None] = [None]
        self.known: dict[tuple[int, tuple[int, ...]], int] = {}

    def simplify(self, graph: Graph, node: int) -> int:
        """The literal of `node`: constants folded, negations moved onto edges, repeats merged."""
        literal: dict[int, int] = {}
        for i in graph.below([node]):
            op = graph.ops[i]
            parts = [literal[p] for p in graph.parts[i]]
            if op == EVENT:
                literal[i] = 2 * self.add(None, i)
            elif op == ALL:
                literal[i] = self.conjunction(parts)
            elif op == ANY:
                literal[i] = self.conjunction([p ^ 1 for p in parts]) ^ 1
            elif op == NOT:
                literal[i] = parts[0] ^ 1
            else:
                assert op == AT_LEAST
                literal[i] = self.at_least(graph.k[i], parts)
        return literal[node]

    def add(self, gate: Gate | None, event: int = -1) -> int:
        self.gates.append(gate)
        self.event.append(event)
        return len(self.gates) - 1

    def conjunction(self, literals: Sequence[int]) -> int:
        parts = set(literals)
        parts.discard(_TRUE)
        if _FALSE in parts or any(part ^ 1 in parts for part in parts):
            return _FALSE
        if len(parts) <= 1:
            return next(iter(parts), _TRUE)
        # Kept in the order given: the order of the variables of the diagram follows it.
        return self._gate(len(parts), tuple(p for p in dict.fromkeys(literals) if p != _TRUE))

    def at_least(self, k: int, literals: Sequence[int]) -> int:
        count = Counter(literals)
        k -= count[_TRUE]
        parts: list[int] = []
        for literal in dict.fromkeys(literals):
            if literal > 1:
                pairs = min(count[literal], count[literal ^ 1])  # one of each pair holds
                k -= pairs if not literal & 1 else 0
                parts += [literal] * (count[literal] - pairs)
        if k <= 0 or k > len(parts):
            return _TRUE if k <= 0 else _FALSE
        if k == len(parts):
            return self.conjunction(parts)
        if k == 1:
            return self.conjunction([p ^ 1 for p in parts]) ^ 1
        return self._gate(k, tuple(parts))

    def _gate(self, k: int, parts: tuple[int, ...]) -> int:
        key = (k, tuple(sorted(parts)))
        if key not in self.known:
            self.known[key] = self.add(Gate(k=k, parts=parts))
        return 2 * self.known[key]

    def uses(self, top: int) -> list[int]:
        """How often each unit below `top` is a part; `top` itself once."""
        count = [0] * len(self.gates)
        count[top] = 1
        for unit in range(top, 0, -1):
            gate = self.gates[unit]
            if gate is not None and count[unit]:
                for part in gate.parts:
                    count[part >> 1] += 1
        return count

    def flatten(self, top: int) -> None:
        """A conjunction that is used once, by a conjunction, is merged into it."""
        count = self.uses(top)
        for unit in range(1, top + 1):
            gate = self.gates[unit]
            if gate is None or not gate.conjunction or not count[unit]:
                continue
            parts: list[int] = []
            for part in gate.parts:
                inner = self.gates[part >> 1]
                once = not part & 1 and count[part >> 1] == 1
                if inner is not None and inner.conjunction and once:
                    parts += inner.parts
                else:
                    parts.append(part)
            parts = list(dict.fromkeys(parts))
            self.gates[unit] = Gate(k=len(parts), parts=tuple(parts))

    def group(self, top: int) -> list[bool]:
        """What only one conjunction uses becomes one part of it: a core gets fewer variables.

        Returns which units are isolated, the new ones included.
        """
        count, isolated = self.uses(top), self.isolated(top)
        for unit in range(1, top + 1):
            gate = self.gates[unit]
            if gate is None or not gate.conjunction or not count[unit]:
                continue
            own = [p for p in gate.parts if isolated[p >> 1] and count[p >> 1] == 1]
            if 1 < len(own) < len(gate.parts):
                fresh = 2 * self.add(Gate(k=len(own), parts=tuple(own)))
                alone = set(own)
                rest = (*(p for p in gate.parts if p not in alone), fresh)
                self.gates[unit] = Gate(k=len(rest), parts=rest)
        return isolated + [True] * (len(self.gates) - len(isolated))

    def isolated(self, top: int) -> list[bool]:
        """For each unit, whether what lies below it is used from nowhere else."""
        size = len(self.gates)
        enter, leave, last = [0] * size, [0] * size, [0] * size
        order: list[int] = []
        clock, stack = 0, [top]
        while stack:
            clock += 1
            unit = stack.pop()
            if unit < 0:
                leave[~unit] = last[~unit] = clock
                order.append(~unit)
            elif enter[unit]:
                last[unit] = clock
            else:
                enter[unit] = last[unit] = clock
                gate = self.gates[unit]
                stack.append(~unit)
                if gate is not None:
                    stack += [part >> 1 for part in reversed(gate.parts)]
        return self._isolated(order, enter, leave, last)

    def _isolated(
        self, order: list[int], enter: list[int], leave: list[int], last: list[int]
    ) -> list[bool]:
        result = [False] * len(self.gates)
        first_below, last_below = list(enter), list(last)
        for unit in order:
            gate = self.gates[unit]
            if gate is None:
                result[unit] = True
                continue
            first, final = leave[unit], 0
            for part in gate.parts:
                below = part >> 1
                if first_below[below] < first:
                    first = first_below[below]
                if last_below[below] > final:
                    final = last_below[below]
            result[unit] = enter[unit] < first and final < leave[unit]
            first_below[unit] = min(enter[unit], first)
            last_below[unit] = max(last[unit], final)
        return result

    def cut(self, top: int, isolated: Sequence[bool]) -> tuple[Module, ...]:
        """The modules below `top`, parts before wholes."""
        size = self.sizes()
        found: list[Module] = []
        seen: set[int] = set()
        stack = [top]
        while stack:
            unit = stack.pop()
            if unit in seen or self.gates[unit] is None:
                continue
            seen.add(unit)
            found.append(self._region(unit, isolated, size))
            stack += found[-1].variables
        return tuple(reversed(found))

    def sizes(self) -> list[int]:
        """How many events lie below each unit, each counted as often as it is reached."""
        size = [1] * len(self.gates)
        for unit, gate in enumerate(self.gates):
            if gate is not None:
                # A part made by `group` has a higher number and is counted as one.
                size[unit] = min(_MANY, sum(size[part >> 1] for part in gate.parts))
        return size

    def _region(self, top: int, isolated: Sequence[bool], size: Sequence[int]) -> Module:
        gates, variables = self._walk(top, isolated, None)
        whole = len(gates) == 1
        return Module(
            unit=top,
            gates=tuple(gates),
            variables=tuple(variables),
            small_first=tuple(variables if whole else self._walk(top, isolated, size)[1]),
        )

    def _walk(
        self, top: int, isolated: Sequence[bool], size: Sequence[int] | None
    ) -> tuple[list[tuple[int, Gate]], dict[int, None]]:
        """The gates of the module `top` and, in the order met, the units it is made of."""
        gates: list[tuple[int, Gate]] = []
        variables: dict[int, None] = {}
        seen: set[int] = set()
        stack = [top]
        while stack:
            unit = stack.pop()
            if unit < 0:
                inner = self.gates[~unit]
                assert inner is not None
                gates.append((~unit, inner))
                continue
            if unit in seen:
                continue
            seen.add(unit)
            gate = self.gates[unit]
            if gate is None or (isolated[unit] and unit != top):
                variables[unit] = None
                continue
            below = [part >> 1 for part in gate.parts]
            if size is not None:
                below.sort(key=size.__getitem__)
            stack.append(~unit)
            stack += reversed(below)
        return gates, variables
