"""Tables of exponential size that a small circuit constrains.

The question: is there a table that passes every check?

With n bits a table has up to 2ⁿ entries, so that nobody can show it whole; a check reads two of
them and runs the circuit once. Deciding such questions is complete for NEXP in general (succinct
3-colouring: Papadimitriou and Yannakakis 1986). Two kinds:

- a *chain*: a cycle of bits in which the circuit says whether neighbours differ. There is a table
  if and only if the circuit says `differ` an even number of times;
- a *colouring*: three colours on a graph whose edges the circuit gives.
"""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass
from functools import lru_cache

from safetycase.methods.oversight.domains.formulas import (
    Formula,
    random_clause,
    random_formula,
    table,
)

__all__ = [
    "Check",
    "Tables",
    "random_chain",
    "broken_at",
    "random_colouring",
    "solvable",
    "solve",
    "split",
    "violated",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Two entries of the table that must be `equal`, or must not be."""

    u: int
    v: int
    equal: bool

    def passes(self, at_u: int, at_v: int) -> bool:
        """Whether these answers pass."""
        return (at_u == at_v) == self.equal


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """The question whether a table of `entries` values, each below `values`, passes all `checks`.

    `circuit_runs` is what it took to list the checks.
    """

    entries: int
    values: int
    checks: tuple[Check, ...]
    circuit_runs: int


def random_chain(bits: int, rng: random.Random) -> Tables:
    """A cycle of 2^bits entries, with a random circuit of that many inputs."""
    if bits < 2:
        raise ValueError(f"{bits} bits: a cycle needs two at least")
    circuit = random_formula(bits, rng)
    differ = [bool(one) for one in table(circuit)]
    differ[-1] ^= rng.random() < 0.5  # a circuit of few clauses has an even count nearly always
    size = len(differ)
    checks = tuple(Check(u=u, v=(u + 1) % size, equal=not other) for u, other in enumerate(differ))
    return Tables(entries=size, values=2, checks=checks, circuit_runs=size)


def random_colouring(bits: int, rng: random.Random) -> Tables:
    """A graph of 2^bits vertices; the circuit is asked about each pair once.

    Half of the graphs get a random circuit that holds for most pairs, and so rarely a colouring;
    from the others the circuit takes the edges inside three random classes.
    """
    if bits < 1:
        raise ValueError(f"{bits} bits: a graph needs one at least")
    size = 2**bits
    circuit = _dense(2 * bits, rng)
    joined = table(circuit)
    pairs = [(u, v) for u, v in itertools.combinations(range(size), 2) if joined[u * size + v]]
    if rng.random() < 0.5:
        classes = [rng.randrange(3) for _ in range(size)]
        pairs = [(u, v) for u, v in pairs if classes[u] != classes[v]]
    checks = tuple(Check(u=u, v=v, equal=False) for u, v in pairs)
    return Tables(entries=size, values=3, checks=checks, circuit_runs=size * (size - 1) // 2)


def _dense(inputs: int, rng: random.Random) -> Formula:
    """A circuit that is true for all but few inputs: one clause of all variables or one less."""
    width = inputs - rng.randrange(2)
    return Formula(prefix="E" * inputs, clauses=(random_clause(inputs, width, rng),))


def violated(checks: tuple[Check, ...], answers: tuple[int, ...]) -> Check | None:
    """The first check that the table fails; None if it passes all."""
    return next((t for t in checks if not t.passes(answers[t.u], answers[t.v])), None)


@lru_cache(maxsize=1024)
def solvable(question: Tables) -> bool:
    """Whether there is such a table: by joining what must agree, or by trying all tables.

    Two values: checks are joined one by one into groups whose entries are known relative to each
    other; there is no table exactly if a check contradicts its group. More: every table is tried.
    """
    if question.values != 2:
        every = itertools.product(range(question.values), repeat=question.entries)
        return any(violated(question.checks, answers) is None for answers in every)
    group = list(range(question.entries))
    flip = [0] * question.entries
    for check in question.checks:
        differ = flip[check.u] ^ flip[check.v] ^ (not check.equal)
        old, new = group[check.v], group[check.u]
        if old == new and differ:
            return False
        for entry in range(question.entries) if old != new else ():
            if group[entry] == old:
                group[entry] = new
                flip[entry] ^= differ
    return True


def solve(question: Tables) -> tuple[int, ...]:
    """A table that passes every check if there is one, else some table that fails one.

    A cycle is followed once round; colours are set vertex by vertex, going back where none fits.
    """
    if question.values == 2:
        return broken_at(question, question.entries - 1)
    before: list[list[int]] = [[] for _ in range(question.entries)]
    for check in question.checks:
        before[max(check.u, check.v)].append(min(check.u, check.v))
    found = _coloured((), before, question.values)
    return found if found is not None else (0,) * question.entries


def _coloured(
    done: tuple[int, ...], before: list[list[int]], values: int
) -> tuple[int, ...] | None:
    if len(done) == len(before):
        return done
    taken = {done[u] for u in before[len(done)]}
    for colour in range(values):
        if colour not in taken:
            found = _coloured((*done, colour), before, values)
            if found is not None:
                return found
    return None


def broken_at(chain: Tables, place: int) -> tuple[int, ...]:
    """The table of a chain that passes every check but, if one must fail, that at `place`."""
    size = chain.entries
    answers = [0] * size
    for step in range(1, size):
        u, v = (place + step) % size, (place + step + 1) % size
        answers[v] = answers[u] if chain.checks[u].equal else 1 - answers[u]
    return tuple(answers)


def split(question: Tables) -> Tables:
    """The same question to two copies that may hold different tables.

    Entries from `question.entries` on are those of the second copy. A check reads one of each, and
    for every entry one more check asks both for the same.
    """
    size = question.entries
    across = (Check(u=check.u, v=size + check.v, equal=check.equal) for check in question.checks)
    same = (Check(u=u, v=size + u, equal=True) for u in range(size))
    return Tables(
        entries=2 * size,
        values=question.values,
        checks=(*across, *same),
        circuit_runs=question.circuit_runs,
    )
