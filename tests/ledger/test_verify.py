from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from safetycase.ledger import ObjectStore, Record, SigningKey, Verification, Writer, read, verify
from safetycase.ledger.rules import Order

AT = "2026-11-23T09:30:00Z"
Build = Callable[[Path], list[Record]]


def says(found: Verification, severity: str = "error") -> list[str]:
    return [problem.says for problem in found.problems if problem.severity == severity]


def append_without_rules(ledger: Path, key: SigningKey, kind: str, body: dict[str, Any]) -> None:
    """What a program with the key, but without our rules, could add."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Order, "refusals", lambda _self, _kind, _body: ())
        patch.setattr(Order, "take", lambda _self, _seq, _kind, _body: None)
        with Writer(ledger, key) as writer:
            writer.append(kind, body, at=AT)


def test_a_sound_record(build: Build, ledger: Path, key: SigningKey) -> None:
    written = build(ledger)
    found = verify(ledger)
    assert (found.records, found.head) == (6, written[-1].digest)
    assert (found.problems, found.objects_checked, found.keys) == ((), 1, (key.keyid,))
    assert [(held.size, held.checkpoint.root.hex()) for held in found.checkpoints] == [
        (6, found.root)
    ]
    assert found.ordering.counts() == {"none": 0, "self": 1, "cosigned": 0, "public": 0}
    assert found.ok


def test_no_record_is_sound_and_empty(ledger: Path) -> None:
    found = verify(ledger)
    assert found.ok
    assert (found.records, found.head, found.objects_checked) == (0, None, 0)
    assert [problem.severity for problem in found.problems] == ["note"]


@pytest.mark.slow
def test_every_flipped_byte_of_the_log_fails(build: Build, ledger: Path) -> None:
    build(ledger)
    path = ledger / "log.jsonl"
    data = path.read_bytes()
    for at in range(0, len(data), 29):
        flipped = bytearray(data)
        flipped[at] ^= 1
        path.write_bytes(flipped)
        found = verify(ledger)
        assert not found.ok, f"byte {at}"
        assert f"line {found.records + 1})" in found.problems[0].says, f"byte {at}"
    path.write_bytes(data)
    assert verify(ledger).ok


def test_every_flipped_byte_of_an_artefact_fails(build: Build, ledger: Path) -> None:
    build(ledger)
    digest = read(ledger).records[3].body["artefacts"]["log"]
    path = ObjectStore(ledger).path(digest)
    data = path.read_bytes()
    path.chmod(0o644)
    for at in range(len(data)):
        flipped = bytearray(data)
        flipped[at] ^= 1
        path.write_bytes(flipped)
        found = verify(ledger)
        assert says(found) == [
            f"record 4 (attempt-end, line 4) rests on its log: the artefact {digest} has other "
            "bytes than it had: restore it from a copy of the record, or run the evidence again"
        ]
        assert (found.records, found.objects_checked) == (6, 1)
    path.unlink()
    assert "is missing" in says(verify(ledger))[0]
    assert verify(ledger).objects_checked == 0


def test_a_measurement_kept_as_an_artefact_is_checked(
    ledger: Path, key: SigningKey, registration: dict[str, Any],
    ended: Callable[..., dict[str, Any]],
) -> None:  # fmt: skip
    digest = ObjectStore(ledger).put(b'{"k":0}')
    with Writer(ledger, key) as writer:
        writer.append("registration", registration, at=AT)
        writer.append("attempt-start", {"attempt": "a", "registration": 2}, at=AT)
        writer.append("attempt-end", ended("a", measurement=digest), at=AT)
    assert verify(ledger).objects_checked == 1
    ObjectStore(ledger).path(digest).unlink()
    assert says(verify(ledger))[0].startswith(
        "record 4 (attempt-end, line 4) rests on its measurement"
    )


def test_an_open_attempt_is_a_note(
    ledger: Path, key: SigningKey, registration: dict[str, Any]
) -> None:
    with Writer(ledger, key) as writer:
        writer.append("registration", registration, at=AT)
        writer.append("attempt-start", {"attempt": "a", "registration": 2}, at=AT)
    found = verify(ledger)
    assert found.ok
    assert says(found, "note") == [
        "record 3 (attempt-start, line 3) starts attempt a, which has not ended"
    ]


@pytest.mark.parametrize(
    ("kind", "body", "why"),
    [
        ("attempt-start", {"attempt": "b", "registration": 9}, "no registration before it"),
        ("attempt-start", {"attempt": "b", "registration": 3}, "no registration before it"),
        ("attempt-start", {"attempt": "a1", "registration": 2}, "again, after record 3"),
        ("attempt-end", {"attempt": "b", "outcome": "failed"}, "which never started"),
        ("attempt-end", {"attempt": "a1", "outcome": "failed"}, "again, after record 4"),
        ("attempt-end", {"attempt": "a1"}, "has no `outcome`"),
        ("attempt-end", {"attempt": "a1", "outcome": []}, "not one of"),
        ("attempt-end", {"attempt": {}, "outcome": "lost"}, "not a text"),
        ("registration", {"evidence": 7}, "not a text"),
        ("controls", {}, "has no `method`"),
    ],
)
def test_signed_nonsense_is_named_and_crashes_nothing(
    build: Build, ledger: Path, key: SigningKey, kind: str, body: dict[str, Any], why: str
) -> None:  # fmt: skip
    build(ledger)
    append_without_rules(ledger, key, kind, body)
    found = verify(ledger)
    assert not found.ok
    assert found.records == 7
    assert says(found)[0].startswith(f"record 7 ({kind}, line 7) ")
    assert why in " ".join(says(found))
    assert read(ledger).problems == ()  # the chain itself is sound


def test_a_key_that_lets_itself_in_is_a_note(
    build: Build, ledger: Path, key: SigningKey, other_key: SigningKey
) -> None:
    build(ledger)
    with Writer(ledger, other_key) as writer:
        writer.append("note", {}, at=AT)
    found = verify(ledger)
    assert found.ok
    assert found.keys == (key.keyid, other_key.keyid)
    assert "record 7 (key, line 7) lets a further key in (the second signer), on its own word" in (
        says(found, "note")
    )


def test_a_key_that_another_vouches_for_is_no_note(
    build: Build, ledger: Path, key: SigningKey, other_key: SigningKey
) -> None:
    build(ledger)
    with Writer(ledger, key) as writer:
        origin = verify(ledger).origin
        body = other_key.introduction(origin=origin)
        writer.append("key", body, at="2026-11-23T10:00:00Z")
    assert verify(ledger).problems == ()


def test_a_key_that_another_brought_without_its_holders_proof_is_a_note(
    build: Build, ledger: Path, key: SigningKey, other_key: SigningKey
) -> None:
    build(ledger)
    with Writer(ledger, key) as writer:
        writer.append("key", other_key.introduction(), at="2026-11-23T10:00:00Z")
    assert says(verify(ledger), "note") == [
        f"record 7 (key, line 7) introduces the key {other_key.keyid[:16]}… (the second signer) "
        "without a proof of its holder"
    ]


def test_a_clock_that_goes_back_is_a_note(build: Build, ledger: Path, key: SigningKey) -> None:
    build(ledger)
    with Writer(ledger, key) as writer:
        writer.append("note", {}, at="2026-11-22T00:00:00Z")
    assert verify(ledger).ok
    assert (
        "record 7 (note, line 7) is dated 2026-11-22T00:00:00Z" in says(verify(ledger), "note")[0]
    )


def test_a_line_set_aside_is_a_note(build: Build, ledger: Path, key: SigningKey) -> None:
    build(ledger)
    path = ledger / "log.jsonl"
    path.write_bytes(path.read_bytes() + b'{"pay')
    assert says(verify(ledger)) == ["record 7 (line 7) is unfinished: 5 bytes without a line end"]
    with Writer(ledger, key):
        pass
    assert verify(ledger).ok
    assert says(verify(ledger), "note") == [
        "torn-1.bin holds a line that was cut off before it was acknowledged"
    ]


def test_the_documented_limit_a_rewritten_record_verifies_with_another_head_and_key(
    build: Build, ledger: Path, tmp_path: Path, other_key: SigningKey, registration: dict[str, Any]
) -> None:
    build(ledger)
    with Writer(tmp_path / "rewritten", other_key) as writer:
        writer.append("registration", registration, at=AT)
    one, two = verify(ledger), verify(tmp_path / "rewritten")
    assert one.ok
    assert two.ok
    assert one.head != two.head
    assert one.keys != two.keys
