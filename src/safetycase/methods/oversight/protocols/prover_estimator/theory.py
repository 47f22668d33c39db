"""What follows for the toy game, with short proofs of our own; nothing here is the paper's theorem.

Weights: w_t for the call of round t < r, Λ for the leaf, and 1 for the root's number. Let L be the
critical ratio of the rule at every node (`oversight/stability`), so that the error δ of a node's
number against its truth is at most g + L · (largest error of its parts), g being the gap between
the number and E_H of the parts. Along the path of largest errors, δ_root ≤ Σ L^t g_t + L^r δ_leaf.
Let c = min(min_t w_t/L^t, Λ/L^r) > 1. The judge's answer at a leaf errs with probability at most
j, in a way that neither side can foresee; ζ is the chance that it says "true", |ζ − z| ≤ j. Payoffs
are linear in the answer, so only ζ enters. η is what the two sides together could still gain, in
units of the root's number: at most twice the equilibrium gap, which is that of one of them, times
the payoff range. P_w is the chance of a wrong verdict. "Seeing numbers" means that the
prover replies to the numbers, which is the order of moves here.

*True claim.* Whatever the numbers, the prover who calls every gap and descends to the largest error
gets at least 1 − δ + Σ w_t g_t + Λ|ζ − p| ≥ 1 − δ + c(δ − L^r j) = 1 + (c − 1)δ − c L^r j. The
estimator holds her to 1 by numbers ζ at the leaves and E_H above: then all gaps are 0 and she
gets the root's number. A rejection needs δ > 1/2, so P_w (c − 1)/2 ≤ η + c L^r j.

*False claim, both know the leaves.* The same numbers hold her to the root's number, which is at
most L^r j. She can always stay silent and get the root's number, and acceptance needs 1/2 of it: so
P_w/2 ≤ η + L^r j. No stability is needed where j = 0.

*False claim, one hidden false leaf among n ≥ 2 and neither side knows which.* Numbers 1 − 1/n (or
their mixture with j) hold her to (1 − 1/n)^n < 1/e. Let v be the value, v < 1/e. No numbers hold
her below v, and numbers that accept give her 1/2: P_w/2 + (1 − P_w)v ≤ v + η, so P_w is at most
η/(1/2 − 1/e).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from safetycase.methods.oversight.domains.trees import Tree, rule_of
from safetycase.methods.oversight.protocols.prover_estimator.switches import Switches
from safetycase.methods.oversight.stability.critical import critical_ratio
from safetycase.plugin.protocols import Bound, Condition

__all__ = ["Constants", "node_ratio", "payoff_range", "theory"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Constants:
    """The rule of every node, how deep, how the weights grow, and the sizes that costs are for.

    `inputs`, `needed`, `dissent`: a node needs `needed` of its parts, of which `dissent` have the
    opposite truth. `growth` is the ratio of the weights of two rounds, and the first weight.
    `hidden` bounds the leaves of an obfuscated argument, `bits` the size of a number claimed to be
    prime and `bases` the Miller-Rabin bases tried on it; they enter the costs alone.
    """

    inputs: int = 5
    needed: int = 3
    dissent: int = 1
    depth: int = 3
    growth: float = 2.5
    hidden: int = 101
    bits: int = 50
    bases: int = 12

    def __post_init__(self) -> None:
        if not 1 <= self.inputs <= 10_001:
            raise ValueError("`inputs` is a number of parts from 1 to 10,001")
        if not self.growth <= 1000:
            raise ValueError("`growth` is at most 1,000")
        self.tree  # noqa: B018 - refuses impossible trees
        if not 1 <= self.depth <= 12:
            raise ValueError("`depth` is a number of rounds from 1 to 12")
        if self.hidden < 2 or self.bits < 4 or self.bases < 1:
            raise ValueError("`hidden` is at least 2, `bits` at least 4 and `bases` at least 1")
        Switches(growth=self.growth)

    @property
    def tree(self) -> Tree:
        """A tree with these rules whose claim is true."""
        return Tree(inputs=self.inputs, needed=self.needed, depth=self.depth, dissent=self.dissent)


def theory(constants: Constants, judge_error: float, equilibrium_gap: float) -> Bound:
    """The largest of the three bounds above, and the costs; see there for what they assume."""
    switches = Switches(growth=constants.growth)
    ratio = max(node_ratio(constants.tree), node_ratio(_denied(constants.tree)))
    margin = _margin(constants.depth, switches, ratio)
    conditions = (
        Condition(
            name="weights outgrow errors",
            holds=margin > 1,
            says=f"each round hands errors on at most {ratio:.4g}-fold and weighs "
            f"{constants.growth:g}-fold: the least margin is {margin:.4g}, and it has to exceed 1",
        ),
        Condition(
            name="the first call outweighs the root",
            holds=switches.weight(0) > 1,
            says=f"the call of the root's number weighs {switches.weight(0):g} of it, and has to "
            "weigh more than 1",
        ),
    )
    return Bound(
        disagreement=_error(constants, ratio, margin, judge_error, equilibrium_gap)
        if all(condition.holds for condition in conditions)
        else 1.0,
        honest_cost=float(
            max(
                constants.inputs**constants.depth,
                constants.hidden,
                3 * constants.bits * constants.bases,
            )
        ),
        opponent_cost=math.inf,
        judge_cost=float(constants.depth + 1),
        conditions=conditions,
    )


def payoff_range(depth: int, switches: Switches) -> float:
    """The most that the prover's payoffs of one game lie apart, the root's number counting 1."""
    return 1 + 2 * sum(switches.weight(step) for step in range(depth + 1))


@lru_cache(maxsize=64)
def node_ratio(tree: Tree) -> float:
    """The critical ratio of one node of a tree."""
    return critical_ratio(rule_of(tree)).high


def _denied(tree: Tree) -> Tree:
    """The rule by which a node of the tree is false: that of its negation."""
    return Tree(
        inputs=tree.inputs,
        needed=tree.inputs - tree.needed + 1,
        depth=tree.depth,
        dissent=tree.dissent,
    )


def _margin(depth: int, switches: Switches, ratio: float) -> float:
    return min(switches.weight(step) / ratio**step for step in range(depth + 1))


def _error(
    constants: Constants, ratio: float, margin: float, judge_error: float, gap: float
) -> float:
    gain = 2 * gap * payoff_range(constants.depth, Switches(growth=constants.growth))
    judged = ratio**constants.depth * judge_error
    true = 2 * (gain + margin * judged) / (margin - 1)
    false = 2 * (gain + judged)
    hidden = gain / (0.5 - 1 / math.e) if judge_error <= 0.5 else 1.0
    return min(1.0, max(true, false, hidden))
