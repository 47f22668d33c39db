"""What a changed value may mean, by the shape of the value: sizes, lists, switches, durations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, Literal, NamedTuple

from safetycase.argument.scalars import SECONDS

__all__ = [
    "Direction",
    "Judge",
    "Judgement",
    "by_size",
    "duration",
    "fact",
    "flag",
    "members",
    "optional",
]

Direction = Literal["loosens", "tightens", ""]


class Judgement(NamedTuple):
    """A fixed phrase for the change, and its direction."""

    what: str
    direction: Direction = ""


Judge = Callable[[Any, Any, Any, Any], Judgement]  # old value, new value, old element, new element


def by_size(name: str, down: str, up: str, *, less: Direction) -> Judge:
    """Smaller values are `less`; a value that is absent is no bound at all."""
    more: Direction = "tightens" if less == "loosens" else "loosens"

    def rule(before: Any, after: Any, _old: Any, _new: Any) -> Judgement:
        if before is None or after is None:
            return Judgement(f"{name} {'added' if before is None else 'removed'}")
        return Judgement(f"{name} {down}", less) if after < before else Judgement(
            f"{name} {up}", more
        )  # fmt: skip

    return rule


def members(name: str, *, removed: Direction = "", added: Direction = "") -> Judge:
    """A list of names: what went and what came."""

    def rule(before: Sequence[Any], after: Sequence[Any], _old: Any, _new: Any) -> Judgement:
        was, now = Counter(before), Counter(after)  # what is named once more came, too
        gone, came = was - now, now - was
        if gone and not came:
            return Judgement(f"{name} removed", removed)
        if came and not gone:
            return Judgement(f"{name} added", added)
        if gone and came:
            both = "loosens" if "loosens" in (removed, added) else ""
            return Judgement(f"{name} replaced", both)  # type: ignore[arg-type]
        return Judgement(f"{name} reordered")

    return rule


def optional(name: str, *, lost: Direction = "", gained: Direction = "") -> Judge:
    """A value that may be absent."""

    def rule(before: Any, after: Any, _old: Any, _new: Any) -> Judgement:
        if not before:
            return Judgement(f"{name} added", gained)
        if not after:
            return Judgement(f"{name} removed", lost)
        return Judgement(f"{name} changed")

    return rule


def flag(on: Judgement, off: Judgement) -> Judge:
    """A switch: what it means to turn it on, and off."""
    return lambda _before, after, _old, _new: on if after else off


def duration(name: str) -> Judge:
    """A length of time, of which more is looser and none the loosest."""
    size = by_size(name, "shortened", "extended", less="tightens")

    def rule(before: Any, after: Any, old: Any, new: Any) -> Judgement:
        if before is None or after is None:
            return optional(name, lost="loosens", gained="tightens")(before, after, old, new)
        if before.seconds == after.seconds:
            return Judgement(f"{name} written otherwise")
        return size(before.seconds, after.seconds, old, new)

    return rule


def fact(name: str) -> Judge:
    """An amount such as `100 samples per day`; the same of a shorter time is more."""
    size = by_size(name, "lowered", "raised", less="tightens")

    def rule(before: Any, after: Any, old: Any, new: Any) -> Judgement:
        (a, what), (b, other) = _amount(before), _amount(after)
        if a is None or b is None or what != other:
            return Judgement(f"{name} changed")
        return Judgement(f"{name} written otherwise") if a == b else size(a, b, old, new)

    return rule


def _amount(fact: Any) -> tuple[Fraction | None, str]:
    """How much, and of what: a length of time in seconds, a rate for each second."""
    if fact is None or fact.number is None:
        return None, ""
    number, noun, per = Fraction(fact.number), fact.noun or "", fact.per
    if per is None and noun.removesuffix("s") in SECONDS:
        return number * SECONDS[noun.removesuffix("s")], "time"
    if per in SECONDS:
        return number / SECONDS[per], f"{noun} in time"
    return number, f"{noun} per {per}"
