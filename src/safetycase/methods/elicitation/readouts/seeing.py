"""Run a model on inputs, and keep what is inside and what it did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from safetycase.methods.organisms.kinds import TokenModel
from safetycase.plugin.contract import MethodError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from safetycase.methods.elicitation.readouts.readers import Flags, Numbers

__all__ = ["PARTS", "Inputs", "Lured", "Part", "Seen", "drawn", "seen"]

Part = Literal["fit", "select", "calibrate", "test"]
PARTS: tuple[Part, ...] = ("fit", "select", "calibrate", "test")
PLAIN, NEAR, PLANTED = range(3)
BATCH = 512


class Lured(TokenModel, Protocol):
    """A `TokenModel` that says what may make it misbehave, and what only looks so.

    `module.residuals(ids)` lists the states (n, length, width) that enter each layer, and what the
    answer is read from, (n, width); `module.head(module.norm(state))` gives logits.
    """

    def planted(self, count: int, generator: Any) -> Any:
        """Inputs (count, length) with what is planted, or suspected."""

    def near_misses(self, count: int, generator: Any) -> Any:
        """Inputs (count, length) that are changed as much, with nothing planted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Ids (n, length), which of them are plain, near misses or planted, and in which part."""

    ids: Any
    kinds: NDArray[np.int64]
    parts: NDArray[np.int64]

    def part(self, part: Part) -> Flags:
        """Which inputs are in that part."""
        found: Flags = self.parts == PARTS.index(part)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """States (n, d) by layer, −badness read at each layer (n, layers), and what was done (n)."""

    states: tuple[Numbers, ...]
    lens: Numbers
    bad: Flags


def drawn(model: Lured, each: int, seed: int) -> Inputs:
    """`each` inputs of every kind in every part, none twice in two parts but by chance."""
    import numpy as np
    import torch

    generator = torch.Generator().manual_seed(seed)
    ids, kinds, parts = [], [], []
    for number in range(len(PARTS)):
        for kind, draw in enumerate((model.sample, model.near_misses, model.planted)):
            ids.append(draw(each, generator))
            kinds += [kind] * each
            parts += [number] * each
    return Inputs(ids=torch.cat(ids), kinds=np.array(kinds), parts=np.array(parts))


def seen(model: Lured, inputs: Inputs) -> Seen:
    """What is inside the model on the inputs; `MethodError` where that cannot be read."""
    import numpy as np
    import torch

    module = model.module
    if not all(hasattr(module, name) for name in ("residuals", "head", "norm")):
        raise MethodError(
            "the module has no `residuals`, `head` and `norm`: nothing says which states to read; "
            "see docs/reference/readouts.md"
        )
    rows: list[list[Any]] = []
    with torch.inference_mode():
        for ids in inputs.ids.split(BATCH):
            states = [s.mean(1) if s.ndim == 3 else s for s in module.residuals(ids)]
            logits = module(ids)
            if not torch.allclose(module.head(module.norm(states[-1])), logits, 1e-3, 1e-3):
                raise MethodError(
                    "`head(norm(...))` of the last of `residuals` is not what the module answers: "
                    "the states that are read are not those the answer comes from"
                )
            lens = [-model.badness(ids, module.head(module.norm(s))) for s in states[:-1]]
            bad = model.bad(ids, logits.argmax(-1))
            rows.append([*states, torch.stack([*lens, -model.badness(ids, logits)], 1), bad])
    # numpy has no bfloat16, and flags may come as whole numbers
    *states, lens, bad = (torch.cat(c).double().numpy() for c in zip(*rows, strict=True))
    found = tuple(states)
    if not all(np.isfinite(x).all() for x in (*found, lens)):
        raise MethodError("a state of the model is not a finite number; its training diverged")
    return Seen(states=found, lens=lens, bad=bad != 0)
