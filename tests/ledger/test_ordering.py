"""The ordering grade: what is shown of the order of a criterion and its result."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.ledger.conftest import REGISTRATION, end_body
from tests.ledger.test_checkpoints import cosign
from tests.ledger.test_trust import append, revoked, vouch

from safetycase.ledger import SigningKey, Writer, verify
from safetycase.ledger.keys import from_seed

# 2026-11-23T09:30:00Z and the Unix time of it, one hour before and one second after.
AT = "2026-11-23T09:30:00Z"
THEN = 1_795_426_200
BEFORE, AFTER = THEN - 3600, THEN + 1


@pytest.fixture
def prepared(ledger: Path, key: SigningKey, other_key: SigningKey) -> Path:
    """A record with a vouched cosigner and one registration: four lines, one checkpoint each."""
    append(ledger, key, "note", {})
    vouch(ledger, key, other_key, roles=["reviewer"])
    append(ledger, key, "registration", REGISTRATION)
    return ledger


def attempt(ledger: Path, key: SigningKey, registration: int = 4, name: str = "a1") -> None:
    with Writer(ledger, key) as writer:
        writer.append("attempt-start", {"attempt": name, "registration": registration}, at=AT)
        writer.append("attempt-end", end_body(name), at=AT)


def grade(ledger: Path, registration: int = 4) -> str:
    found = verify(ledger)
    assert found.ok
    return found.ordering.of(registration)


def test_a_record_alone_is_its_owners_word(prepared: Path, key: SigningKey) -> None:
    assert grade(prepared) == "self"
    attempt(prepared, key)
    assert grade(prepared) == "self"
    assert verify(prepared).ordering.of(1) == "none"  # no registration


def test_what_was_made_elsewhere_shows_no_order(ledger: Path, key: SigningKey) -> None:
    append(ledger, key, "registration", REGISTRATION | {"imported": True})
    assert grade(ledger, 2) == "none"


def test_a_countersignature_before_the_first_run_shows_the_order(
    prepared: Path, key: SigningKey, other_key: SigningKey
) -> None:
    cosign(prepared, 4, other_key, BEFORE)
    assert grade(prepared) == "cosigned"
    attempt(prepared, key)
    assert grade(prepared) == "cosigned"
    assert verify(prepared).ordering.counts()["cosigned"] == 1


@pytest.mark.parametrize(
    ("size", "time"),
    [(3, BEFORE), (6, BEFORE), (4, AFTER)],
    ids=["before the registration", "after the first run", "signed when the run had begun"],
)
def test_a_countersignature_at_another_time_shows_nothing(
    prepared: Path, key: SigningKey, other_key: SigningKey, size: int, time: int
) -> None:
    attempt(prepared, key)
    cosign(prepared, size, other_key, time)
    assert grade(prepared) == "self"


def test_a_later_run_does_not_borrow_the_grade_of_another_registration(
    prepared: Path, key: SigningKey, other_key: SigningKey
) -> None:
    cosign(prepared, 4, other_key, BEFORE)
    second = append(prepared, key, "registration", REGISTRATION)
    attempt(prepared, key, second)
    assert (grade(prepared), grade(prepared, second)) == ("cosigned", "self")


def test_a_cosigner_who_publishes_makes_it_public(prepared: Path, key: SigningKey) -> None:
    witness = from_seed(bytes([7] * 32), "a public witness")
    vouch(prepared, key, witness, roles=["reviewer"], public=True)
    registered = append(prepared, key, "registration", REGISTRATION)
    cosign(prepared, registered, witness, BEFORE)
    assert grade(prepared, registered) == "public"


@pytest.mark.parametrize("who", ["itself", "its owner", "unvouched", "revoked", "nobody"])
def test_a_countersignature_by_no_other_party_shows_nothing(
    prepared: Path, key: SigningKey, other_key: SigningKey, who: str
) -> None:
    cosigner = {
        "itself": key,
        "its owner": from_seed(bytes([8] * 32), "the first signer"),
        "unvouched": from_seed(bytes([9] * 32), "a stranger"),
        "revoked": other_key,
        "nobody": from_seed(bytes([10] * 32), ""),
    }[who]
    if who in ("its owner", "nobody"):
        vouch(prepared, key, cosigner)
    if who == "unvouched":
        append(prepared, cosigner, "note", {})
    registered = append(prepared, key, "registration", REGISTRATION)
    cosign(prepared, registered, cosigner, BEFORE)
    if who == "revoked":
        assert grade(prepared, registered) == "cosigned"
        append(prepared, key, "event", revoked(other_key))
    assert grade(prepared, registered) == "self"


def test_a_cosigner_whose_key_came_later_shows_nothing(prepared: Path, key: SigningKey) -> None:
    late = from_seed(bytes([12] * 32), "made up afterwards")
    vouch(prepared, key, late)
    cosign(prepared, 4, late, BEFORE)
    assert grade(prepared) == "self"


def test_a_runner_does_not_countersign_its_own_run(
    prepared: Path, key: SigningKey, other_key: SigningKey
) -> None:
    runner: Any = from_seed(bytes([11] * 32), "the runner")
    vouch(prepared, key, runner)
    registered = append(prepared, key, "registration", REGISTRATION)
    cosign(prepared, registered, runner, BEFORE)
    assert grade(prepared, registered) == "cosigned"
    attempt(prepared, runner, registered, "r1")
    assert grade(prepared, registered) == "self"
