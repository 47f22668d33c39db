"""Doubly-efficient debate: the record."""

from __future__ import annotations

import dataclasses

from safetycase.methods.oversight.protocols.doubly_efficient.attacks import ATTACKS
from safetycase.methods.oversight.protocols.doubly_efficient.constants import Constants, theory
from safetycase.methods.oversight.protocols.doubly_efficient.node import Flaw
from safetycase.methods.oversight.protocols.doubly_efficient.play import player
from safetycase.methods.oversight.protocols.doubly_efficient.rules import ruler
from safetycase.plugin.protocols import Assumed, Domain, OversightProtocol

__all__ = ["PROTOCOL", "corrupted"]


def _domain(flaw: Flaw) -> Domain:
    return Domain(
        name="oracle trees",
        says="A computation appends t + 1 random bits, each with a probability that depends on the "
        "bits before it; the last one is its answer. Probabilities are drawn from five grades, "
        "so that the right answer has at least the margin, and K is certified",
        unit="oracle answers",
        sizes=(1, 2, 3, 4, 5, 6),
        play=player(flaw),
        small=(1, 2),
        rules=ruler(flaw),
    )


def corrupted(flaw: Flaw = "no challenge") -> OversightProtocol:
    """The protocol where Bob may not challenge, or the verifier sees and follows the claim."""
    return dataclasses.replace(
        PROTOCOL,
        name=f"{PROTOCOL.name}-corrupted",
        says=f"{PROTOCOL.says} Planted flaw: {flaw}.",
        domains=(_domain(flaw),),
    )


PROTOCOL = OversightProtocol(
    name="doubly-efficient-debate",
    version="1.0.0",
    says="Alice claims, for each step of a computation with human answers, how probable a 1 is; "
    "Bob may challenge one claim, which the judge then checks with samples of its own.",
    source="Brown-Cohen, Irving & Piliouras 2023, arXiv:2311.14125, figure 4; its machine-checked "
    "proof, google-deepmind/debate (Lean 4), Debate/Correct.lean",
    statement="If M is K-Lipschitz in its oracle and gives the right answer with probability at "
    "least w, the honest side wins with at least (1 − v)(w − Kc − q(t+1)) as Alice and "
    "(1 − v)(1 − q(t+1))(w − Kb) as Bob, whatever the other side does. The judge asks for a number "
    "of answers that does not grow with t.",
    human_input="about 106,000 K² answers to one question of M, once in a debate",
    order="simultaneous",
    assumes=(
        Assumed(
            name="splittable",
            says="M is a sequence of questions a human can answer, and both "
            "sides know which they are",
        ),
        Assumed(
            name="lipschitz",
            says="no change of the human's answers by δ changes the "
            "probability of M's answer by more than K δ",
        ),
        Assumed(name="margin", says="M gives its answer with probability at least w, above 1/2"),
        Assumed(
            name="same human",
            says="both sides can sample the answers that the judge would "
            "give, at the cost of the honest side",
        ),
        Assumed(
            name="errors of the human everywhere",
            says="the judge error bounds how far each answer's probability is off, for every "
            "question M can come to; a mean over questions does not show that",
        ),
        Assumed(name="truth of M", says="M, run in full with this human, is right"),
    ),
    constants=Constants,
    theory=theory,
    domains=(_domain(""),),
    attacks=ATTACKS,
    corrupted=corrupted,
    limits=(
        "The theorem counts questions to the human and nothing else: not memory, not the other "
        "computations of either side.",
        "The Lipschitz constant of a real computation is not known. Small trees have it certified; "
        "elsewhere it is an assumption.",
        "The trees have random answers. They show that the bounds hold, not that real questions "
        "look like this.",
        "The game searched for all its equilibria offers five claims at each step, and its players "
        "know the oracle.",
    ),
    reconstruction="The propagation of a human's error and of an equilibrium gap is ours; the "
    "proofs stand at `theory`. The rest is the published protocol.",
)
