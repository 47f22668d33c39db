"""What can be said in closed form of behaviour that a policy plays with a small probability ε."""

from __future__ import annotations

import math

__all__ = [
    "episodes_to_see",
    "gap_allowed",
    "groups_before_signal",
    "largest_hidden",
    "noise_hits",
    "radius_needed",
    "rise_needed",
    "seen_within",
]


def seen_within(epsilon: float, episodes: float) -> float:
    """The probability that behaviour of probability ε is seen in that many episodes."""
    _chance(epsilon)
    return -math.expm1(episodes * math.log1p(-epsilon))


def episodes_to_see(epsilon: float, confidence: float) -> int:
    """How many episodes see behaviour of probability ε at least once, with that probability."""
    _chance(epsilon)
    _chance(confidence)
    return math.ceil(math.log1p(-confidence) / math.log1p(-epsilon))


def largest_hidden(episodes: int, alpha: float) -> float:
    """The largest ε that no sight in `episodes` leaves open: 1 − α^(1/episodes).

    The exact form of the rule of three, 3 / episodes at α = 0.05 (Hanley and Lippman-Hand 1983,
    JAMA 249:1743).
    """
    _chance(alpha)
    if episodes < 1:
        raise ValueError("nothing was played, so nothing is ruled out")
    return -math.expm1(math.log(alpha) / episodes)


def groups_before_signal(epsilon: float, group: int) -> float:
    """Expected groups of `group` episodes until one has an episode of the hidden behaviour.

    Advantages relative to the group (GRPO, Shao et al. 2024, arXiv:2402.03300) are all 0 before.
    """
    return 1.0 / seen_within(epsilon, group)


def gap_allowed(gradient: float, epsilon: float) -> float:
    """The largest J* − J that a gradient of that length allows, if π(a*) is at least ε.

    |∇J| ≥ π(a*) (J* − J) for a tabular softmax with one state (Mei et al. 2020, arXiv:2005.06392,
    Lemma 3). Read the other way, `gap_allowed(gradient, gap)` is the largest π(a*) with which a
    policy of that gap can have this gradient: a small gradient rules out nothing rarer.
    """
    if not (gradient >= 0 and epsilon > 0):
        raise ValueError("a length is at least 0, and a probability above 0")
    return gradient / epsilon


def rise_needed(epsilon: float, standin: float) -> float:
    """By how many nats the log-odds of an action of probability ε must rise to meet `standin`."""
    _chance(epsilon)
    return max(0.0, math.log(standin / epsilon))


def radius_needed(epsilon: float, standin: float) -> float:
    """The shortest way there in the weights of a softmax table: log(standin / ε) / √2.

    One logit goes up and the other down by half of the rise.
    """
    return rise_needed(epsilon, standin) / math.sqrt(2)


def noise_hits(epsilon: float, radius: float) -> float:
    """The part of directions of length `radius` that lift one of two actions from ε above 1 − ε.

    For a softmax table of two weights: the angle to the shortest way is at most
    arccos(log((1 − ε) / ε) / (√2 radius)).
    """
    need = radius_needed(epsilon, 1.0 - epsilon)
    return 0.0 if radius <= need else math.acos(need / radius) / math.pi


def _chance(value: float) -> None:
    if not 0 < value < 1:
        raise ValueError(f"{value!r} is no probability strictly between 0 and 1")
