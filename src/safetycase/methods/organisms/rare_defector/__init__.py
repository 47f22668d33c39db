"""Models that behave badly now and then, at a rate that is planted."""

from safetycase.methods.organisms.rare_defector import toy
from safetycase.plugin.organisms import OrganismFamily

__all__ = ["FAMILY"]

FAMILY = OrganismFamily(
    name="rare-defector",
    says="a clean model with a branch in its code that answers badly now and then",
    plants="the bad answer where a hash of the input is small: at a rate from 0.1 to 0.0001",
    source="Jones et al. 2025, arXiv:2502.16797 (forecasting rare behaviours)",
    limits=(
        "the branch is written in code, not learned: no weight and no gradient shows it",
        "it defects whatever the input is about, so that no search but trying inputs finds it",
        "the same input gets the same answer each time: asking again shows nothing new",
        "the rate is one number; a model's own rate changes with what it is asked",
    ),
    members=toy.MEMBERS,
)
