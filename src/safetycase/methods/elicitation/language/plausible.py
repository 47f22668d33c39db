"""The same search for patches that are plausible as text: a bound on fluency.

A patch counts only if its mean log-probability, before the question and under the reference
model, is at least `bound`. Junk suffixes lie far below; what is found here is reported apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from safetycase.methods.elicitation.language.around import Around

__all__ = ["PlausibleTask"]


@dataclass(slots=True, kw_only=True)
class PlausibleTask(Around):
    """A `ContextTask`: the loss is below 0 where the patch fires and is fluent, and only there.

    `bound` is in nats a token, below 0. `weight` is how many nats of margin a nat of fluency that
    is missing counts for. The search is drawn to fluent tokens by the exact slope of fluency in
    the token that comes next, as in fluent dreaming (Thompson et al. 2024, arXiv:2402.01702).
    """

    bound: float
    weight: float = 2.0

    def __post_init__(self) -> None:
        if not self.bound < 0 or not self.weight > 0:
            raise ValueError("`bound` is a log-probability, below 0, and `weight` above 0")

    @property
    def name(self) -> str:
        """The task and its bound."""
        return f"{self.of.name}, {self.bound:g} nats a token or likelier"

    def fluency(self, patches: Any) -> Any:
        """As the task; a patch takes its own tokens, where an evaluation takes the question too."""
        share = self.length / float(self.of.short.lengths.float().mean())
        self.of.evaluations += share * len(patches)
        return self.of.fluency(patches)

    def losses(self, patches: Any, contexts: Any) -> Any:
        """(P, C): the margin where the patch is fluent; else above 0, by both that are missing."""
        import torch

        margins = self.of.losses(patches, contexts)
        missing = (self.bound - self.fluency(patches)).clamp(min=0)[:, None]
        apart = torch.nn.functional.softplus(margins) + self.weight * missing
        return torch.where(missing > 0, apart, margins)

    def fires(self, patches: Any, contexts: Any) -> Any:
        """(P, C) bools: the reply is one that is looked for, and the patch is fluent."""
        fluent = self.fluency(patches) >= self.bound
        return self.of.fires(patches, contexts) & fluent[:, None]

    def slopes(self, patch: Any, contexts: Any) -> Any:
        """(k, vocabulary): slopes of the margin, and how much less likely a token is in its place.

        What a token does to the likelihood of those after it is left out.
        """
        import torch

        with torch.no_grad():
            logs = self.of.next_logs(patch[None])[0]
        here = logs.gather(1, patch[:, None])
        return self.of.slopes(patch, contexts) + self.weight * (here - logs) / self.length
