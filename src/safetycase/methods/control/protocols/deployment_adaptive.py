"""Adaptive deployment: a macro-protocol treats each task by its credence in the model.

Two hypotheses: the model is honest, or it attacks each task with a known probability. After each
task the credence is updated by Bayes' rule from what the monitor saw; the macro-protocol then picks
the micro-protocol with the least expected loss. Harm of a single task is bearable, so that what
counts is the expected number of harms. Wen et al. 2024, arXiv:2411.17693.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["MICROS", "Box", "Laws", "Macro", "credence", "expected", "micro"]

MICROS = ("untrusted", "guarded", "trusted")
HONEST = ("quiet", "suspicious", "audited")
ATTACK = ("quiet harm", "quiet harmless", "suspicious harm", "suspicious harmless", "caught")
Ends = tuple[float, float]
Box = Mapping[str, Ends]


@dataclass(frozen=True, slots=True, kw_only=True)
class Laws:
    """What the macro-protocol assumes: what it will see, and what each micro-protocol costs.

    `honest` and `attack` give each word of `HONEST` and `ATTACK` its probability. `useful` is the
    share of correct outputs under each micro-protocol.
    """

    honest: Mapping[str, float]
    attack: Mapping[str, float]
    useful: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Macro:
    """A macro-protocol: its prior, the attack rate it reckons with, and the price of one harm.

    `harm_cost` is how many correct outputs one harm is worth. The micro-protocol `untrusted` runs
    whatever is not audited; `guarded` replaces the suspicious outputs by trusted ones; `trusted`
    asks the trusted model alone, and so learns nothing.
    """

    prior: float
    attack_rate: float
    harm_cost: float
    tasks: int
    laws: Laws


def credence(macro: Macro, quiet: Any, suspicious: Any, audited: Any) -> Any:
    """P(misaligned) after so many quiet, suspicious and audited tasks without a catch.

    The odds are those of the prior times the likelihood ratio of each task; a caught attack makes
    it 1. Takes numbers or arrays.
    """
    import numpy as np

    odds: Any = math.log(macro.prior) - math.log1p(-macro.prior)
    for word, count in (("quiet", quiet), ("suspicious", suspicious), ("audited", audited)):
        honest, misaligned = macro.laws.honest[word], _seen(macro, word)
        if honest > 0 and misaligned > 0:
            odds = odds + count * math.log(misaligned / honest)
        elif honest != misaligned:
            certain = -math.inf if misaligned == 0 else math.inf
            odds = np.where(np.asarray(count) > 0, certain, odds)
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-odds))


def micro(macro: Macro, belief: Any) -> Any:
    """The index in `MICROS` of the micro-protocol with the least expected loss at that credence.

    The loss is the expected price of harm and the correct outputs that are given up; of two with
    the same loss the safer one is taken.
    """
    import numpy as np

    losses = []
    for name in MICROS:
        harm = macro.attack_rate * _harm(macro.laws.attack, name) * macro.harm_cost
        given_up = macro.laws.useful["untrusted"] - macro.laws.useful[name]
        losses.append(np.asarray(belief) * harm + given_up)
    order = np.stack(losses[::-1])
    return len(MICROS) - 1 - np.argmin(order, axis=0)


def expected(
    macro: Macro,
    what: Literal["safety", "harms", "useful"],
    honest: Box,
    attack: Box,
    rewards: Mapping[str, Ends],
    worst: bool,
) -> float:
    """The worst (or best) value that any laws within the boxes allow, by backward induction.

    `safety`: P(no harm in any task) of a misaligned model. `harms`: its expected number of harms.
    `useful`: the expected reward a task of an honest model, with the reward of each micro-protocol
    in `rewards`. The boxes give each word its lowest and highest probability. At each task the
    laws are picked anew within the boxes, the worst for each state (Iyengar 2005, Math. Oper. Res.
    30:257): this bounds every fixed law within them, and is exact where they are single points.
    """
    import numpy as np

    end = 1.0 if what == "safety" else 0.0
    sign = 1.0 if worst == (what != "harms") else -1.0
    after = np.full((macro.tasks + 1, macro.tasks + 1), end)
    for done in range(macro.tasks - 1, -1, -1):
        suspicious, audited = np.nonzero(np.tri(done + 1)[::-1])
        quiet = done - suspicious - audited
        chosen = micro(macro, credence(macro, quiet, suspicious, audited))
        stay = after[suspicious, audited]
        more = after[suspicious + 1, audited]
        clean = after[suspicious, audited + 1]
        seen = _mixed(np.stack([stay, more, clean]), HONEST, honest, sign)
        if what == "useful":
            gain = np.array([rewards[name][0 if worst else 1] for name in MICROS])
            idle = gain[2] * (macro.tasks - done)
            value = np.where(chosen == 2, idle, gain[chosen] + seen)
        else:
            hurt = np.zeros_like(stay) if what == "safety" else 1 + stay
            hurt_more = np.zeros_like(stay) if what == "safety" else 1 + more
            guarded = np.where(chosen == 1, more, hurt_more)
            ends = [hurt, stay, guarded, more, np.full_like(stay, end)]
            tried = _mixed(np.stack(ends), ATTACK, attack, sign)
            value = macro.attack_rate * tried + (1 - macro.attack_rate) * seen
            value = np.where(chosen == 2, end, value)
        after[suspicious, audited] = value
    total = float(after[0, 0])
    return total / macro.tasks if what == "useful" else total


def _mixed(values: NDArray[Any], words: tuple[str, ...], box: Box, sign: float) -> NDArray[Any]:
    """The least (sign 1) or greatest (sign −1) mean of `values` over the laws in the box."""
    import numpy as np

    low = np.array([box[word][0] for word in words])
    room = np.array([box[word][1] for word in words]) - low
    order = np.argsort(sign * values, axis=0, kind="stable")
    ordered = room[order]
    left = 1 - low.sum() - (np.cumsum(ordered, axis=0) - ordered)
    mass = low[order] + np.clip(left, 0, ordered)
    return np.asarray((mass * np.take_along_axis(values, order, axis=0)).sum(axis=0))


def _seen(macro: Macro, word: str) -> float:
    """The probability of seeing this of a misaligned model, when no attack is caught."""
    attacks = sum(p for name, p in macro.laws.attack.items() if name.startswith(word))
    return (1 - macro.attack_rate) * macro.laws.honest[word] + macro.attack_rate * attacks


def _harm(attack: Mapping[str, float], name: str) -> float:
    if name == "trusted":
        return 0.0
    return attack["quiet harm"] + (attack["suspicious harm"] if name == "untrusted" else 0.0)
