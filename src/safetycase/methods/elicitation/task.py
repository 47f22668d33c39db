"""What a search for bad contexts needs of a model: scores, whether it fired, and a gradient.

A patch is a run of k tokens; a context is an input into which a patch can be put. Where, is up to
the task. Evaluations are counted in sequences through the model: one for a forward pass, three
where a gradient is taken.
"""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

__all__ = ["ContextTask", "Drafting", "Filtering", "Fluent", "HeldOut", "Softened"]


class ContextTask(Protocol):
    """Patches of `length` tokens out of `allowed`, in contexts of one model.

    Shapes: P patches, C contexts. `evaluations` is the running count of sequences. Patches are
    int64 tensors, `allowed` a tensor of token ids. A search takes parts of contexts:
    `contexts[index]` for a list of int64 gives those, and `len(contexts)` is C. With a patch in
    it a context stays the same context: losses of two patches in one context can be compared.
    """

    @property
    def name(self) -> str:
        """What is searched, in a few words."""

    @property
    def vocabulary(self) -> int:
        """How many tokens there are."""

    @property
    def length(self) -> int:
        """How many tokens a patch has."""

    @property
    def allowed(self) -> Any:
        """The tokens that a patch may be made of."""

    @property
    def evaluations(self) -> float:
        """Sequences through the model so far."""

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


# A task may offer more; a search asks with `isinstance`, and does without what is not there.


@runtime_checkable
class HeldOut(Protocol):
    """Contexts of a finite task that `draw` never gives: those to accept a patch on."""

    def held_out(self, count: int, generator: Any) -> Any:
        """Up to C contexts (all there are, if fewer), by a torch generator."""


@runtime_checkable
class Filtering(Protocol):
    """Some runs of allowed tokens cannot be written down as text that reads back the same."""

    def admissible(self, patches: Any) -> Any:
        """(P,) bools for patches (P, k): whether the text of each gives its tokens again."""


@runtime_checkable
class Drafting(Protocol):
    """A cheap stand-in for the losses, to rank candidates by before they are evaluated.

    It costs `draft_cost` of an evaluation, which `drafts` adds to `evaluations`.
    """

    @property
    def draft_cost(self) -> float:
        """The share of an evaluation."""

    def drafts(self, patches: Any, contexts: Any) -> Any:
        """(P, C) floats, in about the order of `losses`; how well, the search has to measure."""


@runtime_checkable
class Softened(Protocol):
    """Patches of any vectors (k, width), not only those of tokens: what tokens could reach."""

    @property
    def embedding(self) -> Any:
        """The vectors of the tokens."""

    def soft_losses(self, soft: Any, contexts: Any) -> Any:
        """(C,) losses with a gradient for a patch of vectors; `embedding` is (vocabulary, width).

        It counts three evaluations a context.
        """


@runtime_checkable
class Fluent(Protocol):
    """How likely a patch is as text, for a bound that tells plausible text from junk."""

    def fluency(self, patches: Any) -> Any:
        """(P,) mean log-probabilities of a token, in nats, where the patch stands.

        Under the model the patch is put into, or a named one from before what is in doubt.
        """
