"""The numbers of the theorem: thresholds, sample counts, and what follows from them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from safetycase.plugin.protocols import Bound, Condition

__all__ = ["Constants", "samples", "theory"]

_ROUNDING = 1e-12


def samples(error: float, fails: float) -> int:
    """Draws after which a mean is off by `error` or more with probability at most `fails`.

    ⌈ln(2/fails) / (2 error²)⌉, by Hoeffding's inequality.
    """
    return math.ceil(math.log(2 / fails) / (2 * error**2))


@dataclass(frozen=True, slots=True, kw_only=True)
class Constants:
    """K, t, w and the thresholds of the theorem; those left out are the published ones.

    `lipschitz` is K, `steps` is t, `margin` is w: the right answer has at least that probability
    in M. `alice_within` (c, 1/(100 K)): honest Alice's claims are that close. `vera_catches`
    (s, 2/(100 K)): the verifier rejects claims that far off. `bob_catches` (b, 5/(100 K)): honest
    Bob challenges claims that far off. `estimate_fails` (q, 1/(100 (t + 1))) and `vera_fails` (v)
    are the probabilities that an estimate of the debaters, or of the verifier, is further off.
    """

    lipschitz: float = 2.0
    steps: int = 6
    margin: float = 2 / 3
    vera_fails: float = 0.01
    alice_within: float | None = None
    vera_catches: float | None = None
    bob_catches: float | None = None
    estimate_fails: float | None = None

    def __post_init__(self) -> None:
        if not 1e-6 <= self.lipschitz <= 1e6:
            raise ValueError("`lipschitz` lies between 10⁻⁶ and 10⁶")
        if not 0 <= self.steps <= 10**9:
            raise ValueError("`steps` is a whole number from 0 to 10⁹")
        for name in ("margin", "vera_fails", "estimate_fails"):
            value = getattr(self, name)
            if value is not None and not 0 < value <= 1:
                raise ValueError(f"`{name}` is above 0 and at most 1")
        for name in ("alice_within", "vera_catches", "bob_catches"):
            value = getattr(self, name)
            if value is not None and not 1e-9 <= value <= 1:
                raise ValueError(f"`{name}` is a distance of probabilities, from 10⁻⁹ to 1")
        if not self.c < self.s < self.b:
            raise ValueError(
                "`alice_within` < `vera_catches` < `bob_catches`: the verifier has to accept what "
                "honest Alice claims, and to reject what honest Bob challenges"
            )

    @property
    def c(self) -> float:
        """How close honest Alice's claims are."""
        return 0.01 / self.lipschitz if self.alice_within is None else self.alice_within

    @property
    def s(self) -> float:
        """How far off a claim is that the verifier rejects."""
        return 0.02 / self.lipschitz if self.vera_catches is None else self.vera_catches

    @property
    def b(self) -> float:
        """How far off a claim is that honest Bob challenges."""
        return 0.05 / self.lipschitz if self.bob_catches is None else self.bob_catches

    @property
    def q(self) -> float:
        """The probability that an estimate of a debater fails."""
        return 0.01 / (self.steps + 1) if self.estimate_fails is None else self.estimate_fails

    @property
    def v(self) -> float:
        """The probability that the verifier's estimate fails."""
        return self.vera_fails

    @property
    def alice_samples(self) -> int:
        """Oracle answers honest Alice asks for in a round."""
        return samples(self.c, self.q)

    @property
    def bob_samples(self) -> int:
        """Oracle answers honest Bob asks for in a round."""
        return samples((self.b - self.s) / 2, self.q)

    @property
    def vera_samples(self) -> int:
        """Oracle answers the verifier asks for, once in the debate."""
        return samples((self.s - self.c) / 2, self.v)


def theory(constants: Constants, judge_error: float, equilibrium_gap: float) -> Bound:
    """The bound for K-Lipschitz M, a human wrong at rate δ, and a gap of the win probability.

    Brown-Cohen, Irving & Piliouras (2023), in the form of the machine-checked proof (Lean 4,
    google-deepmind/debate, `completeness_p` and `soundness_p` in Debate/Details.lean): with
    w ≤ P(M's answer is the right one), c < s < b, q ≤ v and K·b ≤ w,

        honest Alice beats every Bob with at least (1 − v)(w − K·c − q(t+1)),
        honest Bob beats every Alice with at least (1 − v)(1 − q(t+1))(w − K·b).

    *A human who is wrong* (ours). Let every answer that anybody gets come from o′ with
    dist(o, o′) ≤ δ, which bounds every question and not a mean. Claims that are within c of o′ are
    within c + δ of o, so the bits drawn from them have the law of an oracle within c + δ of o,
    whose answer K-Lipschitzness *at o* bounds. The verifier's and Bob's tests compare with o′
    itself. So c becomes c + δ, and b becomes b + δ, in the products with K and nowhere else.

    *An approximate equilibrium* (ours). Payoffs are the probabilities of winning, whose range is
    1. Where no side can gain more than ε, the honest side has at least its best reply minus ε,
    which is at least what its honest strategy guarantees minus ε. So ε adds to the error.
    """
    k, t = constants.lipschitz, constants.steps
    c, s, b = constants.c, constants.s, constants.b
    q, v, w = constants.q, constants.v, constants.margin
    missed = q * (t + 1)
    complete = (1 - v) * (w - k * (c + judge_error) - missed)
    sound = (1 - v) * (1 - missed) * (w - k * (b + judge_error))
    conditions = (
        _holds("thresholds in order", 0 < c < s < b, f"0 < c = {c:g} < s = {s:g} < b = {b:g}"),
        _holds("debaters err no more often than the verifier", q <= v, f"q = {q:g} ≤ v = {v:g}"),
        _holds("estimates can succeed", missed <= 1, f"q(t+1) = {missed:g} ≤ 1"),
        _holds(
            "room for lies that go unchallenged",
            k * (b + judge_error) <= w + _ROUNDING,
            f"K(b + δ) = {k * (b + judge_error):g} ≤ w = {w:g}",
        ),
        _holds(
            "better than a coin",
            min(complete, sound) > 0.5,
            f"honest Alice wins with {complete:.4f} and honest Bob with {sound:.4f}, above 1/2",
        ),
    )
    fails = not all(condition.holds for condition in conditions)
    error = 1 - min(complete, sound) + equilibrium_gap
    return Bound(
        disagreement=1.0 if fails else min(1.0, max(0.0, error)),
        honest_cost=float((t + 1) * max(constants.alice_samples, constants.bob_samples)),
        opponent_cost=math.inf,
        judge_cost=float(constants.vera_samples),
        conditions=conditions,
    )


def _holds(name: str, holds: bool, says: str) -> Condition:
    return Condition(name=name, holds=bool(holds), says=says)
