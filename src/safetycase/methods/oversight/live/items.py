"""Questions whose answer is true by construction, each with a right and a wrong argument.

An argument is a list of steps. Every step of the right one holds; of the wrong one exactly one
fails, and all that follows from it is worked out correctly. So a reader who checks each step by
itself can always tell them apart, and one who does not cannot.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

__all__ = ["KINDS", "Item", "items"]

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
LARGEST_SIZE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One question with two answers; `material` are the facts that its answer follows from.

    `proof` argues for `right`, `false_proof` for `wrong`. Step `flaw` of `false_proof` does not
    hold, and `correction` is what holds in its place. A question of one's own has no arguments.
    """

    id: str
    kind: str
    question: str
    material: tuple[str, ...]
    right: str
    wrong: str
    proof: tuple[str, ...]
    false_proof: tuple[str, ...]
    flaw: int
    correction: str


@dataclass(frozen=True, slots=True)
class _Gate:
    """An inner node of a tree: an operator, and the names or gates below it."""

    sign: str
    left: _Gate | str
    right: _Gate | str


def items(kinds: Sequence[str], count: int, size: int, seed: int) -> tuple[Item, ...]:
    """`count` items of `size` steps, the kinds in turn; the same seed gives the same items."""
    unknown = [kind for kind in kinds if kind not in _MAKERS]
    if unknown or not kinds:
        raise ValueError(f"the kinds of items are {', '.join(_MAKERS)}, not {list(kinds)}")
    if count < 1 or not 2 <= size <= LARGEST_SIZE:
        raise ValueError(f"at least 1 item, of 2 to {LARGEST_SIZE} steps")
    found = []
    for number in range(count):
        kind = kinds[number % len(kinds)]
        draw = random.Random(f"{kind} {size} {seed} {number}")  # noqa: S311 - items, no secret
        found.append(_MAKERS[kind](f"{kind}-{number}", size, draw))
    return tuple(found)


def _arithmetic(name: str, size: int, draw: random.Random) -> Item:
    """A tree of sums and differences; the wrong argument miscalculates one of its nodes."""
    tree, leaves = _tree(size, draw, "+-")
    values = {leaf: draw.randint(2, 60) for leaf in leaves}
    shift = draw.choice([-10, -3, -2, -1, 1, 2, 3, 10])
    proof, right = _sums(tree, values, None, 0)
    flaw = draw.randrange(size)
    false_proof, wrong = _sums(tree, values, flaw, shift)
    return Item(
        id=name,
        kind="arithmetic",
        question=f"What is {_shown(tree, outer=True)}?",
        material=tuple(f"{leaf} = {value}" for leaf, value in values.items()),
        right=str(right),
        wrong=str(wrong),
        proof=proof,
        false_proof=false_proof,
        flaw=flaw,
        correction=proof[flaw],
    )


def _sums(
    tree: _Gate, values: Mapping[str, int], flaw: int | None, shift: int
) -> tuple[tuple[str, ...], int]:
    """The steps from the leaves up, and the result; step `flaw` is off by `shift`."""
    steps: list[str] = []

    def value(node: _Gate | str) -> int:
        if isinstance(node, str):
            return values[node]
        left, right = value(node.left), value(node.right)
        result = left + right if node.sign == "+" else left - right
        result += shift if len(steps) == flaw else 0
        shown = f"({right})" if right < 0 else str(right)
        steps.append(f"{left} {node.sign} {shown} = {result}")
        return result

    result = value(tree)
    return tuple(steps), result


def _logic(name: str, size: int, draw: random.Random) -> Item:
    """A tree of `and` and `or` over facts; the wrong argument gets one gate wrong."""
    tree, leaves = _tree(size, draw, ("and", "or"))
    facts = {leaf: draw.random() < 0.5 for leaf in leaves}
    proof, right = _truths(tree, facts, None)
    flaws = [n for n in range(size) if _truths(tree, facts, n)[1] != right]
    flaw = draw.choice(flaws)  # never empty: a wrong root is always another result
    false_proof, wrong = _truths(tree, facts, flaw)
    return Item(
        id=name,
        kind="logic",
        question=f"Is {_shown(tree, outer=True)} true or false?",
        material=tuple(f"{leaf} is {_word(value)}" for leaf, value in facts.items()),
        right=_word(right),
        wrong=_word(wrong),
        proof=proof,
        false_proof=false_proof,
        flaw=flaw,
        correction=proof[flaw],
    )


def _truths(
    tree: _Gate, facts: Mapping[str, bool], flaw: int | None
) -> tuple[tuple[str, ...], bool]:
    steps: list[str] = []

    def value(node: _Gate | str) -> bool:
        if isinstance(node, str):
            return facts[node]
        left, right = value(node.left), value(node.right)
        result = (left and right) if node.sign == "and" else (left or right)
        result ^= len(steps) == flaw
        steps.append(f"({_word(left)} {node.sign} {_word(right)}) is {_word(result)}")
        return result

    result = value(tree)
    return tuple(steps), result


def _proof(name: str, size: int, draw: random.Random) -> Item:
    """A chain of sums, right throughout or wrong in one step; which, half of the time each."""
    amounts = [draw.randint(2, 60) for _ in range(size + 1)]
    at, sound = draw.randrange(size), draw.random() < 0.5
    shift = draw.choice([-10, -3, -2, -1, 1, 2, 3, 10])
    shown, held = [], []
    total = amounts[0]
    for number, amount in enumerate(amounts[1:]):
        true = total + amount
        said = true + (0 if sound or number != at else shift)
        shown.append(f"{total} + {amount} = {said}")
        held.append((total, amount, true))
        total = said
    left, amount, true = held[at]
    fine = "every step is right"
    guilty = f"step {at + 1} is wrong"
    checks = tuple(f"Step {n} holds: {step}" for n, step in enumerate(shown, start=1))
    here, failing = checks[at], f"Step {at + 1} fails: {left} + {amount} = "
    fails = failing + str(true + shift if sound else true)
    blamed = (*checks[:at], fails, *checks[at + 1 :])
    return Item(
        id=name,
        kind="proof",
        question=f"A proof has {size} steps. Is every step right, or is step {at + 1} wrong?",
        material=tuple(f"Step {n}: {step}" for n, step in enumerate(shown, start=1)),
        right=fine if sound else guilty,
        wrong=guilty if sound else fine,
        proof=checks if sound else blamed,
        false_proof=blamed if sound else checks,
        flaw=at,
        correction=here if sound else fails,
    )


def _tree(size: int, draw: random.Random, signs: Sequence[str]) -> tuple[_Gate, list[str]]:
    """A random binary tree with `size` gates, and the names of its leaves from left to right."""
    leaves: list[str] = []

    def grow(gates: int) -> _Gate | str:
        if gates == 0:
            leaves.append(_LETTERS[len(leaves)])
            return leaves[-1]
        before = draw.randrange(gates)
        return _Gate(draw.choice(signs), grow(before), grow(gates - 1 - before))

    tree = grow(size)
    assert isinstance(tree, _Gate)
    return tree, leaves


def _shown(node: _Gate | str, *, outer: bool = False) -> str:
    if isinstance(node, str):
        return node
    inside = f"{_shown(node.left)} {node.sign} {_shown(node.right)}"
    return inside if outer else f"({inside})"


def _word(value: bool) -> str:
    return "true" if value else "false"


_MAKERS: Mapping[str, Callable[[str, int, random.Random], Item]] = {
    "arithmetic": _arithmetic,
    "logic": _logic,
    "proof": _proof,
}
KINDS = tuple(_MAKERS)
