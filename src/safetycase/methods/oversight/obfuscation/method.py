"""`oversight/obfuscation`: who wins when a flaw is hidden, by protocol, depth and compute.

Classic recursive debate, doubly-efficient debate and prover-estimator debate (our reconstruction)
on false conjunctions with one hidden false leaf, on stable arguments, on true conjunctions, and on
products of two primes that are claimed to be prime.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from safetycase.methods.oversight.obfuscation import planted as own_planted
from safetycase.methods.oversight.obfuscation.analysis import Plan, analyse
from safetycase.methods.oversight.obfuscation.primes import Primes
from safetycase.methods.oversight.obfuscation.rates import Setting
from safetycase.plugin.contract import Context, Measure, Measurement, Method, MethodError
from safetycase.stats import Exact, Proportion, Statistic

__all__ = ["METHOD", "Parameters"]

MOST_LEAVES, MOST_BITS, MOST_WORK = 100_000, 60, 2e8


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """The arguments, what each side may look at, and the products of primes.

    `attack_success` and the other main numbers are those of `protocol`. Obfuscated arguments are
    conjunctions of `width` parts and stable ones majorities of `stable_width`, cut `depths` rounds
    deep. The honest side looks at `looks` leaves, the liar at `attacker` times as many; with
    `shared` looks each side can run what the other runs, up to its own number. `growth` is the
    ratio of the weights of two rounds in prover-estimator debate, `judge_error` the rate at
    which the human is wrong on a leaf. On each size in `bits` (even) the protocols are played on
    `trials` products of two primes; the honest side searches for the factor by `search`, with
    `effort` times the operations that showed the product composite, and the liar with `attacker`
    times that. `bits: []` leaves them out.
    """

    protocol: Literal["debate", "doubly-efficient", "prover-estimator"] = "prover-estimator"
    width: int = 4
    stable_width: int = 5
    depths: tuple[int, ...] = (1, 2, 3, 4, 5)
    looks: int = 4
    attacker: float = 1.0
    coins: Literal["shared", "private"] = "private"
    growth: float = 2.5
    judge_error: float = 0.0
    bits: tuple[int, ...] = (20, 30, 40, 50)
    trials: int = 200
    effort: float = 1.0
    search: Literal["rho", "trial division"] = "rho"

    def __post_init__(self) -> None:
        if not 2 <= self.width <= 100 or not 3 <= self.stable_width <= 1001:
            raise ValueError("`width` lies between 2 and 100, `stable_width` between 3 and 1001")
        if self.stable_width % 2 == 0:
            raise ValueError("`stable_width` is odd, so that a majority has no tie")
        if not self.depths or sorted(set(self.depths)) != list(self.depths) or self.depths[0] < 1:
            raise ValueError("`depths` are whole numbers from 1 on, each once and rising")
        if self.width ** self.depths[-1] > MOST_LEAVES:
            raise ValueError(
                f"{self.width}^{self.depths[-1]} leaves are more than {MOST_LEAVES:,}; lower either"
            )
        if self.looks < 0 or not 0 <= self.attacker <= 1e6:
            raise ValueError("`looks` is counted from 0; `attacker` lies between 0 and 1,000,000")
        if not 1 < self.growth <= 100:
            raise ValueError("`growth` lies above 1 and is at most 100")
        if not 0 <= self.judge_error < 0.5:
            raise ValueError("`judge_error` lies between 0 and 0.5")
        if sorted(set(self.bits)) != list(self.bits) or any(
            not 12 <= bits <= MOST_BITS or bits % 2 for bits in self.bits
        ):
            raise ValueError(f"`bits` are even numbers from 12 to {MOST_BITS}, rising")
        if self.trials < 1 or not 0 <= self.effort <= 1e6:
            raise ValueError("`trials` is at least 1; `effort` lies between 0 and 1,000,000")
        operations = 100.0 * len(self.bits) * self.trials * self.effort * (1 + self.attacker)
        if operations > MOST_WORK:
            raise ValueError(
                f"that is about {operations:.1g} modular operations, more than {MOST_WORK:.0g}; "
                "lower `trials`, `effort` or `attacker`"
            )

    @property
    def plan(self) -> Plan:
        """What the analysis is told; the seed of the products is the context's."""
        return Plan(
            protocol=self.protocol,
            depths=self.depths,
            bits=self.bits,
            setting=Setting(
                width=self.width,
                stable_width=self.stable_width,
                looks=self.looks,
                attacker=self.attacker,
                private=self.coins == "private",
                growth=self.growth,
                judge_error=self.judge_error,
            ),
            primes=Primes(
                trials=self.trials,
                effort=self.effort,
                attacker=self.attacker,
                trial_division=self.search == "trial division",
                growth=self.growth,
                seed=0,
            ),
        )


def run(inputs: tuple[str, ...], parameters: Parameters, context: Context) -> Measurement:
    """Compute the rates, and play the products of primes."""
    if inputs:
        raise MethodError(f"`{inputs[0]}`: instances are generated here; leave out `inputs`")
    from dataclasses import replace

    plan = parameters.plan
    primes = replace(plan.primes, seed=context.seed)
    return analyse(replace(plan, primes=primes), context.progress)


def best_case(
    parameters: Parameters, _folder: Path, _inputs: tuple[str, ...]
) -> Mapping[str, Statistic]:
    """No lie wins and every truth is accepted."""
    none, every = Exact(value=0.0, says="no lie wins"), Exact(value=1.0, says="every truth")
    best: dict[str, Statistic] = {
        measure.name: none if measure.safer == "lower" else every
        for measure in METHOD.measures
        if not measure.name.startswith("prime")
    }
    if parameters.bits:
        counted = Proportion(successes=0, trials=parameters.trials)
        own = none if parameters.protocol == "prover-estimator" else counted
        best |= {"prime_attack_success": own, "prime_attack_success_debate": counted}
    return best


def _measure(name: str, says: str, *, safer: Literal["lower", "higher"] = "lower") -> Measure:
    return Measure(name=name, unit="probability", safer=safer, says=says)


METHOD = Method(
    name="oversight/obfuscation",
    version="1.0.0",
    says="Finds how often a lie wins when its flaw is hidden from both sides, by protocol, depth "
    "of the argument and compute of both sides, and what truths are accepted beside.",
    parameters=Parameters,
    measures=(
        _measure(
            "attack_success",
            "How often a false claim with one hidden false leaf is accepted by `protocol`, at the "
            "worst depth.",
        ),
        _measure(
            "honest_success_stable",
            "How often a true claim is accepted that is argued by majorities, at the worst depth.",
            safer="higher",
        ),
        _measure(
            "honest_success_brittle",
            "How often a true claim is accepted that is argued by a conjunction, at the worst "
            "depth.",
            safer="higher",
        ),
        _measure(
            "dishonest_success_stable",
            "How often a false claim is accepted that is argued by majorities, at the worst depth.",
        ),
        _measure("attack_success_debate", "`attack_success` of recursive debate."),
        _measure("attack_success_doubly_efficient", "`attack_success` of doubly-efficient debate."),
        _measure(
            "attack_success_prover_estimator",
            "`attack_success` of prover-estimator debate, our reconstruction.",
        ),
        Measure(
            name="judge_cost",
            unit="answers",
            safer="lower",
            says="The most answers that the human gives in one debate about an obfuscated claim.",
        ),
        _measure(
            "prime_attack_success",
            "How often a product of two primes passes as prime by `protocol`, at the most bits.",
        ),
        _measure(
            "prime_attack_success_debate",
            "The same by recursive debate.",
        ),
    ),
    limits=(
        "Prover-estimator debate is our reconstruction, solved with consistent numbers; that it "
        "resists here shows a pattern, not the paper's theorem.",
        "Safe is not useful: where a leaf weighs less than the conjunction is long, true "
        "conjunctions are rejected with the false ones (`honest_success_brittle`).",
        "Doubly-efficient debate is played beyond its theorem on obfuscated claims: the honest "
        "side has its looks, and not the answer of every step. What its verifier decides is "
        "bounded by the theorem.",
        "The instances are made to be obfuscated. How often real arguments are, is not shown.",
        "Factors of toy size are found by trial division and Pollard's rho; the gap between "
        "showing a number composite and factoring it is larger for real ones.",
        "In prover-estimator debate on an obfuscated claim the human is taken to be right.",
    ),
    source="Barnes & Christiano 2020 (obfuscated arguments); Brown-Cohen et al. 2023, "
    "arXiv:2311.14125; Brown-Cohen et al. 2025, arXiv:2506.13609",
    run=run,
    self_check=own_planted.self_check,
    controls=own_planted.controls,
    best_case=best_case,
    needs_model=False,
)
