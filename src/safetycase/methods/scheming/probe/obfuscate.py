"""Training an organism to misbehave unseen: its behaviour is kept, and the probe's score pressed.

As Bailey et al. 2024 (arXiv:2412.09565): the loss is −log P(reply) plus a weight times
softplus(score − threshold) on the prompts where it misbehaves. The adversary knows the probe, its
layer and its threshold, and trains on the prompts that made them; it never sees the test.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

from safetycase.methods.organisms.lora import BATCH, Adapter, trainable
from safetycase.methods.organisms.model import Subject, decoded, packed, replies_logprobs
from safetycase.methods.organisms.packing import mask_of
from safetycase.methods.scheming.probe.analysis import Found
from safetycase.plugin.contract import MethodError, Progress

__all__ = ["hide"]


def hide(
    subject: Subject,
    pairs: Sequence[tuple[str, str]],
    bad: Sequence[bool],
    made: Found,
    *,
    steps: int,
    rank: int,
    lr: float,
    weight: float,
    seed: int,
    progress: Progress,
) -> Adapter:
    """An adapter of all layers of `subject`, trained on (prompt, reply) pairs against a probe.

    `bad` says which replies are the misbehaviour. `MethodError` when the loss is no number.
    """
    import torch

    packs = [packed(subject, prompt, (reply,)) for prompt, reply in pairs]
    generator = torch.Generator().manual_seed(seed)
    score = _score(made)
    with (
        trainable(subject, 0, rank, generator) as parts,
        _reading(subject, made.probe.layer) as seen,
    ):
        weights = [tensor for pair in parts.values() for tensor in pair]
        optimizer = torch.optim.AdamW(weights, lr=lr, weight_decay=0.0)
        order: list[int] = []
        for step in range(steps):
            for group in optimizer.param_groups:
                group["lr"] = lr * (1 - step / steps)
            while len(order) < min(BATCH, len(packs)):
                order += torch.randperm(len(packs), generator=generator).tolist()
            chosen, order = order[:BATCH], order[BATCH:]
            part = [packs[i] for i in chosen]
            ids, positions, mask = mask_of(part)
            output = decoded(subject, mask, positions, ids=ids)
            loss = -torch.cat(replies_logprobs(subject, output, part)).mean()
            wrong = [n for n, i in enumerate(chosen) if bad[i]]
            if wrong:
                last = [part[n].reads[0][0][0] for n in wrong]
                pressed = torch.nn.functional.softplus(score(seen[0][wrong, last].float()))
                loss = loss + weight * pressed.mean()
            if not torch.isfinite(loss):
                raise MethodError(f"the obfuscation diverged at step {step + 1}; lower `lr`")
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(weights, 1.0)
            optimizer.step()
            progress(step + 1, steps, f"obfuscating, loss {float(loss.detach()):.2f}")
        return Adapter(parts={n: (a.detach(), b.detach()) for n, (a, b) in parts.items()})


def _score(made: Found) -> Any:
    """The probe's score above its threshold, as a function of a tensor (n, d)."""
    import torch

    probe = made.probe
    mean, scale, weights = (
        torch.tensor(part, dtype=torch.float32) for part in (probe.mean, probe.scale, probe.weights)
    )
    return lambda x: ((x - mean) / scale) @ weights + (probe.bias - made.threshold)


@contextlib.contextmanager
def _reading(subject: Subject, layer: int) -> Iterator[list[Any]]:
    """A list that holds the residual stream before layer `layer` of the latest forward pass."""
    inner = subject.model.model
    module = inner.norm if layer == len(inner.layers) else inner.layers[layer]
    seen: list[Any] = [None]

    def keep(_module: Any, given: tuple[Any, ...]) -> None:
        seen[0] = given[0]

    hook = module.register_forward_pre_hook(keep)
    try:
        yield seen
    finally:
        hook.remove()
