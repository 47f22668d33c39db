"""Single-prover proofs: the record."""

from __future__ import annotations

import dataclasses

from safetycase.methods.oversight.protocols.single_prover.attacks import ATTACKS
from safetycase.methods.oversight.protocols.single_prover.constants import Constants, theory
from safetycase.methods.oversight.protocols.single_prover.sampling import Verifier, ruler
from safetycase.methods.oversight.protocols.single_prover.sampling import player as sampled
from safetycase.methods.oversight.protocols.single_prover.sum_check import player as summed
from safetycase.plugin.protocols import Assumed, Domain, OversightProtocol

__all__ = ["PROTOCOL", "corrupted"]


def _domains(verifier: Verifier, *, last_query: bool) -> tuple[Domain, ...]:
    return (
        Domain(
            name="robust computations",
            says="A vote, or a vote of votes, over oracle answers, whose output no change of a "
            "tenth of them moves. The fewest changes that do are known exactly",
            unit="oracle answers",
            sizes=(80, 100, 199, 200, 399, 400),
            play=sampled(verifier),
            small=(80, 100),
            rules=ruler(verifier),
        ),
        Domain(
            name="polynomials",
            says="A random polynomial over a prime field, of degree 2 in each of n variables; the "
            "claim is what its values on {0, 1}ⁿ add up to",
            unit="oracle answers",
            sizes=(2, 3, 4, 5, 6),
            play=summed(last_query=last_query),
        ),
    )


def corrupted() -> OversightProtocol:
    """The protocol where the places sampled are known, and the last query is left out."""
    return dataclasses.replace(
        PROTOCOL,
        name=f"{PROTOCOL.name}-corrupted",
        says=f"{PROTOCOL.says} Planted flaw: the verifier's places are known, and it asks nothing "
        "at the end of sum-check.",
        domains=_domains("the first places", last_query=False),
    )


PROTOCOL = OversightProtocol(
    name="single-prover",
    version="1.0.0",
    says="One prover shows what a computation with human answers gives; the judge checks a few "
    "answers, and needs no second model that is equally able and honest.",
    source="Chen, Kalai & Xi 2026, arXiv:2607.03561 (abstract); Lund, Fortnow, Karloff & Nisan "
    "1992, J. ACM 39:859",
    statement="If no change of a share ρ of the answers moves M, a false claim passes m sampled "
    "answers with at most (1 − ρ)^m. If the oracle is a polynomial of degree d in each of n "
    "variables over F, a false sum passes sum-check with at most n·d/|F|, for one answer. Honest "
    "proofs always pass.",
    human_input="m sampled answers for a robust computation; one answer for a polynomial",
    order="simultaneous",
    assumes=(
        Assumed(
            name="robust or low degree",
            says="M's output does not move if a share ρ of the answers is wrong; or the human's "
            "answers extend to a polynomial of low degree over a field, and can be asked anywhere",
        ),
        Assumed(
            name="fixed answers",
            says="the human's answer to a question is the same whenever it is asked, and the "
            "prover can get at all of them",
        ),
        Assumed(
            name="random places",
            says="the prover cannot foresee the places and challenges that the verifier draws",
        ),
        Assumed(name="truth of M", says="M, run in full with right answers, is right"),
    ),
    constants=Constants,
    theory=theory,
    domains=_domains("random places", last_query=True),
    attacks=ATTACKS,
    corrupted=corrupted,
    limits=(
        "Only the abstract of the paper was read. Which computations its theorems cover, and with "
        "which constants, is not claimed here.",
        "M's questions are fixed in advance. A computation whose questions depend on the answers "
        "is not covered.",
        "Nobody has shown that human judgements about real tasks are robust or of low degree.",
        "Votes and random polynomials show that the bounds hold, not that real questions look like "
        "this.",
    ),
    reconstruction="The sampling proof, its bound, the propagation of a human's error and the "
    "choice of sum-check for the low-degree case are our reading of an abstract, not the paper's "
    "protocol. Sum-check itself is as published in 1992.",
)
