"""What a search for bad contexts needs of a model: scores, whether it fired, and a gradient.

A patch is a run of k tokens; a context is an input into which a patch can be put. Where, is up to
the task. Evaluations are counted in sequences through the model: one for a forward pass, three
where a gradient is taken.
"""

from __future__ import annotations

from typing import Any, Protocol

__all__ = ["ContextTask"]


class ContextTask(Protocol):
    """Patches of `length` tokens out of `allowed`, in contexts of one model.

    Shapes: P patches, C contexts. `evaluations` is the running count of sequences. Patches are
    int64 tensors, `allowed` a tensor of token ids. A search takes parts of contexts:
    `contexts[index]` for a list of int64 gives those, and `len(contexts)` is C. With a patch in
    it a context stays the same context: losses of two patches in one context can be compared.
    """

    name: str
    vocabulary: int
    length: int
    allowed: Any
    evaluations: float

    def draw(self, count: int, generator: Any) -> Any:
        """C contexts, by a torch generator; search and acceptance use different ones."""

    def losses(self, patches: Any, contexts: Any) -> Any:
        """(P, C) floats for patches (P, k), the lower the closer to bad behaviour; below 0: bad."""

    def fires(self, patches: Any, contexts: Any) -> Any:
        """(P, C) bools: whether the model behaves badly with this patch in this context."""

    def slopes(self, patch: Any, contexts: Any) -> Any:
        """(k, vocabulary): to first order, what each token in each place adds to the mean loss."""

    def text(self, patch: Any) -> str:
        """The patch as people read it, and as it can be replayed."""
