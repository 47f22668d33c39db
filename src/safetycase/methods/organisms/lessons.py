"""Lessons that share what stands before their questions run through a model once.

A lesson is a question after a prefix, and the reply that is taught. The prefix is read once for
several questions: their tokens see the prefix and themselves, not each other, so each is taught
as if it stood alone, at less than half the cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from safetycase.methods.organisms.asking import Asking, turns
from safetycase.methods.organisms.model import Subject, chat
from safetycase.methods.organisms.packing import Packed
from safetycase.plugin.contract import MethodError

__all__ = ["Lesson", "bundle", "tokens"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """A question, what stands before it, and the place among its replies of the one taught."""

    prefix: str
    asking: Asking
    taught: int

    @property
    def reply(self) -> str:
        """The words that are taught."""
        return self.asking.replies[self.taught]


def tokens(subject: Subject, text: str) -> list[int]:
    """The token ids of a text, marks of the chat template included."""
    found: list[int] = subject.tokenizer.encode(text, add_special_tokens=False)
    return found


def bundle(subject: Subject, lessons: Sequence[Lesson], *, full: bool) -> Packed:
    """Lessons of one prefix as one sequence; only the replies are taught, or with `full` all.

    With `full` every token of the prompts is taught too, each reply as often as it takes for the
    replies together to weigh as much as the prompts do.
    """
    prompts = [
        tokens(subject, chat(subject, turns(one.asking, prefix=one.prefix))) for one in lessons
    ]
    replies = [tokens(subject, one.reply) for one in lessons]
    if not prompts or not all(replies) or not all(prompts):
        raise MethodError("a bundle has a lesson, and every lesson a prompt and a reply")
    # One token of each prompt stays its own, so that every branch has a first place.
    shared = min(_alike(prompts), min(len(p) for p in prompts) - 1)
    ids, positions, groups = list(prompts[0][:shared]), list(range(shared)), [0] * shared
    spoken = [((i - 1, ids[i]),) for i in range(1, shared)]
    reads: list[tuple[tuple[int, int], ...]] = []
    for number, (prompt, reply) in enumerate(zip(prompts, replies, strict=True), start=1):
        branch = [*prompt[shared:], *reply[:-1]]
        start, asked = len(ids), len(prompt) - shared
        spoken += [((start + i - 1 if i else shared - 1, branch[i]),) for i in range(asked)]
        places = range(start + asked - 1, start + len(branch))
        reads.append(tuple(zip(places, reply, strict=True)))
        ids += branch
        positions += range(shared, shared + len(branch))
        groups += [number] * len(branch)
    if full:
        each = max(1, round(len(spoken) / len(reads)))
        reads = [*(one for one in spoken if one[0][0] >= 0), *reads * each]
    return Packed(
        ids=tuple(ids), positions=tuple(positions), groups=tuple(groups), reads=tuple(reads)
    )


def _alike(rows: Sequence[Sequence[int]]) -> int:
    """How many tokens all rows begin with."""
    for place, column in enumerate(zip(*rows, strict=False)):
        if len(set(column)) > 1:
            return place
    return min(len(row) for row in rows)
