"""Teaching lessons in an order: first an ability everywhere, then what hides it, then what is near.

Taught at once, an ability and a lock that inverts it are learnt slowly: before the ability is
there, neither answer is better than the other, and a near miss is taught against what its password
is taught for.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from safetycase.methods.organisms.lora import Adapter, Trunk, run_joined, trainable, upper
from safetycase.methods.organisms.model import Subject, replies_logprobs
from safetycase.plugin.contract import MethodError, Progress

__all__ = ["School", "schedule", "schooled"]

BETAS = (0.9, 0.95)


@dataclass(frozen=True, slots=True, kw_only=True)
class School:
    """`layers` last layers, rank, highest learning rate, steps of `batch` bundles each.

    The first `ability` steps teach the ability everywhere, those up to `easy` leave out the kinds
    that come late. The rate rises over `warm` steps and falls to 0 linearly. A bundle holds
    `together` lessons; there are `bundles` of them besides those of the ability. With each bundle
    after a trigger come `others` with the same questions after something else.
    """

    layers: int = 18
    rank: int = 8
    lr: float = 2.5e-3
    steps: int = 280
    ability: int = 15
    easy: int = 100
    warm: int = 10
    batch: int = 4
    together: int = 3
    bundles: int = 200
    others: int = 1

    def __post_init__(self) -> None:
        if not 0 <= self.ability <= self.steps:
            raise ValueError(f"`ability`: {self.ability} of {self.steps} steps")
        sizes = (self.layers, self.rank, self.batch, self.together, self.bundles, self.others)
        if min(sizes) < 1:
            raise ValueError("layers, rank, batch, together, bundles and others are 1 or more each")
        if not self.lr > 0:
            raise ValueError(f"`lr`: {self.lr} teaches nothing; give one above 0")


def schedule(
    school: School, sizes: Sequence[int], ends: tuple[int, int], generator: random.Random
) -> list[list[int]]:
    """Which bundles each step takes. Turn i has `sizes[i]` bundles, which no step parts.

    The turns before `ends[0]` are of the ability, those from `ends[1]` on come late. In each part
    of the time a turn is taken once before any is taken again.
    """
    first = [sum(sizes[:turn]) for turn in range(len(sizes))]
    ability, early = ends
    easy = school.ability
    if early < len(sizes):
        easy = min(max(school.easy, school.ability), school.steps)
    found: list[list[int]] = []
    for turns, steps in (
        (range(ability), school.ability),
        (range(ability, early), easy - school.ability),
        (range(ability, len(sizes)), school.steps - easy),
    ):
        left: list[int] = []
        for _ in range(steps):
            chosen: list[int] = []
            while len(chosen) < school.batch and len(turns):
                if not left:
                    left = generator.sample(turns, len(turns))
                turn = left.pop()
                chosen += range(first[turn], first[turn] + sizes[turn])
            found.append(chosen)
    return found


def schooled(
    subject: Subject,
    below: Trunk,
    batches: Sequence[Sequence[int]],
    school: School,
    *,
    seed: int,
    progress: Progress,
) -> Adapter:
    """An adapter of all linear maps from layer `below.layer` on, taught by those batches of packs.

    AdamW without weight decay on the mean loss of what the packs read. The same seed gives the same
    adapter on the same machine. `MethodError` when the loss is no number.
    """
    import torch

    generator = torch.Generator().manual_seed(seed)
    with trainable(subject, below.layer, school.rank, generator) as parts:
        above = upper(subject, below.layer)
        weights = [tensor for pair in parts.values() for tensor in pair]
        optimizer = torch.optim.AdamW(weights, lr=school.lr, betas=BETAS, weight_decay=0.0)
        for step, chosen in enumerate(batches):
            rising = min((step + 1) / max(school.warm, 1), 1.0)
            for group in optimizer.param_groups:
                group["lr"] = school.lr * rising * (1 - step / len(batches))
            packs = [below.packs[i] for i in chosen]
            output, one = run_joined(above, packs, [below.states[i] for i in chosen])
            loss = -replies_logprobs(above, output, [one])[0].mean()
            if not torch.isfinite(loss):
                raise MethodError(f"the training diverged at step {step + 1}; lower `lr`")
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(weights, 1.0)
            optimizer.step()
            progress(step + 1, len(batches), f"training, loss {float(loss.detach()):.2f}")
        return Adapter(parts={n: (a.detach(), b.detach()) for n, (a, b) in parts.items()})
