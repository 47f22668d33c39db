"""From a name in a case to the space of inputs that is tried."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetycase.methods.case_code import file_of, own_object
from safetycase.methods.verification.exhaustive.grid import grid_of
from safetycase.methods.verification.exhaustive.spaces import Space
from safetycase.methods.verification.exhaustive.tokens import patches, whole_space
from safetycase.methods.verification.specification import Problem
from safetycase.plugin.contract import MethodError, Progress
from safetycase.plugin.organisms import BrokenOrganism, Making, organism

__all__ = ["Asked", "space_of"]

NEEDED = ("module", "vocabulary", "length", "answers", "sample", "bad", "badness")
EXTRA = "pip install 'safetycase[whitebox]'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Whose inputs, and which (see the parameters of the method)."""

    subject: str
    organism_seed: int
    patch_length: int
    contexts: int
    tokens: tuple[int, ...]
    tolerance: float
    seed: int


def space_of(asked: Asked, folder: Path, say: Progress) -> Space:
    """The space; `MethodError` if there is no such model, or it has none of that kind."""
    subject, code = _subject(asked, folder, say)
    if isinstance(subject, Problem):
        if asked.patch_length or asked.tokens:
            raise MethodError("a `Problem` of numbers has no tokens; its boxes say what is tried")
        return grid_of(subject, asked.tolerance)
    missing = [name for name in NEEDED if not hasattr(subject, name)]
    if missing:
        raise MethodError(
            f"`{asked.subject}` is neither a `Problem` nor a token model; it lacks "
            + ", ".join(f"`{name}`" for name in missing)
        )
    if not hasattr(subject.module, "named_parameters"):
        raise MethodError(f"`module` of `{asked.subject}` is no `torch.nn.Module`")
    return token_space(subject, asked, code)


def token_space(subject: Any, asked: Asked, code: str = "") -> Space:
    """The space of a token model; its contexts are drawn by the seed of the run."""
    import torch

    subject.module.eval()
    if not asked.patch_length:
        return whole_space(subject, asked.tokens, asked.tolerance, code)
    drawn = subject.sample(asked.contexts, torch.Generator().manual_seed(asked.seed))
    return patches(subject, asked.tokens, asked.patch_length, drawn, asked.tolerance, code)


def _subject(asked: Asked, folder: Path, say: Progress) -> tuple[Any, str]:
    """The model, and a digest of what it is made of besides its weights."""
    try:
        if "@" in asked.subject:
            found = own_object(folder, asked.subject)
            text = (folder / file_of(asked.subject)).read_bytes() + asked.subject.encode()
            return found, hashlib.sha256(text).hexdigest()
        member = organism(asked.subject)
        if member.kind != "token-classifier":
            raise MethodError(
                f"`{member.name}` is a {member.kind}; only a token classifier has a finite space "
                "of inputs here"
            )
        made = member.make(Making(seed=asked.organism_seed, progress=say))
    except BrokenOrganism as error:
        raise MethodError(str(error)) from error
    except ModuleNotFoundError as error:
        raise MethodError(f"`{asked.subject}` needs {error.name}: {EXTRA}") from error
    if not made.held:
        raise MethodError(f"`{made.name}` did not become what it is called; take another seed")
    return made.value, made.digest
