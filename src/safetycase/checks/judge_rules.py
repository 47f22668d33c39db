"""The rule about judges: a model that scores its own kind errs as its own kind does."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from safetycase.argument.findings import Finding
from safetycase.argument.model import Evidence
from safetycase.checks.subject import Subject, finding

__all__ = ["JUDGE_KEYS", "family_of", "same_family"]

JUDGE_KEYS = frozenset(
    {"judge", "judge_model", "judges", "grader", "grader_model", "scorer_model", "autograder"}
)
"""The parameters that name the model that scores, at any depth below `with`."""

_HOSTS = frozenset(
    {"azureai", "bedrock", "fireworks", "groq", "hf", "hf-inference-providers", "llama-cpp-python"}
    | {"none", "ollama", "openai-api", "openrouter", "sagemaker", "sglang", "together", "vllm"}
)
"""Providers that serve models of anybody: their name says nothing about who made a model."""


def same_family(subject: Subject) -> Iterator[Finding]:
    """C138: the judge of a leaf is its subject, or of the subject's family."""
    models = subject.case.header.models
    for name, leaf in subject.each(Evidence):
        tested = leaf.model or subject.case.header.system.model
        if tested not in models:
            continue
        for path, word in _judges(leaf.with_):
            judge = models[word].weights if word in models else word
            weights = models[tested].weights
            if word == tested or judge == weights:
                kind = f"is the subject `{tested}` itself"
            elif shared := _shared(judge, weights):
                kind = f"is of the family `{shared}`, as the subject `{tested}` is"
            else:
                continue
            yield finding(
                subject,
                "C138",
                (name, "with", *path),
                f"the judge `{word}` of `{name}` {kind}",
                "let a model of another maker judge, or show on planted answers that this judge "
                "sees what is wrong",
                severity="warning",
            )


def _judges(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """(path, model) of every parameter that names a judge."""
    if not isinstance(value, Mapping):
        return
    for key, inner in value.items():
        here = (*path, str(key))
        if str(key) not in JUDGE_KEYS:
            yield from _judges(inner, here)
        elif isinstance(inner, str):
            yield here, inner
        elif isinstance(inner, list | tuple):
            yield from ((here, word) for word in inner if isinstance(word, str))


def family_of(weights: str) -> tuple[str, str]:
    """(maker, family) as a model's name tells them; either may be empty.

    `openai/gpt-4o-mini` is (`openai`, `gpt`); `hf/meta-llama/Llama-3-8B` is (`meta-llama`,
    `llama`); the file `models/smollm2-135m.gguf` has no maker and is of `smollm`.
    """
    parts = [part for part in weights.strip().lower().split("/") if part]
    if not parts:
        return "", ""
    named = len(parts) > 1 and parts[-2] not in _HOSTS and not parts[-1].endswith(".gguf")
    maker = parts[-2] if named else ""
    found = re.match(r"[a-z]+", parts[-1])
    return maker, found[0] if found else ""


def _shared(one: str, other: str) -> str:
    """What two models have in common by name: the family or the maker; empty if neither."""
    for a, b in zip(reversed(family_of(one)), reversed(family_of(other)), strict=True):
        if a and a == b:
            return a
    return ""
