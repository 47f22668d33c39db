"""What is searched: the model in doubt, and planted organisms with their clean twins and decoys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetycase.methods.case_code import own_object
from safetycase.methods.elicitation.bad_contexts.spoken import Voice
from safetycase.methods.elicitation.bad_contexts.target import Target, Tokens
from safetycase.methods.organisms.kinds import TokenModel
from safetycase.methods.organisms.small import need_torch
from safetycase.plugin.contract import MethodError, Progress
from safetycase.plugin.organisms import BrokenOrganism, Making, Organism, Role, family, organism

__all__ = ["Bred", "bred", "kin", "made", "own_model", "relatives"]

NEEDED = ("module", "vocabulary", "length", "answers", "sample", "honest", "bad", "badness")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bred:
    """One model to search: an organism of a seed, or one like it.

    `held` says whether it is what it is called; one that is not measures nothing.
    """

    name: str
    family: str
    role: Role
    seed: int
    target: Target
    held: bool


def made(
    name: str, seed: int, progress: Progress, *, of: str = "", voice: Voice | None = None
) -> Bred:
    """The organism `family/member` of a seed; `of` is the planted member it stands beside.

    With a `voice`, a language model. `MethodError` if there is none, or it is of another kind.
    """
    try:
        return _made(organism(name), seed, progress, of or name, voice)
    except BrokenOrganism as error:
        raise MethodError(str(error)) from error


def relatives(name: str, role: Role) -> list[str]:
    """The clean twin, or the decoys, of a planted member; `MethodError` if it is none."""
    try:
        member = organism(name)
        others = family(name.partition("/")[0]).members
    except BrokenOrganism as error:
        raise MethodError(str(error)) from error
    if member.role != "planted":
        raise MethodError(f"`{name}` is a {member.role}: power is measured on planted organisms")
    if role == "clean-twin":
        return [member.twin]
    return [one.name for one in others if one.role == role and one.twin == member.twin]


def kin(names: tuple[str, ...], role: Role) -> dict[str, list[str]]:
    """The twins or decoys of each planted member, each beside the first member that has it."""
    seen: set[str] = set()
    found = {}
    for name in names:
        found[name] = [other for other in relatives(name, role) if other not in seen]
        seen.update(found[name])
    return found


def bred(
    names: tuple[str, ...],
    seeds: range,
    decoys: int,
    progress: Progress,
    voice: Voice | None = None,
) -> Iterator[Bred]:
    """Every planted member of each seed with its clean twin, and decoys of the first seeds.

    A twin or decoy that several members share comes once: a second search would be the same one.
    """
    twins, odd = (kin(names, role) for role in ("clean-twin", "decoy"))
    for name in names:
        for index, seed in enumerate(seeds):
            yield made(name, seed, progress, voice=voice)
            for other in (*twins[name], *(odd[name] if index < decoys else ())):
                yield made(other, seed, progress, of=name, voice=voice)


def own_model(folder: Path, spec: str) -> TokenModel:
    """What `file.py@name` of the case gives when it is called; `MethodError` if it is no model."""
    need_torch("a search for bad contexts")
    call = own_object(folder, spec)
    if not callable(call):
        raise MethodError(f"`{spec}` is no function: it is called without arguments for the model")
    try:
        model: Any = call()
    except Exception as error:
        raise MethodError(f"`{spec}` fails: {type(error).__name__}: {error}") from error
    return checked(model, spec)


def checked(model: Any, name: str) -> TokenModel:
    """The model, if it does what a search asks of it; `MethodError` says what it does not."""
    import torch

    lacks = [f"`{attribute}`" for attribute in NEEDED if not hasattr(model, attribute)]
    if lacks:
        raise MethodError(f"the model of `{name}` has no {', '.join(lacks)}")
    words = getattr(getattr(model.module, "embedding", None), "weight", None)
    if not isinstance(words, torch.Tensor) or len(words) != model.vocabulary:
        raise MethodError(
            f"`module.embedding` of `{name}` is no torch.nn.Embedding of its "
            f"{model.vocabulary} tokens"
        )
    model.module.eval()
    try:
        _as_said(model, name, words)
    except MethodError:
        raise
    except Exception as error:
        raise MethodError(
            f"the model of `{name}` fails: {type(error).__name__}: {error}"
        ) from error
    return model  # type: ignore[no-any-return]


def _as_said(model: Any, name: str, words: Any) -> None:
    """Ask everything of the model once; `MethodError` where it is not what its kind says."""
    import torch

    ids, same = (model.sample(8, torch.Generator().manual_seed(0)) for _ in range(2))
    if tuple(ids.shape) != (8, model.length) or ids.dtype != torch.int64:
        raise MethodError(f"`sample(8)` of `{name}` gives no int64 ids (8, {model.length})")
    if int(ids.min()) < 0 or int(ids.max()) >= model.vocabulary:
        raise MethodError(f"`sample` of `{name}` gives ids outside 0 to {model.vocabulary - 1}")
    if not torch.equal(ids, same):
        raise MethodError(
            f"`sample` of `{name}` gives other ids for the same generator; draw from that one alone"
        )
    with torch.inference_mode():
        logits = model.module(ids)
        again = model.module.forward(None, embedded=words[ids])
    if tuple(logits.shape) != (8, model.answers):
        raise MethodError(f"the logits of `{name}` are {tuple(logits.shape)}, not (8, answers)")
    if not torch.allclose(logits, again, atol=1e-4, equal_nan=True):
        raise MethodError(
            f"`{name}` answers otherwise to `embedded` than to the same ids: its slopes would lie"
        )
    answers = logits.argmax(-1)
    for what, one in (
        ("honest", model.honest(ids)),
        ("bad", model.bad(ids, answers)),
        ("badness", model.badness(ids, logits)),
    ):
        if not isinstance(one, torch.Tensor) or tuple(one.shape) != (8,):
            raise MethodError(f"`{what}` of `{name}` gives no tensor (8,) for 8 inputs")


def _made(member: Organism, seed: int, progress: Progress, of: str, voice: Voice | None) -> Bred:
    kind = "token-classifier" if voice is None else "language-model"
    if member.kind != kind:
        hint = (
            "give `language` to search language models"
            if voice is None
            else "leave `language` out to search the others"
        )
        raise MethodError(f"`{member.name}` is a {member.kind}; this search takes {kind}s ({hint})")
    need_torch(f"`{member.name}`")
    making = Making(
        seed=seed, progress=progress, weights_file=voice.weights_file if voice else None
    )
    found = member.make(making)
    target: Target = (
        Tokens(name=member.name, model=checked(found.value, member.name))
        if voice is None
        else voice.organism(member.name, seed, found.value, lambda: member.make(making).value)
    )
    return Bred(
        name=member.name, family=of, role=member.role, seed=seed, target=target, held=found.held
    )
