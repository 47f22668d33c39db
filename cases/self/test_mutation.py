"""Faults of every kind in the catalogue, planted in a small case and its record.

Where the tests of the statuses change what their author thought of, this plants whatever the
catalogue knows, at every place of the case that it fits.
"""

from datetime import UTC, datetime

import pytest
from test_status import CASE, GUARD

from safetycase.testing import mutation

DOUBT = """\
defeaters: [{defeater: D, against: GUARD, says: The tests may be too easy., answered_by: [HARD]}]
claims:
  - claim: HARD
    says: They are as hard as the door is used.
    by:
      argument: HARD-STEP
      kind: concretion
      because: They were made from a log of its use.
      credence: {at_least: 0.99, owner: Ada, because: The log was read.}
      premises:
        - assumption: LOG
          says: The log is of this door.
          owner: Ada
          expires: 2099-03-01
          credence: {at_least: 0.99, owner: Ada, because: There is one door.}
"""


@pytest.fixture(scope="module")
def tally(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mutated") / "case"
    folder.mkdir()
    (folder / "case.yaml").write_text(CASE.replace("root:", f"{DOUBT}root:", 1), "utf-8")
    (folder / "guard.xml").write_text(GUARD, "utf-8")
    return mutation.mutate(folder, datetime(2026, 11, 27, tzinfo=UTC))


def test_there_is_something_to_lose(tally):
    assert tally.supported == tally.elements
    assert tally.planted >= 80
    assert len({outcome.mutation for outcome in tally.outcomes}) >= len(mutation.CATALOGUE) // 2


def test_no_fault_goes_by_unnoticed(tally):
    assert [f"{o.mutation} at {o.about}: {o.because}" for o in tally.survivors] == []


def test_most_faults_show_without_an_earlier_version(tally):
    assert tally.total["alone"] >= 0.5 * tally.planted
