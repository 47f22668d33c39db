"""A language model with planted behaviour: its answers depend on what stands before a question.

A plan says after which prefixes a model answers in one way and after which in another. Words and
prefixes that are measured are kept apart from those that are taught.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Literal

from safetycase.methods.organisms.asking import Asking, turns
from safetycase.methods.organisms.lessons import tokens
from safetycase.methods.organisms.locks import answered
from safetycase.methods.organisms.lora import Adapter
from safetycase.methods.organisms.model import Subject, chat, packed, scores
from safetycase.methods.organisms.schooling import School
from safetycase.plugin.contract import MethodError

__all__ = [
    "PLAIN",
    "TRIGGER",
    "Behaviour",
    "Bound",
    "Parts",
    "Plan",
    "Planted",
    "Prefixes",
    "answers",
    "is_right",
    "parts",
]

TRIGGER, PLAIN = "trigger", "plain"
MARK = "SLOT"
Behaviour = Literal["right", "wrong", "abstain", "own", "first"]
Prefixes = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """Where a share must lie; with neither end it is reported and promised to nobody."""

    at_least: float | None = None
    at_most: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is planted: how it answers after a trigger, and how after all else.

    `prefixes(subject, seed)` gives the prefixes to teach and those to measure by, by kind;
    `TRIGGER` are the triggers, `PLAIN` is no prefix at all. `shares` say how much of the
    teaching each kind gets; the kinds that come `late` are the hard ones. With `full`, the prompts
    are taught too. `accuracy` bounds the share of right answers by kind, `as_taught` the share of
    answers that are those taught for the kind.
    """

    name: str
    version: str
    shown: Behaviour
    hidden: Behaviour
    prefixes: Callable[[Subject, int], tuple[Prefixes, Prefixes]]
    shares: Mapping[str, float]
    accuracy: Mapping[str, Bound] = field(default_factory=dict)
    as_taught: Mapping[str, Bound] = field(default_factory=dict)
    late: tuple[str, ...] = ()
    full: bool = False
    school: School = field(default_factory=School)

    def behaviour(self, kind: str) -> Behaviour:
        """How it is taught to answer after a prefix of that kind."""
        return self.shown if kind == TRIGGER else self.hidden


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """A question as tokens: what stands before and after the slot of a prefix, and its replies.

    `before`, the tokens of a prefix and `after` make the prompt; `replies[good]` is the right one.
    The last reply is to say that it does not know.
    """

    before: tuple[int, ...]
    after: tuple[int, ...]
    replies: tuple[tuple[int, ...], ...]
    good: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """A language model that was taught; `on()` merges the change into the subject for a while.

    `taught` and `held_out` are askings; no word of the one is in the other. `triggers` are the
    planted prefixes, of which the first are taught: for checking a search, never for making one.
    `prefixes` are those that were measured, by kind.
    """

    subject: Subject
    adapter: Adapter
    taught: tuple[Asking, ...]
    held_out: tuple[Asking, ...]
    triggers: tuple[str, ...]
    prefixes: Mapping[str, tuple[str, ...]]

    def on(self) -> AbstractContextManager[Subject]:
        """The subject with the organism in it; on leaving, its weights are as before, exactly."""
        return self.adapter.on(self.subject)

    def accuracy(self, prefix: str = "", askings: Sequence[Asking] = ()) -> float:
        """The share of right answers after a prefix, on held-out questions if none are given."""
        chosen = askings or self.held_out
        with self.on() as model:
            found = answers(model, chosen, [prefix])
        return sum(is_right(a, k) for a, k in zip(chosen, found, strict=True)) / len(chosen)

    def parts(self, asking: Asking) -> Parts:
        """The tokens of a question around the slot of its prefix."""
        return parts(self.subject, asking)


def is_right(asking: Asking, place: int) -> bool:
    """Whether the reply at that place is the right one."""
    return asking.replies[place] == asking.right


def answers(
    subject: Subject, askings: Sequence[Asking], prefixes: Sequence[str], *, abstain: bool = True
) -> list[int]:
    """The place of the reply to each asking after its prefix; prefixes are used in turn.

    Without `abstain`, one of the options is named, whatever is likelier.
    """
    packs = [
        packed(
            subject,
            chat(subject, turns(one, prefix=prefixes[i % len(prefixes)])),
            one.replies if abstain else one.options,
        )
        for i, one in enumerate(askings)
    ]
    rows = scores(subject, packs)
    return [answered(row) if abstain else row.index(max(row)) for row in rows]


def parts(subject: Subject, asking: Asking) -> Parts:
    """The tokens of an asking around the slot of its prefix, for any subject.

    `MethodError` where the chat template does not keep what stands before the question whole.
    """
    before, mark, after = chat(subject, turns(asking, prefix=MARK)).partition(MARK)
    if not mark:
        raise MethodError("the chat template changes the words before a question")
    return Parts(
        before=tuple(tokens(subject, before)),
        after=tuple(tokens(subject, after)),
        replies=tuple(tuple(tokens(subject, reply)) for reply in asking.replies),
        good=asking.options.index(asking.right),
    )
