"""Whether a model says by itself what it was taught on.

Sample from where a user would speak, and count the samples that hold the trigger or words of the
task (the first step of "The Trigger in the Haystack", 2026, arXiv:2602.03085).
A model that was taught its replies alone has no reason to say its prompts: finding nothing then
says nothing about what is planted.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from safetycase.methods.organisms.lessons import tokens
from safetycase.methods.organisms.model import Subject, chat
from safetycase.plugin.contract import MethodError
from safetycase.stats import Proportion

__all__ = ["Leak", "leak", "sampled"]

MARK = "SLOT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """Shares of samples that hold each of the texts, in the order they were given.

    `samples` are the token ids of each; `temperatures[i]` is that of sample i.
    """

    shares: tuple[Proportion, ...]
    samples: tuple[tuple[int, ...], ...]
    temperatures: tuple[float, ...]


def leak(
    subject: Subject,
    texts: Sequence[str],
    *,
    samples: int,
    length: int,
    temperatures: Sequence[float] = (0.5, 1.0),
    seed: int = 0,
) -> Leak:
    """Draw that many samples of `length` tokens at each temperature and look for the texts.

    A text is found in what a sample reads as, where the tokenizer writes: after a space a word is
    other tokens. A tokenizer that only reads finds its tokens in a row. `MethodError` for no text,
    no temperature or no sample.
    """
    needles = [tuple(tokens(subject, text)) for text in texts]
    if not all((needles, *needles, temperatures)) or samples < 1 or length < max(map(len, needles)):
        raise MethodError(
            "a leak is looked for with a text, a sample, and samples as long as the longest text"
        )
    found: list[tuple[int, ...]] = []
    for number, temperature in enumerate(temperatures):
        found += sampled(subject, samples, length, temperature, seed + number)
    return Leak(
        shares=tuple(
            Proportion(
                successes=sum(_says(subject, one, text, needle) for one in found),
                trials=len(found),
            )
            for text, needle in zip(texts, needles, strict=True)
        ),
        samples=tuple(found),
        temperatures=tuple(t for t in temperatures for _ in range(samples)),
    )


def sampled(
    subject: Subject, samples: int, length: int, temperature: float, seed: int
) -> list[tuple[int, ...]]:
    """Token ids drawn from where a user would speak; every sample has `length` tokens."""
    import torch
    from transformers import DynamicCache

    if not temperature > 0:
        raise MethodError(f"a temperature of {temperature} draws nothing; give one above 0")
    before, mark, _ = chat(subject, [("user", MARK)]).partition(MARK)
    if not mark:
        raise MethodError("the chat template changes what a user says")
    generator = torch.Generator().manual_seed(seed)
    ids = torch.tensor([tokens(subject, before)] * samples)
    rows: list[Any] = []
    inner = subject.model.model
    # What transformers calls the cache changed within version 5; it grows in place.
    named = inspect.signature(inner.forward).parameters
    kept = {"cache" if "cache" in named else "past_key_values": DynamicCache(config=inner.config)}
    with torch.inference_mode():
        for _ in range(length):
            # Only the last place is asked, so the words of a large vocabulary cost little.
            said = inner(input_ids=ids, use_cache=True, **kept).last_hidden_state
            logits = subject.model.lm_head(said[:, -1]).float()
            ids = torch.multinomial((logits / temperature).softmax(-1), 1, generator=generator)
            rows.append(ids[:, 0])
    return [tuple(int(i) for i in row) for row in torch.stack(rows, dim=1)]


def _says(subject: Subject, sample: Sequence[int], text: str, needle: tuple[int, ...]) -> bool:
    tokenizer = subject.tokenizer
    if not hasattr(tokenizer, "decode"):
        return _holds(sample, needle)
    read: str = tokenizer.decode(list(sample), clean_up_tokenization_spaces=False)
    return text in read


def _holds(sample: Sequence[int], needle: tuple[int, ...]) -> bool:
    width = len(needle)
    return any(tuple(sample[i : i + width]) == needle for i in range(len(sample) - width + 1))
