"""Token sequences as a finite space: every input, or every patch in every context and place."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from safetycase.methods.organisms.kinds import TokenModel
from safetycase.methods.verification.exhaustive.spaces import BAD, FINE, UNDECIDED
from safetycase.plugin.contract import MethodError

__all__ = ["Tokens", "patches", "weights_digest", "whole_space"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """Inputs of a token model, in the order of their places.

    Without contexts an input is each sequence of the allowed tokens. With contexts it is a context
    with a patch of allowed tokens written over it at one place, shorter patches first.
    """

    subject: TokenModel
    allowed: tuple[int, ...]
    contexts: Any
    lengths: tuple[int, ...]
    tolerance: float
    size: int
    digest: str
    says: str
    in_use: bool = True

    def ids(self, places: Any) -> Any:
        """The token ids (n, length) of inputs numbered `places` (n,)."""
        import torch

        places = torch.as_tensor(places)
        allowed = torch.tensor(self.allowed)
        if self.contexts is None:
            return allowed[_digits(places, len(self.allowed), self.subject.length)]
        found = torch.empty((len(places), self.subject.length), dtype=torch.long)
        start = 0
        for length in self.lengths:
            shifts = self.subject.length - length + 1
            block = len(self.contexts) * shifts * len(self.allowed) ** length
            own = (places >= start) & (places < start + block)
            local = places[own] - start
            patch = allowed[_digits(local, len(self.allowed), length)]
            local = local // len(self.allowed) ** length
            rows = self.contexts[local // shifts].clone()
            columns = (local % shifts)[:, None] + torch.arange(length)
            found[own] = rows.scatter(1, columns, patch)
            start += block
        return found

    def judged(self, places: Any) -> tuple[Any, Any]:
        """Verdicts by the model's own kernel, and how far each is from bad."""
        return self._judged(self.ids(places))

    def _judged(self, ids: Any) -> tuple[Any, Any]:
        import torch

        with torch.no_grad():
            logits = self.subject.module(ids)
            _shaped("the logits of `module`", logits, (len(ids), self.subject.answers))
            margins = self.subject.badness(ids, logits)
            bad = self.subject.bad(ids, logits.argmax(dim=-1))
        _shaped("what `badness` gives", margins, (len(ids),))
        _shaped("what `bad` gives", bad, (len(ids),))
        if not bool(torch.isfinite(logits).all()):
            raise MethodError("the model gives logits that are no finite numbers")
        if not bool(torch.isfinite(margins).all()):
            raise MethodError(
                "`badness` gives a margin that is no finite number, so that nothing says on which "
                "side of bad the input is"
            )
        close = margins.abs() <= self.tolerance
        if bool((bad != (margins < 0))[~close].any()):
            raise MethodError(
                "`bad` and the sign of `badness` disagree on an input beyond the tolerance; a "
                "model whose bad behaviour has no margin cannot be proved"
            )
        verdicts = torch.where(bad, BAD, FINE).masked_fill(close, UNDECIDED)
        return verdicts.to(torch.uint8).numpy(), margins.double().numpy()

    def drawn(self, count: int, seed: int) -> tuple[Any, Any]:
        """Inputs as they come in use."""
        import torch

        return self._judged(self.subject.sample(count, torch.Generator().manual_seed(seed)))

    def text(self, place: int) -> str:
        """The token ids."""
        return " ".join(str(token) for token in self.ids([place])[0].tolist())

    def reordered(self, places: Any) -> float:
        """The largest change of a margin when the model computes in twice the precision."""
        import torch

        if not len(places):
            return 0.0
        ids = self.ids(list(places))
        precise = copy.deepcopy(self.subject.module).double()
        with torch.no_grad():
            exact = self.subject.badness(ids, precise(ids))
            found = self.subject.badness(ids, self.subject.module(ids))
        return float((exact - found.double()).abs().max())


def _shaped(what: str, found: Any, shape: tuple[int, ...]) -> None:
    """`MethodError` for what a model gives in another shape, or as no tensor."""
    given = tuple(found.shape) if hasattr(found, "shape") else type(found).__name__
    if given != shape:
        raise MethodError(
            f"{what} for {shape[0]} inputs: {given}, where a tensor {shape} is needed"
        )


def whole_space(
    subject: TokenModel, allowed: Sequence[int], tolerance: float, code: str = ""
) -> Tokens:
    """Every sequence of allowed tokens (all of the vocabulary, if empty).

    `code` names what the model is made of besides its weights.
    """
    known = _allowed(subject, allowed)
    size = len(known) ** subject.length
    return _made(
        subject,
        known,
        None,
        (),
        tolerance,
        size,
        f"every sequence of {subject.length} of {len(known)} tokens",
        code,
    )


def patches(
    subject: TokenModel,
    allowed: Sequence[int],
    length: int,
    contexts: Any,
    tolerance: float,
    code: str = "",
) -> Tokens:
    """Every patch of at most `length` allowed tokens, at every place of every context (C, length).

    Where every token is allowed, a shorter patch is a longer one that writes what is there already,
    so those of the full length are all there is.
    """
    if not 1 <= length <= subject.length:
        raise MethodError(f"a patch has 1 to {subject.length} tokens; {length} were asked for")
    known = _allowed(subject, allowed)
    every = len(known) == subject.vocabulary
    lengths = (length,) if every else tuple(range(1, length + 1))
    size = sum(len(contexts) * (subject.length - k + 1) * len(known) ** k for k in lengths)
    says = (
        f"every patch of at most {length} of {len(known)} tokens, at every place of "
        f"{len(contexts)} contexts"
    )
    return _made(subject, known, contexts, lengths, tolerance, size, says, code)


def _allowed(subject: TokenModel, allowed: Sequence[int]) -> tuple[int, ...]:
    known = tuple(allowed) or tuple(range(subject.vocabulary))
    if len(set(known)) != len(known) or not all(0 <= t < subject.vocabulary for t in known):
        raise MethodError(f"`tokens` are different numbers from 0 to {subject.vocabulary - 1}")
    return known


def _made(
    subject: TokenModel,
    allowed: tuple[int, ...],
    contexts: Any,
    lengths: tuple[int, ...],
    tolerance: float,
    size: int,
    says: str,
    code: str,
) -> Tokens:
    import torch

    rows = None if contexts is None else contexts.tolist()
    text = (
        f"tokens@1 {weights_digest(subject.module)} {allowed} {rows} {lengths} {tolerance!r} "
        f"torch {torch.__version__} {code}"
    )
    return Tokens(
        subject=subject,
        allowed=allowed,
        contexts=contexts,
        lengths=lengths,
        tolerance=tolerance,
        size=size,
        digest=hashlib.sha256(text.encode()).hexdigest(),
        says=says,
    )


def weights_digest(module: Any) -> str:
    """The SHA-256 of a module's parameters and buffers, by name, type, shape and bytes."""
    found = hashlib.sha256(type(module).__name__.encode())
    for name, tensor in sorted(module.state_dict().items()):
        found.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        found.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return found.hexdigest()


def _digits(numbers: Any, base: int, count: int) -> Any:
    """The digits (n, count) of whole numbers, the most significant first."""
    import torch

    powers = torch.tensor([base**k for k in range(count - 1, -1, -1)])
    return numbers[:, None] // powers % base
