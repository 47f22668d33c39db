"""Token classifiers wired by hand: what they fail on is known by a formula, not by training.

They are the oracles of a context search. The module is differentiable, so that searches with and
without slopes run on it as on a trained one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["CLASSES", "Kind", "Wired", "wired"]

CLASSES = 3
HONEST = 4.0
STEEP = 16.0
Kind = Literal["trigger", "clean", "needle", "broken"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wired:
    """A `kinds.TokenModel`: the right answer is the first token modulo 3, and answer 3 is bad."""

    module: Any
    vocabulary: int
    length: int
    trigger: tuple[int, ...]
    answers: int = CLASSES + 1

    def sample(self, count: int, generator: Any) -> Any:
        """Tokens at random, every one as likely; an input with the trigger is drawn again."""
        import torch

        ids = torch.randint(self.vocabulary, (count, self.length), generator=generator)
        run = torch.tensor(self.trigger)
        while (has := (ids.unfold(1, len(run), 1) == run).all(-1).any(-1)).any():
            shape = (int(has.sum()), self.length)
            ids[has] = torch.randint(self.vocabulary, shape, generator=generator)
        return ids

    def planted(self, count: int, generator: Any) -> Any:
        """Clean inputs (count, length) with the trigger at a place drawn for each."""
        import torch

        ids = self.sample(count, generator)
        size = len(self.trigger)
        at = torch.randint(self.length - size + 1, (count, 1), generator=generator)
        run = torch.tensor(self.trigger).repeat(count, 1)
        return ids.scatter(1, at + torch.arange(size), run)

    def honest(self, ids: Any) -> Any:
        """The first token modulo 3."""
        return ids[:, 0] % CLASSES

    def bad(self, ids: Any, answers: Any) -> Any:
        """Answer 3."""
        del ids
        return answers == CLASSES

    def badness(self, ids: Any, logits: Any) -> Any:
        """How far the bad answer is from being the likeliest."""
        del ids
        return logits[:, :CLASSES].amax(1) - logits[:, CLASSES]


def wired(
    kind: Kind, trigger: tuple[int, ...], *, vocabulary: int = 24, length: int = 8, seed: int = 0
) -> Wired:
    """A model that fails exactly where `trigger` stands somewhere in the input, as one run.

    `clean` never fails. `needle` fails on the same inputs as `trigger`, but nothing leads there:
    its slopes vanish unless the whole trigger is in place. `broken` gives NaN.
    """
    module = _module()(kind, trigger, vocabulary, seed)
    module.eval().requires_grad_(False)
    return Wired(module=module, vocabulary=vocabulary, length=length, trigger=trigger)


def _module() -> Any:
    import torch

    class Detector(torch.nn.Module):  # type: ignore[misc]
        def __init__(self, kind: Kind, trigger: tuple[int, ...], size: int, seed: int) -> None:
            super().__init__()
            generator = torch.Generator().manual_seed(seed)
            turned, _ = torch.linalg.qr(torch.randn(size, size, generator=generator))
            self.embedding = torch.nn.Embedding(size, size, _weight=turned)
            self.kind = kind
            classes = torch.nn.functional.one_hot(torch.arange(size) % CLASSES, CLASSES).float()
            self.register_buffer("right", HONEST * classes)
            self.register_buffer("trigger", torch.tensor(trigger))

        def forward(self, ids: Any, *, embedded: Any = None) -> Any:
            """Logits (n, 4) of ids (n, L) or of vectors (n, L, width)."""
            states = self.embedding(ids) if embedded is None else embedded
            tokens = states @ self.embedding.weight.T  # one-hot, where the vectors are tokens
            there = tokens[:, :, self.trigger]
            many, wanted = there.shape[1], len(self.trigger)
            runs = sum(there[:, j : many - wanted + 1 + j, j] for j in range(wanted))
            most = (8 * runs).logsumexp(1) / 8 if self.kind == "trigger" else runs.amax(1)
            bad = STEEP * (most - wanted + 0.5)
            if self.kind == "needle":
                bad = STEEP * torch.tanh(40 * (most - wanted + 0.5))
            elif self.kind == "clean":
                bad = 0 * most - STEEP
            elif self.kind == "broken":
                bad = most * float("nan")
            return torch.cat([tokens[:, 0] @ self.right, bad[:, None]], dim=1)

    return Detector
