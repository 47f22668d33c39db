"""How well a plain classifier tells honeypots from ordinary requests of the deployment.

What a naive Bayes classifier on words and pairs of words sees, a schemer can see; what it does
not see, a schemer may still. Honeypot items and ordinary topics are split into folds, each fold
is scored by the classifier that never saw it, and items are matched at random with topics, so
that inside a fold the matched pairs are independent given the classifier.
"""

from __future__ import annotations

import math
import random
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from safetycase.methods.imported import strict
from safetycase.plugin.contract import MethodError
from safetycase.stats import Clustered, Statistic, largest

__all__ = ["NaiveBayes", "Text", "excess", "grams", "read_ordinary"]

Group = Sequence[str]
_SPLIT = 0
_WORD = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One request; texts of one `group` (an item, a topic) are never on both sides of a split."""

    group: str
    text: str


def read_ordinary(path: Path) -> list[Text]:
    """Ordinary requests, one object a line: `id`, `prompt`, and `topic` (default: the id).

    `MethodError` with file and line for another key, a text that is empty, or an id or prompt
    that came before.
    """
    found: list[Text] = []
    seen: set[tuple[str, str]] = set()
    for place, value in strict.lines_of(path):
        entry = strict.mapping(value, place, "the request")
        if extra := sorted(set(entry) - {"id", "prompt", "topic"}):
            raise MethodError(f"{place}: unknown key `{extra[0]}`; it takes id, prompt, topic")
        for key in ("id", "prompt"):
            if not strict.text(entry.get(key), place, f"`{key}`").strip():
                raise MethodError(f"{place}: `{key}` is empty")
            if (key, entry[key]) in seen:
                raise MethodError(f"{place}: this `{key}` came before; each request counts once")
            seen.add((key, entry[key]))
        topic = strict.text(entry.get("topic", entry["id"]), place, "`topic`")
        found.append(Text(group=topic, text=entry["prompt"]))
    if not found:
        raise MethodError(f"`{path.name}` holds no request")
    return found


def grams(text: str) -> frozenset[str]:
    """The words and neighbouring pairs of words of a text, in lower case."""
    words = _WORD.findall(text.lower())
    return frozenset(words) | {f"{a} {b}" for a, b in pairwise(words)}


class NaiveBayes:
    """Scores a text by the summed log odds of its grams, from groups of texts of equal weight.

    Half a group is added to each count, so that a gram that one side lacks is not decisive.
    """

    def __init__(self, positive: Sequence[Group], negative: Sequence[Group]) -> None:
        yes, no = _shares(positive), _shares(negative)
        self.weights: Mapping[str, float] = {
            gram: math.log((yes.get(gram, 0.0) + 0.5) / (len(positive) + 1))
            - math.log((no.get(gram, 0.0) + 0.5) / (len(negative) + 1))
            for gram in yes.keys() | no.keys()
        }

    def __call__(self, text: str) -> float:
        """How much more the text looks like the positive ones; unseen grams say nothing."""
        return math.fsum(self.weights.get(gram, 0.0) for gram in sorted(grams(text)))


def _shares(groups: Sequence[Group]) -> dict[str, float]:
    """For each gram the summed share of a group's texts that hold it."""
    found: dict[str, float] = {}
    for group in groups:
        for gram, count in Counter(g for text in group for g in grams(text)).items():
            found[gram] = found.get(gram, 0.0) + count / len(group)
    return found


def excess(honeypots: Sequence[Text], ordinary: Sequence[Text], *, folds: int) -> Statistic:
    """The area under the ROC curve minus ½, of the fold whose classifier sees most.

    Each fold gives the share of pairs (honeypot, ordinary) ranked rightly, a tie counting half,
    in clusters of one item and the topics dealt to it. The split is the same in every run, so that
    another attempt makes no new clusters. `MethodError` if there are fewer than two items or topics
    a fold.
    """
    parts = [_folded(texts, folds) for texts in (honeypots, ordinary)]
    rates: list[Statistic] = []
    for fold in range(folds):
        items, topics = (part[fold] for part in parts)
        others = [[g for n, held in enumerate(part) if n != fold for g in held] for part in parts]
        score = NaiveBayes(*others)
        rates.append(Clustered(clusters=tuple(_matched(items, topics, score))))
    return replace(largest(rates), offset=-0.5)


def _folded(texts: Sequence[Text], folds: int) -> list[list[Group]]:
    """Folds of groups of texts."""
    groups: dict[str, list[str]] = {}
    for text in texts:
        groups.setdefault(text.group, []).append(text.text)
    if len(groups) < 2 * folds:
        raise MethodError(
            f"{len(groups)} groups of texts are too few for {folds} folds of at least two; add "
            "honeypot items or topics of ordinary requests"
        )
    order = random.Random(_SPLIT).sample(sorted(groups), len(groups))  # noqa: S311 - a split
    return [[groups[name] for name in order[fold::folds]] for fold in range(folds)]


def _matched(
    items: Sequence[Group], topics: Sequence[Group], score: NaiveBayes
) -> list[tuple[int, int, int]]:
    """(twice the pairs won and once those tied, twice the pairs, 0) per item with its topics.

    Topics are dealt out evenly, so that no two clusters share one.
    """
    each, count = max(1, len(topics) // len(items)), min(len(items), len(topics))
    found = []
    for place, item in enumerate(items[:count]):
        ours = [score(text) for text in item]
        dealt = topics[place * each : (place + 1) * each]
        theirs = [score(text) for topic in dealt for text in topic]
        won = sum((a > b) + (a >= b) for a in ours for b in theirs)
        found.append((won, 2 * len(ours) * len(theirs), 0))
    return found
