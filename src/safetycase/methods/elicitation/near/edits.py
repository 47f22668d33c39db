"""Edits of an input that keep it near the clean one it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from safetycase.methods.elicitation.search.moves import Memory, different

__all__ = ["Edits"]

TOP = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Edits:
    """Edits of `ids` (L,), at most `distance` places from `origin` (L,).

    `favoured` are (place, token) in the order of what the slopes of this input promise, `varied`
    the tokens whose slopes vary most, `pool` (n, L) other clean inputs.
    """

    origin: Any
    ids: Any
    favoured: list[tuple[int, int]]
    varied: Any
    pool: Any
    distance: int
    generator: Any

    @classmethod
    def of(
        cls,
        origin: Any,
        ids: Any,
        slope: Any,
        memory: Memory,
        pool: Any,
        *,
        distance: int,
        generator: Any,
    ) -> Edits:
        """With the slopes (L, vocabulary) of this input, and what all slopes so far say."""
        gain = slope - slope.gather(1, ids[:, None])
        best = gain.flatten().argsort(stable=True)[: 2 * TOP].tolist()
        return cls(
            origin=origin,
            ids=ids,
            favoured=[divmod(flat, slope.shape[1]) for flat in best],
            varied=(-memory.stir()).argsort(stable=True)[:TOP],
            pool=pool,
            distance=distance,
            generator=generator,
        )

    def some(self, count: int) -> Any:
        """Up to `count` different inputs (n, L), by each kind of edit in turn."""
        import torch

        kinds = (self._swaps, self._run, self._part, self._run, self._order)
        made = [self._kept_near(kinds[turn % len(kinds)]()) for turn in range(2 * count)]
        return different(torch.stack(made), self.ids)[:count]

    def _swaps(self) -> Any:
        """One or two tokens that the slopes favour, wherever."""
        changed = self.ids.clone()
        for _ in range(1 + self._below(min(2, self.distance))):
            place, token = self.favoured[self._early(len(self.favoured))]
            changed[place] = token
        return changed

    def _run(self) -> Any:
        """A run of tokens whose slopes vary most."""
        changed = (self.origin if self._below(2) else self.ids).clone()
        start, many = self._span()
        for place in range(start, start + many):
            changed[place] = self.varied[self._early(len(self.varied))]
        return changed

    def _part(self) -> Any:
        """A part of another clean input, in its own place."""
        other = self.pool[self._below(len(self.pool))]
        start, many = self._span()
        changed = self.ids.clone()
        changed[start : start + many] = other[start : start + many]
        return changed

    def _order(self) -> Any:
        """The changed tokens in another order."""
        import torch

        moved = (self.ids != self.origin).nonzero()[:, 0]
        if len(moved) < 2:
            return self._run()
        changed = self.ids.clone()
        order = torch.randperm(len(moved), generator=self.generator)
        changed[moved] = self.ids[moved[order]]
        return changed

    def _kept_near(self, changed: Any) -> Any:
        """Take back changes at random until no more than `distance` are left."""
        import torch

        moved = (changed != self.origin).nonzero()[:, 0]
        back = len(moved) - self.distance
        if back > 0:
            rows = moved[torch.randperm(len(moved), generator=self.generator)[:back]]
            changed = changed.clone()
            changed[rows] = self.origin[rows]
        return changed

    def _span(self) -> tuple[int, int]:
        """Where a run of at most `distance` places starts, and how long it is."""
        many = 1 + self._below(min(self.distance, len(self.ids)))
        return self._below(len(self.ids) - many + 1), many

    def _below(self, many: int) -> int:
        import torch

        return int(torch.randint(many, (1,), generator=self.generator))

    def _early(self, many: int) -> int:
        """A rank below `many`; the first ones more often."""
        import torch

        share = float(torch.rand(1, generator=self.generator))
        return min(int(many * share * share), many - 1)
