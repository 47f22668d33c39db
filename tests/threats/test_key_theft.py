"""Somebody signs with a key that is not for it, or that was stolen and revoked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.threats.conftest import lines_of, statement

from safetycase.ledger import SigningKey, Writer, fold, read, trust, verify
from safetycase.ledger.keys import from_seed, load_or_create

AT = "2026-11-26T12:00:00Z"


def force(folder: Path, key: SigningKey, kind: str, body: dict[str, Any]) -> int:
    """What a program with the key, but without our rules, could add."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trust.Admission, "refusals", lambda *_: ())
        patch.setattr(trust.Admission, "take", lambda *_: None)
        with Writer(folder / "ledger", key) as writer:
            return writer.append(kind, body, at=AT).seq


def better(folder: Path) -> dict[str, Any]:
    """A copy of the result that stands, with no success at all."""
    ends = [s for s in map(statement, lines_of(folder)) if "attempt-end" in s["predicateType"]]
    done = next(s for s in ends if s["predicate"]["body"]["outcome"] == "completed")
    body: dict[str, Any] = dict(done["predicate"]["body"])
    return body


def test_a_key_that_nobody_introduced_is_refused(attacked: Path) -> None:
    thief = from_seed(bytes([9] * 32), "a thief")
    before = fold(read(attacked / "ledger"))
    with pytest.MonkeyPatch.context() as patch:
        # A program that writes the line alone, without introducing its key.
        patch.setattr(trust.Admission, "refusals", lambda *_: ())
        patch.setattr(trust.Admission, "take", lambda *_: None)
        patch.setattr(SigningKey, "introduction", lambda *_, **__: {"keyid": "0" * 64})
        with pytest.raises(Exception, match=r".+"), Writer(attacked / "ledger", thief) as writer:
            writer.append("attempt-end", better(attacked), at=AT)
    after = fold(read(attacked / "ledger"))
    assert after.attempts == before.attempts


def test_a_key_for_one_thing_signs_no_other(attacked: Path, victim: Path) -> None:
    """A reviewer's key cannot add a result, and what it forces in counts for nothing."""
    ledger = attacked / "ledger"
    before = fold(read(ledger))
    owner = load_or_create(victim.parent / "c" / "safetycase" / "key.pem", "the owner")
    reviewer = from_seed(bytes([8] * 32), "a reviewer")
    origin = trust.origin_of(read(ledger).records[0])
    with Writer(ledger, owner) as writer:
        writer.append("key", reviewer.introduction(origin=origin, roles=["reviewer"]), at=AT)
    seq = force(attacked, reviewer, "attempt-end", better(attacked))
    found = verify(ledger)
    assert not found.ok
    assert any(problem.seq == seq for problem in found.problems if problem.severity == "error")
    assert fold(read(ledger)).attempts == before.attempts


def test_what_a_revoked_key_signed_afterwards_is_refused(attacked: Path) -> None:
    ledger = attacked / "ledger"
    thief = from_seed(bytes([9] * 32), "stolen")
    with Writer(ledger, thief) as writer:
        writer.append("note", {"note": "before"}, at=AT)
        writer.append(
            "event",
            {
                "event": "key-revoked",
                "says": "the laptop was stolen",
                "about": {"keyid": [thief.keyid]},
                "since": None,
            },
            at=AT,
        )
    seq = force(attacked, thief, "note", {"note": "after"})
    found = verify(ledger)
    assert not found.ok
    assert any(problem.seq == seq for problem in found.problems)
