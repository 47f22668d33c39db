"""Prover-estimator debate, in our labelled reconstruction.

The prover splits a claim into subclaims; the estimator gives each a probability; the prover calls
numbers too low or too high and picks the subclaim to go on with; a human looks at one leaf. Where
the protocol of arXiv:2506.13609 could not be read, we chose, and every choice is a switch.
"""

from __future__ import annotations

from dataclasses import replace

from safetycase.methods.oversight.protocols.prover_estimator.attacks import attacks
from safetycase.methods.oversight.protocols.prover_estimator.plays import domains
from safetycase.methods.oversight.protocols.prover_estimator.switches import Switches
from safetycase.methods.oversight.protocols.prover_estimator.theory import Constants, theory
from safetycase.plugin.protocols import Assumed, OversightProtocol

__all__ = ["PROTOCOL", "with_switches"]

RECONSTRUCTION = (
    "The roles, the order of numbers, calls and the choice of a subclaim, trusted bits and growing "
    "weights are the paper's as summaries report them. Ours are: payoffs linear in the gap "
    "that a call names, the first weight above that of the root, the root's number as a reward of "
    "the prover, acceptance from 1/2 on, numbers that do not depend on drawn bits, the critical "
    "ratio as the measure of stability, and all statements with their proofs. It is solved on "
    "arguments with symmetries. It is not the paper's protocol and proves nothing about it."
)


def with_switches(switches: Switches) -> OversightProtocol:
    """The protocol under one reading; its statement is proved for `Switches()` with its growth."""
    constants = Constants(growth=switches.growth)
    return OversightProtocol(
        name="prover-estimator",
        version="1.0.0",
        says="A prover splits a claim into subclaims and an estimator gives each a probability; "
        "the prover gains where she can tell that a number is wrong, and a human looks at one "
        "leaf.",
        source="Brown-Cohen et al. 2025, arXiv:2506.13609; our reconstruction",
        statement="Near every equilibrium false claims are rejected, also where the false leaf is "
        "hidden from both sides; true claims are accepted if the weights of the rounds outgrow the "
        "errors that a step hands on.",
        human_input="one leaf for each debate; the probabilities of a step are combined by code",
        order="simultaneous",
        assumes=(
            Assumed(
                name="stable arguments",
                says="For the true claims that matter the prover has an argument whose steps hand "
                "errors on less than the weights grow; without it true claims are rejected.",
            ),
            Assumed(
                name="the prover knows what she argues",
                says="On true claims the prover can tell every leaf's truth at her compute.",
            ),
            Assumed(
                name="no better knowledge of the lie",
                says="On false claims the estimator can give numbers that the prover cannot tell "
                "from the truth at her compute: he knows each leaf, or no less than she does.",
            ),
            Assumed(
                name="unforeseeable human error",
                says="Neither side can foresee on which leaves the human errs.",
            ),
            Assumed(
                name="the estimator pays for rejection",
                says="Training pays the estimator the negative of what it pays the prover.",
            ),
        ),
        constants=Constants,
        theory=theory,
        domains=domains(constants.tree, switches),
        attacks=attacks(switches),
        corrupted=lambda: replace(
            with_switches(replace(switches, root="loses")), name="prover-estimator-corrupted"
        ),
        limits=(
            "It is our reconstruction: solved exactly on symmetric arguments, it shows the "
            "pattern and not the paper's theorems.",
            "Safe is not useful: a true claim whose only argument is a long conjunction is "
            "rejected (the attack `brittle argument`).",
            "The bound on the error is in the payoff range, which grows with every round: it "
            "asks for play within a thousandth of the range at three rounds.",
            "If the prover commits before the numbers are given, some best replies reject true "
            "claims at every stake; the statement is for numbers that the prover sees.",
            "Payoffs by the sign of a call alone lose the calibration: obfuscated arguments are "
            "then accepted.",
        ),
        reconstruction=RECONSTRUCTION,
    )


PROTOCOL = with_switches(Switches())
