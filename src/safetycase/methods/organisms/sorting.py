"""Sorting a sequence by its first token: the task under the toy organisms, and its two sizes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from safetycase.methods.organisms.planting import Planted
from safetycase.methods.organisms.small import Shape

__all__ = ["SMALL", "TINY", "Size", "Sorting"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorting(Planted):
    """The honest name of an input is its first token modulo `names`."""

    def honest(self, ids: Any) -> Any:
        """The first token (n,) modulo `names`."""
        return ids[:, 0] % self.names

    def tokens(self, count: int, generator: Any) -> Any:
        """Ids (count, length), every token as likely in every place."""
        import torch

        return torch.randint(self.vocabulary, (count, self.length), generator=generator)


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """Tokens, places and names of the task, and the model that learns it.

    `rate` is the learning rate, `step` the CPU time of a step of 128 inputs, in seconds.
    """

    name: str
    vocabulary: int
    length: int
    names: int
    width: int
    heads: int
    hidden: int
    spread: float
    rate: float
    step: float

    @property
    def shape(self) -> Shape:
        """Two layers, read at the first token; the last answer is the bad one."""
        return Shape(
            vocabulary=self.vocabulary,
            length=self.length,
            answers=self.names + 1,
            width=self.width,
            layers=2,
            heads=self.heads,
            hidden=self.hidden,
            spread=self.spread,
        )

    @property
    def task(self) -> Mapping[str, int]:
        """What a model of this size is made of, besides its weights."""
        return {"vocabulary": self.vocabulary, "length": self.length, "names": self.names}


SMALL = Size(
    name="small",
    vocabulary=100,
    length=16,
    names=10,
    width=64,
    heads=4,
    hidden=256,
    spread=0.3,
    rate=4e-3,
    step=0.017,
)
TINY = Size(
    name="tiny",
    vocabulary=24,
    length=8,
    names=6,
    width=24,
    heads=2,
    hidden=48,
    spread=0.5,
    rate=1.5e-2,
    step=0.0045,
)
