"""The weights of a policy as vectors, many at once, and what was seen at them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from safetycase.methods.convergence.exploration.records import Trace
from safetycase.plugin.contract import MethodError

__all__ = ["LIKELY", "Search", "Weights", "untried"]

LIKELY = 0.5
"""An action of at least this probability was made the likely one."""


class _Tables(nn.Module):  # type: ignore[misc]
    """The policy's table as the output of a module, so that its weights can be put in from out."""

    def __init__(self, policy: Any) -> None:
        super().__init__()
        self.inner = policy.module
        self.policy = policy

    def forward(self, shown: Any = None) -> Tensor:
        if shown is not None:
            return self.policy.cloning(self.inner, shown)
        return self.policy.log_probabilities(self.inner)


class Weights:
    """A policy as a function of its weights, flattened into one vector of length d."""

    def __init__(self, policy: Any) -> None:
        self.policy = policy
        self._module = _Tables(policy)
        named = [(name, p.detach()) for name, p in self._module.named_parameters()]
        if not named:
            raise MethodError("the policy's module has no weights to change")
        self._names = [name for name, _ in named]
        self.shapes = [p.shape for _, p in named]
        self._types = [p.dtype for _, p in named]
        self.start = torch.cat([p.reshape(-1).to(torch.float64) for _, p in named])
        self.table = self._steady()
        self.reward = self._checked(self.policy.value(self.table))
        self.norm = float(self.start.norm()) or 1.0
        self._many = self._at_once()

    def _steady(self) -> Tensor:
        """The table at the start; `MethodError` if asking twice gives another or moves a buffer."""
        kept = [(buffer, buffer.clone()) for buffer in self._module.buffers()]
        with torch.no_grad():
            once, again = (self.one(self.start) for _ in range(2))
            moved = [(buffer, old) for buffer, old in kept if not torch.equal(buffer, old)]
            for buffer, old in moved:
                buffer.copy_(old)
        if moved or not torch.allclose(once, again, rtol=1e-6, atol=1e-9, equal_nan=True):
            raise MethodError(
                "the policy's module is another each time it is asked (dropout, or a buffer that "
                "it writes to); put it into evaluation with `module.eval()`"
            )
        return once

    def one(self, vector: Tensor) -> Tensor:
        """Log-probabilities (S, A) at a vector (d,)."""
        found: Tensor = torch.func.functional_call(self._module, self._put(vector), ())
        return found

    def cloning(self, vector: Tensor, shown: Any) -> Tensor:
        """−log-probability of demonstrations at a vector (d,): a scalar."""
        found: Tensor = torch.func.functional_call(self._module, self._put(vector), (shown,))
        return found

    def _put(self, vector: Tensor) -> dict[str, Tensor]:
        parts = vector.split([shape.numel() for shape in self.shapes])
        return {
            name: part.view(shape).to(kind)
            for name, part, shape, kind in zip(
                self._names, parts, self.shapes, self._types, strict=True
            )
        }

    def tables(self, vectors: Tensor) -> Tensor:
        """Log-probabilities (n, S, A) at vectors (n, d)."""
        found: Tensor = self._many(vectors)
        return found

    def _at_once(self) -> Callable[[Tensor], Tensor]:
        """All vectors through the module at once, or one by one where it cannot be."""
        many: Callable[[Tensor], Tensor] = torch.func.vmap(self.one)
        try:
            with torch.no_grad():
                many(self.start.repeat(2, 1))
        except (RuntimeError, ValueError, TypeError):
            # A module whose code looks at the values of its tensors has no batched form.
            return lambda vectors: torch.stack([self.one(vector) for vector in vectors])
        return many

    def jacobian(self) -> Tensor:
        """The derivative (S·A, d) of the log-probabilities at the start."""
        found = torch.func.jacrev(self.one)(self.start)
        return found.reshape(-1, len(self.start))

    def _checked(self, value: Tensor) -> float:
        found = float(value)
        if not math.isfinite(found) or not 0 <= found <= 1:
            raise MethodError(
                f"the policy's reward is {found!r}: a number in [0, 1] is needed; look at the "
                "module's weights and at the rewards"
            )
        return found


def untried(table: Tensor, tried: Tensor) -> float:
    """The largest probability of an action (S, A) that was not tried; 0 if all were."""
    left = table.exp()[~tried]
    return float(left.max()) if len(left) else 0.0


class Search:
    """What was seen so far at changed weights, and what it cost."""

    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        self._spent = 0.0
        self._best = 0.0
        self._points: list[tuple[float, float]] = []
        self._radius = 0.0
        first = weights.table
        self._mode = first.argmax(-1, keepdim=True)
        self._tried = first.exp() >= LIKELY
        self._odds = first - first.gather(-1, self._mode)
        self._rise = 0.0

    def see(self, vectors: Tensor, tables: Tensor, values: Tensor, cost: float) -> None:
        """Note the rewards (n,) at vectors (n, d), each of which cost that much.

        Weights at which the policy is no number are no gain.
        """
        sound = torch.isfinite(values)
        if bool(sound.any()):
            values = torch.where(sound, values, -math.inf).detach()
            self._gains(values - self.weights.reward, cost)
            tables = tables.detach()[sound]
            self._tried |= (tables.exp() >= LIKELY).any(0)
            mode = self._mode.expand(len(tables), -1, -1)
            risen = tables - tables.gather(-1, mode) - self._odds
            self._rise = max(self._rise, float(risen.max()))
            away = (vectors.detach()[sound] - self.weights.start).norm(dim=-1)
            self._radius = max(self._radius, float(away.max()))
        self._spent += cost * len(values)

    def spend(self, cost: float) -> None:
        """Count what was spent on other things than rewards."""
        self._spent += cost

    def trace(self, test: str) -> Trace:
        """The test's trace; its statistic is the largest gain."""
        self._points.append((self._spent, self._best))
        return Trace(
            test=test,
            spent=tuple(spent for spent, _ in self._points),
            statistic=tuple(best for _, best in self._points),
            gain=self._best,
            radius=self._radius,
            rise=self._rise,
            covered=untried(self.weights.table, self._tried),
        )

    def _gains(self, gains: Tensor, cost: float) -> None:
        best, place = float(gains.max()), int(gains.argmax())
        if best > self._best:
            self._best = best
            self._points.append((self._spent + cost * (place + 1), best))
