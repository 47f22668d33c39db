"""Mutation tests of cases: plant faults, and see whether anything notices.

    tally = mutate(Path("cases/three-routes"), datetime(2026, 11, 28, tzinfo=UTC))
    tally.share, tally.survivors

A safety case that stays green whatever is done to it says nothing. Faults are planted in a copy of
the case and of a record made for the copy (DeMillo, Lipton & Sayward 1978, Computer 11(4):34).
"""

from safetycase.testing.mutation.catalogue import CATALOGUE
from safetycase.testing.mutation.records import ALONE, WAYS, Mutation, Outcome, Plant, Tally
from safetycase.testing.mutation.sweep import mutate

__all__ = ["ALONE", "CATALOGUE", "WAYS", "Mutation", "Outcome", "Plant", "Tally", "mutate"]
