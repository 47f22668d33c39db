"""`amplification`: a model is trained to answer as an overseer would who may ask the model.

What follows, and the proof. Level 0 answers small questions and is wrong with probability e₀. At
level k an overseer splits a question into q smaller ones, has level k − 1 answer them, and combines
the answers; a combining step goes wrong at the rate δ. The combined answer is wrong only if the
step is, or the children are such that it must be: with probability at most h(e) if children are
wrong with at most e, where h(e) = 1 − (1 − e)^q for every way to combine, and the upper tail of a
binomial law for a majority on which children agree. Level k is trained to give the combined
answer, and a training loss within γ of its best differs from it on at most γ of the questions. So
e_k ≤ 1 − (1 − δ)(1 − h(e_{k−1})) + γ if children err independently. If they do not, the union bound
gives δ + q e + γ, and Markov's inequality δ + a e / (a − ⌈q/2⌉ + 1) + γ for a majority of which a
children agree. h rises, so that the bound rises in δ and γ at every level.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

from safetycase.methods.oversight.domains.arithmetic_trees import (
    Combiner,
    combined_error,
    drawn_sum,
    fewest_flips,
    majority_error,
    majority_tree,
    needed,
    steps,
    truth,
)
from safetycase.plugin.protocols import (
    Assumed,
    Attack,
    Attacked,
    Bound,
    Condition,
    Domain,
    OversightProtocol,
    Played,
)

__all__ = ["PROTOCOL", "Constants", "copied", "theory"]

WIDTH, DEPTH, LEAF, MODULUS, DISSENTING = 5, 3, 0.01, 10, 1
FLAWED_STEP, PLACED = 0.5, 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Constants:
    """The shape of the questions, and how often the smallest ones are answered wrong.

    A question splits into `width` others, at most `depth` times. `combiner` is how their answers
    are combined: `any` holds for every way, `majority` for majorities of which at least `agreeing`
    children have the right answer. `independent` says that children of a node err independently.
    """

    combiner: Combiner = "any"
    width: int = WIDTH
    depth: int = DEPTH
    agreeing: int = WIDTH
    answer_error: float = LEAF
    independent: bool = True

    def __post_init__(self) -> None:
        if not (1 <= self.width <= 10_000 and 1 <= self.depth <= 50):
            raise ValueError("`width` is between 1 and 10,000 and `depth` between 1 and 50")
        if not 0 <= self.answer_error <= 1:
            raise ValueError("`answer_error` is a rate between 0 and 1")
        if not 0 <= self.agreeing <= self.width:
            raise ValueError("`agreeing` is between 0 and `width`")
        if self.combiner == "majority":
            needed(self.width)


def theory(constants: Constants, judge_error: float, equilibrium_gap: float) -> Bound:
    """The error of the worst of the levels 1 to `depth`, by the recursion above."""
    agrees = constants.combiner == "any" or constants.agreeing >= needed(constants.width)
    condition = Condition(
        name="children with the right answer are a majority",
        holds=agrees,
        says="One wrong child may turn the answer; all ways of combining are covered."
        if constants.combiner == "any"
        else f"{constants.agreeing} of {constants.width} children have the answer of their "
        f"majority; {needed(constants.width)} are needed.",
    )
    errors = [constants.answer_error]
    for _ in range(constants.depth):
        errors.append(_next(constants, errors[-1], judge_error, equilibrium_gap))
    asked = float(steps(constants.width, constants.depth + 1))
    return Bound(
        disagreement=max(errors[1:]) if agrees else 1.0,
        honest_cost=asked,
        opponent_cost=0.0,
        judge_cost=float(steps(constants.width, constants.depth)),
        conditions=(condition,),
    )


def _next(constants: Constants, error: float, step: float, gap: float) -> float:
    """The bound on the error of the level above."""
    if constants.independent:
        turned = combined_error(constants.combiner, constants.width, constants.agreeing, error)
        return min(1.0, 1 - (1 - step) * (1 - turned) + gap)
    turned = constants.width * error
    if constants.combiner == "majority":
        spare = constants.agreeing - needed(constants.width) + 1
        turned = constants.agreeing * error / spare if spare > 0 else 1.0
    return min(1.0, step + turned + gap)


def play_sums(size: int, seed: int) -> Played:
    """A claim about a sum of digits modulo 10, split into five sums `size` times."""
    claim = drawn_sum(MODULUS, WIDTH, size, seed)
    return _played(size, claim.off == 0, claim.error(LEAF))


def play_majorities(size: int, seed: int) -> Played:
    """A majority of majorities, of depth `size`, with at most one child in five against."""
    tree = majority_tree(WIDTH, size, DISSENTING, seed)
    return _played(size, truth(tree), majority_error(tree, LEAF))


def _played(size: int, answer: bool, error: float) -> Played:
    error = min(1.0, max(0.0, error))
    return Played(
        truth=answer,
        error_low=error,
        error_high=error,
        gap=0.0,
        certificate="each level gives the combined answer of the one below; errors are added up "
        "exactly",
        honest_cost=float(steps(WIDTH, size + 1)),
        opponent_cost=0.0,
        judge_cost=float(steps(WIDTH, size)),
    )


def copied(size: int, share: float, seed: int) -> float:
    """P(the root is wrong) if, with probability `share`, all leaves are wrong or right together."""
    tree = majority_tree(WIDTH, size, 0, seed)
    alone = majority_error(tree, LEAF)
    return share * LEAF + (1 - share) * alone


def _copied(size: int, budget: float, _trials: int, seed: int) -> Attacked:
    share = min(1.0, budget)
    return Attacked(exact=copied(size, share, seed), attacker_compute=budget, defender_compute=1.0)


def _placed(size: int, budget: float, _trials: int, seed: int) -> Attacked:
    """One leaf in ten, times the budget, is wrong: those of the fewest that turn the root."""
    tree = majority_tree(WIDTH, size, DISSENTING, seed)
    wrong = math.floor(budget * PLACED * WIDTH**size)
    return Attacked(
        exact=float(wrong >= fewest_flips(tree)),
        attacker_compute=float(wrong),
        defender_compute=float(WIDTH**size),
    )


SUMS = Domain(
    name="sums",
    says="Claims about sums of digits modulo 10, split into five smaller sums, up to three times. "
    "One leaf in a hundred is answered wrong.",
    unit="questions answered, or steps of combining",
    sizes=(1, 2, 3),
    play=play_sums,
)
MAJORITIES = Domain(
    name="majorities",
    says="Majorities of five majorities, of which at most one differs; one leaf in a hundred is "
    "answered wrong.",
    unit="questions answered, or steps of combining",
    sizes=(1, 2, 3),
    play=play_majorities,
)


def _corrupted() -> OversightProtocol:
    """Levels are trained without looking at what they are trained on: half the steps go wrong."""

    def flawed(size: int, seed: int) -> Played:
        claim = drawn_sum(MODULUS, WIDTH, size, seed)
        return _played(size, claim.off == 0, claim.error(LEAF, FLAWED_STEP))

    return dataclasses.replace(PROTOCOL, domains=(dataclasses.replace(SUMS, play=flawed),))


PROTOCOL = OversightProtocol(
    name="amplification",
    version="1.0.0",
    says="A model is trained to give the answer of an overseer who splits the question and asks "
    "the model itself about the parts.",
    source="Christiano, Shlegeris & Amodei 2018, arXiv:1810.08575",
    statement="If the smallest questions are answered wrong at the rate e₀, each combining step "
    "goes wrong at δ, and training stops within γ of its best, then level k errs at most at "
    "e_k = 1 − (1 − δ)(1 − h(e_{k−1})) + γ.",
    human_input="One combining step a question of each level: the overseer sees parts, not wholes.",
    order="simultaneous",
    assumes=(
        Assumed(name="splits", says="The question splits into parts the overseer can combine."),
        Assumed(
            name="errors-independent",
            says="The parts of a question are answered wrong independently of each other.",
        ),
        Assumed(
            name="training-transfers",
            says="Each level differs from its overseer on parts as rarely as on whole questions.",
        ),
    ),
    constants=Constants,
    theory=theory,
    domains=(SUMS, MAJORITIES),
    attacks=(
        Attack(
            name="placed-errors",
            says="One leaf in ten, times the budget, is answered wrong; they are placed where the "
            "fewest turn the root.",
            domain="majorities",
            sizes=(1, 2, 3),
            run=_placed,
        ),
        Attack(
            name="copied-errors",
            says="Parts are answered by copies of one model; with the budget as probability all "
            "of them err together, or none does.",
            domain="majorities",
            sizes=(1, 2, 3),
            run=_copied,
        ),
    ),
    corrupted=_corrupted,
    limits=(
        "Errors grow with the size of a question unless parts vote on one answer; for a sum or a "
        "conjunction of a hundred parts, one wrong part in a hundred is too many.",
        "Nothing plays against the model: what a model that wants to be wrong can do is bounded "
        "by the placed errors alone.",
        "Copies of one model err together, and a majority of them is no better than one.",
    ),
    reconstruction="The paper gives no bound. The recursion, its proof and the gap of training as "
    "a share of questions are ours.",
)
