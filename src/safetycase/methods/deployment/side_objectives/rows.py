"""Outputs and references for the same prompts, from files of pairs, of samples, or of logs.

A line of a file of pairs:
{"id": "p-1", "output": {"features": [0, 1], "reward": 1}, "reference": {...}, "second": {...}}
A line of a file of outputs or of references: {"id": "p-1", "features": [0, 1], "reward": 1}.
A sample has `features` or a `text`; `second` is another draw of the reference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from safetycase.methods.deployment.side_objectives.texts import features_of
from safetycase.methods.imported.strict import lines_of, listed, mapping, number, text
from safetycase.plugin.contract import MethodError
from safetycase.stats.side import LARGEST_FEATURE

__all__ = ["Kind", "Pair", "Sample", "joined", "read_pairs", "read_samples"]

Kind = Literal["features", "text", "code"]
WIDEST = 1_024


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One output: its features, the reward it was accepted with, and its text if it has one."""

    features: tuple[float, ...]
    reward: float
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The output of the model and one or two draws of the reference sampler for one prompt."""

    id: str
    output: Sample
    reference: Sample
    second: Sample | None


def read_pairs(path: Path, kind: Kind) -> list[Pair]:
    """The pairs at `path`, in their order; `MethodError` with file and line for what is none."""
    pairs = []
    for place, value in lines_of(path):
        line = mapping(value, place, "the line")
        _keys(line, place, {"id", "output", "reference"}, {"second"})
        second = line.get("second")
        pairs.append(
            Pair(
                id=text(line["id"], place, "id"),
                output=_sample(line["output"], place, "output", kind),
                reference=_sample(line["reference"], place, "reference", kind),
                second=None if second is None else _sample(second, place, "second", kind),
            )
        )
    return _checked(pairs, f"`{path.name}`")


def read_samples(path: Path, kind: Kind) -> list[tuple[str, Sample]]:
    """(id, sample) of every line at `path`; `MethodError` with file and line for what is none."""
    found = []
    for place, value in lines_of(path):
        line = dict(mapping(value, place, "the line"))
        name = text(line.pop("id", None), place, "id")
        found.append((name, _sample(line, place, "the line", kind)))
    return found


def joined(
    outputs: Sequence[tuple[str, Sample]], references: Sequence[tuple[str, Sample]], place: str
) -> list[Pair]:
    """The pairs of the same id, in the order of the outputs.

    `MethodError` where an output has no reference or more than two, or a reference no output: to
    leave some out is a selection that no later test can undo.
    """
    drawn: dict[str, list[Sample]] = {}
    for name, sample in references:
        drawn.setdefault(name, []).append(sample)
    asked = {name for name, _ in outputs}
    if spare := next((name for name in drawn if name not in asked), None):
        raise MethodError(f"{place}: the reference `{spare[:60]}` has no output")
    pairs = []
    for name, sample in outputs:
        own = drawn.get(name, [])
        if not 1 <= len(own) <= 2:
            raise MethodError(
                f"{place}: the output `{name[:60]}` has {len(own)} references; give one, or two "
                "for the check of the reference sampler"
            )
        pairs.append(
            Pair(id=name, output=sample, reference=own[0], second=own[1] if len(own) == 2 else None)
        )
    return _checked(pairs, place)


def _checked(pairs: list[Pair], place: str) -> list[Pair]:
    if not pairs:
        raise MethodError(f"{place} holds no pair")
    seen: set[str] = set()
    width = len(pairs[0].output.features)
    for pair in pairs:
        if pair.id in seen:
            raise MethodError(f"{place}: the id `{pair.id[:60]}` is given twice")
        seen.add(pair.id)
        for sample in _samples(pair):
            if len(sample.features) != width:
                raise MethodError(
                    f"{place}: `{pair.id[:60]}` has {len(sample.features)} features where the "
                    f"first pair has {width}; the same features are due for all"
                )
    if len({pair.second is None for pair in pairs}) == 2:
        raise MethodError(f"{place}: some pairs have a second reference and some do not")
    return pairs


def _samples(pair: Pair) -> Iterator[Sample]:
    yield pair.output
    yield pair.reference
    if pair.second is not None:
        yield pair.second


def _sample(value: Any, place: str, what: str, kind: Kind) -> Sample:
    sample = mapping(value, place, what)
    own = "features" if kind == "features" else "text"
    _keys(sample, f"{place}, {what}", {own, "reward"}, set())
    reward = number(sample["reward"], place, "reward")
    if kind != "features":
        words = text(sample["text"], place, "text")
        return Sample(features=features_of(words, kind), reward=reward, text=words)
    given = listed(sample["features"], place, "features")
    values = tuple(number(x, place, "a feature") for x in given)
    if not 1 <= len(values) <= WIDEST or any(abs(x) > LARGEST_FEATURE for x in values):
        raise MethodError(
            f"{place}: from 1 to {WIDEST} features are due, none beyond {LARGEST_FEATURE:g}"
        )
    return Sample(features=values, reward=reward)


def _keys(line: Mapping[str, Any], place: str, due: set[str], may: set[str]) -> None:
    wrong = (due - set(line)) | (set(line) - due - may)
    if wrong:
        raise MethodError(
            f"{place}: `{sorted(wrong)[0][:60]}` is missing or unknown; the keys are "
            + ", ".join(sorted(due | may))
        )
