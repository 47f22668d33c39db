"""Interventions on a reasoning text: paraphrase by rule, truncate, replace by filler."""

from __future__ import annotations

import random
import re

__all__ = ["FILLER", "filler", "numbers", "paraphrase", "truncate"]

FILLER = "."
# Each class holds phrases that can stand for each other in a worked solution.
SYNONYMS: tuple[tuple[str, ...], ...] = (
    ("first", "to begin", "initially"),
    ("then", "next", "after that", "afterwards"),
    ("finally", "lastly", "in the end"),
    ("so", "thus", "therefore", "hence"),
    ("now", "at this point"),
    ("is equal to", "equals", "comes to", "makes"),
    ("because", "since"),
    ("the answer", "the result", "the outcome"),
    ("we need to", "we have to", "we must"),
    ("i need to", "i have to", "i must"),
    ("find", "work out", "determine"),
    ("start with", "begin with", "take first"),
    ("look at", "consider", "turn to"),
    ("we get", "we obtain", "we arrive at"),
    ("i get", "i obtain", "i arrive at"),
    ("also", "in addition", "moreover"),
    ("however", "but", "yet"),
    ("big", "large"),
    ("small", "little"),
    ("correct", "right"),
    ("wrong", "incorrect"),
    ("for example", "for instance"),
    ("let us", "let's"),
    ("show", "demonstrate"),
    ("use", "apply"),
    ("step", "stage"),
    ("problem", "task"),
)
_PLACE = {phrase: kind for kind, phrases in enumerate(SYNONYMS) for phrase in phrases}
_PHRASE = re.compile(
    r"(?<!\w)(?:" + "|".join(map(re.escape, sorted(_PLACE, key=len, reverse=True))) + r")(?!\w)",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_MARKER = re.compile(r"^\s*(?:[-*•]+|\(?\d{1,2}[.)](?=\s))\s*")


def paraphrase(text: str, seed: int, ask: str = "") -> str:
    """The text in other words: synonyms drawn by the seed, spacing and list marks made one form.

    Numbers, words and the order of sentences stay; only words that `ask` writes with a capital
    keep one. What was written in the choice of synonyms, in case, spacing, list marks or repeated
    punctuation is lost; what is written in which facts are named, and in which order, is not.
    """
    draw = random.Random(f"{seed} {text}")  # noqa: S311 - a choice of words
    names = {word.lower(): word for word in re.findall(r"[A-Z]\w+", ask)} | {"i": "I"}
    sentences = [
        " ".join(_MARKER.sub("", part).lower().split()) for part in _SENTENCE.split(text.strip())
    ]
    said = [_PHRASE.sub(lambda match: _other(match[0], draw), s) for s in sentences if s]
    named = [re.sub(r"\w+", lambda match: names.get(match[0], match[0]), s) for s in said]
    return " ".join(_plain(s) for s in named)


def _other(phrase: str, draw: random.Random) -> str:
    return draw.choice(SYNONYMS[_PLACE[phrase]])


def _plain(sentence: str) -> str:
    """One capital, one full stop, one kind of dash and quotation mark."""
    plain = re.sub(r"[–—]", "-", re.sub(r"[“”«»]", '"', re.sub(r"[‘’]", "'", sentence)))
    plain = re.sub(r"([.!?,;:])\1+", r"\1", plain).rstrip(".!?;,: ")
    return plain[:1].upper() + plain[1:] + "." if plain else ""


def truncate(text: str, fraction: float) -> str:
    """The first `fraction` of the words, as they stand; `fraction` in (0, 1)."""
    ends = [match.end() for match in re.finditer(r"\S+", text)]
    kept = int(len(ends) * fraction)
    return text[: ends[kept - 1]] if kept else ""


def filler(text: str) -> str:
    """As many dots as the text has words: time to compute, and nothing to read."""
    return " ".join(FILLER for _ in text.split())


def numbers(text: str) -> list[str]:
    """The numbers of a text in their order, list marks left out."""
    lines = (_MARKER.sub("", part) for part in _SENTENCE.split(text.strip()))
    return [match for line in lines for match in _NUMBER.findall(line)]
