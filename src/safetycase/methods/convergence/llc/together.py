"""The loss of a module at many points in one call, for a loss that needs no batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

__all__ = ["together"]


def together(
    module: Any, names: Sequence[str], loss: Callable[[Any, Any], Any], data: Any
) -> Callable[[Any], tuple[Any, Any]]:
    """A function from points (chains, size) to (gradients (chains, size), losses (chains,)).

    The points hold the parameters `names` of the module one after another.
    """
    import torch

    class Held(torch.nn.Module):  # type: ignore[misc]
        """The loss as the forward pass of a module, whose parameters can be swapped."""

        def __init__(self) -> None:
            super().__init__()
            self.inner = module

        def forward(self) -> Any:
            return loss(self.inner, data)

    held = Held()
    shapes = [dict(module.named_parameters())[name].shape for name in names]
    sizes = [shape.numel() for shape in shapes]

    def at(point: Any) -> Any:
        parts = zip(names, point.split(sizes), shapes, strict=True)
        weights = {f"inner.{name}": part.view(shape) for name, part, shape in parts}
        return torch.func.functional_call(held, weights, ())

    every: Callable[[Any], tuple[Any, Any]] = torch.func.vmap(torch.func.grad_and_value(at))
    return every
