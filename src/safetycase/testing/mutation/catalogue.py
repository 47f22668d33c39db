"""Every mutation by name: what may go wrong with a case, and what has to notice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from safetycase.testing.mutation.argument_faults import ARGUMENT
from safetycase.testing.mutation.case_faults import HEADER, MONITORS
from safetycase.testing.mutation.demand_faults import DEMANDS
from safetycase.testing.mutation.doubt_faults import DOUBTS
from safetycase.testing.mutation.ease_faults import EASE
from safetycase.testing.mutation.leaf_faults import LEAVES
from safetycase.testing.mutation.record_faults import RECORD
from safetycase.testing.mutation.records import Mutation
from safetycase.testing.mutation.review_faults import REVIEW
from safetycase.testing.mutation.run_faults import RUNS
from safetycase.testing.mutation.signing_faults import SIGNING
from safetycase.testing.mutation.template_faults import TEMPLATES
from safetycase.testing.mutation.time_faults import SURROUNDINGS

__all__ = ["CATALOGUE"]

CATALOGUE: Final[Mapping[str, Mutation]] = {
    mutation.name: mutation
    for mutation in (
        *ARGUMENT,
        *LEAVES,
        *DEMANDS,
        *DOUBTS,
        *EASE,
        *HEADER,
        *TEMPLATES,
        *MONITORS,
        *RECORD,
        *SIGNING,
        *RUNS,
        *REVIEW,
        *SURROUNDINGS,
    )
}
"""The mutations in the order in which they are told."""
