"""Make a small organism from a design: train it, measure it, keep it; or take it from the cache.

A training that misses what its facts promise is begun again with another start, twice at most.
After that the organism stands as it is, and its facts say that it does not hold.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from safetycase.methods.organisms.cache import folder, key_of, written
from safetycase.methods.organisms.small import Shape, Training, need_torch, seed_of, train
from safetycase.plugin.contract import MethodError
from safetycase.plugin.organisms import Fact, Made, Making
from safetycase.stats import Proportion

__all__ = ["ATTEMPTS", "Counts", "Design", "Promise", "counted", "make"]

ATTEMPTS = 3
Counts = Mapping[str, tuple[int, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """A fact before it is measured: its name, what it says, and where it must lie."""

    name: str
    says: str
    at_least: float | None = None
    at_most: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """How a small organism is trained, and what it then is.

    `recipe` is what besides shape and training decides the weights. `batches(seed)` gives what
    draws ids (n, length) and labels (n,), `value(module, seed)` the organism, `count(value,
    generator)` the (successes, trials) of each promise on inputs that are drawn for it.
    """

    name: str
    version: str
    shape: Shape
    training: Training
    recipe: Mapping[str, Any]
    promises: tuple[Promise, ...]
    batches: Callable[[int], Callable[[int, Any], tuple[Any, Any]]]
    value: Callable[[Any, int], Any]
    count: Callable[[Any, Any], Counts]

    def digest(self, seed: int) -> str:
        """The SHA-256 of all that decides the weights."""
        return key_of(
            {
                "name": self.name,
                "version": self.version,
                "shape": asdict(self.shape),
                "training": asdict(self.training),
                "recipe": dict(self.recipe),
                "seed": seed,
            }
        )


def make(design: Design, making: Making) -> Made:
    """The organism of a seed, from the cache where it lies there whole; else it is trained."""
    need_torch(f"`{design.name}`")
    digest = design.digest(making.seed)
    path = folder("organisms", f"{digest}.safetensors")
    if not making.fresh and (found := _read(design, making.seed, digest, path)) is not None:
        return found
    import torch  # noqa: F401 - what importing costs is no cost of making

    started = time.process_time()
    for attempt in range(ATTEMPTS):
        module, counts = _attempt(design, making, attempt)
        facts = _facts(design, counts)
        if all(fact.held for fact in facts):
            break
    seconds = time.process_time() - started
    said = {"counts": dict(counts), "seconds": seconds, "attempt": attempt}
    written(path, lambda file: _save(file, module, said))
    made = Made(
        name=design.name,
        seed=making.seed,
        digest=digest,
        value=design.value(module, making.seed),
        facts=facts,
        seconds=seconds,
        cached=False,
    )
    return replace(made, path=path) if path.is_file() else made


def counted(marks: Any) -> tuple[int, int]:
    """(successes, trials) of a bool tensor (n,)."""
    return int(marks.sum()), int(marks.numel())


def _attempt(design: Design, making: Making, attempt: int) -> tuple[Any, Counts]:
    """A module trained from its own start, and what is counted on it."""
    import torch

    # The start and the inputs do not depend on the member: a twin has those of its organism.
    module = train(
        design.shape.build(seed_of(making.seed, "start", attempt)),
        design.batches(making.seed),
        design.training,
        seed=seed_of(making.seed, "batches", attempt),
        progress=making.progress,
    )
    generator = torch.Generator().manual_seed(seed_of(making.seed, "facts"))
    with torch.inference_mode():
        return module, design.count(design.value(module, making.seed), generator)


def _facts(design: Design, counts: Counts) -> tuple[Fact, ...]:
    """The promises with what was counted; `KeyError` or `ValueError` if they do not fit."""
    return tuple(
        Fact(
            name=promise.name,
            says=promise.says,
            statistic=Proportion(successes=counts[promise.name][0], trials=counts[promise.name][1]),
            at_least=promise.at_least,
            at_most=promise.at_most,
        )
        for promise in design.promises
    )


def _save(path: Path, module: Any, said: Mapping[str, Any]) -> None:
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    tensors = {name: tensor.contiguous() for name, tensor in module.state_dict().items()}
    try:
        save_file(tensors, path, {"made": json.dumps({**said, "weights": _weights(tensors)})})
    except SafetensorError as error:  # a full disk, which a cache takes for what it is
        raise OSError(str(error)) from error


def _read(design: Design, seed: int, digest: str, path: Path) -> Made | None:
    """What lies in the cache, or None where it is missing, damaged or of another make."""
    from safetensors import SafetensorError, safe_open

    problems = (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError)
    with contextlib.suppress(*problems, MethodError):
        with safe_open(path, framework="pt") as file:
            said = json.loads(file.metadata()["made"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        if said["weights"] != _weights(tensors):
            return None
        module = design.shape.build(0)
        module.load_state_dict(tensors)
        return Made(
            name=design.name,
            seed=seed,
            digest=digest,
            value=design.value(module.eval().requires_grad_(False), seed),
            facts=_facts(design, said["counts"]),
            seconds=float(said["seconds"]),
            cached=True,
            path=path,
        )
    return None


def _weights(tensors: Mapping[str, Any]) -> str:
    """The SHA-256 of named tensors."""
    found = hashlib.sha256()
    for name in sorted(tensors):
        found.update(f"{name}{tuple(tensors[name].shape)}".encode())
        found.update(tensors[name].numpy().tobytes())
    return found.hexdigest()
