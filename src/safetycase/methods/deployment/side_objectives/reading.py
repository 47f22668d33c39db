"""The pairs of a leaf: from its one or two inputs, whether lines or Inspect logs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetycase.methods.deployment.side_objectives.rows import (
    Pair,
    Sample,
    joined,
    read_pairs,
    read_samples,
)
from safetycase.methods.imported.strict import input_file
from safetycase.plugin.contract import Context, MethodError
from safetycase.stats.side import LARGEST_FEATURE

if TYPE_CHECKING:
    from safetycase.methods.deployment.side_objectives.method import Parameters

__all__ = ["pairs_of", "samples_of_log"]

LETTERS = {"C": 1.0, "I": 0.0, "P": 0.5, "N": 0.0}


def pairs_of(inputs: tuple[str, ...], parameters: Parameters, context: Context) -> list[Pair]:
    """The pairs, in the order of the outputs; `MethodError` for what cannot be read."""
    named = [name for name in (parameters.pairs, parameters.outputs, parameters.references) if name]
    if sorted(named) != sorted(inputs):
        raise MethodError(
            f"the `inputs` are {', '.join(inputs) or 'none'}, and the parameters name "
            f"{', '.join(named)}; they must be the same files"
        )
    paths = [input_file(context, name) for name in named]
    if parameters.pairs:
        if _is_log(paths[0]):
            raise MethodError("one log holds no pairs; name two, as `outputs` and `references`")
        return read_pairs(paths[0], parameters.kind)
    outputs, references = (_samples(path, parameters) for path in paths)
    return joined(outputs, references, f"`{paths[0].name}` and `{paths[1].name}`")


def _is_log(path: Path) -> bool:
    return path.suffix in (".eval", ".json")


def _samples(path: Path, parameters: Parameters) -> list[tuple[str, Sample]]:
    if not _is_log(path):
        return read_samples(path, parameters.kind)
    from safetycase.methods.inspect.reading import open_log

    return samples_of_log(open_log(path), path.name, parameters.scorer, parameters.reward_scorer)


def samples_of_log(
    log: Any, name: str, scorer: str, reward_scorer: str
) -> list[tuple[str, Sample]]:
    """(id, sample) of every scored output of an opened Inspect log.

    The log must be of a finished run; a sample without features or reward is refused and not left
    out, since what is left out is a selection. Epochs of a sample share its id: a log of
    references may have two, as the draws of the sampler.
    """
    if log.status != "success":
        raise MethodError(f"the log `{name}` has the status `{log.status}`; finish the run")
    if not log.samples:
        raise MethodError(f"the log `{name}` holds no samples")
    found, names = [], None
    for sample in sorted(log.samples, key=lambda s: s.epoch):
        place = f"`{name}`, sample `{str(sample.id)[:60]}` (epoch {sample.epoch})"
        scores: Mapping[str, Any] = sample.scores or {}
        if scorer not in scores or sample.error is not None or sample.invalidation is not None:
            raise MethodError(f"{place} has no valid score of `{scorer}`; run it again")
        value = scores[scorer].value
        if not isinstance(value, Mapping) or not value:
            raise MethodError(f"{place}: `{scorer}` gives no named features")
        names = names or list(value)
        if list(value) != names:
            raise MethodError(f"{place}: other features than in the sample before")
        features = tuple(_number(value[key], place, key) for key in names)
        reward = _reward(scores, reward_scorer, place)
        text = sample.output.completion if sample.output and sample.output.choices else ""
        found.append((str(sample.id), Sample(features=features, reward=reward, text=text)))
    return found


def _number(value: Any, place: str, name: str) -> float:
    if isinstance(value, bool | int | float) and abs(value) <= LARGEST_FEATURE:
        return float(value)
    raise MethodError(f"{place}: `{name}` is {str(value)[:40]!r}, where a finite number is due")


def _reward(scores: Mapping[str, Any], scorer: str, place: str) -> float:
    if not scorer:
        raise MethodError(
            "name the scorer that says which outputs are good as `reward_scorer`: without it "
            "nothing shows that the references meet the bound"
        )
    if scorer not in scores:
        raise MethodError(f"{place} has no score of `{scorer}`")
    value = scores[scorer].value
    if isinstance(value, str) and value in LETTERS:
        return LETTERS[value]
    number = _number(value, place, scorer)
    if math.isnan(number):
        raise MethodError(f"{place}: `{scorer}` is not known")
    return number
