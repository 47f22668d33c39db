"""A loss over flat weights: what samplers walk on, from a torch module or from a formula.

Points are (chains, size); each chain has batches of its own.
"""

from __future__ import annotations

import copy
import importlib.util
import re
import warnings
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from safetycase.methods.convergence.llc.together import together
from safetycase.methods.convergence.problem import Problem
from safetycase.plugin.contract import MethodError

__all__ = ["Formula", "OfModule", "Surface", "need_torch"]

TOGETHER = 20_000
"""Weights up to which all chains are one call; beyond, that call is not faster than many."""
EXTRA = "pip install 'safetycase[whitebox]'"


def need_torch() -> None:
    """`MethodError` that names the extra, where torch is not installed."""
    if importlib.util.find_spec("torch") is None:
        raise MethodError(f"looking inside a model needs torch: {EXTRA}")


class Surface(Protocol):
    """A loss L(w) of `size` weights, seen through batches, around `start` (size,).

    `exact` says that a batch is all there is. What `slopes` returns may be overwritten by the next
    call.
    """

    size: int
    start: Any
    exact: bool

    def draw(self, generators: Sequence[Any]) -> Any:
        """A batch for each generator, to be used as often as wanted."""

    def slopes(self, points: Any, batches: Any) -> tuple[Any, Any]:
        """(losses (chains,), gradients (chains, size)) at points (chains, size)."""

    def losses(self, points: Any, batches: Any) -> Any:
        """Losses (chains,) at points (chains, size)."""


class Formula:
    """A loss given by a torch function from points (chains, size) to losses (chains,): exact."""

    exact = True

    def __init__(self, loss: Callable[[Any], Any], start: Any) -> None:
        self.loss, self.start, self.size = loss, start, len(start)

    def draw(self, generators: Sequence[Any]) -> Any:
        """Nothing is drawn."""
        del generators

    def slopes(self, points: Any, batches: Any) -> tuple[Any, Any]:
        """Losses and gradients, all chains at once."""
        import torch

        del batches
        leaf = points.detach().requires_grad_(True)
        with torch.enable_grad():
            losses = self.loss(leaf)
            (gradients,) = torch.autograd.grad(losses.sum(), leaf)
        points.requires_grad_(False)
        return losses.detach(), gradients

    def losses(self, points: Any, batches: Any) -> Any:
        """Losses alone."""
        import torch

        del batches
        with torch.no_grad():
            return self.loss(points)


class OfModule:
    """The loss of a torch module, whose moving weights lie one after another in one buffer.

    The module is copied and set to evaluation: dropout would make every loss another function.
    `often` says that it will be asked often enough for a slower start to pay.
    """

    def __init__(
        self, problem: Problem, *, parts: str = "", exact: bool = False, often: bool = False
    ) -> None:
        import torch

        if exact and problem.batch is not None and problem.full is None:
            raise MethodError(
                "this sampler needs the exact loss: give `full`, all of the data, to the problem"
            )
        self.exact = exact or problem.batch is None
        self._problem = problem
        self._all = problem.full() if self.exact and problem.full is not None else None
        self._module = copy.deepcopy(problem.module).eval().requires_grad_(False)
        named = list(self._module.named_parameters())
        moving = [p for name, p in named if not parts or re.fullmatch(parts, name)]
        if not moving:
            known = ", ".join(f"`{name}`" for name, _ in named[:8]) or "none"
            raise MethodError(f"no parameter matches `{parts}` in full; there are {known} …")
        if len({(p.dtype, p.device) for p in moving}) > 1 or not moving[0].is_floating_point():
            raise MethodError("the parameters that move are of one floating type on one device")
        if moving[0].device.type != "cpu":
            raise MethodError(
                f"the module is on `{moving[0].device}`; chains run on the CPU: give it as "
                "`module.cpu()`, and its data with it"
            )
        self.start = torch.cat([p.detach().reshape(-1) for p in moving])
        if not bool(torch.isfinite(self.start).all()):
            raise MethodError("w* itself has weights that are not finite")
        self.size = len(self.start)
        self._weights, self._slope = self.start.clone(), torch.zeros_like(self.start)
        self._moving, place = moving, 0
        for p in moving:
            end = place + p.numel()
            p.data = self._weights[place:end].view_as(p)
            p.requires_grad_(True)
            p.grad = self._slope[place:end].view_as(p)
            place = end
        self._out = torch.empty(0)
        names = [name for name, p in named if p.requires_grad]
        small = often and self.exact and self.size <= TOGETHER
        self._together = together(self._module, names, problem.loss, self._all) if small else None
        if self._together is not None and not self._agrees():
            self._together = None

    def draw(self, generators: Sequence[Any]) -> list[Any]:
        """A batch a generator; the whole of the data, or nothing, where the loss is exact."""
        if self.exact or self._problem.batch is None:
            return [self._all] * len(generators)
        return [self._problem.batch(generator) for generator in generators]

    def slopes(self, points: Any, batches: Any) -> tuple[Any, Any]:
        """All chains at once if that can be done, else one after another."""
        import torch

        if self._together is not None:
            gradients, losses = self._together(points)
            return losses.detach(), gradients.detach()
        if self._out.shape != points.shape:
            self._out = torch.empty_like(points)
        losses = []
        for row, (point, batch) in enumerate(zip(points, batches, strict=True)):
            self._weights.copy_(point)
            self._slope.zero_()
            with torch.enable_grad():
                loss = self._scalar(batch)
                if not loss.requires_grad:
                    raise MethodError("the loss does not depend on the parameters that move")
                loss.backward()
            self._out[row].copy_(self._slope)
            losses.append(loss.detach())
        return torch.stack(losses), self._out

    def losses(self, points: Any, batches: Any) -> Any:
        """One chain after another: a forward pass each."""
        import torch

        losses = []
        with torch.no_grad():
            for point, batch in zip(points, batches, strict=True):
                self._weights.copy_(point)
                losses.append(self._scalar(batch))
        return torch.stack(losses)

    def _agrees(self) -> bool:
        """Whether all at once gives what one after another does, at w* and beside it."""
        import torch

        assert self._together is not None
        points = torch.stack((self.start, self.start + 0.1))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                gradients, losses = self._together(points)
        except Exception:  # whatever a loss does that cannot be done for many points at once
            return False
        all_at_once, self._together = self._together, None
        singly, slopes = self.slopes(points, [self._all] * 2)
        self._together = all_at_once
        close = torch.allclose(losses, singly, rtol=1e-4, atol=1e-6)
        return bool(close and torch.allclose(gradients, slopes, rtol=1e-3, atol=1e-5))

    def _scalar(self, batch: Any) -> Any:
        try:
            loss = self._problem.loss(self._module, batch)
        except Exception as error:  # the user's own code, which may fail in any way
            raise MethodError(f"`loss` failed: {type(error).__name__}: {error}") from error
        if getattr(loss, "shape", None) != () or not loss.is_floating_point():
            raise MethodError("`loss(module, batch)` must give a scalar tensor, the mean loss")
        return loss
