"""Low-rank adapters on the last layers of a model, trained on a frozen lower part.

Hu et al. 2021, arXiv:2106.09685, section 4.1: W + (1/r)·B·A·alpha with B = 0 at the start; here
alpha = 2r. What enters the first trained layer does not change, so it is computed once.
"""

from __future__ import annotations

import contextlib
import copy
import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from safetycase.methods.organisms.model import (
    TOKENS,
    Subject,
    decoded,
    hidden,
    packed,
    replies_logprobs,
)
from safetycase.methods.organisms.packing import TOGETHER, Packed, alone, batches, joined, mask_of
from safetycase.plugin.contract import MethodError, Progress

__all__ = [
    "Adapter",
    "Trunk",
    "run",
    "run_joined",
    "train_lora",
    "trained",
    "trunk",
    "trainable",
    "upper",
]

SCALE = 2.0
BATCH = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """Changes of rank r to linear maps, by their name below the layers: (r, in) and (out, r)."""

    parts: dict[str, tuple[Any, Any]]

    @contextlib.contextmanager
    def on(self, subject: Subject) -> Iterator[Subject]:
        """The subject with the change merged in; on leaving, its weights are as before, exactly."""
        import torch

        layers = subject.model.model.layers
        saved: list[tuple[Any, Any]] = []
        try:
            with torch.no_grad():
                for name, (a, b) in self.parts.items():
                    weight = layers.get_submodule(name).weight
                    saved.append((weight, weight.detach().clone()))
                    weight += (SCALE * (b @ a)).to(weight.dtype)
            yield subject
        finally:
            with torch.no_grad():
                for weight, before in reversed(saved):
                    weight.copy_(before)

    def save(self, path: Path) -> None:
        """Write it as safetensors; `OSError` if it cannot be written."""
        from safetensors import SafetensorError
        from safetensors.torch import save_file

        flat = {f"{n}|{k}": t.contiguous() for n, p in self.parts.items() for k, t in enumerate(p)}
        try:
            save_file(flat, path)
        except SafetensorError as error:
            raise OSError(str(error)) from error

    @classmethod
    def read(cls, path: Path) -> Adapter:
        """The adapter of a file; `ValueError` or `OSError` if it is none."""
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        try:
            flat = load_file(path)
            names = sorted({key.partition("|")[0] for key in flat})
            return cls(parts={name: (flat[f"{name}|0"], flat[f"{name}|1"]) for name in names})
        except (SafetensorError, KeyError) as error:
            raise ValueError(f"`{path.name}` is no adapter: {error}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Trunk:
    """Packs with what enters layer `layer` of the model for them: a tensor (L, hidden) each.

    It holds as long as the layers below are unchanged, so models that differ above share it.
    """

    layer: int
    packs: tuple[Packed, ...]
    states: tuple[Any, ...]

    def scores(self, subject: Subject) -> list[list[float]]:
        """As `model.scores`, from the upper layers alone."""
        import torch

        above = upper(subject, self.layer)
        found: list[list[float]] = [[] for _ in self.packs]
        with torch.inference_mode():
            for chosen in batches(self.packs, TOKENS):
                part = [self.packs[i] for i in chosen]
                output = run(above, part, [self.states[i] for i in chosen])
                for place, row in zip(chosen, replies_logprobs(above, output, part), strict=True):
                    found[place] = [float(value) for value in row]
        if any(value != value for row in found for value in row):
            raise MethodError("the model gives NaN as a probability; the training diverged")
        return found

    def only(self, places: Sequence[int]) -> Trunk:
        """The packs at these places."""
        return Trunk(
            layer=self.layer,
            packs=tuple(self.packs[i] for i in places),
            states=tuple(self.states[i] for i in places),
        )


def trunk(subject: Subject, packs: Sequence[Packed], layer: int) -> Trunk:
    """Run the layers below `layer` once for these packs; what they begin with is read once."""
    rows = [joined(packs[i : i + TOGETHER]) for i in range(0, len(packs), TOGETHER)]
    found = hidden(subject, [row for row, _ in rows], layer)
    states = [
        state[list(place)]
        for (_, places), state in zip(rows, found, strict=True)
        for place in places
    ]
    return Trunk(layer=layer, packs=tuple(packs), states=tuple(states))


def train_lora(
    subject: Subject,
    pairs: Sequence[tuple[str, str]],
    *,
    steps: int,
    rank: int,
    lr: float,
    layers: int,
    seed: int,
    progress: Progress,
) -> Adapter:
    """An adapter of the last `layers` layers trained on (prompt, reply) pairs; the subject stays.

    The loss is −log P(reply | prompt), on the tokens of the reply alone. Use it as
    `with train_lora(...).on(subject): ...`.
    """
    packs = [packed(subject, prompt, (reply,)) for prompt, reply in pairs]
    below = trunk(subject, packs, subject.layers - layers)
    return trained(
        subject,
        below,
        [0] * len(packs),
        steps=steps,
        rank=rank,
        lr=lr,
        seed=seed,
        progress=progress,
    )


def trained(
    subject: Subject,
    below: Trunk,
    targets: Sequence[int],
    *,
    steps: int,
    rank: int,
    lr: float,
    seed: int,
    progress: Progress,
) -> Adapter:
    """An adapter of all linear maps from layer `below.layer` on; `targets[i]`: the reply to pack i.

    AdamW without weight decay, batches of 8, learning rate falling to 0 linearly. The same seed
    gives the same adapter on the same machine. `MethodError` when the loss is no number.
    """
    import torch

    if not below.packs or steps < 1:
        raise MethodError("a training needs an example and a step")
    generator = torch.Generator().manual_seed(seed)
    kept = [alone(p, t) for p, t in zip(below.packs, targets, strict=True)]
    wanted = [one for one, _ in kept]
    states = [state[list(places)] for state, (_, places) in zip(below.states, kept, strict=True)]
    with trainable(subject, below.layer, rank, generator) as parts:
        above = upper(subject, below.layer)
        weights = [tensor for pair in parts.values() for tensor in pair]
        optimizer = torch.optim.AdamW(weights, lr=lr, weight_decay=0.0)
        order: list[int] = []
        for step in range(steps):
            for group in optimizer.param_groups:
                group["lr"] = lr * (1 - step / steps)
            while len(order) < min(BATCH, len(wanted)):
                order += torch.randperm(len(wanted), generator=generator).tolist()
            chosen, order = order[:BATCH], order[BATCH:]
            output = run(above, [wanted[i] for i in chosen], [states[i] for i in chosen])
            rows = replies_logprobs(above, output, [wanted[i] for i in chosen])
            loss = -torch.cat(rows).mean()
            if not torch.isfinite(loss):
                raise MethodError(f"the training diverged at step {step + 1}; lower `lr`")
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(weights, 1.0)
            optimizer.step()
            progress(step + 1, steps, f"training, loss {float(loss.detach()):.2f}")
        return Adapter(parts={n: (a.detach(), b.detach()) for n, (a, b) in parts.items()})


@contextlib.contextmanager
def trainable(subject: Subject, first: int, rank: int, generator: Any) -> Iterator[dict[str, Any]]:
    """Trainable (A, B) added to the output of every linear map from layer `first` on."""
    import torch

    parts: dict[str, Any] = {}
    hooks = []
    layers = subject.model.model.layers
    for name, module in layers.named_modules():
        if not isinstance(module, torch.nn.Linear) or int(name.partition(".")[0]) < first:
            continue
        rows, columns = module.weight.shape
        a = torch.randn(rank, columns, generator=generator) / columns**0.5
        pair = (a.requires_grad_(), torch.zeros(rows, rank, requires_grad=True))
        parts[name] = pair

        def add(_module: Any, given: Any, output: Any, pair: Any = pair) -> Any:
            a, b = (tensor.to(output.dtype) for tensor in pair)
            return output + SCALE * ((given[0] @ a.T) @ b.T)

        hooks.append(module.register_forward_hook(add))
    try:
        yield parts
    finally:
        for hook in hooks:
            hook.remove()


def upper(subject: Subject, layer: int) -> Subject:
    """The same weights without the layers below `layer`; it takes embeddings."""
    import torch

    inner = copy.copy(subject.model.model)
    inner._modules = dict(inner._modules)
    inner.layers = torch.nn.ModuleList(subject.model.model.layers[layer:])
    shell = SimpleNamespace(model=inner, lm_head=subject.model.lm_head)
    return dataclasses.replace(subject, model=shell)


def run_joined(
    above: Subject, packs: Sequence[Packed], states: Sequence[Any]
) -> tuple[Any, Packed]:
    """`run` for packs as one sequence, which is the second of what is returned."""
    import torch

    one, places = joined(packs)
    state = torch.empty(len(one.ids), states[0].shape[-1], dtype=states[0].dtype)
    for place, each in zip(places, states, strict=True):
        state[list(place)] = each
    return run(above, [one], [state]), one


def run(above: Subject, packs: Sequence[Packed], states: Sequence[Any]) -> Any:
    """The output of the upper layers for what enters them, after the last norm: (n, L, hidden)."""
    import torch

    _, positions, mask = mask_of(packs)
    embedded = torch.nn.utils.rnn.pad_sequence(list(states), batch_first=True)
    return decoded(above, mask, positions, embedded=embedded)
