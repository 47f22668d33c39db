"""An author who challenges their own case has not asked for a review of it."""

from __future__ import annotations

import pytest
from tests.assess.reviewed_cases import GRACE, KEYS, TEAM, challenge, plain, reviewed
from tests.review.conftest import clause

from safetycase.ledger.fold import History
from safetycase.review.gate import release
from safetycase.review.gate_facts import Facts
from safetycase.review.policy_read import read_policy

CASE = plain()


@pytest.mark.parametrize(
    ("raised_by", "passes", "says"),
    [
        ((), False, "Nobody challenged this case; the policy"),
        ((TEAM,), False, "Nobody challenged this case but its authors (1); the policy"),
        ((TEAM, GRACE), True, "1 challenge raised."),
    ],
)
def test_challenges_of_authors_do_not_count(
    raised_by: tuple[str, ...], passes: bool, says: str
) -> None:
    rows = [challenge(CASE, "RARE", "minor", id=f"C{n}", seq=10 + n, keyid=keyid)
            for n, keyid in enumerate(raised_by)]  # fmt: skip
    policy = read_policy("policy: p\nrelease: [{clause: review-asked}]\nmerge: []\n", "p").policy
    assert policy is not None
    facts = Facts(assessment=reviewed(CASE, *rows), history=History(keys=KEYS), policy=policy)
    found = clause(release(facts), "review-asked")
    assert (found.state == "pass") is passes
    assert says in found.says
