"""Cross-examination: a debater's claims are put to copies of it that do not know what was asked.

Barnes and Christiano 2020, "Writeup: Progress on AI Safety via Debate": a copy that answers
without the context commits its original to one answer for every question, as if it had written
down a table of exponential size. A table that is claimed, and a check that its opponent picks,
decide NEXP.

Why a claim is lost that is false. *Replayed*: the copies answer by one table and the opponent may
ask them beforehand. If no table passes every check, the opponent knows one that this table fails.
If there is one, the claimant holds it and every check passes. So the honest side wins against
anything but for the judge's error, and the bound of debate with assigned sides holds:
P(wrong) ≤ d + g.

*Blind*: the opponent may not ask beforehand. Picking one of T checks at random it meets one that
fails with probability 1/T at least, and the judge sees that with 1 − d. So a false claim passes
with probability at most 1 − (1 − d)/T + g in a profile with gap g. With a circuit of n bits T is
exponential in n, and on a cycle that must break somewhere 1 − 1/T is the exact value.

*Adaptive*: without copies a second answer can be fitted to the first, and nothing follows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from safetycase.methods.oversight.protocols.cross_examination.attacks import (
    JUDGE_ERROR,
    hidden_break,
    judge_hack,
    unrepeatable,
)
from safetycase.methods.oversight.protocols.cross_examination.game import (
    Copies,
    Examination,
    chain,
    colouring,
    play,
)
from safetycase.methods.oversight.protocols.debate.propagation import (
    Costs,
    Errors,
    bound,
    check_affordable,
    check_errors,
)
from safetycase.plugin.protocols import (
    Assumed,
    Attack,
    Bound,
    Condition,
    Domain,
    OversightProtocol,
)

__all__ = ["PROTOCOL", "CrossConstants", "theory"]

CHAINS = (4, 6, 8)


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossConstants:
    """What the statement of cross-examination is instantiated with.

    `copies`: whether the opponent knows how the copies answer, only that they answer by one table,
    or has none. The circuit of a chain has `bits` inputs, that of a colouring twice `graph_bits`.
    `errors` and `affordable` are those of debate; here a run of the circuit is what counts.
    """

    copies: Copies = "replayed"
    errors: Errors = "fresh"
    bits: int = 10
    graph_bits: int = 3
    affordable: float = 1e6

    def __post_init__(self) -> None:
        check_errors(self.errors)
        check_affordable(self.affordable)
        if self.copies not in ("replayed", "blind", "adaptive"):
            raise ValueError(f"copies is {self.copies!r}: write replayed, blind or adaptive")
        if not 2 <= self.bits <= 500 or not 1 <= self.graph_bits <= 250:
            raise ValueError("bits is from 2 to 500 and graph_bits from 1 to 250")


def theory(constants: CrossConstants, judge_error: float, equilibrium_gap: float) -> Bound:
    """The three statements above; a fact is a check with the two answers to it."""
    vertices = 2**constants.graph_bits
    pairs = vertices * (vertices - 1) // 2
    checks = max(2**constants.bits, pairs)
    runs = float(checks)
    found = bound(
        errors=constants.errors,
        facts=max(2**constants.bits * 4, pairs * 9),
        judge_error=judge_error,
        gap=equilibrium_gap,
        chosen=False,
        costs=Costs(honest=runs, opponent=runs, judge=1.0, affordable=constants.affordable),
    )
    alone = Condition(
        name="copies answer alone",
        holds=constants.copies != "adaptive",
        says="each answer is given without knowing what else was asked"
        if constants.copies != "adaptive"
        else "the second answer is given by a model that knows the first",
    )
    conditions = (*found.conditions, alone)
    if not all(condition.holds for condition in conditions):
        return replace(found, disagreement=1.0, conditions=conditions)
    disagreement = found.disagreement
    if constants.copies == "blind":
        judged = max(0.0, disagreement - equilibrium_gap)
        disagreement = min(1.0, 1 - (1 - judged) / checks + equilibrium_gap)
    return replace(found, disagreement=disagreement, conditions=conditions)


def _made(copies: Literal["replayed", "adaptive"]) -> OversightProtocol:
    return OversightProtocol(
        name="cross-examination",
        version="1.0.0",
        says="A model claims something that it could not show in full. Its opponent picks what "
        "to ask; each question goes to a copy that does not know the others. The judge compares "
        "the answers.",
        source="Barnes, Christiano 2020, Writeup: Progress on AI Safety via Debate; succinct "
        "questions: Papadimitriou, Yannakakis 1986",
        statement="If copies answer by one fixed table that the opponent may ask beforehand, "
        "optimal play decides NEXP, and with judge error d and best replies that gain at most "
        "the share g of the payoff range the verdict is wrong with probability at most d + g. If "
        "the opponent cannot ask beforehand, a false claim passes with 1 − (1 − d)/T + g at most, "
        "for T checks.",
        human_input="one comparison of two answers",
        order="simultaneous",
        assumes=(
            Assumed(
                name="copies-answer-alone",
                says="A copy does not learn which other questions were asked, from anyone.",
            ),
            Assumed(
                name="copies-repeat-themselves",
                says="Asked the same again, every copy answers the same: no fresh randomness.",
            ),
            Assumed(
                name="optimal-play",
                says="Neither side can gain more than the stated gap. The opponent can ask as "
                "many questions as there are entries.",
            ),
            Assumed(
                name="judge-errs-as-stated",
                says="The judge errs at no more than the stated rate, in the way that `errors` "
                "names, whatever is answered.",
            ),
        ),
        constants=CrossConstants,
        theory=theory,
        domains=(
            Domain(
                name="chains",
                says="A cycle of 2ⁿ bits in which a circuit of n inputs says which neighbours "
                "differ: is there such a cycle?",
                unit="runs of the circuit",
                sizes=(2, 4, 6, 8, 10),
                play=lambda size, seed: play(chain(size, seed), copies=copies),
                small=(2,),
                rules=lambda size, seed: Examination(question=chain(size, seed), copies=copies),
            ),
            Domain(
                name="colourings",
                says="A graph of 2ⁿ vertices whose edges a circuit of 2n inputs gives: has it "
                "three colours?",
                unit="runs of the circuit",
                sizes=(2, 3),
                play=lambda size, seed: play(colouring(size, seed), copies=copies),
                small=(1, 2),
                rules=lambda size, seed: Examination(question=colouring(size, seed), copies=copies),
            ),
        ),
        attacks=(
            Attack(
                name="hidden-break",
                says="The opponent can try a quarter of the checks. The claimant runs that search "
                "ahead, for its budget, and lets the chain break where the search has not been.",
                domain="chains",
                sizes=CHAINS,
                run=hidden_break,
            ),
            Attack(
                name="unrepeatable",
                says="The copies share new randomness each time and break the chain elsewhere: at "
                "`budget` times all places. The opponent checks where it saw a break.",
                domain="chains",
                sizes=CHAINS,
                run=unrepeatable,
            ),
            Attack(
                name="judge-hack",
                says=f"The judge passes {JUDGE_ERROR:.0%} of the checks that fail, always the same "
                "ones. The claimant tries breaks, `budget` times all places, until one passes.",
                domain="chains",
                sizes=CHAINS,
                run=judge_hack,
            ),
        ),
        corrupted=lambda: replace(_made("adaptive"), name="examination-without-copies"),
        limits=(
            "Copies of one model may share more than the questions they are asked: a seed, a "
            "code, a guess at who else is asked. Nothing here tests that.",
            "The opponent reads a table of exponential size. One that can ask less misses breaks.",
            "Answers are bits and colours. Words can be ambiguous in ways no table fixes.",
        ),
        reconstruction="The source is a writeup without a formal game. The game, the three kinds "
        "of copies, the payoffs and the bounds are our reading of it.",
    )


PROTOCOL = _made("replayed")
