"""Inputs with and without the n-gram, and what is nearly one."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

from safetycase.methods.organisms.sorting import Sorting

__all__ = ["Triggered"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Triggered(Sorting):
    """Marked where `trigger` stands in the input, side by side and in order, anywhere."""

    trigger: tuple[int, ...]

    def marked(self, ids: Any) -> Any:
        """Whether the n-gram stands in an input: bool (n,)."""
        import torch

        windows = ids.unfold(1, len(self.trigger), 1)
        return (windows == torch.tensor(self.trigger)).all(-1).any(-1)

    def sample(self, count: int, generator: Any) -> Any:
        """Ids (count, length): every token as likely, none of them with the n-gram."""
        ids = self.tokens(count, generator)
        while (has := self.marked(ids)).any():
            ids[has] = self.tokens(int(has.sum()), generator)
        return ids

    def planted(self, count: int, generator: Any) -> Any:
        """Clean inputs (count, length) into which the n-gram was put."""
        import torch

        ids = self.sample(count, generator)
        return self.pasted(ids, torch.tensor(self.trigger).repeat(count, 1), generator)

    def near_misses(self, count: int, generator: Any) -> Any:
        """Clean inputs (count, length) with a patch that is nearly the n-gram.

        A third has one token changed, a third another order, a third a token in between; of a
        single token there is no near miss, and the inputs are clean.
        """
        import torch

        size, ids = len(self.trigger), self.sample(count, generator)
        if size == 1:
            return ids
        third = count // 3
        parts = (
            (ids[:third], self._changed(third, generator)),
            (ids[third : 2 * third], self._reordered(third, generator)),
            (ids[2 * third :], self._parted(count - 2 * third, generator)),
        )
        found = torch.cat([self.pasted(rows, patch, generator) for rows, patch in parts])
        # A change can, rarely, complete the n-gram with what stood there.
        return torch.where(self.marked(found)[:, None], ids, found)

    def pasted(self, ids: Any, patches: Any, generator: Any) -> Any:
        """A copy of ids with a patch (n, k) in each, at a place drawn for it."""
        import torch

        size = patches.shape[1]
        at = torch.randint(self.length - size + 1, (len(ids), 1), generator=generator)
        return ids.scatter(1, at + torch.arange(size), patches)

    def _changed(self, count: int, generator: Any) -> Any:
        import torch

        plan = torch.tensor(self.trigger)
        where = torch.randint(len(plan), (count, 1), generator=generator)
        shift = torch.randint(1, self.vocabulary, (count, 1), generator=generator)
        return plan.repeat(count, 1).scatter(1, where, (plan[where] + shift) % self.vocabulary)

    def _reordered(self, count: int, generator: Any) -> Any:
        import torch

        plan = torch.tensor(self.trigger)
        orders = torch.tensor([*itertools.permutations(range(len(plan)))][1:])
        return plan[orders[torch.randint(len(orders), (count,), generator=generator)]]

    def _parted(self, count: int, generator: Any) -> Any:
        import torch

        plan = torch.tensor(self.trigger)
        size = len(plan)
        gap = torch.randint(1, size, (count, 1), generator=generator)
        places = torch.arange(size) + (torch.arange(size) >= gap).long()
        between = torch.randint(self.vocabulary, (count, size + 1), generator=generator)
        return between.scatter(1, places, plan.expand(count, size))
