"""What is measured of a judge beside whether it is right: calibration, ranking, and leakage.

Pure functions on lists of probabilities and outcomes, or on a table of counts.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Brier", "Leakage", "area_under_curve", "brier", "leakage"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Brier:
    """The Brier score and its parts: score = reliability − resolution + uncertainty.

    Reliability is 0 for a judge whose stated probabilities come true, resolution is how far they
    are from the base rate, uncertainty the base rate's own variance. Murphy (1973), Journal of
    Applied Meteorology 12:595.
    """

    score: float
    reliability: float
    resolution: float
    uncertainty: float


def brier(stated: Sequence[float], true: Sequence[bool]) -> Brier:
    """The mean squared difference of probabilities and outcomes, by stated probability."""
    _paired(stated, true)
    groups: dict[float, list[bool]] = {}
    for p, outcome in zip(stated, true, strict=True):
        groups.setdefault(p, []).append(outcome)
    n, base = len(true), sum(true) / len(true)
    shares = {p: sum(outcomes) / len(outcomes) for p, outcomes in groups.items()}
    sizes = {p: len(outcomes) / n for p, outcomes in groups.items()}
    return Brier(
        score=math.fsum((p - t) ** 2 for p, t in zip(stated, true, strict=True)) / n,
        reliability=math.fsum(sizes[p] * (p - shares[p]) ** 2 for p in groups),
        resolution=math.fsum(sizes[p] * (shares[p] - base) ** 2 for p in groups),
        uncertainty=base * (1 - base),
    )


def area_under_curve(stated: Sequence[float], true: Sequence[bool]) -> float:
    """P(a true claim is given a higher probability than a false one), ties as one half."""
    _paired(stated, true)
    order = sorted(zip(stated, true, strict=True))
    false_below, wins = 0, 0.0
    for _, tied in itertools.groupby(order, key=lambda pair: pair[0]):
        ties = [t for _, t in tied]
        wins += sum(ties) * (false_below + (len(ties) - sum(ties)) / 2)
        false_below += len(ties) - sum(ties)
    if not 0 < false_below < len(order):
        raise ValueError("ranking needs a true claim and a false one")
    return wins / (false_below * (len(order) - false_below))


@dataclass(frozen=True, slots=True, kw_only=True)
class Leakage:
    """What transcripts tell of the truth, beside what the verdicts on them do.

    `from_verdict` and `from_transcript` are the accuracies of the best guess from either, `prior`
    that without both, and `bits` the mutual information of transcript and truth. Where the second
    accuracy is above the first, the judge left out something that the transcripts give away. All
    are of the counts themselves: on few transcripts of each kind they are too high.
    """

    prior: float
    from_verdict: float
    from_transcript: float
    bits: float

    @property
    def excess(self) -> float:
        """How much more often the best guess from the transcript is right than the verdict's."""
        return self.from_transcript - self.from_verdict


def leakage(weights: Mapping[tuple[Hashable, Hashable, bool], float]) -> Leakage:
    """From the weight (count or probability) of each (transcript, verdict, truth)."""
    total = math.fsum(weights.values())
    if not (total > 0 and all(w >= 0 and math.isfinite(w) for w in weights.values())):
        raise ValueError("weights are finite, at least 0, and not all 0")
    by_transcript: dict[Hashable, list[float]] = {}
    by_verdict: dict[Hashable, list[float]] = {}
    base = [0.0, 0.0]
    for (transcript, verdict, truth), weight in weights.items():
        share = weight / total
        by_transcript.setdefault(transcript, [0.0, 0.0])[truth] += share
        by_verdict.setdefault(verdict, [0.0, 0.0])[truth] += share
        base[truth] += share
    bits = math.fsum(
        row[t] * math.log2(row[t] / (sum(row) * base[t]))
        for row in by_transcript.values()
        for t in (0, 1)
        if row[t] > 0
    )
    return Leakage(
        prior=max(base),
        from_verdict=math.fsum(map(max, by_verdict.values())),
        from_transcript=math.fsum(map(max, by_transcript.values())),
        bits=max(0.0, bits),
    )


def _paired(stated: Sequence[float], true: Sequence[bool]) -> None:
    if len(stated) != len(true) or not stated:
        raise ValueError("one probability for each outcome, and at least one")
    if not all(0 <= p <= 1 for p in stated):
        raise ValueError("a probability is not between 0 and 1")
