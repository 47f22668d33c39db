"""`oversight/theory`: the statement of a protocol, with the numbers of this training.

It is a theorem with its parameters, and no measurement: the judge error and the equilibrium gap
that it needs are measured by other leaves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from safetycase.methods.oversight.named import constants_of, domains_of, protocol_of, uses
from safetycase.methods.oversight.theory import planted
from safetycase.methods.oversight.theory.analysis import MEASURES, JudgeError, analyse, play_all
from safetycase.plugin.contract import Context, Measurement, Method, MethodError
from safetycase.stats import SURE, clopper_pearson

__all__ = ["METHOD", "Parameters"]

MOST_SEEDS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """The protocol, the constants of its statement, and the two measured inputs.

    The judge error is either `judge_error`, taken as stated, or counted: `judge_wrong` of
    `judge_items` items with known answers, read as an upper bound at confidence `level`.
    `equilibrium_gap` is the largest gain of a best response, as a share of the payoff range, that
    training is argued to have left. `domain` (all if empty) and `seeds` (instances
    of each size) say what is played to show that the statement is about this game.
    """

    protocol: str
    constants: Mapping[str, bool | float | str] = field(default_factory=dict)
    judge_error: float | None = None
    judge_wrong: int | None = None
    judge_items: int | None = None
    level: float = 0.95
    equilibrium_gap: float = 0.0
    domain: str = ""
    seeds: int = 3

    def __post_init__(self) -> None:
        stated, counted = self.judge_error is not None, self.judge_items is not None
        if stated == counted or (self.judge_wrong is not None) != counted:
            raise ValueError("give `judge_error`, or `judge_wrong` and `judge_items`")
        if self.judge_error is not None and not 0 <= self.judge_error <= 1:
            raise ValueError("`judge_error` is a rate between 0 and 1")
        if counted and not 0 <= (self.judge_wrong or 0) <= (self.judge_items or 0):
            raise ValueError("0 ≤ `judge_wrong` ≤ `judge_items`")
        if counted and self.judge_items == 0:
            raise ValueError("`judge_items` is at least 1")
        if not 0 < self.level < 1:
            raise ValueError("`level` is a confidence between 0 and 1, such as 0.95")
        if not 0 <= self.equilibrium_gap <= 1:
            raise ValueError("`equilibrium_gap` is a share of the payoff range, between 0 and 1")
        if not 1 <= self.seeds <= MOST_SEEDS:
            raise ValueError(f"`seeds` is between 1 and {MOST_SEEDS}")

    @property
    def judge(self) -> JudgeError:
        """The upper bound on the judge error, and what it rests on."""
        if self.judge_error is not None:
            return JudgeError(high=self.judge_error, level=SURE, says="taken as stated")
        wrong, items = self.judge_wrong or 0, self.judge_items or 0
        ends = clopper_pearson(wrong, items, alpha_low=0.0, alpha_high=1 - self.level)
        return JudgeError(high=ends.high, level=self.level, says=f"{wrong} of {items} wrong")


def run(inputs: tuple[str, ...], parameters: Parameters, context: Context) -> Measurement:
    """Play the domains, and instantiate the statement."""
    if inputs:
        raise MethodError(f"`{inputs[0]}` is not read: the protocol makes its own instances")
    found = protocol_of(parameters.protocol)
    constants = constants_of(found, parameters.constants)
    chosen = domains_of(found, parameters.domain)
    rows = play_all(found, chosen, parameters.seeds, context.progress)
    planted_flaw = found.corrupted()
    corrupted = play_all(planted_flaw, planted_flaw.domains, min(parameters.seeds, 3))
    return analyse(found, constants, parameters.judge, parameters.equilibrium_gap, rows, corrupted)


METHOD = Method(
    name="oversight/theory",
    version="1.0.0",
    says="Instantiates the statement of an oversight protocol, every condition checked, and "
    "reproduces it on domains whose truth is known.",
    parameters=Parameters,
    measures=MEASURES,
    limits=(
        "It is a theorem with numbers: it says nothing about a training unless its inputs do.",
        "That the protocol that was trained is the one of the statement is a warrant of the case.",
        "The domains are small and their truth is known by construction; that the statement holds "
        "on them is a check of the code, no evidence about the work.",
        "M itself may be wrong: the bound is on disagreement with M.",
        "The equilibrium gap is a parameter; whether training reached it is another leaf.",
    ),
    source="Buhl et al. 2025, arXiv:2505.03989, key claim 2; the protocol's own source",
    run=run,
    self_check=planted.self_check,
    controls=planted.controls,
    needs_model=False,
    plugins=lambda parameters: uses(parameters.protocol),
)
