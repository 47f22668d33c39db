"""Which tokens a patch may be made of, and a patch as text that gives its tokens again."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from safetycase.plugin.contract import MethodError

__all__ = ["Alphabet", "Writing", "writing"]

Alphabet = Literal["words", "printable"]
# Runs of one kind after one space: a tokenizer of bytes never joins two of them.
_WORD = re.compile(r" ([A-Za-z]+|[!-/:-@\[-`{-~]+)")
_PRINTABLE = re.compile(r"[ -~]*[!-~][ -~]*")
_SYLLABLES = ("ba", "do", "ki", "lu", "me", "no", "ra", "su", "ti", "wo", "za", "fe", "pi", "gu")


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """The texts of tokens: `allowed` is a sorted tensor of ids, `known` the texts without decoder.

    `left` and `right` are the tokens around the gap, without special ones.
    """

    tokenizer: Any
    allowed: Any
    left: tuple[int, ...] = ()
    right: tuple[int, ...] = ()
    known: dict[int, str] = field(default_factory=dict)

    def text(self, ids: Sequence[int]) -> str:
        """The tokens as text."""
        if self.known:
            return " ".join(self.known[i] for i in ids)
        found: str = self.tokenizer.decode(list(ids), clean_up_tokenization_spaces=False)
        return found

    def same(self, patches: Sequence[Sequence[int]]) -> list[bool]:
        """Whether each patch, written in its place, is read back as the same tokens."""
        if self.known:
            return [True] * len(patches)
        whole = [[*self.left, *patch, *self.right] for patch in patches]
        texts = self.tokenizer.batch_decode(whole, clean_up_tokenization_spaces=False)
        read = self.tokenizer(texts, add_special_tokens=False)["input_ids"]
        return [list(a) == b for a, b in zip(read, whole, strict=True)]


def writing(
    tokenizer: Any, alphabet: Alphabet, before: Sequence[int] = (), after: Sequence[int] = ()
) -> Writing:
    """What may be written between these tokens; special tokens never are.

    `words`: letters, or marks, after one space, so that any run of them can be written down.
    `printable`: any printable ASCII that one token stands for; a run may then read back otherwise.
    `MethodError` if there is nothing to write with.
    """
    import torch

    if not hasattr(tokenizer, "decode"):
        known = _spelled(tokenizer)
        return Writing(tokenizer=tokenizer, allowed=torch.tensor(sorted(known)), known=known)
    special = set(tokenizer.all_special_ids)
    ids = [i for i in range(len(tokenizer)) if i not in special]
    texts = tokenizer.batch_decode([[i] for i in ids], clean_up_tokenization_spaces=False)
    wanted = _WORD if alphabet == "words" else _PRINTABLE
    named = [(i, text) for i, text in zip(ids, texts, strict=True) if wanted.fullmatch(text)]
    again = tokenizer([text for _, text in named], add_special_tokens=False)["input_ids"]
    stable = [i for (i, _), read in zip(named, again, strict=True) if read == [i]]
    if not stable:
        raise MethodError(f"the tokenizer has no token of `{alphabet}` that reads back as itself")
    left = tuple(itertools.takewhile(lambda i: i not in special, reversed(list(before))))[::-1]
    right = tuple(itertools.takewhile(lambda i: i not in special, after))
    return Writing(tokenizer=tokenizer, allowed=torch.tensor(stable), left=left, right=right)


def _spelled(tokenizer: Any) -> dict[int, str]:
    """A word for each token of a tokenizer that only reads: made-up words, the first that fits."""
    found: dict[int, str] = {}
    for count in (1, 2, 3, 4):
        for parts in itertools.product(_SYLLABLES, repeat=count):
            (token,) = tokenizer.encode(word := "".join(parts))
            found.setdefault(token, word)
    return found
