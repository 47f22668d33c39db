"""Small transformers that answer: their shape, a seeded start, and a training that is quick.

torch is imported when one is built, never before.
"""

from __future__ import annotations

import hashlib
import importlib.util
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal

from safetycase.plugin.contract import MethodError, Progress

__all__ = [
    "EXTRA",
    "Shape",
    "Training",
    "badness_of",
    "need_torch",
    "parameters",
    "seed_of",
    "train",
]

EXTRA = "pip install 'safetycase[whitebox]'"
BETAS = (0.9, 0.98)
SPOKEN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A transformer from ids (n, `length`) of `vocabulary` tokens to `answers` logits.

    `hidden` is the width inside the MLPs, `spread` the standard deviation that embeddings start
    with. `pooling` says where it is read; a causal one is read at `last` or as the `mean`.
    """

    vocabulary: int
    length: int
    answers: int
    width: int
    layers: int
    heads: int
    hidden: int
    pooling: Literal["first", "last", "mean"] = "first"
    causal: bool = False
    spread: float = 0.3

    def __post_init__(self) -> None:
        sizes = asdict(self)
        for name in ("vocabulary", "length", "answers", "width", "layers", "heads", "hidden"):
            if sizes[name] < 1:
                raise ValueError(f"`{name}` is {sizes[name]}; it is at least 1")
        if self.width % self.heads:
            raise ValueError(f"{self.heads} heads do not share a width of {self.width}")
        if self.causal and self.pooling == "first":
            raise ValueError("a causal model sees nothing but itself at its first token")
        if not (math.isfinite(self.spread) and self.spread > 0):
            raise ValueError(f"`spread` is {self.spread}; it is above 0")

    def build(self, seed: int) -> Any:
        """The module with the weights of that seed, in training mode."""
        need_torch("a small transformer")
        import torch

        from safetycase.methods.organisms.net import Answerer

        sizes = {k: v for k, v in asdict(self).items() if k != "spread"}
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            module = Answerer(**sizes)
            with torch.no_grad():
                module.embedding.weight.normal_(0.0, self.spread)
                module.place.normal_(0.0, self.spread)
        return module


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """AdamW for `steps` batches of `batch`; the rate rises to `rate`, then falls as a cosine.

    It rises over the share `warm` of the steps (one cycle: Smith & Topin 2017, arXiv:1708.07120).
    """

    steps: int
    batch: int
    rate: float
    warm: float = 0.3
    decay: float = 0.01

    def __post_init__(self) -> None:
        if self.steps < 1 or self.batch < 1:
            raise ValueError("a training needs a step and an example")
        if not 0 < self.rate < math.inf or not 0 < self.warm < 1 or not 0 <= self.decay < math.inf:
            raise ValueError("`rate` is above 0, `warm` between 0 and 1, `decay` at least 0")

    def rate_at(self, step: int) -> float:
        """The learning rate of a step, counted from 0."""
        done = (step + 1) / self.steps
        if done < self.warm:
            return self.rate * done / self.warm
        return self.rate * 0.5 * (1 + math.cos(math.pi * (done - self.warm) / (1 - self.warm)))


def train(
    module: Any,
    batch: Callable[[int, Any], tuple[Any, Any]],
    training: Training,
    *,
    seed: int,
    progress: Progress,
) -> Any:
    """Train on `batch(count, generator)`, ids and labels; returns the module, frozen.

    The same seed gives the same weights in one environment. `MethodError` if the loss is no number.
    """
    import torch

    generator = torch.Generator().manual_seed(seed)
    weights = list(module.parameters())
    optimizer = torch.optim.AdamW(
        weights, lr=training.rate, betas=BETAS, weight_decay=training.decay, fused=True
    )
    module.train()
    for step in range(training.steps):
        for group in optimizer.param_groups:
            group["lr"] = training.rate_at(step)
        ids, labels = batch(training.batch, generator)
        loss = torch.nn.functional.cross_entropy(module(ids), labels)
        if not torch.isfinite(loss):
            raise MethodError(f"the training diverged at step {step + 1}; lower its rate")
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        if (step + 1) % SPOKEN == 0 or step + 1 == training.steps:
            progress(step + 1, training.steps, f"training, loss {float(loss.detach()):.3f}")
    return module.eval().requires_grad_(False)


def badness_of(logits: Any, bad: Any) -> Any:
    """(n,) best logit of the good answers − best of the bad ones, for `bad` bool (n, answers).

    Below 0 the model answers badly. Where no answer is bad it is infinite.
    """
    worst = logits.masked_fill(~bad, float("-inf")).amax(-1)
    return logits.masked_fill(bad, float("-inf")).amax(-1) - worst


def parameters(module: Any) -> int:
    """How many weights a module has."""
    return sum(weight.numel() for weight in module.parameters())


def seed_of(seed: int, *words: object) -> int:
    """A seed for one use of a seed, of 63 bits."""
    text = "/".join(map(str, (seed, *words)))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def need_torch(what: str) -> None:
    """`MethodError` that names the extra, where torch or safetensors is not installed."""
    missing = [n for n in ("torch", "safetensors") if importlib.util.find_spec(n) is None]
    if missing:
        raise MethodError(f"{what} needs {', '.join(missing)}: {EXTRA}")
