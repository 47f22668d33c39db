"""`consultancy`: one adviser argues the side it was assigned, a judge accepts the claim or not.

What follows at equilibrium, and the proof. The judge is paid 1 for a right verdict and 0 for a
wrong one, the consultant 1 if its claim is accepted; a coin assigns the side. (a) Whatever the
consultant shows, the rule "reject" is right with probability 1/2. So a judge whose best reply
gains at most γ errs with probability at most 1/2 + γ. (b) If the judge commits first, and within γ
of its optimum, the best reply of the consultant leaves at most r + γ, where r ≤ 1/2 is the error
of the best rule; a reply within γ of the best loses at most γ of acceptances, so that at most γ
more true claims are rejected: r + 2γ, which covers (a) for r = 1/2. Without commitment r does not
count: the judge's rule need not be its best one at an equilibrium, only a best reply. (c) If
everything is shown, the verdict on all of it is the truth, and the judge that gives it errs never:
r = 0, with or without commitment. A judge whose verdicts flip at the rate δ adds at most δ. Of a
judge that does not learn nothing follows.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass

from safetycase.methods.oversight.domains.sparse_evidence import (
    LARGEST,
    UNIT,
    Evidence,
    cases,
    evidence,
)
from safetycase.methods.oversight.protocols.consultancy.judges import (
    Rule,
    best_rule,
    messages,
    naive,
    trained,
)
from safetycase.methods.oversight.protocols.consultancy.rules import Persuasion
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

__all__ = ["PROTOCOL", "Constants", "persuaded"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Constants:
    """Features of a question, how many of them are shown, and how the judge got its rule.

    `judge_learns` is false for a judge that was fixed before it met this protocol. `rule_error` is
    the error of the best rule a judge can commit to on these questions, where it was computed.
    """

    features: int = 8
    shown: int = 4
    judge_learns: bool = True
    rule_error: float = 0.5
    judge_commits: bool = True

    def __post_init__(self) -> None:
        if not 1 <= self.shown <= self.features:
            raise ValueError("1 ≤ `shown` ≤ `features`")
        if not 0 <= self.rule_error <= 0.5:
            raise ValueError("`rule_error` is between 0 and 1/2, which no judge has to exceed")


def theory(constants: Constants, judge_error: float, equilibrium_gap: float) -> Bound:
    """Error of the best rule + 2 gap + judge error; the proof is above."""
    base = constants.rule_error if constants.judge_commits else 0.5
    if constants.shown == constants.features:
        base = 0.0
    conditions = (
        Condition(
            name="the judge's rule is a best reply",
            holds=constants.judge_learns,
            says="The judge's rule was fit against consultants, to within the gap of its best."
            if constants.judge_learns
            else "The judge is fixed. Nothing is known of a fixed judge at any equilibrium: a "
            "consultant shows it what persuades it.",
        ),
    )
    known = min(1.0, base + 2 * equilibrium_gap + judge_error)
    return Bound(
        disagreement=known if constants.judge_learns else 1.0,
        honest_cost=float(constants.features),
        opponent_cost=float(constants.features),
        judge_cost=float(constants.shown),
        conditions=conditions,
    )


def play(size: int, seed: int) -> Played:
    """The best rule that a judge can commit to, against a consultant that best-replies."""
    given = evidence(size, seed)
    found = best_rule(given)
    return _played(
        given,
        found.error,
        found.least,
        "a rule of the judge whose error is counted on every input, and the dual bound of an "
        "integer program that no rule goes below",
    )


def _played(given: Evidence, error: float, least: float, certificate: str) -> Played:
    low, high = min(1.0, max(0.0, least)), min(1.0, max(0.0, error))
    return Played(
        truth=True,
        error_low=low,
        error_high=high,
        gap=high - low,
        certificate=certificate,
        honest_cost=float(len(given.weights)),
        opponent_cost=float(len(given.weights)),
        judge_cost=float(given.shown),
    )


def persuaded(given: Evidence, accepts: Rule, examined: int) -> float:
    """P(a judge accepts a false claim) when the consultant examines that many selections.

    It draws them at random without looking twice, and shows one that is accepted if it met one.
    """
    total = 0.0
    for case in cases(given):
        if case.truth > 0:
            continue
        sent = messages(given, case)
        refused = sum(not accepts(message) for message in sent)
        tried = min(examined, len(sent))
        missed = math.comb(refused, tried) / math.comb(len(sent), tried)
        total += 2 * case.probability * (1 - missed)
    return min(1.0, total)


def _attack(rule: Callable[[Evidence], Rule]) -> Callable[[int, float, int, int], Attacked]:
    def run(size: int, budget: float, _trials: int, seed: int) -> Attacked:
        given = evidence(size, seed)
        examined = math.floor(budget * size)
        return Attacked(
            exact=persuaded(given, rule(given), examined),
            attacker_compute=float(examined),
            defender_compute=float(size),
        )

    return run


def _flawed(size: int, seed: int) -> Played:
    """A judge that only adds up, and a consultant that is never assigned the right side."""
    given = evidence(size, seed)
    wrong = persuaded(given, naive(given), 2**LARGEST)
    return _played(given, wrong, wrong, "all selections on all inputs")


SPARSE = Domain(
    name="sparse-evidence",
    says="A consultant shows half of the features that together settle the question. The judge "
    "commits to the best rule there is; nothing shown is false, only left out.",
    unit=UNIT,
    sizes=(4, 5, 6),
    play=play,
    small=(2, 3, 4),
    rules=lambda size, seed: Persuasion.of(evidence(size, seed)),
)


def _corrupted() -> OversightProtocol:
    domain = dataclasses.replace(SPARSE, play=_flawed, rules=None, small=())
    return dataclasses.replace(PROTOCOL, domains=(domain,))


PROTOCOL = OversightProtocol(
    name="consultancy",
    version="1.0.0",
    says="One adviser argues the side it was assigned, right or wrong; a judge accepts or rejects.",
    source="Khan et al. 2024, arXiv:2402.06782; Kenton et al. 2024, arXiv:2407.04622; Glazer & "
    "Rubinstein 2006, Theoretical Economics 1:395",
    statement="A judge that commits to a rule within γ of its best errs with probability at most "
    "r + 2γ, r being the best rule's error and at most 1/2; without commitment at most 1/2 + 2γ; "
    "and 2γ if all evidence is shown.",
    human_input="One verdict an answer, on what the consultant chose to show.",
    order="second leads",
    assumes=(
        Assumed(
            name="judge-learns",
            says="The judge's rule is a best reply to consultants as they are, not as they were "
            "when it was trained.",
        ),
        Assumed(
            name="judge-commits",
            says="The judge keeps to its rule when consultants have adapted to it.",
        ),
        Assumed(name="sides-by-coin", says="The side is assigned by a fair coin, not chosen."),
        Assumed(name="evidence-is-true", says="What is shown is true; only the choice misleads."),
    ),
    constants=Constants,
    theory=theory,
    domains=(SPARSE,),
    attacks=(
        Attack(
            name="one-sided-evidence",
            says="A judge that adds up what it is shown meets a consultant that argues the wrong "
            "side, and examines some selections of features.",
            domain="sparse-evidence",
            sizes=(4, 6, 8),
            run=_attack(naive),
        ),
        Attack(
            name="retrained-consultant",
            says="A judge trained on consultants that show their strongest evidence meets one that "
            "searches for what this judge accepts.",
            domain="sparse-evidence",
            sizes=(4, 6, 8),
            run=_attack(trained),
        ),
    ),
    corrupted=_corrupted,
    limits=(
        "1/2 is what a judge has that ignores its adviser; how far below the best rule is depends "
        "on the question, and is computed for the solvable domain alone. There are equilibria "
        "without commitment near 1/2: consultants who show the same useless evidence each time.",
        "A judge that is right with the consultants it was trained on can be wrong with others.",
        "In the domain the consultant shows true features only and cannot invent any.",
    ),
    reconstruction="The papers give no statement about equilibria. The statement, its proof and "
    "the game with a judge that learns are ours.",
)
