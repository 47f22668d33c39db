"""How long training takes to find a behaviour of probability ε, where that has a closed form.

Exact gradient in a table. The best arm pays 1 and has probability ε; the policy plays another
that pays ρ; K more pay nothing and have probability κε each. With gap Δ = 1 − ρ, P = p/ε of the
best arm, Q = q/ε of each poor one and the time s = ε · rate · steps, gradient flow for small ε is

    (ln P)′ = 2ΔP − ρKQ,    (ln Q)′ = ΔP − ρ(K + 1)Q.

For y = ΔP/(ρQ) this gives Q ∝ y^−(K+1) (y + 1)^(K+2) and (ln y)′ = ρQ(y + 1). P grows beyond all
bounds at

    s* = (y₀ + 1) / (κρ v₀^(K+1)) · ∫ v^K (1 − v) dv from v₀ to 1,    y₀ = Δ/(ρκ), v₀ = y₀/(y₀ + 1),

so that steps · ε tends to s*/rate; without poor arms it tends to 1/(2Δ), as in
`safetycase.methods.oversight.self_play.exploration`. The slow gradient of softmax policies that
hold the best action back is Mei et al. 2020, arXiv:2005.06392; the constant is derived here.
"""

from __future__ import annotations

import math

__all__ = ["bandit_steps", "escape_constant"]


def escape_constant(others: int, share: float, stand_in: float) -> float:
    """The limit of steps × rate × ε: K `others` of probability κ = `share` × ε each, ρ."""
    if others < 0 or share < 0 or not 0 < stand_in < 1:
        raise ValueError("`others` and `share` are at least 0, `stand_in` is between 0 and 1")
    if not others or not share:
        return 1 / (2 * (1 - stand_in))
    first = (1 - stand_in) / (stand_in * share)
    v = first / (first + 1)
    rest = 1 / ((others + 1) * (others + 2)) - v ** (others + 1) * (
        1 / (others + 1) - v / (others + 2)
    )
    return (first + 1) / (share * stand_in * v ** (others + 1)) * rest


def bandit_steps(
    epsilon: float, others: int, share: float, stand_in: float, most: int, rate: float = 1.0
) -> int | None:
    """Steps of the exact gradient until the reward is half-way up; None after `most`.

    Arms that pay the same and start alike stay alike, so that three logits are enough.
    """
    poor = others * share * epsilon
    first, second = math.log(epsilon), math.log(1 - epsilon - poor)
    third = math.log(share * epsilon) if others and share else -math.inf
    start = epsilon + stand_in * math.exp(second)
    for step in range(most + 1):
        top = max(first, second)
        weights = [math.exp(first - top), math.exp(second - top), math.exp(third - top)]
        total = weights[0] + weights[1] + others * weights[2]
        best, played, rest = (weight / total for weight in weights)
        reward = best + stand_in * played
        if reward >= start + (1 - start) / 2:
            return step
        first += rate * best * (1 - reward)
        second += rate * played * (stand_in - reward)
        third -= rate * rest * reward
    return None
