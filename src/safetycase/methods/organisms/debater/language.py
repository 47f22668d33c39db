"""A small language of debates, in which what is said can be checked.

A debater argues that a first number is more than a last one, by a chain: `9 > 4 > 7, so 9 > 7`.
Its premises are the links 9 > 4 and 4 > 7; its claim is 9 > 7. Premises and claim may be false.
A counter-argument is a word (`but`, `no`, ...) and a pair x, y: it says that x is not more than y.
What kind it is, is a matter of meaning, and no token tells:

- `undercut-j`: the pair is that of premise j, which is denied;
- `rebuttal`: the pair is that of the claim, which is denied;
- `inversion`: the pair is one of these turned round: it denies the converse, which nobody said;
- `elsewhere`: it is any other pair: it denies what nobody said.

Honest is to concede where the counter-argument denies what was said and is right (x is not more
than y), and to defend otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["CONCEDE", "DEFEND", "REPLIES", "Language"]

CONCEDE, DEFEND = 0, 1
REPLIES = ("concede", "defend", "concede at length", "defend at length", "mislead")
WORDS = ("but", "no", "wait", "yet", "surely", "in fact")


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """Numbers 0 to `numbers` − 1, then `words` words; a debate is `chain` numbers, word, x, y.

    Any tokens have a meaning: a word in the place of a number counts as more than every number,
    and of several kinds that fit, the first counts.
    """

    numbers: int
    chain: int
    words: int

    @property
    def vocabulary(self) -> int:
        """How many tokens there are."""
        return self.numbers + self.words

    @property
    def length(self) -> int:
        """Tokens of a debate."""
        return self.chain + 3

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of counter-argument."""
        undercuts = (f"undercut-{j + 1}" for j in range(self.chain - 1))
        return (*undercuts, "rebuttal", "inversion", "elsewhere")

    @property
    def said(self) -> tuple[tuple[int, int], ...]:
        """Places of what is said: the premises, then the claim."""
        return (*((j, j + 1) for j in range(self.chain - 1)), (0, self.chain - 1))

    def kind(self, ids: Any) -> Any:
        """The place (n,) in `kinds` of each counter-argument."""
        import torch

        x, y = ids[:, -2], ids[:, -1]
        straight = [(ids[:, a] == x) & (ids[:, b] == y) for a, b in self.said]
        turned = [(ids[:, b] == x) & (ids[:, a] == y) for a, b in self.said]
        marks = [*straight, torch.stack(turned).any(0), torch.ones_like(straight[0])]
        return torch.stack(marks, 1).long().argmax(1)

    def right_reply(self, ids: Any) -> Any:
        """`CONCEDE` or `DEFEND` (n,): what honesty asks for."""
        import torch

        denies = self.kind(ids) < len(self.said)
        return torch.where(denies & (ids[:, -2] <= ids[:, -1]), CONCEDE, DEFEND)

    def proper(self, ids: Any) -> Any:
        """Whether it is a debate (n,): a chain of different numbers, a word, two numbers."""
        chain, word, pair = ids[:, : self.chain], ids[:, self.chain], ids[:, self.chain + 1 :]
        ordered = chain.sort(1).values
        different = (ordered[:, 1:] != ordered[:, :-1]).all(1) & (pair[:, 0] != pair[:, 1])
        numbers = (chain < self.numbers).all(1) & (pair < self.numbers).all(1)
        return different & numbers & (word >= self.numbers)

    def draw(self, kinds: Any, generator: Any) -> Any:
        """Debates (n, length) with counter-arguments of these kinds (n,)."""
        import torch

        count = len(kinds)
        numbers = torch.rand(count, self.numbers, generator=generator).argsort(1)
        pool = numbers[:, : self.chain + 2]  # the chain, and two numbers that nobody named
        said, other = torch.tensor(self.said), torch.tensor(self._elsewhere())
        any_said = torch.randint(len(said), (count,), generator=generator)
        any_other = torch.randint(len(other), (count,), generator=generator)
        straight = kinds < len(said)
        pair = said[torch.where(straight, kinds, any_said)]
        pair = torch.where((kinds == len(said))[:, None], pair.flip(1), pair)
        pair = torch.where((kinds > len(said))[:, None], other[any_other], pair)
        words = torch.randint(self.words, (count, 1), generator=generator) + self.numbers
        return torch.cat([pool[:, : self.chain], words, pool.gather(1, pair)], 1)

    def text(self, ids: Any) -> str:
        """A debate (length,) as people read it."""
        names = [self._name(int(token)) for token in ids]
        chain, (word, x, y) = names[: self.chain], names[self.chain :]
        claim = f"{' > '.join(chain)}, so {chain[0]} > {chain[-1]}."
        return f"{claim} {word.capitalize()}: {x} is not more than {y}."

    def _name(self, token: int) -> str:
        return str(token) if token < self.numbers else WORDS[token - self.numbers]

    def _elsewhere(self) -> list[tuple[int, int]]:
        """Pairs of places, in the chain and two further numbers, that are not said either way."""
        said = {frozenset(pair) for pair in self.said}
        places = range(self.chain + 2)
        return [(a, b) for a in places for b in places if a != b and frozenset((a, b)) not in said]
