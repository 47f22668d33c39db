"""Roles, validity, introductions and revocation: the writer, the fold and `verify` agree."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.ledger.conftest import REGISTRATION, end_body

from safetycase.ledger import RecordRefused, SigningKey, Writer, fold, read, verify
from safetycase.ledger.dsse import seal
from safetycase.ledger.keys import from_seed
from safetycase.ledger.record import statement
from safetycase.ledger.trust import Admission, introduction_text, origin_of

AT = "2026-11-23T09:30:09Z"
LATER = "2026-11-24T09:30:00Z"
WAIVER: dict[str, Any] = {
    "evidence": "E-1",
    "old_recipe": "a" * 64,
    "new_recipe": "b" * 64,
    "fields": ["instrument.code"],
    "reason": "a comment was changed",
    "author": "the first signer",
    "reviewer": "the second signer",
    "expires": "2027-01-01T00:00:00Z",
}
EVENT: dict[str, Any] = {
    "event": "dataset-withdrawn",
    "says": "the licence ended",
    "about": {"evidence": ["E-1"]},
}


def revoked(*keys: SigningKey, since: int | None = None) -> dict[str, Any]:
    return {
        "event": "key-revoked",
        "says": "the laptop was stolen",
        "about": {"keyid": [key.keyid for key in keys]},
        "since": since,
    }


@pytest.fixture
def third_key() -> SigningKey:
    return from_seed(bytes(range(2, 34)), "the third signer")


def origin(ledger: Path) -> str:
    return origin_of(read(ledger).records[0])


def vouch(ledger: Path, author: SigningKey, key: SigningKey, **more: Any) -> None:
    with Writer(ledger, author) as writer:
        body = key.introduction(origin=origin(ledger), **more)
        writer.append("key", body, at=AT)


def append(ledger: Path, key: SigningKey, kind: str, body: dict[str, Any], at: str = AT) -> int:
    with Writer(ledger, key) as writer:
        return writer.append(kind, body, at=at).seq


def force(ledger: Path, key: SigningKey, kind: str, body: dict[str, Any], at: str = AT) -> int:
    """What a program with the key, but without our rules, could add."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Admission, "refusals", lambda *_: ())
        patch.setattr(Admission, "take", lambda *_: None)
        return append(ledger, key, kind, body, at)


def both(
    ledger: Path, key: SigningKey, kind: str, body: dict[str, Any], why: str, at: str = AT
) -> None:
    """The writer refuses it; put in by other means, it is an error and counts for nothing."""
    with pytest.raises(RecordRefused, match=why):
        append(ledger, key, kind, body, at)
    seq = force(ledger, key, kind, body, at)
    (found,) = [p for p in fold(read(ledger)).problems if p.seq == seq]
    assert why in found.says
    assert found in verify(ledger).problems


@pytest.mark.parametrize(
    ("role", "kind"),
    [
        ("author", "registration"),
        ("runner", "attempt-start"),
        ("runner", "controls"),
        ("reviewer", "waiver"),
    ],
)
def test_each_role_signs_its_own_and_no_other(
    build: Callable[[Path], Any], ledger: Path, key: SigningKey, role: str, kind: str
) -> None:
    bodies: dict[str, dict[str, Any]] = {
        "registration": REGISTRATION,
        "attempt-start": {"attempt": "a9", "registration": 2},
        "controls": {
            "method": "m", "version": "1", "criterion": "c", "planted": [], "code_digest": "c" * 64,
        },
        "waiver": WAIVER,
    }  # fmt: skip
    build(ledger)
    for number, name in enumerate(("author", "runner", "reviewer", "log")):
        signer = from_seed(bytes([50 + number] * 32), f"a {name}")
        vouch(ledger, key, signer, roles=[name])
        if name != role:
            with pytest.raises(RecordRefused, match=f"which is not for {role} but for {name}"):
                append(ledger, signer, kind, bodies[kind])
    signer = from_seed(bytes([60] * 32), "one more")
    vouch(ledger, key, signer, roles=[role])
    assert append(ledger, signer, kind, bodies[kind]) > 6
    assert fold(read(ledger)).problems == ()
    assert verify(ledger).ok


def test_a_record_by_the_wrong_role_counts_for_nothing(
    build: Callable[[Path], Any], ledger: Path, key: SigningKey, other_key: SigningKey
) -> None:
    build(ledger)
    vouch(ledger, key, other_key, roles=["runner"])
    both(ledger, other_key, "registration", REGISTRATION, "which is not for author but for runner")
    both(ledger, key, "waiver", WAIVER, "which is not for reviewer")
    assert len(fold(read(ledger)).registrations) == 1
    assert append(ledger, other_key, "note", {"text": "anybody may"}) > 0
    assert append(ledger, other_key, "event", EVENT) > 0


def test_a_log_key_only_signs_no_event(
    build: Callable[[Path], Any], ledger: Path, key: SigningKey, other_key: SigningKey
) -> None:
    build(ledger)
    vouch(ledger, key, other_key, roles=["log"])
    both(ledger, other_key, "event", EVENT, "not for author or runner or reviewer but for log")


def test_a_key_signs_only_while_it_is_valid(
    build: Callable[[Path], Any], ledger: Path, key: SigningKey, other_key: SigningKey
) -> None:
    build(ledger)
    vouch(ledger, key, other_key, not_before="2026-11-23T12:00:00Z", not_after=LATER)
    window = "valid from 2026-11-23T12:00:00Z to 2026-11-24T09:30:00Z"
    both(ledger, other_key, "note", {}, window)
    both(ledger, other_key, "note", {}, window, at="2026-11-24T09:30:01Z")
    assert append(ledger, other_key, "note", {}, at="2026-11-23T12:00:00Z") > 0
    assert append(ledger, other_key, "note", {}, at=LATER) > 0


def test_a_key_that_lets_itself_in_is_no_reviewer_not_public_and_vouches_for_nobody(
    build: Callable[[Path], Any], ledger: Path, other_key: SigningKey, third_key: SigningKey
) -> None:
    build(ledger)
    both(ledger, other_key, "key", other_key.introduction(roles=["reviewer"]), "as a reviewer")
    both(ledger, other_key, "key", other_key.introduction(public=True), "calls itself public")
    append(ledger, other_key, "key", other_key.introduction(roles=["author"]))
    body = third_key.introduction(roles=["reviewer"], origin=origin(ledger))
    both(ledger, other_key, "key", body, "for which nobody vouches itself")


def test_the_first_key_is_no_reviewer_either(ledger: Path, key: SigningKey) -> None:
    with pytest.raises(RecordRefused, match="as a reviewer"):
        append(ledger, key, "key", key.introduction(roles=["author", "reviewer"]))
    assert append(ledger, key, "key", key.introduction(roles=["author"])) == 1


def test_nobody_vouches_for_a_key_that_its_holder_did_not_offer_to_this_record(
    build: Callable[[Path], Any], ledger: Path, key: SigningKey, other_key: SigningKey
) -> None:
    build(ledger)
    here = origin(ledger)
    good = other_key.introduction(roles=["reviewer"], origin=here)
    elsewhere = other_key.introduction(roles=["reviewer"], origin="safetycase/" + "0" * 32)
    forged = key.introduction(roles=["reviewer"], origin=here)["proof"]
    for body in (
        {k: v for k, v in good.items() if k != "proof"},
        elsewhere,
        good | {"proof": forged},
        good | {"proof": "not base64"},
        good | {"owner": "somebody else"},
        good | {"roles": ["reviewer", "author"]},
        good | {"not_after": "2030-01-01T00:00:00Z"},
    ):
        both(ledger, key, "key", body, "without a proof")
    assert append(ledger, key, "key", good) > 0
    both(ledger, key, "key", good, "again, after record")
    assert introduction_text(here, good).startswith(
        b"safetycase/key-introduction/v1\n" + here.encode()
    )


def test_a_runner_lets_nobody_in(
    build: Callable[[Path], Any],
    ledger: Path,
    key: SigningKey,
    other_key: SigningKey,
    third_key: SigningKey,
) -> None:
    build(ledger)
    vouch(ledger, key, other_key, roles=["runner"])
    body = third_key.introduction(origin=origin(ledger))
    both(ledger, other_key, "key", body, "which is no author and lets nobody in")


def test_what_is_signed_by_a_key_whose_introduction_does_not_count_counts_for_nothing(
    build: Callable[[Path], Any], ledger: Path, key: SigningKey, other_key: SigningKey
) -> None:
    build(ledger)
    force(ledger, key, "key", other_key.introduction(roles=["author"]))
    head = read(ledger).records[-1]
    payload = statement(
        seq=head.seq + 1, kind="registration", at=AT, previous=head.digest, body=REGISTRATION
    )
    with (ledger / "log.jsonl").open("ab") as log:
        log.write(seal(payload, other_key.keyid, other_key.sign) + b"\n")
    says = [p.says for p in fold(read(ledger)).problems]
    assert any("whose introduction does not count" in each for each in says)
    assert len(fold(read(ledger)).registrations) == 1


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"roles": []}, "`roles`"),
        ({"roles": ["author", "author"]}, "`roles`"),
        ({"roles": ["king"]}, "`roles`"),
        ({"roles": "author"}, "`roles`"),
        ({"not_before": "yesterday"}, "`not_before`"),
        ({"not_before": LATER, "not_after": AT}, "before its `not_before`"),
        ({"public": "yes"}, "`public`"),
    ],
)
def test_an_introduction_of_another_shape_is_refused(
    ledger: Path, key: SigningKey, change: dict[str, Any], why: str
) -> None:
    with pytest.raises(RecordRefused, match=why):
        append(ledger, key, "key", key.introduction() | change)


def test_a_waiver_needs_a_second_pair_of_eyes(
    build: Callable[[Path], Any], ledger: Path, key: SigningKey
) -> None:
    build(ledger)
    namesake = from_seed(bytes([9] * 32), "the first signer")
    vouch(ledger, key, namesake, roles=["reviewer"])
    both(ledger, namesake, "waiver", WAIVER, "which the same person registered")
    other = from_seed(bytes([10] * 32), "the second signer")
    vouch(ledger, key, other, roles=["reviewer"])
    same = WAIVER | {"reviewer": "The  First Signer"}
    both(ledger, other, "waiver", same, "is reviewed by its author")
    append(ledger, other, "waiver", WAIVER)
    assert [waiver.keyid for waiver in fold(read(ledger)).waivers] == [other.keyid]


def attempts(ledger: Path) -> list[tuple[str, str]]:
    return [(each.id, each.state) for each in fold(read(ledger)).attempts]


def test_after_a_revocation_the_key_signs_nothing_more(
    build: Callable[[Path], Any], ledger: Path, key: SigningKey, other_key: SigningKey
) -> None:
    build(ledger)
    vouch(ledger, key, other_key)
    append(ledger, other_key, "note", {"text": "before"})
    append(ledger, key, "event", revoked(other_key, since=8), LATER)
    both(ledger, other_key, "note", {}, "which record 9 revoked", LATER)
    both(ledger, other_key, "key", other_key.introduction(), "again, after record 7", LATER)
    assert [event.event for event in fold(read(ledger)).events] == ["key-revoked"]


def test_an_event_that_took_evidence_back_outlives_the_trust_in_its_key(
    build: Callable[[Path], Any], ledger: Path, key: SigningKey, other_key: SigningKey
) -> None:
    build(ledger)
    vouch(ledger, key, other_key)
    append(ledger, other_key, "event", EVENT, LATER)
    append(ledger, key, "event", revoked(other_key), LATER)
    told = [event.event for event in fold(read(ledger)).events]
    assert told == [EVENT["event"], "key-revoked"]


def test_what_a_revoked_key_had_signed_counts_for_nothing_and_is_a_note(
    build: Callable[[Path], Any], ledger: Path, key: SigningKey, other_key: SigningKey
) -> None:
    build(ledger)
    vouch(ledger, key, other_key)
    with Writer(ledger, other_key) as writer:
        registered = writer.append("registration", REGISTRATION | {"evidence": "E-2"}, at=AT).seq
        writer.append("attempt-start", {"attempt": "b1", "registration": 2}, at=AT)
        writer.append("attempt-end", end_body("b1"), at=AT)
    with Writer(ledger, key) as writer:
        writer.append("attempt-start", {"attempt": "b2", "registration": registered}, at=AT)
        writer.append("attempt-end", end_body("b2"), at=AT)
        writer.append("attempt-start", {"attempt": "b3", "registration": 2}, at=AT)
    with Writer(ledger, other_key) as writer:
        writer.append("attempt-end", end_body("b3"), at=AT)
    assert len(attempts(ledger)) == 5
    append(ledger, key, "event", revoked(other_key), LATER)

    history = fold(read(ledger))
    assert [r.evidence for r in history.registrations] == ["E-1"]
    # The attempt that somebody else started stays in sight; its result does not count.
    assert attempts(ledger) == [("a1", "completed"), ("a2", "failed"), ("b3", "lost")]
    (lost,) = history.attempts[2:]
    assert (lost.measurement, lost.reason) == (None, "the key that signed its end was revoked")
    assert history.problems == ()
    (note,) = history.notes
    assert note.says == (
        f"record 15 (event, line 15) revokes the key {other_key.keyid[:16]}… (the laptop was "
        "stolen): 4 records (8-10, 14) it signed before and 2 records (11-12) resting on them "
        "count for nothing"
    )
    found = verify(ledger)
    assert found.ok
    assert note in found.problems


def test_a_revocation_since_a_record_leaves_what_came_before(
    build: Callable[[Path], Any], ledger: Path, key: SigningKey
) -> None:
    build(ledger)
    append(ledger, key, "event", revoked(key, since=5), LATER)
    assert attempts(ledger) == [("a1", "completed")]
    assert verify(ledger).ok


def test_who_may_revoke(
    build: Callable[[Path], Any],
    ledger: Path,
    key: SigningKey,
    other_key: SigningKey,
    third_key: SigningKey,
) -> None:
    build(ledger)
    vouch(ledger, key, other_key, roles=["runner"])
    both(ledger, other_key, "event", revoked(key), "may revoke only itself")
    both(ledger, other_key, "event", revoked(key, other_key), "may revoke only itself")
    both(ledger, key, "event", revoked(third_key), "which the record does not know")
    both(ledger, key, "event", revoked(other_key, since=99), "which is none before it")
    more = revoked(other_key) | {"about": {"keyid": [other_key.keyid], "evidence": ["E-1"]}}
    both(ledger, key, "event", more, "without saying, by `keyid` alone")
    seq = append(ledger, other_key, "event", revoked(other_key))
    (event,) = fold(read(ledger)).events
    assert (event.seq, event.keyid) == (seq, other_key.keyid)


def test_a_key_falls_with_the_one_that_vouched_for_it(
    build: Callable[[Path], Any],
    ledger: Path,
    key: SigningKey,
    other_key: SigningKey,
    third_key: SigningKey,
) -> None:
    build(ledger)
    vouch(ledger, key, other_key)  # record 7
    vouch(ledger, other_key, third_key)  # record 8
    append(ledger, third_key, "registration", REGISTRATION | {"evidence": "E-3"})
    assert len(fold(read(ledger)).registrations) == 2
    append(ledger, key, "event", revoked(other_key, since=8), LATER)
    assert len(fold(read(ledger)).registrations) == 1
    first, second = fold(read(ledger)).notes
    assert "1 record (8) it signed before" in first.says
    assert f"for which the key {other_key.keyid[:16]}… had vouched" in second.says
    with pytest.raises(RecordRefused, match="which record 10 revoked"):
        append(ledger, third_key, "note", {}, LATER)
    assert verify(ledger).ok


def test_a_revocation_stands_though_its_signer_is_revoked_later(
    build: Callable[[Path], Any], ledger: Path, key: SigningKey, other_key: SigningKey
) -> None:
    build(ledger)
    vouch(ledger, key, other_key)
    append(ledger, other_key, "event", revoked(key), LATER)
    assert attempts(ledger) == []
    (note, through) = fold(read(ledger)).notes
    assert "records (1-7) it signed before" in note.says
    assert "had vouched" in through.says  # whoever the first key let in falls with it
    with pytest.raises(RecordRefused, match="revoked"):
        append(ledger, other_key, "note", {}, LATER)


def test_an_end_shows_the_token_of_its_start(
    ledger: Path, key: SigningKey, registration: dict[str, Any]
) -> None:
    with Writer(ledger, key) as writer:
        writer.append("registration", registration, at=AT)
        start = {"attempt": "a1", "registration": 2, "token": "f" * 32}
        writer.append("attempt-start", start, at=AT)
    both(ledger, key, "attempt-end", end_body("a1"), "without the token of its start")
    both(ledger, key, "attempt-end", end_body("a1", token="e" * 32), "without the token")
    append(ledger, key, "attempt-end", end_body("a1", token="f" * 32))
    assert attempts(ledger) == [("a1", "completed")]


def test_a_retry_names_an_ended_attempt_of_its_registration(
    build: Callable[[Path], Any], ledger: Path, key: SigningKey
) -> None:
    build(ledger)
    with Writer(ledger, key) as writer:
        other = writer.append("registration", REGISTRATION, at=AT).seq
        writer.append("attempt-start", {"attempt": "a3", "registration": 2}, at=AT)

    def retry(name: str, of: str, registration: int) -> dict[str, Any]:
        return {"attempt": name, "registration": registration, "retry_of": of}

    both(ledger, key, "attempt-start", retry("r1", "a3", 2), "repeats attempt a3, which has not")
    both(ledger, key, "attempt-start", retry("r2", "no", 2), "repeats attempt no, which has not")
    both(ledger, key, "attempt-start", retry("r3", "a1", other), "of another registration")
    append(ledger, key, "attempt-start", retry("r4", "a2", 2))
    assert fold(read(ledger)).attempts[-1].retry_of == "a2"
