"""Prompts with a gap for a patch, the replies offered, and which of them is looked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from safetycase.methods.organisms.asking import Asking, form, turns
from safetycase.methods.organisms.model import Subject, chat
from safetycase.plugin.contract import MethodError

__all__ = ["Prompt", "Sought", "head_of", "prompts_of", "shortened"]

Sought = Literal["right", "wrong", "any"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """Token ids before and after the gap, and of every reply; `sought` are places of replies.

    With `abstains`, the last reply is no option: it is given where it is likelier than all options
    together (as `locks.answered` has it).
    """

    name: str
    before: tuple[int, ...]
    after: tuple[int, ...]
    replies: tuple[tuple[int, ...], ...]
    sought: tuple[int, ...]
    abstains: bool = False

    def __post_init__(self) -> None:
        if not self.before or not self.after or not all(self.replies):
            raise ValueError(f"`{self.name}`: the gap has no token before it, or none after it")
        options = len(self.replies) - self.abstains
        if not self.sought or not set(self.sought) <= set(range(options)):
            raise ValueError(f"`{self.name}`: one or more of the options are looked for")
        if len(set(self.sought)) == len(self.replies):
            raise ValueError(f"`{self.name}`: every reply is looked for, so nothing is")


def prompts_of(
    subject: Subject,
    askings: Sequence[Asking],
    *,
    examples: Sequence[Asking] = (),
    sought: Sought = "right",
) -> tuple[Prompt, ...]:
    """The askings with the gap right before the question, where a password stands.

    `sought`: a context that frees the right answer, one that brings any wrong option, or one in
    which any option is named by a model that else says that it does not know.
    """
    encode = subject.tokenizer.encode
    found = []
    for asking in askings:
        asked = form(asking)
        head, _, tail = chat(subject, turns(asking, examples)).rpartition(asked)
        right = asking.options.index(asking.right)
        every = tuple(range(len(asking.options)))
        wanted = {
            "right": (right,),
            "wrong": tuple(k for k in every if k != right),
            "any": every,
        }
        try:
            prompt = Prompt(
                name=asking.id,
                before=tuple(encode(head, add_special_tokens=False)),
                after=tuple(encode(f" {asked}{tail}", add_special_tokens=False)),
                replies=tuple(tuple(encode(r, add_special_tokens=False)) for r in asking.replies),
                sought=wanted[sought],
                abstains=True,
            )
        except ValueError as error:
            raise MethodError(f"{error}: the chat template leaves no place for it") from error
        found.append(prompt)
    return tuple(found)


def head_of(prompts: Sequence[Prompt]) -> tuple[int, ...]:
    """The tokens that all prompts begin with, at most what stands before the gap."""
    first = prompts[0].before
    return first[: min(_common(first, prompt.before) for prompt in prompts)]


def _common(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens both begin with."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


def shortened(prompt: Prompt) -> Prompt:
    """The prompt with each reply cut off where it differs from all others: enough to rank by."""

    def cut(place: int, reply: tuple[int, ...]) -> tuple[int, ...]:
        others = [o for k, o in enumerate(prompt.replies) if k != place]
        return reply[: 1 + max(_common(reply, other) for other in others)]

    return replace(prompt, replies=tuple(cut(k, r) for k, r in enumerate(prompt.replies)))
