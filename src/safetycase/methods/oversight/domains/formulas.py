"""Quantified Boolean formulas: prenex, with a matrix in conjunctive or disjunctive normal form.

Whether such a formula is true is the standard complete problem of PSPACE. Two evaluators that
share no code: `truth` eliminates quantifiers on whole truth tables held in one integer, and
`table` gives every value of the matrix to whoever plays the game over it.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "Formula",
    "alternating",
    "from_table",
    "random_clause",
    "random_formula",
    "table",
    "truth",
    "value",
]

MOST_VARIABLES = 20
Form = Literal["all", "any"]
FORMS: tuple[Form, Form] = ("all", "any")


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """`prefix[i]` quantifies variable i, outermost first: `E` exists, `A` for all.

    A literal is i + 1 for variable i and −(i + 1) for its negation. With form `all` the matrix
    holds if every clause has a true literal, with form `any` if some clause has only true ones.
    """

    prefix: str
    clauses: tuple[tuple[int, ...], ...]
    form: Form = "all"

    def __post_init__(self) -> None:
        if not set(self.prefix) <= {"E", "A"}:
            raise ValueError(f"the prefix is {self.prefix!r}: write one E or A for each variable")
        if len(self.prefix) > MOST_VARIABLES:
            raise ValueError(
                f"{len(self.prefix)} variables: all assignments of at most {MOST_VARIABLES} fit"
            )
        for clause in self.clauses:
            for literal in clause:
                if not 1 <= abs(literal) <= self.variables:
                    raise ValueError(
                        f"the literal {literal} is none of the {self.variables} variables"
                    )

    @property
    def variables(self) -> int:
        """How many variables there are."""
        return len(self.prefix)

    @property
    def literals(self) -> int:
        """How many literals a judge reads who evaluates the whole matrix once."""
        return sum(map(len, self.clauses))


def value(formula: Formula, bits: Sequence[int]) -> bool:
    """The matrix at one assignment: what the judge works out, reading every literal."""
    found = [
        [(bits[abs(one) - 1] == 1) == (one > 0) for one in clause] for clause in formula.clauses
    ]
    if formula.form == "all":
        return all(any(clause) for clause in found)
    return any(all(clause) for clause in found)


@lru_cache(maxsize=32)
def _columns(variables: int) -> Any:
    import numpy as np

    places = np.arange(2**variables)
    return np.array([(places >> (variables - 1 - i)) & 1 == 1 for i in range(variables)])


def table(formula: Formula) -> NDArray[Any]:
    """The matrix at all 2ⁿ assignments; variable 0 is the highest bit of the place."""
    import numpy as np

    columns = _columns(formula.variables)
    conjunctive = formula.form == "all"
    found = np.full(2**formula.variables, conjunctive)
    for clause in formula.clauses:
        one = np.full(2**formula.variables, not conjunctive)
        for literal in clause:
            column = columns[abs(literal) - 1]
            holds = column if literal > 0 else ~column
            one = one | holds if conjunctive else one & holds
        found = found & one if conjunctive else found | one
    return found


@lru_cache(maxsize=4096)
def truth(formula: Formula) -> bool:
    """Whether the formula is true, by eliminating its quantifiers from the inside out."""
    size = 2**formula.variables
    every = (1 << size) - 1
    masks = [_mask(i, size) for i in range(formula.variables)]
    found = every if formula.form == "all" else 0
    for clause in formula.clauses:
        literals = [masks[abs(x) - 1] if x > 0 else every ^ masks[abs(x) - 1] for x in clause]
        if formula.form == "all":
            one = 0
            for literal in literals:
                one |= literal
            found &= one
        else:
            one = every
            for literal in literals:
                one &= literal
            found |= one
    for i in reversed(range(formula.variables)):
        high, low = found & masks[i], found & (every ^ masks[i])
        swapped = high >> 2**i | low << 2**i
        found = found | swapped if formula.prefix[i] == "E" else found & swapped
    return found & 1 == 1


@lru_cache(maxsize=256)
def _mask(variable: int, size: int) -> int:
    """The places below `size` whose bit of that number is set, as bits of an integer."""
    half = 2**variable
    block = ((1 << half) - 1) << half
    return sum(block << start for start in range(0, size, 2 * half))


def from_table(prefix: str, values: int) -> Formula:
    """The formula whose matrix holds at place i (variable 0 highest) iff bit i of `values` is set.

    One clause rules out each assignment at which it does not hold.
    """
    n = len(prefix)
    clauses = []
    for place in range(2**n):
        if not values >> place & 1:
            bits = [place >> (n - 1 - i) & 1 for i in range(n)]
            clauses.append(tuple(-(i + 1) if bit else i + 1 for i, bit in enumerate(bits)))
    return Formula(prefix=prefix, clauses=tuple(clauses))


def alternating(variables: int) -> str:
    """The prefix ∃∀∃∀… of that many variables."""
    return ("EA" * variables)[:variables]


def random_formula(
    variables: int,
    rng: random.Random,
    *,
    prefix: str | None = None,
    form: Form | None = None,
) -> Formula:
    """A random 3-CNF or 3-DNF with between 1 and 2n clauses, by default with a random prefix.

    Clauses have min(3, n) different variables.
    """
    if variables < 1:
        raise ValueError(f"{variables} variables: a formula needs one at least")
    chosen = prefix if prefix is not None else "".join(rng.choice("EA") for _ in range(variables))
    count = rng.randint(1, 2 * variables)
    clauses = tuple(random_clause(variables, min(3, variables), rng) for _ in range(count))
    return Formula(prefix=chosen, clauses=clauses, form=form or FORMS[rng.randrange(2)])


def random_clause(variables: int, width: int, rng: random.Random) -> tuple[int, ...]:
    """That many different variables, each negated with probability one half."""
    return tuple((i + 1) * rng.choice((1, -1)) for i in rng.sample(range(variables), width))
