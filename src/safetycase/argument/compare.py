"""Whether one criterion asks for less than another: compared by meaning, not by text.

Both are written as a disjunction of conjunctions of linear comparisons. `a` implies `b` if each
conjunction of `a` holds, for every disjunct it would have to contradict, a comparison that implies
one of them. The test is sound and not complete: what it cannot decide is `changed`. Numbers are
compared exactly, as fractions.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from safetycase.argument.expression import Expression

__all__ = ["Relation", "compare"]

Relation = Literal["same", "looser", "tighter", "changed"]
_MOST = 64  # disjuncts; a criterion with more is compared by its text alone
Linear = dict[tuple[str, ...], Fraction]


@dataclass(frozen=True, slots=True)
class _Atom:
    """`form <= bound` (`<` if strict); the leading coefficient of `form` is 1 or -1."""

    form: tuple[tuple[tuple[str, ...], Fraction], ...]
    bound: Fraction
    strict: bool

    def implies(self, other: _Atom) -> bool:
        if self.form != other.form:
            return False
        return self.bound < other.bound or (
            self.bound == other.bound and (self.strict or not other.strict)
        )


def compare(old: Expression, new: Expression) -> Relation:
    """What the new criterion asks for, against the old one."""
    try:
        was, now = _clauses(old.tree, True), _clauses(new.tree, True)
        not_was, not_now = _clauses(old.tree, False), _clauses(new.tree, False)
    except (ArithmeticError, RecursionError):  # too large to be compared by meaning
        return "same" if old.text == new.text else "changed"
    if was is None or now is None or not_was is None or not_now is None:
        return "same" if old.text == new.text else "changed"
    forth, back = _implies(was, not_now), _implies(now, not_was)
    if forth and back:
        return "same"
    return "looser" if forth else ("tighter" if back else "changed")


Clauses = list[frozenset[_Atom]]


def _implies(premise: Clauses, negated: Clauses) -> bool:
    """Whether every disjunct of `premise` contradicts every disjunct of the negated conclusion."""
    return all(
        any(a.implies(_negate(b)) for a in disjunct for b in refuted)
        for disjunct in premise
        for refuted in negated
    )


def _negate(atom: _Atom) -> _Atom:
    form = tuple((name, -factor) for name, factor in atom.form)
    return _Atom(form, -atom.bound, not atom.strict)


def _clauses(node: object, positive: bool) -> Clauses | None:
    """The disjunctive normal form of a criterion or of its negation; None if it is too large."""
    op: str = getattr(node, "op")  # noqa: B009 - the tree's type is private to `expression`
    args: tuple[object, ...] = getattr(node, "args")  # noqa: B009
    if op == "not":
        return _clauses(args[0], not positive)
    if op not in ("and", "or"):
        return _comparison(op, args, positive)
    parts = [_clauses(arg, positive) for arg in args]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    if (op == "or") is positive:
        found = [clause for part in known for clause in part]
    else:
        found = [a | b for a, b in itertools.product(*known)]
    found = list(dict.fromkeys(found))
    return found if len(found) <= _MOST else None


def _comparison(op: str, args: tuple[object, ...], positive: bool) -> Clauses | None:
    left, right = (_linear(arg) for arg in args)
    if op in (">", ">="):
        left, right = right, left
    strict = op in ("<", ">")
    if not positive:
        left, right, strict = right, left, not strict
    total = _plus(left, right, Fraction(-1))
    bound = -total.pop((), Fraction(0))
    terms = sorted((name, factor) for name, factor in total.items() if factor)
    scale = abs(terms[0][1]) if terms else Fraction(1)
    form = tuple((name, factor / scale) for name, factor in terms)
    return [frozenset((_Atom(form, bound / scale, strict),))]


def _linear(node: object) -> Linear:
    """A sum of products of quantities: names of a product -> factor."""
    op: str = getattr(node, "op")  # noqa: B009
    if op == "number":
        return {(): Fraction(node.value)}  # type: ignore[attr-defined]
    if op == "name":
        return {(node.name,): Fraction(1)}  # type: ignore[attr-defined]
    left, right = (_linear(arg) for arg in node.args)  # type: ignore[attr-defined]
    if op in ("+", "-"):
        return _plus(left, right, Fraction(1 if op == "+" else -1))
    if op == "/":
        if set(right) == {()} and right[()]:
            return {name: factor / right[()] for name, factor in left.items()}
        return {(repr(node),): Fraction(1)}  # a quotient of quantities is a quantity of its own
    found: Linear = {}
    for (a, x), (b, y) in itertools.product(left.items(), right.items()):
        name = tuple(sorted((*a, *b)))
        found[name] = found.get(name, Fraction(0)) + x * y
        if len(found) > _MOST:
            raise ArithmeticError("a product of too many terms")
    return found


def _plus(left: Linear, right: Linear, factor: Fraction) -> Linear:
    found = dict(left)
    for name, value in right.items():
        found[name] = found.get(name, Fraction(0)) + factor * value
    return found
