"""The closed expression language of criteria: parsed, never evaluated as code.

    expression := or ; or := and ("or" and)* ; and := not ("and" not)*
    not        := "not" not | comparison
    comparison := sum (("<=" | "<" | ">=" | ">") sum)? | "(" or ")"
    sum        := term (("+" | "-") term)* ; term := factor (("*" | "/") factor)*
    factor     := NUMBER ["%"] | NAME | "-" factor | "(" sum ")"

A criterion is evaluated on the intervals of its quantities: true on all of them, false on
all of them, or unknown. Interval arithmetic ignores that one quantity may occur twice, so the
answer errs towards unknown, never towards a verdict.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

__all__ = [
    "Comparison",
    "Expression",
    "ExpressionError",
    "Formula",
    "Sides",
    "parse",
    "parse_formula",
]

Sides = Mapping[str, frozenset[Literal["low", "high"]]]
Range = tuple[float, float]
MAX_DEPTH = 40
MAX_WORDS = 400

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)(?P<percent>\s*%)?"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<op><=|>=|==|!=|[<>+\-*/()=]))"
)


class ExpressionError(ValueError):
    """The text is not an expression; `column` counts from 0 within it."""

    def __init__(self, message: str, column: int, hint: str | None = None) -> None:
        super().__init__(message)
        self.column = column
        self.hint = hint


@dataclass(frozen=True, slots=True)
class _Node:
    """An inner node: `op` and its arguments; numbers and names are leaves."""

    op: str
    args: tuple[_Node, ...] = ()
    value: float = 0.0
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One quantity against one number: `name op bound`, with the quantity on the left."""

    name: str
    op: Literal["<=", "<", ">=", ">"]
    bound: float


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed criterion; `text` is what the author wrote."""

    text: str
    tree: _Node

    def __str__(self) -> str:
        return self.text

    @property
    def names(self) -> tuple[str, ...]:
        """The quantities it mentions, each once, in order of appearance."""
        return tuple(dict.fromkeys(n.name for n in _walk(self.tree) if n.op == "name"))

    @property
    def comparison(self) -> Comparison | None:
        """The one comparison of one name with one number that it is; None if it is anything else.

        `0.8 > recall` is `recall < 0.8`; a bound may be computed from numbers, as `1/100`.
        """
        if self.tree.op not in _COMPARE:
            return None
        left, right = self.tree.args
        op = self.tree.op
        if left.op != "name":
            left, right, op = right, left, _MIRRORED[op]
        if left.op != "name" or any(n.op == "name" for n in _walk(right)):
            return None
        return Comparison(name=left.name, op=op, bound=_range(right, {})[0])  # type: ignore[arg-type]

    def clauses(self) -> tuple[Comparison, ...]:
        """The comparisons that all have to hold, if it is nothing but those; none otherwise."""
        nodes, found = [self.tree], []
        while nodes:
            node = nodes.pop()
            if node.op == "and":
                nodes += reversed(node.args)
                continue
            compared = Expression(text="", tree=node).comparison
            if compared is None:
                return ()
            found.append(compared)
        return tuple(found)

    def decide(self, ranges: Mapping[str, Range]) -> bool | None:
        """True on all of the ranges, False on none of them, otherwise None."""
        return _truth(self.tree, ranges)

    def sides(self) -> Sides:
        """Which end of each quantity's interval must be bounded for the criterion to pass."""
        found: dict[str, set[Literal["low", "high"]]] = {}
        _sides(self.tree, positive=True, found=found)
        return {name: frozenset(ends) for name, ends in found.items()}

    def thresholds(self) -> Mapping[str, float]:
        """The number each quantity is compared with, where the comparison is that plain."""
        found: dict[str, float] = {}
        for node in _walk(self.tree):
            if node.op in _COMPARE:
                left, right = node.args
                if left.op == "name" and right.op == "number":
                    found[left.name] = right.value
                elif right.op == "name" and left.op == "number":
                    found[right.name] = left.value
        return found


@dataclass(frozen=True, slots=True)
class Formula:
    """A parsed sum of named quantities and numbers; `text` is what the author wrote."""

    text: str
    tree: _Node

    def __str__(self) -> str:
        return self.text

    @property
    def names(self) -> tuple[str, ...]:
        """The quantities it mentions, each once, in order of appearance."""
        return tuple(dict.fromkeys(n.name for n in _walk(self.tree) if n.op == "name"))

    def on(self, ranges: Mapping[str, Range]) -> Range:
        """The interval of its value when each quantity lies in its range (`KeyError` if absent)."""
        return _range(self.tree, ranges)


_COMPARE = ("<=", "<", ">=", ">")
_MIRRORED = {"<=": ">=", "<": ">", ">=": "<=", ">": "<"}


def parse(text: str) -> Expression:
    """Read a criterion; raises `ExpressionError` with the column and a hint."""
    parser = _Parser(text)
    tree = parser.disjunction(0)
    parser.expect_end()
    if not _is_truth(tree):
        raise ExpressionError(
            "a criterion compares a quantity with a bound",
            0,
            "write for example `pass_rate <= 0.20`",
        )
    return Expression(text, tree)


def parse_formula(text: str) -> Formula:
    """Read a formula such as `attempts * rate`; raises `ExpressionError`."""
    parser = _Parser(text)
    tree = parser.sum(0)
    parser.expect_end()
    if _is_truth(tree):
        raise ExpressionError(
            "a formula computes a number", 0, "write for example `rate * samples`"
        )
    return Formula(text, tree)


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = list(_tokens(text))
        self.at = 0
        if len(self.tokens) > MAX_WORDS:
            hint = "compute a quantity in the method, or split the claim"
            raise ExpressionError(f"longer than {MAX_WORDS} words", 0, hint)

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def column(self) -> int:
        return self.tokens[self.at][2] if self.at < len(self.tokens) else len(self.text)

    def take(self) -> tuple[str, str, int]:
        token = self.tokens[self.at]
        self.at += 1
        return token

    def expect_end(self) -> None:
        if self.at < len(self.tokens):
            raise ExpressionError(
                f"unexpected `{self.peek()}`", self.column(), "join comparisons with `and` or `or`"
            )

    def disjunction(self, depth: int) -> _Node:
        if depth > MAX_DEPTH:
            raise ExpressionError("nested too deeply", self.column())
        return self._chain("or", lambda: self._chain("and", lambda: self.negation(depth)))

    def _chain(self, word: str, part: Callable[[], _Node]) -> _Node:
        node = part()
        while self.peek() == word:
            column = self.column()
            self.take()
            right = part()
            if not (_is_truth(node) and _is_truth(right)):
                raise ExpressionError(f"`{word}` joins comparisons, not numbers", column)
            node = _Node(word, (node, right))
        return node

    def negation(self, depth: int) -> _Node:
        if depth > MAX_DEPTH:
            raise ExpressionError("nested too deeply", self.column())
        if self.peek() != "not":
            return self.comparison(depth)
        column = self.column()
        self.take()
        inner = self.negation(depth + 1)
        if not _is_truth(inner):
            raise ExpressionError("`not` applies to a comparison", column)
        return _Node("not", (inner,))

    def comparison(self, depth: int) -> _Node:
        left = self.sum(depth)
        if self.peek() in ("==", "!=", "="):
            raise ExpressionError(
                f"`{self.peek()}` cannot be decided from an interval",
                self.column(),
                "use `<=` or `>=`",
            )
        if self.peek() not in _COMPARE:
            return left
        column = self.column()
        op = self.take()[1]
        right = self.sum(depth)
        if _is_truth(left) or _is_truth(right):
            raise ExpressionError(f"`{op}` compares numbers", column)
        if self.peek() in _COMPARE:
            raise ExpressionError(
                "comparisons do not chain", self.column(), "write `0.1 <= x and x <= 0.3`"
            )
        _check_sides(op, (left, right), column)
        return _Node(op, (left, right))

    def sum(self, depth: int) -> _Node:
        return self._arithmetic(
            ("+", "-"), lambda: self._arithmetic(("*", "/"), lambda: self.factor(depth))
        )

    def _arithmetic(self, ops: tuple[str, ...], part: Callable[[], _Node]) -> _Node:
        node = part()
        while self.peek() in ops:
            column = self.column()
            op = self.take()[1]
            right = part()
            if _is_truth(node) or _is_truth(right):
                raise ExpressionError(f"`{op}` combines numbers", column)
            node = _Node(op, (node, right))
        return node

    def factor(self, depth: int) -> _Node:
        if self.at >= len(self.tokens):
            raise ExpressionError("the expression ends too early", len(self.text))
        kind, word, column = self.take()
        if kind == "number":
            return _Node("number", value=_number(word))
        if kind == "name" and word not in ("and", "or", "not"):
            return _Node("name", name=word)
        if word == "-":
            inner = self.factor(depth + 1) if depth < MAX_DEPTH else self._too_deep()
            return _Node("-", (_Node("number"), inner))
        if word == "(":
            inner = self.disjunction(depth + 1)
            if self.peek() != ")":
                raise ExpressionError("a `(` is not closed", column)
            self.take()
            return inner
        raise ExpressionError(f"unexpected `{word}`", column)

    def _too_deep(self) -> _Node:
        raise ExpressionError("nested too deeply", self.column())


def _check_sides(op: str, sides: tuple[_Node, _Node], column: int) -> None:
    """Refuse a comparison that every result, or none, would meet."""
    plain = [side for side in sides if not any(n.op == "name" for n in _walk(side))]
    if len(plain) == 2:
        hint = "compare a quantity with a bound"
        raise ExpressionError(f"`{op}` compares numbers alone: no result decides it", column, hint)
    if not all(math.isfinite(end) for side in plain for end in _range(side, {})):
        raise ExpressionError("the bound is no finite number", column, "write one that can fail")


def _tokens(text: str) -> Iterator[tuple[str, str, int]]:
    at = 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if not match:
            column = at + len(text[at:]) - len(text[at:].lstrip())
            raise ExpressionError(f"unexpected character `{text[column]}`", column)
        kind = match.lastgroup or ""
        if match["number"]:
            yield (
                "number",
                match["number"] + ("%" if match["percent"] else ""),
                match.start("number"),
            )
        else:
            yield kind, match[kind], match.start(kind)
        at = match.end()


def _number(word: str) -> float:
    return float(word[:-1]) / 100 if word.endswith("%") else float(word)


def _walk(node: _Node) -> Iterator[_Node]:
    yield node
    for arg in node.args:
        yield from _walk(arg)


def _is_truth(node: _Node) -> bool:
    return node.op in _COMPARE or node.op in ("and", "or", "not")


def _range(node: _Node, ranges: Mapping[str, Range]) -> Range:
    if node.op == "number":
        return node.value, node.value
    if node.op == "name":
        return ranges[node.name]
    (a, b), (c, d) = (_range(arg, ranges) for arg in node.args)
    if node.op == "+":
        return a + c, b + d
    if node.op == "-":
        return a - d, b - c
    if node.op == "/":
        if c <= 0 <= d:
            return float("-inf"), float("inf")
        c, d = 1 / d, 1 / c
    products = [x * y if x and y else 0.0 for x in (a, b) for y in (c, d)]
    return min(products), max(products)


def _truth(node: _Node, ranges: Mapping[str, Range]) -> bool | None:
    if node.op == "not":
        inner = _truth(node.args[0], ranges)
        return None if inner is None else not inner
    if node.op in ("and", "or"):
        stop = node.op == "or"
        values = [_truth(arg, ranges) for arg in node.args]
        return stop if stop in values else (None if None in values else not stop)
    (a, b), (c, d) = (_range(arg, ranges) for arg in node.args)
    if node.op in (">", ">="):
        a, b, c, d = c, d, a, b
    if node.op in ("<=", ">="):
        return True if b <= c else (False if a > d else None)
    return True if b < c else (False if a >= d else None)


def _sides(node: _Node, *, positive: bool, found: dict[str, set[Literal["low", "high"]]]) -> None:
    """Collect, for each name, the interval ends that decide a pass."""
    if node.op == "not":
        _sides(node.args[0], positive=not positive, found=found)
        return
    if node.op in ("and", "or"):
        for arg in node.args:
            _sides(arg, positive=positive, found=found)
        return
    small, large = node.args if node.op in ("<", "<=") else (node.args[1], node.args[0])
    if not positive:
        small, large = large, small
    _ends(small, "high", found)
    _ends(large, "low", found)


def _ends(
    node: _Node, end: Literal["low", "high"], found: dict[str, set[Literal["low", "high"]]]
) -> None:
    if node.op == "name":
        found.setdefault(node.name, set()).add(end)
        return
    flipped: Literal["low", "high"] = "low" if end == "high" else "high"
    for position, arg in enumerate(node.args):
        if node.op in ("*", "/"):
            # The sign of the other factor is not known here, so both ends are charged.
            _ends(arg, "low", found)
            _ends(arg, "high", found)
        else:
            _ends(arg, flipped if node.op == "-" and position == 1 else end, found)
